//! What a server shows of events to whoever tests an application.

mod bounds;
mod events;
mod hostile;
mod pages;
mod runs;
mod schemas;
mod wait;

use crate::server::{Answer, Server, config};
use internal_events::Config;
use internal_events_collector::{Collector, Limits};
use serde_json::{Map, Value, json};

const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

/// A server that shows events and knows `create_order`.
fn start() -> Server {
    start_with(config(), Limits::default())
}

fn start_with(config: Config, limits: Limits) -> Server {
    Server::start_as(config, |tracker| Collector::new(tracker, limits).with_micro())
}

/// An event with these members besides those that all have; a null takes one of them away.
fn event(members: &Value) -> Value {
    let mut event =
        json!({ "e": "se", "p": "web", "tv": "js-4", "se_ca": "shop", "se_ac": "click" });
    let all = event.as_object_mut().expect("an object");
    for (name, value) in members.as_object().into_iter().flatten() {
        match value {
            Value::Null => drop(all.remove(name)),
            value => drop(all.insert(name.clone(), value.clone())),
        }
    }
    event
}

/// Contexts as the text of a parameter; each is the name of a schema and its data.
fn contexts(list: &[(&str, Value)]) -> String {
    let entity =
        |(name, data): &(&str, Value)| json!({"schema": format!("iglu:{name}"), "data": data});
    let wrapper = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1";
    let list: Vec<Value> = list.iter().map(entity).collect();
    json!({ "schema": wrapper, "data": list }).to_string()
}

fn body(events: &[Value]) -> String {
    let schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";
    json!({ "schema": schema, "data": events }).to_string()
}

/// Sends events as a tracker does; it never knows better.
#[track_caller]
fn track(server: &Server, events: &[Value]) {
    assert_eq!(server.post(TP2, body(events)).status, 200);
}

/// Asks with this line in the head.
fn ask(server: &Server, path: &str, line: &str) -> Answer {
    server.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n{line}\r\n"))
}

/// What a page lists.
#[track_caller]
fn list(server: &Server, path: &str) -> Vec<Map<String, Value>> {
    let answer = server.get(path);
    assert_eq!(answer.status, 200, "{answer:?}");
    serde_json::from_str(&answer.body).expect("a list of objects")
}

/// The `se_ac` of what a page of good events lists.
#[track_caller]
fn actions(server: &Server, path: &str) -> Vec<String> {
    let action = |it: &Map<String, Value>| it["event"]["se_action"].as_str().map(str::to_owned);
    list(server, path).iter().filter_map(action).collect()
}

/// How many there are: good and bad.
#[track_caller]
fn totals(server: &Server, query: &str) -> (u64, u64) {
    let all = server.get(&format!("/micro/all{query}")).json();
    let number = |name: &str| all[name].as_u64().expect("a number");
    assert_eq!(number("total"), number("good") + number("bad"));
    (number("good"), number("bad"))
}
