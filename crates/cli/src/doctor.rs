//! `internal-events doctor`: looks at an installation, and says what is wrong and what to do.

use crate::advice;
use crate::args::Format;
use crate::context::Context;
use crate::output::{self, Style};
use crate::visible::visible;
use internal_events::store::{self, FORMAT, Inspection, LeaseState, Limits, Sqlite};
use internal_events_definitions::Severity;
use internal_events_installation::Installation;
use jiff::Timestamp;
use serde_json::json;
use std::path::Path;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// How to print what was found.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Level {
    Ok,
    Note,
    Warning,
    Error,
}

impl Level {
    fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing that was looked at: what is, and what to do about it.
#[derive(Debug)]
struct Finding {
    level: Level,
    /// What was looked at; stable.
    code: &'static str,
    what: String,
    advice: Option<String>,
}

/// What was found so far.
#[derive(Debug, Default)]
struct Findings(Vec<Finding>);

impl Findings {
    fn ok(&mut self, code: &'static str, what: String) {
        self.0.push(Finding { level: Level::Ok, code, what, advice: None });
    }

    fn add(&mut self, level: Level, code: &'static str, what: String, advice: impl Into<String>) {
        self.0.push(Finding { level, code, what, advice: Some(advice.into()) });
    }
}

/// Looks, prints, and ends with 1 if something has to be done. Changes nothing.
pub(crate) fn run(args: &DoctorArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let installation = cx.installation()?;
    let mut findings = Findings::default();
    look_at_definitions(&installation, &mut findings);
    let data = cx.data(&installation);
    let limits = &installation.settings().limits;
    look_at_place(&data, limits, &mut findings);
    match Sqlite::inspect(&data) {
        Ok(Some(found)) => look_at_store(&found, limits, &mut findings),
        Ok(None) => {
            let what = format!("nothing was tracked into {} yet", data.display());
            findings.ok("data", what);
        }
        Err(error) => look_at_failure(&error, &mut findings),
    }
    let worst = findings.0.iter().map(|it| it.level).max().unwrap_or(Level::Ok);
    match args.format {
        Format::Json => output::print_json(&to_json(&findings))?,
        Format::Human => output::print(&human(&findings, Style::stdout()))?,
    }
    Ok(ExitCode::from(u8::from(worst >= Level::Warning)))
}

fn look_at_definitions(installation: &Installation, findings: &mut Findings) {
    let settings = installation.settings();
    if settings.enabled {
        findings.ok("enabled", "tracking is switched on".to_owned());
    } else {
        let what = format!("tracking is switched off by {}", settings.enabled_by);
        findings.add(Level::Note, "enabled", what, "nothing is counted until it is switched on");
    }
    let catalog = installation.catalog();
    let (events, metrics) = (catalog.events().count(), catalog.metrics().len());
    let what = format!("{events} events and {metrics} metrics are defined");
    let found = &installation.analysis().diagnostics;
    let n_wrong = found.iter().filter(|it| it.severity == Severity::Error).count();
    if n_wrong > 0 {
        let what = format!("{what}, and {n_wrong} errors are in definitions");
        findings.add(Level::Error, "definitions", what, "`internal-events check` says where");
    } else if events == 0 {
        let advice = "`internal-events generate` creates definitions; --root says where they are";
        findings.add(Level::Warning, "definitions", what, advice);
    } else {
        findings.ok("definitions", what);
    }
}

fn look_at_place(data: &Path, limits: &Limits, findings: &mut Findings) {
    let place = Sqlite::place(data);
    if place.is_network {
        let system = place.file_system.as_deref().unwrap_or("network");
        let what = format!("{} is on a file system of the kind {system}", data.display());
        let advice = "move it to a disk of this machine; locks over a network are not reliable";
        findings.add(Level::Error, "file_system", what, advice);
    }
    match place.free_bytes {
        Some(free) if free < limits.reserve_bytes => {
            let what = format!("{} are free on the disk of the data directory", mebibytes(free));
            let advice = "make room: events are refused while less than the reserve is free";
            findings.add(Level::Error, "free_space", what, advice);
        }
        Some(free) => findings.ok("free_space", format!("{} are free", mebibytes(free))),
        None => {}
    }
    if let LeaseState::Held { process } = place.lease {
        let by = process.map(|it| format!(" by process {it}")).unwrap_or_default();
        findings.ok("lease", format!("counters are written down{by}"));
    }
    look_at_rights(data, findings);
}

#[cfg(unix)]
fn look_at_rights(data: &Path, findings: &mut Findings) {
    use std::os::unix::fs::PermissionsExt as _;
    let Ok(metadata) = data.metadata() else { return };
    let mode = metadata.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let what = format!("others than its owner may use {} (mode {mode:o})", data.display());
        findings.add(Level::Warning, "rights", what, "chmod 700 the data directory");
    }
}

