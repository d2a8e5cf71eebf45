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

/// What an element means for a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Novelty {
    /// The key does not certainly have it.
    pub(super) is_new: bool,
    /// It is time to send again all that is known.
    pub(super) is_seed_due: bool,
}

impl Known {
    /// Takes an element for acknowledged: whoever calls forgets the key if it is not.
    pub(super) fn observe(
        &mut self,
        key: &Arc<str>,
        element: &[u8],
        accepted_at: i64,
        options: &RedisOptions,
    ) -> Novelty {
        self.uses += 1;
        let hash = hash(element);
        let Some(it) = self.by_key.get_mut(&**key) else {
            let mut sketch = Sketch::new();
            sketch.insert_hash(hash);
            let (number, seeded_at) = (self.uses, accepted_at);
            let first = Acknowledged { number, sketch, seeded_at, used: self.uses };
            self.by_key.insert(Arc::clone(key), first);
            return Novelty { is_new: true, is_seed_due: false };
        };
        it.used = self.uses;
        // A clock that was set back must not keep a key from being healed.
        let age = accepted_at.abs_diff(it.seeded_at);
        let is_seed_due = age >= as_millis(options.reseed_interval).unsigned_abs();
        if is_seed_due {
            it.seeded_at = accepted_at;
        }
        if self.recent.is_empty() {
            self.recent.resize(RECENT, 0);
        }
        let mark = hash ^ it.number.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = usize::try_from(mark % RECENT as u64).unwrap_or_default();
        let is_recent = std::mem::replace(&mut self.recent[place], mark) == mark;
        Novelty { is_new: !is_recent && it.sketch.insert_hash(hash), is_seed_due }
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
    fn bytes(&self) -> usize {
        if self.sketch.is_dense() { DENSE_BYTES } else { SPARSE_BYTES }
    }
}

#[cfg(test)]
mod tests;
