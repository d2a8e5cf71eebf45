//! What goes into the journal, borrowed, and what comes out of it, owned.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::Kind;

/// Stands for a counter key within one store handle; made by [`Store::intern`](crate::Store::intern).
///
/// Keys are dense from 0 in the order in which they were interned. They mean nothing to another
/// handle or another process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(pub(crate) u32);

impl Key {
    /// Returns the position of this key among those interned, to index a table of one's own.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// Identifies one event wherever it is sent: 16 bytes, a UUID by convention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventId(pub [u8; 16]);

impl fmt::Display for EventId {
    /// Writes the id as a UUID: 32 lower-case hexadecimal digits in five groups.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (idx, byte) in self.0.iter().enumerate() {
            if matches!(idx, 4 | 6 | 8 | 10) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

/// What an accepted entry does to one counter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Change<'a> {
    /// Raises a total.
    Add(u64),
    /// Shows an element to a sketch of distinct elements.
    Observe(&'a [u8]),
    /// Adds an amount to a sum. An amount that is not finite is dropped and counted.
    Sum(f64),
    /// Raises the total of one value by one.
    Count(&'a [u8]),
}

impl Change<'_> {
    /// Returns the kind of counter this change needs.
    pub fn kind(self) -> Kind {
        match self {
            Self::Add(_) => Kind::Total,
            Self::Observe(_) => Kind::Unique,
            Self::Sum(_) => Kind::Sum,
            Self::Count(_) => Kind::PerValue,
        }
    }

    /// Returns how many bytes of text it has.
    pub(crate) fn len(self) -> usize {
        match self {
            Self::Add(_) | Self::Sum(_) => 0,
            Self::Observe(bytes) | Self::Count(bytes) => bytes.len(),
        }
    }

    /// Copies what is borrowed.
    pub fn to_stored(self) -> StoredChange {
        match self {
            Self::Add(amount) => StoredChange::Add(amount),
            Self::Observe(element) => StoredChange::Observe(element.to_vec()),
            Self::Sum(amount) => StoredChange::Sum(amount),
            Self::Count(value) => StoredChange::Count(value.to_vec()),
        }
    }
}

/// One change to one counter.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Update<'a> {
    /// The counter.
    pub key: Key,
    /// What happens to it.
    pub change: Change<'a>,
}

/// One accepted event.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Entry<'a> {
    /// The event's own id.
    pub id: EventId,
    /// When it was accepted: milliseconds since 1970 in UTC.
    pub accepted_at: i64,
    /// Fingerprint of the catalog that routed it.
    pub catalog: u64,
    /// The event itself; JSON text by convention, opaque here.
    pub event: &'a [u8],
    /// Everything it was routed to.
    pub updates: &'a [Update<'a>],
    /// A hash of everything that makes the event the same event, if the caller gave the id.
    ///
    /// An entry with the id and the content of a recent one is not stored again. Without a hash
    /// the id is taken for new and nobody looks.
    pub content: Option<u64>,
}

/// Hashes what makes an event the same event, for [`Entry::content`]; the same in every version.
pub fn content_hash(content: &[u8]) -> u64 {
    internal_events_hll::hash(content)
}

/// What became of one entry of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is in the journal.
    Accepted {
        /// Its place there.
        sequence: u64,
    },
    /// It was in the journal before, with the same id and content, and is not stored again.
    Duplicate,
    /// It is in the journal under another id, for a recent event with other content has its own.
    Collision {
        /// Its place there.
        sequence: u64,
        /// The id it has there; the same event, sent again, is known by it.
        id: EventId,
    },
}

/// What became of a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Appended {
    /// Sequence numbers of the entries that were stored: contiguous, in order, from 1, never given
    /// twice. Empty if none was.
    pub range: Range<u64>,
    /// Outcomes of all entries, unless each was simply accepted.
    outcomes: Vec<Outcome>,
}

impl Appended {
    pub(crate) fn new(range: Range<u64>, outcomes: Vec<Outcome>) -> Self {
        Self { range, outcomes }
    }

    /// Goes through what became of each entry of the group, in order.
    pub fn outcomes(&self) -> impl Iterator<Item = Outcome> {
        let are_all_accepted = self.outcomes.is_empty();
        let simple = if are_all_accepted { self.range.clone() } else { 0..0 };
        let accepted = simple.map(|sequence| Outcome::Accepted { sequence });
        accepted.chain(self.outcomes.iter().copied())
    }

