//! How an event stands in the journal: as one line of JSON.
//!
//! ```json
//! {"event":"create_order","category":"Orders","user":5,"project":7,"namespace":"g","properties":{"label":"gift"}}
//! ```
//!
//! An event that came by another call than `track_event` says so, as in `"call":"increment_counter"`.
//! The id stands beside it in the journal. Absent parts are left out. Readers accept unknown members, so that members can be added.

use internal_events_catalog::{Call, Event, Id, Scalar};
use serde_json::{Map, Value};

/// Appends the JSON of an event to `out`.
pub fn encode_event(event: &Event, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"event\":");
    encode_str(&event.name, out);
    if event.call != Call::TrackEvent {
        out.extend_from_slice(b",\"call\":");
        encode_str(event.call.as_str(), out);
    }
    if let Some(category) = &event.category {
        out.extend_from_slice(b",\"category\":");
        encode_str(category, out);
    }
    for (name, id) in
        [("user", &event.user), ("project", &event.project), ("namespace", &event.namespace)]
    {
        if let Some(id) = id {
            encode_member(name, out);
            match id {
                Id::Number(it) => encode(it, out),
                Id::Text(it) => encode_str(it, out),
            }
        }
    }
    if !event.properties.is_empty() {
        out.extend_from_slice(b",\"properties\":{");
        for (position, (name, value)) in event.properties.iter().enumerate() {
            if position > 0 {
                out.push(b',');
            }
            encode_str(name, out);
            out.push(b':');
            match value {
                Scalar::Null => out.extend_from_slice(b"null"),
                Scalar::Bool(it) => encode(it, out),
                Scalar::Int(it) => encode(it, out),
                Scalar::Float(it) => encode(it, out),
                Scalar::Str(it) => encode_str(it, out),
            }
        }
        out.push(b'}');
    }
    out.push(b'}');
}

fn encode_member(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn encode_str(text: &str, out: &mut Vec<u8>) {
    encode(&text, out);
}

fn encode(value: &impl serde::Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("invariant: scalars always serialize into memory");
}

/// Reads an event back from the journal; `None` where the bytes are no such JSON.
pub fn decode_event(bytes: &[u8]) -> Option<Event> {
    let Value::Object(members) = serde_json::from_slice(bytes).ok()? else { return None };
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let call = match members.get("call") {
        None => Call::TrackEvent,
        // One that is not known would count in a way that its sender did not mean.
        Some(call) => Call::parse(call.as_str()?)?,
    };
    let properties = members.get("properties").and_then(Value::as_object);
    Some(Event {
        name: text("event")?,
        category: text("category"),
        user: id(&members, "user"),
        project: id(&members, "project"),
        namespace: id(&members, "namespace"),
        properties: properties
            .map(|it| it.iter().map(|(k, v)| (k.clone(), scalar(v))).collect())
            .unwrap_or_default(),
        call,
        given_id: None,
    })
}

fn id(members: &Map<String, Value>, name: &str) -> Option<Id> {
    match members.get(name)? {
        Value::Number(it) => it.as_i64().map(Id::Number),
        Value::String(it) => Some(Id::Text(it.clone())),
        _ => None,
    }
}

fn scalar(value: &Value) -> Scalar {
    match value {
        Value::Bool(it) => Scalar::Bool(*it),
        Value::Number(it) => match it.as_i64() {
            Some(it) => Scalar::Int(it),
            None => Scalar::Float(it.as_f64().unwrap_or_default()),
        },
        Value::String(it) => Scalar::Str(it.clone()),
        _ => Scalar::Null,
    }
}
