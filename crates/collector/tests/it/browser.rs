//! The browser package: how pages get it, and how they send without being asked ahead.

use crate::server::{Answer, Server, TRACK, config};
use crate::trackers::{body, context, order};
use base64::Engine as _;
use internal_events_collector::{Collector, Limits, Rate};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha384};

const SCRIPT: &str = "/internal-events.js";
const INTEGRITY: &str = "/internal-events.js.sha384";
const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

fn get(server: &Server, target: &str, lines: &str) -> Answer {
    server.send(format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n"))
}

fn post_as(server: &Server, path: &str, lines: &str, body: &str) -> Answer {
    server.send(format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\n{lines}Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

#[test]
fn pages_of_every_origin_may_load_the_script_and_read_it() {
    let server = Server::start();
    for lines in [
        "",
        "Origin: https://shop.example\r\n",
        "Origin: null\r\n",
        "Origin: http://127.0.0.1:3000\r\n",
        "Sec-Fetch-Site: cross-site\r\n",
        "X-Forwarded-For: 192.0.2.1\r\n",
        "Cookie: session=1\r\nAuthorization: Bearer iet_wrong\r\n",
    ] {
        for (target, kind) in [(SCRIPT, "text/javascript"), (INTEGRITY, "text/plain")] {
            let answer = get(&server, target, lines);
            assert_eq!(answer.status, 200, "{lines}");
            let expected = [
                ("content-type", format!("{kind}; charset=utf-8")),
                ("access-control-allow-origin", "*".to_owned()),
                ("cross-origin-resource-policy", "cross-origin".to_owned()),
                ("x-content-type-options", "nosniff".to_owned()),
            ];
            for (name, value) in expected {
                let given: Vec<_> = answer.headers.iter().filter(|(it, _)| it == name).collect();
                assert_eq!(given, [&(name.to_owned(), value)], "{lines}");
            }
            assert_eq!(answer.header("access-control-allow-credentials"), None);
            assert_eq!((answer.header("set-cookie"), answer.header("vary")), (None, None));
        }
    }
    assert_eq!(
        get(&server, SCRIPT, "").body,
        include_str!("../../../../packages/browser/dist/internal-events.js")
    );
}

#[test]
fn the_hash_that_is_told_is_that_of_the_script() {
    let server = Server::start();
    let script = get(&server, SCRIPT, "").body;
    let hash = base64::engine::general_purpose::STANDARD.encode(Sha384::digest(&script));
    assert_eq!(get(&server, INTEGRITY, "").body, format!("sha384-{hash}\n"));
    let element = Collector::script_element("https://events.example");
    let tag = get(&server, SCRIPT, "").header("etag").expect("a tag").to_owned();
    let version = tag.trim_matches('"');
    assert_eq!(
        element,
        format!(
            r#"<script src="https://events.example{SCRIPT}?v={version}" integrity="sha384-{hash}" crossorigin="anonymous"></script>"#
        )
    );
}

#[test]
fn a_browser_keeps_the_script_and_asks_whether_it_changed() {
    let server = Server::start();
    let tag = get(&server, SCRIPT, "").header("etag").expect("a tag").to_owned();
    let (hour, ever) = ("public, max-age=3600", "public, max-age=31536000, immutable");
    let version = tag.trim_matches('"');
    for (query, kept) in [
        (String::new(), hour),
        (format!("?v={version}"), ever),
        (format!("?x=1&v={version}"), ever),
        ("?v=0123456789abcdef".to_owned(), hour),
        ("?v=".to_owned(), hour),
        (format!("?w={version}"), hour),
    ] {
        let answer = get(&server, &format!("{SCRIPT}{query}"), "");
        assert_eq!((answer.status, answer.header("cache-control")), (200, Some(kept)), "{query}");
        let again = get(&server, &format!("{SCRIPT}{query}"), &format!("If-None-Match: {tag}\r\n"));
        assert_eq!((again.status, again.body.as_str()), (304, ""), "{query}");
        assert_eq!(again.header("cache-control"), Some(kept), "{query}");
        assert_eq!(again.header("access-control-allow-origin"), Some("*"), "{query}");
    }
    let other = get(&server, SCRIPT, "If-None-Match: \"other\"\r\n");
    assert_eq!((other.status, other.body.is_empty()), (200, false));
    for (method, target) in [("POST", SCRIPT), ("OPTIONS", SCRIPT), ("PUT", INTEGRITY)] {
        let answer = server.send(format!("{method} {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        answer.assert_problem(405, "wrong_method");
        assert_eq!(answer.header("allow"), Some("GET, HEAD"));
    }
    for path in ["/internal-events.js/", "/internal-events.js.map", "/Internal-Events.js"] {
        server.get(path).assert_problem(404, "no_such_page");
    }
}

#[test]
fn the_limit_of_a_client_holds_for_the_script_too() {
    let rate = Rate { events_per_second: 1, burst: 3 };
    let limits = Limits { rate, rate_on_loopback: true, ..Limits::default() };
    let server = Server::start_with(config(), limits);
    let statuses = [SCRIPT, INTEGRITY, SCRIPT, SCRIPT].map(|it| get(&server, it, "").status);
    assert_eq!(statuses, [200, 200, 200, 429]);
}

#[test]
fn a_page_that_says_who_it_is_may_send_its_json_as_text() {
    let shop = ["https://shop.example".to_owned()];
    let make = |tracker| {
        let collector = Collector::new(tracker, Limits::default());
        collector.origins(&shop).expect("it is an origin").with_micro()
    };
    let (default, listed) = (Server::start(), Server::start_as(config(), make));
    let user = json!({ "environment": "test", "user_id": 5 });
    let body = body(&[order(&context("gitlab_standard", &user))]);
    let here = "Origin: http://localhost:3000\r\n";
    let there = "Origin: https://shop.example\r\n";
    for (server, origin, kind, outcome) in [
        (&default, here, "text/plain", "tracked"),
        (&default, here, "text/plain;charset=UTF-8", "tracked"),
        (&default, here, "Text/Plain ; charset=\"utf-8\"", "tracked"),
        (&listed, there, "text/plain;charset=UTF-8", "tracked"),
        // What a form can send besides, or in another charset.
        (&default, here, "text/plain;charset=iso-8859-1", "content-type"),
        (&default, here, "application/x-www-form-urlencoded", "content-type"),
        (&default, here, "multipart/form-data; boundary=x", "content-type"),
        (&default, here, "text/html", "content-type"),
        (&default, here, "text/plainer", "content-type"),
        // Nobody says that it is allowed to.
        (&default, "", "text/plain", "content-type"),
        (&default, "Sec-Fetch-Site: same-origin\r\n", "text/plain", "content-type"),
        (&default, "Sec-Fetch-Site: cross-site\r\n", "text/plain", "foreign_origin"),
        (&default, there, "text/plain", "foreign_origin"),
        (&listed, here, "text/plain", "foreign_origin"),
        (&default, "Origin: null\r\n", "text/plain", "foreign_origin"),
        (&default, &format!("{here}{here}"), "text/plain", "foreign_origin"),
    ] {
        let before = server.snowplow_health();
        let answer = post_as(server, TP2, &format!("{origin}Content-Type: {kind}\r\n"), &body);
        let after = server.snowplow_health();
        let grown = |name: &str| {
            let count = |it: &Value| it.pointer(name).and_then(Value::as_u64).unwrap_or(0);
            count(&after) - count(&before)
        };
        let told = (grown("/tracked"), grown("/bad/content-type"));
        if outcome == "foreign_origin" {
            answer.assert_problem(403, outcome);
            assert_eq!(told, (0, 0), "{origin}{kind}");
            continue;
        }
        // By the status a page knows whether its text was read.
        let is_tracked = u64::from(outcome == "tracked");
        let expected = if is_tracked == 1 { (204, "") } else { (200, "ok") };
        assert_eq!((answer.status, answer.body.as_str()), expected, "{origin}{kind}");
        assert_eq!(told, (is_tracked, 1 - is_tracked), "{origin}{kind}");
    }
    // It is shown for what it is: a good event, and how it came.
    let shown = listed.get("/micro/good").json();
    assert_eq!(shown[0]["rawEvent"]["contentType"], "text/plain;charset=UTF-8");
    assert_eq!(listed.get("/micro/all").json(), json!({ "total": 1, "good": 1, "bad": 0 }));
}

#[test]
fn over_rest_a_page_sends_json_as_json_or_nothing() {
    let server = Server::start();
    let event = r#"{"event":"create_order"}"#;
    for path in [TRACK, "/api/v4/usage_data/explain"] {
        let lines = "Origin: http://localhost:3000\r\nContent-Type: text/plain\r\n";
        post_as(&server, path, lines, event).assert_problem(415, "wrong_type");
    }
    assert_eq!(server.counts(), (0, 0));
}
