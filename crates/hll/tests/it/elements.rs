//! Elements of every shape, and elements made to order.

use internal_events_hll::Sketch;
use proptest::prelude::*;

/// The multiplier of MurmurHash64A, repeated here so that the tests do not trust the crate.
const MULTIPLIER: u64 = 0xc6a4a7935bd1e995;
const SEED: u64 = 0xadc83b19;

/// Makes the eight bytes whose hash is `hash`.
///
/// Each step of MurmurHash64A on a single word can be undone: a multiplication by an odd number has
/// an inverse, and `x ^ x >> 47` is its own.
pub(crate) fn with_hash(hash: u64) -> [u8; 8] {
    let inverse = inverse_of(MULTIPLIER);
    let unshift = |word: u64| word ^ (word >> 47);
    let state = unshift(unshift(hash).wrapping_mul(inverse)).wrapping_mul(inverse);
    let word = state ^ SEED ^ MULTIPLIER.wrapping_mul(8);
    unshift(word.wrapping_mul(inverse)).wrapping_mul(inverse).to_le_bytes()
}

/// Makes an element that falls into `register` with `rank`, 1 to 51.
pub(crate) fn with_rank(register: u16, rank: u8) -> [u8; 8] {
    assert!(register < 1 << 14 && (1..=51).contains(&rank), "no such register or rank");
    let coins = if rank == 51 { 0 } else { 1 << (rank - 1) };
    with_hash(coins << 14 | u64::from(register))
}

/// Finds the inverse modulo 2⁶⁴ by Newton's method, which doubles the right bits each time.
fn inverse_of(odd: u64) -> u64 {
    (0..6)
        .fold(odd, |inverse, _| inverse.wrapping_mul(2_u64.wrapping_sub(odd.wrapping_mul(inverse))))
}

/// Elements of one shape, numbered.
pub(crate) type Shape = fn(u64) -> Vec<u8>;

/// The shapes identifiers have, and some they should not.
pub(crate) const SHAPES: [(&str, Shape); 6] = [
    ("decimal ids", |n| n.to_string().into_bytes()),
    ("UTF-8", |n| format!("пользователь-{n}-😀").into_bytes()),
    ("every length from empty on", |n| vec![b'x'; usize::try_from(n).unwrap()]),
    ("binary words", |n| n.to_le_bytes().to_vec()),
    ("long", |n| format!("{n:0>300}").into_bytes()),
    ("zero bytes and line ends", |n| format!("\0\r\n{n}\0").into_bytes()),
];

/// Crowded registers and few values, so that runs are split and joined in every possible way.
pub(crate) fn crowded() -> impl Strategy<Value = Vec<[u8; 8]>> {
    let element = (0_u16..48, 1_u8..5, prop::bool::weighted(0.2))
        .prop_map(|(near, rank, is_far)| with_rank(if is_far { near * 341 } else { near }, rank));
    prop::collection::vec(element, 1..400)
}

/// Makes a dense sketch without elements.
pub(crate) fn empty_dense() -> Sketch {
    let mut bytes = Sketch::new().to_bytes();
    bytes.truncate(16);
    bytes[4] = 0;
    bytes.extend([0; 12_288]);
    Sketch::from_bytes(&bytes).unwrap()
}

/// Settings of a property test: so many cases, and no files left behind.
pub(crate) fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

#[test]
fn elements_made_to_order_have_the_hash_asked_for() {
    for hash in [0, 1, u64::MAX, 1 << 63, 0x0123_4567_89ab_cdef] {
        assert_eq!(internal_events_hll::hash(&with_hash(hash)), hash);
    }
}
