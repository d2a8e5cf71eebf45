//! The counters that the holder of the lease keeps in memory between checkpoints.
//!
//! Each goes on from exactly what its row has, and what moved replaces the row: a sum of
//! floating-point numbers depends on their order, a sketch's bytes on how they came about, and a
//! row that is damaged must not get a new checksum. Such a row is left alone, its counter moves no
//! more, and the ledger says how often; all others go on.

use std::collections::BTreeSet;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::append::note;
use super::group::{Next, StoredGroup, for_each_group};
use super::keys::{self, KeyRow};
use super::{cursors, last_sequence, rows, taken};
use crate::counters::{Effect, value_counted};
use crate::{COUNTERS, Change, Counter, DROPPED_DAMAGED_COUNTER, Error, Limits};

/// Checkpoints after which a counter that nothing touched is forgotten: about a minute.
const IDLE_CHECKPOINTS: u32 = 60;

/// Entries read from the journal between two checkpoints, which bounds a transaction after a crash.
const CATCH_UP_ENTRIES: u64 = 100_000;

/// Counters in memory, and how far in the journal they are.
#[derive(Debug)]
pub(super) struct Tally {
    /// Cursor on disk.
    saved: u64,
    /// Which of the counters on disk these go on from.
    generation: String,
    /// The last entry that is in `live`.
    applied: u64,
    /// Indexed by key id.
    live: Vec<Option<Live>>,
    /// Key ids of those in `live`.
    loaded: Vec<u32>,
    /// Key ids of those that moved since the checkpoint.
    moved: Vec<u32>,
    /// Updates since the checkpoint of counters whose rows are damaged.
    n_dropped: u64,
}

#[derive(Debug)]
struct Live {
    key: KeyRow,
    counter: Counter,
    /// Of a counter per value, the values that moved since the checkpoint.
    moved_values: BTreeSet<Vec<u8>>,
    is_damaged: bool,
    has_moved: bool,
    idle_checkpoints: u32,
}

impl Live {
    fn new(key: KeyRow, counter: Counter, is_damaged: bool) -> Self {
        let moved_values = BTreeSet::new();
        Self { key, counter, moved_values, is_damaged, has_moved: false, idle_checkpoints: 0 }
    }

    #[inline]
    fn apply(&mut self, change: Change<'_>) -> Effect {
        if let (Counter::PerValue(totals), Change::Count(value)) = (&self.counter, change) {
            let is_full = totals.len() >= Limits::VALUES;
            let value = value_counted(value, is_full, |it| totals.contains_key(it));
            if !self.moved_values.contains(value) {
                self.moved_values.insert(value.to_vec());
            }
        }
        self.counter.apply(change)
    }
}

impl Tally {
    /// Starts at the cursor on disk, with nothing in memory.
    pub(super) fn load(connection: &Connection) -> Result<Self, Error> {
        let saved = cursor(connection)?;
        Ok(Self {
            saved,
            generation: taken::generation(connection)?,
            applied: saved,
            live: Vec::new(),
            loaded: Vec::new(),
            moved: Vec::new(),
            n_dropped: 0,
        })
    }

    /// Returns the last entry that was folded.
    pub(super) fn applied(&self) -> u64 {
        self.applied
    }

    /// Returns whether a counter is in memory: it moved lately.
    pub(super) fn is_live(&self, key_id: u32) -> bool {
        matches!(self.live.get(key_id as usize), Some(Some(_)))
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
        group.follows(self.applied)?;
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
        if live.is_damaged {
            self.n_dropped += 1;
            return Ok(());
        }
        if live.apply(change) == Effect::Moved && !live.has_moved {
            live.has_moved = true;
            self.moved.push(key_id);
        }
        Ok(())
    }

    #[cold]
    fn load_counter(&mut self, connection: &Connection, key_id: u32) -> Result<(), Error> {
        let key = keys::read(connection, key_id)?;
        let live = match rows::saved_counter(connection, &key) {
            Ok(counter) => Live::new(key, counter, false),
            Err(Error::Counter { .. }) => {
                let nothing = Counter::empty(key.kind);
                Live::new(key, nothing, true)
            }
            Err(error) => return Err(error),
        };
        let idx = key_id as usize;
        if self.live.len() <= idx {
            self.live.resize_with(idx + 1, || None);
        }
        self.live[idx] = Some(live);
        self.loaded.push(key_id);
        Ok(())
    }

    /// Folds what others appended; returns whether the end of the journal was reached.
    pub(super) fn catch_up(&mut self, connection: &Connection) -> Result<bool, Error> {
        let last = last_sequence(connection).map_err(Error::Read)?;
        if last == self.applied {
            return Ok(true);
        }
        if last < self.applied {
            return Err(Error::Cursor { destination: COUNTERS.to_owned() });
        }
        let end = self.applied + CATCH_UP_ENTRIES;
        let is_complete = for_each_group(connection, self.applied, |group| {
            self.fold(connection, &group)?;
            Ok(if self.applied < end { Next::Group } else { Next::Stop })
        })?;
        if is_complete && self.applied < last {
            return Err(Error::Gap { after: self.applied, before: last + 1 });
        }
        Ok(is_complete)
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
        let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
            .map_err(Error::Checkpoint)?;
        // Whoever moved the cursor has counted these entries: while this process was stopped
        // another stood in for it, or it stood in itself and the other is back. Whoever took
        // counters over has changed them meanwhile.
        if taken::generation(&tx)? != self.generation {
            return Ok(false);
        }
        if !cursors::advance_counters(&tx, self.saved, self.applied)? {
            return Ok(false);
        }
        self.write(&tx).and_then(|()| tx.commit()).map_err(Error::Checkpoint)?;
        self.saved = self.applied;
        self.moved.clear();
        self.n_dropped = 0;
        self.forget_idle();
        Ok(true)
    }

    /// After an error nothing here is right any more.
    fn write(&mut self, tx: &Connection) -> rusqlite::Result<()> {
        for &key_id in &self.moved {
            if let Some(Some(live)) = self.live.get_mut(key_id as usize) {
                let n = rows::write_counter(tx, key_id, &live.counter, &live.moved_values)?;
                if live.key.rows != Some(n) {
                    live.key.rows = Some(n);
                    keys::write(tx, &live.key)?;
                }
            }
        }
        note(tx, &[(DROPPED_DAMAGED_COUNTER, self.n_dropped)])
    }

    /// Starts the next stretch: nothing moved yet, and nothing kept that is not used.
    fn forget_idle(&mut self) {
        let live = &mut self.live;
        self.loaded.retain(|&key_id| {
            let Some(slot) = live.get_mut(key_id as usize) else { return false };
            let Some(it) = slot else { return false };
            it.has_moved = false;
            it.idle_checkpoints += 1;
            it.moved_values.clear();
            if it.idle_checkpoints > IDLE_CHECKPOINTS {
                *slot = None;
            }
            slot.is_some()
        });
    }
}

/// Returns up to where the counters on disk count.
pub(super) fn cursor(connection: &Connection) -> Result<u64, Error> {
    cursors::read(connection, COUNTERS)?
        .map(|it| it.seq)
        .ok_or(Error::Cursor { destination: COUNTERS.to_owned() })
}
