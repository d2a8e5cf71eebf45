//! Sending what waits in the journal, beside sending the same bodies that were made beforehand.

use super::{BURST, PATIENCE, names, options, pending, track, wait_until};
use crate::measure::{Aim, Report, Row, interleave, nanos_each};
use crate::null_collector::{self, ensure_taken, refusing};
use crate::{Size, process, route};
use anyhow::{Context as _, Result, ensure};
use internal_events::snowplow::{SnowplowOptions, parameters};
use internal_events::{Catalog, Config, Tracker};
use internal_events_store::{Sqlite, StoredEntry};
use serde_json::{Map, Value};
use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Events whose bodies are made beforehand, and sent over and over: those of all would not fit into
/// the memory of small machines.
const PREBUILT: usize = 10_000;

/// What trackers were measured at elsewhere: one run each, another machine, smaller events.
const ELSEWHERE: &str = "elsewhere, not in the same run, whole trackers by the clock with events of a \
    third of the size: 43,000 events/s with the Rust tracker 0.2.0 in batches of 50, 6,000 to 11,000 \
    with Python's 1.1.0, 2,600 to 2,800 with Ruby's 0.6.1";

pub(super) fn run(size: &Size, report: &mut Report) -> Result<()> {
    let catalog = Arc::new(route::catalog(size)?);
    for (batch, n) in [(1, 20_000), (10, 200_000), (100, 200_000)] {
        let n = size.pick(n, 2_000);
        let waiting = Waiting::new(&catalog, n)?;
        waiting.measure(batch, size, report)?;
    }
    report.notes.push(ELSEWHERE.to_owned());
    Ok(())
}

/// A data directory with events that wait, of which each round takes a copy.
struct Waiting<'a> {
    catalog: &'a Arc<Catalog>,
    data: tempfile::TempDir,
    n: usize,
}

impl<'a> Waiting<'a> {
    fn new(catalog: &'a Arc<Catalog>, n: usize) -> Result<Self> {
        let data = tempfile::tempdir()?;
        let config = Config::new(Arc::clone(catalog)).data(data.path());
        let tracker = Tracker::open(config.snowplow(options(refusing()?))?)?;
        let names = names(&tracker);
        for first in (0..n).step_by(BURST) {
            track(&tracker, &names, first, BURST.min(n - first));
            tracker.flush(PATIENCE)?;
        }
        let waits = pending(&tracker)?.0;
        ensure!(waits == n as u64, "{n} events should wait, {waits} do");
        ensure!(tracker.shut_down(PATIENCE), "the tracker does not end");
        Ok(Self { catalog, data, n })
    }

    fn measure(&self, batch: usize, size: &Size, report: &mut Report) -> Result<()> {
        let collector = null_collector::start(0)?;
        let mut options = options(collector.address);
        options.sending.batch_events = batch;
        let bodies = self.bodies(&options)?;
        let n_floor = self.n.div_ceil(batch) * batch;
        let walls = RefCell::new(Vec::new());
        let [ours, floor] = interleave(
            size.rounds.min(5),
            [
                &mut || {
                    let (cpu, wall) = self.drain(&options)?;
                    walls.borrow_mut().push(wall);
                    Ok(cpu)
                },
                &mut || {
                    let cpu = process::on_all_threads(|| send(&bodies, n_floor / batch, &options))?;
                    Ok(nanos_each(cpu, n_floor) / 1e3)
                },
            ],
        )?;
        let rounds = 1 + size.rounds.min(5);
        ensure_taken(collector.address, (rounds * (self.n + n_floor)) as u64)?;
        let name = format!("{} events, batches of {batch}: CPU per event", self.n);
        report.rows.push(Row::beside(name, "µs", Aim::None, &ours, &floor));
        let mut walls = walls.into_inner();
        walls.sort_by(f64::total_cmp);
        let middle = |of: &[f64]| of[of.len() / 2];
        let bytes = bodies.iter().map(String::len).sum::<usize>() / (bodies.len() * batch);
        let mut ours = ours;
        ours.sort_by(f64::total_cmp);
        report.notes.push(format!(
            "batches of {batch}: {:.0} events a second and core, {:.0} a second by the clock; {bytes} \
             bytes an event",
            1e6 / middle(&ours),
            1e6 / middle(&walls),
        ));
        Ok(())
    }

    /// Sends all that waits; gives what an event took in µs of processors and of the clock.
    fn drain(&self, options: &SnowplowOptions) -> Result<(f64, f64)> {
        let data = tempfile::tempdir()?;
        copy(self.data.path(), data.path())?;
        let config = Config::new(Arc::clone(self.catalog)).data(data.path());
        let config = config.snowplow(options.clone())?;
        let started = Instant::now();
        let mut tracker = None;
        let cpu = process::on_all_threads(|| {
            let tracker = tracker.insert(Tracker::open(config)?);
            wait_until(|| Ok(pending(tracker)?.0 == 0))
        })?;
        let wall = started.elapsed();
        let delivered = tracker.context("invariant: it was opened")?;
        let (_, delivered) = pending(&delivered)?;
        ensure!(delivered == self.n as u64, "{delivered} of {} events were taken", self.n);
        Ok((nanos_each(cpu, self.n) / 1e3, nanos_each(wall, self.n) / 1e3))
    }

    /// The bodies in which the first events go, as the destination makes them.
    fn bodies(&self, options: &SnowplowOptions) -> Result<Vec<String>> {
        let mut reader = Sqlite::reader(self.data.path())?.context("there is no store")?;
        let entries = internal_events_store::Reader::entries(&mut reader, 0, PREBUILT.min(self.n))?;
        let batches = entries.chunks_exact(options.sending.batch_events);
        batches.map(|batch| body(batch, options)).collect()
    }
}

fn body(entries: &[StoredEntry], options: &SnowplowOptions) -> Result<String> {
    let mut data = Vec::with_capacity(entries.len());
    for entry in entries {
        let parameters = parameters(entry, options).map_err(anyhow::Error::msg)?;
        let mut members: Map<String, Value> =
            parameters.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        members.insert("stm".to_owned(), entry.accepted_at.to_string().into());
        data.push(Value::Object(members));
    }
    let schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";
    Ok(serde_json::json!({ "schema": schema, "data": data }).to_string())
}

/// Posts bodies in turn, as many, by the same client and from as many threads as the destination.
fn send(bodies: &[String], n: usize, options: &SnowplowOptions) -> Result<()> {
    let n_threads = options.sending.concurrency;
    let config = ureq::Agent::config_builder()
        .max_idle_connections(n_threads)
        .max_idle_connections_per_host(n_threads)
        .build();
    let agent = config.new_agent();
    let url = format!("{}/com.snowplowanalytics.snowplow/tp2", options.collector);
    let next = AtomicUsize::new(0);
    let work = || -> Result<()> {
        loop {
            let nth = next.fetch_add(1, Ordering::Relaxed);
            if nth >= n {
                return Ok(());
            }
            let request =
                agent.post(&url).header("content-type", "application/json; charset=utf-8");
            let mut answer = request.send(&bodies[nth % bodies.len()])?;
            answer.body_mut().read_to_vec()?;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..n_threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|it| match it.join() {
            Ok(done) => done,
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

fn copy(from: &Path, to: &Path) -> Result<()> {
    for file in fs::read_dir(from)? {
        let file = file?;
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}
