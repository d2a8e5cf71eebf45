//! Tracking in process: what the caller waits for, and what an event costs in all.

use crate::generated::{self, LABEL};
use crate::measure::{Aim, Random, Report, Row, interleave, nanos_each};
use crate::{Size, process, route};
use anyhow::{Context as _, Result};
use internal_events::{Config, Event, Tracker};
use std::cell::Cell;
use std::collections::VecDeque;
use std::hint::black_box;
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// More than any disk should take for a burst.
const PATIENCE: Duration = Duration::from_mins(1);

/// A burst that fits into the writer's pause: the writer is asleep or gathers while we call.
const SMALL: usize = 1_000;

/// A burst that the writer works on while we call; fits into the queue all the same.
const LARGE: usize = 20_000;

pub(crate) fn run(size: &Size) -> Result<Report> {
    let catalog = route::catalog(size)?;
    let n_events = catalog.events().count();
    let dir = tempfile::tempdir()?;
    let memory = Tracker::open(Config::new(catalog.clone()))?;
    let durable = Tracker::open(Config::new(catalog).data(dir.path()))?;
    let mut report = Report::default();
    for burst in [SMALL, LARGE] {
        let calls = Calls::new(n_events, burst);
        let repeats = size.pick(LARGE / burst, 1);
        callers_thread(&mut report, [&memory, &durable], &calls, repeats, size)?;
    }
    let calls = Calls::new(n_events, LARGE);
    in_all(&mut report, [&memory, &durable], &calls, size)?;
    let health = durable.health();
    report.notes.push(format!(
        "durable tracker: {} events received, {} accepted, {} refused; its data takes {:.0} bytes an event",
        health.received,
        health.accepted,
        health.refused.values().sum::<u64>(),
        bytes_each(dir.path(), health.accepted)?,
    ));
    report.peaks.push(("this process, both trackers and floor".to_owned(), process::own_peak()?));
    Ok(report)
}

/// What is called, in which order.
struct Calls {
    names: Vec<String>,
    order: Vec<(usize, i64, i64)>,
}

impl Calls {
    fn new(n_events: usize, burst: usize) -> Self {
        let mut random = Random::new(4);
        let mut id = |n| i64::try_from(random.below(n)).unwrap_or_default();
        let order = (0..burst).map(|it| (it * 7919 % n_events, id(20_000), id(5_000))).collect();
        Self { names: (0..n_events).map(generated::action).collect(), order }
    }

    fn track(&self, tracker: &Tracker) {
        for (idx, user, project) in &self.order {
            let event = tracker.track_event(self.names[*idx].as_str());
            event.user(*user).project(*project).property("label", LABEL).send();
        }
    }

    /// Builds the same events and puts them into a queue behind a lock.
    fn push(&self, queue: &Mutex<VecDeque<Event>>) {
        for (idx, user, project) in &self.order {
            let mut event = Event::new(self.names[*idx].as_str());
            event.user = Some((*user).into());
            event.project = Some((*project).into());
            event.properties.push(("label".to_owned(), LABEL.into()));
            queue.lock().unwrap_or_else(PoisonError::into_inner).push_back(event);
        }
    }
}

/// Times the calls alone: before each burst everything is flushed, and not timed.
fn callers_thread(
    report: &mut Report,
    [memory, durable]: [&Tracker; 2],
    calls: &Calls,
    repeats: usize,
    size: &Size,
) -> Result<()> {
    let queue = Mutex::new(VecDeque::with_capacity(calls.order.len()));
    let n = repeats * calls.order.len();
    let timed = |work: &mut dyn FnMut(), after: &dyn Fn() -> Result<()>| -> Result<(f64, f64)> {
        let (mut cpu, mut wall) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..repeats {
            after()?;
            let start = Instant::now();
            cpu += process::on_this_thread(&mut *work)?;
            wall += start.elapsed();
        }
        Ok((nanos_each(cpu, n), nanos_each(wall, n)))
    };
    let (walls_memory, walls_durable) = (Cell::new(f64::MAX), Cell::new(f64::MAX));
    let ours = |tracker: &Tracker, wall: &Cell<f64>| -> Result<f64> {
        let (cpu, took) = timed(&mut || calls.track(tracker), &|| Ok(tracker.flush(PATIENCE)?))?;
        wall.set(wall.get().min(took));
        Ok(cpu)
    };
    let [in_memory, on_disk, floor] = interleave(
        size.rounds,
        [&mut || ours(memory, &walls_memory), &mut || ours(durable, &walls_durable), &mut || {
            let empty = || {
                queue.lock().unwrap_or_else(PoisonError::into_inner).clear();
                Ok(())
            };
            Ok(timed(&mut || calls.push(&queue), &empty)?.0)
        }],
    )?;
    let burst = calls.order.len();
    let name = |home: &str| format!("call, {home}, bursts of {burst}");
    let aim = Aim::Value(1_000.0);
    report.rows.push(Row::beside(name("in memory"), "ns", aim, &in_memory, &floor));
    report.rows.push(Row::beside(name("durable"), "ns", aim, &on_disk, &floor));
    report.notes.push(format!(
        "bursts of {burst}: best round by the wall clock {:.0} ns in memory, {:.0} ns durable; the \
         rows are processor time of the caller's thread",
        walls_memory.get(),
        walls_durable.get(),
    ));
    Ok(())
}

/// Processor time of all threads, from the first call to everything durable.
fn in_all(
    report: &mut Report,
    [memory, durable]: [&Tracker; 2],
    calls: &Calls,
    size: &Size,
) -> Result<()> {
    let n = calls.order.len();
    let ours = |tracker: &Tracker| -> Result<f64> {
        tracker.flush(PATIENCE)?;
        let took = process::on_all_threads(|| {
            calls.track(tracker);
            Ok(tracker.flush(PATIENCE)?)
        })?;
        Ok(nanos_each(took, n))
    };
    let queue = Mutex::new(VecDeque::new());
    let [in_memory, on_disk, floor] = interleave(
        size.rounds,
        [&mut || ours(memory), &mut || ours(durable), &mut || {
            let took = process::on_all_threads(|| {
                calls.push(&queue);
                black_box(&queue).lock().unwrap_or_else(PoisonError::into_inner).clear();
                Ok(())
            })?;
            Ok(nanos_each(took, n))
        }],
    )?;
    let name = |home: &str| format!("event in all, writer included, {home}");
    report.rows.push(Row::beside(name("in memory"), "ns", Aim::None, &in_memory, &floor));
    report.rows.push(Row::beside(name("durable"), "ns", Aim::None, &on_disk, &floor));
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "sizes of files are far below 2^52")]
fn bytes_each(dir: &Path, events: u64) -> Result<f64> {
    let path = dir.join("internal-events.db");
    let bytes = std::fs::metadata(&path).with_context(|| format!("no {}", path.display()))?.len();
    Ok(bytes as f64 / events.max(1) as f64)
}
