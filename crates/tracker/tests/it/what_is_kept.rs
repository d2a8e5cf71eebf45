//! What stands in the journal is what was accepted, routed as it was when it was accepted.

use crate::{PATIENCE, clock};
use internal_events::testing::definitions;
use internal_events::{Catalog, Config, Tracker, decode_event};
use internal_events::{Event, Scalar, encode_event};
use jiff::civil::date;

fn keys_of_entries(tracker: &Tracker) -> Vec<Vec<String>> {
    tracker.flush(PATIENCE).expect("it is written");
    let entries = tracker.read(|it| it.entries(0, 100)).expect("enabled").expect("readable");
    let keys = entries.iter().map(|it| it.updates.iter().map(|it| it.key.to_string()).collect());
    keys.collect()
}

#[test]
fn a_new_catalog_never_changes_what_an_accepted_event_meant() {
    let config = Config::new(Catalog::new(definitions(&["e"]))).clock(clock());
    let tracker = Tracker::open(config).expect("memory needs no more than a thread");
    tracker.track_event("e").user(1).send();
    let mut changed = definitions(&["e"]);
    changed.overrides.unique.insert("e-user".to_owned(), "legacy".to_owned());
    tracker.replace_catalog(Catalog::new(changed));
    tracker.track_event("e").user(1).send();
    let keys = keys_of_entries(&tracker);
    assert!(keys[0].contains(&"{hll_counters}_e-user-2026-47".to_owned()), "{keys:?}");
    assert!(keys[1].contains(&"{hll_counters}_legacy-2026-47".to_owned()), "{keys:?}");
}

#[test]
fn the_time_of_acceptance_decides_the_week() {
    let clock = clock();
    let config = Config::new(Catalog::new(definitions(&["e"]))).clock(clock.clone());
    let tracker = Tracker::open(config).expect("memory needs no more than a thread");
    for day in [date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 22)] {
        clock.set(day);
        tracker.track_event("e").send();
    }
    let weekly: Vec<String> =
        keys_of_entries(&tracker).into_iter().map(|it| it[1].clone()).collect();
    let key = |week: &str| format!("{{event_counters}}_e-2026-{week}");
    assert_eq!(weekly, [key("47"), key("48"), key("47")]);
}

#[test]
fn what_was_left_out_does_not_reach_the_journal() {
    let config = Config::new(Catalog::new(definitions(&["e"]))).clock(clock());
    let tracker = Tracker::open(config).expect("memory needs no more than a thread");
    tracker
        .track_event("e")
        .property("secret", "s")
        .property("label", "l")
        .property("value", "text")
        .property("value", 5)
        .send();
    tracker.flush(PATIENCE).expect("it is written");
    let entries = tracker.read(|it| it.entries(0, 100)).expect("enabled").expect("readable");
    let text = String::from_utf8_lossy(&entries[0].event).into_owned();
    assert_eq!(text, r#"{"event":"e","properties":{"label":"l","value":5}}"#);
}

#[test]
fn events_read_back_as_they_were_written() {
    let event = Event {
        category: Some("Orders \"quoted\"".to_owned()),
        user: Some(5.into()),
        project: Some("x\ny".into()),
        properties: vec![
            ("label".to_owned(), Scalar::from("ü\u{1F600}")),
            ("value".to_owned(), Scalar::Float(0.5)),
            ("custom".to_owned(), Scalar::Int(i64::MIN)),
        ],
        ..Event::new("e")
    };
    let mut bytes = Vec::new();
    encode_event(&event, &mut bytes);
    assert_eq!(decode_event(&bytes), Some(event));
    for hostile in ["", "{", "[]", "{}", r#"{"event":5}"#, "\u{0}"] {
        assert_eq!(decode_event(hostile.as_bytes()), None, "{hostile}");
    }
}
