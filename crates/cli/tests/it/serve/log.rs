//! What strangers send, in the log.

use super::server::{Server, TRACK};
use crate::hostile_names::{HOSTILE, assert_shown};
use crate::shop;
use serde_json::json;

#[test]
fn a_log_has_one_line_for_each_entry_whatever_names_are_in_it() {
    let shop = shop();
    let mut server = Server::start_logged(shop.path());
    for event in [
        json!({ "event": "create_order", "additional_properties": { HOSTILE: HOSTILE } }),
        json!({ "event": HOSTILE }),
    ] {
        let answer = server.connect().post(TRACK, &event.to_string()).expect("it answers");
        assert!(matches!(answer.status, 200 | 202), "{}", answer.body);
    }
    server.terminate();
    let log = server.log();
    assert_shown("the log", &log);
    assert_eq!(log.matches(r"\x1b[31m\nforged line").count(), 2, "{log}");
    let is_stamped = |it: &str| it.starts_with("20") && it.contains("Z ");
    assert!(log.lines().all(is_stamped), "each line begins with its time: {log}");
}

#[test]
fn a_log_of_json_has_an_object_on_each_line_and_names_requests_by_their_ids() {
    let shop = shop();
    let mut server = Server::start_logging_json(shop.path());
    let mut connection = server.connect();
    let hostile = json!({ "event": HOSTILE }).to_string();
    assert_eq!(connection.post(TRACK, &hostile).expect("it answers").status, 202);
    let path = format!("{TRACK}?secret=1");
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nX-Request-Id: mine-7\r\n\r\n");
    connection.send(&request).expect("it reads");
    assert_eq!(connection.answer().expect("it answers").status, 405);
    drop(connection);
    server.terminate();
    let log = server.log();
    assert_shown("the log", &log);
    let lines: Vec<serde_json::Value> =
        log.lines().map(|it| serde_json::from_str(it).expect("JSON")).collect();
    let named = lines.iter().find(|it| it["request_id"] == "mine-7").expect("it is mentioned");
    assert_eq!((&named["code"], &named["status"]), (&json!("wrong_method"), &json!(405)));
    assert_eq!((&named["path"], &named["level"]), (&json!(TRACK), &json!("INFO")));
    assert!(!log.contains("secret"), "no query: {log}");
}
