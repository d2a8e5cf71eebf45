//! However much comes, no more is kept than there is room for.

use super::{TP2, actions, ask, body, event, list, start_with, totals, track};
use crate::server::{config, read};
use internal_events_collector::Limits;
use serde_json::{Value, json};
use std::io::Write as _;

#[test]
fn the_oldest_leave_and_are_counted() {
    let limits = Limits { micro_events: 3, ..Limits::default() };
    let server = start_with(config(), limits);
    for n in 0..3 {
        track(&server, &[event(&json!({"se_ac": format!("e{n}")}))]);
    }
    assert_eq!(server.get("/micro/all").json(), json!({"total": 3, "good": 3, "bad": 0}));
    track(&server, &[event(&json!({"se_ac": "e3", "colour": "red"}))]);
    track(&server, &[event(&json!({"se_ac": "e4"}))]);
    let all = json!({"total": 3, "good": 2, "bad": 1, "left": 2});
    assert_eq!(server.get("/micro/all").json(), all);
    assert_eq!(actions(&server, "/micro/good"), ["e4", "e2"]);
    assert_eq!(server.get("/micro/reset").json(), json!({"total": 0, "good": 0, "bad": 0}));
}

#[test]
fn many_large_events_take_no_more_than_their_bound() {
    let most = 1 << 20;
    let limits = Limits { micro_bytes: most, ..Limits::default() };
    let server = start_with(config(), limits);
    let long = "ü".repeat(1_000);
    for round in 0..40 {
        let events: Vec<Value> = (0..50)
            .map(|n| event(&json!({"se_ac": format!("{round}-{n}"), "se_la": long})))
            .collect();
        assert_eq!(server.post(TP2, body(&events)).status, 200);
        let shown = server.get("/micro/good").body.len();
        assert!(shown <= most, "{shown}");
    }
    let (good, bad) = totals(&server, "");
    assert!(good > 100 && bad == 0, "most of the room is used: {good}");
    assert_eq!(list(&server, "/micro/good?limit=1")[0]["event"]["se_action"], "39-49");
    let left = server.get("/micro/all").json()["left"].as_u64();
    assert_eq!(left.map(|it| it + good), Some(2_000), "none is lost without being counted");
}

#[test]
fn an_event_that_is_larger_than_the_room_is_counted_and_no_more() {
    let limits = Limits { micro_bytes: 1_000, ..Limits::default() };
    let server = start_with(config(), limits);
    track(&server, &[event(&json!({"se_la": "x".repeat(2_000)}))]);
    assert_eq!(
        server.get("/micro/all").json(),
        json!({"total": 0, "good": 0, "bad": 0, "left": 1})
    );
}

#[test]
fn what_left_is_not_waited_for() {
    let limits = Limits { micro_events: 2, ..Limits::default() };
    let server = start_with(config(), limits);
    let mut stream = server.connect();
    let ask = "GET /micro/wait?event=a&count=2&timeout=60 HTTP/1.1\r\nHost: localhost\r\n\r\n";
    stream.write_all(ask.as_bytes()).expect("it reads");
    for action in ["a", "b", "c", "a", "a"] {
        track(&server, &[event(&json!({"se_ac": action}))]);
    }
    assert_eq!(read(&stream).json().as_array().map(Vec::len), Some(2));
}

#[test]
fn a_flood_of_faults_is_cut_short() {
    let server = start_with(config(), Limits::default());
    let mut members: serde_json::Map<String, Value> =
        (0..70).map(|n| (format!("{n}{}", "x".repeat(5_000)), json!(5))).collect();
    members.insert("se_ac".to_owned(), json!("create_order"));
    track(&server, &[event(&Value::Object(members))]);
    let errors = list(&server, "/micro/bad").remove(0)["errors"].clone();
    let errors = errors.as_array().expect("a list");
    assert_eq!(errors.len(), 21);
    assert!(errors.iter().all(|it| it.as_str().is_some_and(|it| it.len() < 600)));
    let wrong: Vec<Value> = vec![json!("x".repeat(100_000)); 18];
    let standard = json!({"environment": "test", "feature_enabled_by_namespace_ids": wrong});
    let co = super::contexts(&[("com.gitlab/gitlab_standard/jsonschema/1-1-8", standard)]);
    track(&server, &[event(&json!({ "co": co }))]);
    let errors = list(&server, "/micro/bad?limit=1").remove(0)["errors"].to_string();
    assert!(errors.len() < 10_000, "{}", errors.len());
}

/// A test that compares the numbers of its run must not fail because of another's.
#[test]
fn what_left_of_one_run_is_not_told_of_another() {
    let limits = Limits { micro_events: 3, ..Limits::default() };
    let server = start_with(config(), limits);
    for run in ["a", "a", "b", "c", "c"] {
        let line = format!("X-Internal-Events-Run: {run}\r\n");
        assert_eq!(ask(&server, "/i?e=se&p=web&tv=x&se_ac=a", &line).status, 200);
    }
    let cases = [
        ("run=a", json!({"total": 0, "good": 0, "bad": 0, "left": 2})),
        ("run=b", json!({"total": 1, "good": 1, "bad": 0})),
        ("run=c", json!({"total": 2, "good": 2, "bad": 0})),
        ("", json!({"total": 3, "good": 3, "bad": 0, "left": 2})),
    ];
    for (query, all) in cases {
        assert_eq!(server.get(&format!("/micro/all?{query}")).json(), all, "{query}");
    }
    server.get("/micro/reset?run=a");
    assert_eq!(server.get("/micro/all").json(), json!({"total": 3, "good": 3, "bad": 0}));
}
