//! Filters, who may look, and what is answered to what is asked wrong.

use super::{TP2, actions, ask, body, contexts, event, list, start, totals, track};
use crate::server::{Server, config};
use internal_events_collector::{Collector, Limits, Token};
use serde_json::{Value, json};

const PAGES: [&str; 7] = [
    "/micro/all",
    "/micro/good",
    "/micro/bad",
    "/micro/wait?timeout=0",
    "/micro/ui",
    "/micro/iglu/com.gitlab/gitlab_standard/jsonschema/1-1-8",
    "/micro/reset",
];

/// A server that has seen these: `a`, `b`, a page view, and two that are bad.
fn with_events() -> Server {
    let server = start();
    let of = |list: &[&str]| contexts(&list.iter().map(|it| (*it, json!({}))).collect::<Vec<_>>());
    let (x, y) = ("com.acme/x/jsonschema/1-0-0", "com.acme/y/jsonschema/1-0-0");
    let id = "0f1a2b3c-4d5e-4f60-8718-293a4b5c6d7e";
    track(
        &server,
        &[
            event(&json!({"se_ac": "a", "aid": "shop", "co": of(&[x, y])})),
            event(&json!({"se_ac": "b", "aid": "shop", "co": of(&[x]), "eid": id})),
            event(&json!({"e": "pv", "se_ac": "view"})),
            event(&json!({"se_ac": "c", "aid": "shop", "colour": "red"})),
            event(&json!({"se_ac": "d", "p": "fridge"})),
        ],
    );
    server
}

