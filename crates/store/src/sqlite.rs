//! Journal and counters in one SQLite file, which several processes may share.
//!
//! ```text
//! DIR/internal-events.db    the data, and beside it SQLite's own -wal and -shm
//! DIR/writers               locked by whoever is about to write: writers wait in line here
//! DIR/lease                 locked by the one handle that writes counters down
//! DIR/lease-NAME            locked by the one handle that delivers to another destination
//! ```
//!
//! What is in the file is described byte by byte in `docs/store-format.md`.

mod append;
mod backup;
mod checksum;
mod cursor;
mod cursors;
mod disk;
mod given;
mod gone;
mod group;
mod inspect;
mod keys;
mod locks;
mod log;
mod look;
mod opened;
mod options;
mod outbox;
mod pace;
mod quarantine;
mod reader;
mod repair;
mod retention;
mod rows;
mod schema;
mod taken;
mod tally;
mod upkeep;
mod verify;

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, OptionalExtension as _};

use self::append::Appending;
use self::cursor::SqliteCursor;
use self::disk::Space;
use self::given::GivenIds;
use self::group::StoredGroup;
pub use self::inspect::{Inspection, Lease as LeaseState, Place, Stretch};
use self::locks::{Lease, Writers};
pub use self::options::Options;
pub use self::reader::SqliteReader;
pub use self::repair::{Remedy, Repair};
pub use self::schema::FORMAT;
use self::tally::Tally;
use self::upkeep::SinceCheckpoint;
pub use self::verify::{Finding, Verified};
use crate::names::Names;
use crate::record::Encoder;
use crate::{Appended, Counter, Cursor, Error, Forgotten, Group, Key, Reader, Store, Taken};

/// Name of the database within the data directory.
const FILE: &str = "internal-events.db";

/// Statements kept compiled: all that one handle uses, with room to spare.
const STATEMENTS: usize = 32;

/// How far something has come that takes a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// How much is done: entries verified, or bytes copied.
    pub done: u64,
    /// How much there is to do.
    pub total: u64,
}

/// Keeps journal and counters in one SQLite file.
///
/// A group is durable when [`append`](Store::append) returns: the file is in WAL mode with
/// `synchronous=FULL`. A handle that ends without a [`checkpoint`](Store::checkpoint), by a crash
/// or by being dropped, loses nothing: counters start again from their cursor.
#[derive(Debug)]
pub struct Sqlite {
    dir: PathBuf,
    connection: Connection,
    writers: Writers,
    space: Space,
    lease: Lease,
    names: Names,
    encoder: Encoder,
    given: GivenIds,
    /// Counters in memory; only with the lease, and only while they are known to be right.
    tally: Option<Tally>,
    since_checkpoint: SinceCheckpoint,
    /// The time of the newest entry when expired counters were last looked for.
    expired_at: Option<i64>,
    options: Options,
}

impl Sqlite {
    /// Opens the store in `dir`; makes directory and file if they are not there.
    ///
    /// # Errors
    ///
    /// Fails if they cannot be made or opened, if the file belongs to another program, or if a
    /// newer version of this one wrote it.
    pub fn open(dir: &Path, options: Options) -> Result<Self, Error> {
        locks::create_dir(dir)?;
        disk::refuse_network(dir)?;
        let path = dir.join(FILE);
        let mut writers = Writers::open(dir, options.busy_timeout)?;
        // Of several processes that start at once on an empty directory one makes the tables.
        let line = writers.wait()?;
        let connection = schema::open_or_create(&path, options.busy_timeout)?;
        drop(line);
        writers.watch(&path);
        // Only once there are tables: a lease without a database says that there was one.
        let lease = Lease::open(dir)?;
        connection.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(Self {
            dir: dir.to_owned(),
            connection,
            writers,
            space: Space::default(),
            lease,
            names: Names::default(),
            encoder: Encoder::default(),
            given: GivenIds::new(&options.limits),
            tally: None,
            since_checkpoint: SinceCheckpoint::default(),
            expired_at: None,
            options,
        })
    }

    /// Opens a reader of the store in `dir`, for a process that never writes.
    ///
    /// Returns nothing if there is no store, and makes none.
    ///
    /// # Errors
    ///
    /// Fails as [`open`](Self::open) does.
    pub fn reader(dir: &Path) -> Result<Option<SqliteReader>, Error> {
        SqliteReader::open(&dir.join(FILE))
    }

    /// Copies the store in `dir` into the directory `to`, which then is a data directory of its own.
    ///
    /// The copy is of one moment, and processes that use the store go on meanwhile.
    ///
    /// # Errors
    ///
    /// Fails if there is no store in `dir` or there is one in `to`, or if the world does.
    pub fn backup(dir: &Path, to: &Path) -> Result<(), Error> {
        Self::backup_with(dir, to, |_| {})
    }

