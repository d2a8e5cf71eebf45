//! One event, and one visitor, by several ways: from a page and over REST.

use crate::server::{BATCH, METRICS, Server, TRACK, config};
use crate::trackers::{body, context, order};
use internal_events::testing::{ManualClock, definitions};
use internal_events::{Catalog, Config};
use internal_events_collector::{Collector, CountRule, Limits};
use serde_json::{Value, json};
use std::sync::Arc;

const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";
const TOTAL: &str = "counts.count_total_create_order";
const USERS: &str = "redis_hll_counters.count_distinct_user_id_from_create_order_weekly";
const PROJECTS: &str = "projects";

/// An installation that counts projects too.
fn with_projects() -> Config {
    let mut definitions = definitions(&["create_order"]);
    let users = definitions.metrics.iter().find(|it| it.key_path == USERS);
    let mut projects = users.expect("the metric exists").clone();
    PROJECTS.clone_into(&mut projects.key_path);
    projects.rules[0].unique = Some("project.id".to_owned());
    definitions.metrics.push(projects);
    let clock = ManualClock::at(jiff::civil::date(2026, 11, 18));
    Config::new(Catalog::new(definitions)).clock(Arc::new(clock))
}

/// The values of these metrics, the running week included.
fn values<const N: usize>(server: &Server, key_paths: [&str; N]) -> [u64; N] {
    let report = server.get(&format!("{METRICS}?include_current_week=true")).json();
    let metrics = report["metrics"].as_array().expect("metrics");
    key_paths.map(|key_path| {
        let metric = metrics.iter().find(|it| it["key_path"] == key_path).expect("it exists");
        metric["value"].as_u64().expect("a number")
    })
}

