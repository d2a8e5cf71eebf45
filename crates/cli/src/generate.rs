//! `internal-events generate`: writes an event definition and its metrics.
//!
//! The definitions crate decides what the files say. Here we read the flags, ask for what is
//! missing if somebody is there to answer, show the plan, and write all of it or nothing.

mod args;
mod dialogue;
mod prompter;
mod report;
mod write;

pub(crate) use args::GenerateArgs;

use crate::context::Context;
use crate::interruption;
use anyhow::Context as _;
use dialogue::Dialogue;
use internal_events_definitions::generate::{Existing, Plan, Problem, Request, lists, plan};
use internal_events_definitions::{Severity, Sources, analyze};
use prompter::{Inquire, Stop};
use report::Report;
use std::io::IsTerminal as _;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::atomic::Ordering;
use write::Failure;

/// The request was understood and refused: a bad value or a collision.
const REFUSED: u8 = 1;

/// The user pressed Ctrl-C, as a shell reports it.
const INTERRUPTED: u8 = 130;

/// Runs the command.
///
/// # Errors
///
/// When a file cannot be written or the terminal cannot be used; nothing has been written then.
pub(crate) fn run(args: GenerateArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let report = Report::new(&args);
    let mut request = args.request();
    let mut sources = Sources::default();
    // The first definitions of an application may come before its folder.
    if cx.root().try_exists().is_ok_and(|it| it) {
        let installation = cx.installation()?;
        request.version = installation.milestone().map(str::to_owned);
        sources = installation.sources().clone();
    }
    let known = Rc::new(analyze(&sources));

    let is_terminal = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    let mut prompter = args.may_ask(is_terminal).then(Inquire::new);
    if let Some(prompter) = &mut prompter {
        // A flag that cannot work is said before the first question, not after the last.
        let problems = plan(&request, &known).err().unwrap_or_default();
        let wrong: Vec<Problem> = problems
            .into_iter()
            // What is counted may be a property that is only about to be declared.
            .filter(|it| !it.is_missing && it.flag != "unique")
            .collect();
        if !wrong.is_empty() {
            return refuse(&report, &wrong);
        }
        match Dialogue::new(prompter, &known, &lists(&sources)).complete(&mut request) {
            Ok(()) => {}
            Err(stop) => return stopped(stop),
        }
    }
    let mut plan = match plan(&request, &known) {
        Ok(it) => it,
        Err(problems) => return refuse(&report, &problems),
    };
    if let Err(problems) = look_at_files(&mut plan, cx.root(), request.existing) {
        return refuse(&report, &problems);
    }
    let findings = plan.diagnostics(&sources);
    if findings.iter().any(|it| it.severity == Severity::Error) {
        report.findings(&findings)?;
        return Ok(ExitCode::from(REFUSED));
    }
    finish(&plan, &request, cx.root(), (prompter.as_mut(), &report))
}

/// Shows, asks and writes.
fn finish(
    plan: &Plan,
    request: &Request,
    root: &Path,
    (prompter, report): (Option<&mut Inquire>, &Report),
) -> anyhow::Result<ExitCode> {
    if report.is_dry_run() {
        report.planned(plan)?;
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(prompter) = prompter.filter(|_| !plan.files.is_empty()) {
        Report::preview(plan)?;
        match dialogue::confirm(prompter, plan) {
            Ok(true) => {}
            Ok(false) => return stopped(Stop::ByUser),
            Err(stop) => return stopped(stop),
        }
    }
    let interrupted = interruption::noted().context("nothing was written")?;
    let is_interrupted = || interrupted.load(Ordering::Relaxed);
    match write::write(root, &plan.files, request.existing, &is_interrupted) {
        Ok(()) => {
            report.written(plan)?;
            Ok(ExitCode::SUCCESS)
        }
        Err(Failure::Exists(path)) => refuse(report, &[exists(&path)]),
        Err(Failure::Interrupted) => stopped(Stop::ByUser),
        Err(Failure::Io(err)) => Err(err).context("nothing was written"),
    }
}

/// Holds the plan against the files that are there, whatever they define.
///
/// A file may be in the way although no definition could be read from it.
fn look_at_files(plan: &mut Plan, root: &Path, policy: Existing) -> Result<(), Vec<Problem>> {
    let is_there = |path: &str| root.join(path).symlink_metadata().is_ok();
    match policy {
        Existing::Refuse => {
            let in_the_way = plan.files.iter().filter(|it| is_there(&it.path));
            let problems: Vec<Problem> = in_the_way.map(|it| exists(&it.path)).collect();
            if !problems.is_empty() {
                return Err(problems);
            }
        }
        Existing::Keep => {
            let (kept, files) = plan.files.drain(..).partition(|it| is_there(&it.path));
            plan.files = files;
            plan.kept.extend(kept.into_iter().map(|it| it.path));
        }
        Existing::Replace => {
            for file in &mut plan.files {
                file.replaces = is_there(&file.path);
            }
        }
    }
    Ok(())
}

fn exists(path: &str) -> Problem {
    Problem::new("event", format!("{path} already exists"))
        .help("pass --force to replace it, or --skip to keep it")
}

fn refuse(report: &Report, problems: &[Problem]) -> anyhow::Result<ExitCode> {
    report.refused(problems)?;
    Ok(ExitCode::from(REFUSED))
}

fn stopped(stop: Stop) -> anyhow::Result<ExitCode> {
    match stop {
        Stop::ByUser => {
            Report::stopped()?;
            Ok(ExitCode::from(INTERRUPTED))
        }
        Stop::Terminal(err) => Err(err).context("cannot ask on this terminal; nothing was written"),
    }
}
