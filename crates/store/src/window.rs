//! Which events were accepted lately, by the ids their callers gave them.
//!
//! Every handle has the same window, for it depends on nothing but what was stored, in order.

use std::collections::VecDeque;
use std::hash::{BuildHasher as _, RandomState};

use hashbrown::HashTable;

use crate::limits::as_millis;
use crate::{Entry, EventId, Limits, Outcome};

/// Recent given ids with the hashes of what came with them, bounded by time and number.
#[derive(Debug)]
pub(crate) struct Window {
    reach_ms: i64,
    max_ids: usize,
    /// The oldest first; the first has the number `base`, which wraps around.
    seen: VecDeque<Seen>,
    base: u32,
    /// How many ids at a time share a time of acceptance; together all of `seen`.
    runs: VecDeque<Run>,
    /// Numbers of those seen, by id.
    by_id: HashTable<u32>,
    /// How many of the newest belong to a group that is about to be stored.
    n_pending: usize,
    hasher: IdHasher,
}

/// Ids come from strangers, who shall not know where they end up in the table.
///
/// The product of two secret numbers, each with half of an id mixed in: to whoever knows neither,
/// ids are spread as if by chance. Each id is hashed four times or more while it is here, for which
/// the standard hasher is too slow.
#[derive(Debug)]
struct IdHasher {
    secrets: [u64; 2],
}

impl IdHasher {
    fn new() -> Self {
        let random = RandomState::new();
        Self { secrets: [random.hash_one(0), random.hash_one(1)] }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the two halves are folded")]
    fn hash_one(&self, id: [u8; 16]) -> u64 {
        let (id, [first, second]) = (u128::from_le_bytes(id), self.secrets);
        let product = u128::from(id as u64 ^ first) * u128::from((id >> 64) as u64 ^ second);
        product as u64 ^ (product >> 64) as u64
    }
}

/// One accepted event. Two arrays of bytes, so that it takes 24 and no more.
#[derive(Debug, Clone, Copy)]
struct Seen {
    id: [u8; 16],
    content: [u8; 8],
}

#[derive(Debug)]
struct Run {
    at: i64,
    ids: usize,
}

impl Window {
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            reach_ms: as_millis(limits.window),
            // Numbers have 32 bits, and a group more than the bound must fit beside it.
            max_ids: limits.window_ids.min(1 << 31),
            seen: VecDeque::new(),
            base: 0,
            runs: VecDeque::new(),
            by_id: HashTable::new(),
            n_pending: 0,
            hasher: IdHasher::new(),
        }
    }

    /// Takes what others have stored: one group, accepted at a time, with its given ids.
    pub(crate) fn take(&mut self, at: i64, given: impl Iterator<Item = ([u8; 16], u64)>) {
        self.forget_old(at);
        for (id, content) in given {
            self.insert(id, content, at);
        }
        self.forget_many();
    }

    /// Says what becomes of the entries of a group, which are from now on in the window.
    ///
    /// Returns nothing if none is a duplicate or has the id of another event. Once the group is
    /// stored, [`settle`](Self::settle) ends this; if it is not, [`undo`](Self::undo) does.
    pub(crate) fn sift(&mut self, entries: &[Entry<'_>]) -> Option<Sifted> {
        if entries.iter().all(|entry| entry.content.is_none()) {
            return None;
        }
        let at = newest(entries)?;
        self.forget_old(at);
        self.fetch(entries.iter().filter(|it| it.content.is_some()).map(|it| it.id.0));
        let mut sifted = None;
        for (idx, entry) in entries.iter().enumerate() {
            let fate = match entry.content {
                Some(content) => self.fate(entry.id, content, at),
                None => Fate::New,
            };
            if fate != Fate::New {
                let as_before = || vec![Fate::New; idx];
                sifted.get_or_insert_with(as_before).push(fate);
            } else if let Some(sifted) = &mut sifted {
                sifted.push(fate);
            }
        }
        sifted.map(|fates| Sifted { fates })
    }

    /// Looks where ids are in the table, so that they are at hand when it matters: each place is
    /// far from the last, and looking for many at once the processor need not wait for any.
    fn fetch(&self, ids: impl Iterator<Item = [u8; 16]>) {
        let n = ids.filter(|it| self.by_id.find(self.hasher.hash_one(*it), |_| false).is_some());
        std::hint::black_box(n.count());
    }

    fn fate(&mut self, id: EventId, content: u64, at: i64) -> Fate {
        let mut stored_id = id;
        loop {
            match self.content(stored_id.0) {
                Some(seen) if seen == content => return Fate::Duplicate,
                Some(_) => stored_id = another_id(stored_id, content),
                None => break,
            }
        }
        self.insert(stored_id.0, content, at);
        self.n_pending += 1;
        if stored_id == id { Fate::New } else { Fate::Renamed(stored_id) }
    }

    fn content(&self, id: [u8; 16]) -> Option<u64> {
        let hash = self.hasher.hash_one(id);
        let number = self.by_id.find(hash, |&it| self.seen(it).id == id)?;
        Some(u64::from_le_bytes(self.seen(*number).content))
    }

    fn seen(&self, number: u32) -> &Seen {
        &self.seen[number.wrapping_sub(self.base) as usize]
    }

    fn insert(&mut self, id: [u8; 16], content: u64, at: i64) {
        let place = u32::try_from(self.seen.len()).expect("invariant: the window is bounded");
        let number = self.base.wrapping_add(place);
        self.make_room();
        self.seen.push_back(Seen { id, content: content.to_le_bytes() });
        match self.runs.back_mut() {
            Some(run) if run.at == at => run.ids += 1,
            _ => self.runs.push_back(Run { at, ids: 1 }),
        }
        let Self { seen, base, by_id, hasher, .. } = self;
        let id_of = |number: u32| seen[number.wrapping_sub(*base) as usize].id;
        let hash = hasher.hash_one(id);
        match by_id.find_mut(hash, |&it| id_of(it) == id) {
            // Another handle, whose clock is ahead, had forgotten the older one.
            Some(older) => *older = number,
            None => drop(by_id.insert_unique(hash, number, |&it| hasher.hash_one(id_of(it)))),
        }
    }

    /// Makes room for all ids of a full window once it looks as if it would be full: growing little
    /// by little would move each of them several times.
    fn make_room(&mut self) {
        let is_growing = self.seen.len() == self.seen.capacity();
        if is_growing && (self.max_ids / 32..self.max_ids).contains(&self.seen.len()) {
            let more = self.max_ids + self.max_ids / 32 - self.seen.len();
            self.seen.reserve_exact(more);
            let Self { seen, base, by_id, hasher, .. } = self;
            let id_of = |number: u32| seen[number.wrapping_sub(*base) as usize].id;
            by_id.reserve(more, |&it| hasher.hash_one(id_of(it)));
        }
    }

    /// Takes out the ids of a group that was not stored.
    pub(crate) fn undo(&mut self) {
        for _ in 0..std::mem::take(&mut self.n_pending) {
            let before = self.seen.len() - 1;
            let place = u32::try_from(before).expect("invariant: the window is bounded");
            self.forget_number(self.base.wrapping_add(place));
            self.seen.truncate(before);
            if let Some(run) = self.runs.back_mut() {
                run.ids -= 1;
                if run.ids == 0 {
                    self.runs.pop_back();
                }
            }
        }
    }

    /// Keeps the ids of a group that was stored.
    pub(crate) fn settle(&mut self) {
        self.n_pending = 0;
        self.forget_many();
    }

    /// Returns how many ids there are.
    pub(crate) fn len(&self) -> usize {
        self.seen.len()
    }

    fn forget_old(&mut self, now: i64) {
        let oldest = now.saturating_sub(self.reach_ms);
        while self.runs.front().is_some_and(|run| run.at < oldest) {
            self.forget_first();
        }
    }

    /// Forgets the oldest ids beyond the bound.
    fn forget_many(&mut self) {
        let n = self.seen.len().saturating_sub(self.max_ids);
        self.fetch(self.seen.iter().take(n).map(|it| it.id));
        while self.seen.len() > self.max_ids {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        self.forget_number(self.base);
        self.seen.pop_front();
        self.base = self.base.wrapping_add(1);
        if let Some(run) = self.runs.front_mut() {
            run.ids -= 1;
            if run.ids == 0 {
                self.runs.pop_front();
            }
        }
    }

    fn forget_number(&mut self, number: u32) {
        let hash = self.hasher.hash_one(self.seen(number).id);
        if let Ok(found) = self.by_id.find_entry(hash, |&it| it == number) {
            found.remove();
        }
    }
}

/// What becomes of an entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    New,
    Duplicate,
    Renamed(EventId),
}

