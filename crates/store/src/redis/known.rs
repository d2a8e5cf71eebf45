//! What this Redis has acknowledged, so that it is not told again.
//!
//! An element that raises no register of what a key is known to have seen cannot change that key.
//! It need not be sent: once a sketch is large that is nearly every element, so that traffic grows
//! with the logarithm of events.
//!
//! This is apart from the counters an installation keeps itself, which may be ahead of Redis. It
//! is empty after a start and forgotten after every trouble, which costs some traffic and nothing
//! else.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use internal_events_hll::{Sketch, hash};

use super::options::RedisOptions;
use crate::limits::as_millis;

/// Bytes a sketch takes at most, by its encoding.
const DENSE_BYTES: usize = 12_304;
const SPARSE_BYTES: usize = 3_000;

/// Elements that are remembered one by one: 256 KiB. Most of what comes came a moment ago.
const RECENT: usize = 1 << 15;

/// Sketches of what was sent and acknowledged, by key.
#[derive(Debug, Default)]
pub(super) struct Known {
    by_key: HashMap<Arc<str>, Acknowledged>,
    /// Counts uses, to know which are long ago.
    uses: u64,
    /// Hashes of elements with their keys, each in the place that it points to: what is here need
    /// not be looked for in a sketch.
    recent: Vec<u64>,
}

#[derive(Debug)]
struct Acknowledged {
    /// A number that no other sketch had since the recent elements were forgotten.
    number: u64,
    sketch: Sketch,
    /// When all of the sketch was last sent, by the time of an entry.
    seeded_at: i64,
    used: u64,
}

impl Known {
    /// Takes elements for acknowledged: whoever calls forgets the key if they are not.
    ///
    /// Those that the key does not certainly have are added to `new`. Returns whether it is time to
    /// send again all that is known of it. Elements come with the times of their entries.
    pub(super) fn observe<'e>(
        &mut self,
        key: &Arc<str>,
        elements: &[(&'e [u8], i64)],
        reseed_interval: Duration,
        new: &mut Vec<&'e [u8]>,
    ) -> bool {
        let Some(&(_, first_at)) = elements.first() else { return false };
        self.uses += 1;
        if !self.by_key.contains_key(&**key) {
            let (sketch, number) = (Sketch::new(), self.uses);
            let first = Acknowledged { number, sketch, seeded_at: first_at, used: number };
            self.by_key.insert(Arc::clone(key), first);
        }
        self.recent.resize(RECENT, 0);
        let Some(it) = self.by_key.get_mut(&**key) else { return false };
        it.used = self.uses;
        let mut is_seed_due = false;
        for &(element, at) in elements {
            is_seed_due |= it.is_seed_due(at, reseed_interval);
            let hash = hash(element);
            let mark = hash ^ it.number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let place = usize::try_from(mark % RECENT as u64).unwrap_or_default();
            let is_recent = std::mem::replace(&mut self.recent[place], mark) == mark;
            if !is_recent && it.sketch.insert_hash(hash) {
                new.push(element);
            }
        }
        is_seed_due
    }

    /// Returns all that is known of a key, as Redis would have it.
    pub(super) fn seed(&self, key: &str) -> Option<Vec<u8>> {
        self.by_key.get(key).map(|it| it.sketch.to_bytes())
    }

    /// Forgets a key, for it has not taken what it was sent.
    pub(super) fn forget(&mut self, key: &str) {
        // Its number goes with it, so that nothing recent is taken for one of its elements.
        self.by_key.remove(key);
    }

    /// Forgets what was not used for longest, until the rest fits.
    pub(super) fn trim(&mut self, options: &RedisOptions) {
        let bytes: usize = self.by_key.values().map(Acknowledged::bytes).sum();
        if self.by_key.len() <= options.known_keys && bytes <= options.known_bytes {
            return;
        }
        let mut by_use: Vec<(u64, usize)> =
            self.by_key.values().map(|it| (it.used, it.bytes())).collect();
        by_use.sort_unstable_by(|a, b| b.cmp(a));
        // Some room is made at once, so that this is not done for every key that comes.
        let (keys, bytes) = (options.known_keys / 4 * 3, options.known_bytes / 4 * 3);
        let mut kept_bytes = 0;
        let first_to_go = by_use.iter().enumerate().find(|(n_kept, (_, size))| {
            kept_bytes += size;
            *n_kept >= keys || kept_bytes > bytes
        });
        let Some((_, &(newest_to_go, _))) = first_to_go else { return };
        self.by_key.retain(|_, it| it.used > newest_to_go);
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.by_key.len()
    }
}

impl Acknowledged {
    /// Returns whether all of the sketch is to be sent again, and takes it for sent.
    fn is_seed_due(&mut self, at: i64, reseed_interval: Duration) -> bool {
        // A clock that was set back must not keep a key from being healed.
        let age = at.abs_diff(self.seeded_at);
        let is_due = age >= as_millis(reseed_interval).unsigned_abs();
        if is_due {
            self.seeded_at = at;
        }
        is_due
    }

    fn bytes(&self) -> usize {
        if self.sketch.is_dense() { DENSE_BYTES } else { SPARSE_BYTES }
    }
}

#[cfg(test)]
mod tests;
