//! The Snowplow tracker protocol, from bytes to events.
#![expect(clippy::unwrap_used, clippy::print_stderr, reason = "a test panics and tells why")]

pub(crate) mod corpus;
mod events;
mod hostile;
pub(crate) mod mutations;
mod round_trip;

use internal_events_collector::snowplow::{Decoded, Fault, decode_get, decode_post};

const JSON: Option<&[u8]> = Some(b"application/json; charset=utf-8");

/// A POST as trackers send it.
fn post(body: &str) -> Decoded<'_> {
    decode_post(JSON, "", body.as_bytes())
}

/// The body that holds these events, each the text of an object.
fn body(events: &str) -> String {
    let schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";
    format!(r#"{{"schema":"{schema}","data":[{events}]}}"#)
}

/// Contexts as JSON; each is the name of a schema and its data.
fn contexts(list: &[(&str, &str)]) -> String {
    let entities: Vec<_> = list
        .iter()
        .map(|(uri, data)| format!(r#"{{"schema":"iglu:{uri}","data":{data}}}"#))
        .collect();
    let schema = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1";
    format!(r#"{{"schema":"{schema}","data":[{}]}}"#, entities.join(","))
}

fn codes(faults: &[Fault]) -> Vec<&'static str> {
    faults.iter().map(Fault::code).collect()
}

/// The alphabets of base64, and whether the end is padded.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Flavour {
    last: [char; 2],
    pads: bool,
}

pub(crate) const FLAVOURS: [Flavour; 4] = [
    Flavour { last: ['+', '/'], pads: true },
    Flavour { last: ['+', '/'], pads: false },
    Flavour { last: ['-', '_'], pads: true },
    Flavour { last: ['-', '_'], pads: false },
];

pub(crate) fn base64(bytes: &[u8], flavour: Flavour) -> String {
    let alphabet: Vec<char> =
        ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(flavour.last).collect();
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let at = |idx: usize| three.get(idx).copied().map_or(0, usize::from);
        let bits = at(0) << 16 | at(1) << 8 | at(2);
        for idx in 0..4 {
            if idx <= three.len() {
                text.push(alphabet[bits >> (18 - 6 * idx) & 63]);
            } else if flavour.pads {
                text.push('=');
            }
        }
    }
    text
}

/// Escapes text for a query; what a space becomes differs between trackers.
fn escape(text: &str, space: &str) -> String {
    let mut escaped = String::new();
    for byte in text.bytes() {
        match byte {
            b' ' => escaped.push_str(space),
            _ if byte.is_ascii_alphanumeric() || b"-_.".contains(&byte) => {
                escaped.push(char::from(byte));
            }
            _ => escaped.push_str(&format!("%{byte:02X}")),
        }
    }
    escaped
}

/// Numbers that look random and are the same each time.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap() % bound.max(1)
    }
}

#[test]
fn a_get_is_decoded_like_a_post() {
    let from_get = decode_get("e=se&se_ac=a+b&se_la=%C3%BC&p=web&tv=x");
    let from_post = body(r#"{"e":"se","se_ac":"a b","se_la":"ü","p":"web","tv":"x"}"#);
    let from_post = post(&from_post);
    let parameters = |it: &Decoded<'_>| -> Vec<(String, String)> {
        let all = it.payloads[0].parameters.iter();
        all.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
    };
    assert_eq!(parameters(&from_get), parameters(&from_post));
    assert_eq!(from_get.payloads[0].tracked, from_post.payloads[0].tracked);
}
