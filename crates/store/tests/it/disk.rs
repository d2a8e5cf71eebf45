//! A disk that is really full, at every step of everything that writes.
//!
//! The disk is a small file system in memory. Mounting one takes a namespace of its own, so each
//! test starts this very binary once more, in one.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use internal_events_store::{
    Appended, Change, Entry, Error, EventId, Group, Limits, Options, Quarantined, Reader as _,
    Sqlite, Store as _, Update, recount,
};

/// Set where file systems may be mounted.
const INSIDE: &str = "INTERNAL_EVENTS_STORE_TEST_MOUNTS";

const PAGE: u64 = 4096;
const ENOUGH: u64 = 64 << 20;

/// Runs a test of this module where it may mount; true if this is there.
#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
fn may_mount(name: &str) -> bool {
    if env::var_os(INSIDE).is_some() {
        return true;
    }
    // Root may do it anyway; others as root of a namespace of users.
    let namespace = ["-m", "-rm"].into_iter().find(|it| {
        let mut unshare = Command::new("unshare");
        unshare.args([it, "mount", "-t", "tmpfs", "tmpfs", "/mnt"]);
        unshare.stderr(Stdio::null()).status().is_ok_and(|it| it.success())
    });
    let Some(namespace) = namespace else {
        let is_ci = env::var_os("CI").is_some_and(|it| it == "true");
        assert!(!is_ci, "CI has to allow mounts in a namespace");
        eprintln!("SKIPPED: no file system can be mounted, so no disk is full");
        return false;
    };
    let mut again = Command::new("unshare");
    again.arg(namespace).arg(env::current_exe().unwrap());
    again.args(["--exact", &format!("disk::{name}"), "--nocapture"]).env(INSIDE, "1");
    assert!(again.status().unwrap().success(), "{name} fails in a namespace of its own");
    false
}

/// A disk of a size that can be changed.
struct Disk {
    scratch: tempfile::TempDir,
}

impl Disk {
    fn new(options: &str) -> Self {
        let disk = Self { scratch: tempfile::tempdir().unwrap() };
        disk.mount(&["-t", "tmpfs", "-o", options, "tmpfs"]);
        disk
    }

    fn mount(&self, arguments: &[&str]) {
        let status = Command::new("mount").args(arguments).arg(self.scratch.path()).status();
        assert!(status.unwrap().success(), "mount {arguments:?}");
    }

    fn resize(&self, option: &str, to: u64) {
        self.mount(&["-o", &format!("remount,{option}={to}")]);
    }

    /// Leaves so many bytes free and no more.
    fn leave(&self, bytes: u64) {
        self.resize("size", self.used() + bytes);
    }

    fn used(&self) -> u64 {
        let mut stat = Command::new("stat");
        let output = stat.args(["-f", "-c", "%b %f %S"]).arg(self.scratch.path()).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let numbers: Vec<u64> = text.split_whitespace().map(|it| it.parse().unwrap()).collect();
        (numbers[0] - numbers[1]) * numbers[2]
    }

    fn data(&self) -> PathBuf {
        self.scratch.path().join("data")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.scratch.path()).status();
    }
}

fn open(dir: &Path) -> Result<Sqlite, Error> {
    let mut limits = Limits::default();
    limits.reserve_bytes = 0;
    Sqlite::open(dir, Options { limits, ..Options::default() })
}

/// Appends some entries that move counters, one of them under a key that is new.
fn append(store: &mut Sqlite, n: u64, entries: usize) -> Result<Appended, Error> {
    let element = n.to_string();
    let updates = [
        Update { key: store.intern("total"), change: Change::Add(1) },
        Update { key: store.intern("unique"), change: Change::Observe(element.as_bytes()) },
        Update { key: store.intern(&format!("new {n}")), change: Change::Add(1) },
    ];
    let mut id = [0; 16];
    id[..8].copy_from_slice(&n.to_le_bytes());
    let entry = |place: usize| {
        id[8] = u8::try_from(place).unwrap();
        Entry {
            id: EventId(id),
            accepted_at: 0,
            catalog: 1,
            event: &[b'x'; 500],
            updates: &updates,
            content: Some(1),
        }
    };
    let entries: Vec<Entry<'_>> = (0..entries).map(entry).collect();
    store.append(&Group { entries: &entries, ..Group::default() })
}

/// Keeps an event aside; there are no entries.
fn keep_aside(store: &mut Sqlite) -> Result<Appended, Error> {
    let event = [b'x'; 500];
    let quarantined = [Quarantined { received_at: 0, reason: "unknown_event", event: &event }];
    let ledger = [("kept", 1)];
    store.append(&Group { quarantined: &quarantined, ledger: &ledger, ..Group::default() })
}

fn is_full(error: &Error) -> bool {
    let (Error::Append(source) | Error::Checkpoint(source) | Error::Read(source)) = error else {
        return false;
    };
    source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
}

/// What the store should have by now.
#[derive(Debug, Default)]
struct Expected {
    entries: u64,
    kept_aside: u64,
    refused: u32,
}

impl Expected {
    fn assert_there(&self, store: &Sqlite) {
        let mut reader = store.reader().unwrap();
        let status = reader.status().unwrap();
        assert_eq!((status.last_sequence, status.quarantine_size), (self.entries, self.kept_aside));
        assert_eq!(status.ledger.get("kept").copied().unwrap_or(0), self.kept_aside);
        let counted = recount(&mut *reader).unwrap();
        assert_eq!(counted.entries, self.entries);
        let keys = reader.keys().unwrap();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        assert_eq!(reader.counters(&keys).unwrap(), counted.counters);
        assert_eq!(counted.counters.total("total").unwrap(), self.entries);
    }
}

