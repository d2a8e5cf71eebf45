//! The indexed, immutable set of definitions everything else reads.

use crate::key;
use crate::legacy::{self, Legacy};
use crate::route::{ResolvedRule, Routing};
use crate::{
    CounterKind, Definitions, EventDefinition, MetricDefinition, Overrides, SelectionRule, Week,
};
use std::collections::{BTreeSet, HashMap};
use std::fmt::{self, Write as _};

/// Position of an event in its catalog.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EventIdx(pub(crate) u32);

/// Position of a counter in its catalog; dense, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CounterId(pub(crate) u32);

impl CounterId {
    /// The position as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One counter that an event moves: a selection rule, kept per week or for all time.
#[derive(Clone, Debug, PartialEq)]
pub struct Counter {
    /// What it selects and counts.
    pub rule: SelectionRule,
    /// Whether there is one per ISO week.
    pub weekly: bool,
    /// What kind of value it holds.
    pub kind: CounterKind,
    /// `{slot}_path`, with the unique overrides applied.
    pub(crate) stem: String,
    pub(crate) resolved: ResolvedRule,
}

/// One metric.
#[derive(Clone, Debug, PartialEq)]
pub struct Metric {
    /// What its definition says.
    pub definition: MetricDefinition,
}

/// An event and everything tracking needs to know about it, resolved.
#[derive(Clone, Debug)]
pub(crate) struct TrackedEvent {
    pub(crate) routing: Routing,
    pub(crate) definition: EventDefinition,
    counters: Vec<CounterId>,
}

/// All definitions, resolved once.
#[derive(Clone, Debug)]
pub struct Catalog {
    events: Vec<TrackedEvent>,
    /// Looked up for every event; names that only come in are not put in, so they cannot crowd it.
    event_by_action: HashMap<String, EventIdx, foldhash::fast::RandomState>,
    /// Legacy Snowplow events and others that tracking does not know, for explanations only.
    untracked: HashMap<String, EventDefinition>,
    counters: Vec<Counter>,
    legacy: Legacy,
    metrics: Vec<Metric>,
    metric_by_key_path: HashMap<String, usize>,
    overrides: Overrides,
    fingerprint: u64,
}

impl Default for Catalog {
    fn default() -> Self {
        Self::new(Definitions::default())
    }
}

impl Catalog {
    /// Resolves definitions; of two events with one action the first wins, of two metrics with
    /// one key path the later.
    pub fn new(definitions: Definitions) -> Self {
        let fingerprint = fingerprint(&definitions);
        let Definitions { events, metrics, overrides } = definitions;
        let rules = rules_by_event(&metrics);
        let mut catalog = Self {
            events: Vec::new(),
            event_by_action: HashMap::default(),
            untracked: HashMap::new(),
            counters: Vec::new(),
            legacy: Legacy::default(),
            metrics: Vec::new(),
            metric_by_key_path: HashMap::new(),
            overrides,
            fingerprint,
        };
        for definition in events {
            let rules = rules.get(definition.action.as_str()).map_or(&[][..], Vec::as_slice);
            catalog.add_event(definition, rules);
        }
        catalog.legacy = Legacy::new(&metrics, &catalog.overrides, &mut catalog.counters);
        for definition in metrics {
            let idx = catalog.metrics.len();
            catalog.metric_by_key_path.insert(definition.key_path.clone(), idx);
            catalog.metrics.push(Metric { definition });
        }
        catalog
    }

    fn add_event(&mut self, definition: EventDefinition, rules: &[(SelectionRule, bool)]) {
        if !definition.internal {
            self.untracked.entry(definition.action.clone()).or_insert(definition);
            return;
        }
        if self.event_by_action.contains_key(&definition.action) {
            return;
        }
        // Every event moves its two totals, whether or not a metric reads them.
        let total = SelectionRule::total(&definition.action);
        let mut own: Vec<(SelectionRule, bool)> = vec![(total.clone(), false), (total, true)];
        for (rule, weekly) in rules {
            if !own.iter().any(|(it, of_week)| of_week == weekly && same_counter(it, rule)) {
                own.push((rule.clone(), *weekly));
            }
        }
        let first =
            u32::try_from(self.counters.len()).expect("invariant: fewer than 2^32 counters");
        let counters: Vec<CounterId> = (first..).take(own.len()).map(CounterId).collect();
        for (rule, weekly) in own {
            let (kind, stem) = (rule.kind(), key::stem(&rule, &self.overrides));
            let resolved = ResolvedRule::new(&rule, &definition.properties);
            self.counters.push(Counter { rule, weekly, kind, stem, resolved });
        }
        let idx =
            EventIdx(u32::try_from(self.events.len()).expect("invariant: fewer than 2^32 events"));
        self.event_by_action.insert(definition.action.clone(), idx);
        let rules = counters.iter().map(|it| (*it, self.counter(*it).resolved.clone()));
        let routing = Routing::new(&definition, rules.collect());
        self.events.push(TrackedEvent { routing, definition, counters });
    }

    /// Finds an internal event by its action.
    pub fn find_event(&self, name: &str) -> Option<EventIdx> {
        self.event_by_action.get(name).copied()
    }

    /// What the definition of an event says.
    pub fn event(&self, idx: EventIdx) -> &EventDefinition {
        &self.tracked(idx).definition
    }

