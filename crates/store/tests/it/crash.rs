//! Nothing that was acknowledged is lost or counted twice when processes are killed.
//!
//! The children are this very test binary, started again with one test and a directory.

use std::collections::BTreeMap;
use std::env;
use std::fmt::Write as _;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use internal_events_store::{
    COUNTERS, Change, Entry, EventId, Group, Options, Outcome, Reader, Sqlite, Store as _, Update,
    recount,
};

/// Set for children: the directory they write to.
const DIRECTORY: &str = "INTERNAL_EVENTS_STORE_TEST_DIRECTORY";
/// Set for children: what tells their events from those of others.
const NAME: &str = "INTERNAL_EVENTS_STORE_TEST_NAME";
/// Set for children: how many groups they append before they end by themselves.
const GROUPS: &str = "INTERNAL_EVENTS_STORE_TEST_GROUPS";

const TOTAL: &str = "{event_counters}_total";
const UNIQUE: &str = "{hll_counters}_unique";
const SUM: &str = "{event_sums}_sum";
const PER_VALUE: &str = "per_value";

/// Appends groups and says so after each; does nothing unless started by another test here.
#[test]
fn child_appends_until_it_is_killed() {
    let (Ok(dir), Ok(name), Ok(groups)) = (env::var(DIRECTORY), env::var(NAME), env::var(GROUPS))
    else {
        return;
    };
    // Checkpoints are as frequent as groups, so that some are killed in the middle of one.
    let options = Options { checkpoint_after_entries: 5, ..Options::default() };
    let mut store = Sqlite::open(Path::new(&dir), options).unwrap();
    let name: u64 = name.parse().unwrap();
    let keys = [TOTAL, UNIQUE, SUM, PER_VALUE].map(|key| store.intern(key));
    let mut n = 0;
    for _ in 0..groups.parse::<u64>().unwrap() {
        let numbers: Vec<u64> = (n..n + 1 + n % 7).collect();
        n += numbers.len() as u64;
        let ids: Vec<[u8; 16]> = numbers.iter().map(|it| id(name, *it)).collect();
        let updates: Vec<[Update<'_>; 4]> = ids
            .iter()
            .map(|id| {
                let changes = [
                    Change::Add(1),
                    Change::Observe(id),
                    Change::Sum(0.1),
                    Change::Count(&id[..8]),
                ];
                std::array::from_fn(|it| Update { key: keys[it], change: changes[it] })
            })
            .collect();
        let entries: Vec<Entry<'_>> = ids
            .iter()
            .zip(&updates)
            .map(|(id, updates)| Entry {
                id: EventId(*id),
                accepted_at: 0,
                catalog: 1,
                event: b"{}",
                updates,
                content: Some(1),
            })
            .collect();
        let group = Group { entries: &entries, ..Group::default() };
        let appended = store.append(&group).unwrap();
        // Some of a group may be there already: of a child that was killed, or of a twin.
        let mut report = String::from("appended");
        for (number, outcome) in numbers.iter().zip(appended.outcomes()) {
            match outcome {
                Outcome::Accepted { sequence } => write!(report, " {sequence}:{number}").unwrap(),
                Outcome::Duplicate => {}
                Outcome::Collision { .. } => panic!("no other event has this id"),
            }
        }
        println!("{report} .");
        if store.is_checkpoint_due() {
            store.checkpoint().unwrap();
        }
    }
}

fn id(name: u64, number: u64) -> [u8; 16] {
    let mut id = [0; 16];
    id[..8].copy_from_slice(&name.to_le_bytes());
    id[8..].copy_from_slice(&number.to_le_bytes());
    id
}

/// A process that appends, and what it says it has appended.
struct Appender {
    process: Child,
    name: u64,
    lines: Lines<BufReader<ChildStdout>>,
}

/// What appenders have reported: which id has which sequence number.
type Reported = BTreeMap<u64, [u8; 16]>;

impl Appender {
    fn start(dir: &Path, name: u64, groups: u64) -> Self {
        Self::start_with(Command::new(env::current_exe().unwrap()), dir, name, groups)
    }

    /// Starts this binary, or a program before it on the command line.
    fn start_with(mut command: Command, dir: &Path, name: u64, groups: u64) -> Self {
        let mut process = command
            .args(["--exact", "crash::child_appends_until_it_is_killed", "--nocapture"])
            .env(DIRECTORY, dir)
            .env(NAME, name.to_string())
            .env(GROUPS, groups.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self { process, name, lines }
    }

    /// Takes one report; none when the process has ended and all was read.
    fn report(&mut self, reported: &mut Reported) -> bool {
        for line in self.lines.by_ref() {
            let line = line.unwrap();
            // The kill may cut the last line short; what was not said whole was not said.
            let Some((_, report)) = line.split_once("appended") else { continue };
            let Some(report) = report.strip_suffix(" .") else { continue };
            for (sequence, number) in report.split(' ').filter_map(|it| it.split_once(':')) {
                let id = id(self.name, number.parse().unwrap());
                assert_eq!(reported.insert(sequence.parse().unwrap(), id), None);
            }
            return true;
        }
        false
    }

    fn kill(mut self, reported: &mut Reported) {
        self.process.kill().unwrap();
        while self.report(reported) {}
        self.process.wait().unwrap();
    }

    fn finish(mut self, reported: &mut Reported) {
        while self.report(reported) {}
        assert!(self.process.wait().unwrap().success());
    }
}

/// Each reported entry is in the journal, under its number, once; everything in it counts once.
fn assert_nothing_lost_or_doubled(reader: &mut dyn Reader, reported: &Reported) {
    let entries = reader.entries(0, usize::MAX).unwrap();
    let by_id: BTreeMap<[u8; 16], u64> =
        entries.iter().map(|entry| (entry.id.0, entry.sequence)).collect();
    assert_eq!(by_id.len(), entries.len(), "no event is in the journal twice");
    for (sequence, id) in reported {
        assert_eq!(by_id.get(id), Some(sequence), "a reported event is where it was said to be");
    }
    let n_entries = entries.len() as u64;
    assert!(entries.iter().map(|it| it.sequence).eq(1..=n_entries));
    let counters = reader.counters(&[TOTAL, UNIQUE, SUM, PER_VALUE]).unwrap();
    assert_eq!(counters.total(TOTAL), Ok(n_entries));
    assert_eq!(counters.per_value(PER_VALUE).unwrap().values().sum::<u64>(), n_entries);
    let estimate = counters.distinct([UNIQUE]).unwrap();
    assert!(estimate.abs_diff(n_entries) * 20 <= n_entries, "{estimate} of {n_entries}");
    assert_eq!(counters, recount(reader).unwrap().counters);
}

fn assert_all_counted(dir: &Path, reported: &Reported) {
    let mut store = Sqlite::open(dir, Options::default()).unwrap();
    let mut reader = store.reader().unwrap();
    assert_nothing_lost_or_doubled(&mut *reader, reported);
    store.checkpoint().unwrap();
    let status = reader.status().unwrap();
    assert_eq!(status.cursors[COUNTERS], status.last_sequence);
    assert_nothing_lost_or_doubled(&mut *reader, reported);
}

#[test]
fn killed_twenty_times_nothing_is_lost_or_doubled() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("data");
    let random = RandomState::new();
    let mut reported = Reported::new();
    for round in 0..20 {
        let mut child = Appender::start(&dir, round, u64::MAX);
        // The child runs ahead of what is read here, so this is a random point of its work; the
        // first kills come as early as they can, when the tables are barely made.
        let n_reports = random.hash_one(round) % (1 + round * 10);
        for _ in 0..n_reports {
            assert!(child.report(&mut reported), "the child goes on until it is killed");
        }
        child.kill(&mut reported);
    }
    assert!(reported.len() > 100, "the children did work");
    // A reader needs nobody to tidy up after the crash.
    let mut reader = Sqlite::reader(&dir).unwrap().expect("the children have written");
    assert_nothing_lost_or_doubled(&mut reader, &reported);
    assert_all_counted(&dir, &reported);
}

#[test]
fn two_processes_and_a_reader_share_one_directory() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("data");
    let mut reported = Reported::new();
    let mut one = Appender::start(&dir, 1, 150);
    let mut two = Appender::start(&dir, 2, 150);
    assert!(one.report(&mut reported) && two.report(&mut reported));
    let mut reader = Sqlite::reader(&dir).unwrap().expect("somebody has written");
    while one.report(&mut reported) {
        two.report(&mut reported);
        // What was reported is read, whoever holds the lease and however far it has come.
        let n_reported = reported.len() as u64;
        assert!(reader.counters(&[TOTAL]).unwrap().total(TOTAL).unwrap() >= n_reported);
    }
    one.finish(&mut reported);
    two.finish(&mut reported);
    assert_eq!(reader.status().unwrap().last_sequence, reported.len() as u64);
    assert_all_counted(&dir, &reported);
}

