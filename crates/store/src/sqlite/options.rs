//! How a store works.

use std::time::Duration;

use crate::Limits;

/// How a [`Sqlite`](super::Sqlite) store works.
#[derive(Debug, Clone)]
pub struct Options {
    /// Time between entries after which a checkpoint is due, by their own clock.
    pub checkpoint_after: Duration,
    /// Number of entries after which a checkpoint is due.
    pub checkpoint_after_entries: u64,
    /// How long to wait for one's turn to write, and again for a stranger, such as a person with
    /// `sqlite3`, who holds the database.
    pub busy_timeout: Duration,
    /// How much is kept, and for how long. Handles to the same data should agree on this.
    pub limits: Limits,
    /// Says of a key, and the time of the newest entry, whether its counter is read no more and
    /// may go: what keys mean is none of the store's business. Without it all counters stay.
    pub has_expired: Option<fn(&str, i64) -> bool>,
    /// Says of a key the time before which no entry can have moved its counter, if there is one:
    /// then a repair needs no more of the journal than what came since.
    pub begins_at: Option<fn(&str) -> Option<i64>>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            // 200 dense sketches cost about 0.9 ms a checkpoint (2026-11): once a second that is
            // nothing, and a reader folds at most a second, or these many entries, in about 10 ms.
            checkpoint_after: Duration::from_secs(1),
            checkpoint_after_entries: 100_000,
            busy_timeout: Duration::from_secs(5),
            limits: Limits::default(),
            has_expired: None,
            begins_at: None,
        }
    }
}
