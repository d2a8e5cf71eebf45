//! Everything CI does, step by step, with the time each step took.

use crate::project::Project;
use crate::{browser, demo, fuzz, machine, suite};
use anyhow::{Result, bail, ensure};
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

/// One thing CI does.
struct Step {
    name: &'static str,
    run: fn(&Project, &mut BTreeSet<String>) -> Result<()>,
}

/// In this order, so that what fails most cheaply fails first.
const STEPS: &[Step] = &[
    Step { name: "tools", run: machine::provide },
    Step { name: "format", run: |project, _| format(project) },
    Step { name: "lint", run: lint },
    Step { name: "build", run: |project, _| project.build_program() },
    Step { name: "browser", run: browser::run },
    Step { name: "gem", run: extension },
    Step { name: "test", run: test },
    Step { name: "bench", run: |project, _| bench(project) },
    Step { name: "docs", run: docs },
    Step { name: "fuzz", run: |project, _| fuzz::run(project, &[], FUZZ_TIME, FUZZ_SEED) },
    Step { name: "demo", run: |project, _| demo::run(project) },
];

/// Long enough to notice a decoder that breaks at once; a search for rare crashes is
/// `cargo xtask fuzz`.
const FUZZ_TIME: Duration = Duration::from_secs(10);

/// The same input each time, so that a change does not fail for what it did not break.
const FUZZ_SEED: u32 = 1;

/// Prints the names of the steps.
#[expect(clippy::unnecessary_wraps, reason = "every command gives a result")]
pub(crate) fn list() -> Result<()> {
    for step in STEPS {
        println!("{}", step.name);
    }
    Ok(())
}

/// Runs the named steps, or all; a failure does not keep the later ones from running.
pub(crate) fn run(project: &Project, chosen: &[String]) -> Result<()> {
    for name in chosen {
        ensure!(STEPS.iter().any(|it| it.name == name), "there is no step `{name}`");
    }
    let mut skipped = BTreeSet::new();
    let mut rows = Vec::new();
    for step in STEPS {
        if !chosen.is_empty() && !chosen.iter().any(|it| it == step.name) {
            continue;
        }
        println!("\n=== {} ===", step.name);
        let start = Instant::now();
        let result = (step.run)(project, &mut skipped);
        if let Err(error) = &result {
            println!("{} failed: {error:#}", step.name);
        }
        rows.push((step.name, start.elapsed(), result));
    }
    summarise(&rows, &skipped)
}

fn summarise(
    rows: &[(&'static str, Duration, Result<()>)],
    skipped: &BTreeSet<String>,
) -> Result<()> {
    println!("\n=== summary ===");
    if skipped.is_empty() {
        println!("skipped: nothing");
    }
    for reason in skipped {
        println!("skipped: {reason}");
    }
    for (name, time, result) in rows {
        let outcome = if result.is_ok() { "ok" } else { "FAILED" };
        println!("{name:<8} {:>7.1} s  {outcome}", time.as_secs_f64());
    }
    let total: Duration = rows.iter().map(|(_, time, _)| *time).sum();
    println!("{:<8} {:>7.1} s", "all", total.as_secs_f64());
    let mut failed = Vec::new();
    for (name, _, result) in rows {
        if let Err(error) = result {
            // Said again at the end: the place where it was first said may be cut from a log.
            println!("\n{name} failed: {error:#}");
            failed.push(*name);
        }
    }
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

fn format(project: &Project) -> Result<()> {
    project.run(project.cargo().args(["fmt", "--all", "--check"]))
}

fn lint(project: &Project, skipped: &mut BTreeSet<String>) -> Result<()> {
    let mut command = project.cargo();
    command.args(["clippy", "--workspace", "--all-targets", "--locked"]);
    command.args(without_ruby(project, skipped));
    project.run(command.args(["--", "-Dwarnings"]))
}

/// Builds the extension of the Ruby gem, which the tests of the gem load.
fn extension(project: &Project, skipped: &mut BTreeSet<String>) -> Result<()> {
    if !without_ruby(project, skipped).is_empty() {
        return Ok(());
    }
    project.run(project.cargo().args(["build", "--locked", "-p", "internal-events-ruby"]))
}

/// What leaves the extension of the Ruby gem out, where it cannot be built.
fn without_ruby(project: &Project, skipped: &mut BTreeSet<String>) -> &'static [&'static str] {
    if machine::has_ruby_headers(project) {
        return &[];
    }
    skipped.insert("the extension of the Ruby gem: there are no headers of ruby".to_owned());
    &["--exclude", "internal-events-ruby"]
}

/// Runs all tests, the tidy tests of this crate among them.
fn test(project: &Project, skipped: &mut BTreeSet<String>) -> Result<()> {
    let outcome = suite::run(project, &[])?;
    skipped.extend(outcome.skipped.iter().cloned());
    // Tests of the gem run cargo too: what it has built anew meanwhile is found by another run.
    let documented =
        project.run(project.cargo().args(["test", "--workspace", "--locked", "--doc"]));
    outcome.into_result().and(documented)
}

/// Runs every benchmark once at small numbers: that they still work is all this shows.
fn bench(project: &Project) -> Result<()> {
    let mut command = project.cargo();
    command.args(["run", "--locked", "-p", "internal-events-bench", "--", "--quick"]);
    project.run(command.env("INTERNAL_EVENTS_BIN", project.program()))
}

/// Renders the documentation of the code; what is written beside it is checked by tidy tests.
fn docs(project: &Project, skipped: &mut BTreeSet<String>) -> Result<()> {
    // The library and the program have the same name, so each kind is rendered on its own.
    for kind in ["--lib", "--bins"] {
        let mut command = project.cargo();
        command.args(["doc", "--workspace", kind, "--no-deps", "--document-private-items"]);
        command.args(without_ruby(project, skipped));
        project.run(command.arg("--locked").env("RUSTDOCFLAGS", "-Dwarnings"))?;
    }
    Ok(())
}
