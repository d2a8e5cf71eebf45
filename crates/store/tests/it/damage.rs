//! What verifying finds, what a backup is good for, and what a damaged file does.

use std::fs;
use std::path::Path;

use internal_events_store::{
    Change, Counters, Entry, Error, EventId, Finding, Group, Options, Quarantined, Reader as _,
    Sqlite, Store as _, Update,
};

const DATABASE: &str = "internal-events.db";

fn open(dir: &Path) -> Sqlite {
    Sqlite::open(dir, Options::default()).unwrap()
}

fn db(dir: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(dir.join(DATABASE)).unwrap()
}

/// Appends some groups that move counters of all kinds, and keeps an event aside.
fn fill(store: &mut Sqlite, n_groups: u64) {
    let keys = ["t", "u", "s", "v"].map(|key| store.intern(key));
    for n in 0..n_groups {
        let element = n.to_string();
        let changes = [
            Change::Add(n),
            Change::Observe(element.as_bytes()),
            Change::Sum(0.1),
            Change::Count(&element.as_bytes()[..1]),
        ];
        let updates: [Update<'_>; 4] =
            std::array::from_fn(|it| Update { key: keys[it], change: changes[it] });
        let mut id = [1; 16];
        id[..8].copy_from_slice(&n.to_le_bytes());
        let entry = Entry {
            id: EventId(id),
            accepted_at: 0,
            catalog: 1,
            event: b"{\"event\":\"an_event_of_ordinary_length\"}",
            updates: &updates,
            content: Some(n),
        };
        let kept = [Quarantined { received_at: 0, reason: "unknown_event", event: b"{}" }];
        let quarantined = if n == 0 { &kept[..] } else { &[] };
        store.append(&Group { entries: &[entry], quarantined, ..Group::default() }).unwrap();
    }
}

fn counters(dir: &Path) -> Result<Counters, Error> {
    let mut reader = Sqlite::reader(dir)?.expect("there is a store");
    reader.counters(&["t", "u", "s", "v"])
}

fn findings(dir: &Path) -> Vec<String> {
    Sqlite::verify(dir).unwrap().findings.iter().map(ToString::to_string).collect()
}

/// A store with counters that were written down and a tail that was not.
fn filled(dir: &Path) -> Sqlite {
    let mut store = open(dir);
    fill(&mut store, 40);
    store.checkpoint().unwrap();
    // The first forty are duplicates now.
    fill(&mut store, 43);
    store
}

#[test]
fn a_store_in_use_is_verified() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("data");
    assert!(matches!(Sqlite::verify(&dir), Err(Error::NoStore { .. })));
    let mut store = open(&dir);
    let check = |n_entries: u64, is_recounted: bool| {
        let verified = Sqlite::verify(&dir).unwrap();
        assert_eq!(verified.entries, n_entries);
        assert_eq!(verified.is_recounted, is_recounted);
        assert!(verified.findings.is_empty(), "{:?}", verified.findings);
    };
    check(0, true);
    fill(&mut store, 10);
    check(10, true);
    store.checkpoint().unwrap();
    check(10, true);
    // All of these were accepted before, but for what is new.
    fill(&mut store, 12);
    check(12, true);
    drop(store);
    check(12, true);
    // Old entries have left the journal: counters cannot be counted again, all else can be seen.
    db(&dir).execute_batch("DELETE FROM journal WHERE seq <= 5").unwrap();
    check(7, false);
}

