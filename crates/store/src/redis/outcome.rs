//! What came of counting, as values.

use std::ops::RangeInclusive;

use super::batch::Sent;
use super::known::Known;
use super::positions::{Position, Standing};

/// Where a journal is, and what it still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalPlace {
    /// The last entry that is known to have taken effect in Redis; where to begin at first.
    pub cursor: u64,
    /// The first entry the journal still holds; one more than the last if it holds none.
    pub first: u64,
    /// The last entry that was ever accepted.
    pub last: u64,
}

/// Where to go on, and what was found out on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The entry after which to go on. Lower than the cursor if Redis forgot something.
    pub after: u64,
    /// What is to be kept together with this as the cursor, as with what `apply` returns.
    pub state: String,
    /// What a person should hear of.
    pub notices: Vec<RedisNotice>,
    /// Updates that failed alone, and whose answer was lost.
    pub failed: Vec<Failed>,
}

/// What a person should hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisNotice {
    /// Redis has forgotten what it had acknowledged: it was flushed, or a failover or a restart
    /// lost its last writes.
    CountersLost {
        /// The hash tag of the keys, or the key itself.
        group: String,
        /// Entries whose effect is gone.
        entries: RangeInclusive<u64>,
        /// The first of them that is counted again, if the journal still holds any.
        refilled_from: Option<u64>,
        /// Whether all counters of the group are gone, those of others included.
        is_all: bool,
    },
    /// Redis has counted entries that the journal does not have: it was restored from a backup.
    ///
    /// Entries with their numbers would be taken for them, so the journal needs another id, and
    /// [`apply`](crate::RedisCounters::apply) applies nothing under this one.
    PositionAhead {
        /// The hash tag of the keys, or the key itself.
        group: String,
        /// The entry that Redis has counted.
        position: u64,
        /// The last entry the journal has.
        last: u64,
    },
}

/// What `apply` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The last entry that took effect, in Redis and for good unless Redis forgets it.
    pub up_to: u64,
    /// What is to be kept together with the cursor, for
    /// [`resume`](crate::RedisCounters::resume).
    pub state: String,
    /// Updates that failed alone; they are not tried again.
    pub failed: Vec<Failed>,
}

/// Updates of one key that Redis refused alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The key; the name of its group if the answer was lost.
    pub key: String,
    /// Why.
    pub cause: FailureCause,
    /// How many updates.
    pub updates: u64,
}

/// Why Redis refuses a change to one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FailureCause {
    /// The key holds something else: another kind of counter, or a value of somebody else's.
    WrongType,
    /// The amount is infinite or not a number, or would make the sum so.
    NotANumber,
    /// The key cannot be in one slot of a Cluster with a position.
    NoSlot,
    /// The server refused for another reason, or the answer that had the reason was lost.
    Refused,
}

impl FailureCause {
    /// Returns the name under which this is counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::WrongType => "wrong_type",
            Self::NotANumber => "not_a_number",
            Self::NoSlot => "no_slot",
            Self::Refused => "refused",
        }
    }

    /// Reads what the server said about one command of the script.
    fn of(error: &str, sent: &Sent<'_>) -> Self {
        let has = |part| error.contains(part);
        if !sent.is_number || has("NaN or Infinity") {
            Self::NotANumber
        } else if has("WRONGTYPE") || has("INVALIDOBJ") || has("not an integer") || has("float") {
            Self::WrongType
        } else {
            Self::Refused
        }
    }
}

impl Resume {
    /// Goes on where the cursor is, until something speaks against it.
    pub(super) fn at(cursor: u64, state: &str) -> Self {
        let state = state.to_owned();
        Self { after: cursor, state, notices: Vec::new(), failed: Vec::new() }
    }

    /// Compares where a group was left with where it stands.
    pub(super) fn compare(
        &mut self,
        group: &str,
        left: Position,
        found: Position,
        (journal, start): (&JournalPlace, u64),
    ) {
        let group = group.to_owned();
        if let Some(position) = found.filter(|it| *it > journal.last) {
            self.notices.push(RedisNotice::PositionAhead { group, position, last: journal.last });
            return;
        }
        let (Some(left), now) = (left, found.unwrap_or(start)) else { return };
        if left <= now {
            return;
        }
        let from = now.max(journal.first.saturating_sub(1));
        self.after = self.after.min(from);
        self.notices.push(RedisNotice::CountersLost {
            group,
            entries: now + 1..=left,
            refilled_from: (from < left).then_some(from + 1),
            is_all: found.is_none(),
        });
    }
}

impl Standing {
    /// Returns this as what is known from now on, and says what failed since what was known.
    pub(super) fn since(self, before: Self, group: &str, failed: &mut Vec<Failed>) -> Self {
        failed.extend(Failed::unexplained(group, self.reported.saturating_sub(before.reported)));
        Self { position: self.position, reported: self.reported.max(before.reported) }
    }
}

/// Says which changes failed alone, and has Redis told their elements again.
///
/// `more` is by how much the number of failed updates that Redis keeps is beyond what was reported:
/// entries that are counted again after Redis forgot them are not reported again.
pub(super) fn explain(
    sent: &[Sent<'_>],
    failures: Vec<String>,
    (group, more): (&str, u64),
    known: &mut Known,
) -> Vec<Failed> {
    let mut left = more;
    let mut failed = Vec::new();
    for [number, error] in failures.as_chunks().0 {
        let Some(sent) = number.parse().ok().and_then(|it: usize| sent.get(it)) else { continue };
        known.forget(sent.key);
        let updates = sent.updates.min(left);
        left -= updates;
        if updates > 0 {
            let cause = FailureCause::of(error, sent);
            failed.push(Failed { key: sent.key.to_owned(), cause, updates });
        }
    }
    failed.extend(Failed::unexplained(group, left));
    failed
}

impl Failed {
    /// Says that updates failed although nobody heard which.
    fn unexplained(group: &str, updates: u64) -> Option<Self> {
        let key = group.to_owned();
        (updates > 0).then_some(Self { key, cause: FailureCause::Refused, updates })
    }
}
