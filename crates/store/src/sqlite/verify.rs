//! Looks at everything in a store, and says what is wrong with it.

use std::collections::BTreeMap;
use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::group::{Next, StoredGroup, for_each_group};
use super::keys::{self, KeyRow, Keys};
use super::look::open_whole;
use super::{
    Progress, cursors, given, last_sequence, quarantine, reader, rows, schema, taken, tally,
};
use crate::{Counter, DROPPED_BY_HAND, Error, REPLAYED};
use crate::{DROPPED_QUARANTINE_EXPIRED, DROPPED_QUARANTINE_FULL};

/// Messages of SQLite's own check that are passed on.
const MESSAGES: u32 = 100;

/// Events kept aside that are read at a time.
const PAGE: usize = 1000;

/// What is wrong with a store.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Finding {
    /// SQLite finds its own structure damaged.
    #[error("the database is damaged: {message}")]
    Database {
        /// What SQLite says.
        message: String,
    },
    /// A table has not the columns that it was made with.
    #[error("the table `{table}` is not as it was made")]
    Table {
        /// Name of the table.
        table: String,
    },
    /// Something cannot be read.
    #[error("something cannot be read")]
    Unreadable(#[source] Error),
    /// Entries are missing in the middle of the journal.
    #[error("the journal has nothing between entry {after} and entry {before}")]
    Gap {
        /// The last entry before the gap.
        after: u64,
        /// The first entry behind it.
        before: u64,
    },
    /// A destination has taken more than the journal ever had.
    #[error("`{destination}` has taken entry {cursor}, but the last one is {last}")]
    Cursor {
        /// Name of the destination.
        destination: String,
        /// The last entry it says it has taken.
        cursor: u64,
        /// The last entry there is.
        last: u64,
    },
    /// The ids by which duplicates are recognised are not those that were given.
    #[error("the ids given with the group that ends with entry {group} are damaged")]
    GivenIds {
        /// Number of the group's last entry.
        group: u64,
    },
    /// A counter is not what the journal adds up to.
    #[error("the counter `{key}` is not what the journal adds up to")]
    Counter {
        /// Its key.
        key: String,
    },
    /// More or fewer events were kept aside than the ledger has an account of.
    #[error("{ever} events were ever kept aside, but {counted} are there or were counted out")]
    Ledger {
        /// How many were ever kept aside.
        ever: u64,
        /// How many are there, or were counted when they went.
        counted: u64,
    },
    /// The size kept for the quarantine is not that of its events.
    #[error("{events} events of {bytes} bytes are kept aside, but other numbers are written down")]
    QuarantineSize {
        /// How many there are.
        events: u64,
        /// How many bytes they have.
        bytes: u64,
    },
}

/// What a look at everything has shown.
#[derive(Debug, Default)]
pub struct Verified {
    /// How many entries the journal has.
    pub entries: u64,
    /// Whether the journal still has its first entry, so that counters could be counted again.
    pub is_recounted: bool,
    /// What is wrong; nothing if all is well.
    pub findings: Vec<Finding>,
}

/// Looks at everything in `dir` as of one moment.
pub(super) fn verify(dir: &Path, look: &mut dyn FnMut(Progress)) -> Result<Verified, Error> {
    let connection = open_whole(dir)?;
    let tx = Transaction::new_unchecked(&connection, TransactionBehavior::Deferred)
        .map_err(Error::Read)?;
    let mut verified = Verified::default();
    verified.check(check_database(&tx).map_err(Error::Read));
    verified.check(check_tables(&tx).map_err(Error::Read));
    verified.check(check_cursors(&tx));
    verified.check(check_keys(&tx));
    verified.check(check_given_ids(&tx).map_err(Error::Read));
    verified.check(check_quarantine(&tx));
    verified.check(check_ledger(&tx));
    match Recounted::load(&tx).and_then(|it| it.walk(&tx, &mut verified, look)) {
        Ok(recounted) => recounted.compare(&mut verified),
        Err(error) => verified.findings.push(Finding::Unreadable(error)),
    }
    Ok(verified)
}

