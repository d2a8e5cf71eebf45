//! Answers about single events.

use crate::server::{Answer, BATCH, Server, TRACK, config, config_of};
use internal_events::entry_json;
use internal_events_collector::Limits;
use serde_json::{Value, json};

const EVENTS: &str = "/api/v4/usage_data/events";

/// A server that has tracked so many orders, of user 1, 2 and so on.
fn tracked(n: u64, limits: Limits) -> Server {
    let server = Server::start_with(config_of(&["create_order", "view_shop"]), limits);
    for user in 1..=n {
        // Every third is of another event.
        let name = if user % 3 == 0 { "view_shop" } else { "create_order" };
        let body = json!({"event": name, "user_id": user}).to_string();
        assert_eq!(server.post(TRACK, body).status, 200);
    }
    server
}

fn users(answer: &Answer) -> Vec<u64> {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let json = answer.json();
    let events = json["events"].as_array().expect("a list");
    events.iter().filter_map(|it| it["event"]["user"].as_u64()).collect()
}

#[test]
fn a_question_says_which_entries() {
    let server = tracked(7, Limits::default());
    for (query, expected, last) in [
        ("", &[1, 2, 3, 4, 5, 6, 7][..], 7),
        ("?limit=2", &[6, 7], 7),
        ("?after=0", &[1, 2, 3, 4, 5, 6, 7], 7),
        ("?after=0&limit=2", &[1, 2], 2),
        ("?after=2&limit=2", &[3, 4], 4),
        ("?after=7", &[], 7),
        ("?after=9", &[], 9),
        ("?event=view_shop", &[3, 6], 7),
        ("?event=view_shop&limit=1", &[6], 7),
        ("?event=view_shop&after=0&limit=1", &[3], 3),
        ("?event=view_shop&after=3", &[6], 7),
        ("?event=create_order&after=5", &[7], 7),
        ("?event=nothing", &[], 7),
        ("?event=nothing&after=0", &[], 7),
    ] {
        let answer = server.get(&format!("{EVENTS}{query}"));
        assert_eq!(
            (users(&answer), answer.json()["last"].clone()),
            (expected.to_vec(), json!(last)),
            "{query}"
        );
    }
    for query in [
        "?after=-1",
        "?after=9223372036854775808",
        "?after=x",
        "?limit=0",
        "?limit=1001",
        "?limit=",
        "?after=1&after=2",
        "?event=a&event=b",
        "?name=x",
    ] {
        server.get(&format!("{EVENTS}{query}")).assert_problem(400, "invalid_parameter");
    }
}

#[test]
fn an_entry_is_shown_as_the_command_line_prints_it() {
    let server = tracked(1, Limits::default());
    let entries = server.tracker.read(|it| it.entries(0, 10)).expect("enabled").expect("readable");
    let entry = entry_json(&entries[0]);
    let answer = server.get(EVENTS).json();
    assert_eq!(answer, json!({ "version": 1, "last": 1, "events": [entry] }));
    assert_eq!(answer["events"][0]["event"], json!({ "event": "create_order", "user": 1 }));
    let keys = answer["events"][0]["updates"].as_array().expect("updates");
    assert_eq!(keys[0]["key"], "{event_counters}_create_order");
}

#[test]
fn an_answer_is_bounded_and_still_gets_on() {
    let all: Vec<u64> = (1..=7).collect();
    for (limits, newest, pages) in [
        // One event is more than the answer may have.
        (Limits { answer_bytes: 1, ..Limits::default() }, &all[6..], 7),
        (Limits { page_bytes: 1, ..Limits::default() }, &all[..], 1),
        (Limits { entries_looked_at: 1, page_bytes: 1, ..Limits::default() }, &all[..], 7),
        (Limits { bytes_looked_at: 1, page_bytes: 1, ..Limits::default() }, &all[..], 7),
    ] {
        let server = tracked(7, limits);
        assert_eq!(users(&server.get(EVENTS)), newest, "{limits:?}");
        let (mut seen, mut after, mut n) = (Vec::new(), 0, 0);
        while after < 7 {
            let answer = server.get(&format!("{EVENTS}?after={after}"));
            seen.extend(users(&answer));
            after = answer.json()["last"].as_u64().expect("a number");
            n += 1;
        }
        assert_eq!((seen, n), (all.clone(), pages), "{limits:?}");
    }
}

#[test]
fn an_event_of_any_size_is_shown() {
    let server = tracked(0, Limits::default());
    let label = "\u{1}".repeat(300_000);
    let event = json!({"event": "create_order", "additional_properties": {"label": label}});
    let body = json!({ "events": [event] }).to_string();
    assert_eq!(server.post(BATCH, body).status, 200);
    let answer: Value = server.get(EVENTS).json();
    assert_eq!(answer["events"][0]["event"]["properties"]["label"], label);
}

#[test]
fn where_tracking_is_off_there_are_no_events() {
    let server = Server::start_with(config().disabled(), Limits::default());
    let none = json!({ "version": 1, "last": 0, "events": [] });
    assert_eq!(server.get(EVENTS).json(), none);
    assert_eq!(server.get(&format!("{EVENTS}?after=0")).json(), none);
}
