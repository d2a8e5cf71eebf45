//! Single events over HTTP, answered when durable, beside a server that only parses them.

use crate::Size;
use crate::generated::{self, COUNTED, LABEL};
use crate::http_load::{Answers, Load};
use crate::measure::{Aim, Report, Row, interleave, millis};
use crate::process::{self, Pinned, Running};
use anyhow::{Context as _, Result, ensure};
use internal_events_store::{Reader as _, Sqlite};
use std::cell::RefCell;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::rc::Rc;
use std::time::Duration;

/// Connections with a request under way at any time.
const CONNECTIONS: u32 = 256;

/// Bytes of a body; the label is as long as that needs.
const BODY_BYTES: usize = 582;

/// Bodies that differ.
const BODIES: usize = 4_096;

pub(crate) fn run(size: &Size) -> Result<Report> {
    let root = tempfile::tempdir()?;
    let n_events = size.pick(1_000, 50);
    generated::write(root.path(), n_events, COUNTED)?;
    let data = root.path().join("data");
    let mut program = Command::new(process::program()?);
    program.args(["serve", "--listen", "127.0.0.1:0", "--root"]).arg(root.path());
    program.arg("--data").arg(&data);
    let mut bare = Command::new(process::ourselves()?);
    bare.args(["floor", "server"]);
    let processors = process::processors()?;
    let (first, last) = processors.first().zip(processors.last()).context("no processor")?;
    let (ours, floor) = {
        let _pinned = Pinned::to(&[*first])?;
        (Server::start(&mut program)?, Server::start(&mut bare)?)
    };
    let _pinned = Pinned::to(&[*last])?;
    let lasting = size.pick(Duration::from_secs(2), Duration::from_millis(200));
    let bodies: Rc<[String]> = (0..BODIES).map(|it| body(it, n_events)).collect();
    let (of_ours, of_floor) = (RefCell::default(), RefCell::default());
    let [cpu, cpu_floor] = interleave(
        size.rounds.min(5),
        [&mut || ours.burst(lasting, &bodies, &of_ours), &mut || {
            floor.burst(lasting, &bodies, &of_floor)
        }],
    )?;
    let (of_ours, of_floor) = (of_ours.take(), of_floor.take());
    let answered: u64 = of_ours.iter().map(|it| it.n).sum();
    let accepted = accepted(&data)?;
    ensure!(accepted == answered, "{answered} events were answered, {accepted} are in the journal");
    let mut report = Report::default();
    let aim = Aim::Ratio(2.0);
    report.rows.push(Row::beside("CPU of the server per event", "µs", aim, &cpu, &cpu_floor));
    let mut row = |name: &str, unit, figure: fn(&Answers) -> f64| {
        // The first burst warmed up.
        let of = |it: &[Answers]| it[1..].iter().map(figure).collect::<Vec<f64>>();
        report.rows.push(Row::beside(name, unit, Aim::None, &of(&of_ours), &of(&of_floor)));
    };
    row("events", "thousand/s", thousands_a_second);
    row("median latency", "ms", |it| millis(it.quantile(0.5)));
    row("p99 latency", "ms", |it| millis(it.quantile(0.99)));
    report.peaks.push(("server".to_owned(), process::peak_of(&ours.process.0)?));
    report.peaks.push(("floor".to_owned(), process::peak_of(&floor.process.0)?));
    report.notes.push(format!(
        "{CONNECTIONS} connections, one request under way on each; {answered} events answered 200 \
         and {accepted} in the journal; server on one processor, load on {}",
        if processors.len() > 1 { "another" } else { "the same" },
    ));
    Ok(report)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn thousands_a_second(answers: &Answers) -> f64 {
    answers.n as f64 / millis(answers.elapsed)
}

/// A server that runs.
#[derive(Debug)]
struct Server {
    process: Running,
    address: SocketAddr,
}

impl Server {
    fn start(command: &mut Command) -> Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let child = command.spawn().with_context(|| format!("could not start `{command:?}`"))?;
        let mut process = Running(child);
        let output = process.0.stdout.take().context("invariant: the output is piped")?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().strip_prefix("listening on http://");
        let address = address.with_context(|| format!("`{command:?}` does not listen"))?;
        let address = address.parse().context("this is no address to connect to")?;
        Ok(Self { process, address })
    }

    /// Gives the server's processor time per event in microseconds.
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
    fn burst(
        &self,
        duration: Duration,
        bodies: &Rc<[String]>,
        answers: &RefCell<Vec<Answers>>,
    ) -> Result<f64> {
        let path = "/api/v4/usage_data/track_event";
        let load = Load { address: self.address, path, connections: CONNECTIONS, duration };
        let bodies = Rc::clone(bodies);
        let start = process::time_of(&self.process.0)?;
        let answer = load.run(move |connection, n| {
            let idx = (u64::from(connection) * 37 + n) % bodies.len() as u64;
            bodies[usize::try_from(idx).unwrap_or_default()].clone()
        })?;
        let took = process::time_of(&self.process.0)?.saturating_sub(start);
        let each = took.as_secs_f64() * 1e6 / answer.n as f64;
        answers.borrow_mut().push(answer);
        Ok(each)
    }
}

fn body(idx: usize, n_events: usize) -> String {
    let body = |property: &str| {
        format!(
            r#"{{"event":"{}","user_id":{},"project_id":{},"namespace_id":{},"send_to_snowplow":false,"additional_properties":{{"label":"{LABEL}","property":"{property}","value":{}}}}}"#,
            generated::action(idx * 7919 % n_events),
            100_000 + idx * 31 % 20_000,
            10_000 + idx % 5_000,
            1_000 + idx % 500,
            idx % 100,
        )
    };
    body(&"p".repeat(BODY_BYTES.saturating_sub(body("").len())))
}

/// How many events the journal has.
fn accepted(data: &Path) -> Result<u64> {
    let mut reader = Sqlite::reader(data)?.context("the server made no store")?;
    Ok(reader.status()?.last_sequence)
}
