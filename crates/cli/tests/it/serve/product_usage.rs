//! Events for those who made the software: as GitLab sends them, and shown to whose they are.

use super::second_collector::{Arrived, SecondCollector};
use super::server::Server;
use crate::{program, shop, write};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

const BATCH: &str = "/api/v4/usage_data/track_events";

/// Sends to this collector what would go to GitLab; of further settings the tables come last.
fn configure(root: &Path, collector: &SecondCollector, settings: &str) {
    let text =
        format!("[product_usage]\nenabled = true\ncollector = '{}'\n{settings}\n", collector.url());
    write(root, "internal-events.toml", &text);
}

/// Tracks events in one request.
fn track(server: &Server, n: usize) {
    let event = json!({ "event": "create_order", "user_id": 5, "send_to_snowplow": true });
    let body = json!({ "events": vec![event; n] }).to_string();
    let answer = server.connect().post(BATCH, &body).expect("it answers");
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// Ends a server; whatever it sends is sent then.
fn end(mut server: Server) {
    server.terminate();
    assert!(server.wait().success());
}

/// The lines of the log, each an object.
fn lines(log: &Path) -> Vec<Value> {
    let text = std::fs::read_to_string(log).expect("it is readable");
    text.lines().map(|it| serde_json::from_str(it).expect("a line is JSON")).collect()
}

/// Events by their ids, without the time when they were sent, which nobody knows before.
fn by_id(events: impl IntoIterator<Item = Arrived>) -> Vec<Arrived> {
    let mut events: Vec<_> = events.into_iter().collect();
    for event in &mut events {
        event.remove("stm");
    }
    events.sort_by_key(|it| it["eid"].to_string());
    events
}

#[test]
fn batches_are_small_and_each_event_that_was_sent_is_shown() {
    let (root, collector) = (shop(), SecondCollector::start());
    configure(root.path(), &collector, "");
    let server = Server::start(root.path());
    track(&server, 25);
    let bodies = collector.bodies(25);
    end(server);
    for body in &bodies {
        let body: Value = serde_json::from_str(body).expect("JSON");
        assert!(body["data"].as_array().expect("events").len() <= 10, "{body}");
    }
    let log = root.path().join(".internal-events/product_usage_data.log");
    let lines = lines(&log);
    let payloads = lines.iter().map(|line| {
        assert_eq!(
            (&line["severity"], &line["message"]),
            (&json!("INFO"), &json!("sending event"))
        );
        assert!(line["time"].as_str().expect("a time").ends_with('Z'), "{line}");
        assert_eq!(line.as_object().map(serde_json::Map::len), Some(4), "{line}");
        let payload = line["payload"].as_str().expect("a text");
        serde_json::from_str(payload).expect("the event as JSON")
    });
    assert_eq!(by_id(payloads), by_id(collector.all()));
    let mode = std::fs::metadata(&log).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600, "who did what is nobody else's");
}

#[test]
fn an_installation_says_of_what_kind_it_is() {
    for (settings, app_id) in [
        ("", "gitlab_sm"),
        ("[instance]\ndedicated = true", "gitlab_dedicated"),
        ("[instance]\nhost = 'staging.gitlab.com'", "gitlab_sm_staging"),
        (
            "[instance]\nhost = 'https://gitlab-a.test'\ndedicated = true",
            "gitlab_dedicated_staging",
        ),
        ("[snowplow]\napp_id = 'shop'", "gitlab_sm"),
    ] {
        let (root, collector) = (shop(), SecondCollector::start());
        configure(root.path(), &collector, settings);
        let server = Server::start(root.path());
        track(&server, 1);
        assert_eq!(collector.events(1)[0]["aid"], app_id, "{settings}");
    }
}

#[test]
fn a_variable_of_gitlab_beats_the_setting() {
    for (setting, variables, is_sent) in [
        (true, &[("GITLAB_PRODUCT_USAGE_DATA_ENABLED", "false")][..], false),
        (false, &[("GITLAB_PRODUCT_USAGE_DATA_ENABLED", "true")], true),
        (true, &[], true),
        (false, &[], false),
        (
            false,
            &[
                ("GITLAB_PRODUCT_USAGE_DATA_ENABLED", "true"),
                ("INTERNAL_EVENTS_PRODUCT_USAGE_ENABLED", "false"),
            ],
            false,
        ),
    ] {
        let (root, collector) = (shop(), SecondCollector::start());
        configure(root.path(), &collector, "");
        let file = root.path().join("internal-events.toml");
        let text = std::fs::read_to_string(&file).expect("it is readable");
        let text = text.replace("enabled = true", &format!("enabled = {setting}"));
        std::fs::write(file, text).expect("it is written");
        let mut command = program();
        command.envs(variables.iter().copied());
        command.arg("--root").arg(root.path()).args(["track", "create_order", "--user", "5"]);
        let output = command.output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        // A process delivers what it has tracked before it ends.
        assert_eq!(collector.all().len(), usize::from(is_sent), "{setting} {variables:?}");
    }
}

#[test]
fn nothing_is_shown_to_whom_does_not_want_to_see_it() {
    let (root, collector) = (shop(), SecondCollector::start());
    configure(root.path(), &collector, "");
    let mut command = program();
    command.env("GITLAB_DISABLE_PRODUCT_USAGE_EVENT_LOGGING", "true");
    let server = Server::start_as(command, root.path());
    track(&server, 3);
    collector.events(3);
    end(server);
    let data = root.path().join(".internal-events");
    assert!(data.join("salt").exists());
    assert!(!data.join("product_usage_data.log").exists());
}

#[test]
fn what_cannot_be_shown_is_not_sent() {
    let (root, collector) = (shop(), SecondCollector::start());
    // A directory stands where the log should be.
    write(root.path(), "log/in_the_way", "");
    configure(root.path(), &collector, "log = 'log'");
    let server = Server::start(root.path());
    track(&server, 3);
    let mut connection = server.connect();
    let deadline = Instant::now() + Duration::from_secs(30);
    let health = loop {
        let health = connection.get("/healthz").expect("the server answers").json();
        let is_said = health.to_string().contains("nothing is sent, for it could not be shown");
        if is_said || Instant::now() > deadline {
            break health;
        }
    };
    let error = health["events"]["destinations"]["snowplow"]["last_error"].to_string();
    assert!(error.contains("nothing is sent, for it could not be shown"), "{health}");
    assert!(error.contains("log cannot be written"), "{health}");
    assert_eq!(collector.all(), [], "nothing has left");

    std::fs::remove_dir_all(root.path().join("log")).expect("it is there");
    collector.events(3);
    end(server);
    assert_eq!(lines(&root.path().join("log")).len(), 3);
    assert_eq!(collector.all().len(), 3);
}
