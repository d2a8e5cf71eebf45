//! Events kept aside, and the room they may take.

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, TransactionBehavior, params};

use super::append::note;
use super::checksum::{checksum, is_whole};
use super::{as_integer, as_text, sequence};
use crate::error::is_strange_value;
use crate::limits::as_millis;
use crate::{
    DROPPED_BY_HAND, DROPPED_QUARANTINE_EXPIRED, DROPPED_QUARANTINE_FULL, Error, KeptAside, Limits,
    Quarantined, StoredQuarantined,
};

/// Keeps events aside; the oldest make room.
pub(super) fn insert(
    tx: &Connection,
    events: &[Quarantined<'_>],
    limits: &Limits,
) -> rusqlite::Result<()> {
    let Some(now) = events.iter().map(|it| it.received_at).max() else { return Ok(()) };
    for it in events {
        let columns = [it.received_at.into(), it.reason.into(), it.event.into()];
        tx.prepare_cached(
            "INSERT INTO quarantine (received_at, reason, event, checksum) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![
            it.received_at,
            it.reason,
            as_text(it.event),
            checksum(&columns)
        ])?;
    }
    let bytes = events.iter().map(|it| it.event.len() as u64).sum::<u64>();
    tx.prepare_cached("UPDATE quarantine_size SET events = events + ?1, bytes = bytes + ?2")?
        .execute([as_integer(events.len() as u64), as_integer(bytes)])?;
    make_room(tx, now, limits, u64::MAX)
}

/// Returns up to `limit` events with numbers above `after`, damaged ones by number only.
pub(super) fn read(connection: &Connection, after: u64, limit: usize) -> Result<KeptAside, Error> {
    let sql = "SELECT number, received_at, reason, event, checksum FROM quarantine
         WHERE number > ?1 ORDER BY number LIMIT ?2";
    let mut statement = connection.prepare_cached(sql).map_err(Error::Read)?;
    let range = [as_integer(after), as_integer(limit as u64)];
    let mut rows = statement.query(range).map_err(Error::Read)?;
    let mut kept = KeptAside::default();
    while let Some(row) = rows.next().map_err(Error::Read)? {
        let number = sequence(row, 0).map_err(Error::Read)?;
        match read_row(row, number) {
            Ok(Some(event)) => kept.events.push(event),
            Ok(None) => kept.damaged.push(number),
            Err(error) if is_strange_value(&error) => kept.damaged.push(number),
            Err(error) => return Err(Error::Read(error)),
        }
    }
    Ok(kept)
}

/// Reads one event; nothing if it is not as it was written.
fn read_row(row: &Row<'_>, number: u64) -> rusqlite::Result<Option<StoredQuarantined>> {
    let received_at: i64 = row.get(1)?;
    let (reason, event) = (row.get_ref(2)?.as_str()?, row.get_ref(3)?.as_bytes()?);
    let columns = [received_at.into(), reason.into(), event.into()];
    if !is_whole(row.get(4)?, &columns) {
        return Ok(None);
    }
    let (reason, event) = (reason.to_owned(), event.to_vec());
    Ok(Some(StoredQuarantined { number, received_at, reason, event }))
}

/// Drops up to `most` of the oldest events while there are too many or they are too old.
pub(super) fn make_room(
    tx: &Connection,
    now: i64,
    limits: &Limits,
    most: u64,
) -> rusqlite::Result<()> {
    let (mut n_full, mut n_expired) = (0, 0);
    while n_full + n_expired < most {
        let Some((number, cause)) = surplus(tx, now, limits)? else { break };
        remove(tx, number)?;
        match cause {
            Surplus::TooMany => n_full += 1,
            Surplus::TooOld => n_expired += 1,
        }
    }
    note(tx, &[(DROPPED_QUARANTINE_FULL, n_full), (DROPPED_QUARANTINE_EXPIRED, n_expired)])
}

/// Why the oldest event has to go.
pub(super) enum Surplus {
    TooMany,
    TooOld,
}

/// Returns the oldest event if it has to go.
pub(super) fn surplus(
    connection: &Connection,
    now: i64,
    limits: &Limits,
) -> rusqlite::Result<Option<(u64, Surplus)>> {
    let oldest = connection
        .prepare_cached("SELECT number, received_at FROM quarantine ORDER BY number LIMIT 1")?
        .query_row([], |row| Ok((sequence(row, 0)?, row.get::<_, i64>(1)?)))
        .optional()?;
    let Some((number, received_at)) = oldest else { return Ok(None) };
    let (events, bytes) = size(connection)?;
    if events > limits.quarantine_events || bytes > limits.quarantine_bytes {
        return Ok(Some((number, Surplus::TooMany)));
    }
    let is_old = received_at < now.saturating_sub(as_millis(limits.quarantine_keep));
    Ok(is_old.then_some((number, Surplus::TooOld)))
}

/// Returns how many events are kept aside, and their bytes.
pub(super) fn size(connection: &Connection) -> rusqlite::Result<(u64, u64)> {
    connection
        .prepare_cached("SELECT events, bytes FROM quarantine_size")?
        .query_row([], |row| Ok((sequence(row, 0)?, sequence(row, 1)?)))
}

/// Takes one event out; false if it is not there.
pub(super) fn remove(tx: &Connection, number: u64) -> rusqlite::Result<bool> {
    let bytes: Option<i64> = tx
        .prepare_cached(
            "DELETE FROM quarantine WHERE number = ?1 RETURNING length(CAST(event AS BLOB))",
        )?
        .query_row([as_integer(number)], |row| row.get(0))
        .optional()?;
    let Some(bytes) = bytes else { return Ok(false) };
    tx.prepare_cached(
        "UPDATE quarantine_size SET events = max(events - 1, 0), bytes = max(bytes - ?1, 0)",
    )?
    .execute([bytes])?;
    Ok(true)
}

/// Throws events away, and counts those that were there.
pub(super) fn drop_by_hand(connection: &Connection, numbers: &[u64]) -> rusqlite::Result<u64> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let mut n = 0;
    for &number in numbers {
        n += u64::from(remove(&tx, number)?);
    }
    note(&tx, &[(DROPPED_BY_HAND, n)])?;
    tx.commit()?;
    Ok(n)
}
