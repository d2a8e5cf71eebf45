//! Counters taken over from other places: what is new about them, once.

use std::collections::BTreeMap;
use std::path::Path;

use internal_events_store::{
    Change, Counter, Entry, EventId, Group, Kind, Options, Reader as _, Sqlite, Store as _, Taken,
    Update,
};

pub(crate) fn sketch(elements: std::ops::Range<u32>) -> Counter {
    let mut counter = Counter::empty(Kind::Unique);
    if let Counter::Unique(sketch) = &mut counter {
        for it in elements {
            sketch.insert(&it.to_le_bytes());
        }
    }
    counter
}

pub(crate) fn values(totals: &[(&[u8], u64)]) -> Counter {
    Counter::PerValue(totals.iter().map(|(value, n)| (value.to_vec(), *n)).collect())
}

/// Counters of every kind, as a place has them after so many days.
pub(crate) fn given(days: u32) -> Vec<(String, Counter)> {
    let n = u64::from(days);
    vec![
        ("{event_counters}_a".to_owned(), Counter::Total(n * 7)),
        ("{event_counters}_a-2026-47".to_owned(), Counter::Total(n)),
        ("USAGE_A".to_owned(), Counter::Total(1 << (50 + days))),
        ("{event_sums}_a".to_owned(), Counter::Sum(f64::from(days) * 0.1)),
        ("{event_sums}_a-2026-47".to_owned(), Counter::Sum(f64::from(days) * 1e-20)),
        ("{hll_counters}_a-user-2026-47".to_owned(), sketch(0..days * 3)),
        ("{hll_counters}_a-project".to_owned(), sketch(0..days * 4_000)),
        (
            "{hll_counters}_a-label".to_owned(),
            values(&[(b"gift", n), (b"\xff\0", n * n), (b"", n)]),
        ),
    ]
}

pub(crate) fn as_map(counters: &[(String, Counter)]) -> BTreeMap<String, Counter> {
    counters.iter().cloned().collect()
}

fn open(dir: &Path) -> Sqlite {
    Sqlite::open(dir, Options::default()).unwrap()
}

pub(crate) fn all(dir: &Path) -> BTreeMap<String, Counter> {
    let mut reader = Sqlite::reader(dir).unwrap().unwrap();
    let keys = reader.keys().unwrap();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let counters = reader.counters(&keys).unwrap();
    counters.iter().map(|(key, counter)| (key.to_owned(), counter.clone())).collect()
}

fn assert_sound(dir: &Path) {
    let verified = Sqlite::verify(dir).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
}

#[test]
fn what_is_new_is_added_and_added_once() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    for (days, expected) in [(1, Taken::Moved), (1, Taken::Unmoved), (3, Taken::Moved)] {
        for is_dry_run in [true, true, false] {
            let taken = store.take_over("there", &given(days), is_dry_run).unwrap();
            assert!(taken.iter().all(|it| *it == expected), "{days}: {taken:?}");
        }
    }
    let (found, mut expected) = (all(scratch.path()), as_map(&given(3)));
    // A sum grows by what it grew there, digit by digit.
    for key in ["{event_sums}_a", "{event_sums}_a-2026-47"] {
        let (Counter::Sum(found), Counter::Sum(there)) = (&found[key], &expected[key]) else {
            panic!("{key} is a sum");
        };
        assert!((found - there).abs() <= there * 1e-15, "{found} {there}");
        expected.insert(key.to_owned(), Counter::Sum(*found));
    }
    assert_eq!(found, expected);
    let before = store.take_over("there", &given(2), false).unwrap();
    assert_eq!(before[..3], [Taken::Behind, Taken::Behind, Taken::Behind]);
    assert_eq!(before[5..], [Taken::Unmoved, Taken::Unmoved, Taken::Behind]);
    assert_eq!(Sqlite::reader(scratch.path()).unwrap().unwrap().taken_from().unwrap(), ["there"]);
    drop(store);
    assert_sound(scratch.path());
}

#[test]
fn a_dry_run_makes_no_key() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    store.take_over("there", &given(1), true).unwrap();
    assert!(Sqlite::reader(scratch.path()).unwrap().unwrap().keys().unwrap().is_empty());
}

