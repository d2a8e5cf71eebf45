//! What others do while a process is stopped in the middle of something, and when it goes on.

use std::fs;
use std::path::Path;
use std::time::Duration;

use internal_events_store::{
    COUNTERS, Change, Entry, Error, EventId, Group, Options, Sqlite, Store as _, Update,
};

fn open(dir: &Path) -> Sqlite {
    Sqlite::open(dir, Options::default()).unwrap()
}

/// Appends one entry that moves one counter.
pub(crate) fn try_append(store: &mut Sqlite) -> Result<u64, Error> {
    let updates = [Update { key: store.intern("key"), change: Change::Add(1) }];
    let entry = Entry {
        id: EventId([1; 16]),
        accepted_at: 0,
        catalog: 1,
        event: b"{}",
        updates: &updates,
        content: None,
    };
    let appended = store.append(&Group { entries: &[entry], ..Group::default() })?;
    Ok(appended.range.start)
}

fn append(store: &mut Sqlite) -> u64 {
    try_append(store).unwrap()
}

#[test]
fn another_handle_stands_in_for_a_holder_that_is_stopped_until_it_is_back() {
    let scratch = tempfile::tempdir().unwrap();
    let [mut holder, mut other, mut third] = std::array::from_fn(|_| open(scratch.path()));
    let mut reader = holder.reader().unwrap();
    let mut cursor = || reader.status().unwrap().cursors[COUNTERS];
    append(&mut holder);
    holder.checkpoint().unwrap();
    // From here on the holder does nothing, as if its process were stopped; it has an entry in
    // memory that it has not written down.
    append(&mut holder);
    let mut n = 2;
    while cursor() == 1 {
        for store in [&mut other, &mut third] {
            n = append(store);
            store.checkpoint().unwrap();
        }
        assert!(n < 100, "somebody stands in");
    }
    assert!(n > 6, "but not at once: {n}");
    // Only one of them goes on, though both were about to.
    for _ in 0..10 {
        n = append(&mut other);
        other.checkpoint().unwrap();
        third.checkpoint().unwrap();
        assert!(cursor() + 1 >= n);
    }
    // The holder is back, with a cursor of long ago: it counts nothing again, and then has the
    // work to itself.
    for _ in 0..3 {
        n = append(&mut holder);
        holder.checkpoint().unwrap();
    }
    assert_eq!(cursor(), n);
    n = append(&mut other);
    for store in [&mut other, &mut third] {
        store.checkpoint().unwrap();
        store.checkpoint().unwrap();
    }
    assert_eq!(cursor(), n - 1, "nobody stands in any more");
    holder.checkpoint().unwrap();
    let counters = holder.reader().unwrap().counters(&["key"]).unwrap();
    assert_eq!((cursor(), counters.total("key")), (n, Ok(n)));
}

#[test]
fn a_stopped_writer_holds_others_up_for_so_long_and_no_longer() {
    let scratch = tempfile::tempdir().unwrap();
    let options = Options { busy_timeout: Duration::from_millis(50), ..Options::default() };
    let mut store = Sqlite::open(scratch.path(), options.clone()).unwrap();
    assert_eq!(append(&mut store), 1);
    let stopped = fs::File::open(scratch.path().join("writers")).unwrap();
    stopped.lock().unwrap();
    for error in [
        try_append(&mut store).unwrap_err(),
        store.drop_quarantined(&[1]).unwrap_err(),
        store.checkpoint().unwrap_err(),
        Sqlite::open(scratch.path(), options).unwrap_err(),
    ] {
        assert!(matches!(error, Error::Busy { .. }), "{error}");
        assert!(error.to_string().contains("`fuser "), "it says how to find out: {error}");
    }
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.counters(&["key"]).unwrap().total("key"), Ok(1), "readers do not wait");
    drop(stopped);
    // What was refused left nothing behind.
    while try_append(&mut store).is_err() {}
    store.checkpoint().unwrap();
    assert_eq!(reader.counters(&["key"]).unwrap().total("key"), Ok(2));
}
