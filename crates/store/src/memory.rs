//! Journal and counters in memory.

mod cursor;

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher as _, RandomState};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::cursor::{MemoryCursor, Place};
use crate::counters::Effect;
use crate::limits::as_millis;
use crate::names::Names;
use crate::outbox::{self, DeadLetter, StoredDeadLetter};
use crate::recount::count;
use crate::window::{Window, newest};
use crate::{
    Appended, Counter, Counters, Cursor, DROPPED_BY_HAND, DROPPED_NOT_A_NUMBER,
    DROPPED_QUARANTINE_EXPIRED, DROPPED_QUARANTINE_FULL, DROPPED_WRONG_TYPE, DUPLICATE, Entry,
    Error, Forgotten, Group, ID_COLLISION, KeptAside, Key, Limits, Outcome, Page, Quarantined,
    REPLAYED, Reader, Status, Store, StoredChange, StoredEntry, StoredQuarantined, StoredUpdate,
};

/// Keeps everything in memory, for tests and for programs that live shortly.
///
/// Clones are further handles to the same data, as several processes are for
/// [`Sqlite`](crate::Sqlite). Counters take every entry at once, so an entry is forgotten as soon
/// as it is beyond [`Limits::journal_keep`].
#[derive(Debug, Clone)]
pub struct Memory {
    shared: Arc<Mutex<State>>,
    names: Arc<Mutex<Names>>,
}

#[derive(Debug)]
struct State {
    journal_id: String,
    secret: String,
    /// The oldest first, each with the time by which it grows old.
    entries: VecDeque<(i64, StoredEntry)>,
    entries_bytes: u64,
    last_sequence: u64,
    quarantine: VecDeque<StoredQuarantined>,
    quarantine_bytes: u64,
    quarantined: u64,
    outbox: VecDeque<StoredDeadLetter>,
    /// How many letters there ever were.
    n_letters: u64,
    limits: Limits,
    ledger: BTreeMap<String, u64>,
    counters: BTreeMap<String, Counter>,
    cursors: BTreeMap<String, Place>,
    window: Window,
}

impl Memory {
    /// Makes an empty store.
    pub fn new() -> Self {
        Self::with_limits(&Limits::default())
    }

    /// Makes an empty store that keeps no more than that.
    pub fn with_limits(limits: &Limits) -> Self {
        Self {
            shared: Arc::new(Mutex::new(State {
                journal_id: random_id(),
                secret: random_id(),
                entries: VecDeque::new(),
                entries_bytes: 0,
                last_sequence: 0,
                quarantine: VecDeque::new(),
                quarantine_bytes: 0,
                quarantined: 0,
                outbox: VecDeque::new(),
                n_letters: 0,
                limits: limits.clone(),
                ledger: BTreeMap::new(),
                counters: BTreeMap::new(),
                cursors: BTreeMap::new(),
                window: Window::new(limits),
            })),
            names: Arc::default(),
        }
    }
}

/// Makes a name for a journal.
fn random_id() -> String {
    // The standard library's hash maps are seeded at random; so is this name.
    let random = RandomState::new();
    format!("{:016x}{:016x}", random.hash_one(0), random.hash_one(1))
}

impl Default for Memory {
    fn default() -> Self {
        Self::new()
    }
}

/// Returns about the bytes an entry has in the journal on disk.
fn bytes_of(entry: &StoredEntry) -> u64 {
    let of = |change: &StoredChange| match change {
        StoredChange::Add(_) => 2,
        StoredChange::Sum(_) => 9,
        StoredChange::Observe(bytes) | StoredChange::Count(bytes) => bytes.len() as u64 + 2,
    };
    let updates = entry.updates.iter().map(|it| of(&it.change)).sum::<u64>();
    entry.event.len() as u64 + updates + 24
}