#[test]
fn what_is_wrong_is_found_and_named() {
    let check = |sql: &str, expected: &[&str]| {
        let scratch = tempfile::tempdir().unwrap();
        drop(filled(scratch.path()));
        db(scratch.path()).execute_batch(sql).unwrap();
        assert_eq!(findings(scratch.path()), expected, "{sql}");
    };
    check("", &[]);
    check(
        "UPDATE totals SET value = value + 1, checksum = NULL",
        &["the counter `t` is not what the journal adds up to"],
    );
    check("DELETE FROM sums", &["something cannot be read"]);
    check(
        "DELETE FROM sums; DELETE FROM uniques; UPDATE keys SET rows = 0, checksum = NULL;
         UPDATE keys SET rows = 1 WHERE kind = 'total'; UPDATE keys SET rows = 10 WHERE kind = 'per_value'",
        &[
            "the counter `u` is not what the journal adds up to",
            "the counter `s` is not what the journal adds up to",
        ],
    );
    check(
        "UPDATE cursors SET seq = 99, checksum = NULL",
        &[
            "`counters` has taken entry 99, but the last one is 43",
            "the counter `t` is not what the journal adds up to",
            "the counter `u` is not what the journal adds up to",
            "the counter `s` is not what the journal adds up to",
            "the counter `v` is not what the journal adds up to",
        ],
    );
    check(
        "DELETE FROM journal WHERE seq IN (7, 8)",
        &["the journal has nothing between entry 6 and entry 9"],
    );
    check(
        "UPDATE journal SET records = x'0100' WHERE seq IN (7, 41)",
        &["something cannot be read", "something cannot be read"],
    );
    check("UPDATE uniques SET hll = x'00'", &["something cannot be read"]);
    check("UPDATE totals SET value = value + 1", &["something cannot be read"]);
    check("UPDATE quarantine SET event = '[]' WHERE number = 1", &["something cannot be read"]);
    check(
        "UPDATE given_ids SET accepted_at = 1 WHERE seq = 9",
        &["the ids given with the group that ends with entry 9 are damaged"],
    );
    check(
        "UPDATE quarantine_size SET events = 7",
        &["2 events of 4 bytes are kept aside, but other numbers are written down"],
    );
    check(
        "INSERT INTO ledger VALUES ('replayed', 1)",
        &["2 events were ever kept aside, but 3 are there or were counted out"],
    );
}

#[test]
fn a_damaged_event_kept_aside_is_named_and_others_are_read() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    let kept = |event| Quarantined { received_at: 0, reason: "unknown_event", event };
    let quarantined = [b"1", b"2", b"3", b"4"].map(|it| kept(it.as_slice()));
    store.append(&Group { quarantined: &quarantined, ..Group::default() }).unwrap();
    let damage = "UPDATE quarantine SET event = '7' WHERE number = 2;
         UPDATE quarantine SET reason = CAST(x'ff' AS TEXT) WHERE number = 4";
    db(scratch.path()).execute_batch(damage).unwrap();
    let mut reader = store.reader().unwrap();
    let page = reader.quarantined_after(1, 2).unwrap();
    let numbers: Vec<u64> = page.events.iter().map(|it| it.number).collect();
    assert_eq!((numbers, page.damaged.clone(), page.last()), (vec![3], vec![2], Some(3)));
    let rest = reader.quarantined_after(3, 2).unwrap();
    assert_eq!((rest.events.len(), rest.damaged.as_slice(), rest.last()), (0, &[4][..], Some(4)));
    assert!(matches!(reader.quarantined(9), Err(Error::Kept { number: 2 })));
    assert_eq!(findings(scratch.path()), ["something cannot be read", "something cannot be read"]);
    assert_eq!(store.drop_quarantined(&[2, 4]).unwrap(), 2);
    assert_eq!(reader.quarantined(9).unwrap().len(), 2);
    assert_eq!(findings(scratch.path()), [""; 0]);
}

#[test]
fn a_backup_of_a_store_in_use_opens_and_goes_on() {
    let scratch = tempfile::tempdir().unwrap();
    let (dir, copy) = (scratch.path().join("data"), scratch.path().join("backups/monday"));
    assert!(matches!(Sqlite::backup(&dir, &copy), Err(Error::NoStore { .. })));
    let mut store = open(&dir);
    fill(&mut store, 10);
    store.checkpoint().unwrap();
    fill(&mut store, 15);
    Sqlite::backup(&dir, &copy).unwrap();
    fill(&mut store, 20);
    assert!(matches!(Sqlite::backup(&dir, &copy), Err(Error::Exists { .. })));

    let names: Vec<_> = fs::read_dir(&copy).unwrap().map(|it| it.unwrap().file_name()).collect();
    assert_eq!(names, [DATABASE], "one file is the whole backup");
    let verified = Sqlite::verify(&copy).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
    assert_eq!((verified.entries, verified.is_recounted), (15, true));
    // What is sent again after the backup was restored is taken once.
    let mut restored = open(&copy);
    fill(&mut restored, 20);
    restored.checkpoint().unwrap();
    assert_eq!(counters(&copy).unwrap(), counters(&dir).unwrap());
    assert_eq!(counters(&copy).unwrap().total("t"), Ok((0..20).sum()));
}

