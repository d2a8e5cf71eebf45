//! What a person wants to know of a data directory before doing something about it.

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior};

use super::look::{self, beside};
use super::{FILE, as_integer, disk, reader, sequence};
use crate::{Error, Status};

/// The place where a store is or will be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// How many bytes ordinary users may still write there; none where the system does not say.
    pub free_bytes: Option<u64>,
    /// How many files may still be made there; none where the system does not say.
    pub free_files: Option<u64>,
    /// Whether nobody may write there, whatever the rights are.
    pub is_read_only: bool,
    /// What kind of file system it is on, where the system says so.
    pub file_system: Option<String>,
    /// Whether that file system reaches over a network, where a store is refused.
    pub is_network: bool,
    /// Who writes counters down.
    pub lease: Lease,
}

/// Who writes counters down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lease {
    /// Nobody.
    Free,
    /// A process; its number where the system says so.
    Held {
        /// Number of the process.
        process: Option<u32>,
    },
}

/// What is in a store, without looking at every entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inspection {
    /// How the store is doing.
    pub status: Status,
    /// Bytes of the database.
    pub file_bytes: u64,
    /// Bytes of SQLite's write-ahead log.
    pub log_bytes: u64,
    /// All of the journal.
    pub journal: Stretch,
    /// For each destination what it has still to take.
    pub pending: BTreeMap<String, Stretch>,
    /// The events kept aside.
    pub quarantine: Stretch,
}

/// A stretch of the journal or the quarantine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stretch {
    /// How many events it has.
    pub events: u64,
    /// How many bytes they take.
    pub bytes: u64,
    /// When the first of them was accepted: milliseconds since 1970 in UTC.
    pub oldest: Option<i64>,
    /// The newest time at which one was accepted. Of the journal's entries the last 1,000 groups
    /// are asked: clocks may have been set back since.
    pub newest: Option<i64>,
}

/// Looks at the directory, or the nearest above it that there is.
pub(super) fn place(dir: &Path) -> Place {
    let there = dir.ancestors().find(|it| it.is_dir()).unwrap_or(Path::new("."));
    let (file_system, is_network) = disk::file_system(there);
    Place {
        free_bytes: disk::free(there),
        free_files: disk::free_files(there),
        is_read_only: disk::is_read_only(there),
        file_system,
        is_network,
        lease: lease(dir),
    }
}

/// Looks who holds the lease. A lock that is tried for that is shared and given back at once.
fn lease(dir: &Path) -> Lease {
    let Ok(file) = File::open(dir.join("lease")) else { return Lease::Free };
    match file.try_lock_shared() {
        Err(TryLockError::WouldBlock) => Lease::Held { process: holder(&file) },
        Ok(()) | Err(TryLockError::Error(_)) => Lease::Free,
    }
}

/// Returns the process that has locked a file, from the kernel's list.
#[cfg(target_os = "linux")]
fn holder(file: &File) -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    let inode = file.metadata().ok()?.ino().to_string();
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    locks.lines().find_map(|line| {
        // 1: FLOCK  ADVISORY  WRITE 4242 08:01:131137 0 EOF
        let fields: Vec<&str> = line.split_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", process, place, ..] = fields[..] else { return None };
        (place.rsplit(':').next() == Some(&inode)).then(|| process.parse().ok()).flatten()
    })
}

#[cfg(not(target_os = "linux"))]
fn holder(_file: &File) -> Option<u32> {
    None
}

/// Looks into the store in `dir`, and changes nothing.
pub(super) fn inspect(dir: &Path) -> Result<Option<Inspection>, Error> {
    let path = dir.join(FILE);
    let Some(connection) = look::open(&path)? else { return Ok(None) };
    let tx = Transaction::new_unchecked(&connection, TransactionBehavior::Deferred)
        .map_err(Error::Read)?;
    let status = reader::read_status(&tx)?;
    let read = || -> rusqlite::Result<_> {
        let mut pending = BTreeMap::new();
        for (destination, &cursor) in &status.cursors {
            let mut stretch = after(&tx, cursor)?;
            // The cursor may stand within a group.
            stretch.events = stretch.events.min(status.last_sequence.saturating_sub(cursor));
            pending.insert(destination.clone(), stretch);
        }
        Ok(Inspection {
            file_bytes: look::size(&path).unwrap_or_default(),
            log_bytes: look::size(&beside(&path, "-wal")).unwrap_or_default(),
            journal: after(&tx, 0)?,
            quarantine: quarantine(&tx)?,
            pending,
            status,
        })
    };
    read().map(Some).map_err(Error::Read)
}

/// The first or last group of a stretch.
struct End {
    seq: u64,
    entries: u64,
    accepted_at: i64,
    bytes: u64,
    bytes_up_to: u64,
}

/// The groups of the journal that have entries after `cursor`.
fn after(tx: &Connection, cursor: u64) -> rusqlite::Result<Stretch> {
    // Numbers have no gaps and bytes are summed up, so that the ends say it all.
    let sql = |order| {
        format!(
            "SELECT seq, entries, accepted_at, length(ids) + length(records), end_bytes
             FROM journal WHERE seq > ?1 ORDER BY seq {order} LIMIT 1"
        )
    };
    let end = |order| -> rusqlite::Result<Option<End>> {
        tx.prepare_cached(&sql(order))?
            .query_row([as_integer(cursor)], |row| {
                Ok(End {
                    seq: sequence(row, 0)?,
                    entries: sequence(row, 1)?,
                    accepted_at: row.get(2)?,
                    bytes: sequence(row, 3)?,
                    bytes_up_to: sequence(row, 4)?,
                })
            })
            .optional()
    };
    let (Some(first), Some(last)) = (end("ASC")?, end("DESC")?) else {
        return Ok(Stretch::default());
    };
    let sql = "SELECT max(accepted_at) FROM (SELECT accepted_at FROM journal WHERE seq > ?1
         ORDER BY seq DESC LIMIT 1000)";
    let newest = tx.prepare_cached(sql)?.query_row([as_integer(cursor)], |row| row.get(0))?;
    Ok(Stretch {
        events: (last.seq + first.entries).saturating_sub(first.seq),
        bytes: (last.bytes_up_to + first.bytes).saturating_sub(first.bytes_up_to),
        oldest: Some(first.accepted_at),
        newest,
    })
}

fn quarantine(tx: &Connection) -> rusqlite::Result<Stretch> {
    let sql = "SELECT count(*), coalesce(sum(length(CAST(event AS BLOB))), 0), min(received_at),
         max(received_at) FROM quarantine";
    tx.query_row(sql, [], |row| {
        Ok(Stretch {
            events: sequence(row, 0)?,
            bytes: sequence(row, 1)?,
            oldest: row.get(2)?,
            newest: row.get(3)?,
        })
    })
}
