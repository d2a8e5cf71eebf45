//! Registers as run lengths: what a sketch of few elements looks like.
//!
//! A sketch of a hundred elements has a hundred registers above zero and sixteen thousand at zero.
//! The sparse form walks the registers from 0 to 16,383 and writes one opcode per run of equal
//! values:
//!
//! ```text
//!           bits               registers covered       value
//!   ZERO    00nnnnnn           n + 1     1 to 64       0
//!   XZERO   01nnnnnn nnnnnnnn  n + 1     1 to 16,384   0        (high bits first)
//!   VAL     1vvvvvnn           n + 1     1 to 4        v + 1    1 to 32
//! ```
//!
//! Nothing says where a register is: its place is the sum of all runs before it, and all runs
//! together cover exactly 16,384 registers. The crate's front page works an example through.
//!
//! An update rewrites the run it falls into as up to three runs, then joins equal neighbours. Which
//! neighbours are looked at, and in which order, decides the bytes, so [`Sparse::raise_from`] joins
//! exactly where Redis does, although a stronger join would be a little smaller.

use crate::REGISTERS;
use crate::estimate::Histogram;
use crate::hyll::HEADER_BYTES;

/// The size beyond which a sketch turns dense, header included: Redis' `hll-sparse-max-bytes`.
const MAX_BYTES: usize = 3000;
/// The highest rank a `VAL` opcode can hold.
const MAX_VALUE: u8 = 32;
/// The longest run of a `ZERO` opcode.
const MAX_ZERO_LENGTH: usize = 64;
/// The longest run of a `VAL` opcode.
const MAX_VALUE_LENGTH: usize = 4;
/// How many opcodes Redis looks at when it joins neighbours after an update.
const JOIN_SCAN: usize = 5;

/// The opcodes of a sparse sketch, always complete and covering each register once.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Sparse {
    opcodes: Vec<u8>,
}

/// What became of an update.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Raise {
    /// The register was as high already.
    Unchanged,
    /// The register was raised.
    Raised,
    /// The register is lower, but the sparse form cannot hold the new state.
    NeedsDense,
}

/// One opcode, read.
#[derive(Debug, Clone, Copy)]
struct Run {
    value: u8,
    length: usize,
    /// Bytes of the opcode: two for `XZERO`, one for the others.
    size: usize,
}

/// An opcode boundary and the register that begins there. Searches may start from one.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cursor {
    at: usize,
    register: usize,
}

/// Where a register was found.
struct Place {
    /// The opcode before, unless this is the first one the search saw.
    previous: Option<usize>,
    opcode: Cursor,
    run: Run,
}

/// Why bytes are not opcodes of a sketch. Offsets count from the first opcode.
#[derive(Debug)]
pub(crate) enum Malformed {
    /// The last opcode is the first half of an `XZERO`.
    CutOpcode { offset: usize },
    /// The opcode at `offset` covers registers beyond the last.
    Excess { offset: usize },
    /// The opcodes end after this many registers.
    Missing { registers: usize },
}

impl Sparse {
    pub(crate) fn new() -> Self {
        let mut opcodes = Vec::new();
        write_zeros(REGISTERS, |byte| opcodes.push(byte));
        Self { opcodes }
    }

    /// Takes opcodes that cover every register exactly once, as few or as many as there are.
    pub(crate) fn from_opcodes(opcodes: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::default();
        while let Some(run) = read_run(opcodes, cursor.at) {
            cursor = cursor.after(run);
            if cursor.register > REGISTERS {
                return Err(Malformed::Excess { offset: cursor.at - run.size });
            }
        }
        if cursor.at < opcodes.len() {
            return Err(Malformed::CutOpcode { offset: cursor.at });
        }
        if cursor.register < REGISTERS {
            return Err(Malformed::Missing { registers: cursor.register });
        }
        Ok(Self { opcodes: opcodes.to_vec() })
    }

    pub(crate) fn opcodes(&self) -> &[u8] {
        &self.opcodes
    }

