//! A full queue refuses the newest events, counts them and goes on.

use crate::{PATIENCE, clock, hold_up};
use internal_events::testing::definitions;
use internal_events::{Catalog, Config, Event, Limits, Refusal, Tracker};
use std::sync::mpsc;

/// A tracker whose writer is held up inside the answer to a first batch until the sender is used.
fn stalled(limits: Limits) -> (Tracker, mpsc::Sender<()>) {
    let config = Config::new(Catalog::new(definitions(&["e"]))).limits(limits).clock(clock());
    let tracker = Tracker::open(config).expect("memory needs no more than a thread");
    let go_on = hold_up(&tracker);
    (tracker, go_on)
}

#[test]
fn the_newest_are_refused_and_counted() {
    let limits = Limits { queue_events: 10, ..Limits::default() };
    let (tracker, go_on) = stalled(limits);
    for _ in 0..25 {
        tracker.track_event("e").send();
    }
    let health = tracker.health();
    assert_eq!((health.received, health.pending), (26, 10));
    assert_eq!(health.refused["queue_full"], 15);
    let answer = tracker.submit(vec![Event::new("e")], |_| ());
    assert_eq!(answer.expect_err("there is no room"), Refusal::QueueFull);
    go_on.send(()).expect("the writer waits");
    tracker.flush(PATIENCE).expect("the writer goes on");
    let health = tracker.health();
    assert_eq!((health.accepted, health.pending, health.refused["queue_full"]), (11, 0, 16));
    tracker.track_event("e").send();
    tracker.flush(PATIENCE).expect("there is room again");
    assert_eq!(tracker.health().accepted, 12);
}

#[test]
fn memory_is_bounded_too() {
    let limits = Limits { queue_bytes: 10_000, ..Limits::default() };
    let (tracker, go_on) = stalled(limits);
    for _ in 0..25 {
        tracker.track_event("e").property("label", "x".repeat(1_000)).send();
    }
    let refused = tracker.health().refused["queue_full"];
    assert!((15..25).contains(&refused), "{refused} were refused");
    go_on.send(()).expect("the writer waits");
}

#[test]
fn a_batch_larger_than_the_queue_is_taken_when_the_queue_is_empty() {
    let limits = Limits { queue_events: 10, ..Limits::default() };
    let config = Config::new(Catalog::new(definitions(&["e"]))).limits(limits);
    let tracker = Tracker::open(config).expect("memory needs no more than a thread");
    let events = vec![Event::new("e"); 50];
    tracker.submit(events, |_| ()).expect("the queue is empty");
    tracker.flush(PATIENCE).expect("it is written");
    assert_eq!(tracker.health().accepted, 50);
}
