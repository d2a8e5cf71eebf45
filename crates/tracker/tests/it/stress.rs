//! Eight processes on one data directory: writers, readers of metrics, and one that looks at the
//! ledger, while whoever has the lease is killed or stopped at random.
//!
//! It lasts `STRESS_SECONDS`, 6 by default.

use internal_events::store::{Reader, Sqlite, Status, recount};
use internal_events::testing::definitions;
use internal_events::{Catalog, Config, RECEIVED, Tracker};
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const WRITERS: usize = 5;
const READERS: usize = 2;

/// Set for children: where the data is, who they are, how long they live.
const DATA: &str = "STRESS_DATA";
const ROLE: &str = "STRESS_ROLE";
const LIFE: &str = "STRESS_LIFE";

/// How long one call to write may take at the most: 5 s in line behind somebody who is stopped,
/// after a group that has waited as long.
const BOUND: Duration = Duration::from_secs(10);

/// A test is not a clock: only what is far beyond the bound is wrong.
const GENEROUS: u32 = 3;

fn action(writer: usize) -> String {
    format!("e{writer}")
}

fn key(writer: usize) -> String {
    format!("{{event_counters}}_{}", action(writer))
}

fn open(data: &Path) -> Tracker {
    let actions: Vec<String> = (0..WRITERS).map(action).collect();
    let actions: Vec<&str> = actions.iter().map(String::as_str).collect();
    let config = Config::new(Catalog::new(definitions(&actions))).data(data);
    Tracker::open(config).expect("the data directory is usable")
}

fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).expect("somebody listens");
}

/// What a child process does; without the variables, nothing.
#[test]
fn child() {
    let Some(data) = std::env::var_os(DATA).map(PathBuf::from) else { return };
    let variable = |name| std::env::var(name).expect("set beside the other");
    let end = Instant::now() + Duration::from_millis(variable(LIFE).parse().expect("a number"));
    match variable(ROLE).split_once(' ').expect("two words") {
        ("write", writer) => write(&data, writer.parse().expect("a number"), end),
        _ => read(&data, end),
    }
}

/// Tracks events of all kinds in batches; says how many before each, and how long it took after.
fn write(data: &Path, writer: usize, end: Instant) {
    let tracker = open(data);
    let (random, name) = (RandomState::new(), action(writer));
    let (mut n_sent, mut n_own) = (0_u64, 0_u64);
    while Instant::now() < end {
        let batch = 1 + random.hash_one(n_sent) % 60;
        say(&format!("begin {}", n_sent + 3 * batch));
        for n in 0..batch {
            // One of its own, the same once more, and one that nobody knows.
            let id = u128::from(std::process::id()) << 64 | u128::from(n_own + n);
            let event = || tracker.track_event(&name).user(format!("u{n}")).id(id.to_le_bytes());
            event().send();
            event().send();
            tracker.track_event("nobody_knows").send();
        }
        let since = Instant::now();
        tracker.flush(BOUND * GENEROUS).expect("it is written in time");
        n_sent += 3 * batch;
        n_own += batch;
        say(&format!("done {n_sent} {}", since.elapsed().as_micros()));
        let total = total(&tracker, writer);
        assert!(total >= n_own, "it sees {total} of its own {n_own}");
    }
    assert!(tracker.shut_down(BOUND * GENEROUS));
}

fn total(tracker: &Tracker, writer: usize) -> u64 {
    let key = key(writer);
    let counters = tracker.read(|it| it.counters(&[&key])).expect("enabled").expect("readable");
    counters.total(&key).expect("a total")
}

/// Reads all totals together; none of them ever goes back.
fn read(data: &Path, end: Instant) {
    let keys: Vec<String> = (0..WRITERS).map(key).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let mut reader = Sqlite::reader(data).expect("readable").expect("there is a store");
    let mut before = vec![0; WRITERS];
    while Instant::now() < end {
        let counters = reader.counters(&keys).expect("readable");
        let now: Vec<u64> = keys.iter().map(|it| counters.total(it).expect("a total")).collect();
        assert!(now.iter().zip(&before).all(|(now, before)| now >= before), "{before:?} {now:?}");
        before = now;
    }
}

