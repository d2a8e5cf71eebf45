//! Unknown events are counted when their definition arrives: once, in the week they came.

use crate::{PATIENCE, clock};
use internal_events::testing::{ManualClock, definitions};
use internal_events::{Catalog, Config, Event, GivenId, ReplayOf, ReplayOutcome, Scalar, Tracker};
use jiff::civil::date;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

const TOTAL: &str = "{event_counters}_late";
const USERS: &str = "{hll_counters}_late-user-2026-47";

fn open(data: Option<&Path>, clock: Arc<ManualClock>, known: &[&str]) -> Tracker {
    let config = Config::new(Catalog::new(definitions(known))).clock(clock);
    let config = match data {
        Some(data) => config.data(data),
        None => config,
    };
    Tracker::open(config).expect("the data directory is usable")
}

fn send(tracker: &Tracker, name: &str, user: i64) {
    tracker.track_event(name).user(user).send();
}

fn total(tracker: &Tracker, key: &str) -> u64 {
    let counters = tracker.read(|it| it.counters(&[key])).expect("enabled").expect("readable");
    counters.total(key).expect("a total")
}

#[test]
fn in_memory_and_on_disk_alike() {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    for data in [None, Some(scratch.path())] {
        counts_in_the_week_in_which_it_was_received(data);
    }
}

fn counts_in_the_week_in_which_it_was_received(data: Option<&Path>) {
    let clock = clock();
    let tracker = open(data, Arc::clone(&clock), &["e"]);
    for user in 0..3 {
        send(&tracker, "late", user);
    }
    send(&tracker, "never", 1);
    tracker.flush(PATIENCE).expect("it is written");
    clock.set(date(2026, 12, 2));
    send(&tracker, "e", 1);
    tracker.flush(PATIENCE).expect("it is written");
    assert_eq!(tracker.replayable().expect("readable").len(), 0);
    tracker.replace_catalog(Catalog::new(definitions(&["e", "late"])));
    assert_eq!(tracker.replayable().expect("readable")["late"], 3);

    let done = tracker.replay(ReplayOf::Numbers(&[2, 2, 4, 99])).expect("it is replayed");
    assert_eq!(
        done,
        ReplayOutcome { replayed: 1, unknown: 1, missing: 1, ..ReplayOutcome::default() }
    );
    let done = tracker.replay(ReplayOf::All).expect("it is replayed");
    assert_eq!(done, ReplayOutcome { replayed: 2, unknown: 1, ..ReplayOutcome::default() });
    let done = tracker.replay(ReplayOf::All).expect("there is nothing to do");
    assert_eq!(done, ReplayOutcome { unknown: 1, ..ReplayOutcome::default() });

    assert_eq!(total(&tracker, TOTAL), 3);
    assert_eq!(total(&tracker, "{event_counters}_late-2026-47"), 3);
    assert_eq!(total(&tracker, "{event_counters}_late-2026-49"), 0);
    let counters = tracker.read(|it| it.counters(&[USERS])).expect("enabled").expect("readable");
    assert_eq!(counters.distinct([USERS]), Ok(3));
    let status = tracker.read(|it| it.status()).expect("enabled").expect("readable");
    assert_eq!((status.last_sequence, status.quarantine_size, status.quarantined), (4, 1, 4));
    assert_eq!(status.ledger["replayed"], 3);
    // What came by other ways goes on to be counted by the writer.
    send(&tracker, "late", 9);
    tracker.flush(PATIENCE).expect("it is written");
    assert_eq!(total(&tracker, TOTAL), 4);
}

