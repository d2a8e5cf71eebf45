//! The place where the data are: the disk, the rights, the processes that use them.

use super::{Findings, Level, mebibytes};
use internal_events::store::{LeaseState, Limits, Place, Sqlite};
use std::path::{Path, PathBuf};

/// A disk with less is as good as full, whatever reserve is kept: one group may have as much.
const FULL: u64 = 8 << 20;

/// Looks at everything about the data directory but what is in its files.
pub(super) fn look(data: &Path, limits: &Limits, findings: &mut Findings) {
    let place = Sqlite::place(data);
    if place.is_network {
        let system = place.file_system.as_deref().unwrap_or("network");
        let what = format!("{} is on a file system of the kind {system}", data.display());
        let advice = "move it to a disk of this machine; locks over a network are not reliable";
        findings.add(Level::Error, "file_system", what, advice);
    }
    look_at_room(&place, limits, findings);
    if let LeaseState::Held { process } = place.lease {
        let by = process.map(|it| format!(" by process {it}")).unwrap_or_default();
        if process.is_some_and(is_stopped) {
            let what = format!("counters would be written down{by}, which is stopped");
            let advice = "continue or end it; others stand in, but it may hold them up";
            findings.add(Level::Warning, "lease", what, advice);
        } else {
            findings.ok("lease", format!("counters are written down{by}"));
        }
    }
    look_at_rights(data, findings);
}

/// Looks whether anything can be written.
fn look_at_room(place: &Place, limits: &Limits, findings: &mut Findings) {
    if place.is_read_only {
        let what = "the disk of the data is mounted so that nobody may write".to_owned();
        let advice = "events are refused: see in the system's log whether the disk has failed, and \
                      mount it for writing";
        findings.add(Level::Error, "read_only", what, advice);
    }
    if place.free_files == Some(0) {
        let what = "the disk of the data has no room for another file (inodes)".to_owned();
        let advice = "delete files there: events are still taken where all files of the data are \
                      made, and no data directory can be made";
        findings.add(Level::Warning, "free_files", what, advice);
    }
    let reserve = mebibytes(limits.reserve_bytes);
    let Some(free) = place.free_bytes else { return };
    let what = format!("{} are free on the disk of the data", mebibytes(free));
    if free < limits.reserve_bytes {
        let what = format!("{what}, less than the reserve, {reserve}");
        let advice = "make room, or lower `[journal] reserve`: events are refused until then";
        findings.add(Level::Error, "free_space", what, advice);
    } else if free < FULL {
        let advice = "make room: events are refused as soon as there is none";
        findings.add(Level::Error, "free_space", what, advice);
    } else {
        let free = mebibytes(free);
        findings.ok("free_space", format!("{free} are free; the reserve is {reserve}"));
    }
}

/// Tells whether a process does not run on until somebody makes it.
pub(super) fn is_stopped(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    // 4242 (name, which may have brackets) T 1 …
    let state = stat.rsplit_once(") ").and_then(|(_, it)| it.chars().next());
    matches!(state, Some('T' | 't'))
}

/// The processes that are in the middle of a read, from the kernel's list of locks.
///
/// SQLite has a lock for each stretch of its log that a reader may still want to see; they are
/// bytes of the log's index.
#[cfg(unix)]
pub(super) fn readers(index: &Path) -> Vec<u32> {
    use std::os::unix::fs::MetadataExt as _;
    const READ_LOCKS: std::ops::RangeInclusive<u64> = 123..=127;
    let Ok(metadata) = index.metadata() else { return Vec::new() };
    let inode = metadata.ino().to_string();
    let locks = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let reader = |line: &str| {
        // 1: POSIX  ADVISORY  READ 4242 08:01:131137 123 123
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, "POSIX", _, "READ", process, place, from, ..] = fields[..] else { return None };
        let is_read = READ_LOCKS.contains(&from.parse().ok()?);
        (is_read && place.rsplit(':').next() == Some(&inode)).then(|| process.parse().ok())?
    };
    let mut found: Vec<u32> = locks.lines().filter_map(reader).collect();
    found.sort_unstable();
    found.dedup();
    found
}

#[cfg(not(unix))]
pub(super) fn readers(_index: &Path) -> Vec<u32> {
    Vec::new()
}

#[cfg(unix)]
fn look_at_rights(data: &Path, findings: &mut Findings) {
    use std::os::unix::fs::MetadataExt as _;
    let Ok(directory) = data.metadata() else { return };
    if !directory.is_dir() {
        return;
    }
    say_if_open(data, &directory, "chmod 700 the data directory", findings);
    let mut files: Vec<PathBuf> = std::fs::read_dir(data)
        .map(|it| it.filter_map(|file| Some(file.ok()?.path())).collect())
        .unwrap_or_default();
    files.sort();
    for file in files {
        let Ok(metadata) = file.metadata() else { continue };
        if !metadata.is_file() {
            continue;
        }
        say_if_open(&file, &metadata, "chmod 600 the files in the data directory", findings);
        if metadata.uid() != directory.uid() {
            let what = format!("{} belongs to another user than its directory", file.display());
            let advice = "chown it: a command was run as another user than the server, perhaps";
            findings.add(Level::Warning, "rights", what, advice);
        }
    }
}

#[cfg(unix)]
fn say_if_open(
    path: &Path,
    metadata: &std::fs::Metadata,
    advice: &'static str,
    findings: &mut Findings,
) {
    use std::os::unix::fs::PermissionsExt as _;
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let what = format!("others than its owner may use {} (mode {mode:o})", path.display());
        findings.add(Level::Warning, "rights", what, advice);
    }
}

#[cfg(not(unix))]
fn look_at_rights(_data: &Path, _findings: &mut Findings) {}

/// Looks whether others may read what only the server should.
pub(super) fn look_at_secret(path: &Path, findings: &mut Findings) {
    #[cfg(unix)]
    if let Ok(metadata) = path.metadata() {
        say_if_open(path, &metadata, "chmod 600 the key: whoever reads it is the server", findings);
    }
}
