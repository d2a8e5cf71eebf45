//! Takes accepted events to destinations beside the counters, each at its own pace.
//!
//! ```text
//!  journal ──page──► Destination::deliver ──► cursor moves past what took effect
//!     ▲                     │ error
//!     └── resume ◄── wait, longer each time
//! ```
//!
//! Each destination has a thread, a cursor and a lease of its own, so that one which is slow or
//! dead delays nobody else. A thread has one page of entries in memory and no more.

mod pace;
mod thread;

use crate::store::{self, CursorPlace, Page, StoredEntry};
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

pub(crate) use thread::{Threads, spawn};

/// Somewhere accepted events go.
///
/// One thread drives it: [`resume`](Self::resume) at the start and after every error, then
/// [`deliver`](Self::deliver) as entries come. Both may block, but each should have a time-out of
/// less than half a minute: for a handle that is not heard of for so long another stands in.
pub trait Destination: Send {
    /// Finds out where to go on. By default that is where the cursor stands.
    ///
    /// # Errors
    ///
    /// When the destination cannot be asked; it is asked again later.
    fn resume(&mut self, place: &CursorPlace) -> Result<Resume, DeliveryError> {
        Ok(Resume::after(place.cursor, place))
    }

    /// Takes entries: consecutive ones, in order, at least one.
    ///
    /// An entry that will never take effect is dropped with a cause, and holds back no other.
    ///
    /// # Errors
    ///
    /// When it is unknown what took effect, or some did not. The same entries come again, after
    /// [`resume`](Self::resume).
    fn deliver(&mut self, entries: &[StoredEntry]) -> Result<Delivered, DeliveryError>;

    /// Looks whether something endangers what is delivered although it is taken now, and says it
    /// in words. Asked after every [`resume`](Self::resume).
    ///
    /// # Errors
    ///
    /// When the destination cannot be asked.
    fn look(&mut self) -> Result<Vec<String>, DeliveryError> {
        Ok(Vec::new())
    }

    /// How much it wants at a time.
    fn page(&self) -> Page {
        // A few milliseconds of work, and less memory than anybody looks at.
        Page { entries: 2_000, bytes: 1 << 20 }
    }

    /// For how long entries that took effect may be wanted again.
    fn replay_window(&self) -> Duration {
        Duration::ZERO
    }
}

/// Where to go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resume {
    /// After an entry. It may be before the cursor, if the destination has forgotten something;
    /// entries that the journal does not have any more are left out.
    After {
        /// The entry.
        entry: u64,
        /// What the destination wants to know when it resumes the next time.
        state: String,
        /// What the ledger is to count, by a name of its own.
        noted: BTreeMap<String, u64>,
    },
    /// The destination knows more entries of this journal than the journal itself, which was
    /// restored from a backup: it gets another name, and goes on after its own end.
    RenameJournal,
}

impl Resume {
    /// Goes on after an entry, and keeps what is kept with the cursor as it is.
    pub fn after(entry: u64, place: &CursorPlace) -> Self {
        Self::After { entry, state: place.state.clone(), noted: BTreeMap::new() }
    }
}

/// What came of a page of entries.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// The last entry that took effect or was dropped, at most the last of the page.
    pub up_to: u64,
    /// What the destination wants to know when it resumes.
    pub state: String,
    /// How many of the entries were dropped, by cause.
    pub dropped: BTreeMap<&'static str, u64>,
    /// How many were not meant for the destination, by why.
    pub skipped: BTreeMap<&'static str, u64>,
    /// What of those that were dropped goes to the outbox, for a person to decide.
    pub rejected: Vec<Rejected>,
    /// What else the ledger is to count, by a name of its own.
    pub noted: BTreeMap<String, u64>,
}

/// An entry that a destination will not take, whatever is tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// The entry.
    pub sequence: u64,
    /// Why, in words.
    pub reason: String,
}

/// Why entries did not take effect.
#[derive(Debug)]
pub struct DeliveryError {
    /// What happened.
    pub source: Box<dyn Error + Send + Sync>,
    /// How long to wait at least before the next try.
    pub retry_after: Option<Duration>,
}

impl DeliveryError {
    /// An error after which to try again at the usual pace.
    pub fn new(source: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self { source: source.into(), retry_after: None }
    }
}

impl fmt::Display for DeliveryError {
    /// Writes the error and what is behind it, on one line.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.source)?;
        let mut source = self.source.source();
        while let Some(error) = source {
            write!(f, ": {error}")?;
            source = error.source();
        }
        Ok(())
    }
}

/// How a destination is doing.
///
/// Accepted since it was first configured = delivered + pending + dropped + skipped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DestinationHealth {
    /// What became of the entries, in all processes on the same data.
    pub delivery: store::Delivery,
    /// Whether this process is the one that delivers.
    pub is_leading: bool,
    /// What went wrong last, until something goes well again.
    pub last_error: Option<String>,
    /// What endangers what is delivered, although it is taken now.
    pub warnings: Vec<String>,
    /// Whether half of what it may leave untaken has gathered, by time or bytes: beyond the whole
    /// the oldest is dropped.
    pub is_far_behind: bool,
}

/// How a destination is made, in the thread that drives it.
#[derive(Clone)]
pub(crate) struct Factory {
    pub(crate) name: &'static str,
    pub(crate) make: Arc<dyn Fn() -> Box<dyn Destination> + Send + Sync>,
}

impl fmt::Debug for Factory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Factory").field("name", &self.name).finish_non_exhaustive()
    }
}

/// Returns whether half of what a destination may leave untaken has gathered.
pub(crate) fn is_far_behind(delivery: &store::Delivery, limits: &store::Limits, now: i64) -> bool {
    let waits_for = delivery.oldest_pending.map(|it| now.saturating_sub(it));
    waits_for.is_some_and(|it| {
        u128::from(it.max(0).unsigned_abs()) * 2 >= limits.max_pending.as_millis()
    }) || delivery.pending_bytes >= limits.max_pending_bytes / 2
}

/// What a thread of a destination says of itself.
#[derive(Debug, Default)]
pub(crate) struct Report(Mutex<ReportState>);

#[derive(Clone, Debug, Default)]
struct ReportState {
    is_leading: bool,
    last_error: Option<String>,
    warnings: Vec<String>,
}

impl Report {
    fn set_warnings(&self, warnings: Vec<String>) {
        self.with(|it| it.warnings = warnings);
    }

    fn set_leading(&self, is_leading: bool) {
        self.with(|it| it.is_leading = is_leading);
    }

    fn set_error(&self, error: Option<String>) {
        self.with(|it| it.last_error = error);
    }

    pub(crate) fn health(
        &self,
        delivery: store::Delivery,
        is_far_behind: bool,
    ) -> DestinationHealth {
        let ReportState { is_leading, last_error, warnings } = self.with(|it| it.clone());
        DestinationHealth { delivery, is_leading, last_error, warnings, is_far_behind }
    }

    fn with<T>(&self, work: impl FnOnce(&mut ReportState) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
