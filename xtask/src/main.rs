//! The project's chores: `cargo xtask ci`, `demo`, `bench`, `soak`, `fuzz`.
//!
//! Whatever a machine does to the project is a command here, so that a person can do the same
//! and there is no second place that knows how.
#![expect(clippy::print_stdout, reason = "a chore tells the person at the terminal what it does")]
#![expect(clippy::print_stderr, reason = "a chore's failure belongs on stderr")]

mod browser;
mod ci;
mod demo;
mod fuzz;
mod machine;
mod project;
mod suite;

use anyhow::{Context as _, Result, bail};
use project::Project;
use std::process::ExitCode;
use std::time::Duration;

const HELP: &str = "\
Usage: cargo xtask COMMAND

  ci [STEP…]                   does what CI does, installing what it needs; --list names the steps
  demo                         runs the example bookshop and shows a metric move
  bench [ARGS…]                prints each figure beside its floor
  soak [--kills N] [--runs N]  runs the test suites in their slow form
  soak --events N              sends so many events over HTTP, and watches the server's memory
  fuzz [TARGET…] [--seconds N] throws random input at every decoder
";

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
    let project = Project::find()?;
    let (command, rest) = match arguments {
        [] => ("help", arguments),
        [command, rest @ ..] => (command.as_str(), rest),
    };
    match command {
        "ci" if rest == ["--list"] => ci::list(),
        "ci" => ci::run(&project, rest),
        "demo" => {
            demand_nothing(rest)?;
            demo::run(&project)
        }
        "bench" => {
            // Some figures are those of the program, as people run it.
            project.build_program()?;
            let mut command = project.cargo();
            command.args(["run", "--release", "--locked", "-p", "internal-events-bench", "--"]);
            project.run(command.args(rest))
        }
        "soak" => soak(&project, rest),
        "fuzz" => {
            let (seconds, targets) = take_number(rest, "--seconds", 60)?;
            fuzz::run(&project, &targets, Duration::from_secs(seconds), fuzz::ANY_SEED)
        }
        "help" | "--help" | "-h" => {
            print!("{HELP}");
            Ok(())
        }
        other => bail!("there is no command `{other}`\n\n{HELP}"),
    }
}

/// How long eight processes share one data directory, while that with the lease is killed.
const STRESS_SECONDS: &str = "60";

/// Runs every test suite in its slow form: more kills, more events, larger sketches.
fn soak(project: &Project, arguments: &[String]) -> Result<()> {
    let (kills, rest) = take_number(arguments, "--kills", 500)?;
    let (runs, rest) = take_number(&rest, "--runs", 200)?;
    let (events, rest) = take_number(&rest, "--events", 0)?;
    demand_nothing(&rest)?;
    project.build_program()?;
    if events > 0 {
        let mut command = project.cargo();
        command.args(["run", "--release", "--locked", "-p", "internal-events-bench", "--"]);
        return project.run(command.args(["endure", &events.to_string()]));
    }
    let environment = [
        ("RUN_SLOW_TESTS", "1".to_owned()),
        ("KILLS", kills.to_string()),
        ("RUNS", runs.to_string()),
        ("STRESS_SECONDS", STRESS_SECONDS.to_owned()),
    ];
    suite::run(project, &environment)?.into_result()
}

/// Splits `--name N` (or `--name=N`) from the other arguments.
fn take_number(arguments: &[String], name: &str, default: u64) -> Result<(u64, Vec<String>)> {
    let mut number = default;
    let mut rest = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        let text = match argument.strip_prefix(name) {
            Some("") => arguments.next().with_context(|| format!("{name} wants a number"))?,
            Some(tail) if tail.starts_with('=') => &tail[1..],
            _ => {
                rest.push(argument.clone());
                continue;
            }
        };
        number = text.parse().with_context(|| format!("{name} wants a number, got `{text}`"))?;
    }
    Ok((number, rest))
}

fn demand_nothing(rest: &[String]) -> Result<()> {
    match rest {
        [] => Ok(()),
        [first, ..] => bail!("unexpected argument `{first}`\n\n{HELP}"),
    }
}
