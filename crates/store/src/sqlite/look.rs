//! Opens a store for reading without leaving a trace beside it.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::{FILE, Options, log, schema};
use crate::Error;

/// Opens the file for reading; no file is made, and no byte of any is changed.
///
/// An ordinary reader makes `-wal` and `-shm` where they are missing, and mends the index in the
/// second after a crash. This one reads what is there, and after a crash keeps an index of its own
/// in memory.
pub(super) fn open(path: &Path) -> Result<Option<Connection>, Error> {
    refuse_unsound(path)?;
    if let Ok(false) = path.try_exists() {
        return Ok(None);
    }
    let opened = |source| Error::Open { path: path.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY
        | OpenFlags::SQLITE_OPEN_NO_MUTEX
        | OpenFlags::SQLITE_OPEN_URI;
    let connection = Connection::open_with_flags(address(path)?, flags).map_err(opened)?;
    connection.busy_timeout(Options::default().busy_timeout).map_err(opened)?;
    schema::store_in(connection, path)
}

/// Opens the store in `dir` to go through all of it.
///
/// A log without its index can only be read by a reader that makes the index anew.
pub(super) fn open_whole(dir: &Path) -> Result<Connection, Error> {
    let path = dir.join(FILE);
    let connection = match open(&path) {
        Err(Error::LogWithoutIndex { .. }) => schema::open_existing(&path),
        opened => opened,
    };
    connection?.ok_or_else(|| Error::NoStore { path: dir.to_owned() })
}

/// Refuses what SQLite would open as if less had been written than was.
pub(super) fn refuse_unsound(path: &Path) -> Result<(), Error> {
    refuse_emptied(path)?;
    log::check(path)
}

/// Refuses a database that is gone or has no byte, if files beside it say that it had tables.
///
/// SQLite would take it for a new one, and delete its log with what was written last. A log and
/// its index are made once the database has a page, and the lease once it has its tables.
fn refuse_emptied(path: &Path) -> Result<(), Error> {
    let is_there = |it: &Path| it.try_exists().unwrap_or_default();
    // SQLite takes a file of one byte for an empty one.
    let has_bytes = fs::metadata(path).is_ok_and(|it| it.len() > 1 || !it.is_file());
    let is_unreadable = path.try_exists().is_err();
    let traces = [beside(path, "-wal"), beside(path, "-shm"), path.with_file_name("lease")];
    if !has_bytes && !is_unreadable && traces.iter().any(|it| is_there(it)) {
        return Err(Error::Emptied { path: path.to_owned() });
    }
    Ok(())
}

/// Returns the file beside the database that has its name and a suffix.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    name.into()
}

/// Returns how many bytes a file has; nothing if there is none.
pub(super) fn size(path: &Path) -> Option<u64> {
    fs::metadata(path).ok().map(|it| it.len())
}

/// The path as SQLite's `file:` address, with what keeps it from writing.
fn address(path: &Path) -> Result<String, Error> {
    let parameter = match (size(&beside(path, "-wal")), size(&beside(path, "-shm"))) {
        // Whoever has the store open has a log, so nobody has: the one file is all of it.
        (None, _) | (Some(0), None) => "immutable=1",
        (Some(_), Some(_)) => "readonly_shm=1",
        (Some(_), None) => return Err(Error::LogWithoutIndex { path: path.to_owned() }),
    };
    let mut address = String::from("file:");
    for &byte in path.as_os_str().as_encoded_bytes() {
        if byte.is_ascii_alphanumeric() || b"/-_.".contains(&byte) {
            address.push(byte.into());
        } else {
            address.push_str(&format!("%{byte:02x}"));
        }
    }
    Ok(format!("{address}?{parameter}"))
}
