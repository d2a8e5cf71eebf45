//! Reads a store, from this process or another.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::group::{Next, StoredGroup, for_each_group};
use super::keys::{self, Keys};
use super::opened::Opened;
use super::{
    as_integer, cursors, last_sequence, outbox, quarantine, rows, schema, sequence, taken, tally,
};
use crate::cursor::{self, Page, Pending};
use crate::{
    COUNTERS, Counter, CounterDamage, Counters, Error, EventId, KeptAside, Reader, Status,
    StoredDeadLetter, StoredEntry, StoredUpdate,
};

/// Reads a [`Sqlite`](crate::Sqlite) store, from this process or another.
#[derive(Debug)]
pub struct SqliteReader {
    path: PathBuf,
    connection: Connection,
    opened: Opened,
    keys: Keys,
}

impl SqliteReader {
    pub(super) fn open(path: &Path) -> Result<Option<Self>, Error> {
        let connection = schema::open_existing(path)?;
        Ok(connection.map(|connection| Self {
            path: path.to_owned(),
            connection,
            opened: Opened::database(path),
            keys: Keys::default(),
        }))
    }

    /// Returns the database file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Tells whether the database is still where it was opened; what this reads is of the past if it
    /// was deleted, moved or replaced.
    pub fn is_current(&self) -> bool {
        self.opened.check().is_ok()
    }

    /// Looks for the newest entry with an id, which takes a look at all ids in the journal.
    ///
    /// # Errors
    ///
    /// Fails if the journal cannot be read or is damaged.
    pub fn find(&mut self, id: EventId) -> Result<Option<StoredEntry>, Error> {
        let Some(sequence) = self.sequence_of(id).map_err(Error::Read)? else { return Ok(None) };
        Ok(self.entries(sequence - 1, 1)?.pop())
    }

    fn sequence_of(&self, id: EventId) -> rusqlite::Result<Option<u64>> {
        let sql = "SELECT seq, ids FROM journal WHERE instr(ids, ?1) ORDER BY seq DESC";
        let mut statement = self.connection.prepare_cached(sql)?;
        let mut rows = statement.query([&id.0[..]])?;
        while let Some(row) = rows.next()? {
            let (ids, _) = row.get_ref(1)?.as_blob()?.as_chunks::<16>();
            // The bytes may also stand across two ids.
            if let Some(from_end) = ids.iter().rev().position(|it| *it == id.0) {
                return Ok(Some(sequence(row, 0)?.saturating_sub(from_end as u64)));
            }
        }
        Ok(None)
    }

    /// Returns from where counters were taken over, in order.
    ///
    /// # Errors
    ///
    /// Fails if the tables cannot be read.
    pub fn taken_from(&mut self) -> Result<Vec<String>, Error> {
        taken::sources(&self.connection)
    }

    /// Returns the number before which no entry was accepted at `time` or later, by the times of
    /// their groups: 0 if the first was.
    ///
    /// # Errors
    ///
    /// Fails if the journal cannot be read.
    pub fn before(&mut self, time: i64) -> Result<u64, Error> {
        let sql = "SELECT min(seq - entries) FROM journal WHERE accepted_at >= ?1";
        let read = || -> rusqlite::Result<_> {
            let first: Option<i64> =
                self.connection.prepare_cached(sql)?.query_row([time], |row| row.get(0))?;
            match first {
                Some(first) => Ok(u64::try_from(first).unwrap_or_default()),
                None => last_sequence(&self.connection),
            }
        };
        read().map_err(Error::Read)
    }
}

/// Everything read in one of these is as of one moment.
fn snapshot(connection: &Connection) -> Result<Transaction<'_>, Error> {
    Transaction::new_unchecked(connection, TransactionBehavior::Deferred).map_err(Error::Read)
}

impl Reader for SqliteReader {
    fn counters(&mut self, keys: &[&str]) -> Result<Counters, Error> {
        let tx = snapshot(&self.connection)?;
        self.keys.catch_up(&tx)?;
        let mut wanted = Wanted::default();
        for &key in keys {
            if let Some(key_id) = self.keys.find(key) {
                wanted.load(&tx, key, key_id)?;
            }
        }
        if !wanted.places.is_empty() {
            wanted.fold_tail(&tx)?;
        }
        let damaged = wanted.damaged;
        Ok(Counters { by_key: wanted.counters.into_iter().collect(), damaged })
    }

    fn keys(&mut self) -> Result<Vec<String>, Error> {
        self.keys.catch_up(&self.connection)?;
        Ok(self.keys.all())
    }

    fn page(&mut self, after: u64, page: Page) -> Result<Vec<StoredEntry>, Error> {
        let tx = snapshot(&self.connection)?;
        let mut found = Found { entries: Vec::new(), bytes: 0, page };
        if page.entries > 0 {
            self.keys.catch_up(&tx)?;
            for_each_group(&tx, after, |group| {
                found.read(&self.keys, &group, after)?;
                Ok(if found.is_full() { Next::Stop } else { Next::Group })
            })?;
        }
        Ok(found.entries)
    }

    fn quarantined_after(&mut self, after: u64, limit: usize) -> Result<KeptAside, Error> {
        quarantine::read(&self.connection, after, limit)
    }

    fn dead_letters(&mut self, after: u64, limit: usize) -> Result<Vec<StoredDeadLetter>, Error> {
        outbox::read(&self.connection, after, limit)
    }

    fn secret(&mut self) -> Result<String, Error> {
        schema::secret(&self.connection).map_err(Error::Read)
    }