    /// Does the same as [`backup`](Self::backup), and says now and then how far it has come.
    ///
    /// # Errors
    ///
    /// Fails as it does.
    pub fn backup_with(dir: &Path, to: &Path, mut look: impl FnMut(Progress)) -> Result<(), Error> {
        backup::backup(dir, to, &mut look)
    }

    /// Looks at the directory, which need not be there, and changes nothing.
    pub fn place(dir: &Path) -> Place {
        inspect::place(dir)
    }

    /// Looks into the store in `dir`, while processes may use it, and changes no byte of any file.
    ///
    /// Returns nothing if there is no store.
    ///
    /// # Errors
    ///
    /// Fails if it cannot be opened or read, and with [`Error::LogWithoutIndex`] if it can be
    /// only by changing something.
    pub fn inspect(dir: &Path) -> Result<Option<Inspection>, Error> {
        inspect::inspect(dir)
    }

    /// Looks at everything in the store in `dir` and says what is wrong with it.
    ///
    /// It is read as of one moment while processes may use it, and not changed.
    ///
    /// # Errors
    ///
    /// Fails if there is no store or it cannot be opened at all.
    pub fn verify(dir: &Path) -> Result<Verified, Error> {
        Self::verify_with(dir, |_| {})
    }

    /// Does the same as [`verify`](Self::verify), and says now and then how far it has come.
    ///
    /// # Errors
    ///
    /// Fails as it does.
    pub fn verify_with(dir: &Path, mut look: impl FnMut(Progress)) -> Result<Verified, Error> {
        verify::verify(dir, &mut look)
    }

    /// Says what [`repair`](Self::repair) would do in `dir`, and changes nothing.
    ///
    /// # Errors
    ///
    /// Fails if there is no store, and as `repair` does.
    pub fn repairs(dir: &Path, options: &Options) -> Result<Vec<Repair>, Error> {
        repair::preview(dir, options.begins_at)
    }

    /// Mends counters whose rows are damaged, and says what became of each.
    ///
    /// One is counted again from the journal while that has everything that moved it; another is
    /// put aside as it is, and begins anew with what the journal has. Other processes may go on
    /// meanwhile.
    ///
    /// # Errors
    ///
    /// Fails if the journal, a key or the cursor is damaged too, or the world fails; then nothing
    /// has been changed.
    pub fn repair(&mut self) -> Result<Vec<Repair>, Error> {
        repair::repair(&self.connection, &self.writers, self.options.begins_at)
    }

    /// Ends a log that is damaged where the damage is, so that the store in `dir` can be used with
    /// what was written before; returns under which name the log is kept as it was.
    ///
    /// What was accepted after is lost with that, and nobody knows whether the rest is whole but
    /// [`verify`](Self::verify).
    ///
    /// # Errors
    ///
    /// Fails if a process uses the store, or the world does. Then nothing was changed.
    pub fn cut_log(dir: &Path) -> Result<Option<PathBuf>, Error> {
        let writers = Writers::open(dir, Options::default().busy_timeout)?;
        let line = writers.wait()?;
        // Held to the end, so that nobody who comes meanwhile believes to be alone.
        let mut lease = Lease::open(dir)?;
        if !lease.take()? {
            return Err(Error::InUse { path: dir.to_owned() });
        }
        let cut = log::cut(&dir.join(FILE));
        drop(line);
        cut.map_err(|source| Error::Create { path: dir.to_owned(), source })
    }

    /// Takes counters of another place over, or only says what would become of each.
    ///
    /// Sketches are merged. Of totals and sums that is added which was not added before: how much
    /// has been taken of each counter of each `source` is written down with it. Other processes
    /// may go on meanwhile.
    ///
    /// # Errors
    ///
    /// Fails if the tables cannot be read or written; then nothing has been taken.
    pub fn take_over(
        &mut self,
        source: &str,
        counters: &[(String, Counter)],
        is_dry_run: bool,
    ) -> Result<Vec<Taken>, Error> {
        let line = self.writers.wait()?;
        let taken = taken::take(&self.connection, source, counters, is_dry_run);
        drop(line);
        taken
    }

    /// Returns whether this handle writes counters down: it has the lease, or stands in for a
    /// holder that does not move.
    fn is_counting(&mut self) -> Result<bool, Error> {
        if self.lease.take()? {
            return Ok(true);
        }
        let cursor = tally::cursor(&self.connection)?;
        let last = last_sequence(&self.connection).map_err(Error::Read)?;
        Ok(self.lease.look(cursor, last))
    }

    fn fold(&mut self, range: &Range<u64>) {
        let Some(tally) = &mut self.tally else { return };
        // Entries of others lie between, or counting failed: the next checkpoint reads what is
        // missing from the journal, where all of it is.
        if tally.applied() + 1 != range.start || range.is_empty() {
            return;
        }
        let group = StoredGroup {
            last: range.end - 1,
            n_entries: range.end - range.start,
            ids: &[],
            records: self.encoder.last(),
            is_whole: true,
        };
        if tally.fold(&self.connection, &group).is_err() {
            self.tally = None;
        }
    }
}

