//! Destinations of a store in memory.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use super::{Memory, State, bytes_of, lock};
use crate::cursor::{
    self, Cursor, CursorPlace, Forgotten, Page, Pending, Step, dropped_by, dropped_name,
    skipped_by, skipped_name,
};
use crate::limits::as_millis;
use crate::{COUNTERS, Delivery, Error, Reader as _, StoredEntry};

/// Where a destination has come.
#[derive(Debug, Clone, Default)]
pub(super) struct Place {
    seq: u64,
    started_after: u64,
    keeps_after: u64,
    state: String,
    /// The handle that delivers, for as long as it lives.
    leader: Weak<()>,
}

/// A destination's place in the journal of a [`Memory`] store.
#[derive(Debug)]
pub(super) struct MemoryCursor {
    memory: Memory,
    destination: String,
    itself: Arc<()>,
}

impl MemoryCursor {
    pub(super) fn open(memory: &Memory, destination: &str) -> Self {
        let state = &mut *lock(&memory.shared);
        let last = state.last_sequence;
        state.cursors.entry(destination.to_owned()).or_insert_with(|| Place {
            seq: last,
            started_after: last,
            keeps_after: last,
            ..Place::default()
        });
        let destination = destination.to_owned();
        Self { memory: memory.clone(), destination, itself: Arc::new(()) }
    }

    /// Does something with the place, which is there until somebody forgets the destination.
    fn with<T>(&self, work: impl FnOnce(&mut State, &mut Place) -> T) -> Result<T, Error> {
        let state = &mut *lock(&self.memory.shared);
        let Some(mut place) = state.cursors.remove(&self.destination) else {
            return Err(Error::Cursor { destination: self.destination.clone() });
        };
        let res = work(state, &mut place);
        state.cursors.insert(self.destination.clone(), place);
        Ok(res)
    }
}

impl Cursor for MemoryCursor {
    fn leads(&mut self) -> Result<bool, Error> {
        self.with(|_, place| {
            if place.leader.strong_count() == 0 {
                place.leader = Arc::downgrade(&self.itself);
            }
            place.leader.as_ptr() == Arc::as_ptr(&self.itself)
        })
    }

    fn place(&mut self) -> Result<CursorPlace, Error> {
        self.with(|state, place| state.place(place))
    }

    fn entries(&mut self, after: u64, page: Page) -> Result<Vec<StoredEntry>, Error> {
        self.memory.page(after, page)
    }

    fn advance(&mut self, from: u64, step: &Step<'_>) -> Result<bool, Error> {
        self.with(|state, place| {
            if place.seq != from {
                return false;
            }
            place.seq = step.to;
            place.keeps_after = step.keeps_after.min(step.to).max(place.keeps_after);
            step.state.clone_into(&mut place.state);
            for &(cause, n) in step.dropped {
                state.note(&dropped_name(cause, &self.destination), n);
            }
            for &(why, n) in step.skipped {
                state.note(&skipped_name(why, &self.destination), n);
            }
            state.keep_rejected(&self.destination, step.rejected);
            for &(cause, n) in step.noted {
                state.note(cause, n);
            }
            true
        })
    }

    fn rename_journal(&mut self) -> Result<CursorPlace, Error> {
        self.with(|state, place| {
            state.journal_id = super::random_id();
            place.seq = state.last_sequence;
            place.keeps_after = state.last_sequence;
            place.state.clear();
            state.place(place)
        })
    }
}

impl State {
    fn place(&self, place: &Place) -> CursorPlace {
        let first = self.entries.front().map(|(_, it)| it.sequence);
        CursorPlace {
            journal_id: self.journal_id.clone(),
            cursor: place.seq,
            first: first.unwrap_or(self.last_sequence + 1),
            last: self.last_sequence,
            state: place.state.clone(),
        }
    }

    /// Returns up to where no destination wants anything again.
    pub(super) fn passed(&self) -> u64 {
        self.cursors.values().map(|it| it.keeps_after).min().unwrap_or(u64::MAX)
    }

    pub(super) fn all_cursors(&self) -> BTreeMap<String, u64> {
        let counters = (COUNTERS.to_owned(), self.last_sequence);
        self.cursors.iter().map(|(name, it)| (name.clone(), it.seq)).chain([counters]).collect()
    }

    pub(super) fn deliveries(&self) -> BTreeMap<String, Delivery> {
        let last = self.last_sequence;
        let counters = Delivery { delivered: last, ..Delivery::default() };
        let others = self.cursors.iter().map(|(name, it)| {
            let first = self.entries.partition_point(|(_, entry)| entry.sequence <= it.seq);
            let bytes = self.entries.range(first..).map(|(_, entry)| bytes_of(entry)).sum();
            let pending = self.entries.get(first).map(|(at, _)| Pending { oldest: *at, bytes });
            let of = (name.as_str(), it.started_after);
            (name.clone(), cursor::delivery(&self.ledger, of, (it.seq, last), pending))
        });
        others.chain([(COUNTERS.to_owned(), counters)]).collect()
    }

    /// Moves the cursors of destinations that have left too much untaken.
    pub(super) fn drop_backlogs(&mut self, now: i64) {
        let oldest = now.saturating_sub(as_millis(self.limits.max_pending));
        let mut cursors = std::mem::take(&mut self.cursors);
        for (name, place) in &mut cursors {
            let first = self.entries.partition_point(|(_, it)| it.sequence <= place.seq);
            let pending = self.entries.range(first..);
            let mut bytes: u64 = pending.clone().map(|(_, it)| bytes_of(it)).sum();
            let before = place.seq;
            for (at, entry) in pending {
                if *at >= oldest && bytes <= self.limits.max_pending_bytes {
                    break;
                }
                bytes -= bytes_of(entry);
                place.seq = entry.sequence;
            }
            if place.seq > before {
                place.keeps_after = place.seq;
                self.note(&dropped_name("backlog", name), place.seq - before);
            }
        }
        self.cursors = cursors;
    }

    /// Forgets all destinations but those named, and those that a handle delivers to.
    pub(super) fn keep_destinations(&mut self, names: &[&str]) -> Vec<Forgotten> {
        let gone: Vec<(String, u64)> = self
            .cursors
            .iter()
            .filter(|(name, it)| !names.contains(&name.as_str()) && it.leader.strong_count() == 0)
            .map(|(name, it)| (name.clone(), self.last_sequence - it.seq))
            .collect();
        for (name, pending) in &gone {
            self.cursors.remove(name);
            let dropped = dropped_by(&self.ledger, name)
                .map(|(cause, n)| (cause.to_owned(), n, dropped_name(cause, name)));
            let skipped = skipped_by(&self.ledger, name)
                .map(|(why, n)| (why.to_owned(), n, skipped_name(why, name)));
            let counted: Vec<(String, u64, String)> = dropped.chain(skipped).collect();
            for (cause, n, counted) in counted {
                self.ledger.remove(&counted);
                self.note(&format!("forgotten:{cause}:{name}"), n);
            }
            self.note(&format!("forgotten:pending:{name}"), *pending);
        }
        gone.into_iter().map(|(destination, pending)| Forgotten { destination, pending }).collect()
    }
}
