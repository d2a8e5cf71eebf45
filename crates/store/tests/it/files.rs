//! What is on disk: who may read it, what is refused, and what damage does.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use internal_events_store::{
    COUNTERS, Change, Counter, CounterError, DROPPED_DAMAGED_COUNTER, Entry, Error, EventId,
    FORMAT, Group, Limits, Options, Reader as _, Sqlite, Store as _, Update,
};

fn open(dir: &Path) -> Sqlite {
    Sqlite::open(dir, Options::default()).unwrap()
}

fn db(dir: &Path) -> rusqlite::Connection {
    rusqlite::Connection::open(dir.join("internal-events.db")).unwrap()
}

/// Appends one entry that was accepted at a time and moves one counter.
fn append_at(store: &mut Sqlite, accepted_at: i64, change: Change<'_>) -> Result<u64, Error> {
    append_to(store, "key", accepted_at, change)
}

fn append_to(
    store: &mut Sqlite,
    key: &str,
    accepted_at: i64,
    change: Change<'_>,
) -> Result<u64, Error> {
    let updates = [Update { key: store.intern(key), change }];
    let entry = Entry {
        id: EventId([1; 16]),
        accepted_at,
        catalog: 1,
        event: b"{}",
        updates: &updates,
        content: None,
    };
    let appended = store.append(&Group { entries: &[entry], ..Group::default() })?;
    Ok(appended.range.start)
}

fn append(store: &mut Sqlite) -> u64 {
    append_at(store, 0, Change::Add(1)).unwrap()
}

fn files(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).unwrap().map(|it| it.unwrap().path()).collect()
}

#[test]
fn only_the_owner_may_look() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("deep/data");
    let mut store = open(&dir);
    append(&mut store);
    store.checkpoint().unwrap();
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&dir), 0o700);
    let files = files(&dir);
    assert_eq!(files.len(), 5, "database, -wal, -shm, lease and writers: {files:?}");
    for file in files {
        assert_eq!(mode(&file), 0o600, "{}", file.display());
    }
}

#[test]
fn reading_what_is_not_there_makes_nothing() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("data");
    assert!(Sqlite::reader(&dir).unwrap().is_none());
    assert!(!dir.exists());
    fs::create_dir(&dir).unwrap();
    assert!(Sqlite::reader(&dir).unwrap().is_none());
    assert_eq!(files(&dir), Vec::<PathBuf>::new());
    // A process was killed between making the file and making the tables.
    fs::write(dir.join("internal-events.db"), b"").unwrap();
    assert!(Sqlite::reader(&dir).unwrap().is_none());
    append(&mut open(&dir));
    assert_eq!(Sqlite::reader(&dir).unwrap().unwrap().status().unwrap().last_sequence, 1);
}

#[test]
fn a_store_is_read_after_its_last_writer_has_closed_it() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    append(&mut store);
    drop(store);
    let mut reader = Sqlite::reader(scratch.path()).unwrap().unwrap();
    assert_eq!(reader.counters(&["key"]).unwrap().total("key"), Ok(1));
}

#[test]
fn files_of_other_programs_are_left_alone() {
    let scratch = tempfile::tempdir().unwrap();
    let path = scratch.path().join("internal-events.db");
    let check = || {
        let before = fs::read(&path).unwrap();
        let refused = Sqlite::open(scratch.path(), Options::default()).unwrap_err();
        assert!(matches!(refused, Error::NotAStore { .. }), "{refused}");
        let refused = Sqlite::reader(scratch.path()).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("{} is not a store of internal events", path.display())
        );
        assert_eq!(fs::read(&path).unwrap(), before);
    };
    fs::write(&path, "no database at all, but long enough to have a header".repeat(9)).unwrap();
    check();
    fs::remove_file(&path).unwrap();
    db(scratch.path()).execute_batch("CREATE TABLE meta (name, value)").unwrap();
    check();
}

#[test]
fn a_newer_format_is_refused_with_the_version_that_can_read_it() {
    let scratch = tempfile::tempdir().unwrap();
    drop(open(scratch.path()));
    db(scratch.path())
        .execute_batch(
            "UPDATE meta SET value = '99' WHERE name = 'format';
             UPDATE meta SET value = '7.8.9' WHERE name = 'readable_by'",
        )
        .unwrap();
    let refused = Sqlite::open(scratch.path(), Options::default()).unwrap_err();
    let path = scratch.path().join("internal-events.db");
    assert_eq!(
        refused.to_string(),
        format!(
            "{} has format 99, which internal-events 7.8.9 or later can read; \
             this is 0.1.0, which reads formats up to {FORMAT}",
            path.display()
        )
    );
    assert!(matches!(Sqlite::reader(scratch.path()), Err(Error::NewerFormat { .. })));
}