#[test]
fn what_cannot_be_taken_is_said_and_all_else_is_taken() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    append(&mut store, 0, &[("{event_sums}_a", Change::Add(1))]);
    let taken = store.take_over("there", &given(1), false).unwrap();
    let refused = "it is a counter of kind total here, not sum".to_owned();
    assert_eq!(taken[3], Taken::Refused(refused));
    assert_eq!(taken.iter().filter(|it| **it == Taken::Moved).count(), given(1).len() - 1);
}

fn append(store: &mut Sqlite, n: u128, changes: &[(&str, Change<'_>)]) {
    let updates: Vec<Update<'_>> = changes
        .iter()
        .map(|(key, change)| Update { key: store.intern(key), change: *change })
        .collect();
    let entry = Entry {
        id: EventId(n.to_be_bytes()),
        accepted_at: 0,
        catalog: 1,
        event: b"{}",
        updates: &updates,
        content: None,
    };
    store.append(&Group { entries: &[entry], ..Group::default() }).unwrap();
}

/// A server keeps counters in memory and writes them down now and then; what is taken over at any
/// moment between is neither lost nor doubled.
#[test]
fn counters_are_taken_over_beside_a_server_that_counts() {
    for n_between in 0..6 {
        let scratch = tempfile::tempdir().unwrap();
        let (mut server, mut copier) = (open(scratch.path()), open(scratch.path()));
        let (key, unique) = ("{event_counters}_a", "{hll_counters}_a-project");
        let count = |server: &mut Sqlite, n: u32| {
            let element = (1_000_000 + n).to_le_bytes();
            let changes = [(key, Change::Add(1)), (unique, Change::Observe(&element))];
            append(server, u128::from(n), &changes);
        };
        for n in 0..10 {
            if n == n_between {
                copier.take_over("there", &given(1), false).unwrap();
            }
            if n == n_between + 3 {
                copier.take_over("there", &given(2), false).unwrap();
            }
            count(&mut server, n);
            if n % 2 == 0 {
                server.checkpoint().unwrap();
            }
        }
        for _ in 0..3 {
            server.checkpoint().unwrap();
        }
        let mut expected = sketch(0..2 * 4_000);
        if let Counter::Unique(it) = &mut expected {
            (0..10_u32).for_each(|n| {
                it.insert(&(1_000_000 + n).to_le_bytes());
            });
        }
        let found = all(scratch.path());
        assert_eq!(found[key], Counter::Total(10 + 14), "{n_between}");
        assert_eq!(found[unique], expected, "{n_between}");
        assert_eq!(found["USAGE_A"], Counter::Total(1 << 52), "{n_between}");
        drop((server, copier));
        assert_sound(scratch.path());
    }
}

#[test]
fn values_without_room_are_taken_for_others() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    let many: BTreeMap<Vec<u8>, u64> =
        (0..10_003_u32).map(|it| (format!("{it:05}").into_bytes(), 2)).collect();
    let given = vec![("v".to_owned(), Counter::PerValue(many))];
    for expected in [Taken::Moved, Taken::Unmoved] {
        assert_eq!(store.take_over("there", &given, false).unwrap(), [expected]);
        let Counter::PerValue(totals) = &all(scratch.path())["v"] else {
            panic!("it is per value")
        };
        assert_eq!(totals.values().sum::<u64>(), 20_006);
        assert!(totals.len() <= 10_001, "{}", totals.len());
    }
}

#[test]
fn a_damaged_account_of_earlier_copies_adds_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    store.take_over("there", &given(2), false).unwrap();
    let before = all(scratch.path());
    let file = scratch.path().join("internal-events.db");
    let plain = rusqlite::Connection::open(file).unwrap();
    plain.execute("UPDATE taken SET amount = amount - 1 WHERE amount > 1", []).unwrap();
    drop(plain);
    let taken = store.take_over("there", &given(2), false).unwrap();
    let n_refused = taken.iter().filter(|it| matches!(it, Taken::Refused(_))).count();
    assert!(n_refused >= 4, "{taken:?}");
    assert_eq!(all(scratch.path()), before);
}
