//! What makes two events the same.

use super::form::{Known, N_KNOWN, number_of};
use super::parameters::Parameters;
use sha2::{Digest as _, Sha256};
use std::fmt;
use std::sync::Arc;

/// Hashes all that an event says but `stm`, the time of sending.
///
/// A tracker that got no answer sends the same event again with a new `stm`, and nothing else
/// changed. The order of parameters makes no difference.
///
/// Name and value of each parameter, sorted by name, are numbers below 2^56: each text its length,
/// then its bytes, seven at a time. The hash is the polynomial with these coefficients, after a
/// first one of 1, at a secret point of the integers modulo 2^61 − 1. Two different events are two
/// different polynomials, which meet in no more points than they have coefficients: to whoever
/// does not know the point, two events of 2 MiB collide once in 2^42 attempts, whatever is in
/// them. A cryptographic hash needs no secret, but three times as long.
#[derive(Clone)]
pub struct ContentHash {
    /// The powers of the point, from that of 0, which is 1, to the eighth.
    powers: [u64; 9],
    /// What each name of the protocol adds, which is most of the names there are.
    names: Arc<[u64; N_KNOWN]>,
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ContentHash").finish_non_exhaustive()
    }
}

/// A prime, and the largest number of 61 bits.
const MODULUS: u64 = (1 << 61) - 1;

impl ContentHash {
    /// Makes the hash of those who know a secret. It is the same on every machine and in every
    /// version, for it outlives a restart.
    pub fn new(secret: &[u8]) -> Self {
        let digest =
            Sha256::new().chain_update(b"Snowplow content").chain_update(secret).finalize();
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest[..8]);
        let point = u64::from_le_bytes(bytes) % MODULUS;
        let mut powers = [1; 9];
        for nth in 1..powers.len() {
            powers[nth] = reduce(u128::from(powers[nth - 1]) * u128::from(point));
        }
        let mut names = [0; N_KNOWN];
        for (known, sum) in (0..N_KNOWN).filter_map(Known::at).zip(&mut names) {
            let name = known.name();
            let number = u128::from(number_of(name.as_bytes()));
            *sum = reduce(name.len() as u128 * u128::from(point) + number);
        }
        Self { powers, names: Arc::new(names) }
    }

    /// Hashes an event.
    pub fn of(&self, parameters: &Parameters<'_>) -> u64 {
        let stm = const { Known::named("stm") };
        let mut hash = 1;
        if let Some(in_order) = parameters.in_order() {
            for (known, value) in in_order.filter(|(known, _)| *known != stm) {
                hash = self.add_parameter(hash, known, value);
            }
        } else {
            for (name, value) in parameters.sorted() {
                if name != stm.name() {
                    hash = self.add(self.add(hash, name), value);
                }
            }
        }
        hash % MODULUS
    }

    /// Goes on with a parameter of the protocol, whose name has no more than seven bytes.
    ///
    /// Each step waits for the one before, so name and value are one step where the value is
    /// short, as most are.
    fn add_parameter(&self, hash: u64, known: Known, value: &str) -> u64 {
        let name = u128::from(self.names[known.place()]);
        let (hash, len) = (u128::from(hash), value.len() as u128);
        if let Some((n, last)) = self.short(value.as_bytes()) {
            let [before_name, before_len, before_value] =
                [n + 3, n + 1, n].map(|it| u128::from(self.powers[it]));
            return reduce(hash * before_name + name * before_len + len * before_value + last);
        }
        let [_, p1, _, p3, ..] = self.powers.map(u128::from);
        self.add_bytes(reduce(hash * p3 + name * p1 + len), value.as_bytes())
    }

    /// Goes on with a text.
    fn add(&self, hash: u64, text: &str) -> u64 {
        let hash = u128::from(hash) * u128::from(self.powers[1]) + text.len() as u128;
        self.add_bytes(reduce(hash), text.as_bytes())
    }

    /// Goes on with the bytes of a text.
    fn add_bytes(&self, mut hash: u64, bytes: &[u8]) -> u64 {
        let [_, p1, p2, p3, p4, p5, p6, p7, p8] = self.powers.map(u128::from);
        // Many at a time, for each of them waits for what was before.
        let (blocks, rest) = bytes.as_chunks::<56>();
        for block in blocks {
            let first = sevens(block.first_chunk().expect("invariant: 28 of 56 bytes"));
            let last = sevens(block.last_chunk().expect("invariant: 28 of 56 bytes"));
            let [n1, n2, n3, n4] = first;
            let so_far = u128::from(hash) * p8 + n1 * p7 + n2 * p6 + n3 * p5 + n4 * p4;
            let [n5, n6, n7, n8] = last;
            hash = reduce(so_far + n5 * p3 + n6 * p2 + n7 * p1 + n8);
        }
        let (blocks, rest) = rest.as_chunks::<28>();
        for block in blocks {
            let [n1, n2, n3, n4] = sevens(block);
            hash = reduce(u128::from(hash) * p4 + n1 * p3 + n2 * p2 + n3 * p1 + n4);
        }
        let (n, last) = self.short(rest).expect("invariant: a rest is shorter than a block");
        reduce(u128::from(hash) * u128::from(self.powers[n]) + last)
    }

    /// Gives how many numbers fewer than 28 bytes are, and what they add; nothing if there are
    /// more bytes.
    fn short(&self, bytes: &[u8]) -> Option<(usize, u128)> {
        if bytes.len() >= 28 {
            return None;
        }
        let (whole, part) = bytes.as_chunks::<7>();
        let mut numbers = [0; 4];
        for (number, seven) in numbers.iter_mut().zip(whole) {
            *number = number_of(seven);
        }
        let mut n = whole.len();
        if !part.is_empty() {
            numbers[n] = number_of(part);
            n += 1;
        }
        // The last number is taken as it is, the one before it once, and so on.
        let powers = self.powers[..n].iter().rev();
        let sum =
            numbers.iter().zip(powers).map(|(it, power)| u128::from(*it) * u128::from(*power));
        Some((n, sum.sum()))
    }
}

/// Takes a block as four numbers of seven bytes, the lowest first.
fn sevens(block: &[u8; 28]) -> [u128; 4] {
    const LOW: u64 = (1 << 56) - 1;
    let eight = |from: usize| {
        let bytes = block[from..].first_chunk().expect("invariant: a block has 28 bytes");
        u64::from_le_bytes(*bytes)
    };
    [eight(0) & LOW, eight(7) & LOW, eight(14) & LOW, eight(20) >> 8].map(u128::from)
}

/// Brings a number of at most 126 bits down to 62, with the same rest modulo 2^61 − 1.
#[expect(clippy::cast_possible_truncation, reason = "the parts are cut to size")]
fn reduce(number: u128) -> u64 {
    let parts = [number as u64 & MODULUS, (number >> 61) as u64 & MODULUS, (number >> 122) as u64];
    let sum: u64 = parts.iter().sum();
    (sum & MODULUS) + (sum >> 61)
}

#[cfg(test)]
mod tests;
