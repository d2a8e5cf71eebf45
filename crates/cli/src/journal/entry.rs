//! One entry of the journal, as it is shown.

use crate::output::Style;
use crate::visible::visible;
use internal_events::event_json;
use internal_events::store::{StoredChange, StoredEntry};
use jiff::Timestamp;
use serde_json::Value;

/// Tells whether the entry is of this event; every entry is of none in particular.
pub(super) fn is_of(entry: &StoredEntry, name: Option<&str>) -> bool {
    name.is_none_or(|name| event_json(entry)["event"] == name)
}

/// The entry on one line.
pub(super) fn line(entry: &StoredEntry, style: Style) -> String {
    let event = event_json(entry);
    let name = name(&event);
    let ids = ["user", "project", "namespace"].into_iter().filter_map(|it| {
        let id = event.get(it)?;
        Some(format!("  {it} {}", plain(id)))
    });
    let n = entry.updates.len();
    let counters = format!("{n} counter{}", if n == 1 { "" } else { "s" });
    format!(
        "{:>8}  {}  {}{}  {}\n",
        entry.sequence,
        style.dim(&time(entry.accepted_at)),
        style.bold(&name),
        ids.collect::<String>(),
        style.dim(&counters)
    )
}

/// The entry with everything it says and does.
pub(super) fn whole(entry: &StoredEntry, style: Style) -> String {
    let event = event_json(entry);
    let name = name(&event);
    let mut text = format!("{}  entry {}\n", style.bold(&name), entry.sequence);
    text.push_str(&format!("  id           {}\n", entry.id));
    text.push_str(&format!("  accepted at  {}\n", time(entry.accepted_at)));
    text.push_str(&format!("  definitions  {:016x}\n", entry.catalog));
    text.push_str(&format!("  event        {}\n", visible(&event.to_string())));
    text.push_str("  moved\n");
    for it in &entry.updates {
        let what = match &it.change {
            StoredChange::Add(amount) => format!("+{amount}"),
            StoredChange::Sum(amount) => format!("+{amount} (sum)"),
            StoredChange::Observe(element) => format!("saw {}", plain(&self::text(element))),
            StoredChange::Count(value) => format!("+1 of {}", plain(&self::text(value))),
        };
        text.push_str(&format!("    {}  {}\n", visible(&it.key), style.dim(&what)));
    }
    if entry.updates.is_empty() {
        text.push_str("    nothing\n");
    }
    text
}

/// The event's name; of one that was handed on, and is no internal event, what it is.
fn name(event: &Value) -> String {
    let parameter = |name: &str| event["snowplow"][name].as_str();
    match (event["event"].as_str(), parameter("se_ac").or_else(|| parameter("e"))) {
        (Some(name), _) => name.to_owned(),
        (None, Some(what)) => format!("handed on: {what}"),
        (None, None) => "?".to_owned(),
    }
}

/// Bytes as text; those that are none are shown as the replacement character.
fn text(bytes: &[u8]) -> Value {
    String::from_utf8_lossy(bytes).into()
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), |it| visible(it).into_owned())
}

/// A time as the documents write it, in UTC.
pub(crate) fn time(ms: i64) -> String {
    Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |it| format!("{it:.3}"))
}
