//! How far each destination has come in the journal.

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::checksum::{Column, checksum, is_whole};
use super::{as_integer, sequence};
use crate::error::is_strange_value;
use crate::{COUNTERS, Error};

/// One row of the table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct CursorRow {
    pub(super) destination: String,
    /// The last entry that took effect, or was dropped for this destination.
    pub(super) seq: u64,
    /// The last entry there was when the destination was first configured.
    pub(super) started_after: u64,
    /// Entries after this one stay in the journal: some that took effect may be wanted again.
    pub(super) keeps_after: u64,
    /// What the destination wants to know when it goes on; its own business.
    pub(super) state: String,
}

const COLUMNS: &str = "destination, seq, started_after, keeps_after, state, checksum";

/// Reads the cursor of a destination; nothing if it has none.
pub(super) fn read(connection: &Connection, destination: &str) -> Result<Option<CursorRow>, Error> {
    let sql = format!("SELECT {COLUMNS} FROM cursors WHERE destination = ?1");
    let found = connection
        .prepare_cached(&sql)
        .and_then(|mut it| it.query_row([destination], read_row).optional());
    match found {
        Ok(Some(None)) => Err(Error::Cursor { destination: destination.to_owned() }),
        Err(error) if is_strange_value(&error) => {
            Err(Error::Cursor { destination: destination.to_owned() })
        }
        Ok(found) => Ok(found.flatten()),
        Err(error) => Err(Error::Read(error)),
    }
}

/// Returns the names of all destinations, in order.
pub(super) fn names(connection: &Connection) -> Result<Vec<String>, Error> {
    let read = || -> rusqlite::Result<_> {
        connection
            .prepare_cached("SELECT destination FROM cursors ORDER BY destination")?
            .query_map([], |row| row.get(0))?
            .collect()
    };
    read().map_err(Error::Read)
}

/// Reads all cursors, in the order of their names.
pub(super) fn read_all(connection: &Connection) -> Result<Vec<CursorRow>, Error> {
    names(connection)?.iter().filter_map(|it| read(connection, it).transpose()).collect()
}

/// Reads a row; nothing if it is not as it was written.
fn read_row(row: &Row<'_>) -> rusqlite::Result<Option<CursorRow>> {
    let cursor = CursorRow {
        destination: row.get(0)?,
        seq: sequence(row, 1)?,
        started_after: sequence(row, 2)?,
        keeps_after: sequence(row, 3)?,
        state: row.get(4)?,
    };
    Ok(is_whole(row.get(5)?, &cursor.columns()).then_some(cursor))
}

impl CursorRow {
    fn columns(&self) -> [Column<'_>; 5] {
        [
            self.destination.as_str().into(),
            self.seq.into(),
            self.started_after.into(),
            self.keeps_after.into(),
            self.state.as_str().into(),
        ]
    }

    /// Writes the row, in place of the one there is.
    pub(super) fn write(&self, tx: &Connection) -> rusqlite::Result<()> {
        tx.prepare_cached(&format!(
            "INSERT OR REPLACE INTO cursors ({COLUMNS}) VALUES (?1, ?2, ?3, ?4, ?5, ?6)"
        ))?
        .execute(params![
            self.destination,
            as_integer(self.seq),
            as_integer(self.started_after),
            as_integer(self.keeps_after),
            self.state,
            checksum(&self.columns()),
        ])
        .map(drop)
    }
}

/// Moves the cursor of the counters; false if it is not where the caller has found it.
pub(super) fn advance_counters(tx: &Connection, from: u64, to: u64) -> Result<bool, Error> {
    match read(tx, COUNTERS)? {
        Some(row) if row.seq == from => {
            let row = CursorRow { seq: to, keeps_after: to, ..row };
            row.write(tx).map_err(Error::Checkpoint)?;
            Ok(true)
        }
        _ => Ok(false),
    }
}
