//! Entries of the journal as JSON: the same shape wherever they are shown.

use crate::store::{StoredChange, StoredEntry};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The entry as JSON: `sequence`, `id`, `accepted_at`, `catalog` (the fingerprint of the
/// definitions that routed it), `event` as it stands in the journal, and `updates`.
pub fn entry_json(entry: &StoredEntry) -> Value {
    let updates = entry.updates.iter().map(|it| {
        let kind = it.change.as_change().kind().name();
        let (name, value) = match &it.change {
            StoredChange::Add(amount) => ("amount", json!(amount)),
            StoredChange::Sum(amount) => ("amount", json!(amount)),
            StoredChange::Observe(element) => ("element", text(element)),
            StoredChange::Count(value) => ("value", text(value)),
        };
        json!({ "key": *it.key, "kind": kind, name: value })
    });
    json!({
        "sequence": entry.sequence,
        "id": entry.id.to_string(),
        "accepted_at": time(entry.accepted_at),
        "catalog": format!("{:016x}", entry.catalog),
        "event": event_json(entry),
        "updates": updates.collect::<Vec<_>>(),
    })
}

/// The event of an entry as it stands in the journal; text that is no JSON stays text.
pub fn event_json(entry: &StoredEntry) -> Value {
    serde_json::from_slice(&entry.event).unwrap_or_else(|_| text(&entry.event))
}

/// Bytes as text; those that are none are shown as the replacement character.
fn text(bytes: &[u8]) -> Value {
    String::from_utf8_lossy(bytes).into()
}

/// A time as the documents write it, in UTC.
fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |it| format!("{it:.3}"))
}
