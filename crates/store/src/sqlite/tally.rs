//! The counters that the holder of the lease keeps in memory between checkpoints.
//!
//! Totals and totals per value are kept as what to add to the table, sketches and sums as what is
//! to replace the row: a sum of floating-point numbers depends on their order, and a sketch's
//! bytes on how they came about, so both go on from exactly what the table has.

use std::collections::BTreeSet;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::group::{Next, StoredGroup, for_each_group};
use super::{as_integer, as_text, last_sequence, schema, sequence};
use crate::counters::{Effect, count_value, value_counted};
use crate::{COUNTERS, Change, Counter, Error, Kind, Limits};

/// Checkpoints after which a counter that nothing touched is forgotten: about a minute.
const IDLE_CHECKPOINTS: u32 = 60;

/// Entries read from the journal between two checkpoints, which bounds a transaction after a crash.
const CATCH_UP_ENTRIES: u64 = 100_000;

/// Counters in memory, and how far in the journal they are.
#[derive(Debug)]
pub(super) struct Tally {
    /// Cursor on disk.
    saved: u64,
    /// The last entry that is in `live`.
    applied: u64,
    /// Indexed by key id.
    live: Vec<Option<Live>>,
    /// Key ids of those in `live`.
    loaded: Vec<u32>,
    /// Key ids of those that moved since the checkpoint.
    moved: Vec<u32>,
}

#[derive(Debug)]
struct Live {
    counter: Counter,
    /// Of a counter per value, all its values: those in the table, and those to be added.
    values: BTreeSet<Vec<u8>>,
    has_moved: bool,
    idle_checkpoints: u32,
}

impl Live {
    #[inline]
    fn apply(&mut self, change: Change<'_>) -> Effect {
        let (Counter::PerValue(more), Change::Count(value)) = (&mut self.counter, change) else {
            return self.counter.apply(change);
        };
        let is_full = self.values.len() >= Limits::VALUES;
        let value = value_counted(value, is_full, |it| self.values.contains(it));
        count_value(more, value);
        if !self.values.contains(value) {
            self.values.insert(value.to_vec());
        }
        Effect::Moved
    }

    /// Says that what was to be added is in the table.
    fn start_next_stretch(&mut self) {
        match &mut self.counter {
            Counter::Total(amount) => *amount = 0,
            Counter::PerValue(more) => more.clear(),
            Counter::Unique(_) | Counter::Sum(_) => {}
        }
    }
}

impl Tally {
    /// Starts at the cursor on disk, with nothing in memory.
    pub(super) fn load(connection: &Connection) -> Result<Self, Error> {
        let saved = cursor(connection).map_err(Error::Read)?;
        Ok(Self { saved, applied: saved, live: Vec::new(), loaded: Vec::new(), moved: Vec::new() })
    }

    /// Returns the last entry that was folded.
    pub(super) fn applied(&self) -> u64 {
        self.applied
    }

    #[cfg(test)]
    pub(super) fn n_live(&self) -> usize {
        self.live.iter().flatten().count()
    }

    /// Folds a group, as far as it is new. After an error nothing here is right any more.
    pub(super) fn fold(
        &mut self,
        connection: &Connection,
        group: &StoredGroup<'_>,
    ) -> Result<(), Error> {
        group.for_each_update(self.applied, |key_id, change| {
            self.apply(connection, key_id, change)
        })?;
        self.applied = group.last;
        Ok(())
    }

    #[inline]
    fn apply(
        &mut self,
        connection: &Connection,
        key_id: u32,
        change: Change<'_>,
    ) -> Result<(), Error> {
        let idx = key_id as usize;
        if !matches!(self.live.get(idx), Some(Some(_))) {
            self.load_counter(connection, key_id)?;
        }
        let Some(Some(live)) = self.live.get_mut(idx) else { return Ok(()) };
        live.idle_checkpoints = 0;
        if live.apply(change) == Effect::Moved && !live.has_moved {
            live.has_moved = true;
            self.moved.push(key_id);
        }
        Ok(())
    }

