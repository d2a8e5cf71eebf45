//! One event as it is shown, written once when it comes.

use super::check::{Checked, Rules, Verdict, words};
use super::columns;
use super::run::Run;
use crate::snowplow::{Bad, Fault, Payload, decode_post};
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use uuid::Uuid;

/// Who made the protocol by which all events come.
pub(super) const VENDOR: &str = "com.snowplowanalytics.snowplow";

/// Bytes that are kept of a text that cannot be used: a whole event, if it is an ordinary one.
const RAW_BYTES: usize = 64 << 10;

/// Bytes that are kept of a header.
const HEADER_BYTES: usize = 255;

/// Bytes that an entry takes besides its texts, about.
const OVERHEAD: usize = 512;

/// An event that is shown.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its place among all there ever were.
    pub(super) number: u64,
    pub(super) run: Option<Run>,
    pub(super) facts: Facts,
    /// What is wrong with it; nothing if it is good.
    pub(super) errors: Vec<String>,
    /// What is answered to those who ask for it, as JSON.
    pub(super) text: Box<str>,
}

/// By what events are found.
#[derive(Debug, Default)]
pub(super) struct Facts {
    pub(super) event_type: Option<&'static str>,
    pub(super) schema: Option<String>,
    pub(super) contexts: Vec<String>,
    pub(super) event_id: Option<String>,
    pub(super) event: Option<String>,
    pub(super) app_id: Option<String>,
    pub(super) version: &'static str,
}

impl Entry {
    pub(super) fn is_good(&self) -> bool {
        self.errors.is_empty()
    }

    pub(super) fn is_of(&self, run: Option<&Run>) -> bool {
        run.is_none() || self.run.as_ref() == run
    }

    /// What it takes in memory, about.
    pub(super) fn bytes(&self) -> usize {
        let facts = &self.facts;
        let texts = [&facts.schema, &facts.event_id, &facts.event, &facts.app_id];
        let texts = texts.into_iter().flatten().chain(&facts.contexts).chain(&self.errors);
        let texts: usize = texts.map(|it| it.len() + size_of::<String>()).sum();
        OVERHEAD + self.text.len() + texts + self.run.as_ref().map_or(0, Run::len)
    }
}

/// What is known of the request that an event came by.
pub(super) struct Origin<'a> {
    pub(super) now_ms: i64,
    pub(super) run: Option<Run>,
    /// It is a query of a GET.
    pub(super) is_query: bool,
    /// The version of the protocol.
    pub(super) version: &'static str,
    pub(super) hostname: Option<&'a str>,
    pub(super) content_type: Option<&'a str>,
    /// The type that the body is read as.
    pub(super) read_as: Option<Cow<'a, [u8]>>,
}

impl Origin<'_> {
    /// That of an event as trackers post it.
    pub(super) fn new(now_ms: i64, run: Option<Run>) -> Self {
        let json = "application/json";
        let (content_type, read_as) = (Some(json), Some(Cow::Borrowed(json.as_bytes())));
        Self { now_ms, run, is_query: false, version: "tp2", hostname: None, content_type, read_as }
    }

    fn api(&self) -> Value {
        json!({ "vendor": VENDOR, "version": self.version })
    }

    fn source(&self) -> Value {
        let hostname = self.hostname.map(|it| cut(it, HEADER_BYTES));
        json!({ "name": "internal-events", "encoding": "UTF-8", "hostname": hostname })
    }

    fn content_type(&self) -> Option<&str> {
        self.content_type.map(|it| cut(it, HEADER_BYTES))
    }

    /// The event as the collector of Snowplow hands it on.
    fn raw(&self, payload: &Payload<'_>) -> Value {
        let parameters = payload.parameters.iter();
        let parameters: Map<_, _> =
            parameters.map(|(name, text)| (name.to_owned(), text.into())).collect();
        json!({
            "api": self.api(),
            "parameters": parameters,
            "contentType": self.content_type(),
            "source": self.source(),
            "context": {
                "timestamp": columns::time(self.now_ms),
                "headers": [],
                "userId": null,
            },
        })
    }

    /// The request as the collector of Snowplow hands it on, of a bad event no more than its own
    /// part; nobody's address, cookie or token is in it.
    fn request(&self, query: &str, body: &str) -> Value {
        let pairs = form_urlencoded::parse(cut(query, RAW_BYTES).as_bytes());
        let pairs: Vec<Value> =
            pairs.map(|(name, value)| json!({ "name": name, "value": value })).collect();
        json!({
            "api": self.api(),
            "querystring": pairs,
            "contentType": self.content_type(),
            "body": Some(cut(body, RAW_BYTES)).filter(|it| !it.is_empty()),
            "source": self.source(),
            "context": {
                "timestamp": columns::time(self.now_ms),
                "ipAddress": null,
                "useragent": null,
                "refererUri": null,
                "headers": [],
                "userId": null,
            },
        })
    }

    fn entry(&self, facts: Facts, errors: Vec<String>, text: &Value) -> Entry {
        let facts = Facts { version: self.version, ..facts };
        Entry { number: 0, run: self.run.clone(), facts, errors, text: text.to_string().into() }
    }
}

