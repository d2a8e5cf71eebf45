//! What every store does, whatever it is made of.
//!
//! [`conformance`] is run against each of them; a store is given as a [`Place`], where handles can
//! be opened again and again.

mod cursors;
mod outbox;

use std::ops::Range;
use std::path::Path;
use std::time::Duration;

use internal_events_store::{
    COUNTERS, Change, Counter, CounterError, DROPPED_BY_HAND, DROPPED_NOT_A_NUMBER,
    DROPPED_QUARANTINE_EXPIRED, DROPPED_QUARANTINE_FULL, DROPPED_WRONG_TYPE, DUPLICATE, Entry,
    Error, EventId, Group, ID_COLLISION, Kind, Limits, Memory, Options, Outcome, Quarantined,
    REPLAYED, Reader, Sqlite, Store, Update, recount,
};

/// Where one store is; opened several times it is several handles to the same data.
trait Place {
    fn open(&self) -> Box<dyn Store>;
}

/// Bounds that a test can reach: a few ids and events, some milliseconds.
fn limits() -> Limits {
    let mut limits = Limits::default();
    limits.window = Duration::from_millis(10);
    limits.window_ids = 3;
    limits.journal_keep = Duration::from_millis(100);
    limits.max_pending = Duration::from_millis(200);
    limits.outbox_events = 4;
    limits.outbox_bytes = 100;
    limits.quarantine_events = 3;
    limits.quarantine_bytes = 100;
    limits.quarantine_keep = Duration::from_millis(100);
    limits
}

impl Place for Memory {
    fn open(&self) -> Box<dyn Store> {
        Box::new(self.clone())
    }
}

impl Place for tempfile::TempDir {
    fn open(&self) -> Box<dyn Store> {
        Box::new(open_sqlite(self.path()))
    }
}

fn open_sqlite(dir: &Path) -> Sqlite {
    Sqlite::open(&dir.join("data"), Options { limits: limits(), ..Options::default() }).unwrap()
}

#[test]
fn memory_conforms() {
    conformance(|| Memory::with_limits(&limits()));
}

#[test]
fn sqlite_conforms() {
    conformance(|| tempfile::tempdir().unwrap());
}

fn conformance<P: Place>(make: impl Fn() -> P) {
    empty_store_reads_as_nothing(&make());
    every_change_moves_its_kind_of_counter(&make());
    entries_come_back_as_they_went_in(&make());
    sequence_numbers_are_contiguous_across_handles_and_reopening(&make());
    appended_is_read_before_and_after_a_checkpoint(&make());
    first_use_decides_the_kind_and_later_ones_are_counted_drops(&make());
    amounts_that_are_not_finite_are_counted_drops(&make());
    totals_stop_at_the_largest_number(&make());
    ledger_and_quarantine_are_kept(&make());
    groups_without_entries_take_no_numbers(&make());
    handles_see_each_other(&make());
    any_bytes_are_kept(&make());
    what_was_accepted_lately_is_not_accepted_again(&make());
    the_id_of_another_event_is_replaced_by_one_that_is_found_again(&make());
    the_window_ends_with_its_time_or_its_number(&make());
    entries_leave_the_journal_and_stay_counted(&make());
    the_oldest_events_kept_aside_make_room(&make());
    events_kept_aside_are_replayed_once_or_not_at_all(&make());
    a_replayed_entry_begins_its_time_in_the_journal(&make());
    cursors::conformance(&make);
    outbox::conformance(&make);
}

