//! `internal-events explain`: why an event would, or would not, move which metric.

use crate::args::Format;
use crate::context::{Context, RedisArgs};
use crate::metrics::today;
use crate::output::{self, Style};
use crate::track::EventArgs;
use crate::visible::visible;
use internal_events::store::{Counter, Kind};
use internal_events_catalog::{
    Catalog, CounterKind, Event, Explanation, Gate, MetricStatus, RuleVerdict, Scalar, Surface,
    Verdict, Week,
};
use internal_events_installation::Installation;
use jiff::civil::Date;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::process::ExitCode;

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    event: EventArgs,

    /// The day on which it happens, in UTC [default: today].
    #[arg(long, value_name = "DATE")]
    at: Option<Date>,

    /// How to print the answer.
    #[arg(long, value_enum, default_value = "human")]
    format: Format,

    #[command(flatten)]
    redis: RedisArgs,
}

pub(crate) fn run(args: ExplainArgs, cx: &Context) -> anyhow::Result<ExitCode> {
    let installation = cx.installation_with(&args.redis)?;
    let catalog = installation.catalog();
    let event = args.event.into_event();
    let at = args.at.unwrap_or_else(today);
    let explanation = catalog.explain(&event, at);
    let now = match current(cx, &installation, &catalog, &explanation) {
        Ok(now) => now,
        Err(error) => {
            // What an event would do is known without.
            let error = format!("{error:#}");
            tracing::warn!(error, "the counters cannot be read, so their values are left out");
            BTreeMap::new()
        }
    };
    let shown =
        Shown { explanation: &explanation, event: &event, at, catalog: &catalog, now: &now };
    match args.format {
        Format::Json => output::print_json(&shown.to_json())?,
        Format::Human => output::print(&shown.to_text(Style::stdout()))?,
    }
    Ok(ExitCode::from(u8::from(!explanation.is_known())))
}

/// Reads what the counters hold that an event would move, by key.
fn current(
    cx: &Context,
    installation: &Installation,
    catalog: &Catalog,
    explanation: &Explanation,
) -> anyhow::Result<BTreeMap<String, Value>> {
    let Some(mut reader) = cx.counters(installation)? else { return Ok(BTreeMap::new()) };
    let kind = |it: &RuleVerdict| match catalog.counter(it.counter).kind {
        CounterKind::Total => Kind::Total,
        CounterKind::Unique => Kind::Unique,
        CounterKind::Sum => Kind::Sum,
        CounterKind::PerValue => Kind::PerValue,
    };
    let keys: BTreeMap<&str, Kind> =
        explanation.rules.iter().map(|it| (it.key.as_str(), kind(it))).collect();
    let counters = reader.read_counters(&keys.into_iter().collect::<Vec<_>>())?;
    let value = |counter: &Counter| match counter {
        Counter::Total(total) => json!(total),
        Counter::Unique(sketch) => json!(sketch.estimate()),
        Counter::Sum(sum) => json!(sum),
        Counter::PerValue(totals) => json!(totals.values().sum::<u64>()),
    };
    Ok(counters.iter().map(|(key, counter)| (key.to_owned(), value(counter))).collect())
}

/// An explanation, with all that is shown beside it.
struct Shown<'a> {
    explanation: &'a Explanation,
    event: &'a Event,
    at: Date,
    catalog: &'a Catalog,
    now: &'a BTreeMap<String, Value>,
}

impl Shown<'_> {
    fn to_text(&self, style: Style) -> String {
        let Self { explanation, event, at, .. } = self;
        let mut text = format!("{} on {at} (week {})\n\n", style.bold(&event.name), Week::of(*at));
        for gate in &explanation.gates {
            let mark = mark(gate.passed, style);
            let (subject, detail) = (visible(&gate.subject), visible(&gate.detail));
            text.push_str(&format!("{mark} {} {subject}: {detail}\n", gate.name));
        }
        for rule in &explanation.rules {
            text.push('\n');
            text.push_str(&self.rule(rule, style));
        }
        text
    }

    fn rule(&self, rule: &RuleVerdict, style: Style) -> String {
        let text = human_rule(rule, self.catalog, style);
        match self.now.get(&rule.key) {
            Some(now) => format!("{text}      {}\n", style.dim(&format!("holds {now} now"))),
            None => text,
        }
    }

    fn to_json(&self) -> Value {
        let mut json = to_json(self.explanation, self.event, self.at);
        let rules = json.get_mut("rules").and_then(Value::as_array_mut);
        for (shape, rule) in rules.into_iter().flatten().zip(&self.explanation.rules) {
            let now = self.now.get(&rule.key).cloned().unwrap_or_default();
            shape.as_object_mut().map(|it| it.insert("now".to_owned(), now));
        }
        json
    }
}

