//! The calls of the time before internal events.

use crate::server::{Server, TRACK, config};
use internal_events::testing::definitions;
use internal_events::{Catalog, Config, DataSource, decode_event, encode_event};
use internal_events_collector::Limits;
use serde_json::json;

const COUNTER: &str = "/api/v4/usage_data/increment_counter";
const USERS: &str = "/api/v4/usage_data/increment_unique_users";

/// A server that knows the event `create_order`, and the legacy event `git_write_action`.
fn server() -> Server {
    let mut definitions = definitions(&["create_order"]);
    definitions.overrides.legacy_events.insert("git_write_action".to_owned());
    let mut metric = definitions.metrics[0].clone();
    metric.data_source = DataSource::Redis;
    metric.legacy.prefix = Some("snippet".to_owned());
    metric.legacy.events = vec!["create".to_owned()];
    definitions.metrics.push(metric.clone());
    metric.data_source = DataSource::RedisHll;
    metric.rules.clear();
    metric.legacy.events = vec!["git_write_action".to_owned()];
    definitions.metrics.push(metric);
    let defined = Config::new(Catalog::new(definitions));
    let clock = internal_events::testing::ManualClock::at(jiff::civil::date(2026, 11, 18));
    Server::start_with(defined.clock(std::sync::Arc::new(clock)), Limits::default())
}

/// The keys that the last entry of the journal moved.
fn moved(server: &Server) -> Vec<String> {
    let entries = server.tracker.read(|it| it.entries(0, 100)).expect("enabled").expect("readable");
    let last = entries.last().expect("an entry");
    last.updates.iter().map(|it| it.key.to_string()).collect()
}

#[test]
fn each_call_moves_its_kind_of_counter_and_no_other() {
    let server = server();
    let totals = ["{event_counters}_create_order", "{event_counters}_create_order-2026-47"];
    let users = ["{hll_counters}_create_order-user-2026-47"];
    for (path, event, keys) in [
        (COUNTER, "create_order", &totals[..]),
        (USERS, "create_order", &users[..]),
        (USERS, "git_write_action", &["{hll_counters}_git_write_action-2026-47"]),
        (COUNTER, "snippet_create", &["USAGE_SNIPPET_CREATE"]),
        (TRACK, "create_order", &[totals[0], totals[1], users[0]]),
    ] {
        let answer = server.post(path, json!({"event": event, "user_id": 5}).to_string());
        // With a list of legacy events, that call is only for those on it.
        let warnings = (path, event) == (USERS, "create_order");
        assert_eq!((answer.status, answer.json()["warnings"].is_array()), (200, warnings));
        assert_eq!(moved(&server), keys, "{path} {event}");
    }
    assert_eq!(server.counts(), (5, 5));
}

#[test]
fn what_no_definition_knows_under_that_call_is_kept_aside_with_the_call() {
    let server = server();
    for (path, event, call) in [
        (COUNTER, "git_write_action", "increment_counter"),
        (USERS, "snippet_create", "increment_unique_users"),
        (COUNTER, "nothing", "increment_counter"),
        (TRACK, "git_write_action", "track_event"),
    ] {
        assert_eq!(server.post(path, json!({ "event": event }).to_string()).status, 202);
        let kept = server.tracker.read(|it| it.quarantined(100)).expect("enabled");
        let kept = kept.expect("readable").pop().expect("it is kept");
        let event = decode_event(&kept.event).expect("an event");
        assert_eq!(event.call.as_str(), call);
        let mut again = Vec::new();
        encode_event(&event, &mut again);
        assert_eq!(again, kept.event);
    }
}

#[test]
fn what_the_calls_do_not_read_is_said() {
    let server = server();
    let body =
        json!({"event": "create_order", "project_id": 1, "additional_properties": {"label": "x"}});
    let warnings = [
        "parameter `project_id` does not exist here and was ignored",
        "parameter `additional_properties` does not exist here and was ignored",
    ];
    let answer = server.post(COUNTER, body.to_string());
    assert_eq!(answer.json(), json!({"status": "accepted", "warnings": warnings}));
    let answer = server.post(USERS, r#"{"event":"git_write_action"}"#);
    let missing = "`user` is missing, so the metrics that count it did not move";
    assert_eq!(answer.json(), json!({"status": "accepted", "warnings": [missing]}));
    for (path, body) in [(COUNTER, "{}"), (USERS, r#"{"event":5}"#)] {
        server.post(path, body).assert_problem(400, "invalid_parameter");
    }
    server.get(COUNTER).assert_problem(405, "wrong_method");
    let disabled = Server::start_with(config().disabled(), Limits::default());
    disabled.post(COUNTER, r#"{"event":"create_order"}"#).assert_problem(503, "disabled");
}

#[test]
fn the_same_id_by_two_calls_is_two_events() {
    let server = server();
    for (path, _) in [(COUNTER, 1), (USERS, 2), (COUNTER, 3)] {
        let body = r#"{"event":"create_order","user_id":5,"event_id":"a"}"#;
        assert_eq!(server.post(path, body).status, 200);
    }
    let health = server.tracker.health();
    assert_eq!((health.accepted, health.duplicate), (2, 1));
}

#[test]
fn a_whole_number_is_the_same_user_however_it_is_written() {
    let server = server();
    for user in ["5", "5.0", "5e0", r#""5""#] {
        let body = format!(r#"{{"event":"create_order","user_id":{user}}}"#);
        assert_eq!(server.post(USERS, body).status, 200, "{user}");
    }
    let key = "{hll_counters}_create_order-user-2026-47";
    let counters = server.tracker.read(|it| it.counters(&[key])).expect("enabled");
    assert_eq!(counters.expect("readable").distinct([key]), Ok(1));
    for user in ["5.5", "-1.0", "9007199254740992.0", "1e300"] {
        let body = format!(r#"{{"event":"create_order","user_id":{user}}}"#);
        server.post(USERS, body).assert_problem(400, "invalid_parameter");
    }
}
