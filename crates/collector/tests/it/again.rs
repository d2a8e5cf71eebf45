//! What is sent again counts once.

use crate::server::{BATCH, Server, TRACK, config};
use internal_events_collector::Limits;

/// Accepted and duplicate events so far.
fn counts(server: &Server) -> (u64, u64) {
    let health = server.tracker.health();
    (health.accepted, health.duplicate)
}

#[test]
fn the_same_id_and_content_is_answered_as_before_and_counts_once() {
    let server = Server::start();
    for id in ["order-1", "9d5b0b1e-6a44-4c0e-8a2b-0f6a3c1d2e3f"] {
        let (accepted, duplicate) = counts(&server);
        for _ in 0..3 {
            let body = format!(r#"{{"event":"create_order","user_id":5,"event_id":"{id}"}}"#);
            let answer = server.post(TRACK, body);
            assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"accepted"}"#));
        }
        assert_eq!(counts(&server), (accepted + 1, duplicate + 2), "{id}");
    }
    let total = server.tracker.read(|it| it.counters(&["{event_counters}_create_order"]));
    let total = total.expect("enabled").expect("readable");
    assert_eq!(total.total("{event_counters}_create_order"), Ok(2));
}

#[test]
fn the_same_id_with_other_content_is_another_event() {
    let server = Server::start();
    for user in [5, 6] {
        let body = format!(r#"{{"event":"create_order","user_id":{user},"event_id":"order-1"}}"#);
        assert_eq!(server.post(TRACK, body).status, 200);
    }
    assert_eq!(counts(&server), (2, 0));
    let status = server.tracker.read(|it| it.status()).expect("enabled").expect("readable");
    assert_eq!(status.ledger.get("id_collision"), Some(&1));
}

#[test]
fn without_an_id_every_request_is_an_event() {
    let server = Server::start();
    for _ in 0..3 {
        server.post(TRACK, r#"{"event":"create_order","user_id":5}"#);
    }
    assert_eq!(counts(&server), (3, 0));
}

/// Sends a tracker's event that was sent at a time.
fn send_tracked(server: &Server, stm: &str) {
    let body = format!(
        r#"{{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
            "data":[{{"e":"se","p":"srv","tv":"rb-0.8.0","se_ca":"c","se_ac":"create_order",
            "eid":"9d5b0b1e-6a44-4c0e-8a2b-0f6a3c1d2e3f","stm":"{stm}"}}]}}"#
    );
    assert_eq!(server.post("/com.snowplowanalytics.snowplow/tp2", body).status, 200);
}

#[test]
fn a_tracker_that_got_no_answer_sends_again_with_another_time_of_sending() {
    let server = Server::start();
    send_tracked(&server, "1795000000000");
    send_tracked(&server, "1795000009999");
    assert_eq!(counts(&server), (1, 1));
}

#[test]
fn what_a_tracker_sent_is_known_again_after_a_restart_and_in_another_process() {
    let data = tempfile::tempdir().expect("a directory");
    let start = || Server::start_with(config().data(data.path()), Limits::default());
    let first = start();
    send_tracked(&first, "1795000000000");
    let beside = start();
    send_tracked(&beside, "1795000001000");
    assert_eq!((counts(&first), counts(&beside)), ((1, 0), (0, 1)));
    drop((first, beside));
    let later = start();
    send_tracked(&later, "1795000002000");
    assert_eq!(counts(&later), (0, 1));
}

/// Posts with a key in the head.
fn post_with_key(server: &Server, path: &str, key: &str, body: &str) -> u16 {
    let answer = server.send(format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         {key}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    if answer.status >= 400 {
        answer.assert_problem(400, "invalid_parameter");
    }
    answer.status
}

#[test]
fn a_key_in_the_head_is_an_id_for_one_event_or_a_whole_batch() {
    let order = r#"{"event":"create_order","user_id":5}"#;
    let batch = format!(r#"{{"events":[{order},{order},{order}]}}"#);
    let with_id = r#"{"event":"create_order","event_id":"own","user_id":5}"#;
    let mixed = format!(r#"{{"events":[{order},{with_id}]}}"#);
    for (path, body, n) in [(TRACK, order, 1), (BATCH, &batch, 3), (BATCH, &mixed, 2)] {
        let server = Server::start();
        for key in ["Idempotency-Key: k", "idempotency-key: \"k\"", "Idempotency-Key:  k "] {
            assert_eq!(post_with_key(&server, path, key, body), 200);
        }
        assert_eq!(counts(&server), (n, 2 * n), "{path}");
        assert_eq!(post_with_key(&server, path, "Idempotency-Key: other", body), 200);
        let has_own = u64::from(body.contains("own"));
        assert_eq!(counts(&server), (2 * n - has_own, 2 * n + has_own), "{path}");
    }
}

#[test]
fn a_key_in_the_head_is_the_id_in_the_body_or_refused() {
    let server = Server::start();
    let order = |id: &str| format!(r#"{{"event":"create_order","event_id":"{id}"}}"#);
    let uuid = "9d5b0b1e-6a44-4c0e-8a2b-0f6a3c1d2e3f";
    assert_eq!(server.post(TRACK, order(uuid)).status, 200);
    let same = format!("Idempotency-Key: {}", uuid.to_uppercase());
    assert_eq!(post_with_key(&server, TRACK, &same, &order(uuid)), 200);
    assert_eq!(counts(&server), (1, 1));
    let longest = format!("Idempotency-Key: {}", "k".repeat(255));
    assert_eq!(post_with_key(&server, TRACK, &longest, r#"{"event":"create_order"}"#), 200);
    for (key, body) in [
        ("Idempotency-Key: other", order(uuid)),
        ("Idempotency-Key:", order(uuid)),
        ("Idempotency-Key: \"\"", order(uuid)),
        ("Idempotency-Key: a\r\nIdempotency-Key: a", order("a")),
        ("Idempotency-Key: \u{fc}", order("a")),
        (&format!("{longest}k"), r#"{"event":"create_order"}"#.to_owned()),
    ] {
        assert_eq!(post_with_key(&server, TRACK, key, &body), 400, "{key}");
    }
    assert_eq!(counts(&server), (2, 1));
}
