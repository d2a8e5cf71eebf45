//! The keys of counters as a store knows them.

use internal_events_catalog::{Catalog, CounterId, CounterKind, Week};
use internal_events_store::{Key, Kind, Store};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The weeks whose counters live, the running one included.
const LIVE_WEEKS: i32 = 7;

/// Names all keys that a catalog knows and that live at a time, in milliseconds since 1970.
pub fn counter_keys(catalog: &Catalog, now_ms: i64) -> BTreeMap<String, Kind> {
    let week = Week::at_millisecond(now_ms);
    let weeks: Vec<Week> = (0..LIVE_WEEKS).map(|it| week.before(it)).collect();
    let of = |id: CounterId| {
        let kind = match catalog.counter(id).kind {
            CounterKind::Total => Kind::Total,
            CounterKind::Sum => Kind::Sum,
            CounterKind::Unique => Kind::Unique,
            CounterKind::PerValue => Kind::PerValue,
        };
        weeks.iter().map(move |week| (catalog.key(id, *week), kind))
    };
    catalog.counter_ids().flat_map(of).collect()
}

/// Tells whether a counter is of a week that is read no more.
pub fn is_expired(key: &str, now_ms: i64) -> bool {
    Week::of_key(key).is_some_and(|it| it.has_expired(now_ms))
}

/// Handles of the keys of recent catalogs and weeks, so that a key's text is built once a week.
#[derive(Debug, Default)]
pub(crate) struct KeyCache {
    /// The most recently used first.
    tables: Vec<KeyTable>,
}

#[derive(Debug)]
pub(crate) struct KeyTable {
    fingerprint: u64,
    week: Week,
    starts_ms: i64,
    ends_ms: i64,
    keys: Vec<Option<Key>>,
}

impl KeyCache {
    /// Enough for the turn of a week while definitions change.
    const TABLES: usize = 4;

    pub(crate) fn table(&mut self, catalog: &Arc<Catalog>, at: i64) -> &mut KeyTable {
        let found = self.tables.iter().position(|it| it.serves(catalog, at));
        match found {
            Some(0) => {}
            Some(idx) => self.tables[..=idx].rotate_right(1),
            None => {
                self.tables.truncate(Self::TABLES - 1);
                self.tables.insert(0, KeyTable::new(catalog, at));
            }
        }
        &mut self.tables[0]
    }
}

impl KeyTable {
    fn new(catalog: &Catalog, at: i64) -> Self {
        let week = Week::at_millisecond(at);
        Self {
            fingerprint: catalog.fingerprint(),
            week,
            starts_ms: week.before(1).end_millisecond(),
            ends_ms: week.end_millisecond(),
            keys: vec![None; catalog.n_counters()],
        }
    }

    fn serves(&self, catalog: &Catalog, at: i64) -> bool {
        (self.starts_ms..self.ends_ms).contains(&at) && self.fingerprint == catalog.fingerprint()
    }

    pub(crate) fn key(
        &mut self,
        counter: CounterId,
        catalog: &Catalog,
        store: &mut dyn Store,
    ) -> Key {
        let week = self.week;
        *self.keys[counter.index()].get_or_insert_with(|| store.intern(&catalog.key(counter, week)))
    }
}