#[test]
fn what_the_definition_does_not_declare_is_left_out_and_counted() {
    let tracker = open(None, clock(), &[]);
    let event = Event {
        properties: vec![
            ("label".to_owned(), Scalar::from("l")),
            ("secret".to_owned(), Scalar::from("s")),
            ("value".to_owned(), Scalar::from("no number")),
        ],
        ..Event::new("late")
    };
    tracker.submit(vec![event], |_| ()).expect("there is room");
    tracker.flush(PATIENCE).expect("it is written");
    tracker.replace_catalog(Catalog::new(definitions(&["late"])));
    assert_eq!(tracker.replay(ReplayOf::All).expect("it is replayed").replayed, 1);
    let entries = tracker.read(|it| it.entries(0, 9)).expect("enabled").expect("readable");
    let text = String::from_utf8_lossy(&entries[0].event).into_owned();
    assert_eq!(text, r#"{"event":"late","properties":{"label":"l"}}"#);
    let ledger = tracker.read(|it| it.status()).expect("enabled").expect("readable").ledger;
    assert_eq!(ledger["omitted:undeclared_property"], 1);
    assert_eq!(ledger["omitted:ill_typed_property"], 1);
}

#[test]
fn an_event_that_came_twice_with_its_id_counts_once() {
    let tracker = open(None, clock(), &[]);
    let given = |content| Some(GivenId { id: [0xfe; 16], content });
    for content in [None, None, Some(7), Some(7)] {
        let event = Event { given_id: given(content), ..Event::new("late") };
        tracker.submit(vec![event], |_| ()).expect("there is room");
    }
    tracker.flush(PATIENCE).expect("it is written");
    tracker.replace_catalog(Catalog::new(definitions(&["late"])));
    let done = tracker.replay(ReplayOf::All).expect("it is replayed");
    assert_eq!(done, ReplayOutcome { replayed: 2, duplicate: 2, ..ReplayOutcome::default() });
    // And it is known when it is sent once more.
    let event = Event { given_id: given(None), ..Event::new("late") };
    tracker.submit(vec![event], |_| ()).expect("there is room");
    tracker.flush(PATIENCE).expect("it is written");
    assert_eq!((tracker.health().duplicate, total(&tracker, TOTAL)), (1, 2));
}

#[test]
fn what_is_no_event_of_ours_stays() {
    use internal_events::store::{Group, Options, Quarantined, Sqlite, Store as _};
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let mut store = Sqlite::open(scratch.path(), Options::default()).expect("usable");
    let kept = |reason, event| Quarantined { received_at: 0, reason, event };
    let quarantined = [
        kept("unknown_event", br#"{"event":"late"}"#),
        kept("unknown_event", b"\xff\xfe"),
        kept("unknown_event", br#"{"event":"late","given_id":"no hex"}"#),
        kept("bad_payload", br#"{"event":"late"}"#),
    ];
    let group = Group { quarantined: &quarantined, ..Group::default() };
    store.append(&group).expect("it is written");
    let tracker = open(Some(scratch.path()), clock(), &["late"]);
    let done = tracker.replay(ReplayOf::All).expect("it is replayed");
    assert_eq!(done, ReplayOutcome { replayed: 1, unusable: 3, ..ReplayOutcome::default() });
    assert_eq!(tracker.read(|it| it.status()).expect("enabled").expect("read").quarantine_size, 3);
}

#[test]
fn new_definitions_do_not_wait_for_a_look_at_what_is_kept_aside() {
    let tracker = open(None, clock(), &["e"]);
    send(&tracker, "late", 1);
    tracker.flush(PATIENCE).expect("it is written");
    // Whoever reads keeps everybody else from reading, for as long as this takes.
    let replaced = tracker.read(|_| {
        let (done, replaced) = std::sync::mpsc::channel();
        let other = tracker.clone();
        std::thread::spawn(move || {
            other.replace_catalog(Catalog::new(definitions(&["e", "late"])));
            done.send(())
        });
        replaced.recv_timeout(PATIENCE)
    });
    assert_eq!(replaced, Some(Ok(())), "they count while somebody reads");
    assert_eq!(tracker.replayable().expect("readable")["late"], 1);
}

#[test]
fn off_is_off() {
    let tracker = Tracker::open(Config::new(Catalog::new(definitions(&[]))).disabled());
    let refused = tracker.expect("nothing is needed").replay(ReplayOf::All).expect_err("it is off");
    assert_eq!(refused.to_string(), "tracking is switched off");
}

/// What a child process does; without the variable, nothing.
#[test]
fn child() {
    let Some(data) = std::env::var_os("REPLAY_DATA").map(PathBuf::from) else { return };
    let tracker = open(Some(&data), clock(), &["late"]);
    tracker.replay(ReplayOf::All).expect("it is replayed");
}

/// Several at a time, killed at any moment: together they bring in each event once.
#[test]
fn processes_that_are_killed_bring_in_each_event_once() {
    const EVENTS: u64 = 4_000;
    let kills: u64 = std::env::var("REPLAY_KILLS").map_or(12, |it| it.parse().expect("a number"));
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let tracker = open(Some(scratch.path()), clock(), &[]);
    for user in 0..EVENTS {
        tracker.track_event("late").user(user).send();
    }
    tracker.flush(PATIENCE).expect("it is written");
    drop(tracker);
    let start = || {
        let mut command = Command::new(std::env::current_exe().expect("a test has a binary"));
        command.args(["--exact", "replay::child", "--quiet"]).env("REPLAY_DATA", scratch.path());
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a child starts")
    };
    for kill in 0..kills {
        let mut children = [start(), start()];
        std::thread::sleep(Duration::from_millis(5 + kill * 7 % 40));
        for child in &mut children {
            child.kill().expect("it is ours");
            child.wait().expect("it ends");
        }
    }
    let mut children = [start(), start()];
    for child in &mut children {
        assert!(child.wait().expect("it ends").success());
    }
    let tracker = open(Some(scratch.path()), clock(), &["late"]);
    let status = tracker.read(|it| it.status()).expect("enabled").expect("readable");
    assert_eq!((status.last_sequence, status.quarantine_size), (EVENTS, 0));
    assert_eq!(status.ledger["replayed"], EVENTS);
    assert_eq!(total(&tracker, TOTAL), EVENTS);
}
