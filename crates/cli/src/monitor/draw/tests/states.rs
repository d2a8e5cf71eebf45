//! Models as they are after some looks and keys.

use crate::monitor::model::{Medium, Model, Why};
use crate::monitor::snapshot::{DeliveryNow, Entry, MetricNow, Snapshot};
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use serde_json::{Value, json};

pub(super) const TOTAL: &str = "counts.count_total_create_order";
pub(super) const USERS: &str = "redis_hll_counters.count_distinct_user_id_from_create_order";

/// 2026-11-18 10:15:00 in UTC.
pub(super) const NOW: i64 = 1_794_996_900_000;

/// A look at both metrics of a shop.
pub(super) fn look(total: u64, users: u64) -> Snapshot {
    let report = json!({ "metrics": [
        { "key_path": TOTAL, "time_frame": "all", "value": total,
          "keys": [TOTAL_KEY] },
        { "key_path": USERS, "time_frame": "7d", "value": users,
          "keys": [USERS_KEY] },
    ] });
    let destinations = json!({ "counters": { "delivered": total, "pending": 0 } });
    Snapshot {
        now: NOW,
        metrics: MetricNow::all(&report),
        deliveries: DeliveryNow::all(&destinations),
        ..Snapshot::default()
    }
}

/// An entry of the journal with the counters it moved.
pub(super) fn entry(sequence: u64, event: Value, keys: &[&str]) -> Entry {
    let update = |key: &&str| {
        if key.starts_with("{hll") {
            json!({ "key": key, "kind": "unique", "element": event["user"].to_string() })
        } else {
            json!({ "key": key, "kind": "total", "amount": 1 })
        }
    };
    let updates: Vec<Value> = keys.iter().map(update).collect();
    Entry::read(json!({
        "sequence": sequence,
        "id": "019a97a8-1f40-7c8e-8d0b-0d5a5f6b7c01",
        "accepted_at": format!("2026-11-18T10:14:{sequence:02}.000Z"),
        "catalog": "8c1f6d0e5a57a6b9",
        "event": event,
        "updates": updates,
    }))
}

/// An order of a user, and one of nobody that moves the given counters.
pub(super) fn orders(keys_of_nobody: &[&str]) -> Vec<Entry> {
    let order = json!({
        "event": "create_order", "user": 5, "project": 7,
        "properties": { "label": "gift", "value": 3 },
    });
    vec![
        entry(1, order, &[TOTAL_KEY, USERS_KEY]),
        entry(2, json!({ "event": "create_order" }), keys_of_nobody),
    ]
}

pub(super) const TOTAL_KEY: &str = "{event_counters}_create_order";
pub(super) const USERS_KEY: &str = "{hll_counters}_create_order-user-2026-47";

pub(super) fn model() -> Model {
    let mut model = Model::new("create_order".to_owned(), "http://127.0.0.1:8080".to_owned());
    model.medium = Medium::Terminal;
    model
}

/// One that has seen two orders.
pub(super) fn moved(keys_of_nobody: &[&str]) -> Model {
    let mut model = model();
    model.see(look(0, 0));
    model.see(Snapshot { events: orders(keys_of_nobody), ..look(2, 1) });
    model
}

pub(super) fn press(mut model: Model, keys: &str) -> Model {
    for it in keys.chars() {
        let code = match it {
            '\r' => KeyCode::Enter,
            '\t' => KeyCode::Tab,
            '\u{1b}' => KeyCode::Esc,
            other => KeyCode::Char(other),
        };
        model.press(KeyEvent::from(code));
    }
    model
}

/// One whose second event is explained.
pub(super) fn explained(reasons: &[&str]) -> Model {
    let mut model = moved(&[]);
    let reasons = reasons.iter().map(|it| (*it).to_owned()).collect();
    model.explain(Why { sequence: 2, reasons });
    model
}

/// One that sees destinations, and what is said beside.
pub(super) fn failing() -> Model {
    let destinations = json!({
        "counters": { "delivered": 2, "pending": 0 },
        "redis": {
            "delivered": 0, "pending": 2, "oldest_pending": "2026-11-18T10:10:00Z",
            "dropped": { "backlog": 12 }, "last_error": "connection refused",
            "warnings": ["evicts keys"],
        },
    });
    let deliveries = DeliveryNow::all(&destinations);
    let mut model = moved(&[TOTAL_KEY]);
    model.see(Snapshot {
        deliveries,
        kept_aside: 3,
        notes: vec!["a note".to_owned()],
        ..look(2, 1)
    });
    model.fail("the disk has gone".to_owned());
    model
}

pub(super) const HOSTILE: &str = "\u{1b}[2J\u{202e}evil\nline";

/// One with its newest event opened, which moved nothing.
pub(super) fn opened() -> Model {
    let mut model = press(moved(&[]), "\r");
    model.explain(Why { sequence: 2, reasons: vec!["a: `user` is missing".to_owned()] });
    model
}

/// One whose event and metrics try to steer the terminal.
pub(super) fn hostile() -> Model {
    let text = HOSTILE;
    let mut model = Model::new(text.to_owned(), text.to_owned());
    let report = json!({ "metrics": [{ "key_path": text, "time_frame": text, "value": 1 }] });
    let event = json!({ "event": text, "user": text, "properties": { text: text } });
    let destinations = json!({ text: { "last_error": text, "dropped": { text: 1 } } });
    model.see(Snapshot {
        now: NOW,
        metrics: MetricNow::all(&report),
        events: vec![entry(1, event, &[text])],
        deliveries: DeliveryNow::all(&destinations),
        notes: vec![text.to_owned()],
        ..Snapshot::default()
    });
    model.explain(Why { sequence: 1, reasons: vec![text.to_owned()] });
    model.filter = text.to_owned();
    model
}

/// As on the page of the manual: four orders were sent, and one with a misspelt name.
pub(super) fn of_the_page() -> Model {
    let mut model = Model::new("create_order".to_owned(), "http://127.0.0.1:8080".to_owned());
    model.see(look(0, 0));
    let gift = |user| {
        let properties = json!({ "label": "gift" });
        json!({ "event": "create_order", "user": user, "project": 7, "properties": properties })
    };
    let nobody = json!({ "event": "create_order" });
    let events = [
        (gift(5), &[TOTAL_KEY, USERS_KEY][..]),
        (gift(8), &[TOTAL_KEY, USERS_KEY]),
        (nobody.clone(), &[TOTAL_KEY]),
        (nobody, &[]),
    ];
    let (at, now) = ("2026-11-30T10:30:48.000Z", 1_796_034_649_000);
    let entries = (1..).zip(events).map(|(n, (event, keys))| {
        let mut json = entry(n, event, keys).json;
        json["accepted_at"] = at.into();
        Entry::read(json)
    });
    let deliveries = DeliveryNow::all(&json!({ "counters": { "delivered": 4 } }));
    let events = entries.collect();
    model.see(Snapshot { now, events, kept_aside: 1, deliveries, ..look(3, 2) });
    let reasons =
        [format!("{TOTAL}: only `track_event` moves it"), format!("{USERS}: `user` is missing")];
    model.explain(Why { sequence: 4, reasons: reasons.into() });
    model
}
