//! Brings events that were kept aside into the journal, once a definition knows them.
//!
//! An event counts in the week in which it was received, and exactly once: its entry and its
//! leaving the quarantine are one transaction of the store. It goes through a store handle of its
//! own, so that the writer goes on meanwhile, and so that any process may do it.

use crate::errors::OpenError;
use crate::health::Cause;
use crate::intake::{cause_of, route_leniently};
use crate::keys::KeyCache;
use crate::payload::decode_kept;
use crate::prepared::{Keyed, Prepared};
use crate::shared::Shared;
use crate::tracker::Tracker;
use crate::writer::UNKNOWN_EVENT;
use internal_events_catalog::Catalog;
use internal_events_store::{Appended, Error, Group, KeptAside, Reader, Store, StoredQuarantined};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Events brought in by one transaction: writers wait for some milliseconds, and a process that
/// is killed has as much to do again.
const BATCH: usize = 256;

/// Which of the events kept aside are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReplayOf<'a> {
    /// All that were there when it began.
    All,
    /// Those with these numbers.
    Numbers(&'a [u64]),
}

/// What became of events that were kept aside. Each that was asked for is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ReplayOutcome {
    /// They are in the journal now.
    pub replayed: u64,
    /// They were in the journal already, by the id they came with; they are not kept aside any more.
    pub duplicate: u64,
    /// No definition knows them; they stay.
    pub unknown: u64,
    /// They are no events, and are kept to be looked at; they stay.
    pub unusable: u64,
    /// They are damaged, and can only be thrown away; they stay.
    pub damaged: u64,
    /// They are not kept aside, or not any more: somebody else replayed or dropped them.
    pub missing: u64,
}

/// Why events could not be replayed. What was replayed before stays replayed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// The data directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// An event could not be read from the quarantine or written to the journal.
    #[error("how many events were replayed before this: {}", .so_far.replayed)]
    Store {
        /// What had become of the others.
        so_far: ReplayOutcome,
        /// What the store said.
        #[source]
        source: Box<Error>,
    },
    /// Tracking is switched off.
    #[error("tracking is switched off")]
    Disabled,
}

impl Tracker {
    /// Routes events that were kept aside by today's definitions, with the time they came.
    ///
    /// What a definition does not declare is left out and counted, as when an event comes in
    /// lenient mode. Blocks until it is done, while the tracker and other processes go on.
    ///
    /// # Errors
    ///
    /// When the data directory cannot be read or written. Calling again goes on with the rest.
    pub fn replay(&self, which: ReplayOf<'_>) -> Result<ReplayOutcome, ReplayError> {
        let shared = self.shared();
        let store = shared.open_store().map_err(OpenError::Store)?.ok_or(ReplayError::Disabled)?;
        let mut replay = Replay {
            catalog: shared.catalog.load_full(),
            reader: store.reader().map_err(OpenError::Store)?,
            store,
            keys: KeyCache::default(),
            done: ReplayOutcome::default(),
        };
        let result = match which {
            ReplayOf::All => replay.all(),
            ReplayOf::Numbers(numbers) => replay.numbers(numbers),
        };
        match result {
            Ok(()) => Ok(replay.done),
            Err(source) => {
                Err(ReplayError::Store { so_far: replay.done, source: Box::new(source) })
            }
        }
    }

    /// Counts the events kept aside that today's definitions know, by name.
    ///
    /// # Errors
    ///
    /// When the data directory cannot be read.
    pub fn replayable(&self) -> Result<BTreeMap<String, u64>, Error> {
        self.shared().replayable(&self.catalog(), || true).map(Option::unwrap_or_default)
    }
}

impl Shared {
    /// Says how many events wait for what has just become known, and how to count them.
    ///
    /// A thread of its own reads them, for they may be many, and whoever brings new definitions
    /// has other things to do; when further ones come meanwhile, it leaves the rest to theirs.
    pub(crate) fn announce_replayable(self: &Arc<Self>, before: &Catalog, after: &Arc<Catalog>) {
        if before.fingerprint() == after.fingerprint() {
            return;
        }
        let (shared, after) = (Arc::clone(self), Arc::clone(after));
        let announce = move || {
            let is_current = || Arc::ptr_eq(&after, &shared.catalog.load());
            match shared.replayable(&after, is_current) {
                Ok(Some(known)) if !known.is_empty() => say_replayable(&known),
                Ok(_) => {}
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "cannot tell which events kept aside are known now"
                ),
            }
        };
        let thread = std::thread::Builder::new().name("replayable".to_owned());
        if let Err(error) = thread.spawn(announce) {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "cannot start the thread that tells which events kept aside are known now"
            );
        }
    }

    /// Counts the events kept aside that a catalog knows; nothing if it should not go on.
    ///
    /// Others read between two pages.
    fn replayable(
        &self,
        catalog: &Catalog,
        goes_on: impl Fn() -> bool,
    ) -> Result<Option<BTreeMap<String, u64>>, Error> {
        let mut known = BTreeMap::new();
        let mut after = 0;
        while goes_on() {
            let page = self.with_reader(|it| it.quarantined_after(after, BATCH));
            let page = page.unwrap_or_else(|| Ok(KeptAside::default()))?;
            let Some(last) = page.last() else { return Ok(Some(known)) };
            after = last;
            for number in &page.damaged {
                tracing::warn!(
                    number,
                    "an event kept aside is damaged; `internal-events quarantine drop` takes it out"
                );
            }
            for kept in page.events.iter().filter(|it| it.reason == UNKNOWN_EVENT) {
                let Some(mut event) = decode_kept(&kept.event) else { continue };
                if route_leniently(catalog, &mut event).is_some() {
                    *known.entry(event.name).or_default() += 1;
                }
            }
        }
        Ok(None)
    }
}

