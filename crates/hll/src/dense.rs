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
//! Whole sketches are worked on eight registers at a time: 48 packed bits are spread to one byte
//! per register in a `u64` ([`spread`]), compared there, and packed again ([`pack`]).

use crate::estimate::Histogram;
use crate::sparse::Sparse;
use crate::{MAX_RANK, REGISTERS};

/// Bytes of the packed registers.
pub(crate) const DENSE_BYTES: usize = REGISTERS * 6 / 8;

const GROUPS: usize = REGISTERS / 4;

/// The low 48 bits: eight packed registers.
const EIGHT: u64 = (1 << 48) - 1;
/// The highest bit of each of eight bytes.
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

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
        let (ours, _) = self.groups.as_flattened_mut().as_chunks_mut::<24>();
        let (theirs, _) = other.groups.as_flattened().as_chunks::<24>();
        let mut changed = false;
        for (ours, theirs) in ours.iter_mut().zip(theirs) {
            let before = read_block(ours);
            let mut after = read_block(theirs);
            for (after, before) in after.iter_mut().zip(before) {
                *after = pack(max_of_eight(spread(*after), spread(before)));
            }
            if after != before {
                write_block(ours, after);
                changed = true;
            }
        }
        changed
    }

    /// Raises every byte of `ranks` to at least the register of the same number.
    pub(crate) fn raise_bytes(&self, ranks: &mut [u8; REGISTERS]) {
        let (ranks, _) = ranks.as_chunks_mut::<32>();
        let (packed, _) = self.groups.as_flattened().as_chunks::<24>();
        for (ranks, packed) in ranks.iter_mut().zip(packed) {
            let mut block = [0; 32];
            for (bytes, eight) in block.as_chunks_mut::<8>().0.iter_mut().zip(read_block(packed)) {
                *bytes = spread(eight).to_le_bytes();
            }
            for (rank, other) in ranks.iter_mut().zip(block) {
                *rank = (*rank).max(other);
            }
        }
    }

    /// Counts the registers holding each value.
    pub(crate) fn histogram(&self) -> Histogram {
        let mut ranks = [0; REGISTERS];
        self.raise_bytes(&mut ranks);
        histogram_of_bytes(&ranks)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.packed().iter().all(|&byte| byte == 0)
    }

    fn holds_impossible_rank(&self) -> bool {
        let mut ranks = [0; REGISTERS];
        self.raise_bytes(&mut ranks);
        ranks.iter().fold(0, |highest, &rank| rank.max(highest)) > MAX_RANK
    }
}

/// Counts the registers holding each value, one register a byte.
///
/// Neighbours often hold the same value, and adding twice to one counter makes the second addition
/// wait for the first to reach memory. Four tables taken in turn keep them apart.
pub(crate) fn histogram_of_bytes(ranks: &[u8; REGISTERS]) -> Histogram {
    let mut tables = [[0_u32; 64]; 4];
    for ranks in ranks.as_chunks::<4>().0 {
        for (table, &rank) in tables.iter_mut().zip(ranks) {
            table[usize::from(rank & 0x3f)] += 1;
        }
    }
    let [a, b, c, d] = tables;
    std::array::from_fn(|rank| a[rank] + b[rank] + c[rank] + d[rank])
}

/// Reads 24 bytes as four times eight packed registers.
#[inline]
fn read_block(block: &[u8; 24]) -> [u64; 4] {
    let [a, b, c] = [0, 8, 16].map(|at| {
        let word = block[at..].first_chunk().expect("invariant: a block is three words");
        u64::from_le_bytes(*word)
    });
    [a & EIGHT, (a >> 48 | b << 16) & EIGHT, (b >> 32 | c << 32) & EIGHT, c >> 16]
}

/// Writes four times eight packed registers into 24 bytes.
#[inline]
fn write_block(block: &mut [u8; 24], eights: [u64; 4]) {
    let [a, b, c, d] = eights;
    let words = [a | b << 48, b >> 16 | c << 32, c >> 32 | d << 16];
    for (bytes, word) in block.as_chunks_mut::<8>().0.iter_mut().zip(words) {
        *bytes = word.to_le_bytes();
    }
}

/// Moves eight packed registers to one byte each, halving the distance to go at each step.
///
/// ```text
///  48 bits          hhhhhhgg ggggffff ffeeeeee ddddddcc ccccbbbb bbaaaaaa
///  2 x 24  00000000 hhhhhhgg ggggffff ffeeeeee 00000000 ddddddcc ccccbbbb bbaaaaaa
///  4 x 12  ....hhhh hhgggggg ....ffff ffeeeeee ....dddd ddcccccc ....bbbb bbaaaaaa
///  8 x 6   ..hhhhhh ..gggggg ..ffffff ..eeeeee ..dddddd ..cccccc ..bbbbbb ..aaaaaa
/// ```
#[inline]
fn spread(packed: u64) -> u64 {
    let x = packed & 0x0000_00ff_ffff | (packed & 0xffff_ff00_0000) << 8;
    let x = x & 0x0000_0fff_0000_0fff | (x & 0x00ff_f000_00ff_f000) << 4;
    x & 0x003f_003f_003f_003f | (x & 0x0fc0_0fc0_0fc0_0fc0) << 2
}

/// Undoes [`spread`].
#[inline]
fn pack(bytes: u64) -> u64 {
    let x = bytes & 0x003f_003f_003f_003f | (bytes & 0x3f00_3f00_3f00_3f00) >> 2;
    let x = x & 0x0000_0fff_0000_0fff | (x & 0x0fff_0000_0fff_0000) >> 4;
    x & 0x00ff_ffff | (x & 0x00ff_ffff_0000_0000) >> 8
}

/// Takes the greater of each pair of bytes, all of them below 64.
///
/// With the free high bit of `a`'s bytes set, the subtraction borrows from no neighbour, and the
/// high bit survives exactly where `a` is not the smaller.
#[inline]
fn max_of_eight(a: u64, b: u64) -> u64 {
    let a_wins = ((a | HIGH_BITS) - b) & HIGH_BITS;
    let mask = (a_wins >> 7) * 0xff;
    a & mask | b & !mask
}

#[cfg(test)]
mod tests;
