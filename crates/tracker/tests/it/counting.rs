//! From calls to values of metrics, for every kind of metric.

use internal_events::testing::{Recorder, definitions};
use internal_events::{Window, report_json};
use internal_events_catalog::{
    DataSource, Definitions, MetricDefinition, Operator, SelectionRule, TimeFrame,
};
use jiff::civil::date;
use serde_json::{Value, json};
use std::panic::{AssertUnwindSafe, catch_unwind};

fn with_metric(key_path: &str, time_frame: TimeFrame, rules: Vec<SelectionRule>) -> Definitions {
    let mut definitions = definitions(&["a", "b"]);
    let template = definitions.metrics[0].clone();
    let key_path = key_path.to_owned();
    definitions.metrics.push(MetricDefinition { key_path, time_frame, rules, ..template });
    definitions
}

fn rule(name: &str, unique: Option<&str>, operator: Option<Operator>) -> SelectionRule {
    let unique = unique.map(str::to_owned);
    SelectionRule { unique, operator, ..SelectionRule::total(name) }
}

fn value(recorder: &Recorder, key_path: &str) -> Value {
    recorder.events();
    let window = Window { today: date(2026, 11, 23), include_current_week: false };
    let report = recorder.tracker().metrics(&[key_path], window).expect("memory is readable");
    report_json(&report)["metrics"][0]["value"].clone()
}

#[test]
fn a_union_over_events_counts_each_user_once() {
    let rules = vec![rule("a", Some("user.id"), None), rule("b", Some("user.id"), None)];
    let recorder = Recorder::new(with_metric("m", TimeFrame::SevenDays, rules));
    for user in 1..=3 {
        recorder.tracker().track_event("a").user(user).send();
        recorder.tracker().track_event("b").user(user + 1).send();
    }
    assert_eq!(value(&recorder, "m"), json!(4));
}

#[test]
fn a_total_adds_events() {
    let rules = vec![rule("a", None, None), rule("b", None, None)];
    let recorder = Recorder::new(with_metric("m", TimeFrame::TwentyEightDays, rules));
    for day in [20, 28, 30] {
        recorder.clock().set(date(2026, 10, day));
        recorder.tracker().track_event("a").send();
        recorder.tracker().track_event("b").send();
    }
    // The four weeks before Monday 2026-11-23 begin on 2026-10-26.
    assert_eq!(value(&recorder, "m"), json!(4));
}

#[test]
fn a_sum_adds_values_and_skips_events_without_one() {
    let rules = vec![rule("a", None, Some(Operator::SumValue))];
    let recorder = Recorder::new(with_metric("m", TimeFrame::All, rules));
    recorder.tracker().track_event("a").property("value", 2).send();
    recorder.tracker().track_event("a").property("value", 0.5).send();
    recorder.tracker().track_event("a").send();
    assert_eq!(value(&recorder, "m"), json!(2.5));
}

#[test]
fn totals_per_value_are_an_object() {
    let rules = vec![
        rule("a", Some("label"), Some(Operator::Total)),
        rule("a", Some("user.id"), Some(Operator::Total)),
    ];
    let recorder = Recorder::new(with_metric("m", TimeFrame::All, rules));
    for label in ["x", "y", "x"] {
        recorder.tracker().track_event("a").user(9).property("label", label).send();
    }
    let expected = json!({ "label": { "x": 2, "y": 1 }, "user.id": { "9": 3 } });
    assert_eq!(value(&recorder, "m"), expected);
}

#[test]
fn what_counters_cannot_tell_is_null_with_a_reason() {
    let mut definitions = with_metric("m", TimeFrame::All, vec![]);
    definitions.metrics.last_mut().expect("just pushed").data_source = DataSource::Database;
    let recorder = Recorder::new(definitions);
    let window = Window { today: date(2026, 11, 23), include_current_week: false };
    let report = recorder.tracker().metrics(&["m", "nope"], window).expect("memory is readable");
    let json = report_json(&report);
    assert_eq!(json["metrics"][0]["value"], Value::Null);
    let reason = "data source `database`: its value comes from the application's database, \
                  which is not asked here";
    assert_eq!(json["metrics"][0]["reason"], reason);
    assert_eq!(json["metrics"][1]["reason"], "no metric has this key path");
}

#[test]
fn one_metric_that_cannot_be_read_does_not_spoil_the_others() {
    // A total metric that also names a sum reads a key of another kind.
    let mut definitions = definitions(&["a", "b"]);
    let sum = rule("a", None, Some(Operator::SumValue));
    let template = definitions.metrics[0].clone();
    let bad = MetricDefinition {
        key_path: "bad".to_owned(),
        time_frame: TimeFrame::All,
        rules: vec![rule("b", None, None), sum],
        ..template
    };
    definitions.metrics.push(bad);
    let recorder = Recorder::new(definitions);
    recorder.tracker().track_event("a").property("value", 1).send();
    recorder.events();
    let window = Window { today: date(2026, 11, 23), include_current_week: false };
    let report = recorder.tracker().metrics(&[], window).expect("memory is readable");
    let of = |path: &str| report.metrics.iter().find(|it| it.key_path == path).expect("defined");
    assert_eq!(of("counts.count_total_a").value, Ok(json!(1)));
    assert!(of("bad").value.as_ref().expect_err("mixed kinds").contains("sum"));
}

#[test]
fn the_shape_of_a_report_is_stable() {
    let recorder = Recorder::new(definitions(&["a"]));
    recorder.tracker().track_event("a").user(1).send();
    recorder.events();
    let window = Window { today: date(2026, 11, 23), include_current_week: true };
    let path = "redis_hll_counters.count_distinct_user_id_from_a_weekly";
    let report = recorder.tracker().metrics(&[path], window).expect("memory is readable");
    let expected = json!({
        "version": 1,
        "at": "2026-11-23",
        "metrics": [{
            "key_path": path,
            "time_frame": "7d",
            "status": "active",
            "data_source": "internal_events",
            "kind": "unique",
            "value": 1,
            "error": 0.0081,
            "keys": ["{hll_counters}_a-user-2026-47", "{hll_counters}_a-user-2026-48"],
            "weeks": ["2026-47", "2026-48"],
        }],
    });
    assert_eq!(report_json(&report), expected);
}

#[test]
fn assertions_of_the_test_tools_fail_with_what_happened() {
    let recorder = Recorder::new(definitions(&["a"]));
    let changes = recorder.during(|it| it.track_event("a").user(1).send());
    changes.assert_triggered("a").with_user(1).once();
    changes.assert_incremented("counts.count_total_a").by(1);
    let fails = |code: &dyn Fn()| {
        let panic = catch_unwind(AssertUnwindSafe(code)).expect_err("the assertion fails");
        panic.downcast_ref::<String>().expect("a formatted message").clone()
    };
    let message = fails(&|| changes.assert_triggered("a").with_user(2).once());
    assert_eq!(message, "`a` was triggered so 0 times, not 1");
    let message = fails(&|| drop(changes.assert_triggered("b")));
    assert_eq!(message, "`b` was not triggered; triggered were [\"a\"]");
    let message = fails(&|| changes.assert_incremented("counts.count_total_a").by(2));
    assert_eq!(message, "`counts.count_total_a` went from 0 to 1, not by 2");
    let message = fails(&|| drop(changes.assert_incremented("count_total_a")));
    assert!(message.contains("did you mean `counts.count_total_a`?"), "{message}");
    let message = fails(&|| changes.assert_not_triggered("a"));
    assert_eq!(message, "`a` was triggered 1 times");
}