#[cfg(not(unix))]
fn look_at_rights(_data: &Path, _findings: &mut Findings) {}

fn look_at_store(found: &Inspection, limits: &Limits, findings: &mut Findings) {
    let format = found.status.format;
    if format < FORMAT {
        let what = format!("the data are of format {format}, and this program writes {FORMAT}");
        let advice = "back up first: the next program that tracks brings them up to date";
        findings.add(Level::Note, "format", what, advice);
    }
    let bytes = mebibytes(found.file_bytes + found.log_bytes);
    let n = found.journal.events;
    findings.ok("journal", format!("{n} entries are in the journal; the data take {bytes}"));
    let now = Timestamp::now().as_millisecond();
    if found.journal.newest.is_some_and(|it| it > now + 60_000) {
        let what = "the newest entry was accepted in the future".to_owned();
        let advice = "set the clocks right; what was accepted meanwhile counts in a later week";
        findings.add(Level::Warning, "clock", what, advice);
    }
    for (destination, pending) in &found.pending {
        if pending.bytes * 2 > limits.max_pending_bytes {
            let what = format!("`{destination}` has {} entries still to take", pending.events);
            let advice = "find out why it does not take them: beyond the bound they are dropped";
            findings.add(Level::Error, "backlog", what, advice);
        }
    }
    let kept = found.quarantine.events;
    if kept > 0 {
        let what = format!("{kept} events are kept aside");
        let advice = "`internal-events quarantine list` says why";
        findings.add(Level::Note, "quarantine", what, advice);
    }
}

fn look_at_failure(error: &store::Error, findings: &mut Findings) {
    if matches!(error, store::Error::LogWithoutIndex { .. }) {
        let what = "a process that used the data ended early".to_owned();
        let advice = "nothing is lost: the next program that opens them mends that";
        findings.add(Level::Note, "data", what, advice);
        return;
    }
    let mut what = error.to_string();
    let mut next = std::error::Error::source(error);
    while let Some(cause) = next {
        what.push_str(&format!(": {cause}"));
        next = cause.source();
    }
    findings.add(Level::Error, "data", what, advice::of(error));
}

#[expect(clippy::cast_precision_loss, reason = "for people, to one digit")]
fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / f64::from(1 << 20))
}

fn to_json(findings: &Findings) -> serde_json::Value {
    let findings = findings.0.iter().map(|it| {
        json!({ "level": it.level.name(), "code": it.code, "what": it.what, "advice": it.advice })
    });
    json!({ "version": 1, "findings": findings.collect::<Vec<_>>() })
}

fn human(findings: &Findings, style: Style) -> String {
    let mut text = String::new();
    for it in &findings.0 {
        let level = format!("{:<7}", it.level.name());
        let level = match it.level {
            Level::Ok => style.good(&level),
            Level::Note => style.dim(&level),
            Level::Warning | Level::Error => style.bad(&level),
        };
        text.push_str(&format!("{level}  {}: {}\n", it.code, visible(&it.what)));
        if let Some(advice) = &it.advice {
            text.push_str(&format!("         {}\n", style.dim(advice)));
        }
    }
    text
}