/// What a page sends, as the browser package does, without being asked ahead.
fn from_page(server: &Server, standard: &Value) {
    let body = body(&[order(&context("gitlab_standard", standard))]);
    let request = format!(
        "POST {TP2} HTTP/1.1\r\nHost: localhost\r\nOrigin: http://localhost:3000\r\n\
         Content-Type: text/plain;charset=UTF-8\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    assert_eq!(server.send(request).status, 204);
}

fn over_rest(server: &Server, members: &str) {
    let event = format!(r#"{{"event":"create_order"{members}}}"#);
    assert_eq!(server.post(TRACK, event).status, 200);
}

#[test]
fn a_user_who_comes_from_a_page_and_over_rest_is_one() {
    let server = Server::start();
    from_page(&server, &json!({ "user_id": 5 }));
    over_rest(&server, r#","user_id":5,"event_id":"1""#);
    from_page(&server, &json!({ "user_id": "5" }));
    over_rest(&server, r#","user_id":"5","event_id":"2""#);
    assert_eq!(values(&server, [TOTAL, USERS]), [4, 1]);
    from_page(&server, &json!({ "user_id": "a-name" }));
    over_rest(&server, r#","user_id":"a-name","event_id":"3""#);
    assert_eq!(values(&server, [TOTAL, USERS]), [6, 2]);
}

/// GitLab's own front end sends each event over REST, without an id, and as a Snowplow event.
#[test]
fn a_page_of_gitlab_that_sends_twice_counts_once_as_the_documents_configure_it() {
    // `count_snowplow = [{ source = "gitlab-javascript", count = false }]` in docs/snowplow.md.
    let source = Some("gitlab-javascript".to_owned());
    let rule = CountRule { app_id: None, tracker: None, source, count: false };
    let configured = Server::start_as(config(), |tracker| {
        Collector::new(tracker, Limits::default()).count_snowplow(vec![rule])
    });
    let standard = json!({ "source": "gitlab-javascript", "user_id": 5 });
    over_rest(&configured, r#","user_id":5"#);
    from_page(&configured, &standard);
    assert_eq!(values(&configured, [TOTAL, USERS]), [1, 1]);
    assert_eq!(configured.snowplow_health()["not_counted"], 1);
    // In the other order, as they are sent at once.
    from_page(&configured, &standard);
    over_rest(&configured, r#","user_id":5"#);
    assert_eq!(values(&configured, [TOTAL, USERS]), [2, 1]);
    // What another source of the same page sends counts all the same.
    from_page(&configured, &json!({ "source": "internal-events-javascript", "user_id": 5 }));
    assert_eq!(values(&configured, [TOTAL, USERS]), [3, 1]);

    let unconfigured = Server::start();
    from_page(&unconfigured, &standard);
    over_rest(&unconfigured, r#","user_id":5"#);
    assert_eq!(values(&unconfigured, [TOTAL, USERS]), [2, 1], "twice, which is why it is said:");
    assert_eq!(unconfigured.snowplow_health()["both_ways"], 1);
}

#[test]
fn visitors_without_a_name_move_whatever_does_not_count_users() {
    let server = Server::start_with(with_projects(), Limits::default());
    from_page(&server, &json!({ "project_id": 7 }));
    assert_eq!(values(&server, [TOTAL, USERS, PROJECTS]), [1, 0, 1]);
    over_rest(&server, r#","project_id":8"#);
    assert_eq!(values(&server, [TOTAL, USERS, PROJECTS]), [2, 0, 2]);
    from_page(&server, &json!({ "user_id": null, "project_id": 7 }));
    assert_eq!(values(&server, [TOTAL, USERS, PROJECTS]), [3, 0, 2]);
    // A page without any context, as of an official tracker.
    assert_eq!(server.post(TP2, body(&[order("")])).status, 200);
    assert_eq!(values(&server, [TOTAL, USERS, PROJECTS]), [4, 0, 2]);
    from_page(&server, &json!({ "user_id": 5, "project_id": 9 }));
    assert_eq!(values(&server, [TOTAL, USERS, PROJECTS]), [5, 1, 3]);
}

/// A report of the browser package, as an event of a tracker.
fn report(id: u8, label: &str, value: &str) -> String {
    format!(
        r#"{{"e":"se","p":"web","tv":"x","eid":"00000000-0000-4000-8000-0000000000{id:02x}",
            "se_ca":"internal-events","se_ac":"client_dropped","se_la":{label},"se_va":{value}}}"#
    )
}

#[test]
fn what_pages_dropped_is_counted_by_cause_and_never_as_an_event() {
    let server = Server::start();
    let dropped = || server.get("/healthz").json()["client_dropped"].clone();
    assert_eq!(dropped(), json!({}));
    let reports = [
        report(1, r#""queue_full""#, r#""3""#),
        report(2, r#""too_large""#, r#""1""#),
        report(3, r#""<script>""#, r#""2""#),
        report(4, r#""queue_full""#, r#""4""#),
        order(""),
    ];
    for _ in 0..2 {
        // The second time for want of an answer.
        assert_eq!(server.post(TP2, body(&reports)).status, 200);
    }
    assert_eq!(dropped(), json!({ "queue_full": 7, "too_large": 1, "other": 2 }));
    let rest = |id: &str, more: &str| {
        format!(
            r#"{{"event":"client_dropped","category":"internal-events","event_id":"{id}","additional_properties":{{{more}}}}}"#
        )
    };
    let one = rest("a", r#""label":"refused","value":5"#);
    for _ in 0..2 {
        let answer = server.post(TRACK, &one);
        assert_eq!((answer.status, answer.json()), (200, json!({ "status": "accepted" })));
    }
    let batch = format!(
        r#"{{"events":[{one},{{"event":"create_order","user_id":5}},{}]}}"#,
        rest("b", r#""label":"invalid","value":1"#)
    );
    let answer = server.post(BATCH, batch);
    let accepted = json!({ "status": "accepted" });
    assert_eq!(answer.json(), json!({ "results": [accepted, accepted, accepted] }));
    let all = json!({ "queue_full": 7, "too_large": 1, "other": 2, "refused": 5, "invalid": 1 });
    assert_eq!(dropped(), all);
    let events = server.tracker.health();
    assert_eq!((events.received, events.accepted, events.quarantined), (3, 3, 0));
    let metrics = server.get("/metrics").body;
    assert!(metrics.contains("internal_events_client_dropped_total{cause=\"queue_full\"} 7\n"));
    assert!(!metrics.contains("script"), "{metrics}");
}

#[test]
fn only_a_report_is_taken_for_one() {
    let server = Server::start();
    let dropped = || server.get("/healthz").json()["client_dropped"].clone();
    let good = report(1, r#""queue_full""#, r#""3""#);
    for event in [
        good.replace(r#""se_ca":"internal-events","#, ""),
        good.replace("client_dropped", "client_dropped_too"),
        good.replace(r#""eid":"#, r#""vid":"#),
        report(2, r#""queue_full""#, r#""-3""#),
        report(3, r#""queue_full""#, r#""0""#),
        report(4, r#""queue_full""#, r#""1.5""#),
        report(5, r#""queue_full""#, r#""many""#),
    ] {
        assert_eq!(server.post(TP2, body(&[event])).status, 200);
    }
    let rest = r#"{"event":"client_dropped","event_id":"a","additional_properties":{"label":"refused","value":5}}"#;
    assert_eq!(server.post(TRACK, rest).status, 202, "somebody's own event, which is not defined");
    assert_eq!(dropped(), json!({}));
    let huge = report(6, r#""queue_full""#, r#""9223372036854775807""#);
    assert_eq!(server.post(TP2, body(&[huge])).status, 200);
    assert_eq!(dropped(), json!({ "queue_full": 100_000 }));
}

#[test]
fn whoever_defines_the_report_has_metrics_of_it() {
    let clock = ManualClock::at(jiff::civil::date(2026, 11, 18));
    let config = Config::new(Catalog::new(definitions(&["client_dropped"])));
    let server = Server::start_with(config.clock(Arc::new(clock)), Limits::default());
    let report = report(1, r#""queue_full""#, r#""3""#);
    for _ in 0..2 {
        assert_eq!(server.post(TP2, body(std::slice::from_ref(&report))).status, 200);
    }
    assert_eq!(values(&server, ["counts.count_total_client_dropped"]), [1]);
    assert_eq!(server.get("/healthz").json()["client_dropped"], json!({ "queue_full": 3 }));
}
