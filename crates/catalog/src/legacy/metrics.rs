//! What metrics of the time before internal events read.
//!
//! ```text
//! redis_hll   {hll_counters}_<event>[-<property>]-GGGG-WW     property: the one `unique` of its events
//! redis       [USAGE_][<PREFIX>_]<EVENT>                      upper-cased, of all time
//! ```
//!
//! Both go through the override tables, as the counters of internal events do.

use crate::reading::{MAX_INTERSECTED, Plan, PlannedCounter};
use crate::{
    Catalog, CounterKind, LegacyOptions, Metric, MetricDefinition, MetricKind, Overrides,
    SelectionRule, SetOperator, Unreadable,
};
use std::collections::BTreeSet;

/// Computes the size of a union of sets.
const UNION_CLASS: &str = "RedisHLLMetric";

/// Computes the size of a union or an intersection of sets; gone from GitLab in 2026.
const AGGREGATE_CLASS: &str = "AggregatedMetric";

/// Reads a total.
const TOTAL_CLASS: &str = "RedisMetric";

/// Adds up how often any internal event occurred.
const INVOCATIONS_CLASS: &str = "SumNumberOfInternalEventInvocationsMetric";

impl Catalog {
    pub(crate) fn plan_of_legacy_sets(&self, metric: &Metric) -> Result<Plan, Unreadable> {
        let definition = &metric.definition;
        let aggregate = definition.legacy.aggregate.as_ref();
        match definition.instrumentation_class.as_deref() {
            None | Some(UNION_CLASS | AGGREGATE_CLASS) => {}
            Some(other) => return Err(Unreadable::Class(other.to_owned())),
        }
        let mut names = legacy_events(definition);
        if names.is_empty() {
            return Err(Unreadable::NoOptions);
        }
        if !definition.time_frame.is_weekly() {
            return Err(Unreadable::OnlyWeekly(definition.time_frame));
        }
        let property = match aggregate {
            Some(it) => it.attribute.as_deref().filter(|it| it.contains('.')).map(str::to_owned),
            None => single_unique(&definition.rules)?,
        };
        if aggregate.is_none() {
            names.retain(|it| self.legacy().is_counted(it));
        }
        let kind = kind(aggregate.map(|it| &it.operator), names.len())?;
        let is_aggregate = names.len() > 1;
        let counters = names.into_iter().map(|event| {
            // Of several events GitLab leaves the suffix away where one is still a legacy event.
            let is_bare = is_aggregate && self.overrides().legacy_events.contains(event);
            let suffix = property.as_deref().filter(|_| !is_bare);
            let (name, stem) = set(event, suffix, self.overrides());
            let (event, unique) = (event.to_owned(), property.clone());
            PlannedCounter { event, unique, kind: CounterKind::Unique, name, stem }
        });
        Ok(Plan { kind, is_weekly: true, counters: counters.collect() })
    }

    pub(crate) fn plan_of_invocations(&self, metric: &Metric) -> Result<Plan, Unreadable> {
        let definition = &metric.definition;
        if definition.instrumentation_class.as_deref() != Some(INVOCATIONS_CLASS) {
            return Err(Unreadable::DataSource(definition.data_source));
        }
        // For `all`, GitLab would read the totals of the running week: no value is better.
        if !definition.time_frame.is_weekly() {
            return Err(Unreadable::OnlyWeekly(definition.time_frame));
        }
        let rules = self.events().map(|it| SelectionRule::total(&it.action));
        let counters = rules.map(|it| PlannedCounter::of_rule(&it, self)).collect();
        Ok(Plan { kind: MetricKind::Total, is_weekly: true, counters })
    }
}

/// Finds the total a `redis` metric reads. It is of all time, whatever the definition says:
/// GitLab does not look at the time frame either.
pub(crate) fn plan_of_total(metric: &Metric) -> Result<Plan, Unreadable> {
    let definition = &metric.definition;
    match definition.instrumentation_class.as_deref() {
        None | Some(TOTAL_CLASS) => {}
        Some(other) => return Err(Unreadable::Class(other.to_owned())),
    }
    let (event, stem) = total(&definition.legacy).ok_or(Unreadable::NoOptions)?;
    let (kind, name) = (CounterKind::Total, stem.clone());
    let counter = PlannedCounter { event, unique: None, kind, name, stem };
    Ok(Plan { kind: MetricKind::Total, is_weekly: false, counters: vec![counter] })
}

/// The events a `redis_hll` metric lists, each once: its `events`, else those of its `options`.
pub(crate) fn legacy_events(definition: &MetricDefinition) -> Vec<&str> {
    let rules = definition.rules.iter().map(|it| it.name.as_str());
    let options = definition.legacy.events.iter().map(String::as_str);
    let listed: Vec<&str> =
        if definition.rules.is_empty() { options.collect() } else { rules.collect() };
    let mut seen = BTreeSet::new();
    listed.into_iter().filter(|it| seen.insert(*it)).collect()
}

/// The one `unique` that all rules share; none if there are no rules.
fn single_unique(rules: &[SelectionRule]) -> Result<Option<String>, Unreadable> {
    let Some(first) = rules.first() else { return Ok(None) };
    let agree = rules.iter().all(|it| it.unique == first.unique);
    if agree { Ok(first.unique.clone()) } else { Err(Unreadable::SeveralUniques) }
}

fn kind(operator: Option<&SetOperator>, n_sets: usize) -> Result<MetricKind, Unreadable> {
    match operator {
        _ if n_sets == 0 => Err(Unreadable::NotCounted),
        None | Some(SetOperator::Or) => Ok(MetricKind::Unique),
        Some(SetOperator::And) if n_sets == 1 => Ok(MetricKind::Unique),
        Some(SetOperator::And) if n_sets > MAX_INTERSECTED => Err(Unreadable::TooManySets(n_sets)),
        Some(SetOperator::And) => Ok(MetricKind::Intersection),
        Some(SetOperator::Other(it)) => Err(Unreadable::Operator(it.clone())),
    }
}

/// The name of a legacy set before the override table, and its key without the week.
pub(crate) fn set(event: &str, property: Option<&str>, overrides: &Overrides) -> (String, String) {
    let name = match property.map(|it| it.split('.').next().unwrap_or(it)) {
        Some(property) => format!("{event}-{property}"),
        None => event.to_owned(),
    };
    let in_key = overrides.unique.get(&name).unwrap_or(&name);
    let stem = format!("{{hll_counters}}_{in_key}");
    (name, stem)
}

/// The name by which `increment_counter` takes a total, and its key before the overrides.
pub(crate) fn total(options: &LegacyOptions) -> Option<(String, String)> {
    let event = options.events.first()?;
    let name = match &options.prefix {
        Some(prefix) => format!("{prefix}_{event}"),
        None => event.clone(),
    };
    let has_usage_prefix = options.include_usage_prefix.unwrap_or(true);
    let key = format!("{}{name}", if has_usage_prefix { "usage_" } else { "" });
    Some((name, key.to_ascii_uppercase()))
}

/// Whether a metric of data source `redis` is a plain total.
pub(crate) fn is_total(definition: &MetricDefinition) -> bool {
    matches!(definition.instrumentation_class.as_deref(), None | Some(TOTAL_CLASS))
}
