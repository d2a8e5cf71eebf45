//! The files below the root.

use crate::Settings;
use internal_events_definitions::{Source, Sources};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

/// Where GitLab keeps the override tables.
const OVERRIDES: &str = "lib/gitlab/usage_data_counters";

/// A file cannot be read.
#[derive(Debug, thiserror::Error)]
#[error("cannot read {path}")]
pub struct ReadError {
    /// The file or directory.
    pub path: PathBuf,
    /// Why not.
    #[source]
    pub source: io::Error,
}

pub(crate) fn read(root: &Path, settings: &Settings) -> Result<Sources, ReadError> {
    let mut sources = Sources::default();
    for directory in event_directories() {
        read_yaml(root, &directory, &mut sources.events)?;
    }
    for directory in metric_directories(root)? {
        read_yaml(root, &directory, &mut sources.metrics)?;
    }
    let [unique, total, legacy, groups, categories] = single_files(settings);
    sources.unique_overrides = optional(root, &unique)?;
    sources.total_overrides = optional(root, &total)?;
    sources.legacy_events = optional(root, &legacy)?;
    sources.product_groups = optional(root, &groups)?;
    sources.feature_categories = optional(root, &categories)?;
    Ok(sources)
}

/// When each file of an installation last changed; equal as long as none did.
pub(crate) type Stamp = Vec<(PathBuf, Option<Change>)>;

/// Time of change, number and size of a file: no edit leaves all of them as they were.
type Change = (i64, i64, u64, u64);

/// Looks at all files without reading them.
pub(crate) fn stamp(root: &Path, settings: &Settings) -> Result<Stamp, ReadError> {
    let mut paths = vec![PathBuf::from(crate::settings::FILE)];
    paths.extend(single_files(settings));
    for directory in event_directories().into_iter().chain(metric_directories(root)?) {
        paths.extend(yaml_files(root, &directory)?.into_iter().map(PathBuf::from));
    }
    let change = |path: &PathBuf| {
        let it = std::fs::metadata(root.join(path)).ok()?;
        Some((it.ctime(), it.ctime_nsec(), it.ino(), it.size()))
    };
    let look = |path: PathBuf| {
        let change = change(&path);
        (path, change)
    };
    Ok(paths.into_iter().map(look).collect())
}

const TREES: [&str; 2] = ["config", "ee/config"];

fn event_directories() -> Vec<String> {
    let both = |tree: &str| [format!("{tree}/events"), format!("{tree}/events/removed")];
    TREES.into_iter().flat_map(both).collect()
}

fn metric_directories(root: &Path) -> Result<Vec<String>, ReadError> {
    let mut all = Vec::new();
    for tree in TREES {
        let metrics = format!("{tree}/metrics");
        let names = directories(root, &metrics)?;
        all.extend(names.into_iter().map(|it| format!("{metrics}/{it}")));
    }
    Ok(all)
}

/// Where both override tables, the legacy events and both lists are, from the root.
fn single_files(settings: &Settings) -> [PathBuf; 5] {
    let overrides = settings.overrides.as_deref().unwrap_or(Path::new(OVERRIDES));
    let list = |configured: &Option<PathBuf>, usual: &str| {
        configured.clone().unwrap_or_else(|| PathBuf::from(usual))
    };
    [
        overrides.join("hll_redis_key_overrides.yml"),
        overrides.join("total_counter_redis_key_overrides.yml"),
        overrides.join("hll_redis_legacy_events.yml"),
        list(&settings.product_groups, "config/metrics/schema/product_groups.json"),
        list(&settings.feature_categories, "config/feature_categories.yml"),
    ]
}

/// The first `major.minor` in the file `VERSION`, if there is one.
pub(crate) fn version(root: &Path) -> Result<Option<String>, ReadError> {
    let Some(source) = optional(root, Path::new("VERSION"))? else { return Ok(None) };
    let text = String::from_utf8_lossy(&source.bytes);
    let mut parts = text.trim().trim_start_matches('v').split('.');
    let number = |it: Option<&str>| {
        let digits: String = it?.chars().take_while(char::is_ascii_digit).collect();
        (!digits.is_empty()).then_some(digits)
    };
    let (major, minor) = (number(parts.next()), number(parts.next()));
    Ok(major.zip(minor).map(|(major, minor)| format!("{major}.{minor}")))
}

fn read_yaml(root: &Path, directory: &str, out: &mut Vec<Source>) -> Result<(), ReadError> {
    for path in yaml_files(root, directory)? {
        let bytes = read_bytes(&root.join(&path))?;
        out.push(Source { path, bytes });
    }
    Ok(())
}

/// The paths of a directory's YAML files, from the root.
fn yaml_files(root: &Path, directory: &str) -> Result<Vec<String>, ReadError> {
    let is_yaml = |name: &String| Path::new(name).extension().is_some_and(|it| it == "yml");
    let names = names(root, directory, std::fs::FileType::is_file)?;
    Ok(names.into_iter().filter(is_yaml).map(|it| format!("{directory}/{it}")).collect())
}

fn directories(root: &Path, directory: &str) -> Result<Vec<String>, ReadError> {
    names(root, directory, std::fs::FileType::is_dir)
}

/// Names in a directory, sorted; none if there is no such directory.
///
/// The kind of an entry comes with the listing; only links need a second look.
fn names(
    root: &Path,
    directory: &str,
    wanted: impl Fn(&std::fs::FileType) -> bool,
) -> Result<Vec<String>, ReadError> {
    let path = root.join(directory);
    let failed = |source| ReadError { path: path.clone(), source };
    let entries = match std::fs::read_dir(&path) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(failed(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(failed)?;
        let mut kind = entry.file_type().map_err(failed)?;
        if kind.is_symlink() {
            let Ok(target) = std::fs::metadata(entry.path()) else { continue };
            kind = target.file_type();
        }
        if wanted(&kind) {
            names.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    names.sort_unstable();
    Ok(names)
}

fn optional(root: &Path, path: &Path) -> Result<Option<Source>, ReadError> {
    let full = root.join(path);
    match std::fs::read(&full) {
        Ok(bytes) => Ok(Some(Source { path: path.to_string_lossy().into_owned(), bytes })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ReadError { path: full, source }),
    }
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, ReadError> {
    std::fs::read(path).map_err(|source| ReadError { path: path.to_owned(), source })
}
