//! Snowplow events of others, on their way through the running program.

use super::corpus;
use super::second_collector::{Arrived, SecondCollector};
use super::server::{Server, TOTAL};
use crate::{program, run, shop, write};
use internal_events::snowplow::Salt;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::Path;

const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";
const OWN_PAGES: &str = "/-/collect_events";
const SALT: &str = "0123456789abcdef0123456789abcdef";

/// The pseudonym of user 1, as GitLab computed it.
const USER_1: &str = "5ZdHOXw3WkHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDE=";

/// Hands events on to a collector; of further settings the tables come last.
fn configure(root: &Path, collector: &SecondCollector, settings: &str) {
    let text = format!(
        "[identity]\nsalt = '{SALT}'\n[snowplow]\ncollector = '{}'\n{settings}\n",
        collector.url()
    );
    write(root, "internal-events.toml", &text);
}

/// A page view under an id.
fn page_view(id: &str) -> Value {
    json!({ "e": "pv", "p": "web", "tv": "js-4.10.1", "eid": id, "url": "https://a.example" })
}

fn id(n: u32) -> String {
    format!("00000000-0000-4000-8000-{n:012}")
}

/// Posts events with further headers; returns the body of the answer.
fn post(server: &Server, path: &str, headers: &str, events: &[Value]) -> String {
    let body = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
        "data": events,
    })
    .to_string();
    let mut connection = server.connect();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.send(&request).expect("it is sent");
    let answer = connection.answer().expect("it is answered");
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.body
}

/// All that has arrived once the server has ended, having waited for so many events.
fn arrived(mut server: Server, collector: &SecondCollector, n: usize) -> Vec<Arrived> {
    collector.events(n);
    server.terminate();
    assert!(server.wait().success());
    collector.all()
}

fn standard(user: &Value) -> String {
    json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0",
        "data": [{
            "schema": "iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7",
            "data": { "environment": "production", "user_id": user, "project_id": 7 },
        }],
    })
    .to_string()
}

/// What has to arrive of an event as it was captured.
fn expected(captured: &Map<String, Value>, is_anonymous: bool) -> Arrived {
    let personal = ["uid", "duid", "nuid", "tnuid", "sid", "vid", "ip", "fp"];
    let is_sent = |name: &str| {
        let is_secret = is_anonymous && personal.contains(&name);
        !is_secret && !name.ends_with("(decoded)")
    };
    let sent = captured.iter().filter(|(name, _)| is_sent(name));
    let mut sent: Arrived = sent.map(|(name, value)| (name.clone(), value.clone())).collect();
    if let Some(uid) = sent.get_mut("uid") {
        *uid = Salt::new(SALT).hash(uid.as_str().expect("a text")).into();
    }
    sent
}

#[test]
fn what_official_trackers_sent_arrives_at_another_collector_as_it_was_once() {
    let Some(requests) = corpus::requests_or_skip() else { return };
    let captured: Vec<_> = requests.iter().flat_map(|it| corpus::events(it)).collect();
    // Two events were captured a second time, when their tracker had sent them again.
    let mut by_id: BTreeMap<String, Arrived> = BTreeMap::new();
    for request in &requests {
        let head = std::fs::read_to_string(request).expect("it is readable").to_lowercase();
        let is_anonymous = head.contains("\r\nsp-anonymous:");
        for event in corpus::events(request) {
            let id = event["eid"].as_str().expect("trackers give ids").to_owned();
            by_id.entry(id).or_insert_with(|| expected(&event, is_anonymous));
        }
    }
    let root = corpus::shop_of_all(&captured);
    let collector = SecondCollector::start();
    let settings = "[collector]\npaths = ['/com.acme/track']";
    configure(root.path(), &collector, settings);
    let server = Server::start(root.path());
    // Trackers that got no answer send all of it again.
    for request in requests.iter().chain(&requests) {
        let text = std::fs::read_to_string(request).expect("it is readable");
        let mut connection = server.connect();
        connection.send(&text).expect("it is sent");
        assert_eq!(connection.answer().expect("it is answered").status, 200);
    }
    let arrived = arrived(server, &collector, by_id.len());
    assert_eq!(arrived.len(), by_id.len(), "each once");
    for mut event in arrived {
        let expected = &by_id[event["eid"].as_str().expect("a text")];
        if !expected.contains_key("stm") {
            assert!(event.remove("stm").is_some(), "each says when it was sent");
        }
        assert_eq!(&event, expected);
    }
}