    fn status(&mut self) -> Result<Status, Error> {
        let tx = snapshot(&self.connection)?;
        read_status(&tx)
    }
}

/// The counters that were asked for.
#[derive(Default)]
struct Wanted {
    counters: Vec<(String, Counter)>,
    /// From key id to the place in `counters`.
    places: HashMap<u32, usize>,
    damaged: BTreeMap<String, CounterDamage>,
}

impl Wanted {
    /// Starts from what the last checkpoint wrote.
    fn load(&mut self, tx: &Connection, key: &str, key_id: u32) -> Result<(), Error> {
        if self.places.contains_key(&key_id) || self.damaged.contains_key(key) {
            return Ok(());
        }
        match rows::saved_counter(tx, &keys::read(tx, key_id)?) {
            Ok(counter) => {
                self.places.insert(key_id, self.counters.len());
                self.counters.push((key.to_owned(), counter));
            }
            Err(Error::Counter { source, .. }) => drop(self.damaged.insert(key.to_owned(), source)),
            Err(error) => return Err(error),
        }
        Ok(())
    }

    /// Goes on with what was appended since.
    fn fold_tail(&mut self, tx: &Connection) -> Result<(), Error> {
        let saved = tally::cursor(tx)?;
        let last = last_sequence(tx).map_err(Error::Read)?;
        if saved > last {
            return Err(Error::Cursor { destination: COUNTERS.to_owned() });
        }
        let mut folded = saved;
        for_each_group(tx, saved, |group| {
            group.follows(folded)?;
            folded = group.last;
            self.fold(&group, saved)?;
            Ok(Next::Group)
        })?;
        if folded != last {
            return Err(Error::Gap { after: folded, before: last + 1 });
        }
        Ok(())
    }

    fn fold(&mut self, group: &StoredGroup<'_>, saved: u64) -> Result<(), Error> {
        group.for_each_update(saved, |key_id, change| {
            if let Some(&place) = self.places.get(&key_id) {
                self.counters[place].1.apply(change);
            }
            Ok(())
        })
    }
}

/// Entries on their way onto a page.
struct Found {
    entries: Vec<StoredEntry>,
    bytes: usize,
    page: Page,
}

impl Found {
    fn is_full(&self) -> bool {
        self.entries.len() >= self.page.entries || self.bytes >= self.page.bytes
    }

    /// Takes those entries of a group that are after `after` and fit.
    fn read(&mut self, keys: &Keys, group: &StoredGroup<'_>, after: u64) -> Result<(), Error> {
        group.for_each(after, |sequence, record| {
            if self.is_full() {
                return Ok(());
            }
            let mut updates = Vec::new();
            for update in record.updates {
                let (key_id, change) = update.map_err(|source| group.damaged(source))?;
                self.bytes += change.len();
                updates.push(StoredUpdate { key: keys.text(key_id)?, change: change.to_stored() });
            }
            self.bytes += record.event.len();
            self.entries.push(StoredEntry {
                sequence,
                id: EventId(group.id(sequence)?),
                accepted_at: record.accepted_at,
                catalog: record.catalog,
                event: record.event.to_vec(),
                updates,
            });
            Ok(())
        })
    }
}

pub(super) fn read_ledger(connection: &Connection) -> rusqlite::Result<BTreeMap<String, u64>> {
    connection
        .prepare_cached("SELECT cause, count FROM ledger")?
        .query_map([], |row| Ok((row.get(0)?, sequence(row, 1)?)))?
        .collect()
}

pub(super) fn read_status(connection: &Connection) -> Result<Status, Error> {
    let cursors = cursors::read_all(connection)?;
    let read = || -> rusqlite::Result<Status> {
        let number = |sql| -> rusqlite::Result<u64> {
            connection
                .prepare_cached(sql)?
                .query_row([], |row| sequence(row, 0))
                .optional()
                .map(Option::unwrap_or_default)
        };
        let (ledger, last_sequence) = (read_ledger(connection)?, last_sequence(connection)?);
        let mut deliveries = BTreeMap::new();
        for row in &cursors {
            let pending = pending_after(connection, row.seq)?;
            let of = (row.destination.as_str(), row.started_after);
            let delivery = cursor::delivery(&ledger, of, (row.seq, last_sequence), pending);
            deliveries.insert(row.destination.clone(), delivery);
        }
        Ok(Status {
            last_sequence,
            cursors: cursors.iter().map(|it| (it.destination.clone(), it.seq)).collect(),
            deliveries,
            ledger,
            quarantine_size: number("SELECT count(*) FROM quarantine")?,
            quarantined: number("SELECT seq FROM sqlite_sequence WHERE name = 'quarantine'")?,
            format: schema::meta(connection, "format")?.parse().unwrap_or_default(),
            journal_id: schema::meta(connection, "journal_id")?,
        })
    };
    read().map_err(Error::Read)
}

/// Looks at the journal after an entry.
fn pending_after(connection: &Connection, after: u64) -> rusqlite::Result<Option<Pending>> {
    let sql = "SELECT accepted_at, coalesce(
           (SELECT end_bytes FROM journal ORDER BY seq DESC LIMIT 1)
           - end_bytes + length(ids) + length(records), 0)
         FROM journal WHERE seq > ?1 ORDER BY seq LIMIT 1";
    connection
        .prepare_cached(sql)?
        .query_row([as_integer(after)], |row| {
            Ok(Pending { oldest: row.get(0)?, bytes: sequence(row, 1)? })
        })
        .optional()
}