fn mark(good: bool, style: Style) -> String {
    if good { style.good("yes") } else { style.bad("no ") }
}

fn human_rule(rule: &RuleVerdict, catalog: &Catalog, style: Style) -> String {
    let moves = matches!(rule.verdict, Verdict::Moves { .. });
    let period = if catalog.counter(rule.counter).weekly { "per week" } else { "all time" };
    let key = visible(&rule.key);
    let mut text = format!("{} {key}  {}\n", mark(moves, style), style.dim(period));
    let reason = reason(&rule.verdict);
    text.push_str(&format!("      {}\n", visible(&reason)));
    if rule.surfaces.is_empty() {
        text.push_str(&format!("      {}\n", style.dim("no metric reads it")));
    }
    for surface in &rule.surfaces {
        text.push_str(&format!("      {}\n", visible(&human_surface(surface))));
    }
    text
}

/// Why a counter moves, or does not, in words.
pub(crate) fn reason(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Moves { operand: None } => "goes up by one".to_owned(),
        Verdict::Moves { operand: Some(it) } => format!("takes in `{it}`"),
        Verdict::FilterMismatch { property, expected, found: Scalar::Null } => {
            format!("its filter wants {property} = {}, which is missing", shown(expected))
        }
        Verdict::FilterMismatch { property, expected, found } => {
            format!("its filter wants {property} = {}, not {}", shown(expected), shown(found))
        }
        Verdict::MissingOperand { name } => format!("`{name}` is missing"),
        Verdict::OtherCall { call } => format!("only `{}` moves it", call.as_str()),
    }
}

fn human_surface(surface: &Surface) -> String {
    let until = surface.until.map(|it| format!(" until {it}")).unwrap_or_default();
    let status = match surface.status {
        MetricStatus::Active => "",
        MetricStatus::Broken => " (the metric is broken)",
        MetricStatus::Removed => " (the metric is removed and not reported)",
    };
    format!("{} {} from {}{until}{status}", surface.key_path, surface.time_frame, surface.from)
}

fn shown(value: &Scalar) -> String {
    match value {
        Scalar::Str(it) => format!("\"{it}\""),
        other => other.to_string(),
    }
}

fn to_json(explanation: &Explanation, event: &Event, at: Date) -> Value {
    let gates: Vec<Value> = explanation.gates.iter().map(gate_json).collect();
    let rules: Vec<Value> = explanation.rules.iter().map(rule_json).collect();
    json!({
        "version": 1,
        "event": event.name,
        "at": at.to_string(),
        "week": Week::of(at).to_string(),
        "known": explanation.is_known(),
        "gates": gates,
        "rules": rules,
    })
}

fn gate_json(gate: &Gate) -> Value {
    json!({
        "gate": gate.name,
        "subject": gate.subject,
        "passed": gate.passed,
        "detail": gate.detail,
    })
}

fn rule_json(rule: &RuleVerdict) -> Value {
    let (moves, reason) = match &rule.verdict {
        Verdict::Moves { operand } => (true, json!({ "operand": operand })),
        Verdict::FilterMismatch { property, expected, found } => (
            false,
            json!({ "filter": property, "expected": value(expected), "found": value(found) }),
        ),
        Verdict::MissingOperand { name } => (false, json!({ "missing": name })),
        Verdict::OtherCall { call } => (false, json!({ "call": call.as_str() })),
    };
    let surfaces: Vec<Value> = rule.surfaces.iter().map(surface_json).collect();
    json!({ "key": rule.key, "moves": moves, "reason": reason, "metrics": surfaces })
}

fn surface_json(surface: &Surface) -> Value {
    json!({
        "key_path": surface.key_path,
        "time_frame": surface.time_frame.as_str(),
        "status": surface.status.as_str(),
        "from": surface.from.to_string(),
        "until": surface.until.map(|it| it.to_string()),
    })
}

fn value(scalar: &Scalar) -> Value {
    match scalar {
        Scalar::Null => Value::Null,
        Scalar::Bool(it) => json!(it),
        Scalar::Int(it) => json!(it),
        Scalar::Float(it) => json!(it),
        Scalar::Str(it) => json!(it),
    }
}
