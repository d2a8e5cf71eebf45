//! The flag `--micro`, and the page for people in a real browser.

use super::browser_tracker::find;
use super::npm;
use super::server::{Server, TRACK};
use crate::operations::run_at;
use crate::shop;
use std::process::Command;

const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

const EVENT: &str = r#"{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
    "data":[{"e":"se","p":"web","tv":"x","se_ca":"c","se_ac":"click"}]}"#;

#[test]
fn events_are_shown_only_where_that_was_asked_for() {
    let root = shop();
    let server = Server::start_micro(root.path());
    let mut connection = server.connect();
    assert_eq!(connection.post(TP2, EVENT).expect("it answers").status, 200);
    let shown = connection.get("/micro/wait?event=click").expect("it answers");
    assert_eq!(shown.json()[0]["event"]["se_action"], "click");
    assert_eq!(connection.get("/micro/ui").expect("it answers").status, 200);
    drop(server);
    let server = Server::start(root.path());
    let answer = server.connect().get("/micro/good").expect("it answers");
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("--micro"), "{}", answer.body);
}

/// What an application tracks by REST, or in its own process, is what a test of it looks for.
#[test]
fn events_that_would_be_sent_for_calls_are_shown_too() {
    let root = shop();
    let server = Server::start_micro(root.path());
    let get = |path: &str| server.connect().get(path).expect("it answers");
    for (user, is_sent) in [(1, true), (2, false), (3, true)] {
        let body = format!(
            r#"{{"event":"create_order","user_id":{user},"project_id":{user},"send_to_snowplow":{is_sent}}}"#
        );
        let answer = server.connect().post(TRACK, &body).expect("it answers");
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let run = run_at(root.path(), &["track", "create_order", "--user", "4"]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let answer = get("/micro/wait?event=create_order&count=3&timeout=30");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let shown = answer.json();
    let events = shown.as_array().expect("a list");
    assert_eq!(events.len(), 3, "{shown}");
    assert!(events.iter().all(|it| it["eventType"] == "struct"), "{shown}");
    assert_eq!(get("/micro/all").json(), serde_json::json!({ "total": 3, "good": 3, "bad": 0 }));
}

#[test]
fn a_browser_shows_events_as_text_and_why_they_are_bad() {
    let what = "the page of events in a browser";
    let Some(chromium) = find("chromium") else { return npm::skip(what, "chromium is not there") };
    let root = shop();
    let server = Server::start_micro(root.path());
    let hostile = EVENT.replace("click", r"<img src=x onerror=document.title='run'>");
    let bad = EVENT.replace("click", "create_ordr").replace(r#""p":"web""#, r#""p":"fridge""#);
    for sent in [&hostile, &bad] {
        assert_eq!(server.connect().post(TP2, sent).expect("it answers").status, 200);
    }
    let profile = tempfile::tempdir().expect("a folder");
    let mut browser = Command::new(chromium);
    browser.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]);
    // Time goes on in the page only while nothing is on its way; so it has looked when this ends.
    browser.arg("--virtual-time-budget=3000");
    browser.arg(format!("--user-data-dir={}", profile.path().display()));
    let output = browser.arg(format!("http://{}/micro/ui", server.address)).output();
    let page = String::from_utf8(output.expect("it starts").stdout).expect("a page is text");
    for text in [
        r#"<span id="n-all">2</span>"#,
        r#"<span class="name">&lt;img src=x onerror=document.title='run'&gt;</span>"#,
        r#"<span class="name">create_ordr</span>"#,
        "`p` should be one of web, mob, pc",
    ] {
        assert!(page.contains(text), "{text} is in {page}");
    }
    assert!(!page.contains("<img") && !page.contains("<title>run"), "{page}");
}
