//! Whatever Snowplow event is handed on, only what a collector takes leaves, and no user's id.

#![no_main]

use internal_events::snowplow::{Salt, SnowplowOptions, is_pseudonym, parameters, without_user};
use internal_events::store::{EventId, StoredEntry};
use libfuzzer_sys::fuzz_target;
use serde_json::{Map, Value, json};

fuzz_target!(|bytes: &[u8]| {
    // Lines such as `uid=5`, beside what every event has to have.
    let text = String::from_utf8_lossy(bytes);
    let lines = text.lines().filter_map(|it| it.split_once('='));
    let needed = [("e", "pv"), ("p", "web"), ("tv", "js-4.10.1")];
    let came: Map<String, Value> = needed
        .into_iter()
        .chain(lines)
        .map(|(name, value)| (name.to_owned(), value.into()))
        .collect();
    let entry = StoredEntry {
        sequence: 1,
        id: EventId([7; 16]),
        accepted_at: 1_795_338_411_772,
        catalog: 0,
        event: json!({ "snowplow": &came }).to_string().into_bytes(),
        updates: Vec::new(),
    };
    let options = SnowplowOptions::new("http://127.0.0.1", Salt::new("pepper"));
    if let Ok(sent) = parameters(&entry, &options) {
        for (name, value) in sent.iter() {
            assert!(!value.is_empty(), "{name} says something");
            assert!(came.contains_key(name) || name == "eid", "{name} came");
        }
        assert!(sent.get("uid").is_none_or(is_pseudonym), "a user's id is a hash");
        // What is a hash already is sent as it is: handing on twice is handing on once.
        let again: Map<String, Value> =
            sent.iter().map(|(name, value)| (name.to_owned(), value.into())).collect();
        let event = json!({ "snowplow": again }).to_string().into_bytes();
        let twice = parameters(&StoredEntry { event, ..entry }, &options);
        assert_eq!(twice.as_ref(), Ok(&sent));
    }

    let mut anonymous = came;
    without_user(&mut anonymous);
    assert!(!anonymous.contains_key("uid"), "nobody is named");
    let once = anonymous.clone();
    without_user(&mut anonymous);
    assert_eq!(anonymous, once, "an event without a user has none to be taken out");
});
