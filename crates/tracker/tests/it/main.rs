//! Scenarios of the tracker, one file each; the file name is the story.

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
use internal_events::{Catalog, Config, Tracker};
use jiff::civil::date;
use std::sync::Arc;
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