#[test]
fn when_the_holder_of_the_lease_is_killed_another_goes_on_counting() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("data");
    let mut reported = Reported::new();
    let mut holder = Appender::start(&dir, 1, u64::MAX);
    let mut reader = loop {
        assert!(holder.report(&mut reported));
        if let Some(reader) = Sqlite::reader(&dir).unwrap() {
            break reader;
        }
    };
    while reader.status().unwrap().cursors[COUNTERS] == 0 {
        assert!(holder.report(&mut reported));
    }
    let mut other = Appender::start(&dir, 2, u64::MAX);
    assert!(other.report(&mut reported));
    holder.kill(&mut reported);
    let last = reader.status().unwrap().last_sequence;
    while reader.status().unwrap().cursors[COUNTERS] <= last {
        assert!(other.report(&mut reported));
    }
    other.kill(&mut reported);
    assert_all_counted(&dir, &reported);
}

#[test]
fn what_is_sent_again_after_a_kill_counts_once() {
    let scratch = tempfile::tempdir().unwrap();
    let dir = scratch.path().join("data");
    let random = RandomState::new();
    let mut reported = Reported::new();
    // Each child begins with the events that those before it may have sent, two at a time.
    for round in 0..8 {
        let mut one = Appender::start(&dir, 1, u64::MAX);
        let two = Appender::start(&dir, 1, u64::MAX);
        for _ in 0..random.hash_one(round) % (1 + round * 20) {
            assert!(one.report(&mut reported), "the child goes on until it is killed");
        }
        one.kill(&mut reported);
        two.kill(&mut reported);
    }
    assert!(reported.len() > 50, "the children did work");
    assert_all_counted(&dir, &reported);
}

