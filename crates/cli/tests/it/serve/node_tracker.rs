//! The official Node tracker, as it is, drives the server.

use super::npm;
use super::relay::{Fate, Relay};
use super::server::{Server, TOTAL, USERS};
use crate::shop;
use internal_events::Scalar;
use internal_events::decode_event;
use internal_events::store::{Reader as _, Sqlite};
use serde_json::{Value, json};
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Output};

/// Orders that are tracked while answers get lost.
const ORDERS: u64 = 60;

#[test]
fn each_event_of_the_official_node_tracker_is_counted_once() {
    let Some(packages) = npm::packages("the official Node tracker") else { return };
    let root = shop();
    let server = Server::start(root.path());
    let mut trackers = Vec::new();
    for method in ["get", "post"] {
        for base64 in [true, false] {
            for buffer in [1, 10] {
                trackers.push(json!({
                    "eventMethod": method, "base64": base64, "bufferSize": buffer,
                    "orders": 30, "users": 20, "others": 2,
                }));
            }
        }
    }
    let n_trackers = trackers.len() as u64;
    let output = node(packages, server.address, &json!(trackers));
    assert_eq!(report(&output), json!({ "failures": 0 }));

    let health = server.connect().get("/healthz").expect("the server answers").json();
    let orders = 30 * n_trackers;
    let snowplow = json!({ "tracked": orders, "ignored": 4 * n_trackers, "not_counted": 0, "forwarded": 0, "both_ways": 0, "bad": {} });
    assert_eq!(health["snowplow"], snowplow, "{health}");
    assert_eq!(health["events"]["accepted"], orders, "{health}");
    assert_eq!((server.metric(TOTAL), server.metric(USERS)), (orders, 20));
    assert_each_order_is_in_the_journal_once(root.path(), orders, 30, 20);
}

#[test]
fn what_the_node_tracker_sends_again_after_lost_answers_and_kills_is_counted_once() {
    let Some(packages) = npm::packages("the official Node tracker") else { return };
    let root = shop();
    let mut server = Server::start(root.path());
    let relay = Relay::open();
    let address = relay.address();
    let trackers = json!([{
        "eventMethod": "post", "base64": true, "bufferSize": 3,
        "orders": ORDERS, "users": 20, "others": 0,
    }]);
    let tracking = std::thread::spawn(move || {
        let output = node(packages, address, &trackers);
        Relay::end(address);
        output
    });
    // What became of every request; a killed server is followed by another at once.
    let mut fates = Vec::new();
    let running = RefCell::new(&mut server);
    relay.run(
        || {
            let fate = match fates.len() % 8 {
                1 | 6 => Fate::AnswerLost,
                2 => Fate::Lost,
                _ => Fate::Answered,
            };
            if fates.len() == 2 {
                restart(&mut running.borrow_mut(), root.path());
            }
            fates.push(fate);
            (fate, running.borrow().address)
        },
        |fate| {
            // Nobody else knows yet that it was answered.
            if fate == Fate::AnswerLost {
                restart(&mut running.borrow_mut(), root.path());
            }
        },
    );
    let output = tracking.join().expect("the tracker does not panic");
    let lost = fates.iter().filter(|it| **it != Fate::Answered).count() as u64;
    assert!(lost >= 2, "some requests had to be sent again: {fates:?}");
    assert!(report(&output)["failures"].as_u64() >= Some(lost), "{output:?}");
    assert_eq!((server.metric(TOTAL), server.metric(USERS)), (ORDERS, 20));
    assert_each_order_is_in_the_journal_once(root.path(), ORDERS, ORDERS, 20);
}

fn restart(server: &mut Server, root: &Path) {
    server.kill();
    *server = Server::start(root);
}

fn node(packages: &Path, address: SocketAddr, trackers: &Value) -> Output {
    let plan = json!({ "endpoint": format!("http://{address}"), "trackers": trackers });
    let mut node = Command::new("node");
    node.arg(npm::script("node.mjs")).arg(plan.to_string()).current_dir(packages);
    node.output().expect("node starts")
}

fn report(output: &Output) -> Value {
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|it| panic!("{it}: {complaint}"))
}

/// Orders are labelled `TRACKER-n`, `n` from 0 on by tracker, and are of user `n % users`.
fn assert_each_order_is_in_the_journal_once(root: &Path, orders: u64, by_one: u64, users: u64) {
    let reader = Sqlite::reader(&root.join(".internal-events"));
    let mut reader = reader.expect("readable").expect("there is a store");
    let mut seen: BTreeMap<String, u32> = BTreeMap::new();
    for entry in reader.entries(0, usize::MAX).expect("the journal is readable") {
        let event = decode_event(&entry.event).expect("the journal has events");
        let Some(Scalar::Str(label)) = event.property("label") else { panic!("{event:?}") };
        let n: u64 = label.rsplit('-').next().and_then(|it| it.parse().ok()).expect("a number");
        assert!(n < by_one, "{label}");
        let ids = [&event.user, &event.project, &event.namespace];
        let ids = ids.map(|it| it.as_ref().map(ToString::to_string));
        assert_eq!(ids, [(n % users).to_string(), "7".into(), "2".into()].map(Some), "{label}");
        *seen.entry(label.clone()).or_default() += 1;
    }
    assert_eq!(seen.len() as u64, orders);
    let twice: Vec<_> = seen.iter().filter(|(_, n)| **n != 1).collect();
    assert!(twice.is_empty(), "more than once in the journal: {twice:?}");
}
