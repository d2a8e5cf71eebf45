//! Which events can be tried out, and what they may have.

use crate::Collector;
use crate::answer::{Answer, json};
use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderValue};
use internal_events::Catalog;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// What an event without an application comes from.
const APP_ID: &str = "demo";

/// Answers with the definitions as JSON.
pub(super) fn answer(collector: &Collector) -> Answer {
    let catalog = collector.tracker.catalog();
    let events: Vec<Value> = catalog
        .events()
        .map(|it| {
            json!({
                "event": it.action,
                "description": it.description,
                "identifiers": it.identifiers,
                "properties": it.properties,
                "metrics": metrics_of(&catalog, &it.action),
            })
        })
        .collect();
    let metrics: BTreeMap<&str, &str> = catalog
        .metrics()
        .iter()
        .map(|it| (it.definition.key_path.as_str(), it.definition.description.as_str()))
        .collect();
    let body = json!({ "app_id": app_id(collector), "events": events, "metrics": metrics });
    let mut answer = json(StatusCode::OK, body.to_string());
    answer.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    answer
}

fn metrics_of<'c>(catalog: &'c Catalog, event: &str) -> Vec<&'c str> {
    catalog.metrics_counting(event).map(|it| it.definition.key_path.as_str()).collect()
}

/// An application whose events are taken.
fn app_id(collector: &Collector) -> &str {
    let listed = collector.door.app_ids.iter().flat_map(|it| it.iter());
    listed.map(String::as_str).find(|it| *it != "*").unwrap_or(APP_ID)
}
