//! Whatever stands in a snapshot, it is read or refused with a reason; what is read is the same
//! when it is written and read again.

#![no_main]

use internal_events::{Snapshot, SnapshotWriter};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest as _, Sha256};

const HEADER: &str =
    "{\"snapshot\":1,\"source\":\"a\",\"includes\":[],\"written_at\":\"2026-11-27T19:00:00Z\"}\n";

fuzz_target!(|text: &str| {
    check(text);
    // A right end, so that the lines are looked at.
    let mut whole = format!("{HEADER}{text}\n");
    let counters = whole.lines().count() - 1;
    let sum = Sha256::digest(&whole).iter().fold(String::new(), |hex, it| format!("{hex}{it:02x}"));
    whole.push_str(&format!("{{\"counters\":{counters},\"sha256\":\"{sum}\"}}\n"));
    check(&whole);
});

fn check(text: &str) {
    match Snapshot::read(text) {
        Ok(snapshot) => {
            let mut writer =
                SnapshotWriter::new(Vec::new(), &snapshot.header).expect("memory takes it");
            for (key, counter) in &snapshot.counters {
                writer.counter(key, counter).expect("memory takes it");
            }
            let written = writer.finish().expect("memory takes it");
            let written = String::from_utf8(written).expect("JSON is text");
            assert_eq!(Snapshot::read(&written).expect("it was just written"), snapshot);
        }
        Err(error) => assert!(!error.to_string().is_empty(), "an error has a reason"),
    }
}
