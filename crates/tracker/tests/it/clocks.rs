//! Clocks that jump, and clocks that differ between processes, cost no event and count none twice.

use crate::PATIENCE;
use internal_events::store::{Reader, recount};
use internal_events::testing::{ManualClock, definitions};
use internal_events::{Catalog, Config, Tracker};
use jiff::civil::{Date, date};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A tracker on a data directory, and its clock.
fn open(data: &Path, day: Date) -> (Tracker, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(day));
    let config = Config::new(Catalog::new(definitions(&["e"])));
    let tracker = Tracker::open(config.data(data).clock(Arc::<ManualClock>::clone(&clock)));
    (tracker.expect("the data directory is usable"), clock)
}

fn track(tracker: &Tracker, id: u8) {
    tracker.track_event("e").user(i64::from(id)).id([id; 16]).send();
    tracker.flush(PATIENCE).expect("it is written");
}

/// The total of a week, as whoever asks reads it.
fn total(reader: &mut dyn Reader, week: &str) -> u64 {
    let key = format!("{{event_counters}}_e-{week}");
    reader.counters(&[&key]).expect("readable").total(&key).expect("a total")
}

/// Checks the totals of weeks, and that all counters are what the journal adds up to while it is
/// whole.
fn check(tracker: &Tracker, weeks: &[(&str, u64)]) {
    let ask = |reader: &mut dyn Reader| {
        for (week, expected) in weeks {
            assert_eq!(total(reader, week), *expected, "{week}");
        }
        let keys = reader.keys().expect("readable");
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        let kept = reader.counters(&keys).expect("readable");
        let counted = recount(reader).expect("readable");
        // What is older than a week, by the newest entry, leaves the journal and stays counted.
        if counted.first == Some(1) {
            assert_eq!(kept, counted.counters);
        }
    };
    tracker.read(ask).expect("enabled");
}

#[test]
fn a_clock_that_jumps_counts_each_event_in_the_week_it_shows() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let (tracker, clock) = open(home.path(), date(2026, 12, 27));
    track(&tracker, 1);
    // Over the end of the year into week 53, which few years have, and into the next year.
    for (id, day) in (2..).zip([date(2026, 12, 28), date(2027, 1, 3), date(2027, 1, 4)]) {
        clock.set(day);
        track(&tracker, id);
    }
    // Back by a year and a week, and on by minutes, so that counters are due by that clock too.
    clock.set(date(2025, 12, 28));
    for id in 5..8 {
        clock.advance(Duration::from_mins(1));
        track(&tracker, id);
    }
    let weeks = [("2026-52", 1), ("2026-53", 2), ("2027-01", 1), ("2025-52", 3)];
    check(&tracker, &weeks);
    assert!(tracker.shut_down(PATIENCE));
    let (tracker, _) = open(home.path(), date(2026, 12, 27));
    check(&tracker, &weeks);
    let status = tracker.read(|it| it.status()).expect("enabled").expect("readable");
    assert_eq!((status.last_sequence, status.cursors["counters"]), (7, 7));
}

#[test]
fn processes_whose_clocks_differ_count_each_event_once() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let (here, _) = open(home.path(), date(2026, 11, 18));
    let (ahead, _) = open(home.path(), date(2026, 11, 25));
    for id in 1..=20 {
        track(if id % 2 == 0 { &ahead } else { &here }, id);
    }
    check(&here, &[("2026-47", 10), ("2026-48", 10)]);
    // What the one ahead has taken is known to the one behind.
    track(&here, 20);
    let status = here.read(|it| it.status()).expect("enabled").expect("readable");
    assert_eq!((status.last_sequence, status.ledger["duplicate"]), (20, 1));
    check(&ahead, &[("2026-47", 10), ("2026-48", 10)]);
}

#[test]
fn events_that_come_while_others_are_flushed_are_neither_lost_nor_waited_for() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let (tracker, _) = open(home.path(), date(2026, 11, 18));
    let is_over = AtomicBool::new(false);
    let n_sent = std::thread::scope(|scope| {
        let sender = scope.spawn(|| {
            let mut n = 0_u64;
            while !is_over.load(Ordering::Relaxed) {
                tracker.track_event("e").user(5).send();
                n += 1;
                std::thread::yield_now();
            }
            n
        });
        for _ in 0..20 {
            tracker.flush(PATIENCE).expect("it ends, though more comes all the time");
        }
        is_over.store(true, Ordering::Relaxed);
        sender.join().expect("sending never panics")
    });
    tracker.flush(PATIENCE).expect("it is written");
    let health = tracker.health();
    let refused: u64 = health.refused.values().sum();
    assert_eq!((health.accepted + refused, health.pending), (n_sent, 0));
}

#[test]
fn a_clock_before_1970_is_refused_until_it_is_set() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let (tracker, clock) = open(home.path(), date(1969, 12, 31));
    for event in ["e", "unknown"] {
        tracker.track_event(event).send();
        let error = tracker.flush(PATIENCE).err();
        // What is sent without anybody who waits may be written before the flush is asked for.
        assert!(error.is_none_or(|it| format!("{it:?}").contains("Clock")), "{event}");
    }
    let error = tracker.check_ready(PATIENCE).expect_err("nothing would be taken");
    assert!(format!("{error:?}").contains("Clock"), "{error:?}");
    clock.set(date(2026, 11, 18));
    tracker.check_ready(PATIENCE).expect("the clock is set");
    track(&tracker, 1);
    check(&tracker, &[("2026-47", 1)]);
    let health = tracker.health();
    assert_eq!((health.received, health.accepted, health.refused["journal_failed"]), (3, 1, 2));
}

#[test]
fn who_asks_is_told_that_the_data_directory_is_gone_though_nothing_is_sent() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let data = home.path().join("data");
    let (tracker, _) = open(&data, date(2026, 11, 18));
    track(&tracker, 1);
    tracker.check_ready(PATIENCE).expect("all is well");
    let elsewhere = home.path().join("elsewhere");
    std::fs::rename(&data, &elsewhere).expect("it can be moved");
    let error = tracker.check_ready(PATIENCE).expect_err("what is written would be lost");
    assert!(format!("{error:?}").contains("Replaced"), "{error:?}");
    std::fs::rename(&elsewhere, &data).expect("it can be moved back");
    tracker.check_ready(PATIENCE).expect("all is well again");
}