/// Names that the log has of events that wait; there may be thousands.
const NAMES: usize = 20;

fn say_replayable(known: &BTreeMap<String, u64>) {
    let mut names = known.keys().take(NAMES).cloned().collect::<Vec<_>>().join(", ");
    if known.len() > NAMES {
        names.push_str(&format!(" and {} more", known.len() - NAMES));
    }
    tracing::info!(
        waiting = known.values().sum::<u64>(),
        events = names,
        "events kept aside are known now; `internal-events quarantine replay` counts them in the \
         week in which they came"
    );
}

/// One replay on its way.
struct Replay {
    catalog: Arc<Catalog>,
    store: Box<dyn Store>,
    reader: Box<dyn Reader>,
    keys: KeyCache,
    done: ReplayOutcome,
}

/// Events of one transaction: which they replace, what they are now, what is left out of them.
#[derive(Default)]
struct Known {
    numbers: Vec<u64>,
    events: Vec<Prepared>,
    omitted: Vec<Vec<Cause>>,
}

impl Replay {
    fn all(&mut self) -> Result<(), Error> {
        let end = self.reader.status()?.quarantined;
        let mut after = 0;
        loop {
            let mut page = self.reader.quarantined_after(after, BATCH)?;
            page.events.retain(|it| it.number <= end);
            page.damaged.retain(|it| *it <= end);
            let Some(last) = page.last() else { return Ok(()) };
            after = last;
            self.done.damaged += page.damaged.len() as u64;
            self.bring_in(&page.events)?;
        }
    }

    fn numbers(&mut self, numbers: &[u64]) -> Result<(), Error> {
        let mut numbers = numbers.to_vec();
        numbers.sort_unstable();
        numbers.dedup();
        for numbers in numbers.chunks(BATCH) {
            let mut page = Vec::new();
            for &number in numbers {
                let found = self.reader.quarantined_after(number.saturating_sub(1), 1)?;
                if found.last() != Some(number) {
                    self.done.missing += 1;
                } else if found.events.is_empty() {
                    self.done.damaged += 1;
                } else {
                    page.extend(found.events);
                }
            }
            self.bring_in(&page)?;
        }
        Ok(())
    }

    fn bring_in(&mut self, page: &[StoredQuarantined]) -> Result<(), Error> {
        let mut known = self.sort_out(page);
        while !known.numbers.is_empty() {
            match self.append(&known) {
                Ok(appended) => {
                    let duplicate = appended.n_duplicates();
                    self.done.duplicate += duplicate;
                    self.done.replayed += known.numbers.len() as u64 - duplicate;
                    return Ok(());
                }
                // Somebody else was quicker with this one, and perhaps with others.
                Err(Error::NotQuarantined { .. }) => self.forget_missing(&mut known)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Takes those that a definition knows, and counts the others.
    fn sort_out(&mut self, page: &[StoredQuarantined]) -> Known {
        let mut known = Known::default();
        for kept in page {
            let event = decode_kept(&kept.event).filter(|_| kept.reason == UNKNOWN_EVENT);
            let Some(mut event) = event else {
                self.done.unusable += 1;
                continue;
            };
            let Some(routed) = route_leniently(&self.catalog, &mut event) else {
                self.done.unknown += 1;
                continue;
            };
            known.numbers.push(kept.number);
            known.omitted.push(routed.omissions.iter().map(cause_of).collect());
            let mut prepared = Prepared::new(Arc::clone(&self.catalog), 1);
            prepared.push(&event, kept.received_at, &routed);
            known.events.push(prepared);
        }
        known
    }

    fn append(&mut self, known: &Known) -> Result<Appended, Error> {
        let keyed = Keyed::new(known.events.iter(), &mut self.keys, self.store.as_mut());
        let mut omitted: BTreeMap<&str, u64> = BTreeMap::new();
        for cause in known.omitted.iter().flatten() {
            *omitted.entry(cause.ledger_name()).or_default() += 1;
        }
        let ledger: Vec<(&str, u64)> = omitted.into_iter().collect();
        let entries = keyed.entries();
        self.store.append(&Group {
            entries: &entries,
            replayed: &known.numbers,
            ledger: &ledger,
            ..Group::default()
        })
    }

    fn forget_missing(&mut self, known: &mut Known) -> Result<(), Error> {
        let (Some(&first), Some(&last)) = (known.numbers.first(), known.numbers.last()) else {
            return Ok(());
        };
        let still =
            self.reader.quarantined_after(first.saturating_sub(1), known_span(first, last))?;
        let is_there: Vec<bool> = known
            .numbers
            .iter()
            .map(|it| still.events.binary_search_by_key(it, |kept| kept.number).is_ok())
            .collect();
        let n_before = known.numbers.len();
        retain(&mut known.numbers, &is_there);
        retain(&mut known.events, &is_there);
        retain(&mut known.omitted, &is_there);
        self.done.missing += (n_before - known.numbers.len()) as u64;
        Ok(())
    }
}

/// How many numbers there are from the first to the last.
fn known_span(first: u64, last: u64) -> usize {
    usize::try_from(last - first + 1).unwrap_or(usize::MAX)
}

fn retain<T>(all: &mut Vec<T>, keep: &[bool]) {
    let mut keep = keep.iter();
    all.retain(|_| keep.next().copied().unwrap_or_default());
}