    /// All internal events, in the order of their files.
    pub fn events(&self) -> impl Iterator<Item = &EventDefinition> {
        self.events.iter().map(|it| &it.definition)
    }

    /// A definition that exists but is not an internal event.
    pub fn untracked_event(&self, name: &str) -> Option<&EventDefinition> {
        self.untracked.get(name)
    }

    /// The counters an event can move, in the order in which GitLab writes them.
    pub fn counters_of(&self, idx: EventIdx) -> &[CounterId] {
        &self.tracked(idx).counters
    }

    /// A counter.
    pub fn counter(&self, id: CounterId) -> &Counter {
        &self.counters[id.index()]
    }

    pub(crate) fn legacy(&self) -> &Legacy {
        &self.legacy
    }

    /// The ids of all counters, those of legacy names too.
    pub fn counter_ids(&self) -> impl Iterator<Item = CounterId> {
        (0..self.counters.len()).filter_map(|it| u32::try_from(it).ok()).map(CounterId)
    }

    /// How many counters there are; their ids are below.
    pub fn n_counters(&self) -> usize {
        self.counters.len()
    }

    /// The complete key of a counter, in the given week where it is kept per week.
    pub fn key(&self, id: CounterId, week: Week) -> String {
        let counter = self.counter(id);
        let week = counter.weekly.then_some(week);
        key::complete(&counter.stem, counter.kind, week, &self.overrides)
    }

    /// All metrics, in the order of their files.
    pub fn metrics(&self) -> &[Metric] {
        &self.metrics
    }

    /// Finds a metric by its key path.
    pub fn metric(&self, key_path: &str) -> Option<&Metric> {
        self.metric_by_key_path.get(key_path).map(|idx| &self.metrics[*idx])
    }

    /// The metrics whose values an event of this name may move, in the order of their files.
    pub fn metrics_counting(&self, event: &str) -> impl Iterator<Item = &Metric> {
        self.metrics.iter().filter(move |metric| {
            let plan = self.plan(metric);
            plan.is_ok_and(|it| it.counters.iter().any(|it| it.event == event))
        })
    }

    /// The names of the events that may move the value of a metric.
    pub fn counted_by(&self, metric: &Metric) -> BTreeSet<String> {
        let counters = self.plan(metric).map(|it| it.counters).unwrap_or_default();
        counters.into_iter().map(|it| it.event).collect()
    }

    /// The tables that keep legacy names alive.
    pub fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    /// A number that changes when anything that decides counting changes; never 0.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    pub(crate) fn tracked(&self, idx: EventIdx) -> &TrackedEvent {
        &self.events[idx.0 as usize]
    }
}

/// Rules are one counter if they agree in everything but how `unique` is spelt after its dot.
fn same_counter(a: &SelectionRule, b: &SelectionRule) -> bool {
    a.name == b.name
        && a.unique_name() == b.unique_name()
        && a.filter == b.filter
        && a.operator == b.operator
}

/// Collects, per event, the rules of all metrics and whether they are kept per week.
fn rules_by_event(metrics: &[MetricDefinition]) -> HashMap<&str, Vec<(SelectionRule, bool)>> {
    let mut rules: HashMap<&str, Vec<(SelectionRule, bool)>> = HashMap::new();
    for metric in metrics {
        for rule in &metric.rules {
            let weekly = metric.time_frame.is_weekly();
            rules.entry(rule.name.as_str()).or_default().push((rule.clone(), weekly));
        }
    }
    rules
}

/// FNV-1a, 64 bit: the same number on every machine and with every version of Rust.
struct Fnv(u64);

impl fmt::Write for Fnv {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for byte in text.bytes() {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
        }
        Ok(())
    }
}

fn fingerprint(definitions: &Definitions) -> u64 {
    let mut hash = Fnv(0xcbf2_9ce4_8422_2325);
    write_counting_facts(definitions, &mut hash)
        .expect("invariant: hashing what is written cannot fail");
    hash.0.max(1)
}

/// Writes everything that decides which counters move, and nothing else.
fn write_counting_facts(definitions: &Definitions, out: &mut Fnv) -> fmt::Result {
    for event in definitions.events.iter().filter(|it| it.internal) {
        writeln!(out, "event {} {}", event.action, event.properties.join(","))?;
    }
    for metric in &definitions.metrics {
        for rule in &metric.rules {
            let weekly = metric.time_frame.is_weekly();
            write!(out, "rule {weekly} {}", rule.path())?;
            // The path alone does not tell the number 5 from the text "5".
            rule.filter.iter().try_for_each(|(_, value)| write!(out, " {}", value.kind()))?;
            writeln!(out)?;
        }
    }
    let tables = &definitions.overrides;
    for (kind, table) in [("unique", &tables.unique), ("total", &tables.total)] {
        for (from, to) in table {
            writeln!(out, "{kind} {from} {to}")?;
        }
    }
    for (name, property) in legacy::sets(&definitions.metrics, tables) {
        writeln!(out, "legacy set {name} {}", property.as_deref().unwrap_or_default())?;
    }
    for (name, key) in legacy::totals(&definitions.metrics) {
        writeln!(out, "legacy total {name} {key}")?;
    }
    Ok(())
}
