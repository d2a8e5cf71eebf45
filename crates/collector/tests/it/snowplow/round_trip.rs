//! Events written as each official tracker writes them are read as they were.

use super::{FLAVOURS, Flavour, base64, escape};
use internal_events_collector::snowplow::{Payload, decode_get, decode_post};
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// How a tracker writes.
#[derive(Clone, Copy, Debug)]
struct Tracker {
    content_type: &'static str,
    /// The base64 of contexts and of what is described; none if they are written plain.
    flavour: Option<Flavour>,
    wrapper: &'static str,
    /// What a space becomes in a query.
    space: &'static str,
    /// Escapes what is not ASCII in JSON, and writes spaces between members.
    is_python: bool,
}

const STANDARD_PADDED: Flavour = FLAVOURS[0];
const URL_PADDED: Flavour = FLAVOURS[2];
const URL_BARE: Flavour = FLAVOURS[3];

const BROWSER: Tracker = Tracker {
    content_type: "application/json; charset=UTF-8",
    flavour: Some(URL_BARE),
    wrapper: "1-0-0",
    space: "%20",
    is_python: false,
};
const BROWSER_PLAIN: Tracker = Tracker { flavour: None, ..BROWSER };
const PYTHON: Tracker = Tracker {
    content_type: "application/json; charset=utf-8",
    flavour: Some(URL_PADDED),
    wrapper: "1-0-1",
    space: "+",
    is_python: true,
};
const RUBY: Tracker = Tracker { flavour: Some(STANDARD_PADDED), is_python: false, ..PYTHON };
const RUST: Tracker =
    Tracker { content_type: "application/json", flavour: None, is_python: false, ..PYTHON };
/// No tracker's own, but allowed: the standard alphabet without padding.
const OTHER: Tracker = Tracker { flavour: Some(FLAVOURS[1]), ..BROWSER };

const TRACKERS: [Tracker; 6] = [BROWSER, BROWSER_PLAIN, PYTHON, RUBY, RUST, OTHER];

#[derive(Clone, Debug)]
struct Event {
    parameters: Vec<(String, String)>,
    contexts: Vec<Value>,
    described: Option<Value>,
}

fn json_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1_000_000_i32..1_000_000).prop_map(|it| Value::from(f64::from(it) / 64.0)),
        ".{0,12}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            btree_map(".{0,6}", inner, 0..4)
                .prop_map(|it| Value::Object(it.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

fn entity() -> impl Strategy<Value = Value> {
    ("[a-z][a-zA-Z0-9._-]{0,12}", "[a-z_-]{1,8}", 0..200_u32, json_value()).prop_map(
        |(vendor, name, addition, data)| {
            json!({"schema": format!("iglu:{vendor}/{name}/jsonschema/1-0-{addition}"), "data": data})
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let name = prop_oneof![
        Just("se_la"),
        Just("se_pr"),
        Just("page"),
        Just("url"),
        Just("uid"),
        Just("aid"),
        Just("ua"),
        Just("lang"),
        Just("se_ca"),
        Just("tna"),
    ];
    let texts = btree_map(name, ".{0,30}", 0..8);
    (texts, vec(entity(), 0..3), proptest::option::of(entity())).prop_map(
        |(texts, contexts, described)| {
            let mut parameters: Vec<_> =
                texts.into_iter().map(|(name, text)| (name.to_owned(), text)).collect();
            let e = if described.is_some() { "ue" } else { "se" };
            for (name, value) in [("e", e), ("p", "web"), ("tv", "x"), ("se_ac", "a")] {
                parameters.push((name.to_owned(), value.to_owned()));
            }
            Event { parameters, contexts, described }
        },
    )
}

impl Tracker {
    /// Writes JSON; the strings in it may come out escaped.
    fn json(self, value: &Value) -> String {
        let text = value.to_string();
        if !self.is_python {
            return text;
        }
        let mut escaped = String::new();
        for it in text.chars() {
            if it.is_ascii() {
                escaped.push(it);
            } else {
                let mut units = [0; 2];
                for unit in it.encode_utf16(&mut units) {
                    escaped.push_str(&format!("\\u{unit:04x}"));
                }
            }
        }
        escaped
    }

    /// All parameters as this tracker writes them, contexts and what is described included.
    fn parameters(self, event: &Event) -> Vec<(String, String)> {
        let mut all = event.parameters.clone();
        let wrapper = |name: &str, version: &str, data: Value| {
            let schema = "iglu:com.snowplowanalytics.snowplow";
            json!({"schema": format!("{schema}/{name}/jsonschema/{version}"), "data": data})
        };
        let mut add = |plain: &str, encoded: &str, document: &Value| {
            let text = self.json(document);
            all.push(match self.flavour {
                None => (plain.to_owned(), text),
                Some(flavour) => (encoded.to_owned(), base64(text.as_bytes(), flavour)),
            });
        };
        if let Some(described) = &event.described {
            add("ue_pr", "ue_px", &wrapper("unstruct_event", "1-0-0", described.clone()));
        }
        if !event.contexts.is_empty() {
            add("co", "cx", &wrapper("contexts", self.wrapper, event.contexts.clone().into()));
        }
        all
    }

    fn body(self, events: &[Event]) -> String {
        let objects = events.iter().map(|it| {
            let members = self.parameters(it).into_iter();
            Value::Object(members.map(|(name, value)| (name, value.into())).collect())
        });
        let schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";
        let list: Vec<_> = objects.collect();
        self.json(&json!({"schema": schema, "data": list}))
    }

    fn query(self, event: &Event) -> String {
        let escaped = |it: &str| escape(it, self.space);
        let pairs = self.parameters(event).into_iter();
        let pairs: Vec<_> =
            pairs.map(|(k, v)| format!("{}={}", escaped(&k), escaped(&v))).collect();
        pairs.join("&")
    }

    fn same(self, payload: &Payload<'_>, event: &Event) {
        let given = payload.parameters.iter();
        let given: Vec<_> = given.map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        assert_eq!(given, self.parameters(event));
        let data = |it: Option<Value>| it.map(|mut it| it["data"].take());
        let contexts = data(payload.contexts()).unwrap_or(json!([]));
        assert_eq!(contexts, Value::from(event.contexts.clone()));
        assert_eq!(data(payload.described()), event.described);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(128) })]

    #[test]
    fn what_a_tracker_writes_is_read_as_it_was(events in vec(event(), 1..4)) {
        for tracker in TRACKERS {
            let body = tracker.body(&events);
            let decoded =
                decode_post(Some(tracker.content_type.as_bytes()), "", body.as_bytes());
            assert!(decoded.bad.is_empty(), "{:?}", decoded.bad);
            assert_eq!(decoded.payloads.len(), events.len());
            for (payload, event) in decoded.payloads.iter().zip(&events) {
                tracker.same(payload, event);
            }
            for event in &events {
                let query = tracker.query(event);
                let decoded = decode_get(&query);
                assert!(decoded.bad.is_empty(), "{:?}", decoded.bad);
                tracker.same(&decoded.payloads[0], event);
            }
        }
    }

    #[test]
    fn any_bytes_are_kept_or_counted(query in ".{0,200}", body in vec(any::<u8>(), 0..300)) {
        let decoded = decode_post(super::JSON, &query, &body);
        prop_assert!(decoded.payloads.len() + decoded.bad.len() >= 1);
        let decoded = decode_get(&query);
        prop_assert_eq!(decoded.payloads.len() + decoded.bad.len(), 1);
    }
}
