//! The rows in which counters are written down.

use std::collections::{BTreeMap, BTreeSet};

use internal_events_hll::Sketch;
use rusqlite::{Connection, Row, Transaction, TransactionBehavior, params};

use super::checksum::{Column, checksum, is_whole};
use super::keys::{self, KeyRow};
use super::{as_integer, as_text, sequence};
use crate::error::{CounterDamage, is_strange_value};
use crate::{Counter, Error, Kind};

/// Why a counter cannot be read.
enum Unreadable {
    Sqlite(rusqlite::Error),
    Damaged(CounterDamage),
}

impl From<rusqlite::Error> for Unreadable {
    fn from(error: rusqlite::Error) -> Self {
        if is_strange_value(&error) {
            Self::Damaged(CounterDamage::Value)
        } else {
            Self::Sqlite(error)
        }
    }
}

/// Reads a counter from its table; one that has no row yet is empty.
pub(super) fn saved_counter(connection: &Connection, key: &KeyRow) -> Result<Counter, Error> {
    let mut counter = Counter::empty(key.kind);
    let read = match &mut counter {
        Counter::Total(total) => read_total(connection, key.id, total),
        Counter::Unique(sketch) => read_sketch(connection, key.id, sketch),
        Counter::Sum(sum) => read_sum(connection, key.id, sum),
        Counter::PerValue(totals) => read_values(connection, key.id, totals),
    };
    let n_rows = read.map_err(|it| match it {
        Unreadable::Sqlite(source) => Error::Read(source),
        Unreadable::Damaged(source) => Error::Counter { key_id: key.id, source },
    })?;
    if key.rows.is_some_and(|it| it != n_rows) {
        return Err(Error::Counter { key_id: key.id, source: CounterDamage::Missing });
    }
    Ok(counter)
}

fn read_total(connection: &Connection, key_id: u32, total: &mut u64) -> Result<u64, Unreadable> {
    let sql = "SELECT value, checksum FROM totals WHERE key_id = ?1";
    for_each(connection, sql, key_id, |row| {
        *total = sequence(row, 0)?;
        check(row, 1, &[key_id.into(), (*total).into()])
    })
}

fn read_sketch(
    connection: &Connection,
    key_id: u32,
    sketch: &mut Sketch,
) -> Result<u64, Unreadable> {
    let sql = "SELECT hll, checksum FROM uniques WHERE key_id = ?1";
    for_each(connection, sql, key_id, |row| {
        let bytes = row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?;
        check(row, 1, &[key_id.into(), bytes.into()])?;
        let read = Sketch::from_bytes(bytes);
        *sketch = read.map_err(|it| Unreadable::Damaged(CounterDamage::Sketch(it)))?;
        Ok(())
    })
}

fn read_sum(connection: &Connection, key_id: u32, sum: &mut f64) -> Result<u64, Unreadable> {
    let sql = "SELECT value, checksum FROM sums WHERE key_id = ?1";
    for_each(connection, sql, key_id, |row| {
        *sum = row.get(0)?;
        check(row, 1, &[key_id.into(), (*sum).into()])
    })
}

fn read_values(
    connection: &Connection,
    key_id: u32,
    totals: &mut BTreeMap<Vec<u8>, u64>,
) -> Result<u64, Unreadable> {
    let sql = "SELECT value, count, checksum FROM value_totals WHERE key_id = ?1";
    for_each(connection, sql, key_id, |row| {
        let value = row.get_ref(0)?.as_bytes().map_err(rusqlite::Error::from)?;
        let count = sequence(row, 1)?;
        check(row, 2, &[key_id.into(), value.into(), count.into()])?;
        totals.insert(value.to_vec(), count);
        Ok(())
    })
}

/// Visits the rows that a key has in a table, and returns how many there are.
fn for_each(
    connection: &Connection,
    sql: &str,
    key_id: u32,
    mut visit: impl FnMut(&Row<'_>) -> Result<(), Unreadable>,
) -> Result<u64, Unreadable> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query([key_id])?;
    let mut n = 0;
    while let Some(row) = rows.next()? {
        visit(row)?;
        n += 1;
    }
    Ok(n)
}

/// Holds a row against the checksum in one of its columns.
fn check(row: &Row<'_>, column: usize, columns: &[Column<'_>]) -> Result<(), Unreadable> {
    if is_whole(row.get(column)?, columns) {
        return Ok(());
    }
    Err(Unreadable::Damaged(CounterDamage::Checksum))
}

/// Writes a counter down, of one per value those of its values that moved; returns how many rows
/// it has now.
pub(super) fn write_counter(
    tx: &Connection,
    key_id: u32,
    counter: &Counter,
    moved_values: &BTreeSet<Vec<u8>>,
) -> rusqlite::Result<u64> {
    match counter {
        Counter::Total(total) => {
            let sum = checksum(&[key_id.into(), (*total).into()]);
            tx.prepare_cached("INSERT OR REPLACE INTO totals VALUES (?1, ?2, ?3)")?
                .execute(params![key_id, as_integer(*total), sum])?;
        }
        Counter::Sum(value) => {
            let sum = checksum(&[key_id.into(), (*value).into()]);
            tx.prepare_cached("INSERT OR REPLACE INTO sums VALUES (?1, ?2, ?3)")?
                .execute(params![key_id, value, sum])?;
        }
        Counter::Unique(sketch) => {
            let bytes = sketch.to_bytes();
            let sum = checksum(&[key_id.into(), bytes.as_slice().into()]);
            tx.prepare_cached("INSERT OR REPLACE INTO uniques VALUES (?1, ?2, ?3)")?
                .execute(params![key_id, bytes, sum])?;
        }
        Counter::PerValue(totals) => {
            let mut statement =
                tx.prepare_cached("INSERT OR REPLACE INTO value_totals VALUES (?1, ?2, ?3, ?4)")?;
            for (value, count) in moved_values.iter().filter_map(|it| totals.get_key_value(it)) {
                let sum = checksum(&[key_id.into(), value.as_slice().into(), (*count).into()]);
                statement.execute(params![key_id, as_text(value), as_integer(*count), sum])?;
            }
            return Ok(totals.len() as u64);
        }
    }
    Ok(1)
}

/// Returns the name of the table that has the counters of a kind.
fn table(kind: Kind) -> &'static str {
    match kind {
        Kind::Total => "totals",
        Kind::Unique => "uniques",
        Kind::Sum => "sums",
        Kind::PerValue => "value_totals",
    }
}

/// Returns the query for the rows of a counter as they are, damaged or not: its key's number, a
/// second parameter, value, amount and checksum.
pub(super) fn raw(kind: Kind) -> String {
    let (value, amount) = match kind {
        Kind::Total | Kind::Sum => ("NULL", "value"),
        Kind::Unique => ("NULL", "hll"),
        Kind::PerValue => ("value", "count"),
    };
    let table = table(kind);
    format!("SELECT key_id, ?2, {value}, {amount}, checksum FROM {table} WHERE key_id = ?1")
}

/// Deletes the rows of a counter.
pub(super) fn delete(tx: &Connection, key: &KeyRow) -> rusqlite::Result<()> {
    let table = table(key.kind);
    tx.prepare_cached(&format!("DELETE FROM {table} WHERE key_id = ?1"))?
        .execute([key.id])
        .map(drop)
}

/// Takes the rows of counters out; their keys keep their numbers.
pub(super) fn remove(connection: &Connection, keys: &[KeyRow]) -> rusqlite::Result<()> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    for key in keys {
        delete(&tx, key)?;
        keys::write(&tx, &KeyRow { rows: Some(0), ..key.clone() })?;
    }
    tx.commit()
}