    #[cold]
    fn load_counter(&mut self, connection: &Connection, key_id: u32) -> Result<(), Error> {
        let kind = connection
            .prepare_cached("SELECT kind FROM keys WHERE key_id = ?1")
            .and_then(|mut it| it.query_row([key_id], |row| schema::kind(row, 0)).optional())
            .map_err(Error::Read)?
            .ok_or(Error::UnknownKey { key_id })?;
        let counter = match kind {
            Kind::Total | Kind::PerValue => Counter::empty(kind),
            Kind::Unique | Kind::Sum => saved_counter(connection, key_id, kind)?,
        };
        let values = match kind {
            Kind::PerValue => saved_values(connection, key_id).map_err(Error::Read)?,
            Kind::Total | Kind::Unique | Kind::Sum => BTreeSet::new(),
        };
        let idx = key_id as usize;
        if self.live.len() <= idx {
            self.live.resize_with(idx + 1, || None);
        }
        self.live[idx] = Some(Live { counter, values, has_moved: false, idle_checkpoints: 0 });
        self.loaded.push(key_id);
        Ok(())
    }

    /// Folds what others appended; returns whether the end of the journal was reached.
    pub(super) fn catch_up(&mut self, connection: &Connection) -> Result<bool, Error> {
        if last_sequence(connection).map_err(Error::Read)? == self.applied {
            return Ok(true);
        }
        let end = self.applied + CATCH_UP_ENTRIES;
        for_each_group(connection, self.applied, |group| {
            self.fold(connection, &group)?;
            Ok(if self.applied < end { Next::Group } else { Next::Stop })
        })
    }

    /// Returns whether everything folded is on disk.
    pub(super) fn is_saved(&self) -> bool {
        self.saved == self.applied
    }

    /// Writes what moved, and the cursor, in one transaction; false if somebody else did before.
    pub(super) fn save(&mut self, connection: &Connection) -> Result<bool, Error> {
        if self.is_saved() {
            return Ok(true);
        }
        self.moved.sort_unstable();
        if !self.write(connection).map_err(Error::Checkpoint)? {
            return Ok(false);
        }
        self.saved = self.applied;
        self.moved.clear();
        self.forget_idle();
        Ok(true)
    }

    fn write(&self, connection: &Connection) -> rusqlite::Result<bool> {
        let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
        let n_cursors = tx
            .prepare_cached("UPDATE cursors SET seq = ?1 WHERE destination = ?2 AND seq = ?3")?
            .execute(params![as_integer(self.applied), COUNTERS, as_integer(self.saved)])?;
        // Whoever moved the cursor has counted these entries: while this process was stopped
        // another stood in for it, or it stood in itself and the other is back.
        if n_cursors == 0 {
            return Ok(false);
        }
        for &key_id in &self.moved {
            if let Some(Some(live)) = self.live.get(key_id as usize) {
                write_counter(&tx, key_id, &live.counter)?;
            }
        }
        tx.commit()?;
        Ok(true)
    }

    /// Starts the next stretch: nothing to add yet, and nothing kept that is not used.
    fn forget_idle(&mut self) {
        let live = &mut self.live;
        self.loaded.retain(|&key_id| {
            let Some(slot) = live.get_mut(key_id as usize) else { return false };
            let Some(it) = slot else { return false };
            it.has_moved = false;
            it.idle_checkpoints += 1;
            it.start_next_stretch();
            if it.idle_checkpoints > IDLE_CHECKPOINTS {
                *slot = None;
            }
            slot.is_some()
        });
    }
}

/// Returns up to where the counters on disk count.
pub(super) fn cursor(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT seq FROM cursors WHERE destination = ?1")?
        .query_row([COUNTERS], |row| sequence(row, 0))
}