#[test]
fn numbers_are_not_given_again_when_the_journal_was_emptied() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    assert_eq!((append(&mut store), append(&mut store)), (1, 2));
    store.checkpoint().unwrap();
    db(scratch.path()).execute_batch("DELETE FROM journal").unwrap();
    assert_eq!(append(&mut store), 3);
    store.checkpoint().unwrap();
    drop(store);
    db(scratch.path()).execute_batch("DELETE FROM journal").unwrap();
    let mut store = open(scratch.path());
    assert_eq!(append(&mut store), 4);
    store.checkpoint().unwrap();
    let mut reader = store.reader().unwrap();
    let status = reader.status().unwrap();
    assert_eq!((status.last_sequence, status.cursors[COUNTERS]), (4, 4));
    assert_eq!(reader.counters(&["key"]).unwrap().total("key"), Ok(4));
}

#[test]
fn a_checkpoint_is_due_after_a_second_or_many_entries() {
    let scratch = tempfile::tempdir().unwrap();
    let options = Options {
        checkpoint_after: Duration::from_secs(1),
        checkpoint_after_entries: 3,
        ..Options::default()
    };
    let mut store = Sqlite::open(scratch.path(), options).unwrap();
    assert!(!store.is_checkpoint_due(), "nothing has happened");
    // Times of acceptance after a checkpoint, and whether the last of them makes one due.
    let mut check = |times: &[i64], is_due: bool| {
        for &time in times {
            assert!(!store.is_checkpoint_due(), "{times:?}");
            append_at(&mut store, time, Change::Add(1)).unwrap();
        }
        assert_eq!(store.is_checkpoint_due(), is_due, "{times:?}");
        store.checkpoint().unwrap();
        assert!(!store.is_checkpoint_due());
    };
    check(&[5_000], false);
    check(&[5_999], false);
    check(&[6_998], false);
    check(&[7_998], true);
    check(&[7_998, 7_998, 7_998], true);
    // The clock was set back.
    check(&[7_500], false);
    check(&[6_500], true);
}

#[test]
fn only_one_handle_writes_counters_down() {
    let scratch = tempfile::tempdir().unwrap();
    let (mut one, mut two) = (open(scratch.path()), open(scratch.path()));
    one.checkpoint().unwrap();
    append(&mut two);
    two.checkpoint().unwrap();
    let mut reader = two.reader().unwrap();
    assert_eq!(reader.status().unwrap().cursors[COUNTERS], 0, "the lease is with the other");
    drop(one);
    two.checkpoint().unwrap();
    assert_eq!(reader.status().unwrap().cursors[COUNTERS], 1);
}

#[test]
fn a_cursor_moved_by_a_stranger_is_not_moved_back() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    append(&mut store);
    store.checkpoint().unwrap();
    append(&mut store);
    append(&mut store);
    // As if the file of the lease had been deleted and somebody else had counted entry 2.
    db(scratch.path())
        .execute_batch(
            "UPDATE cursors SET seq = 2, checksum = NULL;
             UPDATE totals SET value = 2, checksum = NULL",
        )
        .unwrap();
    store.checkpoint().unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.status().unwrap().cursors[COUNTERS], 2, "what is there stands");
    store.checkpoint().unwrap();
    assert_eq!(reader.status().unwrap().cursors[COUNTERS], 3, "and is where the next goes on");
    assert_eq!(reader.counters(&["key"]).unwrap().total("key"), Ok(3));
}

