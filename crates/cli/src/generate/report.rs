//! What the user, or a program, is told.

use super::GenerateArgs;
use crate::output::Format;
use crate::visible::{visible, visible_json};
use anstream::{AutoStream, stderr, stdout};
use clap::builder::styling::{AnsiColor, Style};
use internal_events_definitions::generate::{Overlap, Plan, PlannedFile, Problem, Snippet};
use internal_events_definitions::{Diagnostic, Severity};
use serde_json::{Value, json};
use std::io::{self, IsTerminal as _, Write};

/// Version of the shape that programs read.
const JSON_VERSION: u32 = 1;

const ERROR: Style = AnsiColor::Red.on_default().bold();
const GOOD: Style = AnsiColor::Green.on_default();
const HEADING: Style = Style::new().bold();
const DIM: Style = Style::new().dimmed();

/// Prints in the form that was asked for.
pub(super) struct Report {
    format: Format,
    is_quiet: bool,
    is_dry_run: bool,
}

impl Report {
    pub(super) fn new(args: &GenerateArgs) -> Self {
        Self { format: args.format(), is_quiet: args.is_quiet(), is_dry_run: args.is_dry_run() }
    }

    pub(super) fn is_dry_run(&self) -> bool {
        self.is_dry_run
    }

    /// Says what is wrong with the request.
    pub(super) fn refused(&self, problems: &[Problem]) -> io::Result<()> {
        if self.format == Format::Json {
            let problems: Vec<Value> = problems
                .iter()
                .map(|it| json!({ "flag": it.flag, "message": it.message, "help": it.help }))
                .collect();
            return print(&json!({ "version": JSON_VERSION, "problems": problems }));
        }
        let mut out = stderr().lock();
        for problem in problems {
            writeln!(out, "{ERROR}error{ERROR:#}: {}", visible(&problem.to_string()))?;
            if let Some(help) = &problem.help {
                writeln!(out, "  {DIM}help:{DIM:#} {}", visible(help))?;
            }
        }
        Ok(())
    }

    /// Says what `check` has against the planned files.
    pub(super) fn findings(&self, findings: &[Diagnostic]) -> io::Result<()> {
        let findings = findings.iter().filter(|it| it.severity == Severity::Error);
        if self.format == Format::Json {
            let problems: Vec<Value> = findings
                .map(|it| {
                    json!({
                        "code": it.code, "path": it.path, "message": it.message, "help": it.help
                    })
                })
                .collect();
            return print(&json!({ "version": JSON_VERSION, "problems": problems }));
        }
        let mut out = stderr().lock();
        for it in findings {
            let Diagnostic { code, path, message, .. } = it;
            let (path, message) = (visible(path), visible(message));
            writeln!(out, "{ERROR}error{ERROR:#}[{code}]: {message} (in the new {path})")?;
            if let Some(help) = &it.help {
                writeln!(out, "  {DIM}help:{DIM:#} {}", visible(help))?;
            }
        }
        writeln!(out, "nothing was written")
    }

    /// Says that the user stopped.
    pub(super) fn stopped() -> io::Result<()> {
        writeln!(stderr().lock(), "Stopped: nothing was written.")
    }

    /// Shows the files before they are written.
    pub(super) fn preview(plan: &Plan) -> io::Result<()> {
        let mut out = stderr().lock();
        writeln!(out)?;
        for file in &plan.files {
            text_of(&mut out, file)?;
        }
        kept(&mut out, plan)?;
        overlaps(&mut out, plan)
    }

    /// Says what would have been written.
    pub(super) fn planned(&self, plan: &Plan) -> io::Result<()> {
        if self.format == Format::Json {
            return self.json(plan);
        }
        if self.is_quiet {
            return Ok(());
        }
        let mut out = stdout().lock();
        for file in &plan.files {
            text_of(&mut out, file)?;
        }
        summary(&mut out, plan)?;
        writeln!(out, "\nDry run: nothing was written.")
    }