    /// Raises `register` to `rank` if it is lower.
    ///
    /// Searches from `cursor` on, which is the default or what an update of a lower register left,
    /// so that a series of updates in rising order walks the opcodes once.
    pub(crate) fn raise_from(&mut self, cursor: &mut Cursor, register: usize, rank: u8) -> Raise {
        if rank > MAX_VALUE {
            return Raise::NeedsDense;
        }
        let mut place = self.find(register, *cursor);
        if place.previous.is_none() {
            // The join below begins at the opcode before, which the cursor did not show.
            place = self.find(register, Cursor::default());
        }
        if place.run.value >= rank {
            return Raise::Unchanged;
        }

        let replacement = Replacement::new(&place, register, rank);
        let grown = replacement.size.saturating_sub(place.run.size);
        if grown > 0 && HEADER_BYTES + self.opcodes.len() + grown > MAX_BYTES {
            return Raise::NeedsDense;
        }
        let at = place.opcode.at;
        self.replace(at, place.run.size, &replacement.bytes[..replacement.size]);

        let previous = place.previous.unwrap_or(at);
        if let Some(run) = read_run(&self.opcodes, previous).filter(|_| previous < at) {
            *cursor = Cursor { at: previous, register: place.opcode.register - run.length };
        }
        self.join_neighbours(previous);
        Raise::Raised
    }

    /// Returns the registers above zero with their values, in rising order.
    pub(crate) fn raised_registers(&self) -> impl Iterator<Item = (usize, u8)> {
        self.runs().filter(|(_, run)| run.value > 0).flat_map(|(first, run)| {
            (first..first + run.length).map(move |register| (register, run.value))
        })
    }

    /// Counts the registers holding each value.
    pub(crate) fn histogram(&self) -> Histogram {
        let mut histogram = [0; 64];
        for (_, run) in self.runs() {
            // A run is at most 16,384 long, so a failed conversion cannot be seen.
            histogram[usize::from(run.value)] += u32::try_from(run.length).unwrap_or(0);
        }
        histogram
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.runs().all(|(_, run)| run.value == 0)
    }

    fn runs(&self) -> impl Iterator<Item = (usize, Run)> {
        let mut cursor = Cursor::default();
        std::iter::from_fn(move || {
            let run = read_run(&self.opcodes, cursor.at)?;
            let first = cursor.register;
            cursor = cursor.after(run);
            Some((first, run))
        })
    }

    /// Finds the opcode that covers `register`, which is not before `cursor`.
    fn find(&self, register: usize, mut cursor: Cursor) -> Place {
        let mut previous = None;
        loop {
            while let Some(length) = self.eight_short_runs(cursor.at)
                && cursor.register + length <= register
            {
                previous = Some(cursor.at + 7);
                cursor = Cursor { at: cursor.at + 8, register: cursor.register + length };
            }
            for _ in 0..8 {
                let run = read_run(&self.opcodes, cursor.at)
                    .expect("invariant: the opcodes cover every register");
                let after = cursor.after(run);
                if after.register > register {
                    return Place { previous, opcode: cursor, run };
                }
                previous = Some(cursor.at);
                cursor = after;
            }
        }
    }

    /// Adds up the lengths of the eight opcodes at `at`, if none of them is an `XZERO`.
    ///
    /// The search is what an update costs, and in a sketch of some hundred elements nearly all
    /// opcodes are one byte long. This takes eight of them in a dozen instructions.
    #[inline]
    fn eight_short_runs(&self, at: usize) -> Option<usize> {
        const EACH: u64 = 0x0101_0101_0101_0101;
        let word = u64::from_le_bytes(*self.opcodes.get(at..)?.first_chunk()?);
        let is_xzero = !word & (word << 1) & (EACH << 7);
        if is_xzero != 0 {
            return None;
        }
        // A ZERO keeps its length less one in six bits, a VAL in two.
        let is_val = word >> 7 & EACH;
        let lengths = word & ((EACH * 0x3f) ^ (is_val * 0x3c));
        let pairs = (lengths & 0x00ff_00ff_00ff_00ff) + (lengths >> 8 & 0x00ff_00ff_00ff_00ff);
        usize::try_from(pairs.wrapping_mul(0x0001_0001_0001_0001) >> 48).ok().map(|sum| sum + 8)
    }