/// What one process of a writer has said.
#[derive(Debug, Default)]
struct Said {
    begun: u64,
    done: u64,
    slowest: Duration,
}

struct Process {
    child: Child,
    said: Arc<Mutex<Said>>,
    listener: std::thread::JoinHandle<()>,
}

fn start(data: &Path, role: &str, life: Duration) -> Process {
    let mut command = Command::new(std::env::current_exe().expect("a test has a binary"));
    command.args(["--exact", "stress::child", "--nocapture", "--quiet"]);
    command.env(DATA, data).env(ROLE, role).env(LIFE, life.as_millis().to_string());
    let mut child = command.stdout(Stdio::piped()).spawn().expect("a child starts");
    let out = BufReader::new(child.stdout.take().expect("it is piped"));
    let said = Arc::new(Mutex::new(Said::default()));
    let heard = Arc::clone(&said);
    let listener = std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            heard.lock().expect("nobody panics with it").hear(&line);
        }
    });
    Process { child, said, listener }
}

impl Said {
    fn hear(&mut self, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |at: usize| words.get(at).and_then(|it| it.parse().ok());
        // The first line may come after what the test harness prints without an end of line.
        match (words.first().copied().unwrap_or_default(), number(1), number(2)) {
            (word, Some(n), _) if word.ends_with("begin") => self.begun = n,
            ("done", Some(n), Some(micros)) => {
                self.done = n;
                self.slowest = self.slowest.max(Duration::from_micros(micros));
            }
            _ => {}
        }
    }
}

/// All processes of writers that ever were; the last of each may live.
struct Writers {
    all: Vec<Process>,
    /// Which of them is which writer's last.
    last: [usize; WRITERS],
}

impl Writers {
    /// Sums up what they have said: how many events are done, and how many were begun.
    fn sums(&self) -> (u64, u64) {
        let said = self.all.iter().map(|it| it.said.lock().expect("nobody panics with it"));
        said.fold((0, 0), |(done, begun), it| (done + it.done, begun + it.begun))
    }

    fn slowest(&self) -> Duration {
        let slowest = |it: &Process| it.said.lock().expect("nobody panics with it").slowest;
        self.all.iter().map(slowest).max().unwrap_or_default()
    }
}

/// Everything the ledger says became of what was received.
fn settled(status: &Status) -> u64 {
    let count = |cause: &str| status.ledger.get(cause).copied().unwrap_or_default();
    let refused: u64 =
        status.ledger.iter().filter(|(it, _)| it.starts_with("refused:")).map(|(_, n)| n).sum();
    status.last_sequence + count("duplicate") + status.quarantined + refused
}

/// Holds one look at the ledger against what the writers have sent.
fn assert_balanced(reader: &mut dyn Reader, writers: &Writers) {
    let (done, _) = writers.sums();
    let status = reader.status().expect("readable");
    let settled = settled(&status);
    // What senders were told, and what the store says it did, at every single moment.
    assert_eq!(status.ledger.get(RECEIVED).copied().unwrap_or_default(), settled, "{status:?}");
    assert!(done <= settled, "{done} events are durable, and the ledger has {settled}");
    assert!(status.cursors["counters"] <= status.last_sequence);
    let kept = status.quarantine_size;
    let dropped: u64 = status
        .ledger
        .iter()
        .filter_map(|(cause, n)| cause.starts_with("dropped:quarantine").then_some(n))
        .sum();
    assert_eq!(status.quarantined, kept + dropped, "{status:?}");
    // What a writer has said may not have been heard yet.
    let deadline = Instant::now() + BOUND;
    while writers.sums().1 < settled {
        assert!(Instant::now() < deadline, "the ledger has {settled}, which nobody has sent");
        std::thread::yield_now();
    }
}

/// Returns the process that has the lease.
fn holder(data: &Path) -> Option<u32> {
    let inode = format!(":{}", std::fs::metadata(data.join("lease")).ok()?.ino());
    let locks = std::fs::read_to_string("/proc/locks").ok()?;
    let holder = locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_it = words.get(1) == Some(&"FLOCK") && words.get(5)?.ends_with(&inode);
        is_it.then(|| words[4].parse().ok())
    });
    holder.flatten()
}