#[test]
fn a_store_that_finds_no_room_to_be_made_is_made_once_there_is() {
    if !may_mount("a_store_that_finds_no_room_to_be_made_is_made_once_there_is") {
        return;
    }
    let mut n_refused = 0;
    for pages in 1..60 {
        let disk = Disk::new(&format!("size={}", pages * PAGE));
        if let Err(error) = open(&disk.data()) {
            n_refused += 1;
            let text = format!("{error:?}");
            assert!(matches!(error, Error::Create { .. } | Error::Open { .. }), "{text}");
        }
        disk.resize("size", ENOUGH);
        let mut store = open(&disk.data()).unwrap();
        append(&mut store, 1, 1).unwrap();
        Expected { entries: 1, ..Expected::default() }.assert_there(&store);
    }
    assert!(n_refused > 10, "some were too small: {n_refused}");
}

#[test]
fn a_disk_without_inodes_refuses_to_make_a_store_and_keeps_one_that_is_there() {
    if !may_mount("a_disk_without_inodes_refuses_to_make_a_store_and_keeps_one_that_is_there") {
        return;
    }
    let mut n_refused = 0;
    for inodes in 1..12 {
        let disk = Disk::new(&format!("size={ENOUGH},nr_inodes={inodes}"));
        let refused = open(&disk.data()).map(drop);
        n_refused += u32::from(refused.is_err());
        disk.resize("nr_inodes", 100);
        let mut store = open(&disk.data()).unwrap();
        append(&mut store, 1, 1).unwrap();
        // Whatever is there by now is all that is needed.
        disk.resize("nr_inodes", 7);
        append(&mut store, 2, 1).unwrap();
        store.checkpoint().unwrap();
        Expected { entries: 2, ..Expected::default() }.assert_there(&store);
    }
    assert!((2..11).contains(&n_refused), "each file was once the one too many: {n_refused}");
}

#[test]
fn whatever_finds_the_disk_full_takes_nothing_and_goes_on_when_there_is_room() {
    if !may_mount("whatever_finds_the_disk_full_takes_nothing_and_goes_on_when_there_is_room") {
        return;
    }
    let disk = Disk::new(&format!("size={ENOUGH}"));
    let mut store = open(&disk.data()).unwrap();
    store.checkpoint().unwrap();
    let mut expected = Expected::default();
    let mut refused_checkpoints = 0;
    for n in 0..120 {
        // Each time another step is the one that finds no more room.
        disk.leave(n % 40 * PAGE);
        for n_entries in [1, 40] {
            match append(&mut store, n * 100 + n_entries as u64, n_entries) {
                Ok(appended) => expected.entries += appended.range.end - appended.range.start,
                Err(error) => {
                    assert!(is_full(&error), "{error:?}");
                    expected.refused += 1;
                }
            }
        }
        match keep_aside(&mut store) {
            Ok(_) => expected.kept_aside += 1,
            Err(error) => assert!(is_full(&error), "{error:?}"),
        }
        if let Err(error) = store.checkpoint() {
            assert!(is_full(&error), "{error:?}");
            refused_checkpoints += 1;
        }
        if n % 3 == 0 {
            // Who reads, or starts again, finds the same.
            expected.assert_there(&store);
        }
        if n % 10 == 9 {
            drop(store);
            disk.resize("size", ENOUGH);
            store = open(&disk.data()).unwrap();
        }
        disk.resize("size", ENOUGH);
        // What was refused may come again, and is no duplicate.
        let again = append(&mut store, n * 100 + 40, 40).unwrap();
        expected.entries += again.range.end - again.range.start;
        keep_aside(&mut store).unwrap();
        expected.kept_aside += 1;
        store.checkpoint().unwrap();
    }
    expected.assert_there(&store);
    drop(store);
    let verified = Sqlite::verify(&disk.data()).unwrap();
    assert!(verified.findings.is_empty(), "{:?}", verified.findings);
    assert!(expected.refused > 20, "{expected:?}");
    assert!(refused_checkpoints > 5, "{refused_checkpoints} checkpoints found no room");
}

#[test]
fn a_disk_that_became_read_only_is_named_and_can_be_read() {
    if !may_mount("a_disk_that_became_read_only_is_named_and_can_be_read") {
        return;
    }
    let disk = Disk::new(&format!("size={ENOUGH}"));
    let mut store = open(&disk.data()).unwrap();
    append(&mut store, 1, 3).unwrap();
    // As a crash leaves it, which is how file systems become read-only.
    let crashed = disk.scratch.path().join("crashed");
    std::fs::create_dir(&crashed).unwrap();
    for file in std::fs::read_dir(disk.data()).unwrap().map(Result::unwrap) {
        std::fs::copy(file.path(), crashed.join(file.file_name())).unwrap();
    }
    drop(store);
    disk.mount(&["-o", "remount,ro"]);
    for dir in [&disk.data(), &crashed] {
        let error = open(dir).map(drop).unwrap_err();
        assert!(matches!(error, Error::Create { .. }), "{error}");
        let source = std::error::Error::source(&error).unwrap().to_string();
        assert!(source.contains("Read-only file system"), "{source}");
    }
    for dir in [&disk.data(), &crashed] {
        let mut reader = Sqlite::reader(dir).unwrap().expect("there is a store");
        assert_eq!(reader.counters(&["total"]).unwrap().total("total"), Ok(3));
    }
}
