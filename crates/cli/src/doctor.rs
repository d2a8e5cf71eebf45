//! `internal-events doctor`: looks at an installation, and says what is wrong and what to do.

mod data;
mod place;
mod redis;
mod server;
mod settings;
mod snowplow;

use crate::context::Context;
use crate::output::Format;
use crate::output::{self, Style, counted};
use crate::visible::visible;
use internal_events_definitions::Severity;
use internal_events_installation::Installation;
use jiff::Timestamp;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct DoctorArgs {
    /// Where `serve` listens or is to listen, as it is told.
    #[arg(long, value_name = "ADDRESS", default_value = crate::serve::LISTEN)]
    listen: String,

    /// Ask this running server too, such as `http://127.0.0.1:8080`; `https://` too.
    #[arg(long, value_name = "URL")]
    server: Option<String>,

    /// Trust the certificates in this PEM file when asking it over TLS, and no others.
    #[arg(long, value_name = "FILE", requires = "server")]
    ca: Option<PathBuf>,

    /// Read everything that is stored, as `journal verify` does.
    #[arg(long)]
    deep: bool,

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
    let asked = RefCell::new(BTreeSet::new());
    let installation = cx.installation_by(|name| {
        asked.borrow_mut().insert(name.to_owned());
        std::env::var(name).ok()
    })?;
    let mut findings = Findings::default();
    look_at_definitions(&installation, &mut findings);
    settings::look_at_sources(cx.root(), &asked.into_inner(), &mut findings);
    settings::look_at_server(&args.listen, &installation, cx, &mut findings);
    let data = cx.data(&installation);
    let limits = &installation.settings().limits;
    look_at_clock(Timestamp::now(), &mut findings);
    place::look(&data, limits, &mut findings);
    data::look(&data, limits, &mut findings);
    redis::look(&installation, &data, &mut findings);
    snowplow::look(&installation, &data, &mut findings);
    if args.deep {
        data::look_deeply(&data, &mut findings);
    }
    if let Some(url) = &args.server {
        server::look(url, args.ca.as_deref(), &mut findings);
    }
    let worst = findings.0.iter().map(|it| it.level).max().unwrap_or(Level::Ok);
    match args.format {
        Format::Json => output::print_json(&to_json(&findings))?,
        Format::Human => output::print(&human(&findings, Style::stdout()))?,
    }
    Ok(ExitCode::from(u8::from(worst >= Level::Warning)))
}

fn look_at_clock(now: Timestamp, findings: &mut Findings) {
    if now < Timestamp::UNIX_EPOCH {
        let what = format!("the clock of this machine shows {now}");
        let advice = "set it: no event is taken by a clock before 1970";
        findings.add(Level::Error, "clock", what, advice);
    }
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
    let events_and_metrics =
        [counted(events as u64, "event", "events"), counted(metrics as u64, "metric", "metrics")];
    let are = if events + metrics == 1 { "is" } else { "are" };
    let what = format!("{} {are} defined", events_and_metrics.join(" and "));
    let found = &installation.analysis().diagnostics;
    let n_wrong = found.iter().filter(|it| it.severity == Severity::Error).count();
    if n_wrong > 0 {
        let what = format!(
            "{what}, and {} in definitions",
            counted(n_wrong as u64, "error is", "errors are")
        );
        findings.add(Level::Error, "definitions", what, "`internal-events check` says where");
    } else if events == 0 {
        let advice = "`internal-events generate` creates definitions; --root says where they are";
        findings.add(Level::Warning, "definitions", what, advice);
    } else {
        findings.ok("definitions", what);
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_before_1970_has_to_be_set() {
        for (second, n) in [(-1, 1), (0, 0)] {
            let mut findings = Findings::default();
            look_at_clock(Timestamp::from_second(second).expect("in range"), &mut findings);
            assert_eq!(findings.0.len(), n, "{second}");
        }
    }
}
