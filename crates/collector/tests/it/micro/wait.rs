//! Who waits for events gets them as soon as they are there.

use super::{actions, event, start, start_with, totals, track};
use crate::server::{Server, config, read};
use internal_events_collector::Limits;
use serde_json::json;
use std::io::Write as _;
use std::net::TcpStream;

/// Asks and does not read the answer yet; events can come before the question or after it.
fn begin(server: &Server, query: &str) -> TcpStream {
    let mut stream = server.connect();
    let ask = format!("GET /micro/wait?{query} HTTP/1.1\r\nHost: localhost\r\n\r\n");
    stream.write_all(ask.as_bytes()).expect("it reads");
    stream
}

#[test]
fn what_is_there_already_is_answered_at_once() {
    let server = start();
    track(&server, &[event(&json!({"se_ac": "a"})), event(&json!({"se_ac": "b", "aid": "shop"}))]);
    for (query, expected) in [
        ("", &["b", "a"][..]),
        ("event=a", &["a"]),
        ("count=2", &["b", "a"]),
        ("app_id=shop&event_type=struct", &["b"]),
        ("schema=iglu:com.google.analytics/event/jsonschema/1-0-0&count=2&timeout=0", &["b", "a"]),
    ] {
        assert_eq!(actions(&server, &format!("/micro/wait?{query}")), expected, "{query}");
    }
}

#[test]
fn two_hundred_who_wait_all_wake() {
    let server = start();
    let waiting: Vec<_> =
        (0..200).map(|n| begin(&server, &format!("event=e{}&timeout=60", n % 2))).collect();
    track(&server, &[event(&json!({"se_ac": "e0"}))]);
    track(&server, &[event(&json!({"se_ac": "e1"}))]);
    for (n, stream) in waiting.iter().enumerate() {
        let answer = read(stream);
        assert_eq!(answer.status, 200, "{n}: {answer:?}");
        assert_eq!(answer.json()[0]["event"]["se_action"], format!("e{}", n % 2));
    }
}

#[test]
fn events_of_several_requests_add_up_and_a_reset_starts_anew() {
    let server = start();
    let stream = begin(&server, "event=a&count=3&timeout=60");
    track(&server, &[event(&json!({"se_ac": "a"})), event(&json!({"se_ac": "b"}))]);
    assert_eq!(server.get("/micro/reset").status, 200);
    for _ in 0..2 {
        track(&server, &[event(&json!({"se_ac": "a"}))]);
    }
    // Whether it looked before the reset or not, the first is gone.
    assert_eq!(totals(&server, ""), (2, 0));
    track(&server, &[event(&json!({"se_ac": "a"}))]);
    assert_eq!(read(&stream).json().as_array().map(Vec::len), Some(3));
}

#[test]
fn who_waits_in_vain_is_told_what_there_is_instead() {
    let server = start();
    track(
        &server,
        &[
            event(&json!({"se_ac": "create_order", "colour": "red"})),
            event(&json!({"se_ac": "click"})),
            event(&json!({"se_ac": "buy"})),
        ],
    );
    let answer = server.get("/micro/wait?event=create_order&timeout=0");
    answer.assert_problem(408, "not_seen");
    let body = answer.json();
    let reasons = [
        "`colour` is no parameter of the protocol",
        "`user` is missing, so the metrics that count it did not move",
    ];
    let detail = format!(
        "0 of 1 events came within 0 s. There are 2 good ones and 1 bad ones; bad is \
         create_order: {}; good are buy, click.",
        reasons.join(", ")
    );
    assert_eq!(body["detail"], detail);
    assert_eq!(body["matching"], 0);
    assert_eq!(body["bad"], json!([{"event": "create_order", "errors": reasons}]));
    assert_eq!(body["seen"], json!(["buy", "click"]));
    let answer = server.get("/micro/wait?event=click&count=2&timeout=0.05");
    answer.assert_problem(408, "not_seen");
    assert_eq!(answer.json()["matching"], 1);
    let nothing = server.get("/micro/wait?run=other&timeout=0");
    let detail = nothing.assert_problem(408, "not_seen").json()["detail"].clone();
    let expected = "0 of 1 events came within 0 s. There are 0 good ones and 0 bad ones; no good \
                    struct event came.";
    assert_eq!(detail, expected, "another run's events are none of its business");
}

/// Asks until no more may wait, because all of them do.
fn until_all_wait(server: &Server) {
    let ask = || server.get("/micro/wait?event=never&timeout=0");
    let full = std::iter::repeat_with(ask).find(|it| it.status != 408).expect("one in the end");
    full.assert_problem(429, "rate_limited");
    assert_eq!(full.header("retry-after"), Some("1"));
}

#[test]
fn the_end_of_the_server_does_not_wait_for_those_who_do() {
    let server = start_with(config(), Limits { micro_waiters: 50, ..Limits::default() });
    let waiting: Vec<_> = (0..50).map(|_| begin(&server, "event=never&timeout=60")).collect();
    until_all_wait(&server);
    let ended = std::thread::spawn(move || drop(server));
    for stream in &waiting {
        read(stream).assert_problem(503, "shutting_down");
    }
    ended.join().expect("it ends");
}

#[test]
fn no_more_wait_than_may() {
    let server = start_with(config(), Limits { micro_waiters: 2, ..Limits::default() });
    let waiting = [begin(&server, "event=a&timeout=60"), begin(&server, "event=a&timeout=60")];
    until_all_wait(&server);
    track(&server, &[event(&json!({"se_ac": "a"}))]);
    for stream in &waiting {
        assert_eq!(read(stream).status, 200);
    }
    assert_eq!(actions(&server, "/micro/wait?event=a"), ["a"], "their places are free again");
}
