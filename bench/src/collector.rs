//! Events over HTTP, answered when durable, beside servers that only parse them.

use crate::Size;
use crate::generated::{self, COUNTED};
use crate::http_load::{Answers, Load};
use crate::load_bodies::{Bodies, REST, TP2};
use crate::measure::{Aim, Report, Row, Side, interleave, millis};
use crate::peer;
use crate::process::{self, Pinned};
use crate::server::Server;
use anyhow::{Context as _, Result, ensure};
use internal_events_store::{Reader as _, Sqlite};
use serde_json::Value;
use std::cell::RefCell;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Connections with a request under way at any time.
const FOR_SINGLES: u32 = 256;
const FOR_BATCHES: u32 = 32;

/// What is sent, and what it should cost beside fastify.
struct Work {
    name: String,
    path: &'static str,
    connections: u32,
    bodies: Bodies,
    aim: f64,
}

fn works(n_events: usize) -> Vec<Work> {
    let single = Work {
        name: "single REST event".to_owned(),
        path: REST,
        connections: FOR_SINGLES,
        bodies: Bodies::singles(n_events),
        aim: 0.4,
    };
    let batches = [1, 10, 50].map(|batch| Work {
        name: format!("Snowplow, {batch} a request"),
        path: TP2,
        connections: FOR_BATCHES,
        bodies: Bodies::batches(batch, n_events),
        aim: 1.0,
    });
    std::iter::once(single).chain(batches).collect()
}

pub(crate) fn run(size: &Size) -> Result<Report> {
    let root = tempfile::tempdir()?;
    let n_events = size.pick(1_000, 50);
    generated::write(root.path(), n_events, COUNTED)?;
    let mut program = Command::new(process::program()?);
    program.args(["serve", "--listen", "127.0.0.1:0", "--root"]).arg(root.path());
    let beside = tempfile::tempdir()?;
    let mut bare = floor(beside.path(), n_events)?;
    let processors = process::processors()?;
    let (first, last) = processors.first().zip(processors.last()).context("no processor")?;
    let mut report = Report::default();
    let kept_in = tempfile::tempdir()?;
    let mut keeping = Command::new(process::ourselves()?);
    keeping.args(["floor", "collector"]).arg(kept_in.path());
    let (ours, floor, keeping, peer) = {
        let peer = peer::command();
        let _pinned = Pinned::to(&[*first])?;
        let peer = peer.map(|mut it| Server::start(&mut it));
        let [ours, floor, keeping] = [&mut program, &mut bare, &mut keeping].map(Server::start);
        (ours?, floor?, keeping?, peer)
    };
    let peer = match peer {
        Ok(peer) => Some(peer?),
        Err(error) => {
            report.notes.push(format!("SKIPPED: what is beside fastify: {error:#}"));
            None
        }
    };
    let _pinned = Pinned::to(&[*last])?;
    let mut answered = 0;
    for work in works(n_events) {
        if std::env::var("WORK").is_ok_and(|it| !work.name.contains(&it)) {
            continue;
        }
        let servers = [Some(&ours), Some(&floor), Some(&keeping), peer.as_ref()];
        answered += measure(size, &work, servers, &mut report)?;
    }
    let accepted = accepted(root.path())?;
    ensure!(accepted == answered, "{answered} events were answered, {accepted} are in the journal");
    let counted = counted(root.path())?;
    ensure!(counted == answered, "{answered} events were answered, {counted} are counted");
    for (name, server) in
        [("ours", Some(&ours)), ("hyper", Some(&floor)), ("fastify", peer.as_ref())]
    {
        if let Some(server) = server {
            report.peaks.push((name.to_owned(), process::peak_of(&server.process.0)?));
        }
    }
    report.notes.push(format!(
        "{FOR_SINGLES} connections for single events, {FOR_BATCHES} for batches, one request under \
         way on each; {answered} events answered 200, as many in the journal, as many counted; \
         server on one processor, load on {}",
        if processors.len() > 1 { "another" } else { "the same" },
    ));
    Ok(report)
}

/// Another build of the program, which takes the floor's place to be compared with.
const OTHER: &str = "INTERNAL_EVENTS_OTHER_BIN";

