//! What a destination would not take: kept whole, with the reason, until a person decides.

use crate::EventId;

/// Names in the ledger of what became of dead letters; that of the destination follows.
pub(crate) const RETRIED: &str = "retried";
pub(crate) const OUTBOX_FULL: &str = "outbox_full";
pub(crate) const DROPPED_FROM_OUTBOX: &str = "outbox_by_hand";

/// An entry that a destination has rejected, on its way into the outbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeadLetter<'a> {
    /// Its place in the journal.
    pub sequence: u64,
    /// The event's id.
    pub id: EventId,
    /// When it was accepted: milliseconds since 1970 in UTC.
    pub accepted_at: i64,
    /// Why it was rejected, in words.
    pub reason: &'a str,
    /// The event itself, as the journal has it.
    pub event: &'a [u8],
}

/// A rejected entry, as the outbox has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredDeadLetter {
    /// Its number in the outbox, from 1, never given twice.
    pub number: u64,
    /// Who rejected it.
    pub destination: String,
    /// The place it had in the journal.
    pub sequence: u64,
    /// The event's id.
    pub id: EventId,
    /// When it was accepted: milliseconds since 1970 in UTC.
    pub accepted_at: i64,
    /// Why it was rejected, in words.
    pub reason: String,
    /// The event itself, as the journal has it.
    pub event: Vec<u8>,
}

/// Name in the ledger of something that happened to letters of a destination.
pub(crate) fn name(what: &str, destination: &str) -> String {
    format!("{what}:{destination}")
}