/// Appends one entry for each list of updates.
fn append(store: &mut dyn Store, entries: &[&[(&str, Change<'_>)]]) -> Range<u64> {
    let updates: Vec<Vec<Update<'_>>> = entries
        .iter()
        .map(|updates| {
            updates.iter().map(|&(key, change)| Update { key: store.intern(key), change }).collect()
        })
        .collect();
    let entries: Vec<Entry<'_>> = updates
        .iter()
        .map(|updates| Entry {
            id: EventId([7; 16]),
            accepted_at: 1_795_000_000_000,
            catalog: 1,
            event: b"{}",
            updates,
            content: None,
        })
        .collect();
    store.append(&Group { entries: &entries, ..Group::default() }).unwrap().range
}

/// The kept counters equal those counted from the journal alone.
fn assert_balanced(reader: &mut dyn Reader) {
    let keys = reader.keys().unwrap();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert_eq!(reader.counters(&keys).unwrap(), recount(reader).unwrap().counters);
}

fn empty_store_reads_as_nothing(place: &dyn Place) {
    let mut store = place.open();
    store.checkpoint().unwrap();
    let mut reader = store.reader().unwrap();
    let counters = reader.counters(&["a", "b"]).unwrap();
    assert!(counters.is_empty());
    assert_eq!(counters.total("a"), Ok(0));
    assert_eq!(counters.sketch("a"), Ok(None));
    assert_eq!(counters.sum("a"), Ok(0.0));
    assert!(counters.per_value("a").unwrap().is_empty());
    assert_eq!(reader.entries(0, 10).unwrap(), []);
    assert_eq!(reader.quarantined(10).unwrap(), []);
    let status = reader.status().unwrap();
    assert_eq!((status.last_sequence, status.cursors[COUNTERS]), (0, 0));
    assert_eq!((status.quarantine_size, status.quarantined, status.ledger.len()), (0, 0, 0));
    assert_eq!(status.journal_id.len(), 32);
}

fn every_change_moves_its_kind_of_counter(place: &dyn Place) {
    let mut store = place.open();
    append(
        &mut *store,
        &[
            &[("t", Change::Add(2)), ("u", Change::Observe(b"1")), ("s", Change::Sum(0.5))],
            &[("t", Change::Add(3)), ("u", Change::Observe(b"2")), ("v", Change::Count(b"x"))],
            &[("u", Change::Observe(b"1")), ("v", Change::Count(b"y")), ("v", Change::Count(b"x"))],
            &[("s", Change::Sum(-2.0))],
        ],
    );
    let mut reader = store.reader().unwrap();
    let counters = reader.counters(&["t", "u", "s", "v", "absent"]).unwrap();
    assert_eq!(counters.total("t"), Ok(5));
    assert_eq!(counters.sketch("u").unwrap().unwrap().estimate(), 2);
    assert_eq!(counters.sum("s"), Ok(-1.5));
    let per_value: Vec<_> = counters.per_value("v").unwrap().iter().collect();
    assert_eq!(per_value, [(&b"x".to_vec(), &2), (&b"y".to_vec(), &1)]);
    assert_eq!(counters.len(), 4);
    assert_eq!(reader.keys().unwrap(), ["s", "t", "u", "v"]);
    assert_balanced(&mut *reader);
}

fn entries_come_back_as_they_went_in(place: &dyn Place) {
    let mut store = place.open();
    let updates = [
        Update { key: store.intern("t"), change: Change::Add(u64::MAX) },
        Update { key: store.intern("u"), change: Change::Observe(b"\xff\0") },
        Update { key: store.intern("s"), change: Change::Sum(-0.0) },
        Update { key: store.intern("t"), change: Change::Count(b"") },
    ];
    let times = [i64::MIN, -1, 0, 1_795_000_000_000, i64::MAX, 5];
    let entries: Vec<Entry<'_>> = times
        .iter()
        .zip(0..)
        .map(|(&accepted_at, idx)| Entry {
            id: EventId([idx; 16]),
            accepted_at,
            catalog: u64::MAX - u64::from(idx / 2),
            event: &b"{\"event\":\"x\"}"[..usize::from(idx)],
            updates: &updates[..usize::from(idx).min(4)],
            content: None,
        })
        .collect();
    let group = Group { entries: &entries, ..Group::default() };
    assert_eq!(store.append(&group).unwrap().range, 1..7);
    let mut reader = store.reader().unwrap();
    let stored = reader.entries(0, 100).unwrap();
    assert_eq!(stored.len(), entries.len());
    for (stored, entry) in stored.iter().zip(&entries) {
        assert_eq!(stored.id, entry.id);
        assert_eq!(stored.accepted_at, entry.accepted_at);
        assert_eq!(stored.catalog, entry.catalog);
        assert_eq!(stored.event, entry.event);
        let read: Vec<_> = stored.updates.iter().map(|it| it.change.as_change()).collect();
        let written: Vec<_> = entry.updates.iter().map(|it| it.change).collect();
        assert_eq!(read, written);
    }
    assert_eq!(&*stored[3].updates[2].key, "s");
    // Any window of the journal is the same entries.
    for (after, limit) in [(0, 1), (2, 2), (4, 9), (6, 1), (99, 1), (3, 0)] {
        let window = reader.entries(after, limit).unwrap();
        let expected: Vec<_> =
            stored.iter().filter(|it| it.sequence > after).take(limit).cloned().collect();
        assert_eq!(window, expected, "{limit} entries after {after}");
    }
}

fn sequence_numbers_are_contiguous_across_handles_and_reopening(place: &dyn Place) {
    let mut one = place.open();
    let mut two = place.open();
    assert_eq!(append(&mut *one, &[&[], &[]]), 1..3);
    assert_eq!(append(&mut *two, &[&[]]), 3..4);
    assert_eq!(append(&mut *one, &[&[]]), 4..5);
    drop((one, two));
    let mut again = place.open();
    assert_eq!(append(&mut *again, &[&[]]), 5..6);
    let sequences: Vec<u64> =
        again.reader().unwrap().entries(0, 9).unwrap().iter().map(|it| it.sequence).collect();
    assert_eq!(sequences, [1, 2, 3, 4, 5]);
}

fn appended_is_read_before_and_after_a_checkpoint(place: &dyn Place) {
    let mut store = place.open();
    let mut reader = store.reader().unwrap();
    for round in 1..=5 {
        append(&mut *store, &[&[("t", Change::Add(1)), ("s", Change::Sum(0.1))]]);
        assert_eq!(reader.counters(&["t"]).unwrap().total("t"), Ok(round));
        let before = reader.counters(&["t", "s"]).unwrap();
        store.checkpoint().unwrap();
        assert_eq!(reader.counters(&["t", "s"]).unwrap(), before);
        assert_eq!(reader.status().unwrap().cursors[COUNTERS], round);
        assert_balanced(&mut *reader);
    }
}

fn first_use_decides_the_kind_and_later_ones_are_counted_drops(place: &dyn Place) {
    let mut store = place.open();
    append(&mut *store, &[&[("k", Change::Add(1)), ("k", Change::Observe(b"1"))]]);
    append(
        &mut *store,
        &[&[("k", Change::Sum(1.0)), ("k", Change::Add(1)), ("k", Change::Count(b"v"))]],
    );
    store.checkpoint().unwrap();
    let mut reader = store.reader().unwrap();
    let counters = reader.counters(&["k"]).unwrap();
    assert_eq!(counters.total("k"), Ok(2));
    let wrong = counters.sketch("k").unwrap_err();
    assert!(matches!(wrong, CounterError::WrongType { is: Kind::Total, wanted: Kind::Unique, .. }));
    assert_eq!(wrong.to_string(), "`k` is a counter of kind total, not unique");
    assert!(counters.sum("k").is_err() && counters.per_value("k").is_err());
    assert_eq!(reader.status().unwrap().ledger[DROPPED_WRONG_TYPE], 3);
    assert_balanced(&mut *reader);
}

fn amounts_that_are_not_finite_are_counted_drops(place: &dyn Place) {
    let mut store = place.open();
    let amounts = [f64::NAN, 1.5, f64::INFINITY, f64::NEG_INFINITY];
    for amount in amounts {
        append(&mut *store, &[&[("s", Change::Sum(amount))]]);
        store.checkpoint().unwrap();
    }
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.counters(&["s"]).unwrap().sum("s"), Ok(1.5));
    assert_eq!(reader.status().unwrap().ledger[DROPPED_NOT_A_NUMBER], 3);
    assert_balanced(&mut *reader);
}

fn totals_stop_at_the_largest_number(place: &dyn Place) {
    let mut store = place.open();
    for amount in [u64::MAX, 1, u64::MAX] {
        append(&mut *store, &[&[("t", Change::Add(amount))]]);
        store.checkpoint().unwrap();
    }
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.counters(&["t"]).unwrap().get("t"), Some(&Counter::Total(i64::MAX as u64)));
}

fn ledger_and_quarantine_are_kept(place: &dyn Place) {
    let mut store = place.open();
    for event in [&b"{\"event\":\"?\"}"[..], b"\xff"] {
        let quarantined = [Quarantined { received_at: 5, reason: "unknown_event", event }];
        let ledger = [("refused:unknown_event", 2), ("duplicate", 1)];
        let group = Group { quarantined: &quarantined, ledger: &ledger, ..Group::default() };
        store.append(&group).unwrap();
    }
    drop(store);
    let mut reader = place.open().reader().unwrap();
    let kept = reader.quarantined(10).unwrap();
    assert_eq!(kept.iter().map(|it| it.number).collect::<Vec<_>>(), [1, 2]);
    assert_eq!(kept[0].event, b"{\"event\":\"?\"}");
    assert_eq!(kept[1].event, b"\xff");
    assert_eq!((kept[1].received_at, &*kept[1].reason), (5, "unknown_event"));
    assert_eq!(reader.quarantined(1).unwrap(), kept[..1]);
    let status = reader.status().unwrap();
    assert_eq!((status.quarantine_size, status.quarantined), (2, 2));
    assert_eq!(status.ledger["refused:unknown_event"], 4);
    assert_eq!(status.ledger["duplicate"], 2);
}

fn groups_without_entries_take_no_numbers(place: &dyn Place) {
    let mut store = place.open();
    assert_eq!(store.append(&Group::default()).unwrap().range, 1..1);
    append(&mut *store, &[&[]]);
    let group = Group { ledger: &[("duplicate", 1)], ..Group::default() };
    assert_eq!(store.append(&group).unwrap().range, 2..2);
    assert_eq!(append(&mut *store, &[&[]]), 2..3);
}

fn handles_see_each_other(place: &dyn Place) {
    let mut one = place.open();
    let mut two = place.open();
    for round in 1..=3_u8 {
        append(&mut *one, &[&[("t", Change::Add(1)), ("u", Change::Observe(&[round]))]]);
        // Keys are interned in another order here: handles share text, not numbers.
        append(&mut *two, &[&[("u", Change::Observe(&[round])), ("t", Change::Add(1))]]);
        one.checkpoint().unwrap();
        two.checkpoint().unwrap();
        append(&mut *two, &[&[("u", Change::Observe(&[round, 1])), ("t", Change::Add(1))]]);
        for store in [&one, &two] {
            let mut reader = store.reader().unwrap();
            let counters = reader.counters(&["t", "u"]).unwrap();
            assert_eq!(counters.total("t"), Ok(u64::from(round) * 3));
            assert_eq!(counters.sketch("u").unwrap().unwrap().estimate(), u64::from(round) * 2);
            assert_balanced(&mut *reader);
        }
    }
}

fn any_bytes_are_kept(place: &dyn Place) {
    let mut store = place.open();
    let values = [&b""[..], b"text", b"with\0zero", b"\xff\xfe", "ü".as_bytes(), b"7", b"1.0"];
    for value in values {
        append(&mut *store, &[&[("v", Change::Count(value)), ("\u{fc} {x}'\0", Change::Add(1))]]);
        store.checkpoint().unwrap();
        append(&mut *store, &[&[("v", Change::Count(value))]]);
    }
    store.checkpoint().unwrap();
    let mut reader = store.reader().unwrap();
    let counters = reader.counters(&["v", "\u{fc} {x}'\0"]).unwrap();
    let mut expected: Vec<_> = values.iter().map(|it| (it.to_vec(), 2)).collect();
    expected.sort();
    let found = counters.per_value("v").unwrap().clone();
    assert_eq!(found.into_iter().collect::<Vec<_>>(), expected);
    assert_eq!(counters.total("\u{fc} {x}'\0"), Ok(values.len() as u64));
    assert_balanced(&mut *reader);
}

/// Appends one group of events with given ids and contents that count one each.
fn append_given(store: &mut dyn Store, at: i64, given: &[(u8, u64)]) -> Vec<Outcome> {
    let updates = [Update { key: store.intern("t"), change: Change::Add(1) }];
    let entries: Vec<Entry<'_>> = given
        .iter()
        .map(|&(id, content)| Entry {
            id: EventId([id; 16]),
            accepted_at: at,
            catalog: 1,
            event: b"{}",
            updates: &updates,
            content: Some(content),
        })
        .collect();
    let appended = store.append(&Group { entries: &entries, ..Group::default() }).unwrap();
    let outcomes: Vec<Outcome> = appended.outcomes().collect();
    let n_duplicates = outcomes.iter().filter(|it| **it == Outcome::Duplicate).count() as u64;
    assert_eq!(appended.n_duplicates(), n_duplicates);
    assert_eq!(appended.range.end - appended.range.start, given.len() as u64 - n_duplicates);
    outcomes
}

fn accepted(sequence: u64) -> Outcome {
    Outcome::Accepted { sequence }
}

fn what_was_accepted_lately_is_not_accepted_again(place: &dyn Place) {
    let (mut one, mut two) = (place.open(), place.open());
    assert_eq!(append_given(&mut *one, 0, &[(1, 1), (2, 1)]), [accepted(1), accepted(2)]);
    assert_eq!(append_given(&mut *one, 0, &[(1, 1)]), [Outcome::Duplicate]);
    // Another handle knows it too, and what it accepts is known to the first.
    let outcomes = append_given(&mut *two, 1, &[(2, 1), (3, 1), (3, 1)]);
    assert_eq!(outcomes, [Outcome::Duplicate, accepted(3), Outcome::Duplicate]);
    // Events without a given id lie between, and are never looked up.
    assert_eq!(append_at(&mut *one, 2, &[]).unwrap(), 4);
    assert_eq!(append_at(&mut *two, 2, &[]).unwrap(), 5);
    assert_eq!(append_given(&mut *one, 2, &[(3, 1), (1, 1)]), [Outcome::Duplicate; 2]);
    drop((one, two));
    let mut again = place.open();
    assert_eq!(append_given(&mut *again, 3, &[(1, 1), (3, 1)]), [Outcome::Duplicate; 2]);
    again.checkpoint().unwrap();
    let mut reader = again.reader().unwrap();
    assert_eq!(reader.counters(&["t"]).unwrap().total("t"), Ok(5));
    let status = reader.status().unwrap();
    assert_eq!((status.last_sequence, status.ledger[DUPLICATE]), (5, 7));
    assert!(!status.ledger.contains_key(ID_COLLISION));
    assert_balanced(&mut *reader);
}

fn the_id_of_another_event_is_replaced_by_one_that_is_found_again(place: &dyn Place) {
    let (mut one, mut two) = (place.open(), place.open());
    assert_eq!(append_given(&mut *one, 0, &[(1, 1)]), [accepted(1)]);
    let outcomes = append_given(&mut *two, 0, &[(1, 2), (1, 1), (1, 2)]);
    let [Outcome::Collision { sequence: 2, id }, Outcome::Duplicate, Outcome::Duplicate] =
        outcomes[..]
    else {
        panic!("{outcomes:?}")
    };
    assert_ne!(id, EventId([1; 16]));
    assert_eq!(&id.to_string()[14..15], "8", "{id} is a UUID of version 8");
    assert_eq!(append_given(&mut *one, 0, &[(1, 2)]), [Outcome::Duplicate]);
    let mut reader = one.reader().unwrap();
    let entries = reader.entries(0, 9).unwrap();
    assert_eq!(entries.iter().map(|it| it.id).collect::<Vec<_>>(), [EventId([1; 16]), id]);
    let status = reader.status().unwrap();
    assert_eq!((status.ledger[DUPLICATE], status.ledger[ID_COLLISION]), (3, 1));
    assert_balanced(&mut *reader);
}

fn the_window_ends_with_its_time_or_its_number(place: &dyn Place) {
    let (mut one, mut two) = (place.open(), place.open());
    append_given(&mut *one, 0, &[(1, 1)]);
    assert_eq!(append_given(&mut *two, 10, &[(1, 1)]), [Outcome::Duplicate], "ten later");
    assert_eq!(append_given(&mut *two, 11, &[(1, 1)]), [accepted(2)], "eleven later");
    assert_eq!(append_given(&mut *one, 12, &[(1, 1)]), [Outcome::Duplicate]);
    // The fourth id puts out the first of three; a clock that is set back changes nothing.
    assert_eq!(append_given(&mut *one, 5, &[(2, 1), (3, 1)]), [accepted(3), accepted(4)]);
    assert_eq!(append_given(&mut *two, 12, &[(1, 1), (4, 1)]), [Outcome::Duplicate, accepted(5)]);
    assert_eq!(append_given(&mut *one, 13, &[(2, 1), (1, 1)]), [Outcome::Duplicate, accepted(6)]);
    assert_balanced(&mut *one.reader().unwrap());
}

fn append_at(store: &mut dyn Store, at: i64, replayed: &[u64]) -> Result<u64, Error> {
    let updates = [Update { key: store.intern("t"), change: Change::Add(1) }];
    let entry = Entry {
        id: EventId([7; 16]),
        accepted_at: at,
        catalog: 1,
        event: b"{}",
        updates: &updates,
        content: None,
    };
    let group = Group { entries: &[entry], replayed, ..Group::default() };
    store.append(&group).map(|appended| appended.range.start)
}

fn sequences(place: &dyn Place) -> Vec<u64> {
    let entries = place.open().reader().unwrap().entries(0, 99).unwrap();
    entries.iter().map(|it| it.sequence).collect()
}

fn entries_leave_the_journal_and_stay_counted(place: &dyn Place) {
    let mut store = place.open();
    for (at, expected) in [
        (1_000, &[1][..]),
        (1_050, &[1, 2]),
        (1_100, &[1, 2, 3]),
        (1_101, &[2, 3, 4]),
        (1_200, &[3, 4, 5]),
        (9_000, &[6]),
    ] {
        append_at(&mut *store, at, &[]).unwrap();
        store.checkpoint().unwrap();
        assert_eq!(sequences(place), expected, "at {at}");
    }
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.counters(&["t"]).unwrap().total("t"), Ok(6));
    assert_eq!(recount(&mut *reader).unwrap().first, Some(6));
    drop((reader, store));
    let mut store = place.open();
    assert_eq!(append_at(&mut *store, 9_000, &[]).unwrap(), 7);
    assert_eq!(store.reader().unwrap().counters(&["t"]).unwrap().total("t"), Ok(7));
}