    /// Returns how many entries were in the journal before.
    pub fn n_duplicates(&self) -> u64 {
        self.outcomes.iter().filter(|it| matches!(it, Outcome::Duplicate)).count() as u64
    }
}

/// An event that is kept aside because nobody knows what it means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quarantined<'a> {
    /// When it was received: milliseconds since 1970 in UTC.
    pub received_at: i64,
    /// Why it is here, for example `unknown_event`.
    pub reason: &'a str,
    /// The event itself; JSON text by convention, opaque here.
    pub event: &'a [u8],
}

/// What becomes durable together.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Group<'a> {
    /// Accepted events, in the order in which they are numbered.
    pub entries: &'a [Entry<'a>],
    /// Events kept aside.
    pub quarantined: &'a [Quarantined<'a>],
    /// Numbers of events kept aside before that the entries replace: they go as the entries come.
    ///
    /// Such an entry has as its time of acceptance the time when the event was received, so that
    /// it counts in the week in which it happened.
    pub replayed: &'a [u64],
    /// Numbers of rejected entries that the entries replace: they leave the outbox as these come.
    pub retried: &'a [u64],
    /// What else happened, by cause, for example `("refused:unknown_event", 3)`.
    ///
    /// The store adds these numbers to those it has, and causes of its own:
    /// [`DROPPED_WRONG_TYPE`](crate::DROPPED_WRONG_TYPE),
    /// [`DROPPED_NOT_A_NUMBER`](crate::DROPPED_NOT_A_NUMBER), [`DUPLICATE`](crate::DUPLICATE) and
    /// [`ID_COLLISION`](crate::ID_COLLISION).
    pub ledger: &'a [(&'a str, u64)],
}

impl Group<'_> {
    /// Returns about the bytes this takes on disk.
    pub(crate) fn bytes(&self) -> u64 {
        let entries = self.entries.iter().map(|it| it.event.len() + 64 + it.updates.len() * 16);
        let quarantined = self.quarantined.iter().map(|it| it.event.len() + 64);
        entries.chain(quarantined).sum::<usize>() as u64
    }
}

/// One accepted event as the journal has it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEntry {
    /// Its place in the journal, from 1.
    pub sequence: u64,
    /// The event's own id.
    pub id: EventId,
    /// When it was accepted: milliseconds since 1970 in UTC.
    pub accepted_at: i64,
    /// Fingerprint of the catalog that routed it.
    pub catalog: u64,
    /// The event itself.
    pub event: Vec<u8>,
    /// Everything it was routed to, dropped updates included.
    pub updates: Vec<StoredUpdate>,
}

/// One change to one counter as the journal has it.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredUpdate {
    /// The counter's key.
    pub key: Arc<str>,
    /// What happens to it.
    pub change: StoredChange,
}

/// A [`Change`] that owns its bytes.
#[derive(Debug, Clone, PartialEq)]
pub enum StoredChange {
    /// Raises a total.
    Add(u64),
    /// Shows an element to a sketch.
    Observe(Vec<u8>),
    /// Adds an amount to a sum.
    Sum(f64),
    /// Raises the total of one value by one.
    Count(Vec<u8>),
}

impl StoredChange {
    /// Borrows the same change.
    pub fn as_change(&self) -> Change<'_> {
        match self {
            Self::Add(amount) => Change::Add(*amount),
            Self::Observe(element) => Change::Observe(element),
            Self::Sum(amount) => Change::Sum(*amount),
            Self::Count(value) => Change::Count(value),
        }
    }
}

/// Events kept aside, as far as they are as they were written.
///
/// One that is damaged keeps nobody from reading those behind it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct KeptAside {
    /// Those that are whole, oldest first.
    pub events: Vec<StoredQuarantined>,
    /// The numbers of those that are damaged, in order.
    pub damaged: Vec<u64>,
}

impl KeptAside {
    /// Returns the highest number there is, after which to read on.
    pub fn last(&self) -> Option<u64> {
        let whole = self.events.last().map(|it| it.number);
        whole.max(self.damaged.last().copied())
    }
}

/// One event kept aside, as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredQuarantined {
    /// Its number, from 1, never given twice.
    pub number: u64,
    /// When it was received: milliseconds since 1970 in UTC.
    pub received_at: i64,
    /// Why it is here.
    pub reason: String,
    /// The event itself.
    pub event: Vec<u8>,
}
