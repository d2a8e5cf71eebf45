//! Damaged counters: counted again from the journal, or begun anew when it has not everything.

use std::fs;
use std::path::Path;
use std::time::Duration;

use internal_events_store::{
    Change, Counter, Counters, Entry, EventId, Group, Kind, Limits, Options, RECOUNTED,
    Reader as _, Remedy, SET_ASIDE, Sqlite, Store as _, Update,
};

const KEYS: [&str; 4] = ["t", "u", "s", "v"];

fn open(dir: &Path) -> Sqlite {
    Sqlite::open(dir, Options::default()).unwrap()
}

fn db(dir: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(dir.join("internal-events.db")).unwrap()
}

/// Appends groups of one entry each that move a counter of each kind.
fn fill(store: &mut Sqlite, groups: std::ops::Range<u64>) {
    let keys = KEYS.map(|key| store.intern(key));
    for n in groups {
        let text = n.to_string();
        let changes = [
            Change::Add(n),
            Change::Observe(text.as_bytes()),
            Change::Sum(0.1),
            Change::Count(&text.as_bytes()[..1]),
        ];
        let updates: [Update<'_>; 4] =
            std::array::from_fn(|it| Update { key: keys[it], change: changes[it] });
        let mut id = [7; 16];
        id[..8].copy_from_slice(&n.to_le_bytes());
        let accepted_at = i64::try_from(n).unwrap() * 1000;
        let (id, event) = (EventId(id), b"{}".as_slice());
        let entry = Entry { id, accepted_at, catalog: 1, event, updates: &updates, content: None };
        store.append(&Group { entries: &[entry], ..Group::default() }).unwrap();
    }
}

fn counters(dir: &Path) -> Counters {
    Sqlite::reader(dir).unwrap().unwrap().counters(&KEYS).unwrap()
}

fn ledger(dir: &Path, cause: &str) -> u64 {
    let status = Sqlite::reader(dir).unwrap().unwrap().status().unwrap();
    status.ledger.get(cause).copied().unwrap_or_default()
}

#[track_caller]
fn assert_sound(dir: &Path) {
    let findings = Sqlite::verify(dir).unwrap().findings;
    assert!(findings.is_empty(), "{findings:?}");
}

/// Damages a row of each kind of counter.
const DAMAGE: &str = "UPDATE totals SET value = value + 1; UPDATE sums SET value = -value;
     UPDATE uniques SET hll = zeroblob(20); DELETE FROM value_totals WHERE value = '2'";

#[test]
fn what_the_journal_has_all_of_is_counted_again_beside_a_store_in_use() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let mut store = open(dir);
    fill(&mut store, 0..40);
    store.checkpoint().unwrap();
    // A tail that is not written down, and an entry that came while they were damaged.
    fill(&mut store, 40..43);
    let expected = counters(dir);
    db(dir).execute_batch(DAMAGE).unwrap();
    assert_eq!(counters(dir).damaged().count(), 4);
    let before = fs::read(dir.join("internal-events.db")).unwrap();
    let previewed = Sqlite::repairs(dir, &Options::default()).unwrap();
    assert_eq!(fs::read(dir.join("internal-events.db")).unwrap(), before);
    assert_eq!(counters(dir).damaged().count(), 4, "a look changes nothing");
    assert_eq!(previewed.len(), 4);
    assert!(previewed.iter().all(|it| it.remedy == Remedy::Recounted), "{previewed:?}");
    assert_eq!(previewed[0].counter, Counter::Total((0..40).sum()), "up to the cursor");

    // Another handle repairs, and the one that counts goes on from what is there now.
    assert_eq!(open(dir).repair().unwrap(), previewed);
    assert_eq!(counters(dir), expected);
    fill(&mut store, 43..50);
    for _ in 0..3 {
        store.checkpoint().unwrap();
    }
    assert_eq!(counters(dir).total("t"), Ok((0..50).sum()));
    assert_sound(dir);
    assert_eq!((ledger(dir, RECOUNTED), ledger(dir, SET_ASIDE)), (4, 0));
    assert_eq!(open(dir).repair().unwrap(), [], "there is nothing left to do");
}

#[test]
fn what_was_left_out_while_a_counter_was_damaged_is_counted_too() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let mut store = open(dir);
    fill(&mut store, 0..10);
    store.checkpoint().unwrap();
    drop(store);
    db(dir).execute_batch(DAMAGE).unwrap();
    let mut store = open(dir);
    fill(&mut store, 10..20);
    store.checkpoint().unwrap();
    assert_eq!(counters(dir).damaged().count(), 4);
    store.repair().unwrap();
    let again = counters(dir);
    assert_eq!(again.total("t"), Ok((0..20).sum()));
    assert_eq!(again.distinct(["u"]), Ok(20));
    assert_eq!(again.per_value("v").unwrap()[&b"2"[..]], 1);
    assert_sound(dir);
}

