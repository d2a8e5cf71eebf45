//! Lists of aggregates become metrics.

use internal_events_catalog::{DataSource, SetOperator};
use internal_events_definitions::{Source, Sources, analyze};

const LIST: &str = "\
- name: work
  operator: AND
  source: redis
  time_frame: [7d, 28d]
  events: [create_item, close_item]
- name: imports
  operator: OR
  source: database
  time_frame: all
  events: [import]
- name: nowhere
  operator: OR
  source: elsewhere
  time_frame: [7d]
  events: [import]
- operator: OR
  source: redis
  time_frame: [7d]
  events: [nameless]
- 5
";

const DEFINED: &str = "\
key_path: counts_monthly.aggregated_metrics.work
description: What people work on
data_source: redis_hll
time_frame: 28d
status: broken
";

fn metrics(files: &[(&str, &str)]) -> Vec<String> {
    let source = |(path, text): &(&str, &str)| Source {
        path: (*path).to_owned(),
        bytes: text.as_bytes().to_vec(),
    };
    let sources = Sources { metrics: files.iter().map(source).collect(), ..Sources::default() };
    let metrics = analyze(&sources).definitions.metrics;
    let shown = |it: internal_events_catalog::MetricDefinition| {
        let operator = it.legacy.aggregate.map(|it| it.operator);
        let operator = match operator {
            Some(SetOperator::Or) => "OR",
            Some(SetOperator::And) => "AND",
            _ => "-",
        };
        assert!(matches!(it.data_source, DataSource::RedisHll | DataSource::Database));
        format!(
            "{} {} {} {} {operator} {}",
            it.key_path,
            it.time_frame,
            it.data_source.as_str(),
            it.status.as_str(),
            it.legacy.events.join(",")
        )
    };
    metrics.into_iter().map(shown).collect()
}

#[test]
fn an_aggregate_is_a_metric_per_time_frame() {
    let expected = [
        "counts_weekly.aggregated_metrics.work 7d redis_hll active AND create_item,close_item",
        "counts_monthly.aggregated_metrics.work 28d redis_hll active AND create_item,close_item",
        "counts.aggregated_metrics.imports all database active OR import",
    ];
    assert_eq!(metrics(&[("config/metrics/aggregates/common.yml", LIST)]), expected);
    assert_eq!(metrics(&[("ee/config/metrics/aggregates/common.yml", LIST)]), expected);
}

#[test]
fn the_definition_of_an_aggregate_comes_first_and_the_list_says_what_it_reads() {
    let list = ("config/metrics/aggregates/common.yml", LIST);
    let path = "config/metrics/counts_28d/work.yml";
    let found = metrics(&[list, (path, DEFINED)]);
    assert_eq!(found.len(), 3);
    assert_eq!(
        found[2],
        "counts_monthly.aggregated_metrics.work 28d redis_hll broken AND create_item,close_item"
    );
    // A definition that says what it reads needs no list.
    let own = format!("{DEFINED}instrumentation_class: RedisHLLMetric\noptions:\n  events: [x]\n");
    let found = metrics(&[list, (path, &own)]);
    assert_eq!(found[2], "counts_monthly.aggregated_metrics.work 28d redis_hll broken - x");
}

#[test]
fn a_metric_may_name_its_aggregate_itself() {
    let own = format!(
        "{DEFINED}instrumentation_class: AggregatedMetric\n\
         options:\n  aggregate:\n    operator: AND\n    attribute: user.id\n  events: [x, y]\n"
    );
    let found = metrics(&[("config/metrics/counts_28d/work.yml", &own)]);
    assert_eq!(found, ["counts_monthly.aggregated_metrics.work 28d redis_hll broken AND x,y"]);
}
