//! What callers notice of a collector: nothing, whether there is none, or it lives, refuses, or says
//! nothing.

use super::{PATIENCE, names, options, pending, track, wait_until};
use crate::collector::counted;
use crate::generated::{self, COUNTED};
use crate::http_load::Load;
use crate::load_bodies::{Bodies, REST};
use crate::measure::{Aim, Report, Row, Side, interleave, nanos_each};
use crate::null_collector::{self, refusing};
use crate::process::{self, Pinned};
use crate::server::Server;
use crate::{Size, route};
use anyhow::{Context as _, Result, ensure};
use internal_events::{Config, Tracker, Window, report_json};
use std::cell::RefCell;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::process::Command;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Collectors, by what becomes of what is sent to them.
const COLLECTORS: [&str; 4] = ["none", "one that takes", "one that refuses", "one that is silent"];

/// Calls of a round, between two flushes: more than the writer's pause, less than the queue.
const CALLS: usize = 10_000;

/// Where the collectors are. All are kept for as long as this is.
struct Collectors {
    addresses: [Option<SocketAddr>; 4],
    _takes: Server,
    /// Connections are made by the kernel; nobody ever reads.
    _silent: TcpListener,
}

impl Collectors {
    fn new() -> Result<Self> {
        let takes = null_collector::start(0)?;
        let silent = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let addresses = [None, Some(takes.address), Some(refusing()?), Some(silent.local_addr()?)];
        Ok(Self { addresses, _takes: takes, _silent: silent })
    }
}

pub(super) fn run(size: &Size, report: &mut Report) -> Result<()> {
    let collectors = Collectors::new()?;
    in_process(&collectors, size, report)?;
    over_http(&collectors, size, report)
}

