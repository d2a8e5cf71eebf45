//! Counters in Redis together with what a journal of this machine has still to count there.

use std::collections::BTreeMap;

use super::{RedisOptions, RedisReader};
use crate::error::CounterDamage;
use crate::{CounterReader, Counters, Error, Kind, Reader};

/// Name of the destination that counts in Redis.
pub const REDIS: &str = "redis";

/// Entries of a tail read at a time.
const PAGE: usize = 10_000;

/// Reads counters in Redis, and adds what a journal of this machine has accepted since: whoever
/// tracks reads its own writes, also while Redis has not counted them.
pub struct RedisCounterReader {
    options: RedisOptions,
    /// Made for the journal it was last read with.
    reader: Option<(String, RedisReader)>,
    journal: Option<Box<dyn Reader>>,
}

impl std::fmt::Debug for RedisCounterReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RedisCounterReader").field("options", &self.options).finish_non_exhaustive()
    }
}

impl RedisCounterReader {
    /// Does no IO with Redis; without a journal, what Redis has is all there is.
    pub fn new(options: RedisOptions, journal: Option<Box<dyn Reader>>) -> Self {
        Self { options, reader: None, journal }
    }

    fn reader(&mut self, journal_id: &str) -> &mut RedisReader {
        let is_other = self.reader.as_ref().is_some_and(|(id, _)| id != journal_id);
        if is_other {
            self.reader = None;
        }
        let options = &self.options;
        let (_, reader) = self.reader.get_or_insert_with(|| {
            (journal_id.to_owned(), RedisReader::new(options.clone(), journal_id))
        });
        reader
    }
}

impl CounterReader for RedisCounterReader {
    fn read_counters(&mut self, keys: &[(&str, Kind)]) -> Result<Counters, Error> {
        // The cursor is read first: what Redis counts meanwhile is beyond it, and known by the
        // positions that come with the counters.
        let status = self.journal.as_mut().map(|it| it.status()).transpose()?;
        let cursor = status.as_ref().and_then(|it| it.cursors.get(REDIS)).copied();
        let journal_id = status.map(|it| it.journal_id).unwrap_or_default();
        let mut reading = self.reader(&journal_id).counters(keys)?;
        if let (Some(mut after), Some(journal)) = (cursor, &mut self.journal) {
            loop {
                let entries = journal.entries(after, PAGE)?;
                let Some(last) = entries.last() else { break };
                after = last.sequence;
                reading.add_tail(&entries);
            }
        }
        let mut counters = reading.counters;
        let strange: BTreeMap<String, CounterDamage> =
            reading.unreadable.into_iter().map(|it| (it.key, CounterDamage::Value)).collect();
        counters.damaged.extend(strange);
        Ok(counters)
    }
}
