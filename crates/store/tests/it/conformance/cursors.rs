//! What the cursor of a destination does, whatever the store is made of.

use internal_events_store::{Change, Cursor, Delivery, Page, Step, Store};

use super::{Place, append, append_at, sequences};

const ALL: Page = Page { entries: usize::MAX, bytes: usize::MAX };

pub(super) fn conformance<P: Place>(make: impl Fn() -> P) {
    a_destination_finds_what_comes_after_it_was_configured(&make());
    a_page_has_so_many_entries_or_bytes_and_at_least_one(&make());
    a_cursor_moves_only_from_where_it_stands(&make());
    one_handle_leads_until_it_ends(&make());
    entries_stay_until_all_have_taken_them_and_want_none_again(&make());
    what_is_left_untaken_for_long_is_dropped_for_that_destination_alone(&make());
    a_destination_that_is_forgotten_begins_anew(&make());
    a_journal_with_another_name_goes_on_after_its_end(&make());
}

fn add(store: &mut dyn Store, n: u64) {
    for _ in 0..n {
        append(store, &[&[("k", Change::Add(1))]]);
    }
}

fn numbers(cursor: &mut dyn Cursor, after: u64, page: Page) -> Vec<u64> {
    cursor.entries(after, page).unwrap().iter().map(|it| it.sequence).collect()
}

fn to(to: u64) -> Step<'static> {
    Step { to, keeps_after: to, state: "", dropped: &[], skipped: &[], rejected: &[], noted: &[] }
}

fn delivery(store: &dyn Store, destination: &str) -> Delivery {
    let mut status = store.reader().unwrap().status().unwrap();
    let delivery = status.deliveries.remove(destination).expect("it is configured");
    assert_eq!(delivery.oldest_pending.is_some(), delivery.pending > 0);
    assert_eq!(delivery.pending_bytes > 0, delivery.pending > 0);
    delivery
}

fn a_destination_finds_what_comes_after_it_was_configured(place: &dyn Place) {
    let mut store = place.open();
    add(&mut *store, 2);
    let mut cursor = store.cursor("there").unwrap();
    let start = cursor.place().unwrap();
    assert_eq!((start.first, start.cursor, start.last), (1, 2, 2));
    assert_eq!(start.journal_id, store.reader().unwrap().status().unwrap().journal_id);
    assert_eq!(numbers(&mut *cursor, 2, ALL), [] as [u64; 0]);
    add(&mut *store, 2);
    assert_eq!(numbers(&mut *cursor, 2, ALL), [3, 4]);
    // Opened again, it is where it was.
    assert_eq!(store.cursor("there").unwrap().place().unwrap().cursor, 2);
    assert_eq!(store.cursor("later").unwrap().place().unwrap().cursor, 4);
    let of = delivery(&*store, "there");
    assert_eq!((of.delivered, of.pending), (0, 2));
    store.checkpoint().unwrap();
    let of = delivery(&*store, "counters");
    assert_eq!((of.delivered, of.pending), (4, 0));
}

fn a_page_has_so_many_entries_or_bytes_and_at_least_one(place: &dyn Place) {
    let mut store = place.open();
    let mut cursor = store.cursor("there").unwrap();
    // One group of four, and three of one.
    let observe: &[_] = &[("u", Change::Observe(b"0123456789"))];
    append(&mut *store, &[observe; 4]);
    add(&mut *store, 3);
    let mut check = |after, entries, bytes, expected: &[u64]| {
        assert_eq!(numbers(&mut *cursor, after, Page { entries, bytes }), expected);
    };
    check(0, 1, usize::MAX, &[1]);
    check(2, 3, usize::MAX, &[3, 4, 5]);
    check(2, 0, usize::MAX, &[]);
    check(0, usize::MAX, 1, &[1]);
    check(3, usize::MAX, 1, &[4]);
    check(6, usize::MAX, usize::MAX, &[7]);
    check(7, usize::MAX, usize::MAX, &[]);
}

fn a_cursor_moves_only_from_where_it_stands(place: &dyn Place) {
    let mut store = place.open();
    let (mut one, mut other) = (store.cursor("there").unwrap(), store.cursor("there").unwrap());
    add(&mut *store, 5);
    let step = Step { state: "a note", dropped: &[("poison", 1)], noted: &[("noted", 2)], ..to(3) };
    assert!(one.advance(0, &step).unwrap());
    assert!(!other.advance(0, &to(5)).unwrap(), "it is not there any more");
    let place = other.place().unwrap();
    assert_eq!((place.cursor, place.state.as_str()), (3, "a note"));
    let of = delivery(&*store, "there");
    assert_eq!((of.delivered, of.pending, of.dropped["poison"]), (2, 2, 1));
    assert_eq!(store.reader().unwrap().status().unwrap().ledger["noted"], 2);
    assert!(other.advance(3, &to(5)).unwrap());
    let of = delivery(&*store, "there");
    assert_eq!((of.delivered, of.pending, of.dropped["poison"]), (4, 0, 1));
}

