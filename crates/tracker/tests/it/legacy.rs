//! The counters from before internal events: the calls that move them, the metrics that read them.

use crate::{PATIENCE, clock};
use internal_events::testing::{Recorder, definitions};
use internal_events::{
    Call, Catalog, Config, DataSource, Definitions, Event, Id, Strictness, Tracker, Window,
};
use internal_events_catalog::{
    Aggregate, LegacyOptions, MetricDefinition, SelectionRule, SetOperator, TimeFrame,
};
use jiff::civil::date;
use serde_json::json;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Two legacy events, counted alone, by a union and by what they have in common; and a total.
fn older() -> Definitions {
    let mut older = definitions(&["a"]);
    let listed = ["git_write_action", "wiki_action"].map(str::to_owned);
    older.overrides.legacy_events = listed.clone().into();
    let template = MetricDefinition {
        data_source: DataSource::RedisHll,
        time_frame: TimeFrame::SevenDays,
        rules: vec![],
        ..older.metrics[0].clone()
    };
    let sets = |key_path: &str, events: &[String], operator: Option<SetOperator>| {
        let aggregate = operator.map(|operator| Aggregate { operator, attribute: None });
        let legacy = LegacyOptions { events: events.into(), aggregate, ..LegacyOptions::default() };
        MetricDefinition { key_path: key_path.to_owned(), legacy, ..template.clone() }
    };
    let total = MetricDefinition {
        data_source: DataSource::Redis,
        time_frame: TimeFrame::All,
        legacy: LegacyOptions {
            prefix: Some("snippet".to_owned()),
            events: vec!["create".to_owned()],
            ..LegacyOptions::default()
        },
        ..sets("total", &[], None)
    };
    older.metrics.extend([
        sets("git", &listed[..1], None),
        sets("wiki", &listed[1..], None),
        sets("any", &listed, Some(SetOperator::Or)),
        sets("both", &listed, Some(SetOperator::And)),
        total,
    ]);
    older
}

fn came_by(call: Call, name: &str, user: i64) -> Event {
    Event { call, user: Some(user.into()), ..Event::new(name) }
}

#[test]
fn legacy_metrics_read_what_the_legacy_calls_wrote() {
    let recorder = Recorder::new(older());
    let unique = Call::IncrementUniqueUsers;
    let mut events: Vec<Event> =
        (0..30).map(|it| came_by(unique, "git_write_action", it)).collect();
    events.extend((20..40).map(|it| came_by(unique, "wiki_action", it)));
    events.extend((0..3).map(|it| came_by(Call::IncrementCounter, "snippet_create", it)));
    recorder.tracker().submit(events, |_| ()).expect("the batch is taken");
    recorder.events();
    let window = Window { today: date(2026, 11, 23), include_current_week: false };
    for (key_path, value, error) in [
        ("git", 30, true),
        ("wiki", 20, true),
        ("any", 40, true),
        ("both", 10, false),
        ("total", 3, false),
    ] {
        let report = recorder.tracker().metrics(&[key_path], window).expect("memory is readable");
        let metric = &report.metrics[0];
        assert_eq!(metric.value, Ok(json!(value)), "{key_path}");
        assert_eq!(metric.error.is_some(), error, "{key_path}");
    }
}

/// The definitions above, with more cases of events: listed, but counted by no metric; counted by
/// a metric with a property, and not listed; that and still listed.
fn with_faults() -> Definitions {
    let mut definitions = older();
    let listed = ["uncounted", "half_migrated"].map(str::to_owned);
    definitions.overrides.legacy_events.extend(listed);
    let template = definitions.metrics[0].clone();
    let by = |name: &str, unique: &str| MetricDefinition {
        data_source: DataSource::RedisHll,
        time_frame: TimeFrame::SevenDays,
        key_path: name.to_owned(),
        rules: vec![SelectionRule {
            unique: Some(unique.to_owned()),
            ..SelectionRule::total(name)
        }],
        ..template.clone()
    };
    definitions.metrics.extend([
        by("migrated", "project.id"),
        by("half_migrated", "user.id"),
        by("labelled", "label"),
    ]);
    definitions
}

fn tracker(strictness: Strictness) -> Tracker {
    let config = Config::new(Catalog::new(with_faults())).clock(clock()).strictness(strictness);
    Tracker::open(config).expect("memory needs no more than a thread")
}

