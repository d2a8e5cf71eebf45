//! Journal and counters in memory.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::counters::Effect;
use crate::names::Names;
use crate::recount::count;
use crate::window::Window;
use crate::{
    Appended, COUNTERS, Counter, Counters, DROPPED_NOT_A_NUMBER, DROPPED_WRONG_TYPE, DUPLICATE,
    Entry, Error, Group, ID_COLLISION, Key, Limits, Outcome, Reader, Status, Store, StoredEntry,
    StoredQuarantined, StoredUpdate,
};

/// Keeps everything in memory, for tests and for programs that live shortly.
///
/// Clones are further handles to the same data, as several processes are for
/// [`Sqlite`](crate::Sqlite). Nothing is ever forgotten, so memory grows with every event.
#[derive(Debug, Clone)]
pub struct Memory {
    shared: Arc<Mutex<State>>,
    names: Arc<Mutex<Names>>,
}

#[derive(Debug)]
struct State {
    journal_id: String,
    entries: Vec<StoredEntry>,
    quarantine: Vec<StoredQuarantined>,
    ledger: BTreeMap<String, u64>,
    counters: BTreeMap<String, Counter>,
    window: Window,
}

impl Memory {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::with_limits(&Limits::default())
    }

    /// Makes an empty store that keeps no more than that.
    pub fn with_limits(limits: &Limits) -> Self {
        // The standard library's hash maps are seeded at random; so is this name.
        let random = RandomState::new();
        let journal_id = format!("{:016x}{:016x}", random.hash_one(0), random.hash_one(1));
        Self {
            shared: Arc::new(Mutex::new(State {
                journal_id,
                entries: Vec::new(),
                quarantine: Vec::new(),
                ledger: BTreeMap::new(),
                counters: BTreeMap::new(),
                window: Window::new(limits),
            })),
            names: Arc::default(),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// Locks what handles share. A panic elsewhere leaves whole entries behind, never halves.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for Memory {
    fn intern(&mut self, key: &str) -> Key {
        lock(&self.names).intern(key)
    }

    fn append(&mut self, group: &Group<'_>) -> Result<Appended, Error> {
        let names = lock(&self.names);
        let state = &mut *lock(&self.shared);
        let first = state.entries.len() as u64 + 1;
        let outcomes = state.accept_all(group.entries, &names, first);
        for it in group.quarantined {
            state.quarantine.push(StoredQuarantined {
                number: state.quarantine.len() as u64 + 1,
                received_at: it.received_at,
                reason: it.reason.to_owned(),
                event: it.event.to_vec(),
            });
        }
        for &(cause, n) in group.ledger {
            state.note(cause, n);
        }
        Ok(Appended::new(first..state.entries.len() as u64 + 1, outcomes))
    }

    fn is_checkpoint_due(&self) -> bool {
        false
    }

    fn checkpoint(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn reader(&self) -> Result<Box<dyn Reader>, Error> {
        Ok(Box::new(self.clone()))
    }
}

impl State {
    fn accept_all(&mut self, entries: &[Entry<'_>], names: &Names, first: u64) -> Vec<Outcome> {
        let sifted = self.window.sift(entries);
        self.window.settle();
        let kept = sifted.as_ref().map(|it| it.kept(entries));
        for entry in kept.as_deref().unwrap_or(entries) {
            self.accept(entry, names);
        }
        let Some(sifted) = sifted else { return Vec::new() };
        let (n_duplicates, n_collisions) = sifted.count();
        for (cause, n) in [(DUPLICATE, n_duplicates), (ID_COLLISION, n_collisions)] {
            if n > 0 {
                self.note(cause, n);
            }
        }
        sifted.outcomes(first)
    }

    fn accept(&mut self, entry: &Entry<'_>, names: &Names) {
        let mut updates = Vec::with_capacity(entry.updates.len());
        for update in entry.updates {
            let key = Arc::clone(&names.get(update.key).text);
            match count(&mut self.counters, &key, update.change) {
                Effect::Moved | Effect::Unmoved => {}
                Effect::WrongType => self.note(DROPPED_WRONG_TYPE, 1),
                Effect::NotANumber => self.note(DROPPED_NOT_A_NUMBER, 1),
            }
            updates.push(StoredUpdate { key, change: update.change.to_stored() });
        }
        self.entries.push(StoredEntry {
            sequence: self.entries.len() as u64 + 1,
            id: entry.id,
            accepted_at: entry.accepted_at,
            catalog: entry.catalog,
            event: entry.event.to_vec(),
            updates,
        });
    }

    fn note(&mut self, cause: &str, n: u64) {
        *self.ledger.entry(cause.to_owned()).or_default() += n;
    }
}

impl Reader for Memory {
    fn counters(&mut self, keys: &[&str]) -> Result<Counters, Error> {
        let state = lock(&self.shared);
        let found = keys.iter().filter_map(|&key| {
            state.counters.get(key).map(|counter| (key.to_owned(), counter.clone()))
        });
        Ok(Counters { by_key: found.collect() })
    }

    fn keys(&mut self) -> Result<Vec<String>, Error> {
        Ok(lock(&self.shared).counters.keys().cloned().collect())
    }

    fn entries(&mut self, after: u64, limit: usize) -> Result<Vec<StoredEntry>, Error> {
        let state = lock(&self.shared);
        let after = usize::try_from(after).unwrap_or(usize::MAX);
        Ok(state.entries.iter().skip(after).take(limit).cloned().collect())
    }

    fn quarantined(&mut self, limit: usize) -> Result<Vec<StoredQuarantined>, Error> {
        Ok(lock(&self.shared).quarantine.iter().take(limit).cloned().collect())
    }

    fn status(&mut self) -> Result<Status, Error> {
        let state = lock(&self.shared);
        let last_sequence = state.entries.len() as u64;
        Ok(Status {
            last_sequence,
            cursors: BTreeMap::from([(COUNTERS.to_owned(), last_sequence)]),
            ledger: state.ledger.clone(),
            quarantine_size: state.quarantine.len() as u64,
            quarantined: state.quarantine.len() as u64,
            format: 0,
            journal_id: state.journal_id.clone(),
        })
    }
}
