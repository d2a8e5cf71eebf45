//! Reads arbitrary bytes as a sketch, and uses whatever was accepted.
//!
//! Holds: nothing panics; what is accepted is written back to the byte; every encoding of the same
//! registers answers the same.

#![no_main]

use internal_events_hll::{Sketch, Union};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(sketch) = Sketch::from_bytes(bytes) else { return };
    assert!(sketch.to_bytes() == bytes, "a string that is accepted is kept");

    let count = sketch.estimate();
    assert_eq!(sketch.is_empty(), count == 0, "only the empty sketch counts nothing");
    let mut union = Union::new();
    union.add(&sketch);
    assert_eq!(union.estimate(), count, "a union of one counts the same");

    let mut merged = Sketch::new();
    merged.merge(&sketch);
    assert_eq!(merged.estimate(), count, "merged into nothing, it counts the same");
    assert!(!merged.merge(&sketch), "a second merge changes nothing");

    // Elements are taken from the input, so that updates reach the runs it describes.
    let mut grown = sketch.clone();
    for word in bytes.chunks(8) {
        assert_eq!(grown.insert(word), merged.insert(word), "both raise the same registers");
        assert!(!grown.insert(word), "the second time it is known");
    }
    assert_eq!(grown.estimate(), merged.estimate());
    let read = Sketch::from_bytes(&grown.to_bytes()).expect("what we write we read");
    assert!(read == grown);
});