fn keep_aside(store: &mut dyn Store, received_at: i64, events: &[&[u8]]) {
    let quarantined: Vec<_> = events
        .iter()
        .map(|event| Quarantined { received_at, reason: "unknown_event", event })
        .collect();
    store.append(&Group { quarantined: &quarantined, ..Group::default() }).unwrap();
}

fn kept_aside(store: &dyn Store) -> Vec<u64> {
    let kept = store.reader().unwrap().quarantined(99).unwrap();
    kept.iter().map(|it| it.number).collect()
}

/// What was ever kept aside is there, was replayed or was dropped.
fn assert_quarantine_balanced(store: &dyn Store) {
    let status = store.reader().unwrap().status().unwrap();
    let causes = [DROPPED_BY_HAND, DROPPED_QUARANTINE_EXPIRED, DROPPED_QUARANTINE_FULL, REPLAYED];
    let gone: u64 = causes.iter().filter_map(|cause| status.ledger.get(*cause)).sum();
    assert_eq!(status.quarantined, status.quarantine_size + gone);
}

fn the_oldest_events_kept_aside_make_room(place: &dyn Place) {
    let (mut one, mut two) = (place.open(), place.open());
    keep_aside(&mut *one, 0, &[b"1", b"2"]);
    keep_aside(&mut *two, 0, &[b"3", b"4"]);
    assert_eq!(kept_aside(&*one), [2, 3, 4], "three at most");
    keep_aside(&mut *one, 50, &[&[b'5'; 99]]);
    assert_eq!(kept_aside(&*one), [4, 5], "a hundred bytes at most");
    keep_aside(&mut *two, 50, &[&[b'6'; 101]]);
    assert_eq!(kept_aside(&*one), [], "nothing that is larger than all may be");
    keep_aside(&mut *two, 60, &[b"7"]);
    keep_aside(&mut *two, 160, &[b"8"]);
    assert_eq!(kept_aside(&*one), [7, 8]);
    keep_aside(&mut *two, 161, &[b"9"]);
    assert_eq!(kept_aside(&*one), [8, 9], "a hundred milliseconds at most");
    append_at(&mut *one, 261, &[]).unwrap();
    one.checkpoint().unwrap();
    assert_eq!(kept_aside(&*one), [9], "also when nothing else is kept aside");
    let ledger = one.reader().unwrap().status().unwrap().ledger;
    assert_eq!((ledger[DROPPED_QUARANTINE_FULL], ledger[DROPPED_QUARANTINE_EXPIRED]), (6, 2));
    assert_quarantine_balanced(&*one);
}