/// Times calls in process with each collector in turn.
fn in_process(collectors: &Collectors, size: &Size, report: &mut Report) -> Result<()> {
    let catalog = Arc::new(route::catalog(size)?);
    let data = tempfile::tempdir()?;
    let open = |nth: usize| -> Result<Tracker> {
        let config = Config::new(Arc::clone(&catalog)).data(data.path().join(nth.to_string()));
        Ok(Tracker::open(match collectors.addresses[nth] {
            Some(address) => config.snowplow(options(address))?,
            None => config,
        })?)
    };
    let trackers = [open(0)?, open(1)?, open(2)?, open(3)?];
    let names = names(&trackers[0]);
    let latencies: [RefCell<Vec<Latencies>>; 4] = Default::default();
    let burst = |nth: usize| -> Result<f64> {
        let tracker = &trackers[nth];
        let cpu = process::on_this_thread(|| track(tracker, &names, 0, CALLS))?;
        tracker.flush(PATIENCE)?;
        // Looking at the clock costs a tenth of a call, so that single calls are timed apart.
        let mut each = Vec::with_capacity(CALLS);
        for it in 0..CALLS {
            let start = Instant::now();
            track(tracker, &names, it, 1);
            each.push(start.elapsed());
        }
        tracker.flush(PATIENCE)?;
        if nth == 1 {
            // It shall not go on sending while the others are measured.
            wait_until(|| Ok(pending(tracker)?.0 == 0))?;
        }
        latencies[nth].borrow_mut().push(Latencies::of(each));
        Ok(nanos_each(cpu, CALLS))
    };
    let sides: [Side<'_>; 4] =
        [&mut || burst(0), &mut || burst(1), &mut || burst(2), &mut || burst(3)];
    let [none, others @ ..] = interleave(size.rounds, sides)?;
    // The first burst warmed up.
    let latencies = latencies.map(|it| it.into_inner().split_off(1));
    let of =
        |nth: usize, quantile: Quantile| latencies[nth].iter().map(quantile).collect::<Vec<f64>>();
    let quantiles: [(&str, Quantile); 2] = [("median", |it| it.median), ("p99", |it| it.p99)];
    for (nth, ours) in (1..).zip(&others) {
        let name = |what: &str| format!("track_event, collector: {}: {what}", COLLECTORS[nth]);
        let aim = Aim::Value(1_000.0);
        report.rows.push(Row::beside(name("CPU of the caller"), "ns", aim, ours, &none));
        for (what, quantile) in quantiles {
            let (ours, none) = (of(nth, quantile), of(0, quantile));
            report.rows.push(Row::beside(name(what), "ns", Aim::None, &ours, &none));
        }
    }
    same_metrics(&trackers)
}

/// Makes sure that the same was counted, whatever became of what was to be sent.
fn same_metrics(trackers: &[Tracker; 4]) -> Result<()> {
    let metrics = |tracker: &Tracker| -> Result<String> {
        let today = internal_events_catalog::Week::at_millisecond(tracker.now_ms()).monday();
        let window = Window { today, include_current_week: true };
        Ok(report_json(&tracker.metrics(&[], window)?)["metrics"].to_string())
    };
    let expected = metrics(&trackers[0])?;
    for (tracker, collector) in trackers.iter().zip(COLLECTORS) {
        ensure!(metrics(tracker)? == expected, "metrics differ with the collector {collector}");
    }
    Ok(())
}

/// One of the times of single calls, in nanoseconds.
type Quantile = fn(&Latencies) -> f64;

/// Times of single calls.
struct Latencies {
    median: f64,
    p99: f64,
}

impl Latencies {
    fn of(mut each: Vec<Duration>) -> Self {
        each.sort_unstable();
        let at = |position: usize| nanos_each(each[position], 1);
        Self { median: at(each.len() / 2), p99: at(each.len() * 99 / 100) }
    }
}

/// Sends single events to servers with each collector in turn.
fn over_http(collectors: &Collectors, size: &Size, report: &mut Report) -> Result<()> {
    let n_events = size.pick(1_000, 50);
    let roots: Vec<tempfile::TempDir> =
        (0..4).map(|_| tempfile::tempdir()).collect::<std::io::Result<_>>()?;
    let processors = process::processors()?;
    let (first, last) = processors.first().zip(processors.last()).context("no processor")?;
    let mut servers = Vec::new();
    for (root, address) in roots.iter().zip(collectors.addresses) {
        generated::write(root.path(), n_events, COUNTED)?;
        let mut program = Command::new(process::program()?);
        program.args(["serve", "--listen", "127.0.0.1:0", "--root"]).arg(root.path());
        if let Some(address) = address {
            program.args(["--snowplow", &format!("http://{address}")]);
        }
        let _pinned = Pinned::to(&[*first])?;
        servers.push(Server::start(&mut program)?);
    }
    let _pinned = Pinned::to(&[*last])?;
    let bodies = Bodies::singles_for_analytics(n_events);
    let answers: [_; 4] = std::array::from_fn(|_| RefCell::new(Vec::new()));
    let duration = Duration::from_millis(size.pick(2_000, 100));
    let load = Load { path: REST, connections: 256, duration };
    let burst = |nth: usize| servers[nth].burst(load, &bodies, &answers[nth]);
    let sides: [Side<'_>; 4] =
        [&mut || burst(0), &mut || burst(1), &mut || burst(2), &mut || burst(3)];
    let [none, others @ ..] = interleave(size.rounds.min(5), sides)?;
    for (ours, collector) in others.iter().zip(&COLLECTORS[1..]) {
        let name = format!("single REST event, collector: {collector}: CPU per event");
        report.rows.push(Row::beside(name, "µs", Aim::None, ours, &none));
    }
    for ((root, answers), collector) in roots.iter().zip(&answers).zip(COLLECTORS) {
        let answered: u64 = answers.borrow().iter().map(|it| it.n).sum();
        let counted = counted(root.path())?;
        ensure!(counted == answered, "{collector}: {answered} answered, {counted} counted");
    }
    report.notes.push(
        "the floor of these rows is no collector; with each of them all events were counted, and \
         metrics were the same"
            .to_owned(),
    );
    Ok(())
}