fn signal(name: &str, process: u32) {
    let _ = Command::new("sh").arg("-c").arg(format!("kill -{name} {process}")).status();
}

/// Kills or stops whoever has the lease, or another writer where that is nobody's.
fn disturb(data: &Path, writers: &mut Writers, random: u64, left: Duration) -> &'static str {
    let holder = holder(data);
    let is_holder = |&it: &usize| Some(writers.all[writers.last[it]].child.id()) == holder;
    let victim = (0..WRITERS).find(is_holder).unwrap_or(writers.all.len() % WRITERS);
    let process = &mut writers.all[writers.last[victim]];
    if random & 1 << 40 == 0 {
        process.child.kill().expect("it can be killed");
        process.child.wait().expect("it ends");
        writers.last[victim] = writers.all.len();
        writers.all.push(start(data, &format!("write {victim}"), left));
        return "killed";
    }
    signal("STOP", process.child.id());
    std::thread::sleep(Duration::from_millis(100 + random % 600));
    signal("CONT", process.child.id());
    "stopped"
}

#[test]
fn eight_processes_write_and_read_while_the_holder_of_the_lease_is_killed_and_stopped() {
    let seconds = std::env::var("STRESS_SECONDS").map_or(6, |it| it.parse().expect("a number"));
    let life = Duration::from_secs(seconds);
    let home = tempfile::tempdir().expect("a temporary directory");
    let data = home.path();
    assert!(open(data).shut_down(BOUND));
    let (random, end) = (RandomState::new(), Instant::now() + life);
    let all = (0..WRITERS).map(|it| start(data, &format!("write {it}"), life)).collect();
    let mut writers = Writers { all, last: std::array::from_fn(|it| it) };
    let readers: Vec<Process> = (0..READERS).map(|_| start(data, "read all", life)).collect();
    let mut reader = Sqlite::reader(data).expect("readable").expect("there is a store");
    let (mut n_samples, mut disturbed) = (0_u64, BTreeMap::<_, u32>::new());
    let mut next = Instant::now() + Duration::from_millis(500);
    while Instant::now() < end {
        assert_balanced(&mut reader, &writers);
        n_samples += 1;
        let left = end.saturating_duration_since(Instant::now());
        if Instant::now() > next && left > Duration::from_secs(1) {
            let how = disturb(data, &mut writers, random.hash_one(n_samples), left);
            *disturbed.entry(how).or_default() += 1;
            next = Instant::now() + Duration::from_millis(300);
        }
    }
    for &last in &writers.last {
        let status = writers.all[last].child.wait().expect("it ends");
        assert!(status.success(), "a writer that nobody killed ends well");
    }
    for mut reader in readers {
        assert!(reader.child.wait().expect("it ends").success(), "readers see what they should");
        reader.listener.join().expect("it listens to the end");
    }
    let (slowest, n_processes) = (writers.slowest(), writers.all.len());
    assert_balanced(&mut reader, &writers);
    for process in writers.all {
        process.listener.join().expect("it listens to the end");
    }
    assert_recount(&mut reader);
    eprintln!(
        "{n_samples} samples, {n_processes} writers, {disturbed:?}, {} events, slowest flush {} ms",
        reader.status().expect("readable").last_sequence,
        slowest.as_millis()
    );
    assert!(slowest < BOUND * GENEROUS);
}

fn assert_recount(reader: &mut dyn Reader) {
    let keys = reader.keys().expect("readable");
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let kept = reader.counters(&keys).expect("readable");
    let counted = recount(reader).expect("readable");
    assert_eq!(kept, counted.counters, "the counters are those of a recount");
    let last = reader.status().expect("readable").last_sequence;
    let total: u64 = (0..WRITERS).map(|it| kept.total(&key(it)).expect("a total")).sum();
    assert_eq!((counted.entries, total), (last, last), "each entry is one event, counted once");
}
