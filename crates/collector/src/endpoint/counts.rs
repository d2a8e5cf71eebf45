//! How many events trackers sent, and what became of each.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// Bad events are logged at most this often, in milliseconds: a broken page must not fill a disk.
const LOG_INTERVAL_MS: i64 = 10_000;

/// What became of the events trackers sent to this process.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    tracked: AtomicU64,
    ignored: AtomicU64,
    uncounted: AtomicU64,
    forwarded: AtomicU64,
    /// By the code of what is wrong first, of which there are few.
    bad: Mutex<BTreeMap<&'static str, u64>>,
    logged_at: AtomicI64,
}

/// The counts at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Snapshot {
    /// Internal events, which the tracker counts from there on.
    pub(crate) tracked: u64,
    /// Events that are no internal events.
    pub(crate) ignored: u64,
    /// Internal events that do not count, as the configuration says.
    pub(crate) uncounted: u64,
    /// Events that are handed on, whether they count here or not.
    pub(crate) forwarded: u64,
    /// What could not be used, by the code of its first fault.
    pub(crate) bad: BTreeMap<&'static str, u64>,
}

impl Counts {
    pub(crate) fn add(&self, tracked: usize, ignored: usize, uncounted: usize) {
        self.tracked.fetch_add(tracked as u64, Ordering::Relaxed);
        self.ignored.fetch_add(ignored as u64, Ordering::Relaxed);
        self.uncounted.fetch_add(uncounted as u64, Ordering::Relaxed);
    }

    pub(crate) fn add_forwarded(&self, forwarded: usize) {
        self.forwarded.fetch_add(forwarded as u64, Ordering::Relaxed);
    }

    /// Counts a bad event and, now and then, logs its code; nothing of its text gets there.
    #[cold]
    pub(crate) fn add_bad(&self, code: &'static str, now: i64) {
        let mut bad = self.bad.lock().unwrap_or_else(PoisonError::into_inner);
        *bad.entry(code).or_default() += 1;
        drop(bad);
        let last = self.logged_at.load(Ordering::Relaxed);
        let is_due = last == 0 || now.saturating_sub(last) >= LOG_INTERVAL_MS;
        let swap =
            |at: &AtomicI64| at.compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed);
        if is_due && swap(&self.logged_at).is_ok() {
            tracing::warn!(
                code,
                "a Snowplow tracker sent what cannot be used; docs/snowplow.md has the codes, \
                 and /healthz how often each occurs"
            );
        }
    }

    pub(crate) fn snapshot(&self) -> Snapshot {
        Snapshot {
            tracked: self.tracked.load(Ordering::Relaxed),
            ignored: self.ignored.load(Ordering::Relaxed),
            uncounted: self.uncounted.load(Ordering::Relaxed),
            forwarded: self.forwarded.load(Ordering::Relaxed),
            bad: self.bad.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }
}