/// A store whose journal has lost its oldest entries, and its first entry.
fn pruned(dir: &Path) -> (Sqlite, u64) {
    let mut limits = Limits::default();
    limits.journal_keep = Duration::from_secs(20);
    let mut store = Sqlite::open(dir, Options { limits, ..Options::default() }).unwrap();
    fill(&mut store, 0..60);
    for _ in 0..3 {
        store.checkpoint().unwrap();
    }
    let first = store.reader().unwrap().entries(0, 1).unwrap()[0].sequence;
    assert!((2..60).contains(&first), "{first}");
    (store, first)
}

#[test]
fn what_the_journal_has_lost_begins_anew_and_is_kept_as_it_was() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let (mut store, first) = pruned(dir);
    db(dir).execute_batch(DAMAGE).unwrap();
    let repairs = store.repair().unwrap();
    assert_eq!(repairs.len(), 4);
    assert!(repairs.iter().all(|it| it.remedy == Remedy::BeginsAt { first }), "{repairs:?}");
    // Entry n added n - 1.
    let total = (first - 1..60).sum();
    let now = counters(dir);
    assert_eq!(now.total("t"), Ok(total));
    assert_eq!(now.distinct(["u"]), Ok(60 - (first - 1)));
    assert_eq!((ledger(dir, RECOUNTED), ledger(dir, SET_ASIDE)), (0, 4));
    assert_sound(dir);
    let count = |sql: &str| db(dir).query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let set_aside = "SELECT count(*) FROM set_aside WHERE up_to = 60";
    // One row of three counters, and one of each first digit but the one that is missing.
    assert_eq!(count(set_aside), 3 + 9);
    let kept = "SELECT amount FROM set_aside WHERE key_id = 1";
    assert_eq!(count(kept), (0..60).sum::<i64>() + 1, "as it was found");
    fill(&mut store, 60..61);
    store.checkpoint().unwrap();
    assert_eq!(counters(dir).total("t"), Ok(total + 60), "it goes on");
}

#[test]
fn what_moved_only_since_entries_left_is_counted_again_exactly() {
    // "t" moves from the start, and "u" only since the time it is said to begin at.
    const BEGINS: i64 = 42_000;
    let begins_at: fn(&str) -> Option<i64> = |key| (key == "week").then_some(BEGINS);
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let (store, first) = pruned(dir);
    drop(store);
    let options = || Options { begins_at: Some(begins_at), ..Options::default() };
    let mut store = Sqlite::open(dir, options()).unwrap();
    // Entries up to the 41st second have left, or some of them.
    assert!(first <= 43, "{first}");
    let key = store.intern("week");
    for n in 0..3 {
        let (id, event) = (EventId([n; 16]), b"{}".as_slice());
        let updates = [Update { key, change: Change::Add(5) }];
        let accepted_at = 60_000 + i64::from(n);
        let entry = Entry { id, accepted_at, catalog: 1, event, updates: &updates, content: None };
        store.append(&Group { entries: &[entry], ..Group::default() }).unwrap();
    }
    store.checkpoint().unwrap();
    let damage = || db(dir).execute_batch("UPDATE totals SET value = value + 1").unwrap();
    let remedy_of = |options: &Options| {
        let repairs = Sqlite::repairs(dir, options).unwrap();
        let of = |key: &str| repairs.iter().find(|it| it.key == key).unwrap().remedy.clone();
        (of("t"), of("week"))
    };
    damage();
    let anew = Remedy::BeginsAt { first };
    assert_eq!(remedy_of(&options()), (anew.clone(), Remedy::Recounted));
    // Who says nothing of when a counter began, or begins with what has left, cannot know.
    assert_eq!(remedy_of(&Options::default()), (anew.clone(), anew.clone()));
    let early: fn(&str) -> Option<i64> = |_| Some(1_000);
    let early = Options { begins_at: Some(early), ..Options::default() };
    assert_eq!(remedy_of(&early), (anew.clone(), anew.clone()));
    assert_eq!(store.repair().unwrap().len(), 2);
    let week = |dir: &Path| {
        Sqlite::reader(dir).unwrap().unwrap().counters(&["week"]).unwrap().total("week")
    };
    assert_eq!(week(dir), Ok(15));
    // A note that is damaged, or that does not reach up to the journal, says nothing.
    for change in ["value = replace(value, ' ', ' 1')", "value = '1 1 1'"] {
        let sql = format!("UPDATE meta SET {change} WHERE name = 'journal_gone'");
        assert_eq!(db(dir).execute(&sql, []).unwrap(), 1);
        damage();
        assert_eq!(remedy_of(&options()), (anew.clone(), anew.clone()), "{change}");
        store.repair().unwrap();
    }
}

