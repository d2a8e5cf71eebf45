//! What leaves the journal, and when.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::append::note;
use super::cursors::{self, CursorRow};
use super::gone::Gone;
use super::{as_integer, group, quarantine, sequence};
use crate::limits::as_millis;
use crate::record::DecodeError;
use crate::{COUNTERS, DROPPED_BACKLOG, Error, Limits};

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
pub(super) fn is_due(connection: &Connection, limits: &Limits, now: i64) -> Result<bool, Error> {
    let Some(newest) = newest(connection, now)? else { return Ok(false) };
    let pending = newest.reach(limits.max_pending, limits.max_pending_bytes);
    let cursors = cursors::read_all(connection)?;
    for cursor in cursors.iter().filter(|it| it.destination != COUNTERS) {
        if rows(connection, cursor.seq, u64::MAX, 1)?.iter().any(|it| !pending.has(it)) {
            return Ok(true);
        }
    }
    let keep = newest.reach(limits.journal_keep, limits.journal_keep_bytes);
    Ok(rows(connection, 0, passed(&cursors), 1)?.iter().any(|it| !keep.has(it))
        || old_ids(connection, limits, 1).map_err(Error::Read)?.is_some()
        || quarantine::surplus(connection, newest.accepted_at, limits)
            .map_err(Error::Read)?
            .is_some())
}

/// Takes out some of what nobody waits for any more. The caller holds the lease and the line.
pub(super) fn step(connection: &Connection, limits: &Limits, now: i64) -> Result<(), Error> {
    let tx = Transaction::new_unchecked(connection, TransactionBehavior::Immediate)
        .map_err(Error::Checkpoint)?;
    let Some(newest) = newest(&tx, now)? else { return Ok(()) };
    let pending = newest.reach(limits.max_pending, limits.max_pending_bytes);
    for cursor in cursors::read_all(&tx)? {
        // Nothing holds back the counters, which are beside the journal.
        if cursor.destination != COUNTERS {
            drop_backlog(&tx, cursor, &pending)?;
        }
    }
    let keep = newest.reach(limits.journal_keep, limits.journal_keep_bytes);
    let old = rows(&tx, 0, passed(&cursors::read_all(&tx)?), STEP_GROUPS)?;
    let mut bytes = 0;
    let n_old = old.iter().take_while(|it| {
        let is_in_step = bytes < STEP_BYTES;
        bytes += it.bytes;
        is_in_step && !keep.has(it)
    });
    let n_old = n_old.count();
    remove(&tx, limits, &old[..n_old], newest.accepted_at)
        .and_then(|()| tx.commit())
        .map_err(Error::Checkpoint)
}

/// Removes the first groups, and what else is beyond its bounds.
fn remove(tx: &Connection, limits: &Limits, old: &[Row], now: i64) -> rusqlite::Result<()> {
    if let ([first, ..], [.., last]) = (old, old) {
        let first = (first.seq + 1).saturating_sub(first.entries);
        let newest = old.iter().map(|it| it.accepted_at).max().unwrap_or(i64::MAX);
        Gone::note(tx, (first, last.seq), newest)?;
        tx.prepare_cached("DELETE FROM journal WHERE seq <= ?1")?
            .execute([as_integer(last.seq)])?;
    }
    if let Some(last) = old_ids(tx, limits, STEP_GROUPS)? {
        tx.prepare_cached("DELETE FROM given_ids WHERE seq <= ?1")?.execute([as_integer(last)])?;
    }
    quarantine::make_room(tx, now, limits, STEP_EVENTS)
}

/// Moves the cursor of a destination that has left too much untaken.
fn drop_backlog(tx: &Connection, cursor: CursorRow, pending: &Reach) -> Result<(), Error> {
    let rows = rows(tx, cursor.seq, u64::MAX, STEP_GROUPS)?;
    let mut to = cursor.seq;
    let mut n = 0;
    for row in rows.iter().take_while(|it| !pending.has(it)) {
        // The cursor may stand within a group.
        n += row.entries.min(row.seq - to);
        to = row.seq;
    }
    if n == 0 {
        return Ok(());
    }
    let cause = format!("{DROPPED_BACKLOG}{}", cursor.destination);
    let moved = CursorRow { seq: to, keeps_after: cursor.keeps_after.max(to), ..cursor };
    moved.write(tx).and_then(|()| note(tx, &[(&cause, n)])).map_err(Error::Checkpoint)
}

/// Returns the newest group, if it is as it was written: others are dropped by what it says, as
/// far as that is believed.
fn newest(connection: &Connection, now: i64) -> Result<Option<Newest>, Error> {
    let sql = "SELECT seq, entries, accepted_at, ids, records, end_bytes, checksum
         FROM journal ORDER BY seq DESC LIMIT 1";
    let mut statement = connection.prepare_cached(sql).map_err(Error::Read)?;
    let mut rows = statement.query([]).map_err(Error::Read)?;
    let Some(row) = rows.next().map_err(Error::Read)? else { return Ok(None) };
    let group = group::read(row).map_err(Error::Read)?;
    group.check()?;
    let time = || row.get::<_, i64>(2).map(|it| it.min(now));
    let read = || Ok(Newest { accepted_at: time()?, end_bytes: sequence(row, 5)? });
    read().map(Some).map_err(Error::Read)
}

/// Returns when the oldest group was accepted, and when the newest.
pub(super) fn times(connection: &Connection) -> Result<Option<(i64, i64)>, Error> {
    let Some(newest) = newest(connection, i64::MAX)? else { return Ok(None) };
    let oldest = rows(connection, 0, u64::MAX, 1)?;
    Ok(oldest.first().map(|it| (it.accepted_at, newest.accepted_at)))
}

/// Returns up to where no destination wants anything again.
fn passed(cursors: &[CursorRow]) -> u64 {
    cursors.iter().map(|it| it.keeps_after).min().unwrap_or_default()
}

/// Returns the first groups after `after` that end no later than `to`.
///
/// That the bytes they say they end at follow from each other is made sure of, for by these they
/// are dropped.
fn rows(connection: &Connection, after: u64, to: u64, limit: u32) -> Result<Vec<Row>, Error> {
    let read = || -> rusqlite::Result<Vec<Row>> {
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
    };
    let rows = read().map_err(Error::Read)?;
    let broken =
        rows.array_windows().find(|[one, next]| one.end_bytes + next.bytes != next.end_bytes);
    match broken {
        Some([_, next]) => {
            Err(Error::Journal { sequence: next.seq, source: DecodeError::Checksum })
        }
        None => Ok(rows),
    }
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
