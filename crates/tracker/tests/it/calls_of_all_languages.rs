//! The same calls send the same events to Snowplow, in whatever language they are made: the tests of
//! the Ruby gem read the same table.

use crate::{PATIENCE, clock};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use internal_events::snowplow::{Parameters, Salt, SnowplowOptions, parameters};
use internal_events::testing::definitions;
use internal_events::{Catalog, Config, Event, Id, Scalar, Strictness, Tracker};
use serde_json::{Map, Value, json};

const TABLE: &str = include_str!("../../../../fixtures/snowplow/calls.json");

#[test]
fn a_table_of_calls_sends_what_stands_beside_them() {
    let table: Vec<Map<String, Value>> = serde_json::from_str(TABLE).unwrap();
    assert!(!table.is_empty());
    let mut definitions = definitions(&["create_order"]);
    let properties = ["label", "property", "value", "size"];
    definitions.events[0].properties = properties.map(str::to_owned).into();
    let config = Config::new(Catalog::new(definitions)).strictness(Strictness::Strict);
    let tracker = Tracker::open(config.clock(clock())).unwrap();
    let options = SnowplowOptions::new("http://127.0.0.1", Salt::new(""));
    for row in table {
        tracker.submit(vec![event(&row["call"])], |_| {}).unwrap();
        tracker.flush(PATIENCE).unwrap();
        let entries = tracker.read(|it| it.entries(0, usize::MAX)).unwrap().unwrap();
        let sent = parameters(entries.last().unwrap(), &options).unwrap();
        assert_eq!(shown(&sent), row["sent"], "{}", row["call"]);
    }
}

fn event(call: &Value) -> Event {
    let id = |name: &str| match &call[name] {
        Value::Null => None,
        Value::String(it) => Some(Id::from(it.as_str())),
        it => it.as_i64().map(Id::from),
    };
    let properties = call["additional_properties"].as_object().into_iter().flatten();
    let features = call.get("feature_enabled_by_namespace_ids");
    let features = features.map(|it| ("feature_enabled_by_namespace_ids", it.to_string()));
    Event {
        category: call["category"].as_str().map(str::to_owned),
        user: id("user"),
        project: id("project"),
        namespace: id("namespace"),
        properties: properties.map(|(name, value)| (name.clone(), scalar(value))).collect(),
        context: features.map(|(name, it)| (name.to_owned(), it.into())).into_iter().collect(),
        ..Event::new(call["event"].as_str().expect("a call has an event"))
    }
}

fn scalar(value: &Value) -> Scalar {
    match value {
        Value::String(it) => it.as_str().into(),
        it => it.as_i64().map_or_else(|| it.as_f64().expect("it is a number").into(), Scalar::Int),
    }
}

/// Without what is another one each time.
fn shown(parameters: &Parameters) -> Value {
    let contexts = parameters.get("cx").expect("there are contexts");
    let contexts = STANDARD.decode(contexts).expect("they are base64");
    let mut contexts: Value = serde_json::from_slice(&contexts).expect("they are JSON");
    for context in contexts["data"].as_array_mut().expect("they are a list") {
        let data = context["data"].as_object_mut().expect("a context has data");
        data.shift_remove("correlation_id");
    }
    let others = parameters.iter().filter(|(name, _)| !["cx", "eid"].contains(name));
    let mut shown: Map<String, Value> =
        others.map(|(name, value)| (name.to_owned(), value.into())).collect();
    shown.insert("contexts".to_owned(), json!(contexts));
    shown.into()
}
