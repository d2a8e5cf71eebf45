//! What happens when SQLite itself fails in the middle of something.

use rusqlite::{Connection, ErrorCode};

use super::{Options, Sqlite};
use crate::{Change, Counters, Entry, Error, EventId, Group, Store as _, Update, recount};

fn append(store: &mut Sqlite, key: &str, event: &[u8]) -> Result<u64, Error> {
    let updates = [
        Update { key: store.intern(key), change: Change::Add(1) },
        Update { key: store.intern("unique"), change: Change::Observe(event) },
        Update { key: store.intern("values"), change: Change::Count(event) },
    ];
    let entry = Entry {
        id: EventId([1; 16]),
        accepted_at: 0,
        catalog: 1,
        event,
        updates: &updates,
        content: None,
    };
    let ledger = [("seen", 1)];
    let group = Group { entries: &[entry], ledger: &ledger, ..Group::default() };
    store.append(&group).map(|appended| appended.range.start)
}

/// Lets the file grow by that many pages and no further.
fn limit_pages(connection: &Connection, more: Option<i64>) {
    let n_pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    let limit = more.map_or(1 << 30, |more| n_pages + more);
    connection
        .query_row(&format!("PRAGMA max_page_count = {limit}"), [], |row| row.get::<_, i64>(0))
        .unwrap();
}

fn counters(store: &Sqlite, keys: &[&str]) -> Counters {
    store.reader().unwrap().counters(keys).unwrap()
}

/// 64 KiB that no packing makes smaller.
fn noise() -> Vec<u8> {
    let mut state = 1_u64;
    let next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 56).to_le_bytes()[0]
    };
    std::iter::repeat_with(next).take(64 * 1024).collect()
}

#[test]
fn a_full_disk_refuses_the_group_and_takes_the_next() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(dir.path(), Options::default()).unwrap();
    store.checkpoint().unwrap();
    assert_eq!(append(&mut store, "old", b"1").unwrap(), 1);
    // Too large by whatever the file may grow: every step of an append is reached by some limit.
    for more in 0..12 {
        limit_pages(&store.connection, Some(more));
        let key = format!("new in {more}");
        let error = append(&mut store, &key, &noise()).unwrap_err();
        let Error::Append(source) = &error else { panic!("{error}") };
        assert_eq!(source.sqlite_error_code(), Some(ErrorCode::DiskFull), "{source}");
        limit_pages(&store.connection, None);
        let next = append(&mut store, &key, b"2").unwrap();
        assert_eq!(next, more.cast_unsigned() + 2, "the refused group took no number");
        assert_eq!(counters(&store, &[&key]).total(&key), Ok(1), "nor moved anything");
    }
    store.checkpoint().unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.status().unwrap().ledger["seen"], 13);
    let keys = reader.keys().unwrap();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert_eq!(counters(&store, &keys), recount(&mut *reader).unwrap().counters);
}

#[test]
fn a_full_disk_at_a_checkpoint_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(dir.path(), Options::default()).unwrap();
    store.checkpoint().unwrap();
    for n in 0..200_u32 {
        let event = n.to_string().repeat(20);
        append(&mut store, &format!("{{event_counters}}_{n}"), event.as_bytes()).unwrap();
    }
    let expected = counters(&store, &["unique", "{event_counters}_7"]);
    limit_pages(&store.connection, Some(0));
    assert!(matches!(store.checkpoint(), Err(Error::Checkpoint(_))));
    assert_eq!(counters(&store, &["unique", "{event_counters}_7"]), expected);
    limit_pages(&store.connection, None);
    append(&mut store, "{event_counters}_7", b"more").unwrap();
    store.checkpoint().unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.status().unwrap().cursors["counters"], 201);
    let keys = reader.keys().unwrap();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    assert_eq!(counters(&store, &keys), recount(&mut *reader).unwrap().counters);
}

#[test]
fn every_commit_is_synced() {
    let dir = tempfile::tempdir().unwrap();
    let check = |store: &Sqlite| {
        let synchronous: i64 =
            store.connection.query_row("PRAGMA synchronous", [], |row| row.get(0)).unwrap();
        let journal_mode: String =
            store.connection.query_row("PRAGMA journal_mode", [], |row| row.get(0)).unwrap();
        assert_eq!((synchronous, &*journal_mode), (2, "wal"), "2 is FULL");
    };
    check(&Sqlite::open(dir.path(), Options::default()).unwrap());
    check(&Sqlite::open(dir.path(), Options::default()).unwrap());
}

#[test]
fn counters_nobody_touches_are_forgotten_and_found_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(dir.path(), Options::default()).unwrap();
    append(&mut store, "quiet", b"1").unwrap();
    store.checkpoint().unwrap();
    let n_live = |store: &Sqlite| store.tally.as_ref().unwrap().n_live();
    assert_eq!(n_live(&store), 3);
    for _ in 0..61 {
        append(&mut store, "busy", b"2").unwrap();
        store.checkpoint().unwrap();
    }
    assert_eq!(n_live(&store), 3, "`quiet` has gone, `busy` has come, the others have stayed");
    append(&mut store, "quiet", b"3").unwrap();
    store.checkpoint().unwrap();
    assert_eq!(n_live(&store), 4);
    let counters = counters(&store, &["quiet", "busy", "unique"]);
    assert_eq!((counters.total("quiet"), counters.total("busy")), (Ok(2), Ok(61)));
    assert_eq!(counters.distinct(["unique"]), Ok(3));
}

#[test]
fn a_refused_group_is_not_taken_for_a_duplicate_when_it_comes_again() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(dir.path(), Options::default()).unwrap();
    let event = noise();
    let entry = Entry {
        id: EventId([1; 16]),
        accepted_at: 0,
        catalog: 1,
        event: &event,
        updates: &[],
        content: Some(1),
    };
    let group = Group { entries: &[entry], ..Group::default() };
    limit_pages(&store.connection, Some(0));
    assert!(matches!(store.append(&group), Err(Error::Append(_))));
    limit_pages(&store.connection, None);
    assert_eq!(store.append(&group).unwrap().range, 1..2);
    assert_eq!(store.append(&group).unwrap().n_duplicates(), 1);
}

#[test]
fn a_disk_that_is_nearly_full_is_left_its_reserve() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(dir.path(), Options::default()).unwrap();
    append(&mut store, "key", b"1").unwrap();
    store.options.limits.reserve_bytes = u64::MAX;
    // The free space is looked at after at most so many groups.
    let n_taken = (0..100).find(|_| append(&mut store, "key", b"1").is_err()).unwrap();
    assert!(n_taken < 64, "{n_taken}");
    let before = counters(&store, &["key"]);
    for _ in 0..3 {
        let error = append(&mut store, "key", b"1").unwrap_err();
        assert!(matches!(error, Error::NoSpace { .. }), "{error}");
    }
    store.checkpoint().unwrap();
    assert_eq!(counters(&store, &["key"]), before, "nothing of it was written");
    store.options.limits.reserve_bytes = 0;
    append(&mut store, "key", b"1").unwrap();
}
