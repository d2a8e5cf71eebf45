//! What pages dropped before they could send it, as the browser package reports.
//!
//! A report comes among the events, as one: `client_dropped` of the category `internal-events`,
//! with the cause as its label and the number as its value. So it needs no request of its own, and
//! any Snowplow collector takes it.

use internal_events::{Event, Scalar};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// The name of a report, and its category, so that nobody's own event is taken for one.
const NAME: &str = "client_dropped";
const CATEGORY: &str = "internal-events";

/// The causes that the package knows; anything else is `other`, for labels are never input.
const CAUSES: [&str; 4] = ["queue_full", "too_large", "refused", "invalid"];
const OTHER: &str = "other";

/// The most that one report is believed: whoever makes numbers up shall not drown those of others.
const AT_MOST: u64 = 100_000;

/// Reports that are recognised when they are sent again, for want of an answer.
const REMEMBERED: usize = 1_024;

/// What was reported to this process.
#[derive(Debug, Default)]
pub(crate) struct ClientDrops(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    dropped: BTreeMap<&'static str, u64>,
    seen: VecDeque<[u8; 16]>,
}

impl ClientDrops {
    /// Counts a report, unless it is one that came before; tells whether it is one at all.
    ///
    /// One without an id is none: nobody could say whether it came before.
    pub(crate) fn note(&self, event: &Event, id: Option<[u8; 16]>) -> bool {
        if event.name != NAME || event.category.as_deref() != Some(CATEGORY) {
            return false;
        }
        let Some((id, n)) = id.zip(number(event)) else { return false };
        let mut state = self.state();
        if !state.seen.contains(&id) {
            if state.seen.len() == REMEMBERED {
                state.seen.pop_front();
            }
            state.seen.push_back(id);
            let count = state.dropped.entry(cause(event)).or_default();
            *count = count.saturating_add(n);
        }
        true
    }

    /// How many events pages dropped, by cause.
    pub(crate) fn snapshot(&self) -> BTreeMap<&'static str, u64> {
        self.state().dropped.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn number(event: &Event) -> Option<u64> {
    match event.property("value") {
        Some(Scalar::Int(n)) => u64::try_from(*n).ok().filter(|n| *n > 0).map(|n| n.min(AT_MOST)),
        _ => None,
    }
}

fn cause(event: &Event) -> &'static str {
    let Some(Scalar::Str(label)) = event.property("label") else { return OTHER };
    CAUSES.into_iter().find(|it| it == label).unwrap_or(OTHER)
}
