//! Limits at, below and above.

use crate::server::{BATCH, Server, TRACK, config, post, read};
use internal_events::{Config, Limits as TrackerLimits};
use internal_events_collector::Limits;
use std::io::Write as _;
use std::time::Duration;

const OK: &str = r#"{"event":"create_order","user_id":5}"#;

#[test]
fn a_batch_has_fifty_events_at_most() {
    let server = Server::start();
    for (n, status) in [(49, 200), (50, 200), (51, 400), (5_000, 400)] {
        let (_, before) = server.counts();
        let body = format!(r#"{{"events":[{}]}}"#, vec![OK; n].join(","));
        let answer = server.post(BATCH, body);
        assert_eq!(answer.status, status, "{n}: {}", answer.body);
        if status == 200 {
            assert_eq!(answer.json()["results"].as_array().map(Vec::len), Some(n));
            assert_eq!(server.counts().1 - before, n as u64);
        } else {
            answer.assert_problem(400, "too_many_events");
            assert_eq!(answer.json()["detail"], "Maximum 50 events allowed in one request.");
            assert_eq!(server.counts().1, before, "none is processed");
        }
    }
}

#[test]
fn a_body_has_two_mebibytes_at_most() {
    let server = Server::start();
    let limit = Limits::default().body_bytes;
    for (length, status) in
        [(limit - 1, 200), (limit, 200), (limit + 1, 413), (3_000_000, 413), (9_000_000, 413)]
    {
        let body = format!("{OK}{}", " ".repeat(length - OK.len()));
        let answer = server.post(TRACK, body);
        assert_eq!(answer.status, status, "{length}");
        if status == 413 {
            answer.assert_problem(413, "large_body");
        }
    }
    assert_eq!(server.counts(), (2, 2));
}

#[test]
fn a_caller_that_asks_first_is_told_before_it_sends_too_much() {
    let server = Server::start();
    let head = format!(
        "POST {TRACK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Expect: 100-continue\r\nContent-Length: 3000000\r\n\r\n"
    );
    server.send(head).assert_problem(413, "large_body");
}

#[test]
fn a_body_in_chunks_is_one_body() {
    let server = Server::start();
    let (first, second) = OK.split_at(10);
    let request = format!(
        "POST {TRACK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Transfer-Encoding: chunked\r\n\r\n{:x}\r\n{first}\r\n{:x}\r\n{second}\r\n0\r\n\r\n",
        first.len(),
        second.len()
    );
    assert_eq!(server.send(request).status, 200);
}

#[test]
fn an_event_has_a_hundred_properties_and_a_name_of_255_bytes_at_most() {
    let server = Server::start();
    for (n, status) in [(99, 200), (100, 200), (101, 400), (100_000, 400)] {
        let members: Vec<String> = (0..n).map(|it| format!(r#""p{it}":1"#)).collect();
        let members = members.join(",");
        let body = format!(r#"{{"event":"create_order","additional_properties":{{{members}}}}}"#);
        assert_eq!(server.post(TRACK, body).status, status, "{n}");
    }
    for (n, status) in [(254, 202), (255, 202), (256, 400), (1_000_000, 400)] {
        let body = format!(r#"{{"event":"{}"}}"#, "e".repeat(n));
        assert_eq!(server.post(TRACK, body).status, status, "{n}");
    }
    for (n, status) in [(254, 200), (255, 200), (256, 400)] {
        for parameter in ["user_id", "category"] {
            let body = format!(r#"{{"event":"create_order","{parameter}":"{}"}}"#, "i".repeat(n));
            assert_eq!(server.post(TRACK, body).status, status, "{parameter} {n}");
        }
    }
}

#[test]
fn a_slow_body_is_given_up() {
    let limits = Limits { body_time: Duration::from_millis(50), ..Limits::default() };
    let server = Server::start_with(config(), limits);
    let request = post(TRACK, OK);
    let half = &request[..request.len() - 1];
    server.send(half).assert_problem(408, "slow_body");
    assert_eq!(server.counts(), (0, 0));
}

#[test]
fn half_a_request_is_no_request() {
    let server = Server::start();
    let request = String::from_utf8(post(TRACK, OK)).expect("requests are UTF-8");
    server.send_and_leave(&request[..request.len() - 1]).assert_problem(400, "broken_body");
    assert_eq!(server.counts(), (0, 0));
    assert_eq!(server.post(TRACK, OK).status, 200, "others are served");
}

#[test]
fn a_head_that_is_too_large_is_refused() {
    let server = Server::start();
    // What has been read is looked at before it is found to be too much.
    let padding = "x".repeat(2 * Limits::default().head_bytes);
    let answer =
        server.send(format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: {padding}\r\n\r\n"));
    assert_eq!(answer.status, 431);
}

/// Sends what is answered before anything of ours sees it, and looks how it is counted.
fn check_head(head: &[u8], status: u16, code: &str) {
    let server = Server::start();
    assert_eq!(server.send(head).status, status, "{code}");
    let health = server.get("/healthz").json();
    assert_eq!(health["turned_away"], serde_json::json!({ code: 1 }), "{health}");
}

#[test]
fn a_head_that_cannot_be_taken_is_counted() {
    let get = |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n").into_bytes();
    let long = |n: usize| format!("/i?e=se&se_ac=create_order&cx={}", "x".repeat(n));
    check_head(&get(&long(200_000)), 431, "large_head");
    check_head(b"GET /i?e=se&co={\"a\":<1>} HTTP/1.1\r\n\r\n", 400, "unreadable_head");
    check_head(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, "unreadable_head");
    check_head(b"GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400, "unreadable_head");
}

#[test]
fn an_event_with_large_contexts_in_its_query_is_taken() {
    let server = Server::start();
    let contexts = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0";
    let text = "x".repeat(60_000);
    let contexts = format!(
        r#"{{"schema":"{contexts}","data":[{{"schema":"iglu:a/b/jsonschema/1-0-0","data":"{text}"}}]}}"#
    );
    let contexts = contexts.replace('"', "%22").replace('{', "%7B").replace('}', "%7D");
    let answer = server.get(&format!("/i?e=se&p=web&tv=x&se_ac=create_order&co={contexts}"));
    assert_eq!(answer.status, 200);
    assert_eq!(server.counts(), (1, 1), "{}", server.snowplow_health());
}

#[test]
fn connections_beyond_the_limit_wait_for_their_turn() {
    let limits = Limits { connections: 2, ..Limits::default() };
    let server = Server::start_with(config(), limits);
    let request = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let mut open: Vec<_> = (0..3).map(|_| server.connect()).collect();
    for stream in &mut open {
        stream.write_all(request.as_bytes()).expect("the system takes it");
    }
    assert_eq!(read(&open[0]).status, 200);
    assert_eq!(read(&open[1]).status, 200);
    drop(open.remove(0));
    assert_eq!(read(&open[1]).status, 200, "the third is served when the first is gone");
}

#[test]
fn slow_callers_give_way_to_good_ones() {
    let limits = Limits {
        connections: 8,
        head_time: Duration::from_millis(300),
        body_time: Duration::from_millis(300),
        ..Limits::default()
    };
    let server = Server::start_with(config(), limits);
    let whole = String::from_utf8(post(TRACK, OK)).expect("requests are UTF-8");
    let head = whole.find("\r\n\r\n").expect("a head") + 4;
    // All places are taken several times over: by nothing, half a head, a head, half a body.
    let slow: Vec<_> = (0..40)
        .map(|n| {
            let mut stream = server.connect();
            let sent = [0, head / 2, head, whole.len() - 5][n % 4];
            stream.write_all(&whole.as_bytes()[..sent]).expect("the system takes it");
            stream
        })
        .collect();
    for _ in 0..3 {
        assert_eq!(server.post(TRACK, OK).status, 200, "it waits, and is served");
    }
    assert_eq!(server.counts(), (3, 3));
    drop(slow);
}

#[test]
fn a_full_queue_and_a_switched_off_tracker_are_said() {
    let disabled = Server::start_with(config().disabled(), Limits::default());
    disabled.post(TRACK, OK).assert_problem(503, "disabled");

    // Requests that wait for each other's commit pile up in a queue of one.
    let limits = TrackerLimits { queue_events: 1, ..TrackerLimits::default() };
    let data = tempfile::tempdir().expect("a directory");
    let config: Config = config().limits(limits).data(data.path());
    let server = Server::start_with(config, Limits::default());
    let batch = format!(r#"{{"events":[{}]}}"#, vec![OK; 50].join(","));
    let mut streams: Vec<_> = (0..64).map(|_| server.connect()).collect();
    let mut n_accepted = 0;
    let mut n_refused = 0;
    while n_refused == 0 {
        for stream in &mut streams {
            stream.write_all(&post(BATCH, &batch)).expect("the system takes it");
        }
        for stream in &mut streams {
            let answer = read(stream);
            if answer.status == 200 {
                n_accepted += 50;
                continue;
            }
            n_refused += 50;
            answer.assert_problem(503, "queue_full");
            assert_eq!(answer.header("retry-after"), Some("1"));
        }
    }
    let health = server.tracker.health();
    assert_eq!((health.accepted, health.refused["queue_full"]), (n_accepted, n_refused));
}

#[test]
fn a_tracker_that_is_shut_down_takes_nothing() {
    let server = Server::start();
    assert!(server.tracker.shut_down(Duration::from_secs(30)));
    let answer = server.post(TRACK, OK);
    answer.assert_problem(503, "shutting_down");
    assert_eq!(answer.header("retry-after"), Some("5"));
}
