//! How an event stands in the journal: as one line of JSON.
//!
//! ```json
//! {"event":"create_order","category":"Orders","user":5,"project":7,"namespace":"g","properties":{"label":"gift"}}
//! ```
//!
//! An event that came by another call than `track_event` says so, as in `"call":"increment_counter"`.
//! What analytics are to know of it follows: `"context":{"plan":"ultimate"}`, and as `"snowplow"` either
//! `false`, if nothing is sent for it, or the parameters of the Snowplow event as which it came. An
//! entry with parameters alone was handed on, and is no internal event.
//! The id stands beside it in the journal. Absent parts are left out. Readers accept unknown members, so that members can be added.

use internal_events_catalog::{Analytics, Call, Event, GivenId, Id, Scalar};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Appends the JSON of an event to `out`.
pub fn encode_event(event: &Event, out: &mut Vec<u8>) {
    encode_counted(event, out);
    encode_analytics(event, out);
}

/// Appends what counts of an event: what makes it the same event when it is sent again.
pub(crate) fn encode_counted(event: &Event, out: &mut Vec<u8>) {
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
    encode_scalars("properties", &event.properties, out);
    out.push(b'}');
}

/// Puts what analytics are to know into an object that was just written.
pub(crate) fn encode_analytics(event: &Event, out: &mut Vec<u8>) {
    if event.context.is_empty() && event.analytics == Analytics::Built {
        return;
    }
    out.pop();
    encode_scalars("context", &event.context, out);
    match &event.analytics {
        Analytics::Built => {}
        Analytics::Nothing => out.extend_from_slice(b",\"snowplow\":false"),
        Analytics::AsItCame(parameters) => {
            encode_member("snowplow", out);
            out.extend_from_slice(parameters.as_bytes());
        }
    }
    out.push(b'}');
}

/// Marks an object that was just written as that of an event which is classified as `duo`.
pub(crate) fn encode_duo(out: &mut Vec<u8>) {
    out.pop();
    out.extend_from_slice(b",\"classification\":\"duo\"}");
}

/// Appends what was handed on and is no internal event: nothing but its parameters.
pub(crate) fn encode_forwarded(parameters: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"snowplow\":");
    out.extend_from_slice(parameters.as_bytes());
    out.push(b'}');
}

fn encode_scalars(member: &str, scalars: &[(String, Scalar)], out: &mut Vec<u8>) {
    if scalars.is_empty() {
        return;
    }
    encode_member(member, out);
    out.push(b'{');
    for (position, (name, value)) in scalars.iter().enumerate() {
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

/// Encodes an event that is kept aside: as in the journal, and the id it was sent with.
///
/// In the journal the id stands beside the event; where there is no beside, two members hold it,
/// `"given_id"` and `"content"`, in hexadecimal.
pub(crate) fn encode_kept(event: &Event) -> Vec<u8> {
    let mut out = Vec::new();
    encode_event(event, &mut out);
    if let Some(GivenId { id, content }) = event.given_id {
        out.pop();
        encode_member("given_id", &mut out);
        encode_str(&format!("{:032x}", u128::from_be_bytes(id)), &mut out);
        if let Some(content) = content {
            encode_member("content", &mut out);
            encode_str(&format!("{content:016x}"), &mut out);
        }
        out.push(b'}');
    }
    out
}

/// Reads an event that is kept aside; `None` where the bytes are none of ours.
pub(crate) fn decode_kept(bytes: &[u8]) -> Option<Event> {
    #[derive(Deserialize)]
    struct Given {
        given_id: Option<String>,
        content: Option<String>,
    }
    let event = decode_event(bytes)?;
    let given: Given = serde_json::from_slice(bytes).ok()?;
    let given_id = match given.given_id {
        None => None,
        Some(id) => {
            let id = u128::from_str_radix(&id, 16).ok()?.to_be_bytes();
            let content = given.content.map(|it| u64::from_str_radix(&it, 16)).transpose().ok()?;
            Some(GivenId { id, content })
        }
    };
    Some(Event { given_id, ..event })
}

fn encode_member(name: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b",\"");
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"\":");
}

fn encode_str(text: &str, out: &mut Vec<u8>) {
    if has_escape(text.as_bytes()) {
        return encode(&text, out);
    }
    out.push(b'"');
    out.extend_from_slice(text.as_bytes());
    out.push(b'"');
}

/// Tells whether something has to be escaped, as almost never. Without a branch, so that many
/// bytes are looked at at a time.
fn has_escape(text: &[u8]) -> bool {
    let is_escaped = |it: u8| u8::from(it < b' ') | u8::from(it == b'"') | u8::from(it == b'\\');
    text.iter().fold(0, |any, it| any | is_escaped(*it)) != 0
}

fn encode(value: &impl serde::Serialize, out: &mut Vec<u8>) {
    serde_json::to_writer(out, value).expect("invariant: scalars always serialize into memory");
}

/// Reads an event back from the journal; `None` where the bytes are no such JSON.
pub fn decode_event(bytes: &[u8]) -> Option<Event> {
    event_of(&serde_json::from_slice(bytes).ok()?)
}

/// Reads the event of an entry's members; `None` where there is none.
pub(crate) fn event_of(members: &Map<String, Value>) -> Option<Event> {
    let text = |name: &str| members.get(name).and_then(Value::as_str).map(str::to_owned);
    let call = match members.get("call") {
        None => Call::TrackEvent,
        // One that is not known would count in a way that its sender did not mean.
        Some(call) => Call::parse(call.as_str()?)?,
    };
    let analytics = match members.get("snowplow") {
        None => Analytics::Built,
        Some(Value::Object(parameters)) => {
            Analytics::AsItCame(Value::Object(parameters.clone()).to_string().into())
        }
        Some(_) => Analytics::Nothing,
    };
    Some(Event {
        name: text("event")?,
        category: text("category"),
        user: id(members, "user"),
        project: id(members, "project"),
        namespace: id(members, "namespace"),
        properties: scalars(members, "properties"),
        context: scalars(members, "context"),
        analytics,
        call,
        given_id: None,
    })
}

fn scalars(members: &Map<String, Value>, name: &str) -> Vec<(String, Scalar)> {
    let scalars = members.get(name).and_then(Value::as_object);
    scalars.into_iter().flatten().map(|(k, v)| (k.clone(), scalar(v))).collect()
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

#[cfg(test)]
mod tests;
