//! Whatever bytes a tracker sends, decoding them ends, panics nowhere and loses nothing.

#![no_main]

use internal_events_collector::snowplow::{ContentHash, decode_get, decode_post};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // A query and a body, as far as the first line break tells them apart.
    let end = bytes.iter().position(|it| *it == b'\n').unwrap_or(0);
    let query = String::from_utf8_lossy(&bytes[..end]);
    let body = bytes.get(end + usize::from(end > 0)..).unwrap_or_default();

    let decoded = decode_post(Some(b"application/json"), &query, body);
    assert!(decoded.payloads.len() + decoded.bad.len() > 0, "a request has an outcome");
    for payload in &decoded.payloads {
        ContentHash::new(b"").of(&payload.parameters);
        let has = |names: [&str; 2]| names.iter().any(|it| payload.parameters.get(it).is_some());
        assert_eq!(payload.contexts().is_some(), has(["cx", "co"]), "contexts are read again");
        assert_eq!(
            payload.described().is_some(),
            has(["ue_px", "ue_pr"]),
            "so is what is described"
        );
        assert!(payload.notes.len() <= 21, "notes are bounded");
    }
    for bad in &decoded.bad {
        assert!(!bad.reasons.is_empty(), "what is bad has a reason");
        for reason in &bad.reasons {
            assert!(reason.to_string().len() < 2_000, "what is repeated is short");
        }
    }

    let decoded = decode_get(&query);
    assert_eq!(decoded.payloads.len() + decoded.bad.len(), 1, "a query is one event");
});