    /// Says what was written.
    pub(super) fn written(&self, plan: &Plan) -> io::Result<()> {
        if self.format == Format::Json {
            return self.json(plan);
        }
        if self.is_quiet {
            return Ok(());
        }
        let is_terminal = io::stdout().is_terminal();
        let mut out = stdout().lock();
        summary(&mut out, plan)?;
        if is_terminal {
            snippets(&mut out, &plan.snippets)?;
        }
        Ok(())
    }

    fn json(&self, plan: &Plan) -> io::Result<()> {
        let files: Vec<Value> = plan
            .files
            .iter()
            .map(|it| json!({ "path": it.path, "action": verb(it), "text": it.text }))
            .collect();
        let inferred: Vec<Value> = plan
            .inferred
            .iter()
            .map(|it| json!({ "flag": it.flag, "value": it.value, "reason": it.reason }))
            .collect();
        let snippets: Vec<Value> = plan
            .snippets
            .iter()
            .map(|it| {
                json!({
                    "language": it.language.as_str(),
                    "purpose": it.purpose.as_str(),
                    "code": it.code,
                })
            })
            .collect();
        let overlaps: Vec<Value> = plan
            .overlaps
            .iter()
            .map(|it| json!({ "key_path": it.key_path, "existing": it.existing, "path": it.path }))
            .collect();
        print(&json!({
            "version": JSON_VERSION,
            "dry_run": self.is_dry_run,
            "event": plan.event,
            "key_paths": plan.key_paths,
            "files": files,
            "kept": plan.kept,
            "overlaps": overlaps,
            "inferred": inferred,
            "snippets": snippets,
        }))
    }
}

fn summary(out: &mut impl Write, plan: &Plan) -> io::Result<()> {
    for file in &plan.files {
        writeln!(out, "{GOOD}{:8}{GOOD:#}{}", verb(file), file.path)?;
    }
    kept(out, plan)?;
    overlaps(out, plan)?;
    if plan.inferred.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n{HEADING}Chosen for you{HEADING:#}; each has a flag:")?;
    let flag_width = plan.inferred.iter().map(|it| it.flag.len()).max().unwrap_or(0);
    for it in &plan.inferred {
        let (flag, value, reason) = (it.flag, visible(&it.value), visible(&it.reason));
        writeln!(out, "  --{flag:flag_width$}  {value}  {DIM}({reason}){DIM:#}")?;
    }
    Ok(())
}

fn verb(file: &PlannedFile) -> &'static str {
    if file.replaces { "replace" } else { "create" }
}

fn kept(out: &mut impl Write, plan: &Plan) -> io::Result<()> {
    for path in &plan.kept {
        writeln!(out, "{DIM}{:8}{DIM:#}{}", "keep", visible(path))?;
    }
    Ok(())
}

fn overlaps(out: &mut impl Write, plan: &Plan) -> io::Result<()> {
    for Overlap { key_path, existing, path } in &plan.overlaps {
        let (existing, path) = (visible(existing), visible(path));
        writeln!(out, "{DIM}note:{DIM:#} {key_path} counts the same as {existing} in {path}")?;
    }
    Ok(())
}

fn text_of(out: &mut impl Write, file: &PlannedFile) -> io::Result<()> {
    writeln!(out, "{HEADING}# {}{HEADING:#}\n{}", file.path, file.text)
}

fn snippets(out: &mut impl Write, snippets: &[Snippet]) -> io::Result<()> {
    for Snippet { language, purpose, code } in snippets {
        let language = language.as_str();
        writeln!(out, "\n{HEADING}{language}, to {}{HEADING:#}\n", purpose.as_str())?;
        for line in code.lines() {
            writeln!(out, "{}", format!("    {line}").trim_end())?;
        }
    }
    Ok(())
}

fn print(value: &Value) -> io::Result<()> {
    let mut out: AutoStream<_> = stdout().lock();
    writeln!(out, "{}", visible_json(&format!("{value:#}")))
}