/// What becomes of the entries of a group that are not all new.
#[derive(Debug)]
pub(crate) struct Sifted {
    fates: Vec<Fate>,
}

impl Sifted {
    /// Returns the entries to be stored, under the ids they are to be stored under.
    pub(crate) fn kept<'a>(&self, entries: &[Entry<'a>]) -> Vec<Entry<'a>> {
        let kept = entries.iter().zip(&self.fates).filter_map(|(entry, fate)| match *fate {
            Fate::New => Some(*entry),
            Fate::Renamed(id) => Some(Entry { id, ..*entry }),
            Fate::Duplicate => None,
        });
        kept.collect()
    }

    /// Returns how many entries are not stored, and how many get a new id.
    pub(crate) fn count(&self) -> (u64, u64) {
        let count = |is: fn(&Fate) -> bool| self.fates.iter().filter(|&it| is(it)).count() as u64;
        (count(|it| matches!(it, Fate::Duplicate)), count(|it| matches!(it, Fate::Renamed(_))))
    }

    /// Returns what happened to each entry, if the first that is stored gets the number `first`.
    pub(crate) fn outcomes(&self, first: u64) -> Vec<Outcome> {
        let mut next = first;
        let outcomes = self.fates.iter().map(|fate| {
            let sequence = next;
            next += u64::from(*fate != Fate::Duplicate);
            match *fate {
                Fate::New => Outcome::Accepted { sequence },
                Fate::Renamed(id) => Outcome::Collision { sequence, id },
                Fate::Duplicate => Outcome::Duplicate,
            }
        });
        outcomes.collect()
    }
}

/// Returns the newest time of acceptance in a group.
pub(crate) fn newest(entries: &[Entry<'_>]) -> Option<i64> {
    entries.iter().map(|entry| entry.accepted_at).max()
}

/// Makes the id under which an event is stored whose own id another event has.
///
/// It depends on the two alone, so that the same event, sent again, is found under it. The form is
/// that of a UUID of version 8: bits made in a way of one's own.
fn another_id(id: EventId, content: u64) -> EventId {
    let mut bytes = [0; 24];
    bytes[..16].copy_from_slice(&id.0);
    bytes[16..].copy_from_slice(&content.to_le_bytes());
    let high = internal_events_hll::hash(&bytes);
    bytes[16..].copy_from_slice(&high.to_le_bytes());
    let low = internal_events_hll::hash(&bytes);
    let mut made = [0; 16];
    made[..8].copy_from_slice(&high.to_be_bytes());
    made[8..].copy_from_slice(&low.to_be_bytes());
    made[6] = made[6] & 0x0f | 0x80;
    made[8] = made[8] & 0x3f | 0x80;
    EventId(made)
}

#[cfg(test)]
mod tests;
