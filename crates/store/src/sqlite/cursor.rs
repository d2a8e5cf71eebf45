//! The handle of a destination beside the counters.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::append::note;
use super::cursors::{self, CursorRow};
use super::locks::{self, Lease, Writers};
use super::{FILE, Options, SqliteReader, last_sequence, outbox, schema, sequence};
use crate::cursor::{
    Cursor, CursorPlace, Forgotten, Page, Step, dropped_by, dropped_name, skipped_by, skipped_name,
};
use crate::{COUNTERS, Error, Limits, Reader as _, StoredEntry};

/// Looks, about a second apart, at which the holder of a destination's lease may not be heard of.
/// Longer than anybody waits for an answer of a destination.
const PATIENCE: u32 = 30;

/// A destination's place in the journal of a [`Sqlite`](crate::Sqlite) store.
#[derive(Debug)]
pub(super) struct SqliteCursor {
    destination: String,
    connection: Connection,
    reader: SqliteReader,
    writers: Writers,
    lease: Lease,
    limits: Limits,
}

impl SqliteCursor {
    /// Opens the cursor of a destination; the first time it begins after the newest entry.
    pub(super) fn open(dir: &Path, destination: &str, options: &Options) -> Result<Self, Error> {
        let is_name = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'-';
        assert!(
            destination != COUNTERS && destination.bytes().all(is_name),
            "invariant: a destination has a name of lower-case letters, digits and hyphens"
        );
        let path = dir.join(FILE);
        let connection = schema::open_or_create(&path, options.busy_timeout)?;
        let reader =
            SqliteReader::open(&path)?.ok_or_else(|| Error::NotAStore { path: path.clone() })?;
        let mut writers = Writers::open(dir, options.busy_timeout)?;
        writers.watch(&path);
        let lease = Lease::of(dir, destination, PATIENCE)?;
        let destination = destination.to_owned();
        let limits = options.limits.clone();
        let cursor = Self { destination, connection, reader, writers, lease, limits };
        cursor.register()?;
        Ok(cursor)
    }

    fn register(&self) -> Result<(), Error> {
        if cursors::read(&self.connection, &self.destination)?.is_some() {
            return Ok(());
        }
        self.write(|tx| {
            if cursors::read(tx, &self.destination)?.is_some() {
                return Ok(());
            }
            let last = last_sequence(tx).map_err(Error::Read)?;
            let row = CursorRow {
                destination: self.destination.clone(),
                seq: last,
                started_after: last,
                keeps_after: last,
                state: String::new(),
            };
            row.write(tx).map_err(Error::Append)
        })
    }

    /// Does something in a transaction of its own, in turn with those who append.
    fn write<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let line = self.writers.wait()?;
        let tx = Transaction::new_unchecked(&self.connection, TransactionBehavior::Immediate)
            .map_err(Error::Append)?;
        let done = work(&tx)?;
        tx.commit().map_err(Error::Append)?;
        drop(line);
        Ok(done)
    }

    fn row(&self, connection: &Connection) -> Result<CursorRow, Error> {
        let damaged = || Error::Cursor { destination: self.destination.clone() };
        cursors::read(connection, &self.destination)?.ok_or_else(damaged)
    }
}

impl Cursor for SqliteCursor {
    fn leads(&mut self) -> Result<bool, Error> {
        self.lease.take_or_look()
    }

    fn place(&mut self) -> Result<CursorPlace, Error> {
        let tx = Transaction::new_unchecked(&self.connection, TransactionBehavior::Deferred)
            .map_err(Error::Read)?;
        place(&tx, self.row(&tx)?)
    }

    fn entries(&mut self, after: u64, page: Page) -> Result<Vec<StoredEntry>, Error> {
        self.reader.page(after, page)
    }

