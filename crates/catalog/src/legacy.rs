//! What the calls from before internal events move, and what the metrics of that time read.
//!
//! `increment_unique_users` shows a user to the set of an event on the list of legacy events, under
//! the event's name without any suffix; `increment_counter` raises the total that a metric of data
//! source `redis` reads; `track_legacy_unique` with a property shows a value to the set of that
//! property. An event that was migrated since then has neither: of it, the one call moves the
//! totals and the other the sets of users, which keep their legacy keys by the override tables.
//!
//! Where an installation has no list of legacy events, every event of a `redis_hll` metric is one.

mod metrics;

pub(crate) use metrics::plan_of_total;

use crate::route::{Operand, ResolvedRule, Routed, Slots, Update, note_missing};
use crate::{
    Call, Catalog, Counter, CounterId, CounterKind, DataSource, Event, MetricDefinition, Omission,
    Overrides, SelectionRule,
};
use std::collections::{HashMap, HashSet};

/// The counters of legacy names, which no internal event moves.
#[derive(Clone, Debug, Default)]
pub(crate) struct Legacy {
    users: HashMap<String, CounterId>,
    totals: HashMap<String, CounterId>,
    /// Sets by event and property, those of internal events too.
    by_property: HashMap<(String, String), CounterId>,
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
        let mut legacy = Self { by_property: plain_sets(counters), ..Self::default() };
        let mut add = |rule: SelectionRule, weekly, stem| {
            let id = u32::try_from(counters.len()).expect("invariant: fewer than 2^32 counters");
            let declared: Vec<String> = rule.unique_name().map(str::to_owned).into_iter().collect();
            let (kind, resolved) = (rule.kind(), ResolvedRule::new(&rule, &declared));
            counters.push(Counter { rule, weekly, kind, stem, resolved });
            CounterId(id)
        };
        for (name, property) in sets(metrics, overrides) {
            let unique = Some(property.clone().unwrap_or_else(|| "user".to_owned()));
            let rule = SelectionRule { unique, ..SelectionRule::total(&name) };
            let (_, stem) = metrics::set(&name, property.as_deref(), overrides);
            match property {
                None => drop(legacy.users.entry(name).or_insert_with(|| add(rule, true, stem))),
                Some(property) => {
                    let key = (name, property);
                    legacy.by_property.entry(key).or_insert_with(|| add(rule, true, stem));
                }
            }
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

/// The sets of internal events that a property alone names.
fn plain_sets(counters: &[Counter]) -> HashMap<(String, String), CounterId> {
    let ids = (0..).map(CounterId).zip(counters);
    let plain = ids
        .filter(|(_, it)| it.weekly && it.kind == CounterKind::Unique && it.rule.filter.is_empty());
    let named = plain.filter(|(_, it)| it.rule.operator.is_none());
    let key = |(id, it): (CounterId, &Counter)| {
        Some(((it.rule.name.clone(), it.rule.unique_name()?.to_owned()), id))
    };
    named.filter_map(key).collect()
}

/// The legacy sets: those on the list and those that `redis_hll` metrics read, each with the
/// property in its name, if there is one.
pub(crate) fn sets(
    metrics: &[MetricDefinition],
    overrides: &Overrides,
) -> impl Iterator<Item = (String, Option<String>)> {
    let listed = overrides.legacy_events.iter().map(|it| (it.clone(), None));
    let older = metrics
        .iter()
        .filter(|it| it.data_source == DataSource::RedisHll && it.status.is_available());
    let read = older.flat_map(|metric| {
        let bare = metrics::legacy_events(metric).into_iter().map(|it| (it.to_owned(), None));
        let suffixed = metric
            .rules
            .iter()
            .filter_map(|it| Some((it.name.clone(), Some(it.unique_name()?.to_owned()))));
        bare.chain(suffixed).collect::<Vec<_>>()
    });
    listed.chain(read)
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
            // That call names one set itself.
            Call::TrackLegacyUnique => false,
        }
    }
}

impl Catalog {
    /// Says which counter an event moves by its legacy name; nothing if it has none, or came by
    /// another call.
    pub fn route_legacy(&self, event: &Event) -> Option<Routed> {
        if event.call == Call::TrackEvent {
            return None;
        }
        let Some(id) = self.legacy_counter(event) else {
            // A property that no metric counts leads nowhere, whatever else counts the event.
            let is_known = event.call == Call::TrackLegacyUnique
                && (self.legacy().is_counted(&event.name)
                    || self.find_event(&event.name).is_some());
            let omission = Omission::UncountedLegacyEvent { name: event.name.clone() };
            return is_known.then(|| Routed { omissions: vec![omission], ..Routed::default() });
        };
        let counter = self.counter(id);
        let mut routed = Routed { omissions: self.legacy_faults(event), ..Routed::default() };
        let operand = match event.call {
            Call::TrackLegacyUnique => event.legacy_value().map(|(_, operand)| operand),
            _ => counter.resolved.operand(event, &Slots::new()),
        };
        match operand {
            Some(operand) => {
                routed.updates.push(Update { counter: id, kind: counter.kind, operand });
            }
            None => note_missing(&counter.rule, counter.kind, &mut routed.omissions),
        }
        Some(routed)
    }

    /// The counter of an event's legacy name, by the call it came by.
    pub(crate) fn legacy_counter(&self, event: &Event) -> Option<CounterId> {
        let legacy = self.legacy();
        match event.call {
            Call::TrackEvent => None,
            Call::IncrementCounter => legacy.totals.get(&event.name),
            // An internal event that left the list has its sets of users under their own names.
            Call::IncrementUniqueUsers => {
                let is_migrated =
                    self.is_unlisted(&event.name) && self.find_event(&event.name).is_some();
                legacy.users.get(&event.name).filter(|_| !is_migrated)
            }
            Call::TrackLegacyUnique => {
                let (property, _) = event.legacy_value()?;
                legacy.by_property.get(&(event.name.clone(), property.to_owned()))
            }
        }
        .copied()
    }

    /// Whether there is a list of legacy events, and the event is not on it.
    pub(crate) fn is_unlisted(&self, event: &str) -> bool {
        let listed = &self.overrides().legacy_events;
        !listed.is_empty() && !listed.contains(event)
    }

    /// What GitLab raises in development, where the call is for a set and the set is there.
    fn legacy_faults(&self, event: &Event) -> Vec<Omission> {
        let name = event.name.clone();
        let is_listed = self.overrides().legacy_events.contains(&name);
        match event.call {
            Call::TrackEvent | Call::IncrementCounter => Vec::new(),
            _ if !self.legacy().is_counted(&name) => {
                vec![Omission::UncountedLegacyEvent { name }]
            }
            Call::IncrementUniqueUsers if self.is_unlisted(&name) => {
                vec![Omission::UnlistedLegacyEvent { name }]
            }
            Call::TrackLegacyUnique if is_listed => vec![Omission::UnfinishedMigration { name }],
            Call::IncrementUniqueUsers | Call::TrackLegacyUnique => Vec::new(),
        }
    }
}

impl Event {
    /// The property whose set `track_legacy_unique` names, and its value: the one that is given.
    fn legacy_value(&self) -> Option<(&str, Operand)> {
        let identifiers = [
            ("user", &self.user, Operand::User),
            ("project", &self.project, Operand::Project),
            ("namespace", &self.namespace, Operand::Namespace),
        ];
        let given = identifiers.into_iter().find(|(_, id, _)| id.is_some());
        let property = || Some((self.properties.first()?.0.as_str(), Operand::Property(0)));
        given.map(|(name, _, operand)| (name, operand)).or_else(property)
    }
}
