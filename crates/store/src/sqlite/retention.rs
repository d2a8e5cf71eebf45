//! What leaves the journal, and when.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::append::note;
use super::{as_integer, quarantine, sequence};
use crate::limits::as_millis;
use crate::{COUNTERS, DROPPED_BACKLOG, Limits};

/// Steps at one checkpoint: together more than can come in between two.
pub(super) const STEPS: usize = 8;

/// Groups taken out in one step, and bytes: a step keeps writers waiting for some milliseconds.
const STEP_GROUPS: u32 = 1024;
const STEP_BYTES: u64 = 8 << 20;

/// Events kept aside that are dropped in one step.
const STEP_EVENTS: u64 = 256;

/// One group without what is in it.
struct Row {
    seq: u64,
    entries: u64,
    accepted_at: i64,
    bytes: u64,
    end_bytes: u64,
}

/// The newest group, against which others are old.
struct Newest {
    accepted_at: i64,
    end_bytes: u64,
}

/// How far back something reaches.
struct Reach {
    oldest: i64,
    start_bytes: u64,
}

impl Newest {
    fn reach(&self, time: std::time::Duration, bytes: u64) -> Reach {
        Reach {
            oldest: self.accepted_at.saturating_sub(as_millis(time)),
            start_bytes: self.end_bytes.saturating_sub(bytes),
        }
    }
}

impl Reach {
    fn has(&self, row: &Row) -> bool {
        let start = row.end_bytes.saturating_sub(row.bytes);
        row.accepted_at >= self.oldest && start >= self.start_bytes
    }
}

/// Returns whether a step would do anything.
pub(super) fn is_due(connection: &Connection, limits: &Limits) -> rusqlite::Result<bool> {
    let Some(newest) = newest(connection)? else { return Ok(false) };
    let pending = newest.reach(limits.max_pending, limits.max_pending_bytes);
    for (_, cursor) in cursors(connection)? {
        if rows(connection, cursor, i64::MAX as u64, 1)?.iter().any(|it| !pending.has(it)) {
            return Ok(true);
        }
    }
    let keep = newest.reach(limits.journal_keep, limits.journal_keep_bytes);
    let passed = passed(connection)?;
    Ok(rows(connection, 0, passed, 1)?.iter().any(|it| !keep.has(it))
        || old_ids(connection, limits, 1)?.is_some()
        || quarantine::surplus(connection, newest.accepted_at, limits)?.is_some())
}

/// Takes out some of what nobody waits for any more. The caller holds the lease and the line.
pub(super) fn step(connection: &Connection, limits: &Limits) -> rusqlite::Result<()> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)?;
    let Some(newest) = newest(&tx)? else { return Ok(()) };
    let pending = newest.reach(limits.max_pending, limits.max_pending_bytes);
    for (destination, cursor) in cursors(&tx)? {
        drop_backlog(&tx, &destination, cursor, &pending)?;
    }
    let keep = newest.reach(limits.journal_keep, limits.journal_keep_bytes);
    let old = rows(&tx, 0, passed(&tx)?, STEP_GROUPS)?;
    let mut bytes = 0;
    let old = old.iter().take_while(|it| {
        let is_in_step = bytes < STEP_BYTES;
        bytes += it.bytes;
        is_in_step && !keep.has(it)
    });
    if let Some(last) = old.last() {
        tx.prepare_cached("DELETE FROM journal WHERE seq <= ?1")?
            .execute([as_integer(last.seq)])?;
    }
    if let Some(last) = old_ids(&tx, limits, STEP_GROUPS)? {
        tx.prepare_cached("DELETE FROM given_ids WHERE seq <= ?1")?.execute([as_integer(last)])?;
    }
    quarantine::make_room(&tx, newest.accepted_at, limits, STEP_EVENTS)?;
    tx.commit()
}

/// Moves the cursor of a destination that has left too much untaken.
fn drop_backlog(
    tx: &Connection,
    destination: &str,
    cursor: u64,
    pending: &Reach,
) -> rusqlite::Result<()> {
    let rows = rows(tx, cursor, i64::MAX as u64, STEP_GROUPS)?;
    let mut to = cursor;
    let mut n = 0;
    for row in rows.iter().take_while(|it| !pending.has(it)) {
        // The cursor may stand within a group.
        n += row.entries.min(row.seq - to);
        to = row.seq;
    }
    if n == 0 {
        return Ok(());
    }
    tx.prepare_cached("UPDATE cursors SET seq = ?1 WHERE destination = ?2")?
        .execute(params![as_integer(to), destination])?;
    note(tx, &[(&format!("{DROPPED_BACKLOG}{destination}"), n)])
}

fn newest(connection: &Connection) -> rusqlite::Result<Option<Newest>> {
    connection
        .prepare_cached("SELECT accepted_at, end_bytes FROM journal ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok(Newest { accepted_at: row.get(0)?, end_bytes: sequence(row, 1)? }))
        .optional()
}

/// Returns the cursors of all destinations but the counters, which nothing holds back.
fn cursors(connection: &Connection) -> rusqlite::Result<Vec<(String, u64)>> {
    connection
        .prepare_cached("SELECT destination, seq FROM cursors WHERE destination != ?1")?
        .query_map([COUNTERS], |row| Ok((row.get(0)?, sequence(row, 1)?)))?
        .collect()
}

/// Returns up to where every destination has come.
fn passed(connection: &Connection) -> rusqlite::Result<u64> {
    connection
        .prepare_cached("SELECT coalesce(min(seq), 0) FROM cursors")?
        .query_row([], |row| sequence(row, 0))
}

/// Returns the first groups after `after` that end no later than `to`.
fn rows(connection: &Connection, after: u64, to: u64, limit: u32) -> rusqlite::Result<Vec<Row>> {
    connection
        .prepare_cached(
            "SELECT seq, entries, accepted_at, length(ids) + length(records), end_bytes
             FROM journal WHERE seq > ?1 AND seq <= ?2 ORDER BY seq LIMIT ?3",
        )?
        .query_map(params![as_integer(after), as_integer(to), limit], |row| {
            Ok(Row {
                seq: sequence(row, 0)?,
                entries: sequence(row, 1)?,
                accepted_at: row.get(2)?,
                bytes: sequence(row, 3)?,
                end_bytes: sequence(row, 4)?,
            })
        })?
        .collect()
}

/// Returns the last of the first groups whose given ids are all beyond the window.
///
/// The window of every handle ends by the time and the number of given ids, as this does.
fn old_ids(connection: &Connection, limits: &Limits, most: u32) -> rusqlite::Result<Option<u64>> {
    let newest = connection
        .prepare_cached("SELECT accepted_at, end_ids FROM given_ids ORDER BY seq DESC LIMIT 1")?
        .query_row([], |row| Ok((row.get::<_, i64>(0)?, sequence(row, 1)?)))
        .optional()?;
    let Some((accepted_at, end_ids)) = newest else { return Ok(None) };
    let oldest = accepted_at.saturating_sub(as_millis(limits.window));
    let forgotten = end_ids.saturating_sub(limits.window_ids.max(1) as u64);
    let mut statement = connection
        .prepare_cached("SELECT seq, accepted_at, end_ids FROM given_ids ORDER BY seq LIMIT ?1")?;
    let mut rows = statement.query([most])?;
    let mut last = None;
    while let Some(row) = rows.next()? {
        if row.get::<_, i64>(1)? >= oldest && sequence(row, 2)? > forgotten {
            break;
        }
        last = Some(sequence(row, 0)?);
    }
    Ok(last)
}
