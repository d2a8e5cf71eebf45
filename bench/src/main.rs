//! Measures what the work of the program costs, each figure beside its floor taken in the same
//! run: the cheapest way to do the part of the work that nobody can avoid.
//!
//! `cargo xtask bench [NAME…] [--quick] [--json FILE]`. Nothing here fails because it is slow.
//! `cargo xtask soak --events N` is here too, for it sends the same load.
#![expect(clippy::print_stdout, reason = "a measurement is there to be printed")]
#![expect(clippy::print_stderr, reason = "progress and failures go beside the tables")]

mod browser;
mod check;
mod collector;
mod endure;
mod generated;
mod hll;
mod http_floor;
mod http_load;
mod load_bodies;
mod measure;
mod metrics;
mod migrate;
mod null_collector;
mod peer;
mod process;
mod redis;
mod route;
mod ruby;
mod server;
mod snowplow;
mod track;

use anyhow::{Context as _, Result, bail};
use measure::Report;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// How much is measured.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Size {
    quick: bool,
    /// Rounds per figure, besides the one that warms up.
    pub(crate) rounds: usize,
}

impl Size {
    /// The full amount, or the one that only shows that the code works.
    pub(crate) fn pick<T>(self, full: T, quick: T) -> T {
        if self.quick { quick } else { full }
    }
}

/// A benchmark by its name.
type Bench = (&'static str, fn(&Size) -> Result<Report>);

const BENCHES: &[Bench] = &[
    ("hll", hll::run),
    ("route", route::run),
    ("track", track::run),
    ("check", check::run),
    ("metrics", metrics::run),
    ("collector", collector::run),
    ("redis", redis::run),
    ("snowplow", snowplow::run),
    ("migrate", migrate::run),
    ("ruby", ruby::run),
    ("browser", browser::run),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<()> {
    match arguments {
        // We start ourselves as the floor of what other processes do.
        [floor, name, path] if floor == "floor" && name == "check" => check::floor(path.as_ref()),
        [floor, name, path] if floor == "floor" && name == "metrics" => {
            metrics::floor(path.as_ref())
        }
        [floor, name] if floor == "floor" && name == "collector" => http_floor::run(None),
        [floor, name, path] if floor == "floor" && name == "collector" => {
            http_floor::run(Some(path.as_ref()))
        }
        [floor, name, port] if floor == "floor" && name == "snowplow" => {
            null_collector::run(port.parse().context("the null collector wants a port")?)
        }
        [floor, part, path] if floor == "floor" => migrate::floor(part, path.as_ref()),
        [endure, events] if endure == "endure" => {
            endure::run(events.parse().context("endure wants a number of events")?)
        }
        _ => measure_all(&Choice::read(arguments)?),
    }
}

/// What the command line asks for.
struct Choice {
    names: Vec<String>,
    size: Size,
    json: Option<PathBuf>,
}

impl Choice {
    fn read(arguments: &[String]) -> Result<Self> {
        let full = Size { quick: false, rounds: 7 };
        let mut choice = Self { names: Vec::new(), size: full, json: None };
        let mut arguments = arguments.iter();
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--quick" => choice.size = Size { quick: true, rounds: 1 },
                "--json" => {
                    choice.json = Some(arguments.next().context("--json wants a file")?.into());
                }
                name if BENCHES.iter().any(|it| it.0 == name) => choice.names.push(name.to_owned()),
                other => bail!("there is no benchmark `{other}`; there are {}", all_names()),
            }
        }
        Ok(choice)
    }

    fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|it| it == name)
    }
}

fn all_names() -> String {
    BENCHES.iter().map(|it| it.0).collect::<Vec<_>>().join(", ")
}

/// Runs what was chosen; one benchmark that cannot run does not keep others from it.
fn measure_all(choice: &Choice) -> Result<()> {
    let mut reports = Map::new();
    let mut failed = Vec::new();
    for (name, bench) in BENCHES.iter().filter(|it| choice.wants(it.0)) {
        eprintln!("measuring {name} …");
        let start = Instant::now();
        process::forget_peak()?;
        match bench(&choice.size) {
            Ok(report) => {
                println!("## {name}\n\n{}", report.table());
                eprintln!("{name} took {:.1} s", start.elapsed().as_secs_f64());
                reports.insert((*name).to_owned(), report.json());
            }
            Err(error) => {
                eprintln!("{name} could not be measured: {error:#}");
                failed.push(*name);
            }
        }
    }
    if let Some(path) = &choice.json {
        std::fs::write(path, format!("{:#}\n", Value::Object(reports)))
            .with_context(|| format!("cannot write {}", path.display()))?;
    }
    if !failed.is_empty() {
        bail!("not measured: {}", failed.join(", "));
    }
    Ok(())
}
