//! Tools to test instrumentation with.
//!
//! ```
//! use internal_events::testing::{Recorder, definitions};
//!
//! let recorder = Recorder::new(definitions(&["create_order"]));
//! let changes = recorder.during(|tracker| {
//!     tracker.track_event("create_order").user(5).property("label", "gift").send();
//! });
//! changes.assert_triggered("create_order").with_user(5).with_property("label", "gift").once();
//! changes.assert_not_triggered("delete_order");
//! changes.assert_incremented("counts.count_total_create_order").by(1);
//! ```

use crate::{Clock, Config, Strictness, Tracker, Window, decode_event, report_json};
use internal_events_catalog::{
    Catalog, DataSource, Definitions, Event, EventDefinition, Id, LegacyOptions, MetricDefinition,
    MetricStatus, Scalar, SelectionRule, TimeFrame, Week,
};
use jiff::civil::Date;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

/// How long a test waits for what takes microseconds.
const PATIENCE: Duration = Duration::from_secs(30);

/// A clock that stands still until a test moves it.
#[derive(Debug)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Starts at midnight UTC of a date.
    pub fn at(date: Date) -> Self {
        Self(AtomicI64::new(midnight(date)))
    }

    /// Moves to midnight UTC of a date.
    pub fn set(&self, date: Date) {
        self.0.store(midnight(date), Ordering::SeqCst);
    }

    /// Moves on.
    pub fn advance(&self, by: Duration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_ms(&self) -> i64 {
        self.0.load(Ordering::SeqCst)
    }
}

fn midnight(date: Date) -> i64 {
    let days = (date - Week::of(date).monday()).get_days();
    Week::of(date).before(1).end_millisecond() + i64::from(days) * 86_400_000
}

/// A strict tracker in memory that remembers what happened, with its clock in your hands.
#[derive(Debug)]
pub struct Recorder {
    tracker: Tracker,
    clock: Arc<ManualClock>,
}

impl Recorder {
    /// Starts on Wednesday 2026-11-18 with nothing counted.
    ///
    /// # Panics
    ///
    /// If the system gives no thread.
    pub fn new(definitions: Definitions) -> Self {
        let clock = Arc::new(ManualClock::at(jiff::civil::date(2026, 11, 18)));
        let config = Config::new(Catalog::new(definitions))
            .strictness(Strictness::Strict)
            .clock(Arc::<ManualClock>::clone(&clock));
        let tracker = Tracker::open(config).expect("a tracker in memory needs only a thread");
        Self { tracker, clock }
    }

    /// The tracker to hand to the code under test.
    pub fn tracker(&self) -> &Tracker {
        &self.tracker
    }

    /// The clock the tracker reads.
    pub fn clock(&self) -> &ManualClock {
        &self.clock
    }

    /// Runs code and gives what it triggered and moved.
    ///
    /// Metrics are read as if their running week were complete, so that a weekly metric shows
    /// at once what it will show next Monday.
    ///
    /// # Panics
    ///
    /// If what was sent does not become durable in memory.
    pub fn during(&self, code: impl FnOnce(&Tracker)) -> Changes {
        let (before, seen) = (self.values(), self.events().len());
        code(&self.tracker);
        let events = self.events().split_off(seen);
        Changes { events, before, after: self.values() }
    }

    /// All events accepted so far, in order.
    ///
    /// # Panics
    ///
    /// If what was sent does not become durable in memory.
    pub fn events(&self) -> Vec<Event> {
        self.tracker.flush(PATIENCE).expect("memory is always durable enough");
        let entries = self.tracker.read(|it| it.entries(0, usize::MAX));
        let entries = entries.expect("a recorder is never disabled").expect("memory is readable");
        entries.iter().filter_map(|it| decode_event(&it.event)).collect()
    }

    fn values(&self) -> BTreeMap<String, Value> {
        self.tracker.flush(PATIENCE).expect("memory is always durable enough");
        let today = Week::at_millisecond(self.clock.now_ms()).monday();
        let window = Window { today, include_current_week: true };
        let report = self.tracker.metrics(&[], window).expect("memory is readable");
        let json = report_json(&report);
        let metrics = json["metrics"].as_array().cloned().unwrap_or_default();
        let named = |it: Value| Some((it["key_path"].as_str()?.to_owned(), it["value"].clone()));
        metrics.into_iter().filter_map(named).collect()
    }
}

/// What a piece of code triggered and moved.
#[derive(Debug)]
pub struct Changes {
    events: Vec<Event>,
    before: BTreeMap<String, Value>,
    after: BTreeMap<String, Value>,
}

