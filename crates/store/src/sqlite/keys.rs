//! The keys of counters, and their numbers.

use std::collections::HashMap;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::checksum::checksum;
use super::{as_integer, schema, sequence};
use crate::error::is_strange_value;
use crate::names::Stored;
use crate::{Error, Kind};

/// What the table has of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct KeyRow {
    pub(super) id: u32,
    pub(super) text: Arc<str>,
    pub(super) kind: Kind,
    /// How many rows its counter has in the table of its kind. Unknown of a key from before
    /// format 3 until the counter is next written down.
    pub(super) rows: Option<u64>,
}

/// Gives a key its number.
pub(super) fn insert(tx: &Connection, text: &str, kind: Kind) -> rusqlite::Result<Stored> {
    let id: u32 = tx
        .prepare_cached("INSERT INTO keys (key, kind) VALUES (?1, ?2) RETURNING key_id")?
        .query_row([text, kind.name()], |row| row.get(0))?;
    write(tx, &KeyRow { id, text: text.into(), kind, rows: Some(0) })?;
    Ok(Stored { id, kind })
}

/// Writes down how many rows the counter of a key has.
pub(super) fn write(tx: &Connection, key: &KeyRow) -> rusqlite::Result<()> {
    tx.prepare_cached("UPDATE keys SET rows = ?2, checksum = ?3 WHERE key_id = ?1")?
        .execute(params![key.id, key.rows.map(as_integer), key.checksum()])
        .map(drop)
}

/// Reads a key by its number.
pub(super) fn read(connection: &Connection, key_id: u32) -> Result<KeyRow, Error> {
    let sql = "SELECT key_id, key, kind, rows, checksum FROM keys WHERE key_id = ?1";
    let mut statement = connection.prepare_cached(sql).map_err(Error::Read)?;
    let mut rows = statement.query([key_id]).map_err(Error::Read)?;
    let row = rows.next().map_err(Error::Read)?.ok_or(Error::UnknownKey { key_id })?;
    read_row(row, key_id)
}

/// Reads all keys, as far as they are whole: those that are not are named by [`Keys::catch_up`].
pub(super) fn read_all(connection: &Connection) -> Result<Vec<KeyRow>, Error> {
    let sql = "SELECT key_id, key, kind, rows, checksum FROM keys ORDER BY key_id";
    let mut statement = connection.prepare(sql).map_err(Error::Read)?;
    let mut rows = statement.query([]).map_err(Error::Read)?;
    let mut keys = Vec::new();
    while let Some(row) = rows.next().map_err(Error::Read)? {
        let key_id = row.get(0).map_err(Error::Read)?;
        keys.extend(read_row(row, key_id).ok());
    }
    Ok(keys)
}

fn read_row(row: &Row<'_>, key_id: u32) -> Result<KeyRow, Error> {
    let read = || -> rusqlite::Result<_> {
        let rows: Option<i64> = row.get(3)?;
        let key = KeyRow {
            id: row.get(0)?,
            text: row.get_ref(1)?.as_str()?.into(),
            kind: schema::kind(row, 2)?,
            rows: rows.map(i64::cast_unsigned),
        };
        let is_whole = row.get::<_, Option<i64>>(4)?.is_none_or(|it| it == key.checksum());
        Ok(is_whole.then_some(key))
    };
    match read() {
        Ok(Some(key)) if key.id == key_id => Ok(key),
        Ok(_) => Err(Error::Key { key_id }),
        Err(error) if is_strange_value(&error) => Err(Error::Key { key_id }),
        Err(error) => Err(Error::Read(error)),
    }
}

impl KeyRow {
    fn checksum(&self) -> i64 {
        let rows = self.rows.unwrap_or(u64::MAX);
        checksum(&[self.id.into(), (&*self.text).into(), self.kind.name().into(), rows.into()])
    }
}

/// What a reader knows of the keys: their numbers never change, so that each is read once.
///
/// They are read from the table and not looked up in its index: a bit that flipped there would
/// make a key look as if nothing had ever moved it. For the same reason none may be missing.
#[derive(Debug, Default)]
pub(super) struct Keys {
    by_id: Vec<Arc<str>>,
    by_text: HashMap<Arc<str>, u32>,
}

impl Keys {
    /// Reads the keys that were given a number since.
    pub(super) fn catch_up(&mut self, connection: &Connection) -> Result<(), Error> {
        let last = last_key(connection).map_err(Error::Read)?;
        if last == self.next_id() - 1 {
            return Ok(());
        }
        let sql = "SELECT key_id, key, kind, rows, checksum FROM keys
             WHERE key_id >= ?1 ORDER BY key_id";
        let mut statement = connection.prepare_cached(sql).map_err(Error::Read)?;
        let mut rows = statement.query([self.next_id()]).map_err(Error::Read)?;
        while let Some(row) = rows.next().map_err(Error::Read)? {
            let key = read_row(row, self.next_id())?;
            // A key is given a second number only if its first was not found in the index.
            if let Some(before) = self.by_text.insert(Arc::clone(&key.text), key.id) {
                return Err(Error::Key { key_id: before });
            }
            self.by_id.push(key.text);
        }
        match self.next_id() {
            next if next - 1 == last => Ok(()),
            key_id => Err(Error::Key { key_id }),
        }
    }

    fn next_id(&self) -> u32 {
        u32::try_from(self.by_id.len() + 1).unwrap_or(u32::MAX)
    }

    /// Returns the number of a key; nothing if nothing ever moved it.
    pub(super) fn find(&self, text: &str) -> Option<u32> {
        self.by_text.get(text).copied()
    }

    /// Returns the texts of all keys, in order.
    pub(super) fn all(&self) -> Vec<String> {
        let mut all: Vec<String> = self.by_id.iter().map(ToString::to_string).collect();
        all.sort_unstable();
        all
    }

    /// Returns the text of a key.
    pub(super) fn text(&self, key_id: u32) -> Result<Arc<str>, Error> {
        let place = key_id.checked_sub(1).and_then(|it| self.by_id.get(it as usize));
        place.cloned().ok_or(Error::UnknownKey { key_id })
    }
}

/// Returns the number of the key that was last given one: they have no gaps.
fn last_key(connection: &Connection) -> rusqlite::Result<u32> {
    let last = connection
        .prepare_cached("SELECT seq FROM sqlite_sequence WHERE name = 'keys'")?
        .query_row([], |row| sequence(row, 0))
        .optional()?;
    Ok(u32::try_from(last.unwrap_or_default()).unwrap_or(u32::MAX))
}
