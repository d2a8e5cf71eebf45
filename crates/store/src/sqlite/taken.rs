//! Counters taken over from other places, and how much of each.
//!
//! What is added to a counter and what is written down of it are one transaction, so that taking
//! the same again, after whatever happened, adds what is new and nothing else. The tables count
//! another *generation* then: whoever holds counters in memory finds that and reads them again.

use std::collections::BTreeSet;

use rusqlite::types::{ToSql, ValueRef};
use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use super::checksum::{Column, checksum, is_whole};
use super::keys::{self, KeyRow};
use super::rows::{saved_counter, write_counter};
use super::{as_integer, schema};
use crate::counters::{add, value_counted};
use crate::taken::Taken;
use crate::{Counter, Error, Limits};

/// Made when something is taken for the first time. An amount is what the other place had: a
/// number of a total, of one value of a total per value, or of a sum; 1 of a sketch.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS taken (
  source TEXT NOT NULL,
  key_id INTEGER NOT NULL,
  value BLOB NOT NULL,
  amount ANY NOT NULL,
  checksum INTEGER NOT NULL,
  PRIMARY KEY (source, key_id, value)
) STRICT, WITHOUT ROWID;
";

const GENERATION: &str = "counters_generation";

/// Returns how often counters were changed by something else than the journal.
pub(super) fn generation(connection: &Connection) -> Result<String, Error> {
    schema::meta(connection, GENERATION).map_err(Error::Read)
}

/// Returns whether anything was ever taken.
fn has_table(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) FROM sqlite_schema WHERE name = 'taken'", [], |row| {
        Ok(row.get::<_, u32>(0)? > 0)
    })
}

/// Returns from where something was taken, in order.
pub(super) fn sources(connection: &Connection) -> Result<Vec<String>, Error> {
    let read = || -> rusqlite::Result<_> {
        if !has_table(connection)? {
            return Ok(Vec::new());
        }
        let mut statement =
            connection.prepare("SELECT DISTINCT source FROM taken ORDER BY source")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    read().map_err(Error::Read)
}

/// Returns the keys of counters that are more than their journal says.
pub(super) fn key_ids(connection: &Connection) -> Result<BTreeSet<u32>, Error> {
    let read = || -> rusqlite::Result<_> {
        if !has_table(connection)? {
            return Ok(BTreeSet::new());
        }
        let mut statement = connection.prepare("SELECT DISTINCT key_id FROM taken")?;
        statement.query_map([], |row| row.get(0))?.collect()
    };
    read().map_err(Error::Read)
}

/// Returns from where a counter was taken, in order.
pub(super) fn sources_of(connection: &Connection, key_id: u32) -> Result<Vec<String>, Error> {
    let read = || -> rusqlite::Result<_> {
        if !has_table(connection)? {
            return Ok(Vec::new());
        }
        let sql = "SELECT DISTINCT source FROM taken WHERE key_id = ?1 ORDER BY source";
        connection.prepare(sql)?.query_map([key_id], |row| row.get(0))?.collect()
    };
    read().map_err(Error::Read)
}

/// Forgets what was taken of a counter, so that it is taken again.
pub(super) fn forget(tx: &Connection, key_id: u32) -> rusqlite::Result<()> {
    if has_table(tx)? {
        tx.execute("DELETE FROM taken WHERE key_id = ?1", [key_id])?;
    }
    Ok(())
}

/// Takes counters of `source` over, or only says what would become of each.
pub(super) fn take(
    connection: &Connection,
    source: &str,
    counters: &[(String, Counter)],
    is_dry_run: bool,
) -> Result<Vec<Taken>, Error> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
        .map_err(Error::Checkpoint)?;
    let taking = Taking { tx: &tx, source };
    tx.execute_batch(TABLE).map_err(Error::Checkpoint)?;
    let taken: Result<Vec<Taken>, Error> =
        counters.iter().map(|(key, counter)| taking.take(key, counter)).collect();
    let taken = taken?;
    if !is_dry_run && taken.contains(&Taken::Moved) {
        count_generation(&tx).and_then(|()| tx.commit()).map_err(Error::Checkpoint)?;
    }
    Ok(taken)
}

/// How much was taken before.
enum Before {
    Nothing,
    Whole(u64),
    Float(f64),
    Damaged,
}

fn damaged() -> Taken {
    Taken::Refused("what is written down of its earlier copies is damaged".to_owned())
}

struct Taking<'a> {
    tx: &'a Connection,
    source: &'a str,
}

