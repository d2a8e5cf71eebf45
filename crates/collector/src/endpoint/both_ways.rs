//! Notices an application that sends the same event by REST and by a Snowplow tracker.
//!
//! GitLab's own pages do, for there the tracker's event is not counted. Here both would be, unless
//! the configuration says otherwise, and nothing would look wrong but the numbers.

use foldhash::fast::RandomState;
use internal_events::{Event, Id};
use std::fmt;
use std::hash::BuildHasher as _;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};

/// How far apart two events may be that are one, in seconds; trackers of pages gather a few.
const APART_S: u64 = 10;

/// How often the log says so, in milliseconds.
const LOG_INTERVAL_MS: i64 = 60_000;

/// Events that are remembered, one in each slot: 32 KiB, and seconds of any load for which a
/// person would still look at a warning.
const SLOTS: usize = 4_096;

/// The bits of a time in seconds that a slot has room for; they begin anew after 34 years.
const SECONDS: u64 = (1 << 30) - 1;

/// By which way an event came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// REST, without an id.
    Rest = 1,
    /// A Snowplow tracker.
    Snowplow = 2,
}

/// The last events with a user, and how many of them came by both ways.
pub(crate) struct BothWays {
    /// What a slot holds: 32 bits of a hash, 30 of the time in seconds, two of the way.
    slots: Box<[AtomicU64]>,
    hash: RandomState,
    /// Nothing is remembered before the first event of a tracker.
    has_trackers: AtomicBool,
    n: AtomicU64,
    logged_at: AtomicI64,
}

impl fmt::Debug for BothWays {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BothWays").field("n", &self.n).finish_non_exhaustive()
    }
}

impl Default for BothWays {
    fn default() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| AtomicU64::new(0)).collect(),
            hash: RandomState::default(),
            has_trackers: AtomicBool::new(false),
            n: AtomicU64::new(0),
            logged_at: AtomicI64::new(i64::MIN),
        }
    }
}

impl BothWays {
    /// Remembers an event, and says so if it came by the other way a moment ago.
    pub(crate) fn note(&self, way: Way, event: &Event, now_ms: i64) {
        match way {
            Way::Snowplow => self.has_trackers.store(true, Ordering::Relaxed),
            Way::Rest if !self.has_trackers.load(Ordering::Relaxed) => return,
            Way::Rest => {}
        }
        // Events without a user are too much alike to tell one from the next.
        let Some(user) = &event.user else { return };
        // A number and its text are the same user.
        let user = match user {
            Id::Number(it) => Ok(*it),
            Id::Text(it) => it.parse::<i64>().map_err(|_| it.as_str()),
        };
        let hash = self.hash.hash_one((&event.name, user));
        let slot = &self.slots[usize::try_from(hash % SLOTS as u64).unwrap_or_default()];
        let (tag, seconds) = (hash >> 32, (now_ms.cast_unsigned() / 1_000) & SECONDS);
        let now = (tag << 32) | (seconds << 2) | way as u64;
        let before = slot.swap(now, Ordering::Relaxed);
        let is_same = before >> 32 == tag && before & 3 == 3 - way as u64;
        let is_near = seconds.abs_diff((before >> 2) & SECONDS) <= APART_S;
        if is_same && is_near {
            // The next pair is another.
            slot.store(0, Ordering::Relaxed);
            self.n.fetch_add(1, Ordering::Relaxed);
            self.warn(&event.name, now_ms);
        }
    }

    #[cold]
    fn warn(&self, event: &str, now_ms: i64) {
        let last = self.logged_at.load(Ordering::Relaxed);
        if now_ms.saturating_sub(last) < LOG_INTERVAL_MS {
            return;
        }
        let exchange =
            self.logged_at.compare_exchange(last, now_ms, Ordering::Relaxed, Ordering::Relaxed);
        if exchange.is_ok() {
            tracing::warn!(
                event,
                "the same event of the same user came by REST and from a Snowplow tracker, and \
                 counts twice; say in `[collector] count_snowplow` which do not count"
            );
        }
    }

    /// How many pairs there were.
    pub(crate) fn n(&self) -> u64 {
        self.n.load(Ordering::Relaxed)
    }
}
