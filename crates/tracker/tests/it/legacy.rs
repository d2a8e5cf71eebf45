//! The counters from before internal events: the calls that move them, the metrics that read them.

use internal_events::testing::{Recorder, definitions};
use internal_events::{Call, DataSource, Definitions, Event, Window};
use internal_events_catalog::{Aggregate, LegacyOptions, MetricDefinition, SetOperator, TimeFrame};
use jiff::civil::date;
use serde_json::json;

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
