//! Copies a store that is in use.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::{FILE, Progress, locks, schema};
use crate::Error;

/// Pages copied in one step: 16 MiB.
const PAGES: i32 = 4096;

/// How long to wait for a stranger who holds the database, before asking again.
const WAIT: Duration = Duration::from_millis(10);

/// Copies the store in `dir` as it is at one moment; writers go on meanwhile.
pub(super) fn backup(dir: &Path, to: &Path, look: &mut dyn FnMut(Progress)) -> Result<(), Error> {
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
    copy(&connection, &partial, look).map_err(Error::Backup)?;
    fs::File::open(&partial).and_then(|it| it.sync_all()).map_err(made)?;
    fs::rename(&partial, &target).map_err(made)?;
    schema::sync_dir(&target).map_err(made)
}

fn copy(from: &Connection, to: &Path, look: &mut dyn FnMut(Progress)) -> rusqlite::Result<()> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut to = Connection::open_with_flags(to, flags)?;
    // All steps read in one transaction: what others write between two of them stays out, and
    // SQLite need not start again.
    let tx = Transaction::new_unchecked(from, TransactionBehavior::Deferred)?;
    let page: u64 =
        tx.query_row("SELECT page_size FROM pragma_page_size", [], |row| super::sequence(row, 0))?;
    let _: i64 = tx.query_row("SELECT count(*) FROM meta", [], |row| row.get(0))?;
    let backup = Backup::new(&tx, &mut to)?;
    loop {
        let step = backup.step(PAGES)?;
        let pages = backup.progress();
        let bytes = |pages: i32| u64::try_from(pages).unwrap_or_default() * page;
        let total = bytes(pages.pagecount);
        look(Progress { done: total.saturating_sub(bytes(pages.remaining)), total });
        match step {
            StepResult::Done => break,
            StepResult::More => {}
            _ => std::thread::sleep(WAIT),
        }
    }
    drop(backup);
    to.close().map_err(|(_, error)| error)
}
