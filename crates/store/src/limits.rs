//! How much a store keeps, and for how long.

use std::time::Duration;

/// Bounds on everything a store keeps.
///
/// Time is that of the events: something is old when a newer event was accepted so much later. A
/// store that takes nothing forgets nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// How long a repeated event is recognised by the id its caller gave it.
    pub window: Duration,
    /// How many given ids are remembered, each in about 36 bytes of memory in every process that takes
    /// events with given ids. The window ends with whichever of the two bounds is reached first.
    pub window_ids: usize,
    /// How long entries stay in the journal after all destinations have taken them.
    pub journal_keep: Duration,
    /// How many bytes of such entries stay at most.
    pub journal_keep_bytes: u64,
    /// How long a destination may leave entries untaken; older ones are dropped for it alone.
    pub max_pending: Duration,
    /// How many bytes of entries a destination may leave untaken.
    pub max_pending_bytes: u64,
    /// How many events are kept aside at most; the oldest make room.
    pub quarantine_events: u64,
    /// How many bytes of events are kept aside at most.
    pub quarantine_bytes: u64,
    /// How long an event is kept aside.
    pub quarantine_keep: Duration,
    /// How many rejected entries are kept until somebody decides; the oldest make room.
    pub outbox_events: u64,
    /// How many bytes of their events.
    pub outbox_bytes: u64,
    /// How many bytes of the disk stay free: below that, groups are refused before they are
    /// written.
    pub reserve_bytes: u64,
}

impl Limits {
    /// How many distinct values a counter per value keeps numbers of; whatever comes then is
    /// counted as [`OTHER_VALUES`](crate::OTHER_VALUES). A person reads tens; ten thousand are a
    /// property that should not have been counted this way, and still only 3 MB of memory.
    ///
    /// Not a setting: processes that disagree about it would count the same journal differently.
    pub const VALUES: usize = 10_000;

    /// How long such a value may be, in bytes; names and identifiers may have as many.
    pub const VALUE_BYTES: usize = 255;
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Clients that keep events while they are offline send them again within the day.
            window: days(1),
            window_ids: 1_000_000,
            // Long enough to look into what happened last week, small beside any disk.
            journal_keep: days(7),
            journal_keep_bytes: GIBIBYTE,
            // A destination that was broken on Friday is mended long before; the bytes are a
            // hundred events a second for a day and a half.
            max_pending: days(14),
            max_pending_bytes: 4 * GIBIBYTE,
            // Definitions arrive with the next release. Strangers can fill this, so it is small.
            quarantine_events: 10_000,
            quarantine_bytes: 16 << 20,
            quarantine_keep: days(14),
            // A person looks at the first, decides for all of one kind, and mends what rejects them.
            outbox_events: 100_000,
            outbox_bytes: 256 << 20,
            // Room for the write-ahead log of a checkpoint, and for a person to tidy up.
            reserve_bytes: 256 << 20,
        }
    }
}

const GIBIBYTE: u64 = 1 << 30;

fn days(n: u64) -> Duration {
    Duration::from_secs(n * 24 * 60 * 60)
}

/// Milliseconds, as times of acceptance are counted.
pub(crate) fn as_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
