//! Whatever bytes stand in the journal, decoding them ends, allocates nothing and does not panic.

#![no_main]

use internal_events_store::record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(records) = record::decode(bytes) else { return };
    let mut n_bytes = 0;
    for record in records {
        let Ok(record) = record else { break };
        n_bytes += record.event.len();
        for update in record.updates {
            if update.is_err() {
                break;
            }
        }
    }
    assert!(n_bytes <= bytes.len(), "events lie within the group, each in its own place");
});
