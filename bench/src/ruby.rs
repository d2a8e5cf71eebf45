//! Tracking from Ruby: the gem, beside what one would write in Ruby on the `redis` gem, both
//! counting in the same Redis.

use crate::generated::{self, COUNTED};
use crate::measure::{Aim, Report, Row, interleave};
use crate::redis::Server;
use crate::{Size, process};
use anyhow::{Context as _, Result, ensure};
use serde_json::Value;
use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Names the extension, if it is not beside this program.
const EXTENSION: &str = "INTERNAL_EVENTS_NATIVE";

/// A burst that fits into the queue, so that nothing is refused.
const BURST: usize = 10_000;

pub(crate) fn run(size: &Size) -> Result<Report> {
    match extension() {
        Ok(extension) => measure(size, extension),
        Err(reason) => {
            let notes = vec![format!("SKIPPED: {reason:#}")];
            Ok(Report { notes, ..Report::default() })
        }
    }
}

fn measure(size: &Size, extension: PathBuf) -> Result<Report> {
    let server = Server::start()?;
    let root = tempfile::tempdir()?;
    generated::write(root.path(), size.pick(1_000, 50), COUNTED)?;
    let script = Script { root: root.path(), url: server.url(), extension };
    let (burst, bursts) = (size.pick(BURST, 1_000), size.pick(5, 1));
    let [of_gem, of_redis]: [RefCell<Vec<Value>>; 2] = Default::default();
    let run = |side: &str, all: &RefCell<Vec<Value>>, burst, bursts| -> Result<f64> {
        server.flush()?;
        let figures = script.run(side, burst, bursts)?;
        let call = figure(&figures, "call");
        all.borrow_mut().push(figures);
        call
    };
    let [gem, redis] = interleave(
        size.rounds.min(3),
        [
            &mut || run("gem", &of_gem, burst, bursts),
            // Each call takes as long as its round trips: fewer will do.
            &mut || run("redis", &of_redis, burst / 10, 1),
        ],
    )?;
    let (of_gem, of_redis) = (of_gem.into_inner(), of_redis.into_inner());
    for figures in &of_gem {
        balances(figures, burst * (bursts + 1))?;
    }
    let all = |of: &[Value], name| -> Result<Vec<f64>> {
        of[1..].iter().map(|it| figure(it, name)).collect()
    };
    let mut report = Report::default();
    let row = |name: &str, aim, [ours, theirs]: [&[f64]; 2]| {
        Row::beside(format!("track_event, {name}"), "µs", aim, ours, theirs)
    };
    let both = |name| -> Result<[Vec<f64>; 2]> { Ok([all(&of_gem, name)?, all(&of_redis, name)?]) };
    let [processor, theirs] = both("processor")?;
    let name = "track_event, processor time, beside a method that does nothing";
    let floor = all(&of_gem, "floor")?;
    report.rows.push(Row::beside(name, "µs", Aim::Value(5.0), &processor, &floor));
    report.rows.push(row("by the clock", Aim::Ratio(0.02), [&gem, &redis]));
    report.rows.push(row("processor time of its thread", Aim::None, [&processor, &theirs]));
    let [in_all, theirs] = both("in_all")?;
    report.rows.push(row("until it is durable", Aim::None, [&in_all, &theirs]));
    let nothing = figure(&script.run("nothing", burst, 0)?, "memory")?;
    report.peaks.push(("the gem, after its bursts".to_owned(), largest(&all(&of_gem, "memory")?)));
    report.peaks.push(("the redis gem".to_owned(), largest(&all(&of_redis, "memory")?)));
    report.peaks.push(("the same script without either".to_owned(), nothing));
    report.notes.push(format!(
        "bursts of {burst} events with four counters each, {bursts} in a process; the redis gem \
         waits for five round trips an event"
    ));
    Ok(report)
}

/// What was received is in the journal.
fn balances(figures: &Value, tracked: usize) -> Result<()> {
    let n = |name: &str| figures["health"][name].as_u64();
    let tracked = Some(tracked as u64);
    ensure!(n("received") == tracked && n("accepted") == tracked, "not all counted: {figures}");
    Ok(())
}

fn figure(figures: &Value, name: &str) -> Result<f64> {
    figures[name].as_f64().with_context(|| format!("no {name} in {figures}"))
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

/// The release build of the extension.
fn extension() -> Result<PathBuf> {
    let path = match std::env::var_os(EXTENSION) {
        Some(named) => PathBuf::from(named),
        None => process::ourselves()?.with_file_name("libinternal_events_ruby.so"),
    };
    ensure!(
        path.is_file(),
        "there is no extension at {}: build it with `cargo build --release --locked -p \
         internal-events-ruby`, or set {EXTENSION}",
        path.display()
    );
    Ok(path)
}

struct Script<'a> {
    root: &'a Path,
    url: String,
    extension: PathBuf,
}

impl Script<'_> {
    /// Runs the script in a process of its own, with a data directory of its own.
    fn run(&self, side: &str, burst: usize, bursts: usize) -> Result<Value> {
        let data = tempfile::tempdir()?;
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut command = Command::new("ruby");
        command.arg("-I").arg(checkout.join("gems/internal_events/lib"));
        command.arg(checkout.join("bench/ruby/track.rb")).arg(side).arg(self.root).arg(&self.url);
        command.args([burst.to_string(), bursts.to_string()]);
        command.env("INTERNAL_EVENTS_ROOT", self.root).env("INTERNAL_EVENTS_DATA", data.path());
        command.env("INTERNAL_EVENTS_REDIS_URL", &self.url).env(EXTENSION, &self.extension);
        command.stdin(Stdio::null());
        let output = command.output().context("ruby cannot be run")?;
        let complaint = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "ruby with {side}: {}", complaint.trim());
        let text = String::from_utf8(output.stdout)?;
        serde_json::from_str(text.lines().last().unwrap_or_default())
            .with_context(|| format!("ruby with {side} printed {text}, and {complaint}"))
    }
}
