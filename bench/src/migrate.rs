//! Migrating a tree of source files, one in a hundred of which has a legacy call, beside walking,
//! reading and scanning the same files and parsing those with a call, and beside reading alone.

mod floor;
mod tree;

pub(crate) use floor::floor;

use crate::Size;
use crate::measure::{Aim, Report, Row, interleave, millis};
use crate::process::{self, Pinned};
use anyhow::{Context as _, Result, ensure};
use std::cell::RefCell;
use std::path::Path;
use std::process::Command;

/// What a whole migration may cost beside its floor.
const AIM: Aim = Aim::Ratio(1.4);

/// Rounds over the larger tree, which takes more than twice as long.
const FEWER: usize = 5;

pub(crate) fn run(size: &Size) -> Result<Report> {
    let mut report = Report::default();
    usual(size, &mut report)?;
    larger(size, &mut report)?;
    Ok(report)
}

/// A tree of the usual size, beside the same tree without a call.
fn usual(size: &Size, report: &mut Report) -> Result<()> {
    let (with, without) = (tempfile::tempdir()?, tempfile::tempdir()?);
    let n_files = size.pick(16_000, 400);
    let tree = tree::write(with.path(), n_files, true)?;
    tree::write(without.path(), n_files, false)?;
    expect_rewritten(&mut migrate(with.path())?, tree.n_calls)?;
    let (with, without) = (with.path(), without.path());
    let (ours, theirs) = (RefCell::default(), RefCell::default());
    let [one, all, none, floor, reading] = interleave(
        size.rounds,
        [
            &mut || on_one(&mut migrate(with)?, Some(&ours)),
            &mut || Ok(millis(process::run(&mut migrate(with)?)?.wall)),
            &mut || on_one(&mut migrate(without)?, None),
            &mut || on_one(&mut ourselves("scan-and-parse", with)?, Some(&theirs)),
            &mut || on_one(&mut ourselves("read", with)?, None),
        ],
    )?;
    // The first round of each side only warmed the page cache.
    let [ours, theirs] = [ours, theirs].map(|it| it.take()[1..].to_vec());
    let name = |how: &str| format!("migrate {}, {how}", tree.name());
    report.rows.push(Row::beside(name("one core"), "ms", AIM, &one, &floor));
    report.rows.push(Row::beside(name("all cores"), "ms", AIM, &all, &floor));
    report.rows.push(Row::beside(name("one core, CPU time"), "ms", AIM, &ours, &theirs));
    let rate = |costs: &[f64]| -> Vec<f64> { costs.iter().map(|it| tree.rate(*it)).collect() };
    let beside = "one core, beside reading alone";
    report.rows.push(Row::beside(name(beside), "MB/s", Aim::None, &rate(&one), &rate(&reading)));
    let each: Vec<f64> = one.iter().zip(&none).map(|(one, none)| tree.each(one - none)).collect();
    report.rows.push(Row::alone("one file with a call more", "ms", Aim::None, &each));
    report.peaks.push(("migrate".to_owned(), process::run_for_peak(&mut migrate(with)?)?));
    let mut floor = ourselves("scan-and-parse", with)?;
    report.peaks.push(("floor".to_owned(), process::run_for_peak(&mut floor)?));
    Ok(())
}

/// A tree as large as that of a large application.
fn larger(size: &Size, report: &mut Report) -> Result<()> {
    let root = tempfile::tempdir()?;
    let root = root.path();
    let tree = tree::write(root, size.pick(39_000, 800), true)?;
    expect_rewritten(&mut migrate(root)?, tree.n_calls)?;
    let (ours, theirs) = (RefCell::default(), RefCell::default());
    let mut migrating = || on_one(&mut migrate(root)?, Some(&ours));
    let mut floor = || on_one(&mut ourselves("scan-and-parse", root)?, Some(&theirs));
    let walls = interleave(size.rounds.min(FEWER), [&mut migrating, &mut floor])?;
    let [ours, theirs] = [ours, theirs].map(|it| it.take()[1..].to_vec());
    let name = |how: &str| format!("migrate {}, {how}", tree.name());
    report.rows.push(Row::beside(name("one core"), "ms", AIM, &walls[0], &walls[1]));
    report.rows.push(Row::beside(name("one core, CPU time"), "ms", AIM, &ours, &theirs));
    Ok(())
}

/// The program, about to show what it would rewrite.
fn migrate(root: &Path) -> Result<Command> {
    let mut command = Command::new(process::program()?);
    command.args(["migrate", "--format", "json", "--root"]).arg(root);
    Ok(command)
}

/// A process of ours that does a part of the same work.
fn ourselves(part: &str, root: &Path) -> Result<Command> {
    let mut command = Command::new(process::ourselves()?);
    command.args(["floor", part]).arg(root);
    Ok(command)
}

/// Milliseconds by the clock on one processor; those of the processor are noted.
fn on_one(command: &mut Command, cpu: Option<&RefCell<Vec<f64>>>) -> Result<f64> {
    let one = [*process::processors()?.first().context("no processor to run on")?];
    let _pinned = Pinned::to(&one)?;
    let cost = process::run(command)?;
    if let Some(it) = cpu {
        it.borrow_mut().push(millis(cost.cpu));
    }
    Ok(millis(cost.wall))
}

/// The benchmark measures nothing if nothing is rewritten.
fn expect_rewritten(command: &mut Command, n_calls: usize) -> Result<()> {
    let output = command.output().context("the program does not start")?;
    let report: serde_json::Value = serde_json::from_slice(&output.stdout)
        .with_context(|| String::from_utf8_lossy(&output.stderr).into_owned())?;
    let sites = report["sites"].as_array().context("a report has sites")?;
    let rewritten = sites.iter().filter(|it| it["outcome"] == "rewritten").count();
    ensure!(rewritten == n_calls, "{rewritten} of {n_calls} calls can be rewritten");
    Ok(())
}