/// Locks what handles share. A panic elsewhere leaves whole entries behind, never halves.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Store for Memory {
    fn look(&mut self) -> Result<(), Error> {
        Ok(())
    }

    fn intern(&mut self, key: &str) -> Key {
        lock(&self.names).intern(key)
    }

    fn append(&mut self, group: &Group<'_>) -> Result<Appended, Error> {
        let names = lock(&self.names);
        let state = &mut *lock(&self.shared);
        let first = state.last_sequence + 1;
        for &number in group.replayed {
            if !state.quarantine.iter().any(|it| it.number == number) {
                return Err(Error::NotQuarantined { number });
            }
        }
        for &number in group.retried {
            if !state.outbox.iter().any(|it| it.number == number) {
                return Err(Error::NotInOutbox { number });
            }
        }
        let newest = newest(group.entries);
        let is_late = !group.replayed.is_empty() || !group.retried.is_empty();
        let before = if is_late { state.newest() } else { None };
        let outcomes = state.accept_all(group.entries, &names, newest.max(before).unwrap_or(0));
        let n_replayed = state.remove(group.replayed);
        state.note(REPLAYED, n_replayed);
        state.take_out(group.retried, outbox::RETRIED);
        for it in group.quarantined {
            state.keep_aside(it);
        }
        for &(cause, n) in group.ledger {
            state.note(cause, n);
        }
        if let Some(now) = group.quarantined.iter().map(|it| it.received_at).max() {
            state.make_room(now);
        }
        Ok(Appended::new(first..state.last_sequence + 1, outcomes))
    }

    fn drop_quarantined(&mut self, numbers: &[u64]) -> Result<u64, Error> {
        let state = &mut *lock(&self.shared);
        let n = state.remove(numbers);
        state.note(DROPPED_BY_HAND, n);
        Ok(n)
    }

    fn drop_dead_letters(&mut self, numbers: &[u64]) -> Result<u64, Error> {
        Ok(lock(&self.shared).take_out(numbers, outbox::DROPPED_FROM_OUTBOX))
    }

    fn is_checkpoint_due(&self) -> bool {
        false
    }

    fn checkpoint(&mut self) -> Result<(), Error> {
        let state = &mut *lock(&self.shared);
        if let Some(now) = state.newest() {
            state.drop_backlogs(now);
            state.forget_old(now);
            state.make_room(now);
        }
        Ok(())
    }

    fn cursor(&self, destination: &str) -> Result<Box<dyn Cursor>, Error> {
        Ok(Box::new(MemoryCursor::open(self, destination)))
    }

    fn keep_destinations(&mut self, names: &[&str]) -> Result<Vec<Forgotten>, Error> {
        Ok(lock(&self.shared).keep_destinations(names))
    }

    fn reader(&self) -> Result<Box<dyn Reader>, Error> {
        Ok(Box::new(self.clone()))
    }
}

