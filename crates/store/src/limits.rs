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
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Clients that keep events while they are offline send them again within the day.
            window: days(1),
            window_ids: 1_000_000,
        }
    }
}

fn days(n: u64) -> Duration {
    Duration::from_secs(n * 24 * 60 * 60)
}

/// Milliseconds, as times of acceptance are counted.
pub(crate) fn as_millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}