fn has_other() -> bool {
    std::env::var_os(OTHER).is_some()
}

/// What ours is measured beside: bare hyper, or another build on data of its own.
fn floor(root: &Path, n_events: usize) -> Result<Command> {
    let Some(other) = std::env::var_os(OTHER) else {
        let mut bare = Command::new(process::ourselves()?);
        bare.args(["floor", "collector"]);
        return Ok(bare);
    };
    generated::write(root, n_events, COUNTED)?;
    let mut other = Command::new(other);
    other.args(["serve", "--listen", "127.0.0.1:0", "--root"]).arg(root);
    Ok(other)
}

/// Lets callers call each server in turn; gives how many events ours answered.
fn measure(
    size: &Size,
    work: &Work,
    servers: [Option<&Server>; 4],
    report: &mut Report,
) -> Result<u64> {
    let load = Load {
        path: work.path,
        connections: work.connections,
        duration: size.pick(Duration::from_secs(1), Duration::from_millis(100)),
    };
    let answers: [RefCell<Vec<Answers>>; 4] = Default::default();
    let burst = |side: usize| match servers[side] {
        Some(server) => server.burst(load, &work.bodies, &answers[side]),
        None => Ok(f64::NAN),
    };
    let sides: [Side<'_>; 4] =
        [&mut || burst(0), &mut || burst(1), &mut || burst(2), &mut || burst(3)];
    let [ours, floor, keeping, peer] = interleave(size.rounds.min(5), sides)?;
    let [of_ours, of_floor, _, of_peer] = answers.map(RefCell::into_inner);
    let name = &work.name;
    let cpu = format!("{name}: CPU per event");
    report.rows.push(Row::beside(cpu, "µs", Aim::Ratio(2.0), &ours, &floor));
    let cpu = format!("{name}: the same beside hyper that keeps bodies");
    report.rows.push(Row::beside(cpu, "µs", Aim::None, &ours, &keeping));
    if !of_peer.is_empty() {
        let cpu = format!("{name}: the same beside fastify");
        report.rows.push(Row::beside(cpu, "µs", Aim::Ratio(work.aim), &ours, &peer));
    }
    if !of_peer.is_empty() && !has_other() {
        for (what, floor) in [("bare hyper", &floor), ("hyper that keeps bodies", &keeping)] {
            let cpu = format!("{name}: {what} beside fastify");
            report.rows.push(Row::beside(cpu, "µs", Aim::None, floor, &peer));
        }
    }
    for (what, share) in [("median latency", 0.5), ("p99 latency", 0.99)] {
        // The first burst warmed up.
        let of = |it: &[Answers]| {
            it[1..].iter().map(|it| millis(it.quantile(share))).collect::<Vec<f64>>()
        };
        let what = format!("{name}: {what}");
        report.rows.push(Row::beside(what, "ms", Aim::None, &of(&of_ours), &of(&of_floor)));
    }
    report.notes.push(format!("{name}: {} bytes an event", work.bodies.event_bytes()));
    Ok(of_ours.iter().map(|it| it.n * work.bodies.events()).sum())
}

/// How many events the journal has.
pub(crate) fn accepted(root: &Path) -> Result<u64> {
    let mut reader =
        Sqlite::reader(&root.join(".internal-events"))?.context("there is no store")?;
    Ok(reader.status()?.last_sequence)
}

/// How many events the totals show; each event has one.
pub(crate) fn counted(root: &Path) -> Result<u64> {
    let mut metrics = Command::new(process::program()?);
    metrics.args(["metrics", "--include-current-week", "--format", "json", "--root"]).arg(root);
    let output = metrics.output().context("the program cannot be run")?;
    let report: Value = serde_json::from_slice(&output.stdout)?;
    let metrics = report["metrics"].as_array().context("a report has metrics")?;
    let is_total =
        |it: &&Value| it["key_path"].as_str().is_some_and(|it| it.starts_with("counts."));
    metrics
        .iter()
        .filter(is_total)
        .map(|it| it["value"].as_u64().with_context(|| format!("{it} has no value")))
        .sum()
}
