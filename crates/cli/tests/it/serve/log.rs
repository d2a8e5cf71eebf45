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
