//! What makes two events the same.

use super::parameters::Parameters;
use sha2::{Digest as _, Sha256};
use std::fmt;

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
    /// The point, and its second, third and fourth power.
    powers: [u64; 4],
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
        let times = |power: u64| reduce(u128::from(power) * u128::from(point));
        let square = times(point);
        let cube = times(square);
        Self { powers: [point, square, cube, times(cube)] }
    }

    /// Hashes an event.
    pub fn of(&self, parameters: &Parameters<'_>) -> u64 {
        let mut hash = 1;
        let mut add = |(name, value): (&str, &str)| {
            if name != "stm" {
                hash = self.add(self.add(hash, name), value);
            }
        };
        match parameters.in_order() {
            Some(in_order) => in_order.for_each(&mut add),
            None => parameters.sorted().into_iter().for_each(&mut add),
        }
        hash % MODULUS
    }

    /// Goes on with a text.
    fn add(&self, hash: u64, text: &str) -> u64 {
        let [first, second, third, fourth] = self.powers.map(u128::from);
        let next = |hash: u64, number: u64| reduce(u128::from(hash) * first + u128::from(number));
        let mut hash = next(hash, text.len() as u64);
        let (blocks, rest) = text.as_bytes().as_chunks::<28>();
        for block in blocks {
            let [a, b, c, d] = sevens(block).map(u128::from);
            hash = reduce(u128::from(hash) * fourth + a * third + b * second + c * first + d);
        }
        for seven in rest.chunks(7) {
            hash = next(hash, seven.iter().rfold(0, |number, it| number << 8 | u64::from(*it)));
        }
        hash
    }
}

/// Takes a block as four numbers of seven bytes, the lowest first.
fn sevens(block: &[u8; 28]) -> [u64; 4] {
    const LOW: u64 = (1 << 56) - 1;
    let eight = |from: usize| {
        let bytes = block[from..].first_chunk().expect("invariant: a block has 28 bytes");
        u64::from_le_bytes(*bytes)
    };
    [eight(0) & LOW, eight(7) & LOW, eight(14) & LOW, eight(20) >> 8]
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
