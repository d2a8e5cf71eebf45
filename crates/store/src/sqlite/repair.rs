//! Mends counters whose rows are damaged, with what the journal still has.
//!
//! While the journal has everything that ever moved a counter, it is counted again and is what it
//! would be. Otherwise nobody can say what it was: its rows are put aside as they are, into a
//! table of their own, and it begins anew with what the journal has. What of the two becomes of
//! which counter is said before anything is changed.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::append::note;
use super::gone::Gone;
use super::group::{Next, for_each_group};
use super::keys::{self, KeyRow, Keys};
use super::locks::Writers;
use super::{as_integer, look, rows, taken, tally};
use crate::{Counter, CounterDamage, Error, RECOUNTED, SET_ASIDE};

/// Made when a counter is put aside for the first time: the rows it had, and the entry up to which
/// they were to count. An amount is a number, or the bytes of a sketch.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS set_aside (
  key_id INTEGER NOT NULL,
  up_to INTEGER NOT NULL,
  value ANY,
  amount ANY,
  checksum ANY
) STRICT;
";

/// What becomes of one counter that is damaged.
#[derive(Debug, Clone, PartialEq)]
pub struct Repair {
    /// Its key.
    pub key: String,
    /// What is wrong with it.
    pub damage: CounterDamage,
    /// What it is afterwards, but for entries that are not written down yet.
    pub counter: Counter,
    /// How far that is what it was.
    pub remedy: Remedy,
}

/// How a counter is mended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Remedy {
    /// The journal has everything that ever moved it, and it is counted again.
    Recounted,
    /// What moved it before this entry is lost, for the journal does not go further back.
    BeginsAt {
        /// The first entry that there still is, or will be.
        first: u64,
    },
    /// What was copied to it is lost, until it is copied again.
    WithoutCopies {
        /// From where it was copied.
        sources: Vec<String>,
        /// The first entry that there still is, or will be; above 1 more than copies is lost.
        first: u64,
    },
}

/// See [`Options::begins_at`](super::Options).
type BeginsAt = Option<fn(&str) -> Option<i64>>;

/// Says what would become of each damaged counter in `dir`, and changes nothing.
pub(super) fn preview(dir: &Path, begins_at: BeginsAt) -> Result<Vec<Repair>, Error> {
    let connection = look::open_whole(dir)?;
    let tx = Transaction::new_unchecked(&connection, TransactionBehavior::Deferred)
        .map_err(Error::Read)?;
    let repairing = Repairing::look(&tx)?;
    repairing.repairs(&tx, begins_at)
}

/// Mends what is damaged, in one transaction.
pub(super) fn repair(
    connection: &Connection,
    writers: &Writers,
    begins_at: BeginsAt,
) -> Result<Vec<Repair>, Error> {
    // The whole journal may have to be read: others go on meanwhile.
    let snapshot = Transaction::new_unchecked(connection, TransactionBehavior::Deferred)
        .map_err(Error::Read)?;
    let mut repairing = Repairing::look(&snapshot)?;
    drop(snapshot);
    if repairing.damaged.is_empty() {
        return Ok(Vec::new());
    }
    let line = writers.wait()?;
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
        .map_err(Error::Checkpoint)?;
    repairing.catch_up(&tx)?;
    let repairs = repairing.write(&tx, begins_at)?;
    tx.commit().map_err(Error::Checkpoint)?;
    drop(line);
    Ok(repairs)
}

/// Damaged counters, and what the journal says of them up to the cursor of the counters.
struct Repairing {
    cursor: u64,
    /// The first entry of the journal, or the one that will be.
    first: u64,
    /// By key id.
    damaged: BTreeMap<u32, Damaged>,
}

struct Damaged {
    key: KeyRow,
    damage: CounterDamage,
    counted: Counter,
}

impl Repairing {
    fn look(tx: &Connection) -> Result<Self, Error> {
        // A key that is damaged might be that of a counter that is.
        Keys::default().catch_up(tx)?;
        let mut damaged = BTreeMap::new();
        for key in keys::read_all(tx)? {
            if let Some(damage) = damage_of(tx, &key)? {
                let counted = Counter::empty(key.kind);
                damaged.insert(key.id, Damaged { key, damage, counted });
            }
        }
        let cursor = tally::cursor(tx)?;
        let mut repairing = Self { cursor: 0, first: cursor + 1, damaged };
        if !repairing.damaged.is_empty() {
            let found = repairing.count(tx, cursor)?;
            repairing.first = found.unwrap_or(repairing.first);
        }
        Ok(repairing)
    }

    /// Counts what the counters have taken since.
    fn catch_up(&mut self, tx: &Connection) -> Result<(), Error> {
        self.count(tx, tally::cursor(tx)?).map(drop)
    }