    fn replace(&mut self, at: usize, size: usize, replacement: &[u8]) {
        let (end, new_end) = (at + size, at + replacement.len());
        let length = self.opcodes.len();
        if new_end > end {
            self.opcodes.resize(length + new_end - end, 0);
        }
        self.opcodes.copy_within(end..length, new_end);
        self.opcodes.truncate(length + new_end - end);
        self.opcodes[at..new_end].copy_from_slice(replacement);
    }

    /// Joins neighbouring `VAL` opcodes of one value where one opcode can hold both.
    ///
    /// An update changes at most the three opcodes it wrote, so Redis looks at five steps from the
    /// opcode before it; a join counts as a step.
    fn join_neighbours(&mut self, mut at: usize) {
        for _ in 0..JOIN_SCAN {
            let Some(run) = read_run(&self.opcodes, at) else { return };
            let next = read_run(&self.opcodes, at + run.size);
            match next.filter(|next| run.value > 0 && next.value == run.value) {
                Some(next) if run.length + next.length <= MAX_VALUE_LENGTH => {
                    self.opcodes[at] = val(run.value, run.length + next.length);
                    self.opcodes.remove(at + 1);
                }
                _ => at += run.size,
            }
        }
    }
}

impl Cursor {
    fn after(self, run: Run) -> Self {
        Self { at: self.at + run.size, register: self.register + run.length }
    }
}

/// The opcodes that take the place of one when a register inside its run is raised.
struct Replacement {
    /// Up to `XZERO VAL XZERO`.
    bytes: [u8; 5],
    size: usize,
}

impl Replacement {
    fn new(place: &Place, register: usize, rank: u8) -> Self {
        let mut new = Self { bytes: [0; 5], size: 0 };
        let n_before = register - place.opcode.register;
        let n_after = place.run.length - n_before - 1;
        new.push_run(place.run.value, n_before);
        new.push_run(rank, 1);
        new.push_run(place.run.value, n_after);
        new
    }

    fn push_run(&mut self, value: u8, length: usize) {
        let mut push = |byte| {
            self.bytes[self.size] = byte;
            self.size += 1;
        };
        match (value, length) {
            (_, 0) => {}
            (0, _) => write_zeros(length, push),
            (_, _) => push(val(value, length)),
        }
    }
}

/// Writes the one opcode for `length` registers at zero.
#[expect(clippy::cast_possible_truncation, reason = "a length less one has at most 14 bits")]
fn write_zeros(length: usize, mut push: impl FnMut(u8)) {
    let bits = length - 1;
    if length <= MAX_ZERO_LENGTH {
        push(bits as u8);
    } else {
        push(0x40 | (bits >> 8) as u8);
        push(bits as u8);
    }
}

/// Writes the opcode for `length` registers at `value`.
#[expect(clippy::cast_possible_truncation, reason = "a VAL opcode covers at most four registers")]
fn val(value: u8, length: usize) -> u8 {
    0x80 | (value - 1) << 2 | (length - 1) as u8
}

/// Reads the opcode at `at`, if there is a whole one.
#[inline]
fn read_run(opcodes: &[u8], at: usize) -> Option<Run> {
    let byte = *opcodes.get(at)?;
    let run = match byte >> 6 {
        0 => Run { value: 0, length: usize::from(byte) + 1, size: 1 },
        1 => {
            let low = *opcodes.get(at + 1)?;
            let length = usize::from(u16::from_be_bytes([byte & 0x3f, low])) + 1;
            Run { value: 0, length, size: 2 }
        }
        _ => Run { value: (byte >> 2 & 0x1f) + 1, length: usize::from(byte & 3) + 1, size: 1 },
    };
    Some(run)
}

#[cfg(test)]
mod tests;
