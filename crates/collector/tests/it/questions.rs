//! Answers about counts.

use crate::server::{METRICS, Server, TRACK, config};
use internal_events::{Window, report_json};
use internal_events_collector::{Collector, Limits, Listing};
use jiff::civil::date;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::time::Duration;

const DEFINITIONS: &str = "/api/v4/usage_data/metric_definitions";
const TOTAL: &str = "counts.count_total_create_order";
const USERS: &str = "redis_hll_counters.count_distinct_user_id_from_create_order_weekly";

/// A server that has tracked two orders of one user.
fn tracked() -> Server {
    let server = Server::start();
    for _ in 0..2 {
        let body = r#"{"event":"create_order","user_id":5}"#;
        assert_eq!(server.post(TRACK, body).status, 200);
    }
    server
}

/// Asks, and returns key paths and values.
fn ask(server: &Server, query: &str) -> Vec<(String, Value)> {
    let answer = server.get(&format!("{METRICS}{query}"));
    assert_eq!(answer.status, 200, "{}", answer.body);
    let report = answer.json();
    let metrics = report["metrics"].as_array().expect("metrics");
    let pair =
        |it: &Value| (it["key_path"].as_str().expect("named").to_owned(), it["value"].clone());
    metrics.iter().map(pair).collect()
}

#[test]
fn metrics_are_answered_as_the_command_line_prints_them() {
    let server = tracked();
    let window = Window { today: date(2026, 11, 18), include_current_week: false };
    let report = server.tracker.metrics(&[], window).expect("readable");
    assert_eq!(server.get(METRICS).json(), report_json(&report));
}

#[test]
fn a_question_names_metrics_week_and_day() {
    let server = tracked();
    let pair = |name: &str, value: u64| (name.to_owned(), json!(value));
    for (query, expected) in [
        ("", vec![pair(TOTAL, 2), pair(USERS, 0)]),
        ("?include_current_week=true", vec![pair(TOTAL, 2), pair(USERS, 1)]),
        ("?include_current_week=false", vec![pair(TOTAL, 2), pair(USERS, 0)]),
        ("?at=2026-11-23", vec![pair(TOTAL, 2), pair(USERS, 1)]),
        (&format!("?key_path={TOTAL}"), vec![pair(TOTAL, 2)]),
        (&format!("?key_path={USERS}&key_path={TOTAL}"), vec![pair(TOTAL, 2), pair(USERS, 0)]),
        ("?event=create_order", vec![pair(TOTAL, 2), pair(USERS, 0)]),
        (&format!("?event=create_order&key_path={TOTAL}"), vec![pair(TOTAL, 2), pair(USERS, 0)]),
        ("?key_path=counts%2Ecount_total_create_order", vec![pair(TOTAL, 2)]),
    ] {
        assert_eq!(ask(&server, query), expected, "{query}");
    }
    server.get(&format!("{METRICS}?key_path=counts.nothing")).assert_problem(404, "no_such_metric");
    for (query, named) in [
        ("?key_path=counts.count_total_create_ordr", "`counts.count_total_create_ordr`"),
        ("?event=create_ordr", "Did you mean `create_order`?"),
        (&format!("?event=nothing&key_path={TOTAL}"), "`nothing`"),
    ] {
        let answer = server.get(&format!("{METRICS}{query}"));
        answer.assert_problem(404, "no_such_metric");
        let detail = answer.json()["detail"].as_str().expect("a detail").to_owned();
        assert!(detail.contains(named), "{detail}");
    }
    for query in ["?at=today", "?at=2026-02-30", "?include_current_week=1", "?metric=x"] {
        server.get(&format!("{METRICS}{query}")).assert_problem(400, "invalid_parameter");
    }
}