#[test]
fn parameters_that_no_collector_knows_are_left_out() {
    let (root, collector) = (shop(), SecondCollector::start());
    configure(root.path(), &collector, "");
    let server = Server::start(root.path());
    let mut event = page_view(&id(1));
    for name in ["cv", "u", "unknown"] {
        event[name] = "x".into();
    }
    post(&server, TP2, "User-Agent: nosy\r\nCookie: sp=me\r\n", &[event]);
    let arrived = arrived(server, &collector, 1);
    let mut expected = page_view(&id(1));
    expected["stm"] = arrived[0]["stm"].clone();
    assert_eq!(arrived.into_iter().map(Value::from).collect::<Vec<_>>(), [expected]);
}

#[test]
fn own_pages_hand_on_under_the_name_of_their_installation_and_count_nothing() {
    for (dedicated, suffix) in [("false", "_sm"), ("true", "_dedicated")] {
        let (root, collector) = (shop(), SecondCollector::start());
        configure(root.path(), &collector, &format!("[instance]\ndedicated = {dedicated}"));
        let server = Server::start(root.path());
        let mut events = Vec::new();
        let app_ids = ["gitlab", "x_sm", "x_dedicated", "gitlab_sm_staging", "", "none"];
        for (n, app_id) in (1..).zip(app_ids) {
            let mut event = page_view(&id(n));
            event["e"] = "se".into();
            (event["se_ca"], event["se_ac"]) =
                ("InternalEventTracking".into(), "create_order".into());
            if app_id != "none" {
                event["aid"] = app_id.into();
            }
            events.push(event);
        }
        assert_eq!(post(&server, OWN_PAGES, "", &events), "");
        collector.events(events.len());
        assert_eq!(server.metric(TOTAL), 0);
        let health = server.connect().get("/healthz").expect("it answers").json();
        assert_eq!(health["snowplow"]["forwarded"], events.len(), "{health}");
        let mut arrived = arrived(server, &collector, events.len());
        arrived.sort_by_key(|it| it["eid"].to_string());
        let app_ids: Vec<_> = arrived.iter().map(|it| it.get("aid").cloned()).collect();
        let suffixed = |it: &str| Some(Value::from(format!("{it}{suffix}")));
        let same = |it: &str| Some(Value::from(it));
        let staging = suffixed("gitlab_sm_staging");
        let expected = [suffixed("gitlab"), same("x_sm"), same("x_dedicated"), staging, None, None];
        assert_eq!(app_ids, expected);
    }
}

#[test]
fn who_a_user_is_stays_here() {
    let salt = Salt::new(SALT);
    let hashed = salt.hash("jane");
    let hashed = hashed.as_str();
    for (settings, headers, user, expected) in [
        ("", "", json!("jane"), Some(hashed)),
        ("", "", json!(1), Some(USER_1)),
        ("", "", json!(USER_1), Some(USER_1)),
        ("pseudonymise = false", "", json!("jane"), Some("jane")),
        ("", "Sec-GPC: 1\r\n", json!("jane"), None),
        ("", "SP-Anonymous: *\r\n", json!("jane"), None),
        ("pseudonymise = false", "Sec-GPC: 1\r\n", json!("jane"), None),
        ("", "Sec-GPC: 0\r\n", json!("jane"), Some(hashed)),
    ] {
        let (root, collector) = (shop(), SecondCollector::start());
        configure(root.path(), &collector, settings);
        let server = Server::start(root.path());
        let mut event = page_view(&id(1));
        event["co"] = standard(&user).into();
        event["uid"] = user.as_str().unwrap_or("1").into();
        post(&server, TP2, headers, std::slice::from_ref(&event));
        let arrived = arrived(server, &collector, 1).remove(0);
        assert_eq!(arrived.get("uid"), expected.map(Value::from).as_ref(), "{headers}{user}");
        assert_eq!(arrived["co"], standard(&json!(expected)).as_str(), "{headers}{user}");
    }
}