#[test]
fn a_closed_store_is_one_file_even_while_somebody_reads() {
    let scratch = tempfile::tempdir().unwrap();
    let (dir, copy) = (scratch.path().join("data"), scratch.path().join("copy"));
    let store = filled(&dir);
    let mut reader = store.reader().unwrap();
    let expected = reader.counters(&["t", "u", "s", "v"]).unwrap();
    drop(store);
    fs::create_dir(&copy).unwrap();
    fs::copy(dir.join(DATABASE), copy.join(DATABASE)).unwrap();
    assert_eq!(counters(&copy).unwrap(), expected);
    assert_eq!(reader.counters(&["t", "u", "s", "v"]).unwrap(), expected);
}

/// What one may want to know of a store: its counters, and the texts of its events.
#[derive(Debug, PartialEq)]
struct Seen {
    counters: Counters,
    events: Vec<Vec<u8>>,
    kept: Vec<Vec<u8>>,
}

/// Does everything one may do with a store, and says whether something was wrong.
fn use_all(dir: &Path) -> Result<Seen, Error> {
    let mut store = Sqlite::open(dir, Options::default())?;
    let key = store.intern("other");
    let updates = [Update { key, change: Change::Add(1) }];
    let entry = Entry {
        id: EventId([9; 16]),
        accepted_at: 0,
        catalog: 1,
        event: b"{}",
        updates: &updates,
        content: Some(1),
    };
    store.append(&Group { entries: &[entry], ..Group::default() })?;
    store.checkpoint()?;
    let mut reader = store.reader()?;
    reader.status()?;
    Ok(Seen {
        events: reader.entries(0, usize::MAX)?.into_iter().map(|it| it.event).collect(),
        kept: reader.quarantined(usize::MAX)?.into_iter().map(|it| it.event).collect(),
        counters: reader.counters(&["t", "u", "s", "v"])?,
    })
}

/// A damaged file is an error, or says which counters are damaged; no wrong number and no other
/// event is ever shown as if all was well. What shows some damage is found by verifying.
fn check_damage(good: &[u8], damage: impl FnOnce(&mut Vec<u8>), expected: &Seen, what: &str) {
    let scratch = tempfile::tempdir().unwrap();
    let mut bytes = good.to_vec();
    damage(&mut bytes);
    fs::write(scratch.path().join(DATABASE), bytes).unwrap();
    fs::write(scratch.path().join("lease"), "").unwrap();
    let is_found = match Sqlite::verify(scratch.path()) {
        Ok(verified) => !verified.findings.is_empty(),
        Err(_) => true,
    };
    let seen = match use_all(scratch.path()) {
        Ok(seen) => seen,
        Err(error) => return assert!(is_found, "{what}: {error}"),
    };
    assert!(is_found || seen.counters.damaged().next().is_none(), "{what}: not found");
    let is_same = (&seen.events, &seen.kept) == (&expected.events, &expected.kept);
    assert!(is_same, "{what}: other events");
    for (key, counter) in expected.counters.iter() {
        let is_damaged = seen.counters.damaged().any(|it| it == key);
        assert!(is_damaged || seen.counters.get(key) == Some(counter), "{what}: {key}");
    }
}

#[test]
fn a_truncated_or_bit_flipped_file_never_shows_a_wrong_number() {
    let scratch = tempfile::tempdir().unwrap();
    drop(filled(scratch.path()));
    let good = fs::read(scratch.path().join(DATABASE)).unwrap();
    let expected = use_all(scratch.path()).unwrap();
    for len in (1..good.len()).step_by(3001) {
        let truncate = |bytes: &mut Vec<u8>| bytes.truncate(len);
        check_damage(&good, truncate, &expected, &format!("truncated to {len}"));
    }
    let step = std::env::var("FLIP_EVERY").map_or(307, |it| it.parse().expect("a number"));
    for place in (0..good.len()).step_by(step) {
        let bit = (place / step) % 8;
        let flip = |bytes: &mut Vec<u8>| bytes[place] ^= 1 << bit;
        check_damage(&good, flip, &expected, &format!("bit {bit} of byte {place}"));
    }
}