#[test]
fn health_counts_what_became_of_the_events() {
    let server = tracked();
    assert_eq!(server.post(TRACK, r#"{"event":"zzz"}"#).status, 202);
    assert_eq!(server.post(TRACK, r#"{"event":"create_order"}"#).status, 200);
    let expected = json!({
        "status": "ok",
        "events": {
            "received": 4,
            "accepted": 3,
            "duplicate": 0,
            "quarantined": 1,
            "pending": 0,
            "refused": {},
            "omitted": { "missing_identifier": 1 },
            "destinations": {
                "counters": {
                    "delivered": 3,
                    "pending": 0,
                    "pending_bytes": 0,
                    "dropped": {},
                    "skipped": {},
                    "noted": {},
                    "oldest_pending": null,
                    "far_behind": false,
                    "last_error": null,
                    "warnings": [],
                },
            },
        },
        "snowplow": { "tracked": 0, "ignored": 0, "not_counted": 0, "forwarded": 0, "both_ways": 0, "bad": {} },
        "client_dropped": {},
        "turned_away": {},
        "definitions": { "events": 1, "metrics": 2, "replaced": 0, "kept_because": null },
    });
    assert_eq!(server.get("/healthz").json(), expected);
}

#[test]
fn definitions_are_given_as_text_with_paths_if_asked() {
    let server = Server::start_as(config(), |tracker| {
        let listing = Listing::new(|include_paths| format!("paths: {include_paths}\n"));
        Collector::new(tracker, Limits::default()).listing(listing)
    });
    for (query, text) in [
        ("", "paths: false\n"),
        ("?include_paths=false", "paths: false\n"),
        ("?include_paths=true", "paths: true\n"),
        ("", "paths: false\n"),
    ] {
        let answer = server.get(&format!("{DEFINITIONS}{query}"));
        assert_eq!((answer.status, answer.body.as_str()), (200, text), "{query}");
        assert_eq!(answer.header("content-type"), Some("application/yaml"));
    }
    for query in ["?include_paths=1", "?paths=true"] {
        let answer = server.get(&format!("{DEFINITIONS}{query}"));
        answer.assert_problem(400, "invalid_parameter");
    }
}

#[test]
fn who_has_the_definitions_need_not_read_them_again() {
    let server = Server::start_as(config(), |tracker| {
        let listing = Listing::new(|include_paths| format!("paths: {include_paths}\n"));
        Collector::new(tracker, Limits::default()).listing(listing)
    });
    let ask = |query: &str, tags: &str| {
        let head = format!("GET {DEFINITIONS}{query} HTTP/1.1\r\nHost: localhost\r\n");
        server.send(format!("{head}If-None-Match: {tags}\r\n\r\n"))
    };
    let tag = server.get(DEFINITIONS).header("etag").expect("a tag").to_owned();
    for (query, tags, status) in [
        ("", tag.as_str(), 304),
        ("", &format!("\"x\", W/{tag}"), 304),
        ("", "*", 304),
        ("", "\"x\"", 200),
        ("", tag.trim_matches('"'), 200),
        ("?include_paths=true", &tag, 200),
    ] {
        let answer = ask(query, tags);
        assert_eq!((answer.status, answer.body.is_empty()), (status, status == 304), "{tags}");
        let same_tag = answer.header("etag") == Some(&tag);
        assert_eq!(same_tag, query.is_empty(), "{query}");
    }
}

#[test]
fn a_server_is_ready_as_long_as_it_takes_events() {
    let server = tracked();
    let ready = server.get("/readyz");
    assert_eq!((ready.status, ready.json()), (200, server.get("/healthz").json()));
    assert!(server.tracker.shut_down(Duration::from_secs(30)));
    server.get("/readyz").assert_problem(503, "shutting_down");
    assert_eq!(server.get("/healthz").status, 200, "it still runs");
    let disabled = Server::start_with(config().disabled(), Limits::default());
    disabled.get("/readyz").assert_problem(503, "disabled");
    let explained = disabled.post("/api/v4/usage_data/explain", r#"{"event":"create_order"}"#);
    let gates = explained.json()["gates"].clone();
    assert_eq!(gates[0]["passed"], true, "it is known: {gates}");
    assert_eq!((&gates[1]["gate"], &gates[1]["passed"]), (&json!("enabled"), &json!(false)));
}

#[test]
fn prometheus_reads_what_health_says_and_no_word_of_anybody() {
    let server = tracked();
    for event in [r#"{"event":"zzz\"} 1\nevil"}"#, r#"{"event":"create_order"}"#] {
        assert!(server.post(TRACK, event).status < 300);
    }
    assert_eq!(server.get("/i?e=evil&se_ac=evil&evil=%22").status, 200);
    let answer = server.get("/metrics");
    let format = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    assert_eq!((answer.status, answer.header("content-type")), (200, Some(format)));
    let samples: BTreeSet<&str> = answer.body.lines().filter(|it| !it.starts_with('#')).collect();
    let expected = [
        "internal_events_received_total 5",
        "internal_events_accepted_total 3",
        "internal_events_duplicate_total 0",
        "internal_events_quarantined_total 2",
        "internal_events_definitions_replaced_total 0",
        "internal_events_pending 0",
        "internal_events_definitions_kept 0",
        r#"internal_events_omitted_total{cause="missing_identifier"} 1"#,
        r#"internal_events_snowplow_total{outcome="ignored"} 0"#,
        r#"internal_events_snowplow_total{outcome="not_counted"} 0"#,
        r#"internal_events_snowplow_total{outcome="forwarded"} 0"#,
        "internal_events_both_ways_total 0",
        r#"internal_events_snowplow_total{outcome="tracked"} 0"#,
        r#"internal_events_snowplow_bad_total{code="event-type"} 1"#,
        r#"internal_events_delivered_total{destination="counters"} 3"#,
        r#"internal_events_destination_pending{destination="counters"} 0"#,
        r#"internal_events_destination_oldest_pending_seconds{destination="counters"} 0"#,
        r#"internal_events_destination_far_behind{destination="counters"} 0"#,
        r#"internal_events_destination_failing{destination="counters"} 0"#,
    ];
    assert_eq!(samples, expected.into());
    assert!(answer.body.ends_with("# EOF\n"), "{}", answer.body);
}

#[test]
fn a_head_request_is_answered_without_a_body() {
    let server = Server::start();
    let mut stream = server.connect();
    let request = "HEAD /healthz HTTP/1.0\r\nHost: localhost\r\n\r\n";
    stream.write_all(request.as_bytes()).expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("it answers and hangs up");
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n"), "{answer}");
    assert!(answer.ends_with("\r\n\r\n"), "{answer}");
}