#[test]
fn damage_in_the_journal_is_named_and_stops_counting_but_not_appending() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    append(&mut store);
    let damage = |sql: &str| db(scratch.path()).execute_batch(sql).unwrap();
    let mut check = |sql: &str, message: &str| {
        let good: (Vec<u8>, i64) = db(scratch.path())
            .query_row("SELECT records, checksum FROM journal WHERE seq = 1", [], |row| {
                Ok((row.get(0)?, row.get(1)?))
            })
            .unwrap();
        damage(sql);
        let error = store.checkpoint().unwrap_err();
        assert_eq!(error.to_string(), message);
        let mut reader = store.reader().unwrap();
        assert_eq!(reader.counters(&["key"]).unwrap_err().to_string(), message);
        assert_eq!(reader.entries(0, 10).unwrap_err().to_string(), message);
        append(&mut store);
        db(scratch.path())
            .execute(
                "UPDATE journal SET records = ?1, checksum = ?2, entries = 1 WHERE seq = 1",
                good,
            )
            .unwrap();
    };
    let damaged = "the journal is damaged in the group that ends with entry 1";
    check("UPDATE journal SET records = x'' WHERE seq = 1", damaged);
    check("UPDATE journal SET records = x'02' WHERE seq = 1", damaged);
    check("UPDATE journal SET entries = 2 WHERE seq = 1", damaged);
    check("UPDATE journal SET records = x'', checksum = NULL WHERE seq = 1", damaged);
    check("UPDATE journal SET records = x'02', checksum = NULL WHERE seq = 1", damaged);
    check("UPDATE journal SET entries = 2, checksum = NULL WHERE seq = 1", damaged);
    store.checkpoint().unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.counters(&["key"]).unwrap().total("key"), Ok(7));
}

#[test]
fn a_key_that_no_table_has_is_named() {
    let scratch = tempfile::tempdir().unwrap();
    let mut store = open(scratch.path());
    append(&mut store);
    // The one record of the journal, with key 16 instead of key 1.
    db(scratch.path())
        .execute_batch(
            "UPDATE journal SET records = x'0100010100000000000000027b7d024001', checksum = NULL",
        )
        .unwrap();
    let message = "the journal names key 16, which is not in the table of keys";
    assert_eq!(store.checkpoint().unwrap_err().to_string(), message);
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.entries(0, 10).unwrap_err().to_string(), message);
    assert_eq!(reader.counters(&["key"]).unwrap().total("key"), Ok(0), "other keys are read");
}

#[test]
fn a_damaged_counter_is_named_and_moves_no_more_and_others_go_on() {
    let check = |change: Change<'static>, damage: &str, why: &str| {
        let scratch = tempfile::tempdir().unwrap();
        let mut store = open(scratch.path());
        append_at(&mut store, 0, change).unwrap();
        append_to(&mut store, "other", 1, Change::Add(1)).unwrap();
        store.checkpoint().unwrap();
        drop(store);
        db(scratch.path()).execute_batch(damage).unwrap();
        let mut reader = Sqlite::reader(scratch.path()).unwrap().unwrap();
        let mut assert_damaged = |other: u64, n_dropped: u64| {
            let counters = reader.counters(&["key", "other"]).unwrap();
            assert_eq!(counters.total("other"), Ok(other), "{damage}");
            assert!(counters.get("key").is_none(), "{damage}");
            let error = counters.sketch("key").unwrap_err();
            assert!(matches!(error, CounterError::Damaged { .. }), "{damage}: {error}");
            assert!(error.to_string().contains(why), "{damage}: {error}");
            let ledger = reader.status().unwrap().ledger;
            assert_eq!(ledger.get(DROPPED_DAMAGED_COUNTER).copied().unwrap_or_default(), n_dropped);
        };
        assert_damaged(1, 0);
        let mut store = open(scratch.path());
        append_at(&mut store, 2, change).unwrap();
        append_to(&mut store, "other", 3, Change::Add(1)).unwrap();
        assert_damaged(2, 0);
        store.checkpoint().unwrap();
        assert_damaged(2, 1);
    };
    let (checksum, value) = ("its checksum is not", "its value is of another type");
    check(Change::Add(1), "UPDATE totals SET value = value + 1 WHERE key_id = 1", checksum);
    check(Change::Add(1), "UPDATE totals SET value = -1, checksum = NULL WHERE key_id = 1", value);
    check(Change::Observe(b"1"), "UPDATE uniques SET hll = x'00'", checksum);
    check(Change::Observe(b"1"), "UPDATE uniques SET hll = x'00', checksum = NULL", "damaged: ");
    check(Change::Sum(0.5), "UPDATE sums SET value = 0.25", checksum);
    check(Change::Count(b"v"), "UPDATE value_totals SET count = 2", checksum);
    check(Change::Count(b"v"), "UPDATE value_totals SET value = 'w'", checksum);
}

