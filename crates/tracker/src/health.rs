//! How many events came, and what became of each.

use crate::DestinationHealth;
use crate::store::Delivery;
use internal_events_catalog::Omission;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

/// Why something was not counted in full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// Refused: a wrong call in strict mode.
    Strict,
    /// Refused: the queue is full.
    QueueFull,
    /// Refused: the tracker is shut down.
    ShutDown,
    /// Refused: tracking is switched off.
    Disabled,
    /// Refused: the journal could not be written.
    JournalFailed,
    /// Left out: a property the event does not declare.
    UndeclaredProperty,
    /// Left out: a property of the wrong type.
    IllTypedProperty,
    /// Left out: rules that count an identifier the event lacks.
    MissingIdentifier,
    /// Noted: a legacy event that no metric counts.
    UncountedLegacyEvent,
    /// Noted: a legacy call for an event that is not, or no longer, a legacy event.
    UnlistedLegacyEvent,
    /// Noted: a call by property for an event that is still a legacy event.
    UnfinishedMigration,
}

impl Cause {
    const ALL: [Self; 11] = [
        Self::Strict,
        Self::QueueFull,
        Self::ShutDown,
        Self::Disabled,
        Self::JournalFailed,
        Self::UndeclaredProperty,
        Self::IllTypedProperty,
        Self::MissingIdentifier,
        Self::UncountedLegacyEvent,
        Self::UnlistedLegacyEvent,
        Self::UnfinishedMigration,
    ];

    /// Its stable name.
    pub fn as_str(self) -> &'static str {
        let name = self.ledger_name();
        name.split_once(':').map_or(name, |(_, cause)| cause)
    }

    /// Its name in the ledger on disk.
    pub(crate) fn ledger_name(self) -> &'static str {
        match self {
            Self::Strict => "refused:strict",
            Self::QueueFull => "refused:queue_full",
            Self::ShutDown => "refused:shut_down",
            Self::Disabled => "refused:disabled",
            Self::JournalFailed => "refused:journal_failed",
            Self::UndeclaredProperty => "omitted:undeclared_property",
            Self::IllTypedProperty => "omitted:ill_typed_property",
            Self::MissingIdentifier => "omitted:missing_identifier",
            Self::UncountedLegacyEvent => "omitted:uncounted_legacy_event",
            Self::UnlistedLegacyEvent => "omitted:unlisted_legacy_event",
            Self::UnfinishedMigration => "omitted:unfinished_migration",
        }
    }

    /// Whether the whole event was refused, and not just a part of it left out.
    pub fn refuses(self) -> bool {
        matches!(
            self,
            Self::Strict | Self::QueueFull | Self::ShutDown | Self::Disabled | Self::JournalFailed
        )
    }
}

/// What became of the events of this process.
///
/// The ledger balances: `received = accepted + duplicate + quarantined + pending + all refused`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Events that reached the tracker.
    pub received: u64,
    /// Events in the journal.
    pub accepted: u64,
    /// Events that were in the journal before, by an id that the caller gave.
    pub duplicate: u64,
    /// Unknown events, kept until a definition arrives, and what is no event at all.
    pub quarantined: u64,
    /// Events on their way to the journal.
    pub pending: u64,
    /// Events that were refused, by cause.
    pub refused: BTreeMap<&'static str, u64>,
    /// What was left out of, or is wrong with, accepted events, by cause.
    pub omitted: BTreeMap<&'static str, u64>,
}

/// Health as JSON: the same shape wherever it is shown.
///
/// Of an event in the journal each destination says what became of it there:
/// `accepted = delivered + pending + dropped + skipped`, counted since it was first configured.
pub fn health_json(health: &Health, destinations: &BTreeMap<String, DestinationHealth>) -> Value {
    let of = |it: &DestinationHealth| {
        let Delivery { delivered, pending, pending_bytes, dropped, skipped, noted, oldest_pending } =
            &it.delivery;
        let oldest = oldest_pending.and_then(|it| Timestamp::from_millisecond(it).ok());
        json!({
            "delivered": delivered,
            "pending": pending,
            "pending_bytes": pending_bytes,
            "dropped": dropped,
            "skipped": skipped,
            "noted": noted,
            "oldest_pending": oldest.map(|it| it.to_string()),
            "far_behind": it.is_far_behind,
            "last_error": it.last_error,
            "warnings": it.warnings,
        })
    };
    let destinations: Map<String, Value> =
        destinations.iter().map(|(name, it)| (name.clone(), of(it))).collect();
    let Health { received, accepted, duplicate, quarantined, pending, refused, omitted } = health;
    json!({
        "received": received,
        "accepted": accepted,
        "duplicate": duplicate,
        "quarantined": quarantined,
        "pending": pending,
        "refused": refused,
        "omitted": omitted,
        "destinations": destinations,
    })
}

