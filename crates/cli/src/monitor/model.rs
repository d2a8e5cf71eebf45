//! What the screen shows, without a screen: looks and keys go in, [`draw`](super::draw) reads it.

mod keys;

pub(super) use keys::Then;

use super::limits::Limits;
use super::snapshot::{DeliveryNow, Entry, MetricNow, Snapshot};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet, VecDeque};

/// All there is to show.
#[derive(Debug)]
pub(super) struct Model {
    /// What is watched, for a person.
    pub(super) watched: String,
    /// Where it is, for a person.
    pub(super) place: String,
    /// What it is drawn on.
    pub(super) medium: Medium,
    pub(super) is_paused: bool,
    /// When values were last read.
    pub(super) updated_at: Option<i64>,
    /// Why the last look failed.
    pub(super) error: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) deliveries: Vec<DeliveryNow>,
    pub(super) filter: String,
    pub(super) is_typing: bool,
    pub(super) focus: Table,
    pub(super) view: View,
    limits: Limits,
    /// Why the newest event that moved none of the metrics did not.
    why: Option<Why>,
    /// What the opened event did not move, and why.
    opened_why: Option<Why>,
    metrics: Vec<MetricNow>,
    /// The keys that all of these are read from.
    keys: HashSet<String>,
    initial: BTreeMap<String, Value>,
    /// The newest last.
    events: VecDeque<Entry>,
    event_bytes: usize,
    /// How many came since the start, also those that are not kept.
    n_events: u64,
    kept_aside: u64,
    kept_aside_initially: u64,
    metric: usize,
    delivery: usize,
    /// The number of the selected event; the newest if there is none.
    event: Option<u64>,
}

/// What a model is drawn on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Medium {
    /// Text that is printed once: nobody presses keys.
    Paper,
    Terminal,
    ColourTerminal,
}

/// The tables that can be gone through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Table {
    Metrics,
    Events,
    Delivery,
}

/// What fills the screen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum View {
    Tables,
    /// One event, from a line of its text on.
    Event {
        sequence: u64,
        from: usize,
    },
    Help,
}

/// Why an event did not move metrics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Why {
    pub(super) sequence: u64,
    pub(super) reasons: Vec<String>,
}

/// A metric with what it was.
#[derive(Clone, Copy, Debug)]
pub(super) struct Compared<'a> {
    pub(super) now: &'a MetricNow,
    pub(super) initial: &'a Value,
}

impl Model {
    pub(super) fn new(watched: String, place: String) -> Self {
        Self {
            watched,
            place,
            medium: Medium::Paper,
            is_paused: false,
            updated_at: None,
            error: None,
            notes: Vec::new(),
            deliveries: Vec::new(),
            filter: String::new(),
            is_typing: false,
            focus: Table::Metrics,
            view: View::Tables,
            limits: Limits::DEFAULT,
            why: None,
            opened_why: None,
            metrics: Vec::new(),
            keys: HashSet::new(),
            initial: BTreeMap::new(),
            events: VecDeque::new(),
            event_bytes: 0,
            n_events: 0,
            kept_aside: 0,
            kept_aside_initially: 0,
            metric: 0,
            delivery: 0,
            event: None,
        }
    }

    /// Whether somebody can press keys.
    pub(super) fn is_interactive(&self) -> bool {
        self.medium != Medium::Paper
    }

    /// Takes in what a look found.
    pub(super) fn see(&mut self, snapshot: Snapshot) {
        let Snapshot { now, metrics, events, deliveries, kept_aside, notes } = snapshot;
        let is_first = self.updated_at.is_none();
        self.updated_at = Some(now);
        self.error = None;
        self.notes = notes;
        for it in &metrics {
            // A metric may be new: definitions change while a server runs.
            self.initial.entry(it.key_path.clone()).or_insert_with(|| it.value.clone());
        }
        self.keys = metrics.iter().flat_map(|it| it.keys.iter().cloned()).collect();
        self.metrics = metrics;
        self.deliveries = deliveries;
        // A server that was started again counts anew.
        if is_first || kept_aside < self.kept_aside_initially {
            self.kept_aside_initially = kept_aside;
        }
        self.kept_aside = kept_aside;
        for event in events {
            self.n_events += 1;
            self.event_bytes += event.bytes;
            self.events.push_back(event);
        }
        self.forget_old_events();
    }

    fn forget_old_events(&mut self) {
        while self.events.len() > self.limits.events
            || self.event_bytes > self.limits.event_bytes && self.events.len() > 1
        {
            self.event_bytes -= self.events.pop_front().map_or(0, |it| it.bytes);
        }
    }

    /// Takes in why a look failed; what was seen before stays on the screen.
    pub(super) fn fail(&mut self, error: String) {
        self.error = Some(error);
    }

    /// Begins anew: what is now is initial, and no event has come.
    fn reset(&mut self) {
        let metrics = self.metrics.iter();
        self.initial = metrics.map(|it| (it.key_path.clone(), it.value.clone())).collect();
        self.events.clear();
        (self.event_bytes, self.n_events) = (0, 0);
        (self.event, self.why, self.opened_why) = (None, None, None);
        self.kept_aside_initially = self.kept_aside;
    }

