//! What a look at a data directory shows, and that it leaves no trace.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use internal_events_store::{
    COUNTERS, Change, Entry, Error, EventId, FORMAT, Group, LeaseState, Options, Progress,
    Quarantined, Reader as _, Sqlite, Store as _, Stretch, Update,
};

const DATABASE: &str = "internal-events.db";

fn open(dir: &Path) -> Sqlite {
    Sqlite::open(dir, Options::default()).unwrap()
}

fn id(n: u8) -> EventId {
    EventId(std::array::from_fn(|idx| if idx == 15 { n } else { 7 }))
}

/// Appends one group with the entries of these numbers, each accepted at ten times its number.
fn append(store: &mut Sqlite, numbers: &[u8]) {
    let key = store.intern("t");
    let updates = [Update { key, change: Change::Add(1) }];
    let entry = |&n: &u8| Entry {
        id: id(n),
        accepted_at: i64::from(n) * 10,
        catalog: 1,
        event: b"{}",
        updates: &updates,
        content: None,
    };
    let entries: Vec<Entry<'_>> = numbers.iter().map(entry).collect();
    store.append(&Group { entries: &entries, ..Group::default() }).unwrap();
}

/// Every file with its bytes.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(dir).unwrap().map(|it| it.unwrap());
    files.map(|it| (it.file_name().into_string().unwrap(), fs::read(it.path()).unwrap())).collect()
}

/// Looks in every way there is, and finds the directory as it was.
fn check_unchanged(dir: &Path, entries: u64, is_open: bool) {
    let before = files(dir);
    let inspection = Sqlite::inspect(dir).unwrap().expect("there is a store");
    assert_eq!(inspection.status.last_sequence, entries);
    assert_eq!(Sqlite::verify(dir).unwrap().entries, entries);
    Sqlite::place(dir);
    let after = files(dir);
    let names = |files: &BTreeMap<String, Vec<u8>>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&before), names(&after));
    for (name, bytes) in before {
        // While a store is open in the same process, all of the process share the index, in which
        // SQLite notes who reads.
        let is_shared = is_open && name.ends_with("-shm");
        assert!(is_shared || bytes == after[&name], "{name} has changed");
    }
}

#[test]
fn a_look_leaves_no_trace() {
    let scratch = tempfile::tempdir().unwrap();
    // A name that has to be escaped in an address.
    let dir = scratch.path().join("a b?c#d%e");
    assert!(Sqlite::inspect(&dir).unwrap().is_none());
    Sqlite::place(&dir);
    assert!(!dir.exists());

    let mut store = open(&dir);
    append(&mut store, &[1, 2]);
    store.checkpoint().unwrap();
    append(&mut store, &[3]);
    check_unchanged(&dir, 3, true);

    // As the files are after a crash, with an index that belongs to no process any more.
    let crashed = scratch.path().join("crashed");
    fs::create_dir(&crashed).unwrap();
    for (name, bytes) in files(&dir) {
        fs::write(crashed.join(name), bytes).unwrap();
    }
    check_unchanged(&crashed, 3, false);
    // Without the index it could only be read by making one.
    fs::remove_file(crashed.join(format!("{DATABASE}-shm"))).unwrap();
    assert!(matches!(Sqlite::inspect(&crashed), Err(Error::LogWithoutIndex { .. })));
    assert_eq!(Sqlite::verify(&crashed).unwrap().entries, 3, "what must be read is read");

    drop(store);
    check_unchanged(&dir, 3, false);
    for suffix in ["-wal", "-shm"] {
        fs::remove_file(dir.join(format!("{DATABASE}{suffix}"))).unwrap_or_default();
    }
    check_unchanged(&dir, 3, false);
}

#[test]
fn a_look_shows_what_is_there() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path();
    let mut store = open(dir);
    assert_eq!(Sqlite::place(dir).lease, LeaseState::Free);
    append(&mut store, &[1, 2]);
    store.checkpoint().unwrap();
    append(&mut store, &[3, 4, 5]);
    let kept = [Quarantined { received_at: 70, reason: "unknown_event", event: b"{...}" }];
    store.append(&Group { quarantined: &kept, ..Group::default() }).unwrap();

    let found = Sqlite::inspect(dir).unwrap().unwrap();
    let stretch = |events, oldest, newest| Stretch {
        events,
        // Each has an id of 16 bytes and a record.
        bytes: found.journal.bytes,
        oldest: Some(oldest),
        newest: Some(newest),
    };
    assert_eq!(found.status.format, FORMAT);
    assert_eq!(found.journal, stretch(5, 20, 50), "groups have the time of their newest entry");
    let pending = found.pending[COUNTERS];
    assert_eq!((pending.events, pending.oldest), (3, Some(50)));
    assert!(pending.bytes > 3 * 16 && pending.bytes < found.journal.bytes);
    assert_eq!(found.quarantine, Stretch { bytes: 5, ..stretch(1, 70, 70) });
    assert!(found.file_bytes >= 4096 && found.log_bytes > 0);

    let place = Sqlite::place(dir);
    let process = cfg!(target_os = "linux").then(std::process::id);
    assert_eq!(place.lease, LeaseState::Held { process });
    assert!(place.free_bytes.is_some_and(|it| it > 0));
    assert!(!place.is_network);
    drop(store);
    assert_eq!(Sqlite::place(dir).lease, LeaseState::Free);
}

#[test]
fn entries_are_found_by_id_and_by_time() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    append(&mut store, &[1, 2]);
    append(&mut store, &[3, 4, 5]);
    let mut reader = Sqlite::reader(scratch.path()).unwrap().unwrap();
    for n in 1..=5 {
        let found = reader.find(id(n)).unwrap().expect("it is there");
        assert_eq!((found.sequence, found.id), (n.into(), id(n)));
    }
    assert_eq!(reader.find(id(6)).unwrap(), None);
    // These bytes stand across two ids.
    let across = std::array::from_fn(|idx| if idx == 14 { 1 } else { 7 });
    assert_eq!(reader.find(EventId(across)).unwrap(), None);
    for (time, before) in [(0, 0), (20, 0), (21, 2), (50, 2), (51, 5)] {
        assert_eq!(reader.before(time).unwrap(), before, "{time}");
        assert!(
            reader
                .entries(0, usize::try_from(before).unwrap())
                .unwrap()
                .iter()
                .all(|it| it.accepted_at < time)
        );
    }
}

#[test]
fn what_takes_long_says_how_far_it_is() {
    let scratch = tempfile::tempdir().unwrap();
    let (dir, copy) = (scratch.path().join("data"), scratch.path().join("copy"));
    let mut store = open(&dir);
    for n in 0..100 {
        append(&mut store, &[n, n]);
    }
    let mut steps: Vec<Progress> = Vec::new();
    Sqlite::verify_with(&dir, |it| steps.push(it)).unwrap();
    assert_eq!(steps.len(), 100);
    assert_eq!(steps.first(), Some(&Progress { done: 2, total: 200 }));
    assert_eq!(steps.last(), Some(&Progress { done: 200, total: 200 }));
    let mut last = None;
    Sqlite::backup_with(&dir, &copy, |it| last = Some(it)).unwrap();
    let bytes = fs::metadata(copy.join(DATABASE)).unwrap().len();
    assert_eq!(last, Some(Progress { done: bytes, total: bytes }));
}
