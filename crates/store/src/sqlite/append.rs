//! One group on its way into the file.

use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::checksum::checksum;
use super::given::GivenIds;
use super::{as_integer, group, keys, last_sequence, outbox, quarantine, schema, sequence};
use crate::names::{Names, Stored};
use crate::record::Encoder;
use crate::window::{Sifted, newest};
use crate::{
    Appended, Change, DROPPED_NOT_A_NUMBER, DROPPED_WRONG_TYPE, DUPLICATE, Entry, Error, Group,
    ID_COLLISION, Key, Kind, Limits, REPLAYED, Update,
};

/// Why nothing of a group was taken.
#[derive(Debug)]
pub(super) enum Refused {
    Sqlite(rusqlite::Error),
    NotQuarantined { number: u64 },
    NotInOutbox { number: u64 },
}

impl From<rusqlite::Error> for Refused {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        match refused {
            Refused::Sqlite(source) => Self::Append(source),
            Refused::NotQuarantined { number } => Self::NotQuarantined { number },
            Refused::NotInOutbox { number } => Self::NotInOutbox { number },
        }
    }
}

/// One group on its way into the file.
pub(super) struct Appending<'a> {
    pub(super) connection: &'a Connection,
    pub(super) names: &'a mut Names,
    pub(super) encoder: &'a mut Encoder,
    pub(super) given: &'a mut GivenIds,
    pub(super) limits: &'a Limits,
    /// Keys this group learnt the numbers of; void if it is rolled back.
    pub(super) named: Vec<Key>,
}

impl Appending<'_> {
    pub(super) fn append(&mut self, group: &Group<'_>) -> Result<Appended, Refused> {
        let tx = Transaction::new_unchecked(self.connection, TransactionBehavior::Immediate)?;
        let first = last_sequence(&tx)? + 1;
        let sifted = self.given.sift(group.entries);
        let kept = sifted.as_ref().map(|it| it.kept(group.entries));
        let entries = kept.as_deref().unwrap_or(group.entries);
        let range = first..first + entries.len() as u64;
        let (n_wrong_type, n_not_a_number) = self.name_keys(entries)?;
        if !entries.is_empty() {
            let row_time = self.row_time(group)?;
            self.insert(entries, row_time.unwrap_or_default(), range.end - 1)?;
            self.given.insert(&tx, (entries, newest(group.entries)), range.end - 1)?;
        }
        let (n_duplicates, n_collisions) = sifted.as_ref().map_or((0, 0), Sifted::count);
        note(&tx, group.ledger)?;
        let own = [
            (DROPPED_WRONG_TYPE, n_wrong_type),
            (DROPPED_NOT_A_NUMBER, n_not_a_number),
            (DUPLICATE, n_duplicates),
            (ID_COLLISION, n_collisions),
            (REPLAYED, group.replayed.len() as u64),
        ];
        note(&tx, &own)?;
        for &number in group.replayed {
            if !quarantine::remove(&tx, number)? {
                return Err(Refused::NotQuarantined { number });
            }
        }
        for &number in group.retried {
            if !outbox::retry(&tx, number)? {
                return Err(Refused::NotInOutbox { number });
            }
        }
        quarantine::insert(&tx, group.quarantined, self.limits)?;
        tx.commit()?;
        self.given.settle();
        Ok(Appended::new(range, sifted.map_or_else(Vec::new, |it| it.outcomes(first))))
    }

    /// Returns the time by which the group grows old: that of its newest entry.
    ///
    /// What is replayed or tried again was received long ago and begins its time in the journal now.
    fn row_time(&self, group: &Group<'_>) -> rusqlite::Result<Option<i64>> {
        let newest = newest(group.entries);
        if group.replayed.is_empty() && group.retried.is_empty() {
            return Ok(newest);
        }
        let last: Option<i64> = self
            .connection
            .prepare_cached("SELECT accepted_at FROM journal ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| row.get(0))
            .optional()?;
        Ok(newest.max(last))
    }

    /// Makes sure that each key has a number, and counts the updates that will move nothing.
    fn name_keys(&mut self, entries: &[Entry<'_>]) -> rusqlite::Result<(u64, u64)> {
        let mut n_wrong_type = 0;
        let mut n_not_a_number = 0;
        for Update { key, change } in entries.iter().flat_map(|entry| entry.updates) {
            let stored = match self.names.get(*key).stored {
                Some(stored) => stored,
                None => self.name_key(*key, change.kind())?,
            };
            n_wrong_type += u64::from(stored.kind != change.kind());
            n_not_a_number += match change {
                Change::Sum(amount) => u64::from(stored.kind == Kind::Sum && !amount.is_finite()),
                _ => 0,
            };
        }
        Ok((n_wrong_type, n_not_a_number))
    }

    fn name_key(&mut self, key: Key, kind: Kind) -> rusqlite::Result<Stored> {
        let text = &*self.names.get(key).text;
        let stored = self
            .connection
            .prepare_cached("SELECT key_id, kind FROM keys WHERE key = ?1")?
            .query_row([text], |row| Ok(Stored { id: row.get(0)?, kind: schema::kind(row, 1)? }))
            .optional()?;
        let stored = match stored {
            Some(stored) => stored,
            None => keys::insert(self.connection, text, kind)?,
        };
        self.names.set_stored(key, Some(stored));
        self.named.push(key);
        Ok(stored)
    }

    fn insert(&mut self, entries: &[Entry<'_>], newest: i64, last: u64) -> rusqlite::Result<()> {
        let ids: Vec<[u8; 16]> = entries.iter().map(|entry| entry.id.0).collect();
        let names = &*self.names;
        self.encoder.encode(entries, |key| {
            names.get(key).stored.expect("invariant: keys are named before they are written").id
        });
        let records = self.encoder.stored();
        let before: Option<u64> = self
            .connection
            .prepare_cached("SELECT end_bytes FROM journal ORDER BY seq DESC LIMIT 1")?
            .query_row([], |row| sequence(row, 0))
            .optional()?;
        let (ids, n_entries) = (ids.as_flattened(), entries.len() as u64);
        let end_bytes = before.unwrap_or_default() + (ids.len() + records.len()) as u64;
        let columns = group::columns(last, n_entries, newest, (ids, records), end_bytes);
        self.connection
            .prepare_cached("INSERT INTO journal VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)")?
            .execute(params![
                as_integer(last),
                as_integer(n_entries),
                newest,
                ids,
                records,
                as_integer(end_bytes),
                checksum(&columns),
            ])?;
        Ok(())
    }

    /// Forgets what was learnt from a group that was not stored after all.
    pub(super) fn undo(self) {
        for key in self.named {
            self.names.set_stored(key, None);
        }
        self.given.undo();
    }
}

/// Adds to what the ledger has, where there is anything to add.
pub(super) fn note(tx: &Connection, counts: &[(&str, u64)]) -> rusqlite::Result<()> {
    for &(cause, n) in counts.iter().filter(|(_, n)| *n > 0) {
        tx.prepare_cached(
            "INSERT INTO ledger (cause, count) VALUES (?1, ?2)
             ON CONFLICT (cause) DO UPDATE SET count = count + excluded.count",
        )?
        .execute(params![cause, as_integer(n)])?;
    }
    Ok(())
}
