//! What destinations would not take, and the room that may have.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use super::append::note;
use super::checksum::{checksum, is_whole};
use super::{as_integer, as_text, sequence};
use crate::error::is_strange_value;
use crate::outbox::{self, DeadLetter, StoredDeadLetter};
use crate::{Error, EventId, Limits};

/// Made when something is rejected for the first time.
const TABLE: &str = "
CREATE TABLE IF NOT EXISTS outbox (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  destination TEXT NOT NULL,
  seq INTEGER NOT NULL,
  id BLOB NOT NULL,
  accepted_at INTEGER NOT NULL,
  reason TEXT NOT NULL,
  event ANY NOT NULL,
  checksum INTEGER NOT NULL
) STRICT;
";

fn has_table(connection: &Connection) -> rusqlite::Result<bool> {
    let sql = "SELECT count(*) FROM sqlite_schema WHERE name = 'outbox'";
    connection.query_row(sql, [], |row| Ok(row.get::<_, u32>(0)? > 0))
}

/// Keeps what a destination has rejected; the oldest make room.
pub(super) fn insert(
    tx: &Connection,
    destination: &str,
    letters: &[DeadLetter<'_>],
    limits: &Limits,
) -> rusqlite::Result<()> {
    if letters.is_empty() {
        return Ok(());
    }
    tx.execute_batch(TABLE)?;
    for it in letters {
        let columns = [
            destination.into(),
            it.sequence.into(),
            it.id.0.as_slice().into(),
            it.accepted_at.into(),
            it.reason.into(),
            it.event.into(),
        ];
        tx.prepare_cached(
            "INSERT INTO outbox (destination, seq, id, accepted_at, reason, event, checksum)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        )?
        .execute(params![
            destination,
            as_integer(it.sequence),
            it.id.0.as_slice(),
            it.accepted_at,
            it.reason,
            as_text(it.event),
            checksum(&columns)
        ])?;
    }
    make_room(tx, limits)
}

/// Takes the oldest out until the rest is within its bounds.
fn make_room(tx: &Connection, limits: &Limits) -> rusqlite::Result<()> {
    let sql = "SELECT count(*), coalesce(sum(octet_length(event)), 0) FROM outbox";
    let size = |row: &Row<'_>| Ok((sequence(row, 0)?, sequence(row, 1)?));
    let (mut events, mut bytes) = tx.query_row(sql, [], size)?;
    while events > limits.outbox_events || bytes > limits.outbox_bytes {
        let sql = "DELETE FROM outbox WHERE number = (SELECT min(number) FROM outbox)
             RETURNING destination, octet_length(event)";
        let gone: Option<(String, u64)> =
            tx.query_row(sql, [], |row| Ok((row.get(0)?, sequence(row, 1)?))).optional()?;
        let Some((destination, its_bytes)) = gone else { break };
        note(tx, &[(&outbox::name(outbox::OUTBOX_FULL, &destination), 1)])?;
        events -= 1;
        bytes -= its_bytes;
    }
    Ok(())
}

/// Returns up to `limit` letters with numbers above `after`, oldest first.
pub(super) fn read(
    connection: &Connection,
    after: u64,
    limit: usize,
) -> Result<Vec<StoredDeadLetter>, Error> {
    if !has_table(connection).map_err(Error::Read)? {
        return Ok(Vec::new());
    }
    let sql = "SELECT number, destination, seq, id, accepted_at, reason, event, checksum
         FROM outbox WHERE number > ?1 ORDER BY number LIMIT ?2";
    let mut statement = connection.prepare_cached(sql).map_err(Error::Read)?;
    let range = [as_integer(after), as_integer(limit as u64)];
    let mut rows = statement.query(range).map_err(Error::Read)?;
    let mut letters = Vec::new();
    while let Some(row) = rows.next().map_err(Error::Read)? {
        let number = sequence(row, 0).map_err(Error::Read)?;
        match read_row(row, number) {
            Ok(Some(letter)) => letters.push(letter),
            Ok(None) => return Err(Error::Outbox { number }),
            Err(error) if is_strange_value(&error) => return Err(Error::Outbox { number }),
            Err(error) => return Err(Error::Read(error)),
        }
    }
    Ok(letters)
}

/// Reads one letter; nothing if it is not as it was written.
fn read_row(row: &Row<'_>, number: u64) -> rusqlite::Result<Option<StoredDeadLetter>> {
    let (destination, seq) = (row.get_ref(1)?.as_str()?, sequence(row, 2)?);
    let (id, accepted_at) = (row.get_ref(3)?.as_bytes()?, row.get::<_, i64>(4)?);
    let (reason, event) = (row.get_ref(5)?.as_str()?, row.get_ref(6)?.as_bytes()?);
    let columns = [
        destination.into(),
        seq.into(),
        id.into(),
        accepted_at.into(),
        reason.into(),
        event.into(),
    ];
    if !is_whole(row.get(7)?, &columns) {
        return Ok(None);
    }
    let Ok(id) = id.try_into() else { return Ok(None) };
    Ok(Some(StoredDeadLetter {
        number,
        destination: destination.to_owned(),
        sequence: seq,
        id: EventId(id),
        accepted_at,
        reason: reason.to_owned(),
        event: event.to_vec(),
    }))
}

/// Takes one letter out because its event goes into the journal again; false if it is not there.
pub(super) fn retry(tx: &Connection, number: u64) -> rusqlite::Result<bool> {
    remove(tx, number, outbox::RETRIED)
}

/// Throws letters away, and returns how many there were.
pub(super) fn drop_by_hand(connection: &Connection, numbers: &[u64]) -> rusqlite::Result<u64> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut n = 0;
    for &number in numbers {
        n += u64::from(remove(&tx, number, outbox::DROPPED_FROM_OUTBOX)?);
    }
    tx.commit()?;
    Ok(n)
}

fn remove(tx: &Connection, number: u64, because: &str) -> rusqlite::Result<bool> {
    if !has_table(tx)? {
        return Ok(false);
    }
    let destination: Option<String> = tx
        .prepare_cached("DELETE FROM outbox WHERE number = ?1 RETURNING destination")?
        .query_row([as_integer(number)], |row| row.get(0))
        .optional()?;
    let Some(destination) = destination else { return Ok(false) };
    note(tx, &[(&outbox::name(because, &destination), 1)])?;
    Ok(true)
}
