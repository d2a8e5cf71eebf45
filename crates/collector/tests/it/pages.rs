//! The examples of `docs/http.md`, with its table of statuses, and of `docs/snowplow.md` and
//! `docs/micro.md`, executed.

use crate::server::{Answer, Server, TRACK, config};
use crate::trouble;
use internal_events::Tracker;
use internal_events_collector::{Collector, Limits, Rate, Token};
use std::collections::BTreeSet;
use std::time::Duration;

/// Every code there is, and whether the page has an example of it.
const CODES: [(&str, bool); 29] = [
    ("invalid_json", true),
    ("invalid_parameter", true),
    ("too_many_events", true),
    ("broken_body", true),
    ("unclear_length", true),
    ("unclear_host", true),
    ("not_local", true),
    ("foreign_origin", true),
    ("no_token", true),
    ("unknown_token", true),
    ("missing_scope", true),
    ("rate_limited", true),
    ("no_such_page", true),
    ("no_such_metric", true),
    ("no_such_schema", true),
    ("wrong_method", true),
    ("slow_body", true),
    ("not_seen", true),
    ("large_body", true),
    ("wrong_type", true),
    ("wrong_encoding", true),
    ("refused", true),
    ("queue_full", true),
    ("shutting_down", true),
    ("disabled", true),
    ("not_durable", true),
    ("unreadable", true),
    ("interrupted", true),
    ("accepted", true),
];

#[test]
fn every_example_of_the_page_is_answered_as_it_says() {
    let page = page("http.md");
    let (n_examples, seen) = execute(&page);
    assert!(n_examples >= 15, "the page has examples");
    // A test beside the problems holds the table against them.
    let (_, table) = page.split_once("| status | `code` | when |").expect("the table");
    let lines = table.lines().skip(2).take_while(|it| it.starts_with('|'));
    let rows = lines.filter_map(|it| it.split('`').nth(1));
    let listed: BTreeSet<&str> = rows.chain(["accepted"]).collect();
    assert_eq!(listed, CODES.into_iter().map(|(code, _)| code).collect());
    for (code, has_example) in CODES {
        assert_eq!(seen.contains(code), has_example, "`{code}` has an example");
    }
}

#[test]
fn every_example_for_trackers_is_answered_as_the_page_says() {
    let (n_examples, seen) = execute(&page("snowplow.md"));
    assert_eq!(n_examples, 2);
    assert_eq!(seen, ["accepted", "foreign_origin"].map(str::to_owned).into());
}

#[test]
fn every_example_of_what_is_shown_is_answered_as_the_page_says() {
    let (n_examples, seen) = execute(&page("micro.md"));
    assert_eq!(n_examples, 5);
    assert_eq!(seen, ["accepted", "not_seen"].map(str::to_owned).into());
}

fn page(name: &str) -> String {
    let path = format!("{}/../../docs/{name}", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).expect("the page exists")
}

/// Sends every example of a page; gives their number, and the codes of the answers.
fn execute(page: &str) -> (usize, BTreeSet<String>) {
    let mut n_examples = 0;
    let mut seen = BTreeSet::new();
    for example in examples(page) {
        n_examples += 1;
        let answer = example.send();
        let (status, body) = example.answer.split_once('\n').expect("a status and a body");
        assert_eq!(answer.status.to_string(), status.trim(), "{}", example.request);
        seen.extend((answer.status == 200).then(|| "accepted".to_owned()));
        let Ok(expected) = serde_json::from_str::<serde_json::Value>(body) else {
            assert_eq!(answer.body, body.trim(), "{}", example.request);
            continue;
        };
        assert_eq!(answer.json(), expected, "{}", example.request);
        if let Some(code) = expected["code"].as_str() {
            answer.assert_problem(answer.status, code);
            seen.insert(code.to_owned());
        }
    }
    (n_examples, seen)
}

/// ```` ```http ```` and a line with the status and the body that must come back.
struct Example {
    /// What the words after `http` say about the server.
    setting: String,
    request: String,
    answer: String,
}

