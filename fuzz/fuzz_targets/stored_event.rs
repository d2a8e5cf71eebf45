//! Whatever bytes stand in the journal as an event, reading them ends and does not panic, and
//! what is read is written and read as the same.

#![no_main]

use internal_events::{decode_event, encode_event};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some(event) = decode_event(bytes) else { return };
    let mut written = Vec::new();
    encode_event(&event, &mut written);
    assert_eq!(decode_event(&written), Some(event));
});
