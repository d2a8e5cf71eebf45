//! A process that is stopped, in the middle of what only one may do, holds others up for a stated
//! time and loses nothing; when it goes on it does no harm.

use super::audit::{audit, catalogs};
use super::crash::{kills, other_shop, start_on};
use super::load::{Told, say, under_load};
use super::server::{Server, TOTAL, TRACK, order, signal};
use crate::{run, shop};
use internal_events::store::{COUNTERS, Reader as _, Sqlite, Status};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_mins(1);

/// Returns the process that has locked a file, as the kernel says.
///
/// It gives its list piece by piece, and while others lock and unlock, as tests do that run at the
/// same time, a line may be missing from it; hence more than one look.
fn holder(file: &Path) -> Option<u32> {
    let inode = format!(":{}", std::fs::metadata(file).ok()?.ino());
    (0..20).find_map(|_| holder_of(&inode))
}

fn holder_of(inode: &str) -> Option<u32> {
    let locks = std::fs::read_to_string("/proc/locks").expect("the kernel lists locks");
    // `1: FLOCK  ADVISORY  WRITE 4711 fe:00:1234 0 EOF`; those who wait have an arrow.
    let holder = locks.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let is_it = words.get(1) == Some(&"FLOCK") && words.get(5)?.ends_with(inode);
        is_it.then(|| words[4].parse().ok())
    });
    holder.flatten()
}

fn status(data: &Path) -> Status {
    let mut reader = Sqlite::reader(data).expect("readable").expect("there is a store");
    reader.status().expect("readable")
}

fn wait_until(what: &str, mut holds: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < deadline, "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Stops a process, and waits until each of its threads stands still.
pub(crate) fn stop(process: u32) {
    signal("STOP", process);
    wait_until("it stops", || are_stopped(process).all(|it| it));
}

/// Lets a process go on that was stopped, and waits until each of its threads may.
pub(crate) fn go_on(process: u32) {
    signal("CONT", process);
    wait_until("it goes on", || are_stopped(process).all(|it| !it));
}

/// Tells of each thread of a process whether it stands still.
fn are_stopped(process: u32) -> impl Iterator<Item = bool> {
    let is_stopped = |task: std::io::Result<std::fs::DirEntry>| {
        // `4711 (name) T …`; the name may have anything in it.
        let stat = std::fs::read_to_string(task.expect("a thread").path().join("stat"));
        stat.is_ok_and(|it| it.rsplit(')').next().is_some_and(|it| it.starts_with(" T")))
    };
    let tasks = std::fs::read_dir(format!("/proc/{process}/task"));
    tasks.expect("it is there").map(is_stopped)
}

/// Stops the process of one of the servers while it has `file` locked, and perhaps not `other`.
fn stop_holder(file: &Path, but_not: Option<&Path>, servers: &[u32]) -> u32 {
    let deadline = Instant::now() + PATIENCE;
    loop {
        assert!(Instant::now() < deadline, "somebody has the lock");
        let Some(process) = holder(file).filter(|it| servers.contains(it)) else { continue };
        stop(process);
        let is_other = but_not.is_some_and(|it| holder(it) == Some(process));
        if holder(file) == Some(process) && !is_other {
            return process;
        }
        signal("CONT", process);
    }
}

#[test]
fn others_go_on_while_the_process_with_the_lease_is_stopped_and_nothing_counts_twice() {
    if !Path::new("/proc/locks").exists() {
        eprintln!("SKIPPED: there is no /proc/locks, so nobody knows whom to stop");
        return;
    }
    for round in 0..kills(2) {
        stop_and_go_on(round);
    }
}

fn stop_and_go_on(round: u64) {
    let (one, two) = (shop(), other_shop());
    let directory = tempfile::tempdir().expect("a temporary directory");
    let data = directory.path();
    let (lease, line) = (data.join("lease"), data.join("writers"));
    let mut servers = [one.path(), two.path(), one.path()].map(|it| start_on(it, data));
    let processes = servers.each_ref().map(Server::id);
    let addresses = servers.each_ref().map(|it| it.address);
    let mut told = Told::default();
    let (more, ()) = under_load(&addresses, 2, &format!("{round}-a"), || {
        wait_until("somebody counts", || status(data).cursors[COUNTERS] > 0);
        let stopped = stop_holder(&lease, Some(&line), &processes);
        let (since, last) = (Instant::now(), status(data).last_sequence);
        wait_until("another stands in", || status(data).cursors[COUNTERS] > last);
        say(&format!("stood in for after {} ms", since.elapsed().as_millis()));
        assert_eq!(holder(&lease), Some(stopped), "it has the lease all the same");
        signal("CONT", stopped);
        let last = status(data).last_sequence;
        wait_until("counting goes on", || status(data).cursors[COUNTERS] > last);
        std::thread::sleep(Duration::from_secs(2));
    });
    assert!(more.refused.is_empty(), "nobody is refused for that: {:?}", more.refused);
    told.add(more);
    let (more, ()) = under_load(&addresses, 2, &format!("{round}-b"), || {
        let stopped = stop_holder(&line, None, &processes);
        let other = servers.iter().find(|it| it.id() != stopped).expect("there are three");
        assert_others_are_told(other, one.path(), data);
        signal("CONT", stopped);
        for server in &servers {
            let mut n = 0;
            wait_until("it takes orders again", || {
                n += 1;
                let label = format!("after the stop {} {n}", server.id());
                let answer = server.connect().post(TRACK, &order("u1", &label));
                answer.is_ok_and(|it| it.status == 200)
            });
        }
        servers[0].kill();
    });
    assert!(!more.refused.is_empty(), "whoever called meanwhile was told");
    told.add(more);
    let audited = audit(data, &told, &catalogs([one.path(), two.path()]));
    assert_eq!(servers[2].metric(TOTAL), audited.events);
}

/// Checks what callers, readers and newcomers get while somebody is stopped at the head of the
/// line.
fn assert_others_are_told(other: &Server, root: &Path, data: &Path) {
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let [root, data] = [root, data].map(|it| it.to_str().expect("it is UTF-8"));
            let run = run(&["--root", root, "--data", data, "track", "create_order"]);
            assert_eq!(run.code, Some(2), "{}", run.err);
            assert!(run.err.contains("has probably been stopped"), "{}", run.err);
        });
        let since = Instant::now();
        let answer = other.connect().post(TRACK, &order("u1", "during")).expect("an answer");
        say(&format!("answered {} after {} ms", answer.status, since.elapsed().as_millis()));
        assert_eq!((answer.status, &answer.json()["code"]), (503, &"not_durable".into()));
        // Twice five seconds in line, and room for a slow machine.
        assert!(since.elapsed() < Duration::from_secs(30), "{:?}", since.elapsed());
        assert!(other.metric(TOTAL) > 0, "readers wait for nobody");
    });
}
