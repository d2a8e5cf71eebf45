//! Distinct texts counted by eight processes are as many as counted by one.

use crate::{PATIENCE, clock};
use internal_events::testing::definitions;
use internal_events::{Catalog, Config, Tracker};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

const N: usize = 8;
const TEXTS: usize = 3_000;
const KEY: &str = "{hll_counters}_e-user-2026-47";

fn open(data: &Path) -> Tracker {
    let config = Config::new(Catalog::new(definitions(&["e"]))).clock(clock()).data(data);
    Tracker::open(config).expect("the data directory is usable")
}

/// Every process sees two thirds of all texts, so that most are seen by several.
fn track_share(data: &Path, share: usize) {
    let tracker = open(data);
    for text in 0..TEXTS {
        if !(text + share).is_multiple_of(3) {
            tracker.track_event("e").user(format!("ünique-{text}")).send();
        }
    }
    tracker.flush(PATIENCE).expect("it is written");
    assert!(tracker.shut_down(PATIENCE));
}

/// What a child process does; without the variable, nothing.
#[test]
fn child() {
    let Some(data) = std::env::var_os("MANY_PROCESSES_DATA").map(PathBuf::from) else { return };
    let share = std::env::var("MANY_PROCESSES_SHARE").expect("set beside the other");
    track_share(&data, share.parse().expect("a number"));
}

#[test]
fn uniques_of_eight_processes_equal_those_of_one() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let (one, eight) = (home.path().join("one"), home.path().join("eight"));
    for share in 0..N {
        track_share(&one, share);
    }
    let this = std::env::current_exe().expect("a test has a binary");
    let children: Vec<_> = (0..N)
        .map(|share| {
            let mut command = Command::new(&this);
            command.args(["--exact", "many_processes::child", "--quiet"]);
            command.env("MANY_PROCESSES_DATA", &eight);
            command.env("MANY_PROCESSES_SHARE", share.to_string());
            command.stdout(std::process::Stdio::null()).spawn().expect("a child starts")
        })
        .collect();
    for mut child in children {
        assert!(child.wait().expect("a child ends").success());
    }
    let sketch = |data: &Path| {
        let tracker = open(data);
        let counters = tracker.read(|it| it.counters(&[KEY])).expect("enabled").expect("readable");
        counters.sketch(KEY).expect("a sketch").expect("not empty").to_bytes()
    };
    assert_eq!(sketch(&one), sketch(&eight), "the very same bytes");
}

#[test]
fn whoever_has_the_lease_counts_also_what_others_track() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let data = home.path();
    let idle = open(data);
    let wait_for = |entry| {
        let deadline = Instant::now() + PATIENCE;
        let status = || idle.read(|it| it.status()).expect("enabled").expect("readable");
        while status().cursors["counters"] < entry {
            assert!(Instant::now() < deadline, "entry {entry} is counted, not left to readers");
            std::thread::sleep(Duration::from_millis(10));
        }
    };
    // Nobody else is there to count the first, so that this one has the lease from then on.
    idle.track_event("e").user("5").send();
    wait_for(1);
    for entry in 2..=3 {
        let busy = open(data);
        busy.track_event("e").user("5").send();
        assert!(busy.shut_down(PATIENCE));
        wait_for(entry);
    }
}