impl Changes {
    /// The events, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Expects an event; refine it, then say how often.
    ///
    /// # Panics
    ///
    /// If it was not triggered at all.
    #[track_caller]
    pub fn assert_triggered(&self, name: &str) -> Triggered<'_> {
        let matching: Vec<&Event> = self.events.iter().filter(|it| it.name == name).collect();
        let names: Vec<&str> = self.events.iter().map(|it| it.name.as_str()).collect();
        assert!(!matching.is_empty(), "`{name}` was not triggered; triggered were {names:?}");
        Triggered { name: name.to_owned(), matching }
    }

    /// Expects that an event was not triggered.
    ///
    /// # Panics
    ///
    /// If it was.
    #[track_caller]
    pub fn assert_not_triggered(&self, name: &str) {
        let n = self.events.iter().filter(|it| it.name == name).count();
        assert!(n == 0, "`{name}` was triggered {n} times");
    }

    /// Expects a metric to have changed; say by how much.
    ///
    /// # Panics
    ///
    /// If there is no such metric, or it has no number as its value.
    #[track_caller]
    pub fn assert_incremented(&self, key_path: &str) -> Incremented {
        let Some(after) = self.after.get(key_path) else {
            let similar = self.after.keys().find(|it| it.contains(key_path));
            let hint = similar.map(|it| format!("; did you mean `{it}`?")).unwrap_or_default();
            panic!("no metric has the key path `{key_path}`{hint}");
        };
        let number = |it: &Value| {
            it.as_f64().unwrap_or_else(|| panic!("`{key_path}` has no number as its value: {it}"))
        };
        let (from, to) = (self.before.get(key_path).map_or(0.0, number), number(after));
        Incremented { key_path: key_path.to_owned(), from, to }
    }

    /// Expects metrics not to have changed.
    ///
    /// # Panics
    ///
    /// If there is no such metric, or it has changed.
    #[track_caller]
    pub fn assert_not_incremented(&self, key_path: &str) {
        self.assert_incremented(key_path).by(0);
    }
}

/// Occurrences of one event, narrowed down step by step.
#[derive(Debug)]
#[must_use = "say how often: once(), times(n)"]
pub struct Triggered<'a> {
    name: String,
    matching: Vec<&'a Event>,
}

impl Triggered<'_> {
    /// Keeps those of a user.
    pub fn with_user(self, id: impl Into<Id>) -> Self {
        let id = Some(id.into());
        self.keep(|it| it.user == id)
    }

    /// Keeps those in a project.
    pub fn with_project(self, id: impl Into<Id>) -> Self {
        let id = Some(id.into());
        self.keep(|it| it.project == id)
    }

    /// Keeps those in a namespace.
    pub fn with_namespace(self, id: impl Into<Id>) -> Self {
        let id = Some(id.into());
        self.keep(|it| it.namespace == id)
    }

    /// Keeps those of a category.
    pub fn with_category(self, category: &str) -> Self {
        self.keep(|it| it.category.as_deref() == Some(category))
    }

    /// Keeps those with a property of this value.
    pub fn with_property(self, name: &str, value: impl Into<Scalar>) -> Self {
        let value = value.into();
        self.keep(|it| it.property(name) == Some(&value))
    }

    /// Expects exactly one.
    ///
    /// # Panics
    ///
    /// If there are more or fewer.
    #[track_caller]
    pub fn once(self) {
        self.times(1);
    }

    /// Expects exactly so many.
    ///
    /// # Panics
    ///
    /// If there are more or fewer.
    #[track_caller]
    pub fn times(self, n: usize) {
        let found = self.matching.len();
        assert!(found == n, "`{}` was triggered so {found} times, not {n}", self.name);
    }

    fn keep(mut self, is_meant: impl Fn(&Event) -> bool) -> Self {
        self.matching.retain(|it| is_meant(it));
        self
    }
}

/// How a metric changed.
#[derive(Debug)]
#[must_use = "say by how much: by(n), by_at_least(n)"]
pub struct Incremented {
    key_path: String,
    from: f64,
    to: f64,
}

impl Incremented {
    /// Expects exactly this change.
    ///
    /// # Panics
    ///
    /// If the change is another.
    #[track_caller]
    pub fn by(self, n: u32) {
        let change = self.to - self.from;
        let close = (change - f64::from(n)).abs() < 1e-9;
        assert!(close, "`{}` went from {} to {}, not by {n}", self.key_path, self.from, self.to);
    }

    /// Expects at least this change.
    ///
    /// # Panics
    ///
    /// If the change is smaller.
    #[track_caller]
    pub fn by_at_least(self, n: u32) {
        let enough = self.to - self.from >= f64::from(n);
        assert!(enough, "`{}` went from {} to {}", self.key_path, self.from, self.to);
    }
}

/// Definitions for tests that need some and do not care which: each event declares `label`,
/// `property` and `value`, has a total (`counts.count_total_<event>`) and counts users weekly
/// (`redis_hll_counters.count_distinct_user_id_from_<event>_weekly`).
pub fn definitions(actions: &[&str]) -> Definitions {
    let mut definitions = Definitions::default();
    for action in actions {
        definitions.events.push(EventDefinition {
            action: (*action).to_owned(),
            internal: true,
            properties: ["label", "property", "value"].map(str::to_owned).into(),
            path: format!("config/events/{action}.yml"),
            ..EventDefinition::default()
        });
        let total = SelectionRule::total(*action);
        let users = SelectionRule { unique: Some("user.id".to_owned()), ..total.clone() };
        let total_path = format!("counts.count_total_{action}");
        let users_path = format!("redis_hll_counters.count_distinct_user_id_from_{action}_weekly");
        definitions.metrics.push(metric(total_path, TimeFrame::All, total));
        definitions.metrics.push(metric(users_path, TimeFrame::SevenDays, users));
    }
    definitions
}

fn metric(key_path: String, time_frame: TimeFrame, rule: SelectionRule) -> MetricDefinition {
    MetricDefinition {
        path: format!("config/metrics/counts_{time_frame}/{key_path}.yml"),
        key_path,
        description: String::new(),
        time_frame,
        data_source: DataSource::InternalEvents,
        status: MetricStatus::Active,
        rules: vec![rule],
        legacy: LegacyOptions::default(),
        instrumentation_class: None,
    }
}
