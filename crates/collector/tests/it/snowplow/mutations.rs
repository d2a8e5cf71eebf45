//! Requests of official trackers, broken at random.

use super::corpus::{self, Request};
use super::{JSON, Random};
use internal_events_collector::snowplow::{ContentHash, decode_get, decode_post};

/// What trackers write, and what breaks readers of it.
const WORDS: &[&str] = &[
    "\"",
    "\\",
    "\\\"",
    "{",
    "}",
    "[",
    "]",
    ",",
    ":",
    "null",
    "true",
    "-1",
    "1e999",
    "\\ud83d",
    "\\u0000",
    "\u{0}",
    "=",
    "%",
    "&",
    "+",
    "é",
    "\u{FEFF}",
    "iglu:",
    "1-0-0",
    "\"data\":",
    "\"cx\":",
    "\"e\":\"se\",",
    "99999999999999999999",
    "[[[[[[[[[[[[[[[[",
    "{\"a\":",
];

#[test]
fn a_broken_request_never_panics_and_is_never_lost() {
    let Some(requests) = corpus::requests() else { return };
    let bodies: Vec<&Request> = requests.iter().filter(|it| !it.body.is_empty()).collect();
    assert!(bodies.len() >= 20, "only {} bodies", bodies.len());
    let n_cases = if std::env::var_os("RUN_SLOW_TESTS").is_some() { 100_000 } else { 20_000 };
    let mut random = Random(0x5eed_2026);
    let (mut n_good, mut n_bad) = (0, 0);
    for _ in 0..n_cases {
        let mut bytes = bodies[random.below(bodies.len())].body.clone();
        for _ in 0..=random.below(4) {
            mutate(&mut bytes, &mut random);
        }
        let decoded = decode_post(JSON, "", &bytes);
        assert!(!decoded.payloads.is_empty() || !decoded.bad.is_empty());
        assert!(decoded.bad.iter().all(|it| !it.reasons.is_empty()));
        for payload in &decoded.payloads {
            ContentHash::new(b"").of(&payload.parameters);
            assert!(payload.notes.len() <= 21);
        }
        n_good += decoded.payloads.len();
        n_bad += decoded.bad.len();
        // The same bytes are no query, which must not matter to whoever reads queries.
        if random.below(8) == 0 {
            let text = String::from_utf8_lossy(&bytes);
            let decoded = decode_get(&text);
            assert_eq!(decoded.payloads.len() + decoded.bad.len(), 1);
        }
    }
    assert!(n_good > n_cases / 10 && n_bad > n_cases / 10, "{n_good} good, {n_bad} bad");
}

pub(crate) fn mutate(bytes: &mut Vec<u8>, random: &mut Random) {
    let at = random.below(bytes.len());
    let end = bytes.len().min(at + 1 + random.below(40));
    let word = WORDS[random.below(WORDS.len())].bytes();
    match random.below(8) {
        0 if at < bytes.len() => bytes[at] ^= 1 << random.below(8),
        1 if at < bytes.len() => bytes[at] = b' ' + u8::try_from(random.below(95)).unwrap(),
        2 => drop(bytes.drain(at..end)),
        3 => {
            let again = bytes[at..end].to_vec();
            bytes.splice(at..at, again);
        }
        4 if random.below(4) == 0 => bytes.truncate(at),
        5 => drop(bytes.splice(at..end, word)),
        _ => drop(bytes.splice(at..at, word)),
    }
}