impl Taking<'_> {
    fn take(&self, text: &str, given: &Counter) -> Result<Taken, Error> {
        let key = self.key(text, given)?;
        if key.kind != given.kind() {
            return Ok(Taken::wrong_kind(key.kind, given));
        }
        let mut counter = match saved_counter(self.tx, &key) {
            Ok(counter) => counter,
            Err(Error::Counter { .. }) => {
                return Ok(Taken::Refused("what is here of it is damaged".to_owned()));
            }
            Err(error) => return Err(error),
        };
        let mut moved_values = BTreeSet::new();
        let taken = self.add(&key, (&mut counter, given), &mut moved_values);
        let taken = taken.map_err(Error::Checkpoint)?;
        if taken == Taken::Moved {
            let write = || {
                let rows = Some(write_counter(self.tx, key.id, &counter, &moved_values)?);
                keys::write(self.tx, &KeyRow { rows, ..key.clone() })
            };
            write().map_err(Error::Checkpoint)?;
        }
        Ok(taken)
    }

    /// Finds a key, or gives it a number.
    fn key(&self, text: &str, given: &Counter) -> Result<KeyRow, Error> {
        let sql = "SELECT key_id FROM keys WHERE key = ?1";
        let find = || self.tx.prepare_cached(sql)?.query_row([text], |row| row.get(0)).optional();
        let key_id = match find().map_err(Error::Checkpoint)? {
            Some(key_id) => key_id,
            None => keys::insert(self.tx, text, given.kind()).map_err(Error::Checkpoint)?.id,
        };
        keys::read(self.tx, key_id)
    }

    /// Adds what is new about a counter to the one that is here.
    fn add(
        &self,
        key: &KeyRow,
        counters: (&mut Counter, &Counter),
        moved_values: &mut BTreeSet<Vec<u8>>,
    ) -> rusqlite::Result<Taken> {
        match counters {
            (Counter::Total(total), Counter::Total(given)) => {
                self.add_total(key, b"", *given, |it| {
                    *total = add(*total, it);
                })
            }
            (Counter::Sum(sum), Counter::Sum(given)) => {
                let before = match self.amount(key, b"")? {
                    Before::Float(it) => it,
                    Before::Nothing => 0.0,
                    Before::Whole(_) | Before::Damaged => return Ok(damaged()),
                };
                if before.to_bits() == given.to_bits() {
                    return Ok(Taken::Unmoved);
                }
                *sum += given - before;
                if !sum.is_finite() {
                    return Ok(Taken::Refused("the sum would be infinite".to_owned()));
                }
                self.note(key, b"", (given, (*given).into()))?;
                Ok(Taken::Moved)
            }
            (Counter::Unique(sketch), Counter::Unique(given)) => {
                if !sketch.merge(given) {
                    return Ok(Taken::Unmoved);
                }
                self.note(key, b"", (&1, 1_u64.into()))?;
                Ok(Taken::Moved)
            }
            (Counter::PerValue(totals), Counter::PerValue(given)) => {
                given.iter().try_fold(Taken::Unmoved, |taken, (value, given)| {
                    let next = self.add_total(key, value, *given, |amount| {
                        let is_full = totals.len() >= Limits::VALUES;
                        let counted = value_counted(value, is_full, |it| totals.contains_key(it));
                        let total = totals.entry(counted.to_vec()).or_default();
                        *total = add(*total, amount);
                        moved_values.insert(counted.to_vec());
                    });
                    Ok(taken.and(next?))
                })
            }
            (counter, given) => Ok(Taken::wrong_kind(counter.kind(), given)),
        }
    }

    fn add_total(
        &self,
        key: &KeyRow,
        value: &[u8],
        given: u64,
        add: impl FnOnce(u64),
    ) -> rusqlite::Result<Taken> {
        let before = match self.amount(key, value)? {
            Before::Whole(it) => it,
            Before::Nothing => 0,
            Before::Float(_) | Before::Damaged => return Ok(damaged()),
        };
        if given <= before {
            return Ok(if given == before { Taken::Unmoved } else { Taken::Behind });
        }
        add(given - before);
        self.note(key, value, (&as_integer(given), given.into()))?;
        Ok(Taken::Moved)
    }

    /// Returns how much of a counter was taken before.
    fn amount(&self, key: &KeyRow, value: &[u8]) -> rusqlite::Result<Before> {
        let sql = "SELECT amount, checksum FROM taken
             WHERE source = ?1 AND key_id = ?2 AND value = ?3";
        let read = |row: &Row<'_>| {
            let (before, column) = match row.get_ref(0)? {
                ValueRef::Integer(it) => (Before::Whole(it.cast_unsigned()), it.into()),
                ValueRef::Real(it) => (Before::Float(it), it.into()),
                _ => return Ok(Before::Damaged),
            };
            let columns = self.columns(key, value, column);
            Ok(if is_whole(row.get(1)?, &columns) { before } else { Before::Damaged })
        };
        self.tx
            .prepare_cached(sql)?
            .query_row(params![self.source, key.id, value], read)
            .optional()
            .map(|it| it.unwrap_or(Before::Nothing))
    }

    fn note(
        &self,
        key: &KeyRow,
        value: &[u8],
        (amount, column): (&dyn ToSql, Column<'_>),
    ) -> rusqlite::Result<()> {
        let sum = checksum(&self.columns(key, value, column));
        self.tx
            .prepare_cached("INSERT OR REPLACE INTO taken VALUES (?1, ?2, ?3, ?4, ?5)")?
            .execute(params![self.source, key.id, value, amount, sum])
            .map(drop)
    }

    fn columns<'a>(&'a self, key: &KeyRow, value: &'a [u8], amount: Column<'a>) -> [Column<'a>; 4] {
        [self.source.into(), key.id.into(), value.into(), amount]
    }
}

/// Says that counters were changed by something else than the journal.
pub(super) fn count_generation(tx: &Connection) -> rusqlite::Result<()> {
    let sql = "INSERT INTO meta (name, value) VALUES (?1, '1')
         ON CONFLICT (name) DO UPDATE SET value = CAST(value + 1 AS TEXT)";
    tx.execute(sql, [GENERATION]).map(drop)
}