#[test]
fn entries_that_are_missing_in_the_tail_are_no_counters_that_are_too_low() {
    let check = |damage: &str, expected: &str| {
        let scratch = tempfile::tempdir().unwrap();
        let mut store = open(scratch.path());
        for at in 0..6 {
            append_at(&mut store, at, Change::Add(1)).unwrap();
            if at == 2 {
                store.checkpoint().unwrap();
            }
        }
        drop(store);
        db(scratch.path()).execute_batch(damage).unwrap();
        let mut reader = Sqlite::reader(scratch.path()).unwrap().unwrap();
        assert_eq!(reader.counters(&["key"]).unwrap_err().to_string(), expected, "{damage}");
        let mut store = open(scratch.path());
        // Counting goes by the numbers of keys, and is not wrong about those.
        if !damage.contains("keys") {
            assert_eq!(store.checkpoint().unwrap_err().to_string(), expected, "{damage}");
        }
    };
    check(
        "DELETE FROM journal WHERE seq = 4",
        "the journal has nothing between entry 3 and entry 5",
    );
    check(
        "DELETE FROM journal WHERE seq = 5",
        "the journal has nothing between entry 4 and entry 6",
    );
    check(
        "DELETE FROM journal WHERE seq = 6",
        "the journal has nothing between entry 5 and entry 7",
    );
    check("UPDATE cursors SET seq = 2", "the cursor of `counters` is damaged");
    check("UPDATE cursors SET seq = 7, checksum = NULL", "the cursor of `counters` is damaged");
    check("DELETE FROM cursors", "the cursor of `counters` is damaged");
    check("UPDATE keys SET key = 'kez'", "the counter key number 1 is damaged");
    check("UPDATE keys SET kind = 'sum'", "the counter key number 1 is damaged");
    check("UPDATE keys SET kind = 'smm'", "the counter key number 1 is damaged");
}

#[test]
fn a_destination_that_never_answers_holds_back_so_much_and_no_more() {
    let scratch = tempfile::tempdir().unwrap();
    let mut limits = Limits::default();
    limits.journal_keep = Duration::from_millis(10);
    limits.max_pending = Duration::from_millis(50);
    let mut store = Sqlite::open(scratch.path(), Options { limits, ..Options::default() }).unwrap();
    db(scratch.path())
        .execute_batch(
            "INSERT INTO cursors VALUES ('quick', 0, 0, 0, '', NULL), ('dead', 0, 0, 0, '', NULL)",
        )
        .unwrap();
    let mut reader = store.reader().unwrap();
    for at in 0..200 {
        append_at(&mut store, at, Change::Add(1)).unwrap();
        db(scratch.path())
            .execute(
                "UPDATE cursors SET seq = ?1, keeps_after = ?1 WHERE destination = 'quick'",
                [at + 1],
            )
            .unwrap();
        store.checkpoint().unwrap();
        let status = reader.status().unwrap();
        let oldest = reader.entries(0, 1).unwrap()[0].accepted_at;
        assert_eq!(oldest, (at - 50).max(0), "entry {at}");
        // For each destination: accepted = delivered or dropped, and pending.
        let dropped = status.ledger.get("dropped:backlog:dead").copied().unwrap_or_default();
        assert_eq!(status.cursors["dead"], dropped);
        assert_eq!(dropped, oldest.unsigned_abs());
        assert!(!status.ledger.contains_key("dropped:backlog:quick"));
    }
    assert_eq!(reader.counters(&["key"]).unwrap().total("key"), Ok(200));
    db(scratch.path())
        .execute_batch("UPDATE cursors SET seq = 200, keeps_after = 200, checksum = NULL")
        .unwrap();
    append_at(&mut store, 200, Change::Add(1)).unwrap();
    store.checkpoint().unwrap();
    assert_eq!(reader.entries(0, 1).unwrap()[0].accepted_at, 190, "kept for all that");
}