#[test]
fn filters_are_taken_from_a_query_and_from_a_body() {
    let server = with_events();
    let (x, y) = ("iglu:com.acme/x/jsonschema/1-0-0", "iglu:com.acme/y/jsonschema/1-0-0");
    let id = "0F1A2B3C-4D5E-4F60-8718-293A4B5C6D7E";
    for (filters, expected) in [
        (json!({}), &["view", "b", "a"][..]),
        (json!({"event_type": "struct"}), &["b", "a"]),
        (json!({"event_type": "page_view"}), &["view"]),
        (json!({"schema": "iglu:com.google.analytics/event/jsonschema/1-0-0"}), &["b", "a"]),
        (json!({"contexts": [x]}), &["b", "a"]),
        (json!({"contexts": [x, y]}), &["a"]),
        (json!({"contexts": ["iglu:com.acme/z/jsonschema/1-0-0"]}), &[]),
        (json!({"limit": 2}), &["view", "b"]),
        (json!({"limit": "1"}), &["view"]),
        (json!({"limit": 4_294_967_295_u32}), &["view", "b", "a"]),
        (json!({"limit": 0}), &[]),
        (json!({"event_id": id}), &["b"]),
        (json!({"event": "a"}), &["a"]),
        (json!({"app_id": "shop"}), &["b", "a"]),
        (json!({"app_id": "shop", "event": "view"}), &[]),
        (json!({"event_type": null, "event": "a", "limit": null}), &["a"]),
    ] {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in filters.as_object().into_iter().flatten() {
            let list = value.as_array().map_or(std::slice::from_ref(value), Vec::as_slice);
            for it in list.iter().filter(|it| !it.is_null()) {
                query.append_pair(name, it.as_str().unwrap_or(&it.to_string()));
            }
        }
        let path = format!("/micro/good?{}", query.finish());
        assert_eq!(actions(&server, &path), expected, "{path}");
        let posted = server.post("/micro/good", filters.to_string());
        assert_eq!(posted.body, server.get(&path).body, "{filters}");
    }
    let with_fraction = server.post("/micro/good", r#"{"limit": 1.0}"#);
    assert_eq!(with_fraction.body, server.get("/micro/good?limit=1").body);
    assert_eq!(server.send("POST /micro/good HTTP/1.1\r\nHost: localhost\r\n\r\n").status, 200);
}

#[test]
fn bad_events_have_filters_too() {
    let server = with_events();
    for (query, n) in [
        ("", 2),
        ("limit=1", 1),
        ("vendor=com.snowplowanalytics.snowplow&version=tp2", 2),
        ("version=tp1", 0),
        ("vendor=com.acme", 0),
        ("event=c", 1),
        ("app_id=shop", 1),
    ] {
        assert_eq!(list(&server, &format!("/micro/bad?{query}")).len(), n, "{query}");
    }
}

#[test]
fn what_is_asked_wrong_is_answered_with_what_would_be_right() {
    let server = with_events();
    for (path, detail) in [
        ("/micro/good?colour=red", "There is no parameter `colour`, only `event_type`"),
        ("/micro/good?vendor=x", "There is no parameter `vendor`"),
        ("/micro/all?limit=1", "There is no parameter `limit`, only `run`."),
        ("/micro/reset?event=a", "There is no parameter `event`"),
        ("/micro/good?limit=-1", "limit is `-1`; it should be a whole number below 4294967296."),
        ("/micro/good?limit=4294967296", "limit is `4294967296`"),
        ("/micro/good?event=a&event=b", "event is given twice."),
        ("/micro/good?limit=1&limit=2", "limit is given twice."),
        ("/micro/good?run=", "The name of a run has 1 to 64 characters"),
        ("/micro/wait?count=0", "count is `0`; it should be a number from 1 to 10000."),
        ("/micro/wait?count=10001", "count is `10001`"),
        ("/micro/wait?count=1&count=2", "count is given twice."),
        ("/micro/wait?timeout=61", "timeout is `61`; it should be seconds, from 0 to 60."),
        ("/micro/wait?timeout=-1", "timeout is `-1`"),
        ("/micro/wait?timeout=NaN", "timeout is `NaN`"),
        ("/micro/wait?limit=1", "There is no parameter `limit`"),
    ] {
        let answer = server.get(path);
        answer.assert_problem(400, "invalid_parameter");
        let given = answer.json()["detail"].as_str().expect("a text").to_owned();
        assert!(given.starts_with(detail), "{path}: {given}");
    }
    for (sent, code) in [
        ("{", "invalid_json"),
        ("[]", "invalid_parameter"),
        (r#"{"event":5}"#, "invalid_parameter"),
        (r#"{"limit":1.5}"#, "invalid_parameter"),
        (r#"{"contexts":"x"}"#, "invalid_parameter"),
        (r#"{"contexts":[5]}"#, "invalid_parameter"),
        (r#"{"zzz":"x"}"#, "invalid_parameter"),
    ] {
        server.post("/micro/good", sent).assert_problem(400, code);
    }
    let form = "POST /micro/reset HTTP/1.1\r\nHost: localhost\r\nContent-Type: text/plain\r\n\
                Content-Length: 2\r\n\r\n{}";
    server.send(form).assert_problem(415, "wrong_type");
    for (method, path) in [("PUT", "/micro/good"), ("POST", "/micro/ui"), ("POST", "/micro/wait")] {
        let answer = server.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        answer.assert_problem(405, "wrong_method");
    }
    for path in ["/micro/", "/micro/zzz", "/micro/good/", "/micro/ui/x"] {
        server.get(path).assert_problem(404, "no_such_page");
    }
    assert_eq!(totals(&server, ""), (3, 2), "nothing of that changed anything");
}

#[test]
fn reset_forgets_everything_and_says_so() {
    for method in ["GET", "POST"] {
        let server = with_events();
        let ask = format!("{method} /micro/reset HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let empty = json!({"total": 0, "good": 0, "bad": 0});
        assert_eq!(server.send(ask).json(), empty);
        assert_eq!(server.get("/micro/all").json(), empty);
        assert_eq!((list(&server, "/micro/good").len(), list(&server, "/micro/bad").len()), (0, 0));
        track(&server, &[event(&json!({"se_ac": "a"}))]);
        assert_eq!(actions(&server, "/micro/good"), ["a"]);
    }
}

#[test]
fn without_micro_there_are_no_pages_and_a_hint() {
    let server = Server::start();
    for page in PAGES {
        let answer = server.get(page);
        answer.assert_problem(404, "no_such_page");
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains("--micro"), "{detail}");
    }
}

#[test]
fn only_who_may_see_single_events_gets_to_see_them() {
    let (mut tokens, mut texts) = (Vec::new(), Vec::new());
    for (name, scope) in [("sender", "track"), ("reader", "read_metrics"), ("tester", "debug")] {
        let new = internal_events_collector::NewToken::generate().expect("random bytes");
        tokens.push(Token::new(name, &new.sha256, &[scope.to_owned()]).expect("a token"));
        texts.push(new.text);
    }
    let server = Server::start_as(config(), |tracker| {
        Collector::new(tracker, Limits::default()).tokens(tokens).with_micro()
    });
    // A tracker has no token.
    track(&server, &[event(&json!({}))]);
    for page in PAGES {
        let is_ui = page == "/micro/ui";
        let nobody = server.get(page);
        if is_ui {
            // It holds no event, and asks for a token when it needs one.
            assert_eq!(nobody.status, 200);
        } else {
            nobody.assert_problem(401, "no_token");
        }
        for (text, may) in texts.iter().zip([false, false, true]) {
            let answer = ask(&server, page, &format!("Authorization: Bearer {text}\r\n"));
            if may || is_ui {
                assert_eq!(answer.status, 200, "{page}");
            } else {
                answer.assert_problem(403, "missing_scope");
            }
        }
        // Whoever speaks through a proxy is not on this machine.
        let answer = ask(&server, page, "X-Forwarded-For: 10.0.0.1\r\n");
        answer.assert_problem(401, "no_token");
    }
    for page in PAGES {
        let plain = with_events();
        for (line, code) in [
            ("X-Forwarded-For: 127.0.0.1\r\n", "not_local"),
            ("Origin: https://shop.example\r\n", "foreign_origin"),
            ("Sec-Fetch-Site: cross-site\r\n", "foreign_origin"),
        ] {
            ask(&plain, page, line).assert_problem(403, code);
        }
        assert_eq!(totals(&plain, ""), (3, 2), "{page}");
    }
}

#[test]
fn the_page_for_people_runs_nothing_but_itself() {
    let server = start();
    let (first, second) = (server.get("/micro/ui"), server.get("/micro/ui"));
    assert_eq!(first.header("content-type"), Some("text/html; charset=utf-8"));
    assert_eq!(first.header("cache-control"), Some("no-store"));
    let policy = first.header("content-security-policy").expect("a policy");
    assert!(policy.starts_with("default-src 'none'; script-src 'nonce-"), "{policy}");
    assert!(!policy.contains("unsafe"), "{policy}");
    let nonce =
        policy.split("'nonce-").nth(1).and_then(|it| it.split('\'').next()).expect("a nonce");
    assert_eq!(nonce.len(), 32);
    assert!(first.body.contains(&format!("<script nonce=\"{nonce}\">")));
    assert!(first.body.contains(&format!("<style nonce=\"{nonce}\">")));
    assert!(!first.body.contains("{nonce}"));
    assert_ne!(Some(policy), second.header("content-security-policy"), "no nonce comes twice");
    for way_in in
        ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "://", "src="]
    {
        assert!(!first.body.contains(way_in), "{way_in}");
    }
}

#[test]
fn nobody_keeps_what_is_shown() {
    let server = with_events();
    for page in PAGES.iter().filter(|it| !it.contains("wait")) {
        assert_eq!(server.get(page).header("cache-control"), Some("no-store"), "{page}");
    }
}

#[test]
fn an_event_is_there_before_its_tracker_is_answered() {
    let server = start();
    for n in 1..=20 {
        assert_eq!(server.post(TP2, body(&[event(&json!({}))])).status, 200);
        assert_eq!(totals(&server, ""), (n, 0));
    }
}

#[test]
fn what_was_not_accepted_is_not_shown_for_it_comes_again() {
    let server = start();
    assert!(server.tracker.shut_down(std::time::Duration::from_secs(30)));
    let sent = body(&[event(&json!({"se_ac": "create_order"}))]);
    server.post(TP2, sent).assert_problem(503, "shutting_down");
    assert_eq!(totals(&server, ""), (0, 0));
}

#[test]
fn events_that_come_by_another_way_are_shown_with_the_others() {
    let mut micro = None;
    let server = Server::start_as(config(), |tracker| {
        let collector = Collector::new(tracker, Limits::default());
        assert!(collector.micro().is_none());
        let collector = collector.with_micro();
        micro = collector.micro();
        collector
    });
    let micro = micro.expect("it was asked for");
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    let parameters =
        [pair("e", "se"), pair("p", "srv"), pair("tv", "rs-1"), pair("se_ac", "a\"\u{1}ü")];
    micro.see(&parameters);
    micro.see(&parameters[..2]);
    micro.see(&[]);
    assert_eq!(totals(&server, ""), (1, 2));
    assert_eq!(actions(&server, "/micro/good"), ["a\"\u{1}ü"]);
    let raw = &list(&server, "/micro/good")[0]["rawEvent"];
    assert_eq!(raw["source"]["hostname"], Value::Null);
}
