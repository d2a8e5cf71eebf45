//! What one look finds, wherever it looks: both sources speak the JSON of the HTTP interface.

use jiff::Timestamp;
use serde_json::{Map, Value};

/// What one look finds.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Snapshot {
    /// When it looked: milliseconds since 1970.
    pub(super) now: i64,
    pub(super) metrics: Vec<MetricNow>,
    /// The events since the look before, the oldest first.
    pub(super) events: Vec<Entry>,
    pub(super) deliveries: Vec<DeliveryNow>,
    /// How many events were ever kept aside, or since the server started.
    pub(super) kept_aside: u64,
    /// What could not be read, and why.
    pub(super) notes: Vec<String>,
}

/// The value of a metric.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct MetricNow {
    pub(super) key_path: String,
    pub(super) time_frame: String,
    /// Null where there is none.
    pub(super) value: Value,
    /// Why there is none.
    pub(super) reason: Option<String>,
    /// The keys it is read from.
    pub(super) keys: Vec<String>,
}

/// An entry of the journal.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entry {
    pub(super) sequence: u64,
    pub(super) accepted_at: i64,
    /// Fingerprint of the definitions that routed it.
    pub(super) catalog: String,
    pub(super) updates: Vec<Moved>,
    /// All of it.
    pub(super) json: Value,
    /// Bytes of it as text.
    pub(super) bytes: usize,
}

/// A counter that an event moved.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Moved {
    pub(super) key: String,
    /// What happened to it, in words.
    pub(super) what: String,
}

/// How a destination is doing.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct DeliveryNow {
    pub(super) destination: String,
    pub(super) delivered: u64,
    pub(super) pending: u64,
    pub(super) oldest_pending: Option<i64>,
    pub(super) dropped: Vec<(String, u64)>,
    pub(super) last_error: Option<String>,
    pub(super) warnings: Vec<String>,
}

impl MetricNow {
    /// Reads a report of metrics.
    pub(super) fn all(report: &Value) -> Vec<Self> {
        list(&report["metrics"]).iter().map(Self::read).collect()
    }

    fn read(json: &Value) -> Self {
        Self {
            key_path: text(&json["key_path"]),
            time_frame: text(&json["time_frame"]),
            value: json["value"].clone(),
            reason: json["reason"].as_str().map(str::to_owned),
            keys: list(&json["keys"]).iter().map(text).collect(),
        }
    }
}

impl Entry {
    /// Reads an entry as the journal is listed.
    pub(super) fn read(json: Value) -> Self {
        let accepted_at = text(&json["accepted_at"]).parse::<Timestamp>();
        Self {
            sequence: json["sequence"].as_u64().unwrap_or_default(),
            accepted_at: accepted_at.map_or(0, Timestamp::as_millisecond),
            catalog: text(&json["catalog"]),
            updates: list(&json["updates"]).iter().map(Moved::read).collect(),
            bytes: json.to_string().len(),
            json,
        }
    }

    pub(super) fn name(&self) -> &str {
        self.json["event"]["event"].as_str().unwrap_or("?")
    }

    /// The user, the project or the namespace; empty if there is none.
    pub(super) fn identifier(&self, name: &str) -> String {
        text(&self.json["event"][name])
    }

    /// The additional properties.
    pub(super) fn properties(&self) -> Option<&Map<String, Value>> {
        self.json["event"]["properties"].as_object()
    }
}

impl Moved {
    fn read(json: &Value) -> Self {
        let what = match (&json["amount"], &json["element"], &json["value"]) {
            (_, Value::String(element), _) => format!("saw {element}"),
            (_, _, Value::String(value)) => format!("+1 of {value}"),
            (amount, ..) => format!("+{amount}"),
        };
        Self { key: text(&json["key"]), what }
    }
}

impl DeliveryNow {
    /// Reads the destinations as health has them.
    pub(super) fn all(destinations: &Value) -> Vec<Self> {
        let destinations = destinations.as_object().into_iter().flatten();
        destinations.map(|(name, it)| Self::read(name, it)).collect()
    }

    fn read(name: &str, json: &Value) -> Self {
        let n = |name: &str| json[name].as_u64().unwrap_or_default();
        let dropped = json["dropped"].as_object().into_iter().flatten();
        let oldest = json["oldest_pending"].as_str().and_then(|it| it.parse::<Timestamp>().ok());
        Self {
            destination: name.to_owned(),
            delivered: n("delivered"),
            pending: n("pending"),
            oldest_pending: oldest.map(Timestamp::as_millisecond),
            dropped: dropped
                .map(|(cause, n)| (cause.clone(), n.as_u64().unwrap_or_default()))
                .collect(),
            last_error: json["last_error"].as_str().map(str::to_owned),
            warnings: list(&json["warnings"]).iter().map(text).collect(),
        }
    }
}

fn list(json: &Value) -> &[Value] {
    json.as_array().map_or(&[], Vec::as_slice)
}

/// Text as it is, and anything else as JSON; nothing where there is nothing.
pub(super) fn text(json: &Value) -> String {
    match json {
        Value::Null => String::new(),
        Value::String(it) => it.clone(),
        other => other.to_string(),
    }
}
