//! The official Python tracker, as it is, drives the server.

use super::pip;
use super::server::{Server, TOTAL, USERS};
use crate::shop;
use std::process::Command;
use std::time::{Duration, Instant};

/// Tracks 100 events of 40 users in batches of ten, and one with each way of sending.
const SCRIPT: &str = r#"
import sys
from snowplow_tracker import Tracker, Emitter, StructuredEvent, SelfDescribingJson

SCHEMA = "iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7"

def track(method, count, **options):
    emitter = Emitter(sys.argv[1], protocol="http", method=method, **options)
    tracker = Tracker(namespace="gl", emitters=emitter, app_id="shop")
    for index in range(count):
        data = {"environment": "production", "source": "shop", "user_id": index % 40,
                "project_id": 1, "namespace_id": 2}
        event = StructuredEvent(category="InternalEventTracking", action="create_order",
                                context=[SelfDescribingJson(SCHEMA, data)])
        tracker.track(event)
    tracker.flush()

track("post", 100, batch_size=10)
track("get", 1)
"#;

#[test]
fn each_event_of_the_official_python_tracker_is_counted_once() {
    let Some(library) = pip::folder_or_skip("snowplow-tracker", "1.1.0") else { return };
    let root = shop();
    let server = Server::start(root.path());
    let mut python = Command::new("python3");
    python.args(["-c", SCRIPT, &server.address.to_string()]).env("PYTHONPATH", library);
    let output = python.output().expect("python3 starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    // The tracker returns before its last requests do.
    let mut connection = server.connect();
    let deadline = Instant::now() + Duration::from_secs(30);
    let health = loop {
        let health = connection.get("/healthz").expect("the server answers").json();
        if health["events"]["accepted"] == 101 || Instant::now() > deadline {
            break health;
        }
    };
    let snowplow = serde_json::json!({ "tracked": 101, "ignored": 0, "not_counted": 0, "forwarded": 0, "both_ways": 0, "bad": {} });
    assert_eq!(health["snowplow"], snowplow, "{health}");
    assert_eq!(health["events"]["accepted"], 101, "{health}");
    assert_eq!((server.metric(TOTAL), server.metric(USERS)), (101, 40));
}
