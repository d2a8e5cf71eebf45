//! What the calls from before internal events move.
//!
//! `increment_unique_users` shows a user to the set of an event on the list of legacy events, under
//! the event's name without any suffix; `increment_counter` raises the total that a metric of data
//! source `redis` reads. An event that was migrated since then has neither: of it, the one call
//! moves the totals and the other the sets of users, which keep their legacy keys by the override
//! tables.

mod metrics;

pub(crate) use metrics::plan_of_total;

use crate::route::{ResolvedRule, Routed, Slots, Update, note_missing};
use crate::{
    Call, Catalog, Counter, CounterId, CounterKind, DataSource, Event, MetricDefinition, Overrides,
    SelectionRule,
};
use std::collections::{HashMap, HashSet};

/// The counters of legacy names, which no internal event moves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Legacy {
    users: HashMap<String, CounterId>,
    totals: HashMap<String, CounterId>,
    /// Events that a metric lists which is active or broken: GitLab knows no others by these calls.
    counted: HashSet<String>,
}

impl Legacy {
    /// Finds the names, and adds their counters to the others.
    pub(crate) fn new(
        metrics: &[MetricDefinition],
        overrides: &Overrides,
        counters: &mut Vec<Counter>,
    ) -> Self {
        let mut legacy = Self::default();
        let mut add = |rule: SelectionRule, weekly, stem| {
            let id = u32::try_from(counters.len()).expect("invariant: fewer than 2^32 counters");
            let (kind, resolved) = (rule.kind(), ResolvedRule::new(&rule, &[]));
            counters.push(Counter { rule, weekly, kind, stem, resolved });
            CounterId(id)
        };
        for name in &overrides.legacy_events {
            let unique = Some("user".to_owned());
            let rule = SelectionRule { unique, ..SelectionRule::total(name) };
            let name_in_key = overrides.unique.get(name).unwrap_or(name);
            let id = add(rule, true, format!("{{hll_counters}}_{name_in_key}"));
            legacy.users.insert(name.clone(), id);
        }
        for (name, key) in totals(metrics) {
            let rule = SelectionRule::total(&name);
            legacy.totals.entry(name).or_insert_with(|| add(rule, false, key));
        }
        let available = metrics.iter().filter(|it| it.status.is_available());
        let counted = available.flat_map(metrics::legacy_events);
        legacy.counted = counted.map(str::to_owned).collect();
        legacy
    }

    /// Whether a metric that is active or broken lists the event.
    pub(crate) fn is_counted(&self, event: &str) -> bool {
        self.counted.contains(event)
    }
}

/// Names that `increment_counter` takes, with the keys that metrics of data source `redis` read.
pub(crate) fn totals(metrics: &[MetricDefinition]) -> impl Iterator<Item = (String, String)> {
    let redis = metrics.iter().filter(|it| it.data_source == DataSource::Redis);
    redis.filter(|it| metrics::is_total(it)).filter_map(|it| metrics::total(&it.legacy))
}

impl Counter {
    /// Whether a call moves this counter of an event.
    pub(crate) fn is_moved_by(&self, call: Call) -> bool {
        match call {
            Call::TrackEvent => true,
            Call::IncrementCounter => self.kind == CounterKind::Total,
            Call::IncrementUniqueUsers => {
                self.kind == CounterKind::Unique && self.resolved.counts_users()
            }
        }
    }
}

impl Catalog {
    /// Says which counter an event moves by its legacy name; nothing if it has none, or came by
    /// another call.
    pub fn route_legacy(&self, event: &Event) -> Option<Routed> {
        let names = match event.call {
            Call::TrackEvent => return None,
            Call::IncrementCounter => &self.legacy().totals,
            Call::IncrementUniqueUsers => &self.legacy().users,
        };
        let id = *names.get(&event.name)?;
        let counter = self.counter(id);
        let mut routed = Routed::default();
        match counter.resolved.operand(event, &Slots::new()) {
            Some(operand) => routed.updates.push(Update { counter: id, operand }),
            None => note_missing(&counter.rule, counter.kind, &mut routed.omissions),
        }
        Some(routed)
    }
}