fn events_kept_aside_are_replayed_once_or_not_at_all(place: &dyn Place) {
    let (mut one, mut two) = (place.open(), place.open());
    keep_aside(&mut *one, 5, &[b"1", b"2", b"3"]);
    assert_eq!(append_at(&mut *one, 5, &[2]).unwrap(), 1);
    assert_eq!(kept_aside(&*two), [1, 3]);
    let refused = append_at(&mut *two, 5, &[1, 2]).unwrap_err();
    assert!(matches!(refused, Error::NotQuarantined { number: 2 }), "{refused}");
    assert_eq!(kept_aside(&*two), [1, 3], "nothing of a refused group has happened");
    assert_eq!(sequences(place), [1]);
    assert_eq!(two.drop_quarantined(&[3, 2, 99]).unwrap(), 1);
    assert_eq!(append_at(&mut *two, 5, &[1]).unwrap(), 2);
    assert_eq!(kept_aside(&*one), []);
    let mut reader = one.reader().unwrap();
    assert_eq!(reader.counters(&["t"]).unwrap().total("t"), Ok(2));
    let ledger = reader.status().unwrap().ledger;
    assert_eq!((ledger[REPLAYED], ledger[DROPPED_BY_HAND]), (2, 1));
    assert_quarantine_balanced(&*one);
    assert_balanced(&mut *reader);
}

fn a_replayed_entry_begins_its_time_in_the_journal(place: &dyn Place) {
    let mut store = place.open();
    keep_aside(&mut *store, 0, &[b"1"]);
    append_at(&mut *store, 90, &[]).unwrap();
    append_at(&mut *store, 0, &[1]).unwrap();
    append_at(&mut *store, 190, &[]).unwrap();
    store.checkpoint().unwrap();
    assert_eq!(sequences(place), [1, 2, 3]);
    let entries = store.reader().unwrap().entries(1, 1).unwrap();
    assert_eq!(entries[0].accepted_at, 0, "it counts in the week in which it was received");
    append_at(&mut *store, 191, &[]).unwrap();
    store.checkpoint().unwrap();
    assert_eq!(sequences(place), [3, 4]);
}
