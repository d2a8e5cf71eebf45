//! Definitions that change while the server is busy.

use super::server::{Server, TOTAL, TRACK, order};
use crate::{EVENT, shop, write};
use serde_json::Value;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const CREATE: &str = "config/events/create_order.yml";
const CANCEL: &str = "config/events/cancel_order.yml";
const METRIC: &str = "config/metrics/counts_all/count_total_cancel_order.yml";
const DEFINITIONS: &str = "/api/v4/usage_data/metric_definitions?include_paths=true";

/// Waits until `/healthz` says something about the definitions.
fn wait(server: &Server, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let mut connection = server.connect();
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let definitions = connection.get("/healthz").expect("it answers").json();
        let definitions = &definitions["definitions"];
        if holds(definitions) {
            return definitions.clone();
        }
        assert!(Instant::now() < deadline, "{what}: {definitions}");
    }
}

#[test]
fn definitions_are_replaced_under_load_and_a_broken_edit_changes_nothing() {
    let root = shop();
    let server = Server::start(root.path());
    let (done, tracked) = (AtomicBool::new(false), AtomicU64::new(0));
    let cancel = r#"{"event":"cancel_order"}"#;
    std::thread::scope(|scope| {
        for user in 0..4 {
            let (server, done, tracked) = (&server, &done, &tracked);
            scope.spawn(move || {
                let mut connection = server.connect();
                while !done.load(Ordering::Relaxed) {
                    let event = order(&user.to_string(), "card");
                    let answer = connection.post(TRACK, &event).expect("no request is dropped");
                    assert_eq!(answer.status, 200, "{}", answer.body);
                    assert_eq!(answer.json(), serde_json::json!({"status": "accepted"}));
                    tracked.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut connection = server.connect();
        assert_eq!(connection.post(TRACK, cancel).expect("it answers").status, 202);

        write(root.path(), CANCEL, &EVENT.replace("create_order", "cancel_order"));
        wait(&server, "a new event counts", |it| it["events"] == 2);
        assert_eq!(connection.post(TRACK, cancel).expect("it answers").status, 200);

        write(root.path(), CREATE, "---\naction: [");
        let kept = wait(&server, "a broken edit is told", |it| !it["kept_because"].is_null());
        assert_eq!((&kept["events"], &kept["replaced"]), (&2.into(), &1.into()));
        assert!(kept["kept_because"].as_str().is_some_and(|it| it.contains(CREATE)), "{kept}");
        assert_eq!(connection.post(TRACK, cancel).expect("it answers").status, 200);

        write(root.path(), CREATE, EVENT);
        write(root.path(), METRIC, &crate::TOTAL.replace("create_order", "cancel_order"));
        wait(&server, "the edit is mended", |it| it["kept_because"].is_null());
        let listed = connection.get(DEFINITIONS).expect("it answers");
        assert!(listed.body.contains("key_path: counts.count_total_cancel_order"));
        assert!(listed.body.contains(&format!("file_path: {METRIC}")), "{}", listed.body);
        done.store(true, Ordering::Relaxed);
    });
    assert_eq!(server.metric(TOTAL), tracked.into_inner(), "each is counted once");
}

#[test]
fn the_log_says_how_many_events_wait_for_what_has_become_known() {
    let root = shop();
    let mut server = Server::start_logged(root.path());
    let mut connection = server.connect();
    for name in ["cancel_order", "cancel_order", "never_defined"] {
        let event = format!(r#"{{"event":"{name}"}}"#);
        assert_eq!(connection.post(TRACK, &event).expect("it answers").status, 202);
    }
    write(root.path(), CANCEL, &EVENT.replace("create_order", "cancel_order"));
    let line = server.log_up_to("events kept aside are known now");
    assert!(line.contains("waiting=2") && line.contains("events=\"cancel_order\""), "{line}");
}