fn examples(page: &str) -> Vec<Example> {
    let blocks = page.split("\n```http").skip(1);
    let example = |block: &str| {
        let (setting, rest) = block.split_once('\n').expect("a first line");
        let (text, _) = rest.split_once("\n```").expect("the block ends");
        let (request, answer) = text.split_once("\n=> ").expect("an answer");
        Example {
            setting: setting.trim().to_owned(),
            request: wire(request),
            answer: answer.to_owned(),
        }
    };
    blocks.map(example).collect()
}

/// Where the examples of all pages post something, and what.
pub(crate) fn bodies() -> Vec<(String, String)> {
    let examples = [page("http.md"), page("snowplow.md")].map(|it| examples(&it));
    let body = |it: Example| {
        let (head, body) = it.request.split_once("\r\n\r\n")?;
        let path = head.strip_prefix("POST ")?.split([' ', '?']).next()?;
        (!body.is_empty()).then(|| (path.to_owned(), body.to_owned()))
    };
    examples.into_iter().flatten().filter_map(body).collect()
}

/// The request as it goes over the wire: line ends, the length, and what every request has.
fn wire(request: &str) -> String {
    let (head, body) = request.split_once("\n\n").unwrap_or((request, ""));
    let (line, headers) = head.split_once('\n').unwrap_or((head, ""));
    let mut text = format!("{line} HTTP/1.1\r\n");
    for header in headers.lines() {
        text.push_str(&format!("{header}\r\n"));
    }
    if !headers.contains("Content-Length:") && !body.is_empty() {
        text.push_str(&format!("Content-Length: {}\r\n", body.len()));
    }
    format!("{text}\r\n{body}")
}

/// A collector that knows the token of the examples, which may only track.
fn with_token(tracker: Tracker) -> Collector {
    let hash = "d488c065eebccd989d3788678636d12908ddbca83bd24bdeb0a3de6467c2946f";
    let token = Token::new("web", hash, &["track".to_owned()]).expect("a token");
    Collector::new(tracker, Limits::default()).tokens(vec![token])
}

/// A collector that takes one event of each client, and the next a second later.
fn with_no_patience(tracker: Tracker) -> Collector {
    let rate = Rate { events_per_second: 1, burst: 1 };
    let limits = Limits { rate, rate_on_loopback: true, ..Limits::default() };
    Collector::new(tracker, limits)
}

/// A collector that shows events.
fn with_micro(tracker: Tracker) -> Collector {
    Collector::new(tracker, Limits::default()).with_micro()
}

/// The first example of the page about that, after which the others look.
fn order() -> String {
    examples(&page("micro.md")).swap_remove(0).request
}

impl Example {
    fn send(&self) -> Answer {
        match self.setting.as_str() {
            "queue full" => trouble::with_a_full_queue(&self.request),
            "full disk" => trouble::with_a_full_disk(&self.request),
            "damaged file" => trouble::with_a_damaged_file(&self.request),
            "dying writer" => trouble::with_a_writer_that_dies(&self.request),
            "leaves" => self.server().send_and_leave(&self.request),
            _ => self.server().send(&self.request),
        }
    }

    fn server(&self) -> Server {
        let limits = Limits { body_time: Duration::from_secs(1), ..Limits::default() };
        let limits = if self.setting.contains("slow") { limits } else { Limits::default() };
        let config = match self.setting.as_str() {
            "disabled" => config().disabled(),
            "strict" => return Server::start_strict(),
            "token" => return Server::start_as(config(), with_token),
            "micro" => return Server::start_as(config(), with_micro),
            "order" => {
                let server = Server::start_as(config(), with_micro);
                assert_eq!(server.send(order()).status, 200);
                return server;
            }
            "busy" => {
                let server = Server::start_as(config(), with_no_patience);
                assert_eq!(server.post(TRACK, r#"{"event":"create_order"}"#).status, 200);
                return server;
            }
            _ => config(),
        };
        let server = Server::start_with(config, limits);
        if self.setting == "shutting down" {
            assert!(server.tracker.shut_down(Duration::from_secs(30)));
        }
        server
    }
}