/// Makes an entry of each event of a request.
pub(super) fn read(
    origin: &Origin<'_>,
    (query, body): (&str, &[u8]),
    rules: &Rules<'_>,
) -> Vec<Entry> {
    let decoded = decode_post(origin.read_as.as_deref(), query, body);
    let good = decoded.payloads.iter().map(|it| of_payload(origin, it, &decoded.notes, rules));
    let bad = decoded.bad.iter().map(|it| of_bad(origin, it));
    good.chain(bad).collect()
}

/// Shows what could be decoded, as good or as bad.
fn of_payload(
    origin: &Origin<'_>,
    payload: &Payload<'_>,
    of_request: &[Fault],
    rules: &Rules<'_>,
) -> Entry {
    let (contexts, described) = (payload.contexts(), payload.described());
    let checked = Checked {
        payload,
        contexts: contexts.as_ref(),
        described: described.as_ref(),
        is_query: origin.is_query,
    };
    let Verdict { errors, mut notes } = rules.check(&checked);
    notes.extend(of_request.iter().map(words));
    let id = payload.id.map_or_else(internal_events::new_id, Uuid::from_bytes).to_string();
    let facts = facts(payload, contexts.as_ref(), described.as_ref(), &id);
    let raw = origin.raw(payload);
    if !errors.is_empty() {
        let mut shown = json!({
            "collectorPayload": origin.request("", ""),
            "rawEvent": raw,
            "errors": errors,
        });
        add_notes(&mut shown, notes);
        return origin.entry(facts, errors, &shown);
    }
    let mut event = columns::flat(payload, origin.now_ms, &facts);
    event.insert("contexts".to_owned(), contexts.unwrap_or_default());
    event.insert("unstruct_event".to_owned(), described.unwrap_or_default());
    let mut shown = json!({
        "rawEvent": raw,
        "eventType": facts.event_type,
        "schema": facts.schema,
        "contexts": facts.contexts,
        "event": event,
        "incomplete": false,
    });
    add_notes(&mut shown, notes);
    origin.entry(facts, errors, &shown)
}

fn add_notes(shown: &mut Value, notes: Vec<String>) {
    if !notes.is_empty() {
        shown["notes"] = notes.into();
    }
}

/// Shows what could not be decoded: an event, or a whole request.
fn of_bad(origin: &Origin<'_>, bad: &Bad<'_>) -> Entry {
    let errors: Vec<String> = bad.reasons.iter().map(words).collect();
    let named = serde_json::from_str::<Map<String, Value>>(&bad.body).unwrap_or_default();
    let text = |name: &str| named.get(name).and_then(Value::as_str).map(str::to_owned);
    let facts = Facts {
        event_id: text("eid").map(|it| it.to_ascii_lowercase()),
        event: text("se_ac"),
        app_id: text("aid"),
        ..Facts::default()
    };
    let shown = json!({
        "collectorPayload": origin.request(&bad.query, &bad.body),
        "rawEvent": null,
        "errors": errors,
    });
    origin.entry(facts, errors, &shown)
}

fn facts(
    payload: &Payload<'_>,
    contexts: Option<&Value>,
    described: Option<&Value>,
    id: &str,
) -> Facts {
    let (event_type, defined_as) = columns::kind(payload);
    let schema = match defined_as {
        Some((vendor, name)) => Some(format!("iglu:{vendor}/{name}/jsonschema/1-0-0")),
        None => described.and_then(|it| it["data"]["schema"].as_str()).map(str::to_owned),
    };
    let list = contexts.and_then(|it| it["data"].as_array());
    let schemas = list.into_iter().flatten().filter_map(|it| it["schema"].as_str());
    let text = |name: &str| payload.parameters.get(name).map(str::to_owned);
    Facts {
        event_type: Some(event_type),
        schema,
        contexts: schemas.map(str::to_owned).collect(),
        event_id: Some(id.to_owned()),
        event: text("se_ac"),
        app_id: text("aid"),
        version: "",
    }
}

fn cut(text: &str, at_most: usize) -> &str {
    &text[..text.floor_char_boundary(at_most)]
}
