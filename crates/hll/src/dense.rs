//! Sixteen thousand registers of six bits, packed without gaps.
//!
//! Registers are laid out from the least significant bit of the first byte on, so four registers
//! fill three bytes, and each such group can be read as one little-endian number:
//!
//! ```text
//!            byte 0     byte 1     byte 2          read as 24 bits, high to low
//!          +----------+----------+----------+
//!   bits   | bbaaaaaa | ccccbbbb | ddddddcc |  =>  dddddd cccccc bbbbbb aaaaaa
//!          +----------+----------+----------+
//! ```
//!
//! Register `r` is thus in group `r / 4`, at bit `6 · (r mod 4)`. A group never reaches beyond the
//! array, which is why an insert needs no bounds check and no padding byte.
//!
//! Whole sketches are worked on in blocks of 256 registers: unpacked to one byte per register
//! ([`unpack`]), compared there by vector instructions, and packed again ([`pack`]). Unpacking
//! moves eight registers at once within a `u64`; the compiler turns the loop over a block into
//! vector instructions of any machine, which it does not for a loop over registers.

use crate::estimate::Histogram;
use crate::sparse::Sparse;
use crate::{MAX_RANK, REGISTERS};

/// Bytes of the packed registers.
pub(crate) const DENSE_BYTES: usize = REGISTERS * 6 / 8;

const GROUPS: usize = REGISTERS / 4;

/// Registers that are unpacked together, to be compared while they are still in the nearest cache.
const BLOCK: usize = 256;
/// Bytes of a packed block.
const PACKED_BLOCK: usize = BLOCK * 6 / 8;

/// The registers of a dense sketch.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Dense {
    groups: Box<[[u8; 3]; GROUPS]>,
}

impl Dense {
    pub(crate) fn new() -> Self {
        Self { groups: Box::new([[0; 3]; GROUPS]) }
    }

    /// Takes packed registers, or names the first one that no element can produce.
    pub(crate) fn from_packed(packed: &[u8; DENSE_BYTES]) -> Result<Self, (usize, u8)> {
        let mut dense = Self::new();
        dense.groups.as_flattened_mut().copy_from_slice(packed);
        if !dense.holds_impossible_rank() {
            return Ok(dense);
        }
        let impossible = (0..REGISTERS)
            .map(|register| (register, dense.get(register)))
            .find(|&(_, rank)| rank > MAX_RANK);
        Err(impossible.expect("invariant: the quick check reports only registers that are there"))
    }

    /// Unpacks the runs of `sparse`.
    pub(crate) fn from_sparse(sparse: &Sparse) -> Self {
        let mut dense = Self::new();
        for (register, rank) in sparse.raised_registers() {
            dense.raise(register, rank);
        }
        dense
    }

    pub(crate) fn packed(&self) -> &[u8] {
        self.groups.as_flattened()
    }

    /// Returns the rank kept in `register`.
    #[inline]
    pub(crate) fn get(&self, register: usize) -> u8 {
        let [low, middle, high] = self.groups[register / 4];
        let group = u32::from_le_bytes([low, middle, high, 0]);
        (group >> (6 * (register % 4)) & 0x3f) as u8
    }

    /// Raises `register` to `rank` if it is lower, and says whether it was.
    #[inline]
    pub(crate) fn raise(&mut self, register: usize, rank: u8) -> bool {
        let group = &mut self.groups[register / 4];
        let shift = 6 * (register % 4);
        let packed = u32::from_le_bytes([group[0], group[1], group[2], 0]);
        if packed >> shift & 0x3f >= u32::from(rank) {
            return false;
        }
        let packed = packed & !(0x3f << shift) | u32::from(rank) << shift;
        let [low, middle, high, _] = packed.to_le_bytes();
        *group = [low, middle, high];
        true
    }

    /// Raises every register to at least its value in `other`, and says whether any was lower.
    pub(crate) fn merge(&mut self, other: &Self) -> bool {
        let ours = self.groups.as_flattened_mut().as_chunks_mut().0;
        let mut changed = false;
        for (ours, theirs) in ours.iter_mut().zip(other.blocks()) {
            let before = unpack(ours);
            let mut after = unpack(theirs);
            raise_each(&mut after, &before);
            if after != before {
                *ours = pack(&after);
                changed = true;
            }
        }
        changed
    }

    /// Raises every byte of `ranks` to at least the register of the same number.
    pub(crate) fn raise_bytes(&self, ranks: &mut [u8; REGISTERS]) {
        for (ranks, packed) in ranks.as_chunks_mut().0.iter_mut().zip(self.blocks()) {
            raise_each(ranks, &unpack(packed));
        }
    }

    /// Counts the registers holding each value.
    pub(crate) fn histogram(&self) -> Histogram {
        let mut ranks = [0; REGISTERS];
        for (ranks, packed) in ranks.as_chunks_mut().0.iter_mut().zip(self.blocks()) {
            *ranks = unpack(packed);
        }
        histogram_of_bytes(&ranks)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.packed().iter().all(|&byte| byte == 0)
    }

    fn holds_impossible_rank(&self) -> bool {
        let highest = |packed| unpack(packed).iter().fold(0, |highest, &rank| rank.max(highest));
        self.blocks().any(|packed| highest(packed) > MAX_RANK)
    }

    fn blocks(&self) -> impl Iterator<Item = &[u8; PACKED_BLOCK]> {
        self.groups.as_flattened().as_chunks().0.iter()
    }
}