#[test]
fn nothing_is_handed_on_if_nobody_wants_it() {
    let (root, collector) = (shop(), SecondCollector::start());
    configure(root.path(), &collector, "forward = false");
    let server = Server::start(root.path());
    let mut order = page_view(&id(1));
    order["e"] = "se".into();
    (order["se_ca"], order["se_ac"]) = ("InternalEventTracking".into(), "create_order".into());
    post(&server, TP2, "", &[order, page_view(&id(2))]);
    post(&server, OWN_PAGES, "", &[page_view(&id(3))]);
    // One that the program builds itself comes after all others.
    let built = r#"{"event":"create_order","send_to_snowplow":true}"#;
    let answer = server.connect().post(super::server::TRACK, built).expect("it answers");
    assert_eq!(answer.status, 200);
    let events = collector.events(1);
    assert_eq!(events[0]["p"], "srv");
    assert_eq!(server.metric(TOTAL), 2, "they count all the same");
    assert_eq!(arrived(server, &collector, 1).len(), 1);
}

#[test]
fn a_server_that_is_switched_off_hands_nothing_on_and_makes_no_file() {
    let (root, collector) = (shop(), SecondCollector::start());
    configure(root.path(), &collector, "");
    let mut command = program();
    command.env("INTERNAL_EVENTS_ENABLED", "false");
    let server = Server::start_as(command, root.path());
    for path in [TP2, OWN_PAGES] {
        post(&server, path, "", &[page_view(&id(1))]);
    }
    assert_eq!(arrived(server, &collector, 0), []);
    assert!(!root.path().join(".internal-events").exists());
}

#[test]
fn an_internal_event_counts_and_is_handed_on_once() {
    let (root, collector) = (shop(), SecondCollector::start());
    configure(root.path(), &collector, "");
    let server = Server::start(root.path());
    let mut event = page_view(&id(1));
    event["e"] = "se".into();
    (event["se_ca"], event["se_ac"]) = ("InternalEventTracking".into(), "create_order".into());
    event["co"] = standard(&json!(1)).into();
    for _ in 0..3 {
        post(&server, TP2, "", std::slice::from_ref(&event));
    }
    collector.events(1);
    assert_eq!(server.metric(TOTAL), 1);
    let arrived = arrived(server, &collector, 1);
    assert_eq!(arrived.len(), 1);
    assert_eq!(arrived[0]["co"], standard(&json!(USER_1)).as_str());
    assert_eq!(arrived[0]["tv"], "js-4.10.1", "it is the event that came and none that is built");
}

#[test]
fn an_unknown_internal_event_is_handed_on_at_once_and_counts_when_it_is_known() {
    let (root, collector) = (shop(), SecondCollector::start());
    configure(root.path(), &collector, "");
    let definition = root.path().join("config/events/create_order.yml");
    let text = std::fs::read_to_string(&definition).expect("it is there");
    std::fs::remove_file(&definition).expect("it is there");
    let server = Server::start(root.path());
    let mut event = page_view(&id(1));
    event["e"] = "se".into();
    (event["se_ca"], event["se_ac"]) = ("InternalEventTracking".into(), "create_order".into());
    event["co"] = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0",
        "data": [{
            "schema": "iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-0",
            "data": { "data_source": "redis_hll", "event_name": "create_order" },
        }],
    })
    .to_string()
    .into();
    for _ in 0..2 {
        post(&server, TP2, "", std::slice::from_ref(&event));
    }
    collector.events(1);
    let health = server.connect().get("/healthz").expect("it answers").json();
    assert_eq!(health["snowplow"]["forwarded"], 2, "{health}");
    assert_eq!(arrived(server, &collector, 1).len(), 1);

    std::fs::write(&definition, text).expect("it is written");
    let root_text = root.path().to_str().expect("UTF-8");
    let replayed = run(&["--root", root_text, "quarantine", "replay", "1", "2"]);
    assert_eq!(replayed.code, Some(0), "{}{}", replayed.out, replayed.err);
    let server = Server::start(root.path());
    assert_eq!(server.metric(TOTAL), 1, "{}", replayed.out);
    // A later event shows that nothing was on its way before it.
    post(&server, TP2, "", &[page_view(&id(2))]);
    let ids: Vec<_> = arrived(server, &collector, 2).iter().map(|it| it["eid"].clone()).collect();
    assert_eq!(ids, [id(1), id(2)]);
}
