//! Scenarios of the tracker, one file each; the file name is the story.

mod asynchronous_callers;
mod calls_of_all_languages;
mod clocks;
mod counting;
mod delivery;
mod full_queue;
mod hostile_events;
mod legacy;
mod lets_go;
mod many_processes;
mod never_blocks_never_panics;
mod parity;
mod replay;
mod stress;
mod strict_mode;
mod what_is_kept;
mod writer_gone;

use internal_events::testing::{ManualClock, definitions};
use internal_events::{Catalog, Config, Event, Tracker};
use jiff::civil::date;
use std::sync::{Arc, mpsc};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_mins(1);

/// A clock that stands on Wednesday 2026-11-18.
fn clock() -> Arc<ManualClock> {
    Arc::new(ManualClock::at(date(2026, 11, 18)))
}

/// A lenient tracker in memory that knows these events.
fn tracker(actions: &[&str]) -> Tracker {
    let config = Config::new(Catalog::new(definitions(actions))).clock(clock());
    Tracker::open(config).expect("memory needs no more than a thread")
}

/// Lets the writer stand still in the answer to an event, until the sender is used or dropped.
fn hold_up(tracker: &Tracker) -> mpsc::Sender<()> {
    let (go_on, wait) = mpsc::channel::<()>();
    let (started, is_started) = mpsc::channel();
    let hold = move |_| {
        started.send(()).expect("the test waits");
        let _ = wait.recv();
    };
    tracker.submit(vec![Event::new("e")], hold).expect("the queue is empty");
    is_started.recv().expect("the writer starts");
    go_on
}
