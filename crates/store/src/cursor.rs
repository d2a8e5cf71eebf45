//! How a destination beside the counters reads the journal.

use std::collections::BTreeMap;

use crate::{DeadLetter, Error, StoredEntry};

/// A destination's place in the journal, and its right to move it.
///
/// The first time a destination is opened its cursor stands after the newest entry; it finds all
/// that come then. Of all handles to the same destination one [leads](Self::leads) at a time, in
/// whatever process it is; the others wait until it ends, or does nothing for long.
pub trait Cursor: Send {
    /// Returns whether this handle is the one to deliver. To be asked about once a second, also
    /// while there is nothing to do: who is not heard of for half a minute is stood in for.
    ///
    /// # Errors
    ///
    /// Fails if the world does; so do all methods.
    fn leads(&mut self) -> Result<bool, Error>;

    /// Returns where the cursor stands.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be read or is damaged.
    fn place(&mut self) -> Result<CursorPlace, Error>;

    /// Returns entries after `after`, in order, as many as fit on a page.
    ///
    /// # Errors
    ///
    /// Fails if the data cannot be read or is damaged.
    fn entries(&mut self, after: u64, page: Page) -> Result<Vec<StoredEntry>, Error>;

    /// Moves the cursor from where it stands; false, and nothing done, if it is not there.
    ///
    /// Another handle may have moved it, or the entries may have been dropped as too many or too
    /// old: look at the [place](Self::place) again.
    ///
    /// # Errors
    ///
    /// Fails if the world does. Then the cursor is where it was.
    fn advance(&mut self, from: u64, step: &Step<'_>) -> Result<bool, Error>;

    /// Gives the journal another name, and moves this cursor to its end.
    ///
    /// For a file that was restored from a backup: a destination that knows entries of the same
    /// name and number must not take new ones for them.
    ///
    /// # Errors
    ///
    /// Fails if the world does. Then nothing has changed.
    fn rename_journal(&mut self) -> Result<CursorPlace, Error>;
}

/// Where a cursor stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CursorPlace {
    /// Name of the journal: 32 hexadecimal digits.
    pub journal_id: String,
    /// The last entry that took effect, or was dropped for this destination.
    pub cursor: u64,
    /// The first entry that is in the journal, or would be.
    pub first: u64,
    /// The last entry that was ever accepted.
    pub last: u64,
    /// What the destination keeps with the cursor.
    pub state: String,
}

/// How far a cursor moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Step<'a> {
    /// The last entry that took effect or was dropped.
    pub to: u64,
    /// Entries after this one stay in the journal, for they may be wanted again; at most `to`.
    pub keeps_after: u64,
    /// What the destination wants to know when it goes on.
    pub state: &'a str,
    /// How many of the entries were dropped, by cause.
    pub dropped: &'a [(&'a str, u64)],
    /// How many of the entries were not meant for the destination, by why.
    pub skipped: &'a [(&'a str, u64)],
    /// What of those that were dropped goes to the outbox, for a person to decide.
    pub rejected: &'a [DeadLetter<'a>],
    /// What else the ledger is to count, under names of its own.
    pub noted: &'a [(&'a str, u64)],
}

/// How much is read at a time. A page has at least one entry, if there is any.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// How many entries at most.
    pub entries: usize,
    /// How many bytes of events and elements at most.
    pub bytes: usize,
}

/// What became of the entries that a destination is to take.
///
/// Accepted since it was first configured = delivered + pending + dropped + skipped.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Delivery {
    /// How many took effect.
    pub delivered: u64,
    /// How many are still to take effect.
    pub pending: u64,
    /// How many bytes of the journal they take, to within a group.
    pub pending_bytes: u64,
    /// How many never will, by cause.
    pub dropped: BTreeMap<String, u64>,
    /// How many were not meant for it, by why.
    pub skipped: BTreeMap<String, u64>,
    /// What else happened there, by what the destination calls it.
    pub noted: BTreeMap<String, u64>,
    /// When the oldest of those that are pending was accepted, to within its group: milliseconds
    /// since 1970 in UTC.
    pub oldest_pending: Option<i64>,
}

/// A destination that is not configured any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// Its name.
    pub destination: String,
    /// How many entries it had still to take.
    pub pending: u64,
}

/// Name in the ledger of what a destination dropped for a cause.
pub(crate) fn dropped_name(cause: &str, destination: &str) -> String {
    format!("dropped:{cause}:{destination}")
}

/// Name in the ledger of what was not meant for a destination, and why.
pub(crate) fn skipped_name(why: &str, destination: &str) -> String {
    format!("skipped:{why}:{destination}")
}

/// The causes under which a destination dropped something, from the ledger.
pub(crate) fn dropped_by<'a>(
    ledger: &'a BTreeMap<String, u64>,
    destination: &'a str,
) -> impl Iterator<Item = (&'a str, u64)> {
    counted_as("dropped:", ledger, destination)
}

/// What a destination skipped, and why, from the ledger.
pub(crate) fn skipped_by<'a>(
    ledger: &'a BTreeMap<String, u64>,
    destination: &'a str,
) -> impl Iterator<Item = (&'a str, u64)> {
    counted_as("skipped:", ledger, destination)
}

fn counted_as<'a>(
    prefix: &'a str,
    ledger: &'a BTreeMap<String, u64>,
    destination: &'a str,
) -> impl Iterator<Item = (&'a str, u64)> {
    ledger.iter().filter_map(move |(name, n)| {
        let (cause, of) = name.strip_prefix(prefix)?.split_once(':')?;
        (of == destination).then_some((cause, *n))
    })
}

/// What else a destination has noted, from the ledger.
fn noted_by<'a>(
    ledger: &'a BTreeMap<String, u64>,
    destination: &'a str,
) -> impl Iterator<Item = (&'a str, u64)> {
    ledger.iter().filter_map(move |(name, n)| {
        let (what, of) = name.rsplit_once(':')?;
        // What it dropped is said by cause, and what it left behind was another life of it.
        let is_apart = ["dropped", "skipped", "forgotten"].iter().any(|it| what.starts_with(it));
        (of == destination && !is_apart).then_some((what, *n))
    })
}

/// The part of the journal that a destination has still to take.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pending {
    pub(crate) oldest: i64,
    pub(crate) bytes: u64,
}

/// Says what became of a destination's entries.
pub(crate) fn delivery(
    ledger: &BTreeMap<String, u64>,
    (destination, started_after): (&str, u64),
    (cursor, last): (u64, u64),
    pending: Option<Pending>,
) -> Delivery {
    let pending = pending.filter(|_| cursor < last);
    let dropped: BTreeMap<String, u64> =
        dropped_by(ledger, destination).map(|(cause, n)| (cause.to_owned(), n)).collect();
    let skipped: BTreeMap<String, u64> =
        skipped_by(ledger, destination).map(|(why, n)| (why.to_owned(), n)).collect();
    let others = dropped.values().chain(skipped.values()).sum();
    let passed = cursor.saturating_sub(started_after);
    Delivery {
        delivered: passed.saturating_sub(others),
        pending: last.saturating_sub(cursor),
        dropped,
        skipped,
        noted: noted_by(ledger, destination).map(|(what, n)| (what.to_owned(), n)).collect(),
        pending_bytes: pending.map(|it| it.bytes).unwrap_or_default(),
        oldest_pending: pending.map(|it| it.oldest),
    }
}
