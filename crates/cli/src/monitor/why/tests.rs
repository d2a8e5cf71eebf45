use super::Explainer;
use crate::monitor::snapshot::Entry;
use internal_events_catalog::Catalog;
use serde_json::{Value, json};
use std::sync::Arc;

const TOTAL: &str = "counts.count_total_create_order";
const USERS: &str = "redis_hll_counters.count_distinct_user_id_from_create_order_weekly";
const TOTAL_KEY: &str = "{event_counters}_create_order";
const USERS_KEY: &str = "{hll_counters}_create_order-user-2026-47";

fn catalog() -> Arc<Catalog> {
    Arc::new(Catalog::new(internal_events::testing::definitions(&["create_order"])))
}

/// Why an event that moved these keys did not move both metrics.
fn explain(explainer: &Explainer, event: &Value, keys: &[&str]) -> Vec<String> {
    let updates: Vec<Value> = keys.iter().map(|key| json!({ "key": key, "amount": 1 })).collect();
    let entry = Entry::read(json!({
        "accepted_at": "2026-11-18T10:00:00Z",
        "catalog": format!("{:016x}", catalog().fingerprint()),
        "event": event,
        "updates": updates,
    }));
    explainer.explain(&entry, &[TOTAL, USERS].into())
}

#[test]
fn each_metric_that_did_not_move_has_its_reason() {
    let explainer = Explainer::new(catalog());
    let no_user = format!("{USERS}: `user` is missing");
    for (event, keys, expected) in [
        (json!({ "event": "create_order", "user": 5 }), &[TOTAL_KEY, USERS_KEY][..], vec![]),
        (json!({ "event": "create_order" }), &[TOTAL_KEY], vec![no_user.as_str()]),
        (
            json!({ "event": "create_order", "call": "increment_unique_users" }),
            &[],
            vec!["counts.count_total_create_order: only `track_event` moves it", &no_user],
        ),
        (
            json!({ "event": "create_order", "user": 5 }),
            &[],
            vec![
                "counts.count_total_create_order: only an event that comes now moves it",
                "redis_hll_counters.count_distinct_user_id_from_create_order_weekly: only an \
                 event that comes now moves it",
            ],
        ),
        (
            json!({ "event": "create_order", "user": 5, "properties": { "colour": "red" } }),
            &[TOTAL_KEY, USERS_KEY],
            vec![
                "property `colour` is not declared by the event and was left out; it declares \
                 `label`, `property`, `value`",
            ],
        ),
        (
            json!({ "event": "creat_order" }),
            &[],
            vec![
                "no event has this name; did you mean `create_order`?",
                "none of the metrics shown counts creat_order",
            ],
        ),
        (
            json!({ "event": "create_order", "call": "tomorrow" }),
            &[],
            vec!["it was written by a program that knows more than this one"],
        ),
        (json!("text"), &[], vec!["it was written by a program that knows more than this one"]),
    ] {
        assert_eq!(explain(&explainer, &event, keys), expected, "{event}");
    }
}

#[test]
fn definitions_that_are_others_or_none_are_said() {
    let event = json!({ "event": "create_order" });
    let others = internal_events::testing::definitions(&["create_order", "view_shop"]);
    let reasons = explain(&Explainer::new(Arc::new(Catalog::new(others))), &event, &[]);
    assert_eq!(
        reasons.last().map(String::as_str),
        Some("(it was routed by other definitions than those here)")
    );
    let none = Explainer::new(Arc::new(Catalog::default()));
    assert_eq!(
        explain(&none, &event, &[]),
        ["there are no definitions here; `internal-events explain create_order` beside them says"]
    );
}
