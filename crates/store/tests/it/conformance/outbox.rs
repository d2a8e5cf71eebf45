//! What destinations rejected, whatever the store is made of.

use internal_events_store::{
    Change, DeadLetter, Entry, Error, EventId, Group, Step, Store, StoredDeadLetter,
};

use super::{Place, append};

pub(super) fn conformance<P: Place>(make: impl Fn() -> P) {
    what_is_rejected_is_kept_with_its_reason(&make());
    what_is_thrown_away_or_tried_again_is_counted(&make());
    what_is_not_meant_for_a_destination_is_neither_delivered_nor_dropped(&make());
    the_oldest_make_room(&make());
}

fn letter(sequence: u64, reason: &'static str) -> DeadLetter<'static> {
    let id = EventId([u8::try_from(sequence).unwrap_or_default(); 16]);
    DeadLetter { sequence, id, accepted_at: 1_000, reason, event: br#"{"n":1}"# }
}

fn step<'a>(to: u64, rejected: &'a [DeadLetter<'a>], dropped: &'a [(&'a str, u64)]) -> Step<'a> {
    Step { to, keeps_after: to, state: "", dropped, skipped: &[], rejected, noted: &[] }
}

/// Rejects entries up to a number, one step each.
fn reject(store: &mut dyn Store, n: u64) {
    let mut cursor = store.cursor("there").unwrap();
    for sequence in 1..=n {
        append(store, &[&[("k", Change::Add(1))]]);
        let rejected = [letter(sequence, "400")];
        let step = step(sequence, &rejected, &[("rejected", 1)]);
        assert!(cursor.advance(sequence - 1, &step).unwrap());
    }
}

fn letters(store: &dyn Store) -> Vec<StoredDeadLetter> {
    store.reader().unwrap().dead_letters(0, usize::MAX).unwrap()
}

fn numbers(store: &dyn Store) -> Vec<u64> {
    letters(store).iter().map(|it| it.number).collect()
}

fn noted(store: &dyn Store, what: &str) -> u64 {
    let status = store.reader().unwrap().status().unwrap();
    status.deliveries["there"].noted.get(what).copied().unwrap_or_default()
}

fn what_is_rejected_is_kept_with_its_reason(place: &dyn Place) {
    let mut store = place.open();
    assert_eq!(letters(&*store), []);
    reject(&mut *store, 3);
    let kept = letters(&*store);
    let expected = StoredDeadLetter {
        number: 2,
        destination: "there".to_owned(),
        sequence: 2,
        id: EventId([2; 16]),
        accepted_at: 1_000,
        reason: "400".to_owned(),
        event: br#"{"n":1}"#.to_vec(),
    };
    assert_eq!(kept[1], expected);
    assert_eq!(numbers(&*store), [1, 2, 3]);
    let mut reader = store.reader().unwrap();
    let some: Vec<u64> = reader.dead_letters(1, 1).unwrap().iter().map(|it| it.number).collect();
    assert_eq!(some, [2]);
    let of = &reader.status().unwrap().deliveries["there"];
    assert_eq!((of.delivered, of.pending, of.dropped["rejected"]), (0, 0, 3));
}

fn what_is_thrown_away_or_tried_again_is_counted(place: &dyn Place) {
    let mut store = place.open();
    assert_eq!(store.drop_dead_letters(&[1]).unwrap(), 0, "there is none");
    reject(&mut *store, 4);
    assert_eq!(store.drop_dead_letters(&[1, 1, 99]).unwrap(), 1);
    assert_eq!(noted(&*store, "outbox_by_hand"), 1);
    let entry = |id: u8| Entry {
        id: EventId([id; 16]),
        accepted_at: 1_000,
        catalog: 0,
        event: b"{}",
        updates: &[],
        content: None,
    };
    let entries = [entry(2), entry(3)];
    let again = Group { entries: &entries, retried: &[2, 3], ..Group::default() };
    assert_eq!(store.append(&again).unwrap().range, 5..7);
    assert_eq!(numbers(&*store), [4]);
    assert_eq!(noted(&*store, "retried"), 2);
    // Somebody else was faster: nothing of the group is taken.
    let late = Group { entries: &entries, retried: &[4, 3], ..Group::default() };
    let error = store.append(&late).unwrap_err();
    assert!(matches!(error, Error::NotInOutbox { number: 3 }), "{error}");
    assert_eq!(numbers(&*store), [4]);
    let status = store.reader().unwrap().status().unwrap();
    assert_eq!(status.last_sequence, 6);
    let of = &status.deliveries["there"];
    assert_eq!((of.delivered, of.pending, of.dropped["rejected"]), (0, 2, 4));
}

fn what_is_not_meant_for_a_destination_is_neither_delivered_nor_dropped(place: &dyn Place) {
    let mut store = place.open();
    let mut cursor = store.cursor("there").unwrap();
    let one: &[_] = &[("k", Change::Add(1))];
    append(&mut *store, &[one; 5]);
    let some = Step { skipped: &[("not_requested", 2), ("other", 1)], ..step(4, &[], &[]) };
    assert!(cursor.advance(0, &some).unwrap());
    let of = store.reader().unwrap().status().unwrap().deliveries.remove("there").unwrap();
    assert_eq!((of.delivered, of.pending, of.dropped.len()), (1, 1, 0));
    let skipped: Vec<(&str, u64)> = of.skipped.iter().map(|(it, n)| (it.as_str(), *n)).collect();
    assert_eq!(skipped, [("not_requested", 2), ("other", 1)]);
    drop(cursor);
    // Forgotten and configured again, it begins anew.
    store.keep_destinations(&[]).unwrap();
    store.cursor("there").unwrap();
    let of = store.reader().unwrap().status().unwrap().deliveries.remove("there").unwrap();
    assert_eq!((of.delivered, of.pending, of.skipped.len()), (0, 0, 0));
}

fn the_oldest_make_room(place: &dyn Place) {
    let mut store = place.open();
    reject(&mut *store, 6);
    assert_eq!(numbers(&*store), [3, 4, 5, 6], "four have room");
    assert_eq!(noted(&*store, "outbox_full"), 2);
    append(&mut *store, &[&[("k", Change::Add(1))]]);
    let large = DeadLetter { event: &[b'x'; 90], ..letter(7, "413") };
    let mut cursor = store.cursor("there").unwrap();
    assert!(cursor.advance(6, &step(7, &[large], &[("rejected", 1)])).unwrap());
    assert_eq!(numbers(&*store), [6, 7], "a hundred bytes have room");
    assert_eq!(noted(&*store, "outbox_full"), 5);
}