#[test]
fn a_page_of_noise_is_an_error_that_says_damage() {
    let scratch = tempfile::tempdir().unwrap();
    drop(filled(scratch.path()));
    let root: u32 = db(scratch.path())
        .query_row("SELECT rootpage FROM sqlite_schema WHERE name = 'journal'", [], |row| {
            row.get(0)
        })
        .unwrap();
    let path = scratch.path().join(DATABASE);
    let root = root as usize;
    let mut bytes = fs::read(&path).unwrap();
    bytes[(root - 1) * 4096..root * 4096].fill(0xa5);
    fs::write(&path, bytes).unwrap();
    let error = use_all(scratch.path()).unwrap_err();
    assert!(error.is_damage(), "{error}");
    let verified = Sqlite::verify(scratch.path()).unwrap();
    let is_damage = match &verified.findings[0] {
        Finding::Unreadable(error) => error.is_damage(),
        finding => matches!(finding, Finding::Database { .. }),
    };
    assert!(is_damage, "{:?}", verified.findings);
    // The counters are still in their tables, and what is whole can be copied.
    Sqlite::backup(scratch.path(), &scratch.path().join("copy")).unwrap();
}

#[test]
fn a_store_that_is_gone_or_empty_is_not_begun_anew() {
    // What is done to a store that was closed, and what is left of it.
    let check = |what: &str, left: &[&str], is_refused: bool| {
        let scratch = tempfile::tempdir().unwrap();
        let dir = scratch.path();
        drop(filled(dir));
        for file in fs::read_dir(dir).unwrap() {
            let file = file.unwrap();
            if !left.iter().any(|it| file.file_name() == *it) {
                fs::remove_file(file.path()).unwrap();
            }
        }
        for name in left.iter().filter(|it| !it.ends_with("lease")) {
            fs::write(dir.join(name), if name.ends_with("-wal") { "written last" } else { "" })
                .unwrap();
        }
        let results = [
            Sqlite::open(dir, Options::default()).err(),
            Sqlite::reader(dir).err(),
            Sqlite::inspect(dir).err(),
            Sqlite::backup(dir, &dir.join("copy")).err(),
            Sqlite::verify(dir).err(),
        ];
        for (n, error) in results.iter().enumerate() {
            let is_emptied = matches!(error, Some(Error::Emptied { .. }));
            assert_eq!(is_emptied, is_refused, "{what}, {n}: {error:?}");
        }
        if is_refused && left.contains(&"internal-events.db-wal") {
            let log = fs::read_to_string(dir.join("internal-events.db-wal")).unwrap();
            assert_eq!(log, "written last", "{what}: what was written last is kept");
        }
    };
    let wal = "internal-events.db-wal";
    check("truncated", &[DATABASE, "lease", "writers"], true);
    check("truncated, with a log", &[DATABASE, wal], true);
    check("truncated, with an index", &[DATABASE, "internal-events.db-shm"], true);
    check("deleted", &["lease", "writers"], true);
    check("deleted, with a log", &[wal], true);
    check("killed while it was made", &[DATABASE, "writers"], false);
    check("deleted as a whole", &[], false);
}

#[test]
fn a_log_outlives_that_its_database_cannot_be_opened() {
    let scratch = tempfile::tempdir().unwrap();
    let (dir, copy) = (scratch.path().join("data"), scratch.path().join("copy"));
    let mut store = filled(&dir);
    // The log has what comes now, and not the first page.
    let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
    db(&dir).query_row(checkpoint, [], |_| Ok(())).unwrap();
    fill(&mut store, 44);
    fs::create_dir(&copy).unwrap();
    let wal = format!("{DATABASE}-wal");
    fs::copy(dir.join(&wal), copy.join(&wal)).unwrap();
    fs::write(copy.join(DATABASE), [0xa5; 4096]).unwrap();
    let before = fs::read(copy.join(&wal)).unwrap();
    assert!(before.len() > 4096);
    Sqlite::open(&copy, Options::default()).unwrap_err();
    assert!(fs::read(copy.join(&wal)).unwrap() == before);
    assert!(fs::read(copy.join(DATABASE)).unwrap() == [0xa5; 4096]);
}

