//! Counters in Redis, beside a client that sends the commands of each event as GitLab does, and
//! one that sends those of a hundred events at once.

use crate::Size;
use crate::measure::{Aim, Random, Report, Row, interleave, nanos_each};
use crate::process::Running;
use ::redis::{Connection, Pipeline, cmd, pipe};
use anyhow::{Context as _, Result, ensure};
use internal_events_store::{
    EventId, JournalPlace, RedisCounters, RedisOptions, StoredChange, StoredEntry, StoredUpdate,
};
use std::cell::RefCell;
use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

/// Events whose commands the pipelining client sends at once, as many as in the anchors.
const PIPELINED: usize = 100;

/// Entries that are handed over at once: what comes in a second when there is much to do.
const PAGE: usize = 10_000;

/// 3,000 keys: four for each event.
const EVENTS: usize = 750;

/// Monday 2026-11-16.
const START: i64 = 1_794_787_200_000;

pub(crate) fn run(size: &Size) -> Result<Report> {
    let server = Server::start()?;
    let mix = Mix::new();
    let mut report = Report::default();
    let n = size.pick(100_000, 2_000);
    let journal = mix.entries(1, n);
    let connection = RefCell::new(server.connect()?);
    let [ours, one_by_one, pipelined] = interleave(
        size.rounds.min(3),
        [
            &mut || {
                flush(&connection)?;
                server.count(&mix, n).map(|it| it.nanos)
            },
            &mut || {
                flush(&connection)?;
                timed(n, || send(&mut connection.borrow_mut(), &journal))
            },
            &mut || {
                flush(&connection)?;
                timed(n, || send_piped(&mut connection.borrow_mut(), &journal))
            },
        ],
    )?;
    let row = |name: &str, aim, floor: &[f64]| {
        Row::beside(format!("{n} events, {name}"), "ns an event", Aim::Ratio(aim), &ours, floor)
    };
    report.rows.push(row("beside one by one", 0.028, &one_by_one));
    report.rows.push(row("beside 100 events a write", 0.333, &pipelined));
    for n in size.pick(&[10_000, 100_000, 1_000_000, 10_000_000][..], &[1_000, 10_000]) {
        flush(&connection)?;
        let counted = server.count(&mix, *n)?;
        report.rows.push(Row::alone(
            format!("{n} events"),
            "ns an event",
            Aim::None,
            &[counted.nanos],
        ));
        report.notes.push(format!(
            "{n} events: {:.4} scripts, {:.4} commands within them and {:.1} bytes an event",
            counted.scripts, counted.commands, counted.bytes
        ));
    }
    Ok(report)
}

/// What counting came to, for each event.
struct Counted {
    nanos: f64,
    scripts: f64,
    commands: f64,
    bytes: f64,
}

/// Events as an installation has them: a few names and users do most.
struct Mix {
    keys: Vec<[Arc<str>; 4]>,
}

impl Mix {
    fn new() -> Self {
        let keys = |event| {
            [
                format!("{{event_counters}}_event_{event}"),
                format!("{{event_counters}}_event_{event}-2026-47"),
                format!("{{hll_counters}}_event_{event}-user-2026-47"),
                format!("{{hll_counters}}_event_{event}-project-2026-47"),
            ]
            .map(Arc::from)
        };
        Self { keys: (0..EVENTS).map(keys).collect() }
    }

    /// Makes entries `first` and following, always the same.
    fn entries(&self, first: usize, n: usize) -> Vec<StoredEntry> {
        (first..first + n).map(|it| self.entry(it)).collect()
    }

    fn entry(&self, sequence: usize) -> StoredEntry {
        let mut random = Random::new(sequence as u64);
        let [total, weekly, user, project] = &self.keys[zipf(&mut random, EVENTS)];
        let id = |number: usize| StoredChange::Observe(number.to_string().into_bytes());
        let update = |key: &Arc<str>, change| StoredUpdate { key: Arc::clone(key), change };
        StoredEntry {
            sequence: sequence as u64,
            id: EventId([0; 16]),
            // A thousand events a second.
            accepted_at: START + i64::try_from(sequence).unwrap_or_default(),
            catalog: 0,
            event: Vec::new(),
            updates: vec![
                update(total, StoredChange::Add(1)),
                update(weekly, StoredChange::Add(1)),
                update(user, id(zipf(&mut random, 1_000_000))),
                update(project, id(zipf(&mut random, 50_000))),
            ],
        }
    }
}

/// A number below `n` that is about `1 / k` as often `k` as 1, by inverting the sum of `1 / k`.
#[expect(clippy::cast_precision_loss, reason = "small numbers")]
#[expect(clippy::cast_possible_truncation, reason = "not negative, and below n")]
#[expect(clippy::cast_sign_loss, reason = "not negative, and below n")]
fn zipf(random: &mut Random, n: usize) -> usize {
    let at = random.below(1 << 30) as f64 / f64::from(1 << 30);
    let rank = ((n as f64).ln() * at).exp();
    (rank as usize).min(n) - 1
}