impl Verified {
    fn check(&mut self, found: Result<Vec<Finding>, Error>) {
        match found {
            Ok(found) => self.findings.extend(found),
            Err(error) => self.findings.push(Finding::Unreadable(error)),
        }
    }
}

fn check_database(tx: &Connection) -> rusqlite::Result<Vec<Finding>> {
    let mut statement = tx.prepare(&format!("PRAGMA integrity_check({MESSAGES})"))?;
    let messages = statement.query_map([], |row| row.get::<_, String>(0))?;
    messages
        .filter(|it| it.as_ref().map_or(true, |message| message != "ok"))
        .map(|it| it.map(|message| Finding::Database { message }))
        .collect()
}

fn check_tables(tx: &Connection) -> rusqlite::Result<Vec<Finding>> {
    // Older formats had other tables, and are upgraded by the next that writes.
    if schema::meta(tx, "format")? != schema::FORMAT.to_string() {
        return Ok(Vec::new());
    }
    let tables = schema::strange_tables(tx)?.into_iter();
    Ok(tables.map(|table| Finding::Table { table }).collect())
}

fn check_cursors(tx: &Connection) -> Result<Vec<Finding>, Error> {
    let last = last_sequence(tx).map_err(Error::Read)?;
    let mut findings = Vec::new();
    for destination in cursors::names(tx)? {
        match cursors::read(tx, &destination) {
            Ok(Some(row)) if row.seq > last => {
                findings.push(Finding::Cursor { destination, cursor: row.seq, last });
            }
            Ok(_) => {}
            Err(error) => findings.push(Finding::Unreadable(error)),
        }
    }
    Ok(findings)
}

fn check_keys(tx: &Connection) -> Result<Vec<Finding>, Error> {
    Keys::default().catch_up(tx).map(|()| Vec::new())
}

fn check_given_ids(tx: &Connection) -> rusqlite::Result<Vec<Finding>> {
    // Format 1 has none.
    if !tx.table_exists(None, "given_ids")? {
        return Ok(Vec::new());
    }
    Ok(given::damaged(tx)?.into_iter().map(|group| Finding::GivenIds { group }).collect())
}

fn check_quarantine(tx: &Connection) -> Result<Vec<Finding>, Error> {
    let (mut events, mut bytes, mut after) = (0, 0, 0);
    let mut damaged = Vec::new();
    loop {
        let page = quarantine::read(tx, after, PAGE)?;
        let Some(last) = page.last() else { break };
        after = last;
        events += page.events.len() as u64;
        bytes += page.events.iter().map(|it| it.event.len() as u64).sum::<u64>();
        damaged.extend(page.damaged);
    }
    // Nobody knows how long one was that is damaged.
    if !damaged.is_empty() {
        let damaged = damaged.into_iter();
        return Ok(damaged.map(|number| Finding::Unreadable(Error::Kept { number })).collect());
    }
    // Format 1 writes down no size.
    let mut written = (events, bytes);
    if tx.table_exists(None, "quarantine_size").map_err(Error::Read)? {
        written = quarantine::size(tx).map_err(Error::Read)?;
    }
    let is_as_written = written == (events, bytes);
    Ok(if is_as_written { Vec::new() } else { vec![Finding::QuarantineSize { events, bytes }] })
}

/// Everything that was ever kept aside is there, or was counted when it went.
fn check_ledger(tx: &Connection) -> Result<Vec<Finding>, Error> {
    let status = reader::read_status(tx)?;
    let gone = [REPLAYED, DROPPED_QUARANTINE_FULL, DROPPED_QUARANTINE_EXPIRED, DROPPED_BY_HAND];
    let gone: u64 = gone.iter().filter_map(|cause| status.ledger.get(*cause)).sum();
    let counted = status.quarantine_size + gone;
    let is_balanced = counted == status.quarantined;
    let ever = status.quarantined;
    Ok(if is_balanced { Vec::new() } else { vec![Finding::Ledger { ever, counted }] })
}