impl State {
    fn accept_all(&mut self, entries: &[Entry<'_>], names: &Names, at: i64) -> Vec<Outcome> {
        let first = self.last_sequence + 1;
        let sifted = self.window.sift(entries);
        self.window.settle();
        let kept = sifted.as_ref().map(|it| it.kept(entries));
        for entry in kept.as_deref().unwrap_or(entries) {
            self.accept(entry, names, at);
        }
        let Some(sifted) = sifted else { return Vec::new() };
        let (n_duplicates, n_collisions) = sifted.count();
        self.note(DUPLICATE, n_duplicates);
        self.note(ID_COLLISION, n_collisions);
        sifted.outcomes(first)
    }

    fn accept(&mut self, entry: &Entry<'_>, names: &Names, at: i64) {
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
        self.last_sequence += 1;
        let stored = StoredEntry {
            sequence: self.last_sequence,
            id: entry.id,
            accepted_at: entry.accepted_at,
            catalog: entry.catalog,
            event: entry.event.to_vec(),
            updates,
        };
        self.entries_bytes += bytes_of(&stored);
        self.entries.push_back((at, stored));
    }

    fn newest(&self) -> Option<i64> {
        self.entries.back().map(|(at, _)| *at)
    }

    fn forget_old(&mut self, now: i64) {
        let oldest = now.saturating_sub(as_millis(self.limits.journal_keep));
        let passed = self.passed();
        while let Some((at, entry)) = self.entries.front()
            && entry.sequence <= passed
            && (*at < oldest || self.entries_bytes > self.limits.journal_keep_bytes)
        {
            self.entries_bytes -= bytes_of(entry);
            self.entries.pop_front();
        }
    }

    fn keep_aside(&mut self, event: &Quarantined<'_>) {
        self.quarantined += 1;
        self.quarantine_bytes += event.event.len() as u64;
        self.quarantine.push_back(StoredQuarantined {
            number: self.quarantined,
            received_at: event.received_at,
            reason: event.reason.to_owned(),
            event: event.event.to_vec(),
        });
    }

    fn make_room(&mut self, now: i64) {
        let oldest = now.saturating_sub(as_millis(self.limits.quarantine_keep));
        while let Some(it) = self.quarantine.front() {
            let is_full = self.quarantine.len() as u64 > self.limits.quarantine_events
                || self.quarantine_bytes > self.limits.quarantine_bytes;
            if !is_full && it.received_at >= oldest {
                return;
            }
            // The oldest of ten thousand must not cost a look at all of them.
            self.quarantine_bytes -= it.event.len() as u64;
            self.quarantine.pop_front();
            let cause = if is_full { DROPPED_QUARANTINE_FULL } else { DROPPED_QUARANTINE_EXPIRED };
            self.note(cause, 1);
        }
    }

    /// Takes events out of the quarantine, and returns how many were there.
    fn remove(&mut self, numbers: &[u64]) -> u64 {
        let before = self.quarantine.len();
        self.quarantine.retain(|it| !numbers.contains(&it.number));
        self.quarantine_bytes = self.quarantine.iter().map(|it| it.event.len() as u64).sum();
        (before - self.quarantine.len()) as u64
    }

    /// Keeps what a destination has rejected; the oldest make room.
    fn keep_rejected(&mut self, destination: &str, letters: &[DeadLetter<'_>]) {
        for it in letters {
            self.n_letters += 1;
            self.outbox.push_back(StoredDeadLetter {
                number: self.n_letters,
                destination: destination.to_owned(),
                sequence: it.sequence,
                id: it.id,
                accepted_at: it.accepted_at,
                reason: it.reason.to_owned(),
                event: it.event.to_vec(),
            });
        }
        let mut bytes: u64 = self.outbox.iter().map(|it| it.event.len() as u64).sum();
        while self.outbox.len() as u64 > self.limits.outbox_events
            || bytes > self.limits.outbox_bytes
        {
            let Some(gone) = self.outbox.pop_front() else { break };
            bytes -= gone.event.len() as u64;
            self.note(&outbox::name(outbox::OUTBOX_FULL, &gone.destination), 1);
        }
    }

    /// Takes letters out of the outbox, and returns how many were there.
    fn take_out(&mut self, numbers: &[u64], because: &str) -> u64 {
        let letters = std::mem::take(&mut self.outbox);
        let (gone, kept): (VecDeque<_>, VecDeque<_>) =
            letters.into_iter().partition(|it| numbers.contains(&it.number));
        self.outbox = kept;
        for it in &gone {
            self.note(&outbox::name(because, &it.destination), 1);
        }
        gone.len() as u64
    }

    fn note(&mut self, cause: &str, n: u64) {
        if n == 0 {
            return;
        }
        *self.ledger.entry(cause.to_owned()).or_default() += n;
    }
}

impl Reader for Memory {
    fn counters(&mut self, keys: &[&str]) -> Result<Counters, Error> {
        let state = lock(&self.shared);
        let found = keys.iter().filter_map(|&key| {
            state.counters.get(key).map(|counter| (key.to_owned(), counter.clone()))
        });
        Ok(Counters { by_key: found.collect(), ..Counters::default() })
    }

    fn keys(&mut self) -> Result<Vec<String>, Error> {
        Ok(lock(&self.shared).counters.keys().cloned().collect())
    }

    fn page(&mut self, after: u64, page: Page) -> Result<Vec<StoredEntry>, Error> {
        let state = lock(&self.shared);
        let first = state.entries.partition_point(|(_, it)| it.sequence <= after);
        let mut bytes = 0;
        let fits = |entry: &&StoredEntry| {
            let fits = bytes < page.bytes;
            bytes += usize::try_from(bytes_of(entry)).unwrap_or(usize::MAX);
            fits
        };
        let entries = state.entries.range(first..).map(|(_, it)| it).take(page.entries);
        Ok(entries.take_while(fits).cloned().collect())
    }

    fn quarantined_after(&mut self, after: u64, limit: usize) -> Result<KeptAside, Error> {
        let state = lock(&self.shared);
        let first = state.quarantine.partition_point(|it| it.number <= after);
        let events = state.quarantine.range(first..).take(limit).cloned().collect();
        Ok(KeptAside { events, ..KeptAside::default() })
    }

    fn dead_letters(&mut self, after: u64, limit: usize) -> Result<Vec<StoredDeadLetter>, Error> {
        let state = lock(&self.shared);
        let first = state.outbox.partition_point(|it| it.number <= after);
        Ok(state.outbox.range(first..).take(limit).cloned().collect())
    }

    fn secret(&mut self) -> Result<String, Error> {
        Ok(lock(&self.shared).secret.clone())
    }

    fn status(&mut self) -> Result<Status, Error> {
        let state = lock(&self.shared);
        let last_sequence = state.last_sequence;
        Ok(Status {
            last_sequence,
            cursors: state.all_cursors(),
            deliveries: state.deliveries(),
            ledger: state.ledger.clone(),
            quarantine_size: state.quarantine.len() as u64,
            quarantined: state.quarantined,
            format: 0,
            journal_id: state.journal_id.clone(),
        })
    }
}