pub(crate) struct Server {
    port: u16,
    _process: Running,
}

impl Server {
    pub(crate) fn start() -> Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port.to_string()]);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = Running(command.spawn().context("redis-server does not start")?);
        let output = process.0.stdout.take().context("invariant: the output is piped")?;
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        ensure!(lines.any(|it| it.contains("Ready to accept")), "redis-server ended at once");
        std::thread::spawn(move || lines.for_each(drop));
        Ok(Self { port, _process: process })
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    fn connect(&self) -> Result<Connection> {
        Ok(::redis::Client::open(self.url())?.get_connection()?)
    }

    /// Makes it forget all it has.
    pub(crate) fn flush(&self) -> Result<()> {
        flush(&RefCell::new(self.connect()?))
    }

    /// Counts the first `n` events of the mix; making them is not in the time.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn count(&self, mix: &Mix, n: usize) -> Result<Counted> {
        let mut counters = RedisCounters::new(RedisOptions::parse(&self.url())?, "bench");
        counters.resume(&JournalPlace { cursor: 0, first: 1, last: n as u64 }, "")?;
        let mut nanos = 0.0;
        for first in (1..=n).step_by(PAGE) {
            let page = mix.entries(first, PAGE.min(n + 1 - first));
            let start = Instant::now();
            let applied = counters.apply(&page)?;
            nanos += start.elapsed().as_secs_f64() * 1e9;
            ensure!(applied.failed.is_empty(), "{:?}", applied.failed);
        }
        let stats: String = cmd("INFO").arg("everything").query(&mut self.connect()?)?;
        let calls = |is_script: bool| -> f64 {
            let lines = stats.lines().filter_map(|it| it.strip_prefix("cmdstat_"));
            let of_kind = lines.filter(|it| it.starts_with("eval") == is_script);
            let calls = |it: &str| -> Option<f64> {
                it.split_once("calls=")?.1.split(',').next()?.parse().ok()
            };
            of_kind.filter_map(calls).sum()
        };
        let bytes = stats.lines().find_map(|it| it.strip_prefix("total_net_input_bytes:"));
        let bytes: f64 = bytes.context("INFO has no net input")?.trim().parse()?;
        let each = |it: f64| it / n as f64;
        Ok(Counted {
            nanos: each(nanos),
            scripts: each(calls(true)),
            commands: each(calls(false)),
            bytes: each(bytes),
        })
    }
}

/// Makes the server forget all it has and all it did.
fn flush(connection: &RefCell<Connection>) -> Result<()> {
    cmd("FLUSHALL").exec(&mut *connection.borrow_mut())?;
    Ok(cmd("CONFIG").arg("RESETSTAT").exec(&mut *connection.borrow_mut())?)
}

fn timed(n: usize, work: impl FnOnce() -> Result<()>) -> Result<f64> {
    let start = Instant::now();
    work()?;
    Ok(nanos_each(start.elapsed(), n))
}

/// Sends what GitLab sends, and waits for each answer as it does: five round trips an event.
fn send(connection: &mut Connection, journal: &[StoredEntry]) -> Result<()> {
    for update in journal.iter().flat_map(|it| &it.updates) {
        let key = &*update.key;
        match &update.change {
            StoredChange::Observe(element) => {
                pipe()
                    .atomic()
                    .cmd("PFADD")
                    .arg(key)
                    .arg(element)
                    .cmd("EXPIRE")
                    .arg(key)
                    .arg(3_628_800)
                    .exec(connection)?;
            }
            _ => {
                cmd("INCR").arg(key).exec(connection)?;
                if key.ends_with("-47") {
                    let ttl: i64 = cmd("TTL").arg(key).query(connection)?;
                    if ttl <= 0 {
                        cmd("EXPIRE").arg(key).arg(3_628_800).exec(connection)?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Sends the same without waiting, and an `EXPIRE` where it would have to.
fn send_piped(connection: &mut Connection, journal: &[StoredEntry]) -> Result<()> {
    for events in journal.chunks(PIPELINED) {
        let mut pipeline = Pipeline::new();
        for update in events.iter().flat_map(|it| &it.updates) {
            let key = &*update.key;
            match &update.change {
                StoredChange::Observe(element) => {
                    pipeline.cmd("PFADD").arg(key).arg(element).ignore();
                }
                _ => {
                    pipeline.cmd("INCR").arg(key).ignore();
                }
            }
            if key.ends_with("-47") {
                pipeline.cmd("EXPIRE").arg(key).arg(3_628_800).ignore();
            }
        }
        pipeline.exec(connection)?;
    }
    Ok(())
}