/// Returns how many entries the journal has if none is missing in its middle.
fn n_entries(tx: &Connection) -> rusqlite::Result<u64> {
    let sql =
        "SELECT coalesce(max(seq) - (SELECT seq - entries FROM journal ORDER BY seq LIMIT 1), 0)
         FROM journal";
    tx.query_row(sql, [], |row| Ok(row.get::<_, i64>(0)?.unsigned_abs()))
}

/// All counters twice: as they were kept, and as the journal adds up.
struct Recounted {
    cursor: u64,
    /// By key id.
    counters: BTreeMap<u32, Both>,
}

struct Both {
    key: KeyRow,
    /// None if it could not be read.
    kept: Option<Counter>,
    counted: Counter,
}

impl Recounted {
    fn load(tx: &Connection) -> Result<Self, Error> {
        let counters = keys::read_all(tx)?
            .into_iter()
            .map(|key| (key.id, Both { kept: None, counted: Counter::empty(key.kind), key }))
            .collect();
        Ok(Self { cursor: tally::cursor(tx)?, counters })
    }

    /// Reads every counter and every group; what is wrong with one does not stop the others.
    fn walk(
        mut self,
        tx: &Connection,
        verified: &mut Verified,
        look: &mut dyn FnMut(Progress),
    ) -> Result<Self, Error> {
        for both in self.counters.values_mut() {
            match rows::saved_counter(tx, &both.key) {
                Ok(counter) => both.kept = Some(counter),
                Err(error) => verified.findings.push(Finding::Unreadable(error)),
            }
        }
        // What was taken over from elsewhere the journal knows nothing of.
        for key_id in taken::key_ids(tx)? {
            if let Some(both) = self.counters.get_mut(&key_id) {
                both.kept = None;
            }
        }
        let n_before = verified.findings.len();
        let mut last = None;
        let total = n_entries(tx).map_err(Error::Read)?;
        for_each_group(tx, 0, |group| {
            if let Err(error) = self.fold(&group) {
                verified.findings.push(Finding::Unreadable(error));
            }
            let first = (group.last + 1).saturating_sub(group.n_entries);
            match last {
                None => verified.is_recounted = first == 1,
                Some(after) if first != after + 1 => {
                    verified.findings.push(Finding::Gap { after, before: first });
                }
                Some(_) => {}
            }
            last = Some(group.last);
            verified.entries += group.n_entries;
            look(Progress { done: verified.entries, total });
            Ok(Next::Group)
        })?;
        let ever = last_sequence(tx).map_err(Error::Read)?;
        match last {
            None => verified.is_recounted = ever == 0,
            Some(last) if last != ever => {
                verified.findings.push(Finding::Gap { after: last, before: ever + 1 });
            }
            Some(_) => {}
        }
        // What is missing or damaged in the journal is said once and not again for each counter.
        verified.is_recounted &= verified.findings.len() == n_before;
        Ok(self)
    }

    fn fold(&mut self, group: &StoredGroup<'_>) -> Result<(), Error> {
        let cursor = self.cursor;
        group.for_each(0, |sequence, record| {
            group.id(sequence)?;
            for update in record.updates {
                let (key_id, change) = update.map_err(|it| group.damaged(it))?;
                let both = self.counters.get_mut(&key_id).ok_or(Error::UnknownKey { key_id })?;
                both.counted.apply(change);
                if let Some(kept) = both.kept.as_mut().filter(|_| sequence > cursor) {
                    kept.apply(change);
                }
            }
            Ok(())
        })
    }

    fn compare(self, verified: &mut Verified) {
        if !verified.is_recounted {
            return;
        }
        let wrong = self
            .counters
            .into_values()
            .filter(|both| both.kept.as_ref().is_some_and(|kept| *kept != both.counted));
        verified
            .findings
            .extend(wrong.map(|both| Finding::Counter { key: both.key.text.to_string() }));
    }
}