    /// The newest event that moved none of the metrics.
    fn newest_uncounted(&self) -> Option<&Entry> {
        self.events.iter().rev().find(|it| !self.is_counted(it))
    }

    /// An event that has to be explained, and is not yet.
    pub(super) fn unexplained(&self) -> Option<&Entry> {
        let is_missing = |why: &Option<Why>, entry: &&Entry| {
            why.as_ref().is_none_or(|it| it.sequence != entry.sequence)
        };
        let newest = self.newest_uncounted().filter(|it| is_missing(&self.why, it));
        newest.or_else(|| self.opened().filter(|it| is_missing(&self.opened_why, it)))
    }

    /// Takes in why an event did not move metrics.
    pub(super) fn explain(&mut self, why: Why) {
        if self.opened().is_some_and(|it| it.sequence == why.sequence) {
            self.opened_why = Some(why.clone());
        }
        if self.newest_uncounted().is_some_and(|it| it.sequence == why.sequence) {
            self.why = Some(why);
        }
    }

    /// The event that fills the screen.
    fn opened(&self) -> Option<&Entry> {
        let View::Event { sequence, .. } = self.view else { return None };
        self.event(sequence)
    }

    /// What the opened event did not move, and why.
    pub(super) fn opened_reasons(&self) -> &[String] {
        let sequence = self.opened().map(|it| it.sequence);
        let why = self.opened_why.as_ref().filter(|it| Some(it.sequence) == sequence);
        why.map_or(&[], |it| &it.reasons)
    }

    /// Why the newest event that moved none of the metrics did not.
    pub(super) fn why(&self) -> Option<(&Entry, &Why)> {
        let newest = self.newest_uncounted()?;
        let why = self.why.as_ref().filter(|it| it.sequence == newest.sequence)?;
        Some((newest, why))
    }

    /// Tells whether an event moved one of the metrics.
    pub(super) fn is_counted(&self, event: &Entry) -> bool {
        event.updates.iter().any(|it| self.keys.contains(&it.key))
    }

    /// Key paths of the metrics that are read from a key.
    pub(super) fn read_from(&self, key: &str) -> impl Iterator<Item = &str> {
        let metrics = self.metrics.iter().filter(move |it| it.keys.iter().any(|it| it == key));
        metrics.map(|it| it.key_path.as_str())
    }

    /// Key paths of all metrics that are watched.
    pub(super) fn key_paths(&self) -> impl Iterator<Item = &str> {
        self.metrics.iter().map(|it| it.key_path.as_str())
    }

    /// The metrics that the filter lets through.
    pub(super) fn metrics(&self) -> Vec<Compared<'_>> {
        let fits = |it: &&MetricNow| self.fits(&it.key_path);
        let compared = |now| Compared { now, initial: self.initial(now) };
        self.metrics.iter().filter(fits).map(compared).collect()
    }

    fn initial(&self, metric: &MetricNow) -> &Value {
        self.initial.get(&metric.key_path).unwrap_or(&Value::Null)
    }

    /// The events that the filter lets through, the newest first.
    pub(super) fn events(&self) -> Vec<&Entry> {
        let fits = |it: &&Entry| self.filter.is_empty() || self.fits(&it.json["event"].to_string());
        self.events.iter().rev().filter(fits).collect()
    }

    fn fits(&self, text: &str) -> bool {
        let wanted = self.filter.to_lowercase();
        wanted.is_empty() || text.to_lowercase().contains(&wanted)
    }

    /// How many metrics and events there are, whatever the filter lets through.
    pub(super) fn totals(&self) -> (usize, u64) {
        (self.metrics.len(), self.n_events)
    }

    /// How many events were kept aside since the start.
    pub(super) fn kept_aside(&self) -> u64 {
        self.kept_aside - self.kept_aside_initially
    }

    /// The event of a number, if it is still kept.
    pub(super) fn event(&self, sequence: u64) -> Option<&Entry> {
        self.events.iter().find(|it| it.sequence == sequence)
    }

    /// The place of what is selected in a table that has as many rows.
    pub(super) fn selected(&self, table: Table) -> usize {
        match table {
            Table::Metrics => self.metric,
            Table::Delivery => self.delivery,
            Table::Events => {
                let is_it = |it: &&Entry| Some(it.sequence) == self.event;
                self.events().iter().position(is_it).unwrap_or(0)
            }
        }
    }
}

impl Compared<'_> {
    /// By how much it differs from what it was; nothing if it does not.
    pub(super) fn difference(&self) -> Option<String> {
        if self.now.value == *self.initial {
            return None;
        }
        let (Some(now), Some(before)) = (amount(&self.now.value), amount(self.initial)) else {
            return Some("changed".to_owned());
        };
        let difference = now - before;
        Some(if difference == 0.0 { "changed".to_owned() } else { format!("{difference:+}") })
    }
}

/// A number, or the sum of totals per value.
fn amount(value: &Value) -> Option<f64> {
    match value {
        Value::Object(members) => members.values().map(amount).sum(),
        number => number.as_f64(),
    }
}

#[cfg(test)]
mod tests;
