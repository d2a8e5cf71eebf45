//! Values by two sets of definitions, told apart.

use crate::{PATIENCE, clock};
use internal_events::store::Sqlite;
use internal_events::testing::definitions;
use internal_events::{
    Call, Catalog, Config, DataSource, Definitions, Event, MetricParity, Parity, Tracker, Window,
    parity, parity_json,
};
use internal_events_catalog::{MetricDefinition, SelectionRule, TimeFrame};
use jiff::civil::date;
use serde_json::json;
use std::path::Path;

const WINDOW: Window = Window { today: date(2026, 11, 23), include_current_week: false };

/// The metric `m` as it was: of the legacy set `a`.
fn before() -> Definitions {
    let mut before = definitions(&["a"]);
    let template = before.metrics[1].clone();
    let mut metric = MetricDefinition { key_path: "m".to_owned(), ..template };
    metric.data_source = DataSource::RedisHll;
    metric.rules.clear();
    metric.legacy.events = vec!["a".to_owned()];
    before.metrics.push(metric);
    before
}

/// As it is: of users, or of something else.
fn after(unique: &str, entry: Option<(&str, &str)>) -> Definitions {
    let mut after = definitions(&["a"]);
    let rule = SelectionRule { unique: Some(unique.to_owned()), ..SelectionRule::total("a") };
    let metric = MetricDefinition {
        key_path: "m".to_owned(),
        rules: vec![rule],
        time_frame: TimeFrame::SevenDays,
        ..after.metrics[1].clone()
    };
    after.metrics.push(metric);
    let entry = entry.map(|(from, to)| (from.to_owned(), to.to_owned()));
    after.overrides.unique.extend(entry);
    after
}

/// Counts users by the old call and by the new one, each as it was defined.
fn counted(old_users: i64, new_users: i64) -> tempfile::TempDir {
    let data = tempfile::tempdir().expect("a temporary directory");
    let config = Config::new(Catalog::new(before())).clock(clock()).data(data.path());
    let tracker = Tracker::open(config).expect("the directory is ours");
    let event = |call, user: i64| Event {
        call,
        user: Some(user.into()),
        project: Some(user.into()),
        ..Event::new("a")
    };
    let old = (0..old_users).map(|it| event(Call::IncrementUniqueUsers, it));
    tracker.submit(old.collect(), |_| ()).expect("the batch is taken");
    for unique in ["user.id", "project.id"] {
        tracker.replace_catalog(Catalog::new(after(unique, None)));
        let new = (0..new_users).map(|it| event(Call::TrackEvent, it));
        tracker.submit(new.collect(), |_| ()).expect("the batch is taken");
    }
    tracker.flush(PATIENCE).expect("the disk is fast enough");
    assert!(tracker.shut_down(PATIENCE));
    data
}

/// The metric `m` in the store, by the definitions from before and these.
fn compared(data: &Path, after: Definitions) -> MetricParity {
    let (before, after) = (Catalog::new(before()), Catalog::new(after));
    let mut reader = Sqlite::reader(data).expect("readable").expect("it is there");
    let report = parity(&before, &after, Some(&mut reader), &["m"], WINDOW).expect("readable");
    assert!(report.has_data);
    report.metrics.into_iter().next().expect("the metric is defined")
}

#[test]
fn a_verdict_comes_from_keys_first_and_from_values_where_only_the_name_differs() {
    let entry = Some(("a-user", "a"));
    for (old, new, unique, entry, expected) in [
        (5, 0, "user.id", entry, Parity::Equal),
        (0, 0, "user.id", entry, Parity::Equal),
        (0, 0, "user.id", None, Parity::Different),
        (5, 0, "user.id", None, Parity::Different),
        (5, 5, "user.id", None, Parity::Equal),
        (5, 6, "user.id", None, Parity::Different),
        (2000, 2000, "user.id", None, Parity::Equal),
        (2000, 2010, "user.id", None, Parity::WithinTolerance),
        (2000, 2300, "user.id", None, Parity::Different),
        // Equal by chance, as there are as many projects as users.
        (5, 5, "project.id", entry, Parity::Different),
    ] {
        let data = counted(old, new);
        let verdict = compared(data.path(), after(unique, entry)).verdict;
        assert_eq!(verdict, expected, "{old} {new} {unique} {entry:?}");
    }
}

#[test]
fn without_data_what_is_read_is_compared() {
    let (equal, different) = (Parity::Equal, Parity::Different);
    // What makes one metric go on cuts another off that counted users by the new name before.
    for (entry, expected, other) in
        [(Some(("a-user", "a")), equal, different), (None, different, equal)]
    {
        let (old, new) = (Catalog::new(before()), Catalog::new(after("user.id", entry)));
        let report = parity(&old, &new, None, &[], WINDOW).expect("there is nothing to read");
        assert!(!report.has_data);
        let verdicts: Vec<_> =
            report.metrics.iter().map(|it| (it.key_path.as_str(), it.verdict)).collect();
        let users = "redis_hll_counters.count_distinct_user_id_from_a_weekly";
        assert_eq!(verdicts, [("counts.count_total_a", equal), ("m", expected), (users, other)]);
    }
}

#[test]
fn what_is_only_in_one_set_is_no_difference_unless_it_is_gone() {
    let (old, new) = (Catalog::new(before()), Catalog::new(definitions(&["a", "b"])));
    let verdicts = |old, new| {
        let report = parity(old, new, None, &[], WINDOW).expect("there is nothing to read");
        let verdict = |path: &str| {
            let found = report.metrics.iter().find(|it| it.key_path == path);
            found.map(|it| it.verdict)
        };
        ["m", "counts.count_total_a", "counts.count_total_b"].map(verdict)
    };
    let (equal, none) = (Some(Parity::Equal), Some(Parity::NotCompared));
    assert_eq!(verdicts(&old, &new), [Some(Parity::Different), equal, none]);
    assert_eq!(verdicts(&new, &old), [none, equal, Some(Parity::Different)]);
}

#[test]
fn the_shape_of_a_comparison_is_stable() {
    let data = counted(2, 0);
    let (old, new) = (Catalog::new(before()), Catalog::new(after("user.id", None)));
    let mut reader = Sqlite::reader(data.path()).expect("readable").expect("it is there");
    let report = parity(&old, &new, Some(&mut reader), &["m"], WINDOW).expect("readable");
    let side = |data_source: &str, value: u64, key: &str| {
        json!({
            "key_path": "m",
            "time_frame": "7d",
            "status": "active",
            "data_source": data_source,
            "kind": "unique",
            "value": value,
            "error": 0.0081,
            "keys": [key],
            "weeks": ["2026-47"],
        })
    };
    let expected = json!({
        "version": 1,
        "at": "2026-11-23",
        "has_data": true,
        "summary": { "equal": 0, "within_tolerance": 0, "different": 1, "not_compared": 0 },
        "metrics": [{
            "key_path": "m",
            "verdict": "different",
            "history_continues": false,
            "before": side("redis_hll", 2, "{hll_counters}_a-2026-47"),
            "after": side("internal_events", 0, "{hll_counters}_a-user-2026-47"),
            "differences": [{
                "code": "override_missing",
                "detail": "its history is under `a`; add `a-user: a` to \
                           hll_redis_key_overrides.yml",
                "add": { "file": "hll_redis_key_overrides.yml", "name": "a-user", "legacy": "a" },
            }],
        }],
    });
    assert_eq!(parity_json(&report), expected);
}
