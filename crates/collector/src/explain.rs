//! Says what an event would do, without tracking it.

use crate::Collector;
use crate::answer::{Answer, json};
use crate::metrics::today;
use crate::problem::Problem;
use crate::track::invalid;
use crate::wire::{Draft, Parsed, sentence};
use hyper::StatusCode;
use internal_events::{Gate, Tracker, explanation_json};
use serde_json::Value;

/// Answers with the JSON of `internal-events explain --format json`, but for what counters hold.
pub(crate) async fn answer(collector: &Collector, body: &[u8]) -> Result<Answer, Problem> {
    let draft = Draft::parse(body).map_err(invalid)?;
    let parsed = draft.into_event(&collector.limits);
    let parsed = parsed.map_err(|it| Problem::InvalidParameter(sentence(&it)))?;
    let tracker = collector.tracker.clone();
    // It looks through all metrics, of which there may be thousands.
    let explained = tokio::task::spawn_blocking(move || explain(&tracker, parsed)).await;
    let explained = explained.map_err(|_| Problem::Interrupted)?;
    Ok(json(StatusCode::OK, explained.to_string()))
}

fn explain(tracker: &Tracker, parsed: Parsed) -> Value {
    let Parsed { event, warnings, .. } = parsed;
    let today = today(tracker.now_ms());
    let mut explanation = tracker.catalog().explain(&event, today);
    if tracker.read(|_| ()).is_none() {
        let detail = "tracking is switched off: `enabled` is false".to_owned();
        explanation.gates.push(Gate::switched_off(&event.name, detail));
    }
    let mut json = explanation_json(&explanation, &event, today);
    if !warnings.is_empty() {
        json["warnings"] = warnings.into();
    }
    json
}