#[test]
fn the_journal_keeps_so_many_bytes_and_no_more() {
    let scratch = tempfile::tempdir().unwrap();
    let mut limits = Limits::default();
    limits.journal_keep_bytes = 1_000;
    limits.window_ids = 10;
    let mut store = Sqlite::open(scratch.path(), Options { limits, ..Options::default() }).unwrap();
    let number = |sql: &str| -> u64 {
        let number: i64 = db(scratch.path()).query_row(sql, [], |row| row.get(0)).unwrap();
        number.unsigned_abs()
    };
    for n in 0..3_000_u64 {
        let key = store.intern("key");
        let updates = [Update { key, change: Change::Add(1) }];
        let mut id = [0; 16];
        id[..8].copy_from_slice(&n.to_le_bytes());
        let entry = Entry {
            id: EventId(id),
            accepted_at: 0,
            catalog: 1,
            event: b"{}",
            updates: &updates,
            content: Some(1),
        };
        store.append(&Group { entries: &[entry], ..Group::default() }).unwrap();
        if n % 500 == 499 {
            store.checkpoint().unwrap();
            let bytes = number("SELECT sum(length(ids) + length(records)) FROM journal");
            assert!((900..=1_000).contains(&bytes), "{bytes}");
            assert_eq!(number("SELECT count(*) FROM given_ids"), 10);
        }
    }
    assert_eq!(store.reader().unwrap().counters(&["key"]).unwrap().total("key"), Ok(3_000));
}

#[test]
fn a_clock_that_is_far_ahead_for_a_moment_takes_nothing_out() {
    const HOUR: i64 = 60 * 60 * 1000;
    const YEAR: i64 = 365 * 24 * HOUR;
    let scratch = tempfile::tempdir().unwrap();
    let has_expired: fn(&str, i64) -> bool = |key, now| key == "week" && now >= YEAR;
    // Programs that run for a moment each.
    let append = |key: &str, at: i64| {
        let options = Options { has_expired: Some(has_expired), ..Options::default() };
        let mut store = Sqlite::open(scratch.path(), options).unwrap();
        append_to(&mut store, key, at, Change::Add(1)).unwrap();
        store.checkpoint().unwrap();
        let mut reader = store.reader().unwrap();
        let counters = reader.counters(&["week"]).unwrap();
        let n_entries = reader.entries(0, usize::MAX).unwrap().len();
        (counters.total("week").unwrap_or_default(), n_entries)
    };
    assert_eq!(append("week", 0), (1, 1));
    assert_eq!(append("total", YEAR), (1, 2));
    assert_eq!(append("total", YEAR + 1), (1, 3), "it has not lasted");
    assert_eq!(append("total", HOUR), (1, 4), "the clock is set right");
    assert_eq!(append("total", YEAR + HOUR), (1, 5), "and wrong again");
    // Nothing came for a year: what is old by then goes a little later.
    let (_, n_entries) = append("total", YEAR + 2 * HOUR);
    assert_eq!(n_entries, 5, "of 6");
    assert_eq!(append("other", YEAR + 4 * HOUR).0, 0);
}

#[test]
fn counters_that_are_read_no_more_go_and_their_keys_stay() {
    const HOUR: i64 = 60 * 60 * 1000;
    let scratch = tempfile::tempdir().unwrap();
    let has_expired: fn(&str, i64) -> bool = |key, now| key.starts_with("week") && now >= HOUR;
    let options = Options { has_expired: Some(has_expired), ..Options::default() };
    let mut store = Sqlite::open(scratch.path(), options).unwrap();
    let changes = [
        ("week-total", Change::Add(3)),
        ("week-users", Change::Observe(b"1")),
        ("week-sum", Change::Sum(0.5)),
        ("week-values", Change::Count(b"v")),
        ("total", Change::Add(1)),
    ];
    let keys = changes.map(|(key, _)| key);
    for (key, change) in changes {
        append_to(&mut store, key, 0, change).unwrap();
    }
    store.checkpoint().unwrap();
    let mut reader = store.reader().unwrap();
    assert_eq!(reader.counters(&keys).unwrap().len(), 5);
    drop(store);
    // Whoever has counted them lately keeps them in memory for a minute; this one has not.
    let options = Options { has_expired: Some(has_expired), ..Options::default() };
    let mut store = Sqlite::open(scratch.path(), options).unwrap();
    append_to(&mut store, "total", HOUR, Change::Add(1)).unwrap();
    store.checkpoint().unwrap();
    let counters = reader.counters(&keys).unwrap();
    let is_empty = |key| counters.get(key).is_none_or(|it| *it == Counter::empty(it.kind()));
    assert!(keys[..4].iter().all(|it| is_empty(it)), "{counters:?}");
    assert_eq!(counters.total("total"), Ok(2));
    assert_eq!(reader.keys().unwrap().len(), 5);
    // One that moves again after all begins anew.
    append_to(&mut store, "week-total", HOUR + 1, Change::Add(1)).unwrap();
    store.checkpoint().unwrap();
    assert_eq!(reader.counters(&keys).unwrap().total("week-total"), Ok(1));
}
