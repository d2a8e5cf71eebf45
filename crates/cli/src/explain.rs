//! `internal-events explain`: why an event would, or would not, move which metric.

use crate::context::{Context, RedisArgs};
use crate::metrics::today;
use crate::output::Format;
use crate::output::{self, Style};
use crate::track::EventArgs;
use crate::visible::visible;
use internal_events::explanation_json;
use internal_events::store::{Counter, Kind};
use internal_events_catalog::{Catalog, CounterKind, Event, Explanation, Gate, RuleVerdict, Week};
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
    let mut explanation = catalog.explain(&event, at);
    let settings = installation.settings();
    if !settings.enabled {
        let detail = format!("tracking is switched off by {}", settings.enabled_by);
        explanation.gates.push(Gate::switched_off(&event.name, detail));
    }
    let is_counted = settings.enabled && explanation.is_known();
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
        Format::Human => {
            let style = Style::stdout();
            let place = cx.counters_at(&installation);
            let what = if now.is_empty() { "none of these is counted in" } else { "counted in" };
            let place = style.dim(&visible(&format!("{what} {place}")));
            output::print(&format!("{}\n{place}\n", shown.to_text(style)))?;
        }
    }
    Ok(ExitCode::from(u8::from(!is_counted)))
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
        let mut json = explanation_json(self.explanation, self.event, self.at);
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
    let moves = rule.moves();
    let period = if catalog.counter(rule.counter).weekly { "per week" } else { "all time" };
    let key = visible(&rule.key);
    let mut text = format!("{} {key}  {}\n", mark(moves, style), style.dim(period));
    text.push_str(&format!("      {}\n", visible(&rule.verdict.to_string())));
    if rule.surfaces.is_empty() {
        text.push_str(&format!("      {}\n", style.dim("no metric reads it")));
    }
    for surface in &rule.surfaces {
        text.push_str(&format!("      {}\n", visible(&surface.to_string())));
    }
    text
}
