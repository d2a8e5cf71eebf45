//! Counts the journal again.

use std::collections::BTreeMap;

use crate::counters::Effect;
use crate::{Counter, Counters, Error, Reader};

/// Entries read at a time: a few megabytes of ordinary events.
const PAGE: usize = 10_000;

/// What the journal alone says.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Recount {
    /// How many entries the journal has.
    pub entries: u64,
    /// Sequence number of the first of them; above 1 once old entries have been dropped.
    pub first: Option<u64>,
    /// Sequence number of the last of them.
    pub last: Option<u64>,
    /// All counters they move, from nothing.
    pub counters: Counters,
}

/// Counts everything in the journal from nothing, without looking at the counters that were kept.
///
/// While the journal still has its first entry this equals
/// [`Reader::counters`], byte for byte.
///
/// # Errors
///
/// Fails if the journal cannot be read or is damaged.
pub fn recount(reader: &mut dyn Reader) -> Result<Recount, Error> {
    let mut res = Recount::default();
    let mut by_key = BTreeMap::new();
    loop {
        let entries = reader.entries(res.last.unwrap_or(0), PAGE)?;
        let Some(last) = entries.last() else {
            res.counters = Counters { by_key, ..Counters::default() };
            return Ok(res);
        };
        res.entries += entries.len() as u64;
        res.first = res.first.or(entries.first().map(|entry| entry.sequence));
        res.last = Some(last.sequence);
        for update in entries.iter().flat_map(|entry| &entry.updates) {
            count(&mut by_key, &update.key, update.change.as_change());
        }
    }
}

/// Moves one of several counters; the first change of a key decides its kind.
pub(crate) fn count(
    by_key: &mut BTreeMap<String, Counter>,
    key: &str,
    change: crate::Change<'_>,
) -> Effect {
    match by_key.get_mut(key) {
        Some(counter) => counter.apply(change),
        None => {
            let mut counter = Counter::empty(change.kind());
            let effect = counter.apply(change);
            by_key.insert(key.to_owned(), counter);
            effect
        }
    }
}
