//! Aggregates: unions and intersections that GitLab kept in lists of their own until 2023.
//!
//! ```yaml
//! # config/metrics/aggregates/common.yml
//! - name: users_work_items
//!   operator: OR            # or AND: what all events have in common
//!   source: redis           # or database
//!   time_frame: [7d, 28d]
//!   events: [users_creating_work_items, users_updating_work_item_title]
//! ```
//!
//! Each is a metric per time frame, such as `counts_weekly.aggregated_metrics.users_work_items`.
//! Where a definition has that key path, it is the definition of that metric, and the list only
//! says what it reads.

use crate::file::{File, Place};
use crate::model::{items, text};
use crate::yaml::{Data, Node};
use internal_events_catalog::{
    Aggregate, DataSource, LegacyOptions, MetricDefinition, MetricStatus, SetOperator, TimeFrame,
};
use std::collections::HashMap;

/// The class that computed them.
const CLASS: &str = "AggregatedMetric";

/// Adds what the lists say to the metrics, which stay sorted by their files.
pub(crate) fn add(metrics: &mut Vec<MetricDefinition>, files: &[File<'_>]) {
    let listed: Vec<MetricDefinition> = files
        .iter()
        .filter(|it| it.place == Place::Aggregate)
        .flat_map(|file| {
            let entries = file.root.as_ref().map_or(&[][..], Node::items);
            entries.iter().flat_map(|it| definitions(it, file.path))
        })
        .collect();
    if listed.is_empty() {
        return;
    }
    let defined: HashMap<String, usize> =
        metrics.iter().enumerate().map(|(n, it)| (it.key_path.clone(), n)).collect();
    for aggregate in listed {
        match defined.get(&aggregate.key_path) {
            Some(n) => complete(&mut metrics[*n], aggregate),
            None => metrics.push(aggregate),
        }
    }
    metrics.sort_by(|a, b| a.path.cmp(&b.path));
}

/// Says what a definition reads, if it does not do so itself.
fn complete(metric: &mut MetricDefinition, aggregate: MetricDefinition) {
    let is_silent = metric.rules.is_empty() && metric.legacy.events.is_empty();
    if metric.data_source == aggregate.data_source && is_silent {
        metric.legacy = aggregate.legacy;
        metric.instrumentation_class = aggregate.instrumentation_class;
    }
}

/// The metrics of one aggregate; none without a name and a source that is known.
fn definitions(node: &Node<'_>, path: &str) -> Vec<MetricDefinition> {
    let data_source = match text(node, "source") {
        Some("redis") => DataSource::RedisHll,
        Some("database") => DataSource::Database,
        _ => return Vec::new(),
    };
    let Some(name) = text(node, "name") else { return Vec::new() };
    let events = items(node, "events").iter().filter_map(Node::as_str).map(str::to_owned);
    let operator = text(node, "operator").map_or(SetOperator::Or, SetOperator::parse);
    let legacy = LegacyOptions {
        events: events.collect(),
        aggregate: Some(Aggregate { operator, attribute: None }),
        ..LegacyOptions::default()
    };
    let metric = |time_frame| {
        let folder = match time_frame {
            TimeFrame::SevenDays => "counts_weekly",
            TimeFrame::TwentyEightDays => "counts_monthly",
            TimeFrame::All | TimeFrame::None => "counts",
        };
        MetricDefinition {
            key_path: format!("{folder}.aggregated_metrics.{name}"),
            description: String::new(),
            time_frame,
            data_source,
            status: MetricStatus::Active,
            rules: Vec::new(),
            legacy: legacy.clone(),
            instrumentation_class: Some(CLASS.to_owned()),
            path: path.to_owned(),
        }
    };
    time_frames(node).into_iter().map(metric).collect()
}

fn time_frames(node: &Node<'_>) -> Vec<TimeFrame> {
    let Some(node) = node.get("time_frame") else { return Vec::new() };
    let read = |it: &Node<'_>| TimeFrame::parse(it.as_str()?);
    match &node.data {
        Data::List(items) => items.iter().filter_map(read).collect(),
        _ => read(node).into_iter().collect(),
    }
}
