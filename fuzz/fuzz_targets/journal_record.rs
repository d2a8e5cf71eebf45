//! Whatever bytes stand in the journal, decoding them ends, allocates no more than they can be, and
//! does not panic.

#![no_main]

use internal_events_store::record;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let mut room = Vec::new();
    let Ok(group) = record::unpack(bytes, &mut room) else { return };
    assert!(group.len() <= 255 * bytes.len().max(1), "a byte stands for 255 at most");
    let Ok(records) = record::decode(group) else { return };
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
    assert!(n_bytes <= group.len(), "events lie within the group, each in its own place");
});
