//! Whether two definitions of one metric read the same counters, and if not, why.
//!
//! A migration replaces the definition of a metric and must not end its history: the new one has to
//! read, under other words, the counters that the old one read. Nothing here looks at a value.

mod difference;

pub use difference::{Another, Difference, Entry, Table};

use crate::reading::{Plan, PlannedCounter};
use crate::{Catalog, CounterKind, MetricKind, Overrides, TimeFrame};

impl Catalog {
    /// Says in what a metric differs from its definition in an earlier catalog; nothing if it goes
    /// on with the same counters, or was not defined before.
    pub fn differences_from(&self, before: &Self, key_path: &str) -> Vec<Difference> {
        let Some(old) = before.metric(key_path) else { return Vec::new() };
        let Some(new) = self.metric(key_path) else {
            // What was never counted here is not missed here.
            return before.plan(old).map(|_| Difference::Gone).into_iter().collect();
        };
        let (frame_before, frame_after) = (old.definition.time_frame, new.definition.time_frame);
        match (before.plan(old), self.plan(new)) {
            (Err(_), Err(_)) => Vec::new(),
            (Err(reason), Ok(_)) => {
                vec![Difference::UnreadableBefore { reason: reason.to_string() }]
            }
            (Ok(_), Err(reason)) => {
                vec![Difference::UnreadableAfter { reason: reason.to_string() }]
            }
            (Ok(old), Ok(new)) => {
                let (old, new) =
                    (Side::new(&old, frame_before, before), Side::new(&new, frame_after, self));
                differences(&old, &new)
            }
        }
    }
}

/// One of two definitions, with all that tells its counters apart.
struct Side<'a> {
    kind: MetricKind,
    period: TimeFrame,
    counters: Vec<(String, &'a PlannedCounter)>,
    overrides: &'a Overrides,
}

impl<'a> Side<'a> {
    fn new(plan: &'a Plan, time_frame: TimeFrame, catalog: &'a Catalog) -> Self {
        let mut counters: Vec<(String, &PlannedCounter)> = Vec::new();
        for it in &plan.counters {
            let key = if plan.is_weekly { it.stem.clone() } else { it.key(None, catalog) };
            // A union sees a key once, however often it is named.
            let is_set = it.kind == CounterKind::Unique;
            if !is_set || counters.iter().all(|(other, _)| *other != key) {
                counters.push((key, it));
            }
        }
        let period = if plan.is_weekly { time_frame } else { TimeFrame::All };
        Self { kind: plan.kind, period, counters, overrides: catalog.overrides() }
    }
}

fn differences(before: &Side<'_>, after: &Side<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    if before.period != after.period {
        found.push(Difference::OtherPeriod { before: before.period, after: after.period });
    }
    if before.kind != after.kind {
        found.push(Difference::OtherKind { before: before.kind, after: after.kind });
    }
    // Counters of another kind, or not kept per week as the others are, have other keys anyway.
    let is_comparable = before.period.is_weekly() == after.period.is_weekly()
        && before.counters.first().map(|(_, it)| it.kind)
            == after.counters.first().map(|(_, it)| it.kind);
    if !is_comparable {
        return found;
    }
    let mut fresh: Vec<&(String, &PlannedCounter)> = after.counters.iter().collect();
    let mut lost = Vec::new();
    for counter in &before.counters {
        match fresh.iter().position(|(key, _)| *key == counter.0) {
            Some(n) => drop(fresh.remove(n)),
            None => lost.push(counter),
        }
    }
    let mut unpaired = Vec::new();
    for old in lost {
        match fresh.iter().position(|(_, new)| new.event == old.1.event) {
            Some(n) => found.push(difference(old, fresh.remove(n), after)),
            None => unpaired.push(old),
        }
    }
    let n_pairs = unpaired.len().min(fresh.len());
    for (old, new) in unpaired.drain(..n_pairs).zip(fresh.drain(..n_pairs)) {
        found.push(difference(old, new, after));
    }
    let gone = unpaired
        .into_iter()
        .map(|(key, it)| Difference::EventMissing { event: it.event.clone(), key: key.clone() });
    let added = fresh
        .into_iter()
        .map(|(key, it)| Difference::EventAdded { event: it.event.clone(), key: key.clone() });
    found.into_iter().chain(gone).chain(added).collect()
}

/// Why a counter that should go on with another has not its key.
fn difference(
    (key_before, before): &(String, &PlannedCounter),
    (key_after, after): &(String, &PlannedCounter),
    side: &Side<'_>,
) -> Difference {
    let is_renamed = before.event != after.event;
    let other_event = |entry| Difference::OtherEvent {
        before: before.event.clone(),
        after: after.event.clone(),
        entry,
    };
    let (table, entries, legacy) = match before.kind {
        CounterKind::Unique => {
            let legacy = key_before.strip_prefix("{hll_counters}_").unwrap_or(key_before);
            (Table::Unique, &side.overrides.unique, legacy)
        }
        CounterKind::Total if !side.period.is_weekly() => {
            (Table::Total, &side.overrides.total, key_before.as_str())
        }
        _ if is_renamed => return other_event(None),
        _ => {
            let (before, after) = (key_before.clone(), key_after.clone());
            return Difference::OtherKey { before, after };
        }
    };
    let entry = |name: &str| Entry { table, name: name.to_owned(), legacy: legacy.to_owned() };
    let (unique_before, unique_after) = (unique_name(before), unique_name(after));
    if !is_renamed && unique_before.is_some() && unique_before != unique_after {
        let (before, after) = (unique_before, unique_after);
        return Difference::OtherUnique { before, after };
    }
    // The history may go on, but from another counter than the metric's.
    let others: Vec<&String> =
        entries.iter().filter(|(_, to)| *to == legacy).map(|(name, _)| name).collect();
    let of_event = others.iter().find(|it| is_of(it, &after.event));
    if let Some(other) = of_event.or(others.first()) {
        let by = match of_event {
            None => Another::Event,
            Some(_) if selection(other) == selection(&after.name) => Another::Unique,
            Some(_) => Another::Filter,
        };
        let name = after.name.clone();
        return Difference::ContinuedByAnother { entry: entry(other), name, by };
    }
    if let Some(leads_to) = entries.get(&after.name) {
        let (entry, leads_to) = (entry(&after.name), leads_to.clone());
        return Difference::OverrideElsewhere { entry, leads_to };
    }
    // A legacy total is never named as the event is that goes on with it.
    if is_renamed && table == Table::Unique {
        return other_event(Some(entry(&after.name)));
    }
    Difference::OverrideMissing { entry: entry(&after.name) }
}

/// What is counted, without what follows the dot.
fn unique_name(counter: &PlannedCounter) -> Option<String> {
    let unique = counter.unique.as_deref()?;
    Some(unique.split('.').next().unwrap_or(unique).to_owned())
}

/// The filter in a name, if there is one.
fn selection(name: &str) -> Option<&str> {
    let (_, filter) = name.split_once("-filter:[")?;
    filter.rsplit_once(']').map(|(filter, _)| filter)
}

/// Whether a name in a table is that of a counter of an event.
fn is_of(name: &str, event: &str) -> bool {
    let path = name.strip_prefix("{event_counters}_").unwrap_or(name);
    path.strip_prefix(event).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}
