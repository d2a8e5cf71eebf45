//! What became of events before the tracker was last opened in this process.

use internal_events::Health;
use std::collections::BTreeMap;

/// Adds up what became of events.
pub(crate) fn sum(past: &Health, now: &Health) -> Health {
    Health {
        received: past.received + now.received,
        accepted: past.accepted + now.accepted,
        duplicate: past.duplicate + now.duplicate,
        quarantined: past.quarantined + now.quarantined,
        pending: past.pending + now.pending,
        refused: sum_by_cause(&past.refused, &now.refused),
        omitted: sum_by_cause(&past.omitted, &now.omitted),
    }
}

type ByCause = BTreeMap<&'static str, u64>;

fn sum_by_cause(past: &ByCause, now: &ByCause) -> ByCause {
    let mut sum = past.clone();
    for (cause, n) in now {
        *sum.entry(cause).or_default() += n;
    }
    sum
}
