//! Turns an element into the 64 bits everything else is made from.
//!
//! The function is MurmurHash64A by Austin Appleby with Redis' seed, reading its input as
//! little-endian words on every machine. A different hash would estimate just as well, but a
//! sketch could then never be merged with one that Redis wrote.

/// Redis' seed. Sketches hashed with another seed look valid and merge into nonsense.
const SEED: u64 = 0xadc83b19;
/// The multiplier of MurmurHash64A.
const MULTIPLIER: u64 = 0xc6a4a7935bd1e995;
/// The shift of MurmurHash64A.
const SHIFT: u32 = 47;

/// Hashes `element` as `PFADD` does.
///
/// # Examples
///
/// ```
/// let mut sketch = internal_events_hll::Sketch::new();
/// assert!(sketch.insert_hash(internal_events_hll::hash(b"42")));
/// assert!(!sketch.insert(b"42"), "the same element by either way");
/// ```
#[inline]
pub fn hash(element: &[u8]) -> u64 {
    let (words, tail) = element.as_chunks::<8>();
    let mut state = SEED ^ (element.len() as u64).wrapping_mul(MULTIPLIER);
    for word in words {
        let word = scramble(u64::from_le_bytes(*word).wrapping_mul(MULTIPLIER));
        state = (state ^ word).wrapping_mul(MULTIPLIER);
    }
    if !tail.is_empty() {
        state = (state ^ read_tail(element, tail)).wrapping_mul(MULTIPLIER);
    }
    let state = scramble(state);
    state ^ (state >> SHIFT)
}

#[inline]
fn scramble(word: u64) -> u64 {
    (word ^ (word >> SHIFT)).wrapping_mul(MULTIPLIER)
}

/// Reads the last one to seven bytes as a little-endian number.
///
/// Reading byte by byte costs a jump table that decimal ids of mixed length keep mispredicting.
/// Overlapping reads need at most two well-predicted branches; bytes read twice land on the same
/// bits, so combining them with `|` is harmless.
#[inline]
fn read_tail(element: &[u8], tail: &[u8]) -> u64 {
    let n_bytes = tail.len();
    if let Some(last) = element.last_chunk::<8>() {
        return u64::from_le_bytes(*last) >> (64 - 8 * n_bytes);
    }
    if let (Some(low), Some(high)) = (tail.first_chunk::<4>(), tail.last_chunk::<4>()) {
        let high = u64::from(u32::from_le_bytes(*high)) << (8 * (n_bytes - 4));
        return u64::from(u32::from_le_bytes(*low)) | high;
    }
    let byte = |at: usize| u64::from(tail[at]) << (8 * at);
    byte(0) | byte(n_bytes / 2) | byte(n_bytes - 1)
}

#[cfg(test)]
mod tests;