/// A kill cannot tell what is on the disk from what the kernel still keeps, so this asks the kernel.
#[test]
fn every_append_is_synced_before_it_returns() {
    let scratch = tempfile::tempdir().unwrap();
    let trace = scratch.path().join("trace");
    let mut strace = Command::new("strace");
    if strace.arg("-V").stdout(Stdio::null()).status().is_err() {
        eprintln!("SKIPPED: strace is not installed, so no system calls are looked at");
        return;
    }
    let mut strace = Command::new("strace");
    strace.args(["-f", "-qq", "-e", "trace=fdatasync,fsync,write", "-o"]).arg(&trace);
    strace.arg(env::current_exe().unwrap());
    let mut reported = Reported::new();
    // Without the lease the child only appends: each sync is one of the journal.
    let mut holder = Sqlite::open(&scratch.path().join("data"), Options::default()).unwrap();
    holder.checkpoint().unwrap();
    Appender::start_with(strace, &scratch.path().join("data"), 1, 30).finish(&mut reported);

    let mut n_reports = 0;
    let mut n_syncs = 0;
    for line in std::fs::read_to_string(&trace).unwrap().lines() {
        if line.contains("sync") && line.ends_with("= 0") {
            n_syncs += 1;
        } else if line.contains("write(1, ") && line.contains("appended ") {
            assert!(n_syncs > 0, "an append has returned before it was on the disk: {line}");
            n_syncs = 0;
            n_reports += 1;
        }
    }
    assert_eq!(n_reports, 30);
}
