//! Holds what callers were told against what is in the data directory.

use super::load::Told;
use super::server::{Server, TOTAL, USERS};
use internal_events::store::{
    COUNTERS, Reader as _, Sqlite, SqliteReader, StoredChange, StoredEntry, recount,
};
use internal_events::{Scalar, decode_event};
use internal_events_catalog::{Catalog, CounterKind, Event, Week};
use internal_events_installation::Installation;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Catalogs by their fingerprints.
pub(super) type Catalogs = BTreeMap<u64, Catalog>;

/// Reads the definitions below roots, which are all that a server may have had.
pub(super) fn catalogs<'a>(roots: impl IntoIterator<Item = &'a Path>) -> Catalogs {
    let read = |root: &Path| Installation::open(root, |_| None).expect("it is readable").catalog();
    roots.into_iter().map(read).map(|it| (it.fingerprint(), it)).collect()
}

/// What the audit has found to be in order.
#[derive(Debug)]
pub(super) struct Audited {
    pub(super) events: u64,
    pub(super) users: u64,
    /// How many events were routed by each of the catalogs.
    pub(super) by_catalog: BTreeMap<u64, u64>,
    /// Up to where counters were written down; the others are counted by readers.
    pub(super) cursor: u64,
}

/// Checks that each order is where its caller was told it is, once, and counted as it was routed.
pub(super) fn audit(data: &Path, told: &Told, catalogs: &Catalogs) -> Audited {
    let mut reader = Sqlite::reader(data);
    let reader = reader.as_mut().expect("readable").as_mut().expect("there is a store");
    let entries = reader.entries(0, usize::MAX).expect("the journal is readable");
    let mut users = BTreeSet::new();
    let mut by_catalog = BTreeMap::new();
    let mut labels: BTreeMap<String, u32> = BTreeMap::new();
    for entry in &entries {
        let event = decode_event(&entry.event).expect("the journal has events");
        users.insert(event.user.as_ref().expect("every order has a user").to_string());
        *labels.entry(label(&event)).or_default() += 1;
        let catalog = catalogs.get(&entry.catalog).expect("a server had these definitions");
        assert_eq!(updates(entry), routed(catalog, &event, entry.accepted_at), "{event:?}");
        *by_catalog.entry(entry.catalog).or_default() += 1;
    }
    assert!(labels.values().all(|n| *n == 1), "no event is in the journal twice");
    for label in &told.accepted {
        assert!(labels.contains_key(label), "{label} was answered 200 and is not in the journal");
    }
    for label in told.refused.iter().chain(&told.kept_aside) {
        assert!(!labels.contains_key(label), "{label} was not answered 200 and is in the journal");
    }
    assert_kept_aside(reader, told);
    assert_counters_equal_a_recount(reader);
    let cursors = reader.status().expect("readable").cursors;
    let (events, users) = (entries.len() as u64, users.len() as u64);
    Audited { events, users, by_catalog, cursor: cursors[COUNTERS] }
}

fn label(event: &Event) -> String {
    match event.property("label") {
        Some(Scalar::Str(label)) => label.clone(),
        other => panic!("every order has a label, not {other:?}"),
    }
}

/// What the journal says an event moved: keys and, for sketches, elements.
fn updates(entry: &StoredEntry) -> Vec<(String, Option<String>)> {
    let of = |change: &StoredChange| match change {
        StoredChange::Observe(element) => Some(String::from_utf8_lossy(element).into_owned()),
        _ => None,
    };
    entry.updates.iter().map(|it| (it.key.to_string(), of(&it.change))).collect()
}

/// What an event moves by a catalog.
fn routed(catalog: &Catalog, event: &Event, at: i64) -> Vec<(String, Option<String>)> {
    let idx = catalog.find_event(&event.name).expect("the catalog knows it");
    let routed = catalog.route(idx, event).updates;
    let updates = routed.iter().map(|it| {
        let is_unique = catalog.counter(it.counter).kind == CounterKind::Unique;
        let mut element = String::new();
        it.operand.write_element(event, &mut element);
        (catalog.key(it.counter, Week::at_millisecond(at)), is_unique.then_some(element))
    });
    updates.collect()
}

/// Quarantine takes what comes and makes room when it is full; so only what fits can be asked for.
fn assert_kept_aside(reader: &mut SqliteReader, told: &Told) {
    let status = reader.status().expect("readable");
    assert!(status.quarantined >= told.kept_aside.len() as u64, "all were kept aside once");
    if status.ledger.contains_key(internal_events::store::DROPPED_QUARANTINE_FULL) {
        return;
    }
    let kept = reader.quarantined(usize::MAX).expect("readable");
    let mut labels: BTreeMap<String, u32> = BTreeMap::new();
    for it in kept {
        *labels.entry(label(&decode_event(&it.event).expect("an event"))).or_default() += 1;
    }
    for label in &told.kept_aside {
        assert_eq!(labels.get(label), Some(&1), "{label} was answered 202");
    }
}

fn assert_counters_equal_a_recount(reader: &mut SqliteReader) {
    let keys = reader.keys().expect("the keys are readable");
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let kept = reader.counters(&keys).expect("the counters are readable");
    let counted = recount(reader).expect("the journal is readable");
    assert!(!kept.is_empty(), "there are counters");
    assert_eq!(kept, counted.counters, "the counters are those of a recount");
}

impl Audited {
    /// Compares what a server answers with what the journal has.
    pub(super) fn assert_shown_by(&self, server: &Server) {
        assert_eq!(server.metric(TOTAL), self.events);
        let estimate = server.metric(USERS);
        // Four standard errors of 0.81 %: one run in 16,000 may fail for want of luck.
        let tolerance = self.users.div_ceil(31);
        let users = self.users;
        assert!(estimate.abs_diff(users) <= tolerance, "{estimate} for {users} in the journal");
    }
}