/// Reads a counter from its table; one that has no row yet is empty.
pub(super) fn saved_counter(
    connection: &Connection,
    key_id: u32,
    kind: Kind,
) -> Result<Counter, Error> {
    let one = |sql, read: fn(&rusqlite::Row<'_>) -> rusqlite::Result<Counter>| {
        connection
            .prepare_cached(sql)
            .and_then(|mut it| it.query_row([key_id], read).optional())
            .map_err(Error::Read)
    };
    let found = match kind {
        Kind::Total => one("SELECT value FROM totals WHERE key_id = ?1", |row| {
            Ok(Counter::Total(sequence(row, 0)?))
        })?,
        Kind::Sum => {
            one("SELECT value FROM sums WHERE key_id = ?1", |row| Ok(Counter::Sum(row.get(0)?)))?
        }
        Kind::PerValue => Some(saved_value_totals(connection, key_id).map_err(Error::Read)?),
        Kind::Unique => saved_sketch(connection, key_id)?,
    };
    Ok(found.unwrap_or_else(|| Counter::empty(kind)))
}

fn saved_sketch(connection: &Connection, key_id: u32) -> Result<Option<Counter>, Error> {
    let mut statement = connection
        .prepare_cached("SELECT hll FROM uniques WHERE key_id = ?1")
        .map_err(Error::Read)?;
    let mut rows = statement.query([key_id]).map_err(Error::Read)?;
    let Some(row) = rows.next().map_err(Error::Read)? else { return Ok(None) };
    let bytes = row.get_ref(0).and_then(|it| Ok(it.as_blob()?)).map_err(Error::Read)?;
    match internal_events_hll::Sketch::from_bytes(bytes) {
        Ok(sketch) => Ok(Some(Counter::Unique(sketch))),
        Err(source) => Err(Error::Sketch { key_id, source }),
    }
}

fn saved_values(connection: &Connection, key_id: u32) -> rusqlite::Result<BTreeSet<Vec<u8>>> {
    connection
        .prepare_cached("SELECT value FROM value_totals WHERE key_id = ?1")?
        .query_map([key_id], |row| Ok(row.get_ref(0)?.as_bytes()?.to_vec()))?
        .collect()
}

fn saved_value_totals(connection: &Connection, key_id: u32) -> rusqlite::Result<Counter> {
    connection
        .prepare_cached("SELECT value, count FROM value_totals WHERE key_id = ?1")?
        .query_map([key_id], |row| Ok((row.get_ref(0)?.as_bytes()?.to_vec(), sequence(row, 1)?)))?
        .collect::<rusqlite::Result<_>>()
        .map(Counter::PerValue)
}

/// Writes a counter, or what is to be added to it. Totals stop at the largest integer there is.
fn write_counter(tx: &Connection, key_id: u32, counter: &Counter) -> rusqlite::Result<()> {
    match counter {
        Counter::Total(amount) => tx
            .prepare_cached(
                "INSERT INTO totals (key_id, value) VALUES (?1, ?2)
                 ON CONFLICT (key_id) DO UPDATE SET value =
                   iif(value > 9223372036854775807 - excluded.value,
                       9223372036854775807, value + excluded.value)",
            )?
            .execute(params![key_id, as_integer(*amount)])
            .map(drop),
        Counter::Sum(sum) => tx
            .prepare_cached("INSERT OR REPLACE INTO sums (key_id, value) VALUES (?1, ?2)")?
            .execute(params![key_id, sum])
            .map(drop),
        Counter::Unique(sketch) => tx
            .prepare_cached("INSERT OR REPLACE INTO uniques (key_id, hll) VALUES (?1, ?2)")?
            .execute(params![key_id, sketch.to_bytes()])
            .map(drop),
        Counter::PerValue(totals) => {
            let mut statement = tx.prepare_cached(
                "INSERT INTO value_totals (key_id, value, count) VALUES (?1, ?2, ?3)
                 ON CONFLICT (key_id, value) DO UPDATE SET count =
                   iif(count > 9223372036854775807 - excluded.count,
                       9223372036854775807, count + excluded.count)",
            )?;
            totals.iter().try_for_each(|(value, count)| {
                statement.execute(params![key_id, as_text(value), as_integer(*count)]).map(drop)
            })
        }
    }
}
