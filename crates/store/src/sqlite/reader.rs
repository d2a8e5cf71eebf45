//! Reads a store, from this process or another.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior};

use super::group::{Next, StoredGroup, for_each_group};
use super::{as_integer, last_sequence, schema, sequence, tally};
use crate::{
    Counter, Counters, Error, EventId, Reader, Status, StoredEntry, StoredQuarantined, StoredUpdate,
};

/// Reads a [`Sqlite`](crate::Sqlite) store, from this process or another.
#[derive(Debug)]
pub struct SqliteReader {
    path: PathBuf,
    connection: Connection,
    /// Keys never change their number, so each is read once.
    keys: HashMap<u32, Arc<str>>,
}

impl SqliteReader {
    pub(super) fn open(path: &Path) -> Result<Option<Self>, Error> {
        let connection = schema::open_existing(path)?;
        Ok(connection.map(|connection| Self {
            path: path.to_owned(),
            connection,
            keys: HashMap::new(),
        }))
    }

    /// Returns the database file.
    pub fn path(&self) -> &Path {
        &self.path
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
        let mut wanted = Wanted::default();
        for &key in keys {
            wanted.load(&tx, key)?;
        }
        let saved = tally::cursor(&tx).map_err(Error::Read)?;
        if !wanted.counters.is_empty() {
            for_each_group(&tx, saved, |group| {
                wanted.fold(&group, saved)?;
                Ok(Next::Group)
            })?;
        }
        Ok(Counters { by_key: wanted.counters.into_iter().collect() })
    }

    fn keys(&mut self) -> Result<Vec<String>, Error> {
        let read = || -> rusqlite::Result<_> {
            self.connection
                .prepare_cached("SELECT key FROM keys ORDER BY key")?
                .query_map([], |row| row.get(0))?
                .collect()
        };
        read().map_err(Error::Read)
    }

    fn entries(&mut self, after: u64, limit: usize) -> Result<Vec<StoredEntry>, Error> {
        let tx = snapshot(&self.connection)?;
        let mut entries = Vec::new();
        if limit > 0 {
            for_each_group(&tx, after, |group| {
                read_entries(&tx, &mut self.keys, &group, after, &mut entries)?;
                Ok(if entries.len() < limit { Next::Group } else { Next::Stop })
            })?;
        }
        entries.truncate(limit);
        Ok(entries)
    }

    fn quarantined_after(
        &mut self,
        after: u64,
        limit: usize,
    ) -> Result<Vec<StoredQuarantined>, Error> {
        let read = || -> rusqlite::Result<_> {
            self.connection
                .prepare_cached(
                    "SELECT number, received_at, reason, event FROM quarantine
                     WHERE number > ?1 ORDER BY number LIMIT ?2",
                )?
                .query_map([as_integer(after), as_integer(limit as u64)], read_quarantined)?
                .collect()
        };
        read().map_err(Error::Read)
    }

    fn status(&mut self) -> Result<Status, Error> {
        let tx = snapshot(&self.connection)?;
        read_status(&tx).map_err(Error::Read)
    }
}

/// The counters that were asked for.
#[derive(Default)]
struct Wanted {
    counters: Vec<(String, Counter)>,
    /// From key id to the place in `counters`.
    places: HashMap<u32, usize>,
}

impl Wanted {
    /// Starts from what the last checkpoint wrote.
    fn load(&mut self, connection: &Connection, key: &str) -> Result<(), Error> {
        let found = connection
            .prepare_cached("SELECT key_id, kind FROM keys WHERE key = ?1")
            .and_then(|mut it| {
                it.query_row([key], |row| Ok((row.get(0)?, schema::kind(row, 1)?))).optional()
            })
            .map_err(Error::Read)?;
        let Some((key_id, kind)) = found else { return Ok(()) };
        if self.places.insert(key_id, self.counters.len()).is_none() {
            let counter = tally::saved_counter(connection, key_id, kind)?;
            self.counters.push((key.to_owned(), counter));
        }
        Ok(())
    }

    /// Goes on with what was appended since.
    fn fold(&mut self, group: &StoredGroup<'_>, saved: u64) -> Result<(), Error> {
        group.for_each_update(saved, |key_id, change| {
            if let Some(&place) = self.places.get(&key_id) {
                self.counters[place].1.apply(change);
            }
            Ok(())
        })
    }
}

fn read_entries(
    connection: &Connection,
    keys: &mut HashMap<u32, Arc<str>>,
    group: &StoredGroup<'_>,
    after: u64,
    entries: &mut Vec<StoredEntry>,
) -> Result<(), Error> {
    group.for_each(after, |sequence, record| {
        let mut updates = Vec::new();
        for update in record.updates {
            let (key_id, change) = update.map_err(|source| group.damaged(source))?;
            let key = key_text(connection, keys, key_id)?;
            updates.push(StoredUpdate { key, change: change.to_stored() });
        }
        entries.push(StoredEntry {
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

fn key_text(
    connection: &Connection,
    keys: &mut HashMap<u32, Arc<str>>,
    key_id: u32,
) -> Result<Arc<str>, Error> {
    if let Some(text) = keys.get(&key_id) {
        return Ok(Arc::clone(text));
    }
    let text: Option<String> = connection
        .prepare_cached("SELECT key FROM keys WHERE key_id = ?1")
        .and_then(|mut it| it.query_row([key_id], |row| row.get(0)).optional())
        .map_err(Error::Read)?;
    let text = Arc::<str>::from(text.ok_or(Error::UnknownKey { key_id })?);
    keys.insert(key_id, Arc::clone(&text));
    Ok(text)
}

fn read_quarantined(row: &Row<'_>) -> rusqlite::Result<StoredQuarantined> {
    Ok(StoredQuarantined {
        number: sequence(row, 0)?,
        received_at: row.get(1)?,
        reason: row.get(2)?,
        event: row.get_ref(3)?.as_bytes()?.to_vec(),
    })
}

pub(super) fn read_status(connection: &Connection) -> rusqlite::Result<Status> {
    let numbers = |sql| -> rusqlite::Result<BTreeMap<String, u64>> {
        let mut statement = connection.prepare_cached(sql)?;
        statement.query_map([], |row| Ok((row.get(0)?, sequence(row, 1)?)))?.collect()
    };
    let number = |sql| -> rusqlite::Result<u64> {
        connection
            .prepare_cached(sql)?
            .query_row([], |row| sequence(row, 0))
            .optional()
            .map(Option::unwrap_or_default)
    };
    Ok(Status {
        last_sequence: last_sequence(connection)?,
        cursors: numbers("SELECT destination, seq FROM cursors")?,
        ledger: numbers("SELECT cause, count FROM ledger")?,
        quarantine_size: number("SELECT count(*) FROM quarantine")?,
        quarantined: number("SELECT seq FROM sqlite_sequence WHERE name = 'quarantine'")?,
        format: schema::meta(connection, "format")?.parse().unwrap_or_default(),
        journal_id: schema::meta(connection, "journal_id")?,
    })
}
