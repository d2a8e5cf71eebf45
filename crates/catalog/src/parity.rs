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
    counters: Vec<Keyed<'a>>,
    overrides: &'a Overrides,
}

/// A counter and its key, without the week where it is kept per week.
#[derive(Clone)]
struct Keyed<'a> {
    key: String,
    counter: &'a PlannedCounter,
}

impl<'a> Side<'a> {
    fn new(plan: &'a Plan, time_frame: TimeFrame, catalog: &'a Catalog) -> Self {
        let key = |it: &PlannedCounter| {
            if plan.is_weekly { it.stem.clone() } else { it.key(None, catalog) }
        };
        let counters = plan.counters.iter().map(|it| Keyed { key: key(it), counter: it });
        let period = if plan.is_weekly { time_frame } else { TimeFrame::All };
        Self {
            kind: plan.kind,
            period,
            counters: counters.collect(),
            overrides: catalog.overrides(),
        }
    }

    fn counter_kind(&self) -> Option<CounterKind> {
        self.counters.first().map(|it| it.counter.kind)
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
        && before.counter_kind() == after.counter_kind();
    if is_comparable {
        let lost = beyond(before, after);
        let fresh = beyond(after, before);
        found.extend(pair(&lost, &fresh, after));
    }
    found
}

/// The counters of one side whose keys the other does not read.
///
/// A union sees a key once, however often it is named; a total that is read twice counts twice.
fn beyond<'a>(one: &Side<'a>, other: &Side<'_>) -> Vec<Keyed<'a>> {
    let mut keys: Vec<&str> = other.counters.iter().map(|it| it.key.as_str()).collect();
    let is_of_sets = one.counter_kind() == Some(CounterKind::Unique);
    let is_beyond = |it: &&Keyed<'a>| match keys.iter().position(|key| *key == it.key) {
        None => true,
        Some(n) => {
            if !is_of_sets {
                keys.remove(n);
            }
            false
        }
    };
    one.counters.iter().filter(is_beyond).cloned().collect()
}

/// Says of each counter that is new, or is lost, why it does not go on.
fn pair(lost: &[Keyed<'_>], fresh: &[Keyed<'_>], after: &Side<'_>) -> Vec<Difference> {
    let mut found = Vec::new();
    let mut is_paired = vec![false; lost.len()];
    let mut strays = Vec::new();
    for new in fresh {
        let same_name = lost.iter().position(|old| old.counter.name == new.counter.name);
        let same_event = |n: &usize| lost[*n].counter.event == new.counter.event;
        let free = (0..lost.len()).filter(|n| !is_paired[*n]).find(same_event);
        match same_name.or(free).or_else(|| (0..lost.len()).find(same_event)) {
            Some(n) => {
                is_paired[n] = true;
                found.push(difference(&lost[n], new, after));
            }
            None => strays.push(new),
        }
    }
    let unpaired: Vec<&Keyed<'_>> =
        lost.iter().zip(is_paired).filter(|(_, paired)| !paired).map(|(it, _)| it).collect();
    if let [old] = unpaired.as_slice() {
        // What one legacy event stood for may be several events now.
        if strays.is_empty() {
            found.push(missing(old));
        }
        found.extend(strays.into_iter().map(|new| difference(old, new, after)));
        return found;
    }
    let n_pairs = unpaired.len().min(strays.len());
    found.extend(unpaired.iter().zip(&strays).map(|(old, new)| difference(old, new, after)));
    found.extend(unpaired.iter().skip(n_pairs).map(|old| missing(old)));
    found.extend(strays.iter().skip(n_pairs).map(|new| added(new)));
    found
}

fn missing(old: &Keyed<'_>) -> Difference {
    Difference::EventMissing { event: old.counter.event.clone(), key: old.key.clone() }
}

fn added(new: &Keyed<'_>) -> Difference {
    Difference::EventAdded { event: new.counter.event.clone(), key: new.key.clone() }
}

/// Why a counter that should go on with another has not its key.
fn difference(old: &Keyed<'_>, new: &Keyed<'_>, side: &Side<'_>) -> Difference {
    let (key_before, before) = (&old.key, old.counter);
    let (key_after, after) = (&new.key, new.counter);
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
