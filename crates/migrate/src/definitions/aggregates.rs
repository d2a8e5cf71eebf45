//! Lists of aggregates: metrics of several events that have no definition of their own.

use super::{Candidate, gather, metric};
use crate::site::{Reason, Refusal};
use internal_events_catalog::{DataSource, MetricDefinition};
use internal_events_definitions::yaml::{self, Node};
use internal_events_definitions::{Analysis, Sources};
use std::ops::Range;

/// Whether a file is such a list.
pub(super) fn is_list(path: &str) -> bool {
    path.contains("config/metrics/aggregates/")
}

/// All of the list that `first` is of, each of which stays.
///
/// A list says neither who owns a metric nor what it means, so that a definition cannot be made
/// of it.
pub(super) fn candidates(
    first: &MetricDefinition,
    text: &str,
    analysis: &Analysis,
    calls: &gather::Calls,
) -> Vec<Candidate> {
    let root = yaml::read(text).0;
    let entries = root.as_ref().map_or(&[][..], Node::items);
    let of_list = analysis.definitions.metrics.iter().filter(|it| it.path == first.path);
    let of_redis = of_list.filter(|it| it.data_source == DataSource::RedisHll);
    of_redis
        .map(|definition| {
            let names = metric::legacy_names(definition);
            Candidate {
                path: definition.path.clone(),
                definition: definition.clone(),
                range: place(entries, &definition.key_path),
                is_of_interest: names.iter().any(|it| calls.mentions(it, definition)),
                outcome: Err(refusal(definition, &names)),
                events: names,
            }
        })
        .collect()
}

fn refusal(definition: &MetricDefinition, names: &[String]) -> Refusal {
    let MetricDefinition { key_path, time_frame, .. } = definition;
    Refusal {
        reason: Reason::NotUnderstood,
        what: format!("the aggregate `{key_path}` has no definition of its own"),
        advice: format!(
            "write a metric with `key_path: {key_path}`, `time_frame: {time_frame}`, `data_source: \
             redis_hll` and `options` with the events {}, take it out of this list, and run this \
             again",
            names.join(", ")
        ),
    }
}

/// The name of an aggregate in its list.
fn place(entries: &[Node<'_>], key_path: &str) -> Range<usize> {
    let name = key_path.rsplit('.').next().unwrap_or_default();
    let names = entries.iter().filter_map(|it| it.get("name"));
    let found = names.into_iter().find(|it| it.as_str() == Some(name));
    found.map_or(0..0, |it| it.span.clone())
}

/// What is left in lists of metrics whose definitions say it themselves now.
pub(super) fn left_over(sources: &Sources, key_paths: &[String]) -> Vec<String> {
    let mut notes = Vec::new();
    for list in sources.metrics.iter().filter(|it| is_list(&it.path)) {
        let Ok(text) = std::str::from_utf8(&list.bytes) else { continue };
        let root = yaml::read(text).0;
        for name in root.iter().flat_map(Node::items).filter_map(|it| it.get("name")?.as_str()) {
            let end = format!(".aggregated_metrics.{name}");
            if key_paths.iter().any(|it| it.ends_with(&end)) {
                notes.push(format!(
                    "{} lists `{name}`, whose definition says what it counts now: take it out",
                    list.path
                ));
            }
        }
    }
    notes
}