fn one_handle_leads_until_it_ends(place: &dyn Place) {
    let store = place.open();
    let mut one = store.cursor("there").unwrap();
    let mut other = store.cursor("there").unwrap();
    let mut elsewhere = store.cursor("elsewhere").unwrap();
    for _ in 0..3 {
        assert!(one.leads().unwrap());
        assert!(!other.leads().unwrap());
        assert!(elsewhere.leads().unwrap());
    }
    drop(one);
    assert!(other.leads().unwrap());
}

fn entries_stay_until_all_have_taken_them_and_want_none_again(place: &dyn Place) {
    let mut store = place.open();
    let mut cursor = store.cursor("there").unwrap();
    for at in [0, 10, 20] {
        append_at(&mut *store, at, &[]).unwrap();
    }
    // Within the bounds of what may be left untaken, and beyond that of what is kept.
    append_at(&mut *store, 150, &[]).unwrap();
    let mut check = |from, step: Step<'_>, expected: &[u64]| {
        assert!(cursor.advance(from, &step).unwrap());
        store.checkpoint().unwrap();
        assert_eq!(sequences(place), expected);
    };
    check(0, Step { keeps_after: 0, ..to(2) }, &[1, 2, 3, 4]);
    check(2, Step { keeps_after: 1, ..to(3) }, &[2, 3, 4]);
    // What was given up is not had again.
    check(3, Step { keeps_after: 0, ..to(4) }, &[2, 3, 4]);
    check(4, to(4), &[4]);
}

fn what_is_left_untaken_for_long_is_dropped_for_that_destination_alone(place: &dyn Place) {
    let mut store = place.open();
    let mut quick = store.cursor("quick").unwrap();
    drop(store.cursor("dead").unwrap());
    for at in 0..5 {
        append_at(&mut *store, at * 100, &[]).unwrap();
        assert!(quick.advance(at.unsigned_abs(), &to(at.unsigned_abs() + 1)).unwrap());
        store.checkpoint().unwrap();
        let (quick, dead) = (delivery(&*store, "quick"), delivery(&*store, "dead"));
        let n = at.unsigned_abs() + 1;
        assert_eq!((quick.delivered, quick.pending), (n, 0));
        let dropped = dead.dropped.get("backlog").copied().unwrap_or_default();
        // What is older than 200 ms.
        assert_eq!((dead.delivered, dropped), (0, n.saturating_sub(3)));
        assert_eq!(dead.pending + dropped, n);
    }
}

fn a_destination_that_is_forgotten_begins_anew(place: &dyn Place) {
    let mut store = place.open();
    let mut gone = store.cursor("gone").unwrap();
    let mut stays = store.cursor("stays").unwrap();
    let mut used = store.cursor("used").unwrap();
    assert!(used.leads().unwrap() && gone.leads().unwrap());
    add(&mut *store, 5);
    assert!(gone.advance(0, &Step { dropped: &[("poison", 1)], ..to(2) }).unwrap());
    drop(gone);
    let forgotten = store.keep_destinations(&["stays"]).unwrap();
    let forgotten: Vec<_> =
        forgotten.iter().map(|it| (it.destination.as_str(), it.pending)).collect();
    assert_eq!(forgotten, [("gone", 3)], "another delivers to `used`");
    assert!(stays.place().is_ok() && used.place().is_ok());
    let status = store.reader().unwrap().status().unwrap();
    assert!(!status.cursors.contains_key("gone"));
    assert_eq!(status.ledger["forgotten:pending:gone"], 3);
    assert_eq!(status.ledger["forgotten:poison:gone"], 1);
    let mut back = store.cursor("gone").unwrap();
    assert_eq!(back.place().unwrap().cursor, 5);
    assert_eq!(delivery(&*store, "gone"), Delivery::default());
}

fn a_journal_with_another_name_goes_on_after_its_end(place: &dyn Place) {
    let mut store = place.open();
    let mut cursor = store.cursor("there").unwrap();
    add(&mut *store, 3);
    assert!(cursor.advance(0, &Step { state: "note", ..to(1) }).unwrap());
    let before = cursor.place().unwrap();
    let secret = store.reader().unwrap().secret().unwrap();
    assert_ne!(secret, before.journal_id);
    let after = cursor.rename_journal().unwrap();
    assert_ne!(after.journal_id, before.journal_id);
    assert_eq!(store.reader().unwrap().secret().unwrap(), secret, "the secret stays");
    assert_eq!((after.cursor, after.last, after.state.as_str()), (3, 3, ""));
    assert_eq!(cursor.place().unwrap(), after);
    add(&mut *store, 1);
    assert_eq!(numbers(&mut *cursor, 3, ALL), [4]);
}