impl Store for Sqlite {
    fn intern(&mut self, key: &str) -> Key {
        self.names.intern(key)
    }

    fn append(&mut self, group: &Group<'_>) -> Result<Appended, Error> {
        let bytes = group.bytes();
        self.space.check(&self.dir, self.options.limits.reserve_bytes, bytes)?;
        let has_given = group.entries.iter().any(|entry| entry.content.is_some());
        if has_given && self.given.is_empty() {
            // A process that starts reads up to a million ids: others need not wait for that.
            self.given.catch_up(&self.connection)?;
        }
        let line = self.writers.wait()?;
        if has_given {
            self.given.catch_up(&self.connection)?;
        }
        let mut appending = Appending {
            connection: &self.connection,
            names: &mut self.names,
            encoder: &mut self.encoder,
            given: &mut self.given,
            limits: &self.options.limits,
            named: Vec::new(),
        };
        let appended = match appending.append(group) {
            Ok(appended) => appended,
            Err(error) => {
                appending.undo();
                return Err(error.into());
            }
        };
        drop(line);
        self.since_checkpoint.note(group, &appended.range);
        self.fold(&appended.range);
        Ok(appended)
    }

    fn look(&mut self) -> Result<(), Error> {
        // Where it says no, the next group looks again; and if it says yes too.
        self.space = Space::default();
        self.space.check(&self.dir, self.options.limits.reserve_bytes, 0)?;
        disk::refuse_read_only(&self.dir)?;
        drop(self.writers.wait()?);
        Ok(())
    }

    fn drop_quarantined(&mut self, numbers: &[u64]) -> Result<u64, Error> {
        let line = self.writers.wait()?;
        let res = quarantine::drop_by_hand(&self.connection, numbers).map_err(Error::Append);
        drop(line);
        res
    }

    fn drop_dead_letters(&mut self, numbers: &[u64]) -> Result<u64, Error> {
        let line = self.writers.wait()?;
        let res = outbox::drop_by_hand(&self.connection, numbers).map_err(Error::Append);
        drop(line);
        res
    }

    fn is_checkpoint_due(&self) -> bool {
        self.since_checkpoint.is_due(&self.options)
    }

    fn checkpoint(&mut self) -> Result<(), Error> {
        self.since_checkpoint.restart();
        if !self.is_counting()? {
            return Ok(());
        }
        // On any failure the counters in memory are given up; the journal still has everything.
        let mut tally = match self.tally.take() {
            Some(tally) => tally,
            None => Tally::load(&self.connection)?,
        };
        loop {
            let is_complete = tally.catch_up(&self.connection)?;
            if !tally.is_saved() {
                let line = self.writers.wait()?;
                let is_ours = tally.save(&self.connection)?;
                drop(line);
                if !is_ours {
                    self.lease.step_back();
                    return Ok(());
                }
            }
            if is_complete {
                self.tally = Some(tally);
                return self.prune();
            }
        }
    }

    fn cursor(&self, destination: &str) -> Result<Box<dyn Cursor>, Error> {
        Ok(Box::new(SqliteCursor::open(&self.dir, destination, &self.options)?))
    }

    fn keep_destinations(&mut self, names: &[&str]) -> Result<Vec<Forgotten>, Error> {
        let line = self.writers.wait()?;
        let forgotten = cursor::keep_only(&self.connection, &self.dir, names);
        drop(line);
        forgotten
    }

    fn reader(&self) -> Result<Box<dyn Reader>, Error> {
        let path = self.dir.join(FILE);
        match SqliteReader::open(&path)? {
            Some(reader) => Ok(Box::new(reader)),
            None => Err(Error::NotAStore { path }),
        }
    }
}

impl Drop for Sqlite {
    /// Leaves one whole file behind, also while readers of this process keep the log open.
    fn drop(&mut self) {
        // If somebody is writing, they will do this in their turn: nobody waits here.
        let _ = self.connection.busy_timeout(Duration::ZERO);
        let _ = self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
    }
}

/// Returns the number of the newest entry ever; it stays when retention has emptied the journal.
fn last_sequence(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'journal'")?
        .query_row([], |row| sequence(row, 0))
        .optional()
        .map(Option::unwrap_or_default)
}

/// Reads a number that is never negative.
fn sequence(row: &rusqlite::Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let number: i64 = row.get(column)?;
    u64::try_from(number).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, number))
}

/// SQLite's integers end at 2^63 - 1; what is counted stops there.
fn as_integer(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// Text wherever it is text, so that a person can read it; the same bytes are always the same type.
fn as_text(bytes: &[u8]) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match str::from_utf8(bytes) {
        Ok(_) => ValueRef::Text(bytes),
        Err(_) => ValueRef::Blob(bytes),
    })
}

#[cfg(test)]
mod tests;