#[test]
fn what_was_copied_can_be_copied_again() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let mut store = open(dir);
    fill(&mut store, 0..5);
    store.checkpoint().unwrap();
    let copied = [("t".to_owned(), Counter::Total(100)), ("c".to_owned(), Counter::Total(7))];
    store.take_over("elsewhere", &copied, false).unwrap();
    assert_eq!(counters(dir).total("t"), Ok(110));
    db(dir).execute_batch("UPDATE totals SET value = value + 1").unwrap();
    let repairs = store.repair().unwrap();
    let remedy = Remedy::WithoutCopies { sources: vec!["elsewhere".to_owned()], first: 1 };
    assert!(repairs.len() == 2 && repairs.iter().all(|it| it.remedy == remedy), "{repairs:?}");
    let all = |dir: &Path| Sqlite::reader(dir).unwrap().unwrap().counters(&["t", "c"]).unwrap();
    assert_eq!((all(dir).total("t"), all(dir).total("c")), (Ok(10), Ok(0)));
    for _ in 0..2 {
        store.take_over("elsewhere", &copied, false).unwrap();
        assert_eq!((all(dir).total("t"), all(dir).total("c")), (Ok(110), Ok(7)));
    }
    assert_sound(dir);
}

#[test]
fn a_journal_that_is_damaged_itself_repairs_nothing() {
    for damage in [
        "UPDATE journal SET records = x'0100' WHERE seq = 3",
        "DELETE FROM journal WHERE seq = 3",
        "UPDATE keys SET key = 'x' WHERE key_id = 2",
        "UPDATE cursors SET seq = 9",
    ] {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path();
        let mut store = open(dir);
        fill(&mut store, 0..5);
        store.checkpoint().unwrap();
        drop(store);
        db(dir).execute_batch(&format!("{DAMAGE}; {damage}")).unwrap();
        let error = Sqlite::repairs(dir, &Options::default()).unwrap_err();
        assert!(error.is_damage(), "{damage}: {error}");
        let error = open(dir).repair().unwrap_err();
        assert!(error.is_damage(), "{damage}: {error}");
        assert_eq!(ledger_or_none(dir), None, "{damage}");
    }
}

/// What the ledger has of repairs, where the status may be damaged.
fn ledger_or_none(dir: &Path) -> Option<i64> {
    let sql = "SELECT count FROM ledger WHERE cause LIKE 'repaired:%'";
    db(dir).query_row(sql, [], |row| row.get(0)).ok()
}

/// The value of a column with one bit or byte of it changed, as SQL says it.
fn flipped(kind: Kind, column: &str, n: u32) -> String {
    match kind {
        Kind::Total | Kind::PerValue => {
            let bit = 1_u64 << (n % 62);
            format!("({column} | {bit}) - ({column} & {bit})")
        }
        Kind::Sum => format!("{column} * (1 + 1.0 / (1 << {}))", n % 50),
        Kind::Unique => {
            let (before, after) = (n, n + 2);
            let text = format!("substr(hll, 1, {before}) || x'5a' || substr(hll, {after})");
            format!("CAST({text} AS BLOB)")
        }
    }
}

#[test]
fn whatever_of_a_counter_flips_it_is_the_same_after_a_repair() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let mut store = open(dir);
    fill(&mut store, 0..12);
    store.checkpoint().unwrap();
    let expected = counters(dir);
    let mut n_repaired = 0;
    for (table, column, kind) in [
        ("totals", "value", Kind::Total),
        ("uniques", "hll", Kind::Unique),
        ("sums", "value", Kind::Sum),
        ("value_totals", "count", Kind::PerValue),
    ] {
        let check = |set: &str, store: &mut Sqlite| {
            db(dir).execute_batch(&format!("UPDATE {table} SET {set}")).unwrap();
            assert_eq!(counters(dir).damaged().count(), 1, "{table}: {set}");
            assert_eq!(store.repair().unwrap().len(), 1, "{table}: {set}");
            assert_eq!(counters(dir), expected, "{table}: {set}");
        };
        for n in (0..60).step_by(3) {
            check(&format!("{column} = {}", flipped(kind, column, n)), &mut store);
            n_repaired += 1;
        }
        check("checksum = checksum + 1", &mut store);
        check("key_id = 9", &mut store);
        n_repaired += 2;
    }
    assert_eq!(ledger(dir, RECOUNTED), n_repaired);
    db(dir)
        .execute_batch(
            "DELETE FROM totals WHERE key_id = 9; DELETE FROM sums WHERE key_id = 9;
         DELETE FROM uniques WHERE key_id = 9; DELETE FROM value_totals WHERE key_id = 9",
        )
        .unwrap();
    assert_sound(dir);
}
