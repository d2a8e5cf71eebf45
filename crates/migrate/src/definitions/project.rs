//! What definitions and tables say before any source is read.

use super::metric::{legacy_names, unique_of};
use crate::project::{LegacyEvent, Project};
use internal_events_catalog::{DataSource, MetricDefinition, MetricStatus};
use internal_events_definitions::Analysis;
use std::collections::{BTreeMap, BTreeSet};

/// Words by which key paths and descriptions say what is counted.
const HINTS: [(&str, &[&str]); 3] = [
    (
        "user.id",
        &["unique users", "distinct users", "active users", "user_id", "users who", "_users_"],
    ),
    (
        "project.id",
        &["unique projects", "distinct projects", "project_id", "projects that", "projects where"],
    ),
    (
        "namespace.id",
        &[
            "unique namespaces",
            "distinct namespaces",
            "namespace_id",
            "unique groups",
            "namespaces that",
        ],
    ),
];

impl Project {
    /// Takes what definitions and tables say.
    pub fn read(analysis: &Analysis) -> Self {
        let (mut internal, mut legacy) = (BTreeSet::new(), BTreeMap::<_, LegacyEvent>::new());
        let definitions = &analysis.definitions;
        for event in &definitions.events {
            if event.internal {
                internal.insert(event.action.clone());
            } else {
                legacy.entry(event.action.clone()).or_default();
            }
        }
        for name in &definitions.overrides.legacy_events {
            legacy.entry(name.clone()).or_default().is_listed = true;
        }
        let metrics = definitions.metrics.iter();
        for metric in metrics.filter(|it| it.status != MetricStatus::Removed) {
            if matches!(metric.data_source, DataSource::RedisHll | DataSource::Redis) {
                for name in legacy_names(metric) {
                    add(legacy.entry(name.clone()).or_default(), &name, metric);
                }
            }
        }
        Self { internal_events: internal.into(), legacy_events: legacy.into(), ..Self::default() }
    }
}

fn add(event: &mut LegacyEvent, name: &str, metric: &MetricDefinition) {
    if metric.data_source == DataSource::Redis {
        event.total_metrics.push(metric.key_path.clone());
        return;
    }
    event.unique_metrics.push(metric.key_path.clone());
    let hint = hint(name, metric);
    if event.unique_metrics.len() == 1 {
        event.unique_hint = hint;
    } else if hint.is_some() && event.unique_hint != hint {
        // Two metrics that say different things say nothing.
        event.unique_hint = event.unique_hint.is_none().then_some(hint).flatten();
    }
}

/// What a metric says it counts, if it is only one thing.
fn hint(name: &str, metric: &MetricDefinition) -> Option<String> {
    let of_rule =
        metric.rules.iter().find(|it| it.name == name).and_then(|it| it.unique.as_deref());
    let of_aggregate = metric.legacy.aggregate.as_ref().and_then(|it| it.attribute.as_deref());
    if let Some(stated) = of_rule.or(of_aggregate) {
        return Some(unique_of(stated));
    }
    let words = format!("{} {}", metric.key_path, metric.description).to_lowercase();
    let mut said = HINTS.iter().filter(|(_, hints)| hints.iter().any(|it| words.contains(it)));
    let (only, more) = (said.next(), said.next());
    only.filter(|_| more.is_none()).map(|(it, _)| (*it).to_owned())
}