    fn advance(&mut self, from: u64, step: &Step<'_>) -> Result<bool, Error> {
        self.write(|tx| {
            let row = self.row(tx)?;
            if row.seq != from {
                return Ok(false);
            }
            let keeps_after = step.keeps_after.min(step.to).max(row.keeps_after);
            let moved =
                CursorRow { seq: step.to, keeps_after, state: step.state.to_owned(), ..row };
            moved.write(tx).map_err(Error::Append)?;
            for &(cause, n) in step.dropped {
                let name = dropped_name(cause, &self.destination);
                note(tx, &[(&name, n)]).map_err(Error::Append)?;
            }
            for &(why, n) in step.skipped {
                let name = skipped_name(why, &self.destination);
                note(tx, &[(&name, n)]).map_err(Error::Append)?;
            }
            outbox::insert(tx, &self.destination, step.rejected, &self.limits)
                .map_err(Error::Append)?;
            note(tx, step.noted).map_err(Error::Append)?;
            Ok(true)
        })
    }

    fn rename_journal(&mut self) -> Result<CursorPlace, Error> {
        self.write(|tx| {
            let rename = "UPDATE meta SET value = lower(hex(randomblob(16)))
                 WHERE name = 'journal_id'";
            tx.execute(rename, []).map_err(Error::Append)?;
            let last = last_sequence(tx).map_err(Error::Read)?;
            let row = self.row(tx)?;
            let moved = CursorRow { seq: last, keeps_after: last, state: String::new(), ..row };
            moved.write(tx).map_err(Error::Append)?;
            place(tx, moved)
        })
    }
}

fn place(connection: &Connection, row: CursorRow) -> Result<CursorPlace, Error> {
    let read = || -> rusqlite::Result<_> {
        let last = last_sequence(connection)?;
        let first: Option<u64> = connection
            .prepare_cached("SELECT seq - entries + 1 FROM journal ORDER BY seq LIMIT 1")?
            .query_row([], |row| sequence(row, 0))
            .optional()?;
        let first = first.unwrap_or(last + 1);
        let journal_id = schema::meta(connection, "journal_id")?;
        Ok(CursorPlace { journal_id, cursor: row.seq, first, last, state: row.state })
    };
    read().map_err(Error::Read)
}

/// Forgets all destinations but those named, and those that another process delivers to.
pub(super) fn keep_only(
    connection: &Connection,
    dir: &Path,
    names: &[&str],
) -> Result<Vec<Forgotten>, Error> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
        .map_err(Error::Append)?;
    let last = last_sequence(&tx).map_err(Error::Read)?;
    let mut forgotten = Vec::new();
    for row in cursors::read_all(&tx)? {
        let name = row.destination.as_str();
        if name == COUNTERS || names.contains(&name) || locks::is_taken(dir, name) {
            continue;
        }
        let pending = last.saturating_sub(row.seq);
        forget(&tx, name, pending).map_err(Error::Append)?;
        forgotten.push(Forgotten { destination: row.destination, pending });
    }
    tx.commit().map_err(Error::Append)?;
    Ok(forgotten)
}

/// Takes the cursor out; what was dropped for it is counted under another name, so that it begins
/// anew if it ever comes back.
fn forget(tx: &Connection, destination: &str, pending: u64) -> rusqlite::Result<()> {
    tx.execute("DELETE FROM cursors WHERE destination = ?1", [destination])?;
    let ledger = super::reader::read_ledger(tx)?;
    let dropped = dropped_by(&ledger, destination);
    let dropped = dropped.map(|(cause, n)| (cause, n, dropped_name(cause, destination)));
    let skipped = skipped_by(&ledger, destination);
    let skipped = skipped.map(|(why, n)| (why, n, skipped_name(why, destination)));
    for (cause, n, name) in dropped.chain(skipped) {
        tx.execute("DELETE FROM ledger WHERE cause = ?1", [name])?;
        note(tx, &[(&format!("forgotten:{cause}:{destination}"), n)])?;
    }
    note(tx, &[(&format!("forgotten:pending:{destination}"), pending)])
}
