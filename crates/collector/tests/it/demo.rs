//! The page to try out how events are sent, and the question what one would do.

use crate::edge;
use crate::server::{Answer, METRICS, Server, TRACK, config, config_of};
use internal_events::testing::definitions;
use internal_events::{Catalog, Tracker};
use internal_events_collector::{Collector, Limits, Token};
use serde_json::{Value, json};

const EXPLAIN: &str = "/api/v4/usage_data/explain";
const DEFINITIONS: &str = "/demo/definitions";

/// What the page consists of, and what each part is.
const FILES: [(&str, &str); 5] = [
    ("/demo", "text/html; charset=utf-8"),
    ("/demo/demo.css", "text/css; charset=utf-8"),
    ("/demo/demo.js", "text/javascript; charset=utf-8"),
    ("/demo/seen.js", "text/javascript; charset=utf-8"),
    ("/demo/server.js", "text/javascript; charset=utf-8"),
];

fn with_demo(tracker: Tracker) -> Collector {
    Collector::new(tracker, Limits::default()).with_demo()
}

fn get(server: &Server, path: &str, lines: &str) -> Answer {
    server.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"))
}

#[test]
fn the_page_is_there_only_where_it_was_asked_for() {
    let (with, without) = (Server::start_as(config(), with_demo), Server::start());
    for (path, kind) in FILES {
        let answer = with.get(path);
        assert_eq!((answer.status, answer.header("content-type")), (200, Some(kind)), "{path}");
        without.get(path).assert_problem(404, "no_such_page");
        let detail = without.get(path).json()["detail"].to_string();
        assert!(detail.contains("--dev"), "{detail}");
    }
    assert_eq!(with.get(DEFINITIONS).status, 200);
    without.get(DEFINITIONS).assert_problem(404, "no_such_page");
    for path in ["/demo/", "/demo/other.js", "/demo/demo.js/", "/demos", "/demo/definitions/x"] {
        with.get(path).assert_problem(404, "no_such_page");
    }
    for (path, _) in FILES {
        let answer = with.send(format!("POST {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        answer.assert_problem(405, "wrong_method");
    }
}

#[test]
fn nothing_runs_on_the_page_but_its_own_files() {
    let server = Server::start_as(config(), with_demo);
    for (path, _) in FILES {
        let answer = server.get(path);
        let policy = answer.header("content-security-policy").expect("a policy");
        for part in [
            "default-src 'none'",
            "script-src 'self'",
            "style-src 'self'",
            "frame-ancestors 'none'",
        ] {
            assert!(policy.contains(part), "{path}: {policy}");
        }
        for word in ["unsafe", "*", "http:", "https:"] {
            assert!(!policy.contains(word), "{path}: {policy}");
        }
        assert_eq!(answer.header("cache-control"), Some("no-store"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(answer.header("set-cookie"), None, "{path}");
    }
    // The policy would keep them from running; the page should not need to be kept.
    let page = server.get("/demo").body;
    for text in ["<style", "style=", "onclick", "<script>"] {
        assert!(!page.contains(text), "{text}");
    }
}

#[test]
fn the_page_is_guarded_as_rest_is() {
    let server = Server::start_as(config(), with_demo);
    for (line, code) in [
        ("X-Forwarded-For: 192.0.2.1\r\n", "not_local"),
        ("Origin: https://evil.example\r\n", "foreign_origin"),
        ("Sec-Fetch-Site: cross-site\r\n", "foreign_origin"),
    ] {
        for path in FILES.map(|(path, _)| path).into_iter().chain([DEFINITIONS]) {
            get(&server, path, line).assert_problem(403, code);
        }
    }
    let rebound = "GET /demo HTTP/1.1\r\nHost: evil.example\r\n\r\n";
    server.send(rebound).assert_problem(403, "not_local");
}

/// A token with one scope, and what callers show of it.
fn token(scope: &str) -> (Token, String) {
    let (text, token) = edge::token(scope, &[scope]);
    (token, format!("Authorization: Bearer {text}\r\n"))
}

#[test]
fn with_tokens_the_page_learns_nothing_without_one() {
    let ((reads, reader), (tracks, tracker_of)) = (token("read_metrics"), token("track"));
    let server = Server::start_as(config(), |it| with_demo(it).tokens(vec![reads, tracks]));
    // A browser here gets the page, which asks its visitor for a token.
    for (path, _) in FILES {
        assert_eq!(server.get(path).status, 200, "{path}");
    }
    server.get(DEFINITIONS).assert_problem(401, "no_token");
    get(&server, DEFINITIONS, &tracker_of).assert_problem(403, "missing_scope");
    assert_eq!(get(&server, DEFINITIONS, &reader).status, 200);
    // Who comes through a proxy needs one for the page itself.
    let proxied = "X-Forwarded-For: 192.0.2.1\r\n";
    get(&server, "/demo", proxied).assert_problem(401, "no_token");
    assert_eq!(get(&server, "/demo", &format!("{proxied}{reader}")).status, 200);
    let body = r#"{"event":"create_order"}"#;
    let explain = |line: &str| {
        server.send(format!(
            "POST {EXPLAIN} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{line}\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        ))
    };
    explain("").assert_problem(401, "no_token");
    explain(&tracker_of).assert_problem(403, "missing_scope");
    assert_eq!(explain(&reader).status, 200);
}

#[test]
fn definitions_say_what_can_be_tried_out() {
    let server = Server::start_as(config_of(&["create_order", "open_page"]), |it| {
        with_demo(it).app_ids(&["*".to_owned(), "shop".to_owned()])
    });
    let definitions = server.get(DEFINITIONS).json();
    assert_eq!(definitions["app_id"], "shop");
    let events = definitions["events"].as_array().expect("a list");
    let names: Vec<&str> = events.iter().filter_map(|it| it["event"].as_str()).collect();
    assert_eq!(names, ["create_order", "open_page"]);
    let catalog = Catalog::new(crate_definitions());
    let order = catalog.events().next().expect("an event");
    assert_eq!(events[0]["properties"], json!(order.properties));
    assert_eq!(events[0]["identifiers"], json!(order.identifiers));
    let counted: Vec<&str> = catalog
        .metrics_counting("create_order")
        .map(|it| it.definition.key_path.as_str())
        .collect();
    assert_eq!(events[0]["metrics"], json!(counted));
    assert!(!counted.is_empty() && counted.iter().all(|it| definitions["metrics"][it].is_string()));
}

fn crate_definitions() -> internal_events::Definitions {
    definitions(&["create_order", "open_page"])
}

#[test]
fn what_an_event_would_do_is_said_and_not_done() {
    let server = Server::start();
    let before = server.get(METRICS).json();
    let ask = |body: &str| {
        let answer = server.post(EXPLAIN, body);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()
    };
    let moved = |explained: &Value| {
        let rules = explained["rules"].as_array().expect("rules").clone();
        let rules = rules.into_iter().filter(|it| it["moves"] == true);
        rules.map(|it| it["key"].as_str().expect("a key").to_owned()).collect::<Vec<_>>()
    };
    let with_user = ask(
        r#"{"event":"create_order","user_id":5,"additional_properties":{"colour":"red","size":[1]}}"#,
    );
    assert_eq!((&with_user["known"], &with_user["at"]), (&json!(true), &json!("2026-11-18")));
    assert_eq!(
        with_user["warnings"],
        json!(["property `size` should be a string or a number, not a list, and was left out"])
    );
    let failed =
        with_user["gates"].as_array().expect("gates").iter().find(|it| it["passed"] == false);
    assert_eq!(failed.expect("one failed")["subject"], "colour");
    let without_user = ask(r#"{"event":"create_order"}"#);
    let (all, some) = (moved(&with_user), moved(&without_user));
    assert!(some.len() < all.len() && some.iter().all(|it| all.contains(it)), "{some:?} {all:?}");
    let missing =
        without_user["rules"].as_array().expect("rules").iter().find(|it| it["moves"] == false);
    let missing = missing.expect("one does not move");
    assert_eq!(
        (&missing["reason"], &missing["why"]),
        (&json!({"missing": "user"}), &json!("`user` is missing"))
    );
    let unknown = ask(r#"{"event":"create_ordr"}"#);
    assert_eq!((&unknown["known"], &unknown["rules"]), (&json!(false), &json!([])));
    assert!(unknown["gates"][0]["detail"].to_string().contains("did you mean `create_order`?"));

    for (body, code) in
        [("{", "invalid_json"), ("{}", "invalid_parameter"), ("[]", "invalid_parameter")]
    {
        server.post(EXPLAIN, body).assert_problem(400, code);
    }
    server.get(EXPLAIN).assert_problem(405, "wrong_method");
    assert_eq!((server.counts(), server.get(METRICS).json()), ((0, 0), before));

    // What it says is what happens.
    let body = r#"{"event":"create_order","user_id":5}"#;
    assert_eq!(server.post(TRACK, body).status, 200);
    let entries = server.get("/api/v4/usage_data/events").json();
    let updates = entries["events"][0]["updates"].as_array().expect("updates").clone();
    let mut done: Vec<_> = updates.iter().filter_map(|it| it["key"].as_str()).collect();
    let mut said = moved(&ask(body));
    done.sort_unstable();
    said.sort();
    assert_eq!(done, said);
}