/// What a call with one value moves in lenient mode, what is noted, and what strict mode says.
const CALLS: &[(&str, &str, &str, &str, &str)] = &[
    ("git_write_action", "", "{hll_counters}_git_write_action-2026-47", "", ""),
    ("migrated", "project.id", "{hll_counters}_migrated-project-2026-47", "", ""),
    ("labelled", "label", "{hll_counters}_labelled-label-2026-47", "", ""),
    ("a", "user.id", "{hll_counters}_a-user-2026-47", "", ""),
    (
        "uncounted",
        "",
        "{hll_counters}_uncounted-2026-47",
        "uncounted_legacy_event",
        "uncounted: no metric that is active or broken counts the legacy event `uncounted`",
    ),
    (
        "migrated",
        "label",
        "",
        "uncounted_legacy_event",
        "migrated: no metric that is active or broken counts the legacy event `migrated`",
    ),
    (
        "migrated",
        "",
        "{hll_counters}_migrated-2026-47",
        "unlisted_legacy_event",
        "migrated: `migrated` is not on the list of legacy events, which this call is for; track \
         it as an internal event",
    ),
    (
        "a",
        "",
        "{hll_counters}_a-user-2026-47",
        "unlisted_legacy_event",
        "a: `a` is not on the list of legacy events, which this call is for; track it as an \
         internal event",
    ),
    (
        "half_migrated",
        "user.id",
        "{hll_counters}_half_migrated-user-2026-47",
        "unfinished_migration",
        "half_migrated: `half_migrated` is still on the list of legacy events, whose sets have no \
         property; take it off the list to finish its migration",
    ),
    ("nothing", "", "", "quarantined", "Unknown event: nothing"),
    ("nothing", "user.id", "", "quarantined", "Unknown event: nothing"),
];

fn call(tracker: &Tracker, name: &str, property: &str) {
    let builder = tracker.track_legacy_unique(name).values([5]);
    if property.is_empty() { builder.send() } else { builder.property(property).send() }
}

#[test]
fn a_legacy_call_moves_one_set_and_what_is_wrong_with_it_is_counted() {
    for (name, property, key, cause, _) in CALLS {
        let tracker = tracker(Strictness::Lenient);
        call(&tracker, name, property);
        tracker.flush(PATIENCE).expect("memory is always durable enough");
        let entries = tracker.read(|it| it.entries(0, 9)).expect("enabled").expect("readable");
        let moved: Vec<&str> =
            entries.iter().flat_map(|it| &it.updates).map(|it| it.key.as_ref()).collect();
        let expected: Vec<&str> = Some(*key).filter(|it| !it.is_empty()).into_iter().collect();
        assert_eq!(moved, expected, "{name} {property}");
        let health = tracker.health();
        let noted = BTreeMap::from_iter(
            Some((*cause, 1)).filter(|_| !cause.is_empty() && *cause != "quarantined"),
        );
        assert_eq!(health.omitted, noted, "{name} {property}");
        assert_eq!(health.quarantined, u64::from(*cause == "quarantined"), "{name}");
    }
}

#[test]
fn a_wrong_legacy_call_panics_in_strict_mode() {
    for (name, property, _, _, message) in CALLS {
        let tracker = tracker(Strictness::Strict);
        let result = catch_unwind(AssertUnwindSafe(|| call(&tracker, name, property)));
        let panic = result.err().map(|it| *it.downcast::<String>().expect("a message"));
        assert_eq!(panic.unwrap_or_default(), *message, "{name} {property}");
    }
}

#[test]
fn every_value_counts_once() {
    let tracker = tracker(Strictness::Strict);
    tracker.track_legacy_unique("git_write_action").values([1, 2, 1]).values(["x"]).send();
    tracker.track_legacy_unique("git_write_action").values(Vec::<Id>::new()).send();
    tracker.track_legacy_total("snippet_create").send();
    tracker.track_legacy_total("snippet_create").id([7; 16]).send();
    tracker.flush(PATIENCE).expect("memory is always durable enough");
    let (set, total) = ("{hll_counters}_git_write_action-2026-47", "USAGE_SNIPPET_CREATE");
    let counters = tracker.read(|it| it.counters(&[set, total])).expect("enabled");
    let counters = counters.expect("readable");
    assert_eq!((counters.distinct([set]), counters.total(total)), (Ok(3), Ok(2)));
}

#[test]
fn an_unknown_legacy_event_counts_once_a_metric_lists_it() {
    let tracker = tracker(Strictness::Lenient);
    tracker.track_legacy_unique("later").property("project.id").values([5]).send();
    tracker.flush(PATIENCE).expect("memory is always durable enough");
    let mut definitions = with_faults();
    let metric = definitions.metrics.iter().find(|it| it.key_path == "migrated");
    let mut metric = metric.expect("it is above").clone();
    metric.rules[0].name = "later".to_owned();
    definitions.metrics.push(metric);
    tracker.replace_catalog(Catalog::new(definitions));
    let outcome = tracker.replay(internal_events::ReplayOf::All).expect("memory is readable");
    assert_eq!(outcome.replayed, 1);
    let key = "{hll_counters}_later-project-2026-47";
    let counters = tracker.read(|it| it.counters(&[key])).expect("enabled");
    assert_eq!(counters.expect("readable").distinct([key]), Ok(1));
}