    /// Folds the entries after the cursor up to `end`, and returns the first of them.
    fn count(&mut self, tx: &Connection, end: u64) -> Result<Option<u64>, Error> {
        let (after, damaged) = (self.cursor, &mut self.damaged);
        let (mut first, mut last) = (None, after);
        for_each_group(tx, after, |group| {
            if group.last > end {
                return Ok(Next::Stop);
            }
            // The oldest may be gone, but none behind them.
            if after > 0 || first.is_some() {
                group.follows(last)?;
            }
            first = first.or(Some(group.first()));
            last = group.last;
            group.for_each_update(after, |key_id, change| {
                if let Some(it) = damaged.get_mut(&key_id) {
                    it.counted.apply(change);
                }
                Ok(())
            })?;
            Ok(Next::Group)
        })?;
        if last < end && (after > 0 || first.is_some()) {
            return Err(Error::Gap { after: last, before: end + 1 });
        }
        self.cursor = end;
        Ok(first)
    }

    /// Says what becomes of each.
    fn repairs(&self, tx: &Connection, begins_at: BeginsAt) -> Result<Vec<Repair>, Error> {
        let gone = Gone::read(tx).map_err(Error::Read)?;
        // Of what the note does not reach up to, nobody knows how new it was.
        let gone = gone.filter(|it| it.last + 1 == self.first);
        let has_all = |key: &str| {
            let begins_at = begins_at.and_then(|it| it(key));
            let is_newer = begins_at.zip(gone).is_some_and(|(it, gone)| it > gone.newest);
            self.first <= 1 || is_newer
        };
        let repairs = self.damaged.values().map(|it| {
            let first = if has_all(&it.key.text) { 1 } else { self.first };
            it.repair(tx, first)
        });
        repairs.collect()
    }

    /// Replaces the rows of those that are still damaged.
    fn write(&mut self, tx: &Connection, begins_at: BeginsAt) -> Result<Vec<Repair>, Error> {
        let mut damaged = BTreeMap::new();
        for (key_id, it) in std::mem::take(&mut self.damaged) {
            if damage_of(tx, &it.key)?.is_some() {
                damaged.insert(key_id, it);
            }
        }
        self.damaged = damaged;
        let repairs = self.repairs(tx, begins_at)?;
        for (it, repair) in self.damaged.values().zip(&repairs) {
            it.write(tx, self.cursor, repair).map_err(Error::Checkpoint)?;
        }
        let is_recounted = |it: &&Repair| it.remedy == Remedy::Recounted;
        let n_recounted = repairs.iter().filter(is_recounted).count() as u64;
        let n_set_aside = repairs.len() as u64 - n_recounted;
        note(tx, &[(RECOUNTED, n_recounted), (SET_ASIDE, n_set_aside)])
            // Whoever holds counters in memory reads them again.
            .and_then(|()| taken::count_generation(tx))
            .map_err(Error::Checkpoint)?;
        Ok(repairs)
    }
}

impl Damaged {
    /// Says what becomes of it where the journal has what moved it from entry `first` on.
    fn repair(&self, tx: &Connection, first: u64) -> Result<Repair, Error> {
        let sources = taken::sources_of(tx, self.key.id)?;
        let remedy = match first {
            _ if !sources.is_empty() => Remedy::WithoutCopies { sources, first },
            0 | 1 => Remedy::Recounted,
            first => Remedy::BeginsAt { first },
        };
        let (key, counter) = (self.key.text.to_string(), self.counted.clone());
        Ok(Repair { key, damage: self.damage, counter, remedy })
    }

    fn write(&self, tx: &Connection, cursor: u64, repair: &Repair) -> rusqlite::Result<()> {
        if repair.remedy != Remedy::Recounted {
            tx.execute_batch(TABLE)?;
            let sql = format!("INSERT INTO set_aside {}", rows::raw(self.key.kind));
            tx.execute(&sql, [i64::from(self.key.id), as_integer(cursor)])?;
            taken::forget(tx, self.key.id)?;
        }
        rows::delete(tx, &self.key)?;
        let mut n = 0;
        if self.counted != Counter::empty(self.key.kind) {
            let values: BTreeSet<Vec<u8>> = match &self.counted {
                Counter::PerValue(totals) => totals.keys().cloned().collect(),
                _ => BTreeSet::new(),
            };
            n = rows::write_counter(tx, self.key.id, &self.counted, &values)?;
        }
        keys::write(tx, &KeyRow { rows: Some(n), ..self.key.clone() })
    }
}

/// Returns what is wrong with the rows of a counter; nothing if they are as they were written.
fn damage_of(tx: &Connection, key: &KeyRow) -> Result<Option<CounterDamage>, Error> {
    match rows::saved_counter(tx, key) {
        Ok(_) => Ok(None),
        Err(Error::Counter { source, .. }) => Ok(Some(source)),
        Err(error) => Err(error),
    }
}