/// The counters behind [`Health`].
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) received: AtomicU64,
    pub(crate) accepted: AtomicU64,
    pub(crate) duplicate: AtomicU64,
    pub(crate) quarantined: AtomicU64,
    causes: [AtomicU64; Cause::ALL.len()],
    /// When each cause was last logged; the last place is for unknown events.
    logged_at: [AtomicI64; Cause::ALL.len() + 1],
}

/// One cause is logged at most this often, in milliseconds: a misplaced call in a loop must not
/// fill a disk with complaints.
const LOG_INTERVAL_MS: i64 = 10_000;

/// Bytes of foreign text that a reason or a line of the log repeats.
const REPEATED: usize = 400;

/// The beginning of a text that may be as long as somebody likes.
pub(crate) fn shortened(text: &str) -> Cow<'_, str> {
    if text.len() <= REPEATED {
        return Cow::Borrowed(text);
    }
    Cow::Owned(format!("{}…", &text[..text.floor_char_boundary(REPEATED)]))
}

/// By how much a cause has grown since it was last written down.
#[derive(Debug)]
pub(crate) struct Growth {
    cause: Cause,
    pub(crate) name: &'static str,
    pub(crate) more: u64,
}

impl Growth {
    /// Whether whole events were refused, and not just a part of them left out.
    pub(crate) fn refuses(&self) -> bool {
        self.cause.refuses()
    }
}

/// Name under which the ledger on disk counts the events of all processes, by what their senders
/// were told and not by what was stored: `received + replayed` is always what was accepted, seen
/// before, kept aside or refused.
pub const RECEIVED: &str = "received";

impl Ledger {
    pub(crate) fn count(&self, cause: Cause, n: u64) {
        self.causes[cause as usize].fetch_add(n, Ordering::Relaxed);
    }

    pub(crate) fn receive(&self, n: usize) {
        self.received.fetch_add(n as u64, Ordering::Relaxed);
    }

    /// Counts and, now and then, logs something that was left out.
    pub(crate) fn omit(&self, event: &str, omission: &Omission, now: i64) {
        let cause = crate::intake::cause_of(omission);
        self.count(cause, 1);
        if self.may_log(cause as usize, now) {
            tracing::warn!(event, cause = cause.as_str(), "{}", shortened(&omission.to_string()));
        }
    }

    pub(crate) fn warn_unknown(&self, reason: &str, now: i64) {
        if self.may_log(Cause::ALL.len(), now) {
            tracing::warn!("{reason}; it is kept until a definition arrives");
        }
    }

    fn may_log(&self, place: usize, now: i64) -> bool {
        let last = self.logged_at[place].load(Ordering::Relaxed);
        let due = last == 0 || now.saturating_sub(last) >= LOG_INTERVAL_MS;
        due && self.logged_at[place]
            .compare_exchange(last, now, Ordering::Relaxed, Ordering::Relaxed)
            .is_ok()
    }

    /// What has grown beyond `saved`, for the ledger on disk.
    pub(crate) fn since(&self, saved: &[u64]) -> Vec<Growth> {
        let grown = Cause::ALL.into_iter().map(|cause| {
            let before = saved.get(cause as usize).copied().unwrap_or_default();
            let more = self.causes[cause as usize].load(Ordering::Acquire) - before;
            Growth { cause, name: cause.ledger_name(), more }
        });
        grown.filter(|it| it.more > 0).collect()
    }

    /// What is saved once `growth` is.
    pub(crate) fn saved(saved: &[u64], growth: &[Growth]) -> Vec<u64> {
        let mut saved = saved.to_vec();
        saved.resize(Cause::ALL.len(), 0);
        for it in growth {
            saved[it.cause as usize] += it.more;
        }
        saved
    }

    pub(crate) fn health(&self) -> Health {
        // What became of an event is read before whether it came, so that a reader in between
        // sees it as pending and never as a surplus.
        let accepted = self.accepted.load(Ordering::Acquire);
        let duplicate = self.duplicate.load(Ordering::Acquire);
        let quarantined = self.quarantined.load(Ordering::Acquire);
        let of = |cause: Cause| self.causes[cause as usize].load(Ordering::Acquire);
        let named = |refuses: bool| -> BTreeMap<&'static str, u64> {
            let causes = Cause::ALL.into_iter().filter(|it| it.refuses() == refuses);
            causes.map(|it| (it.as_str(), of(it))).filter(|(_, n)| *n > 0).collect()
        };
        let (refused, omitted) = (named(true), named(false));
        let received = self.received.load(Ordering::Acquire);
        let settled = accepted + duplicate + quarantined + refused.values().sum::<u64>();
        let pending = received.saturating_sub(settled);
        Health { received, accepted, duplicate, quarantined, pending, refused, omitted }
    }
}
