//! Copies a store that is in use.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::Backup;
use rusqlite::{Connection, OpenFlags};

use super::{FILE, locks, schema};
use crate::Error;

/// Pages are copied in one step: in between others could write, and it would start again.
const ALL_PAGES: i32 = i32::MAX;

/// Copies the store in `dir` as it is at one moment; writers go on meanwhile.
pub(super) fn backup(dir: &Path, to: &Path) -> Result<(), Error> {
    let source = dir.join(FILE);
    let Some(connection) = schema::open_existing(&source)? else {
        return Err(Error::NoStore { path: dir.to_owned() });
    };
    locks::create_dir(to)?;
    let target = to.join(FILE);
    if let Ok(true) = target.try_exists() {
        return Err(Error::Exists { path: target });
    }
    // Whoever looks into the directory finds the whole copy or none.
    let partial = to.join(format!("{FILE}.partial"));
    let made = |source| Error::Create { path: partial.clone(), source };
    locks::create_file(&partial)?.set_len(0).map_err(made)?;
    copy(&connection, &partial).map_err(Error::Backup)?;
    fs::File::open(&partial).and_then(|it| it.sync_all()).map_err(made)?;
    fs::rename(&partial, &target).map_err(made)?;
    schema::sync_dir(&target).map_err(made)
}

fn copy(from: &Connection, to: &Path) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut to = Connection::open_with_flags(to, flags)?;
    Backup::new(from, &mut to)?.run_to_completion(ALL_PAGES, Duration::from_millis(10), None)?;
    to.close().map_err(|(_, error)| error)
}