/// Counts the registers holding each value, one register a byte.
///
/// Counting one register at a time adds to the same few counters over and over, and each addition
/// waits for the one before it. Counting *pairs* of neighbours halves the additions and spreads
/// them over 4,096 counters, row by the first value, column by the second; the sums of rows and
/// columns then give the histogram. No counter can exceed 8,192, the number of pairs. Where most
/// registers are zero, so are most pairs; they are passed over eight registers at a time.
pub(crate) fn histogram_of_bytes(ranks: &[u8; REGISTERS]) -> Histogram {
    let mut pairs = [0_u16; 64 * 64];
    let mut n_zeros = 0;
    for ranks in ranks.as_chunks::<8>().0 {
        let word = u64::from_le_bytes(*ranks);
        if word == 0 {
            n_zeros += 8;
            continue;
        }
        let joined = word & 0x003f_003f_003f_003f | word >> 2 & 0x0fc0_0fc0_0fc0_0fc0;
        for bytes in joined.to_le_bytes().as_chunks::<2>().0 {
            pairs[usize::from(u16::from_le_bytes(*bytes) & 0xfff)] += 1;
        }
    }
    let mut by_first = [0_u16; 64];
    let mut by_second = [0_u16; 64];
    for (first, row) in by_first.iter_mut().zip(pairs.as_chunks::<64>().0) {
        *first = row.iter().sum();
        for (second, pairs) in by_second.iter_mut().zip(row) {
            *second += pairs;
        }
    }
    let mut histogram =
        std::array::from_fn(|rank| u32::from(by_first[rank]) + u32::from(by_second[rank]));
    histogram[0] += n_zeros;
    histogram
}

/// Raises each byte of `ranks` to at least that of `others`.
#[inline]
fn raise_each(ranks: &mut [u8; BLOCK], others: &[u8; BLOCK]) {
    for (rank, &other) in ranks.iter_mut().zip(others) {
        *rank = other.max(*rank);
    }
}

/// Unpacks a block to one byte per register.
#[inline]
fn unpack(packed: &[u8; PACKED_BLOCK]) -> [u8; BLOCK] {
    let mut ranks = [0; BLOCK];
    for (ranks, packed) in ranks.as_chunks_mut::<32>().0.iter_mut().zip(packed.as_chunks().0) {
        let words = read_48_bits(packed).map(|packed| spread(packed).to_le_bytes());
        ranks.copy_from_slice(words.as_flattened());
    }
    ranks
}

/// Undoes [`unpack`].
#[inline]
fn pack(ranks: &[u8; BLOCK]) -> [u8; PACKED_BLOCK] {
    let mut packed = [0; PACKED_BLOCK];
    for (packed, ranks) in packed.as_chunks_mut::<24>().0.iter_mut().zip(ranks.as_chunks::<32>().0)
    {
        let word = |n: usize| join(read_word(&ranks[8 * n..]));
        let [a, b, c, d] = [word(0), word(1), word(2), word(3)];
        let words = [a | b << 48, b >> 16 | c << 32, c >> 32 | d << 16].map(u64::to_le_bytes);
        packed.copy_from_slice(words.as_flattened());
    }
    packed
}

/// Reads four times 48 bits, that is, eight packed registers each.
///
/// The reads overlap so that none reaches beyond the 24 bytes.
#[inline]
fn read_48_bits(packed: &[u8; 24]) -> [u64; 4] {
    let low = |at: usize| read_word(&packed[at..]) & ((1 << 48) - 1);
    [low(0), low(6), low(12), read_word(&packed[16..]) >> 16]
}

#[inline]
fn read_word(bytes: &[u8]) -> u64 {
    u64::from_le_bytes(*bytes.first_chunk().expect("invariant: a whole word is read"))
}

/// Moves eight packed registers to one byte each, halving the distance to go at each step.
///
/// ```text
///  1 × 48  ........ ........ hhhhhhgg ggggffff ffeeeeee ddddddcc ccccbbbb bbaaaaaa
///  2 × 24  ........ hhhhhhgg ggggffff ffeeeeee ........ ddddddcc ccccbbbb bbaaaaaa
///  4 × 12  ....hhhh hhgggggg ....ffff ffeeeeee ....dddd ddcccccc ....bbbb bbaaaaaa
///  8 × 6   ..hhhhhh ..gggggg ..ffffff ..eeeeee ..dddddd ..cccccc ..bbbbbb ..aaaaaa
/// ```
#[inline]
fn spread(packed: u64) -> u64 {
    let x = packed & 0x0000_0000_00ff_ffff | (packed & 0x0000_ffff_ff00_0000) << 8;
    let x = x & 0x0000_0fff_0000_0fff | (x & 0x00ff_f000_00ff_f000) << 4;
    x & 0x003f_003f_003f_003f | (x & 0x0fc0_0fc0_0fc0_0fc0) << 2
}

/// Undoes [`spread`].
#[inline]
fn join(bytes: u64) -> u64 {
    let x = bytes & 0x003f_003f_003f_003f | (bytes & 0x3f00_3f00_3f00_3f00) >> 2;
    let x = x & 0x0000_0fff_0000_0fff | (x & 0x0fff_0000_0fff_0000) >> 4;
    x & 0x0000_0000_00ff_ffff | (x & 0x00ff_ffff_0000_0000) >> 8
}

#[cfg(test)]
mod tests;
