//! Says what an event would do, without tracking it.

use crate::Collector;
use crate::collector::{Answer, json};
use crate::metrics::today;
use crate::problem::Problem;
use crate::track::invalid;
use crate::wire::{Draft, Parsed, sentence};
use hyper::StatusCode;
use internal_events::{Catalog, explanation_json};
use jiff::civil::Date;
use serde_json::Value;

/// Answers with the JSON of `internal-events explain --format json`, but for what counters hold.
pub(crate) async fn answer(collector: &Collector, body: &[u8]) -> Result<Answer, Problem> {
    let draft = Draft::parse(body).map_err(invalid)?;
    let parsed = draft.into_event(&collector.limits);
    let parsed = parsed.map_err(|it| Problem::InvalidParameter(sentence(&it)))?;
    let (catalog, today) = (collector.tracker.catalog(), today(collector.tracker.now_ms()));
    // It looks through all metrics, of which there may be thousands.
    let explained = tokio::task::spawn_blocking(move || explain(&catalog, parsed, today)).await;
    let explained = explained.map_err(|_| Problem::Interrupted)?;
    Ok(json(StatusCode::OK, explained.to_string()))
}

fn explain(catalog: &Catalog, parsed: Parsed, today: Date) -> Value {
    let Parsed { event, warnings, .. } = parsed;
    let mut json = explanation_json(&catalog.explain(&event, today), &event, today);
    if !warnings.is_empty() {
        json["warnings"] = warnings.into();
    }
    json
}