/// A store whose process ended in the middle of its work: nothing of its log is in the database.
fn left_in_the_log(dir: &Path) -> Vec<u8> {
    let live = dir.join("live");
    let mut store = Sqlite::open(&live, Options::default()).unwrap();
    let key = store.intern("t");
    for n in 1..=20 {
        let updates = [Update { key, change: Change::Add(1) }];
        let entry = Entry {
            id: EventId([n; 16]),
            accepted_at: 0,
            catalog: 1,
            event: b"{}",
            updates: &updates,
            content: None,
        };
        store.append(&Group { entries: &[entry], ..Group::default() }).unwrap();
    }
    // As a process that is killed leaves them; the index of the log is made anew.
    for name in [DATABASE, "internal-events.db-wal", "lease", "writers"] {
        fs::copy(live.join(name), dir.join(name)).unwrap();
    }
    fs::read(dir.join("internal-events.db-wal")).unwrap()
}

fn total(dir: &Path) -> Result<u64, Error> {
    let mut reader = Sqlite::reader(dir)?.expect("there is a store");
    let counters = reader.counters(&["t"])?;
    Ok(counters.total("t").unwrap_or_default())
}

/// Bytes of a frame of the log: a page and what is before it.
const FRAME: usize = 24 + 4096;

#[test]
fn a_log_that_is_damaged_before_its_end_hides_nothing_that_was_accepted() {
    let scratch = tempfile::tempdir().unwrap();
    let good = left_in_the_log(scratch.path());
    let log = scratch.path().join("internal-events.db-wal");
    let shm = scratch.path().join("internal-events.db-shm");
    // Whoever looks at the last two groups cannot tell damage from a loss of power.
    let groups = (good.len() - 32) / FRAME;
    let n_shown = (0..good.len() - 12 * FRAME).step_by(1009).filter(|place| {
        let _ = fs::remove_file(&shm);
        let mut bytes = good.clone();
        bytes[*place] ^= 1 << (place % 8);
        fs::write(&log, bytes).unwrap();
        match total(scratch.path()) {
            Ok(20) => false,
            Ok(n) => panic!("byte {place} of {groups} frames: {n} of 20 without a word"),
            Err(error) => {
                assert!(matches!(error, Error::Log { .. }), "{place}: {error}");
                let opened = Sqlite::open(scratch.path(), Options::default());
                assert!(matches!(opened, Err(Error::Log { .. })), "{place}: it would be lost");
                true
            }
        }
    });
    assert!(n_shown.count() > 50, "most bytes matter");
}

#[test]
fn a_log_that_a_loss_of_power_cut_short_is_used_as_far_as_it_goes() {
    let scratch = tempfile::tempdir().unwrap();
    let good = left_in_the_log(scratch.path());
    let log = scratch.path().join("internal-events.db-wal");
    for len in (good.len() - 3 * FRAME..=good.len()).step_by(509) {
        let _ = fs::remove_file(scratch.path().join("internal-events.db-shm"));
        // The size is written and the last bytes are not: they are nothing, or what was there.
        for rest in [0, 0xa5] {
            let mut bytes = good.clone();
            bytes[len..].fill(rest);
            fs::write(&log, bytes).unwrap();
            let n = total(scratch.path()).unwrap();
            assert!((15..=20).contains(&n), "{len}: {n}");
        }
    }
}

#[test]
fn a_damaged_log_is_cut_when_a_person_says_so_and_kept_as_it_was() {
    let scratch = tempfile::tempdir().unwrap();
    let good = left_in_the_log(scratch.path());
    assert_eq!(Sqlite::cut_log(scratch.path()).unwrap(), None, "nothing is wrong");
    let middle = good.len() / 2;
    // From the end on: each time the log is cut to less.
    for (place, expected) in [(middle, 1..20), (32 + FRAME * 30, 1..20)] {
        let mut bytes = good.clone();
        bytes[place] ^= 1;
        fs::write(scratch.path().join("internal-events.db-wal"), &bytes).unwrap();
        let kept = Sqlite::cut_log(scratch.path()).unwrap().expect("it is damaged");
        assert_eq!(fs::read(kept).unwrap(), bytes);
        let n = total(scratch.path()).unwrap();
        assert!(expected.contains(&n), "{n}");
        assert!(Sqlite::verify(scratch.path()).unwrap().findings.is_empty());
    }
    let mut store = Sqlite::open(scratch.path(), Options::default()).unwrap();
    store.checkpoint().unwrap();
    // It may be in use, and what others read must not go.
    assert!(matches!(Sqlite::cut_log(scratch.path()), Err(Error::InUse { .. })));
}
