//! The bounds of the monitor.

use std::time::Duration;

/// How much the monitor keeps, and how long it waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// How often values are read again: as often as a person can follow.
    pub(super) refresh: Duration,
    /// How long a signal or an answer may wait to be seen while no key is pressed.
    pub(super) tick: Duration,
    /// Events that are kept to be looked at; a person who scrolls does not get beyond.
    pub(super) events: usize,
    /// Bytes of JSON of these: a thousand of 32 kB each, where an ordinary one has 0.5 kB.
    pub(super) event_bytes: usize,
    /// Events that are asked for at a time: the most that a server gives.
    pub(super) events_at_once: usize,
    /// Bytes of them that are read at a time.
    pub(super) bytes_at_once: usize,
    /// Entries that are looked through at one look, where few of them are watched.
    pub(super) entries_at_once: usize,
    /// Characters of a filter: more than the longest key path.
    pub(super) filter: usize,
    /// Bytes of a server's answer: events have 8 MiB, ten thousand metrics about 5.
    pub(super) answer_bytes: u64,
    /// How long a server may take to answer; it gives its own work on a question less.
    pub(super) patience: Duration,
}

impl Limits {
    pub(super) const DEFAULT: Self = Self {
        refresh: Duration::from_secs(1),
        tick: Duration::from_millis(50),
        events: 1_000,
        event_bytes: 32 << 20,
        events_at_once: 1_000,
        bytes_at_once: 8 << 20,
        entries_at_once: 10_000,
        filter: 255,
        answer_bytes: 16 << 20,
        patience: Duration::from_secs(10),
    };
}
