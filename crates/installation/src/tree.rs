//! The files below the root.

use crate::Settings;
use internal_events_definitions::{Source, Sources};
use std::io;
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
    for tree in ["config", "ee/config"] {
        let events = format!("{tree}/events");
        read_yaml(root, &events, &mut sources.events)?;
        read_yaml(root, &format!("{events}/removed"), &mut sources.events)?;
        let metrics = format!("{tree}/metrics");
        for directory in directories(root, &metrics)? {
            read_yaml(root, &format!("{metrics}/{directory}"), &mut sources.metrics)?;
        }
    }
    let overrides = settings.overrides.as_deref().unwrap_or(Path::new(OVERRIDES));
    let table = |name: &str| optional(root, &overrides.join(name));
    sources.unique_overrides = table("hll_redis_key_overrides.yml")?;
    sources.total_overrides = table("total_counter_redis_key_overrides.yml")?;
    sources.legacy_events = table("hll_redis_legacy_events.yml")?;
    let list = |configured: &Option<PathBuf>, usual: &str| {
        optional(root, configured.as_deref().unwrap_or(Path::new(usual)))
    };
    sources.product_groups =
        list(&settings.product_groups, "config/metrics/schema/product_groups.json")?;
    sources.feature_categories =
        list(&settings.feature_categories, "config/feature_categories.yml")?;
    Ok(sources)
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
    let is_yaml = |name: &str| Path::new(name).extension().is_some_and(|it| it == "yml");
    for name in names(root, directory, std::fs::FileType::is_file)? {
        if is_yaml(&name) {
            let path = format!("{directory}/{name}");
            let bytes = read_bytes(&root.join(&path))?;
            out.push(Source { path, bytes });
        }
    }
    Ok(())
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
