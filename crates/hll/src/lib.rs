//! Estimates how many distinct byte strings were seen, in exactly the bytes and numbers Redis uses.
//!
//! A [`Sketch`] takes elements, forgets them, and still says how many different ones there were,
//! within about 0.81 % ([`STANDARD_ERROR`]), in at most 12,304 bytes. Adding an element twice
//! changes nothing, and two sketches merge into the sketch of both sets, so weeks, processes and
//! machines can count apart and be added up later.
//!
//! Everything is bit for bit what Redis 7 does: the string under the key after the same `PFADD` and
//! `PFMERGE`, and the number `PFCOUNT` answers. A counter can therefore move between a file and
//! Redis in both directions and go on counting. Tests run every claim against a real server.
//!
//! # Examples
//!
//! ```
//! use internal_events_hll::Sketch;
//!
//! let mut users = Sketch::new();
//! assert!(users.insert(b"42"));
//! assert!(!users.insert(b"42"), "known already");
//! users.insert("ada@example.com".as_bytes());
//! assert_eq!(users.estimate(), 2);
//!
//! let stored = users.to_bytes();
//! assert_eq!(Sketch::from_bytes(&stored)?, users);
//! # Ok::<(), internal_events_hll::DecodeError>(())
//! ```
//!
//! # The idea
//!
//! Throw a coin until it shows heads. Who reports one series of ten tails has probably thrown many
//! series. A hash turns each element into 64 fair coins, always the same ones for the same element,
//! so "the longest run of tails seen so far" grows with the number of *different* elements and
//! ignores repetition. One such maximum is far too coarse; hence the first 14 bits of the hash pick
//! one of 16,384 *registers*, and each register keeps the maximum over its share of the elements.
//!
//! ```text
//!   bit 63                                                     bit 14   13            0
//!      +----------------------------------------------------------+----------------+
//!      |  50 coins, thrown from the right: 0 is tails, 1 is heads |    register    |
//!      +----------------------------------------------------------+----------------+
//!
//!   rank = throws up to and including the first heads   (…1 → 1, …10 → 2, …100 → 3; none → 51)
//!   register = max(register, rank)
//! ```
//!
//! The papers, in the order in which the idea grew:
//!
//! * Flajolet, Fusy, Gandouet, Meunier, *HyperLogLog: the analysis of a near-optimal cardinality
//!   estimation algorithm* (2007): registers, the harmonic mean over them, and the error
//!   1.04 / √m for m registers.
//! * Heule, Nunkesser, Hall, *HyperLogLog in Practice* (2013): 64-bit hashes, so that nothing
//!   special happens near 2³², six-bit registers, and the idea of a sparse form for small sets.
//! * Ertl, *New cardinality estimation algorithms for HyperLogLog sketches* (2017): one formula,
//!   free of measured corrections, from empty to enormous. Redis uses it, so do we.
//!
//! # The string
//!
//! Numbers are little-endian. The version is in no field: a changed format must use another
//! encoding or the reserved bytes, so unknown values of either are refused.
//!
//! ```text
//!   byte  0    1    2    3    4    5    6    7    8                            15   16 …
//!       +----+----+----+----+----+----+----+----+----+----+----+----+----+----+----+----+------
//!       | H  | Y  | L  | L  | E  |    reserved  |  cached count, lowest byte first |S | registers
//!       +----+----+----+----+----+----+----+----+----+----+----+----+----+----+----+----+------
//!                             |                                                     |
//!                 0 dense, 1 sparse                           highest bit: the count is stale
//! ```
//!
//! **Cached count.** `PFCOUNT` of one key stores its answer here and clears the highest bit; every
//! change sets that bit again and leaves the rest. A key made by `PFADD` or `PFMERGE` thus holds
//! `00 00 00 00 00 00 00 80` until somebody counts it. We treat it the same way with one exception:
//! [`Sketch::estimate`] neither reads nor writes it. Whoever can write a key can write any number
//! here, and the registers tell the truth. Hence a sketch that was only added to and merged has
//! Redis' bytes exactly, and one that Redis counted in between differs in nothing but these eight.
//!
//! **Dense**, 12,288 bytes: each register in six bits, from the lowest bit of the first byte on.
//! Registers 0 to 3 with the values 1, 2, 3, 4 are the 24 bits `000100 000011 000010 000001`, read
//! from the highest down, and so the bytes `81 30 10`.
//!
//! **Sparse**: one opcode for each run of registers with equal value.
//!
//! ```text
//!   00nnnnnn           ZERO    n + 1 registers at 0          1 to 64
//!   01nnnnnn nnnnnnnn  XZERO   n + 1 registers at 0          1 to 16,384
//!   1vvvvvnn           VAL     n + 1 registers at v + 1      1 to 4 registers, values 1 to 32
//! ```
//!
//! The empty sketch is `XZERO 16384`: n = 16,383, all 14 bits set, `7f ff`. Raising register 1000
//! to 2, then registers 1020 and 1021 to 3 gives seven bytes:
//!
//! ```text
//!   XZERO 1000   01 000011 11100111   43 e7    registers     0 ..   999 at 0
//!   VAL 2 × 1    1 00001 00           84       register   1000         at 2
//!   ZERO 19      00 010010            12       registers  1001 ..  1019 at 0
//!   VAL 3 × 2    1 00010 01           89       registers  1020 ..  1021 at 3
//!   XZERO 15362  01 111100 00000001   7c 01    registers  1022 .. 16383 at 0
//! ```
//!
//! # The switch
//!
//! A sketch starts sparse and turns dense, never back, as soon as a register must hold more than 32,
//! or an update that adds bytes would make the string longer than 3,000 (`hll-sparse-max-bytes`,
//! header included, measured before neighbours are joined). A rank above 32 comes once in four
//! billion elements, so in practice size decides, at some 1,600 to 1,700 elements.
//!
//! Smaller is not the reason to stop there: the sparse form stays below 12,288 bytes up to some
//! 15,000 elements. Time is. A sparse update walks half the opcodes on average and moves the rest,
//! a dense one touches three bytes. At 3,000 bytes the sparse form still saves three quarters of
//! the memory, and its updates cost about what a short string command costs anyway. The limit is a
//! setting in Redis; bytes equal those of a server that left it alone.

#![warn(clippy::disallowed_methods)]

use std::fmt;

use dense::Dense;
use sparse::{Cursor, Raise, Sparse};

mod dense;
mod estimate;
mod hyll;
mod murmur;
mod sparse;
mod union;

pub use hyll::DecodeError;
pub use murmur::hash;
pub use union::Union;

/// The standard error of an estimate, as a share of the true count: 1.04 / √16384.
///
/// About two thirds of all estimates are nearer than this, 95 % nearer than twice as much. Small
/// counts are better than that.
pub const STANDARD_ERROR: f64 = 0.0081;

/// Bits of the hash that pick the register.
const REGISTER_BITS: u32 = 14;
/// Registers of a sketch.
const REGISTERS: usize = 1 << REGISTER_BITS;
/// The highest value of a register: 50 zero bits and the end of the hash.
const MAX_RANK: u8 = 51;

/// The distinct elements seen, as far as 16,384 registers remember them.
///
/// Two sketches are equal when their strings are. Equal sets give equal registers, but a sketch may
/// be sparse or dense, or cut its runs differently, depending on the order of events.
#[derive(Clone, PartialEq, Eq)]
pub struct Sketch {
    cached_count: CachedCount,
    registers: Registers,
}

/// The count Redis keeps in the header, and in its highest bit whether it is stale.
///
/// Carried along so that strings survive a round trip; see the crate's front page.
#[derive(Clone, Copy, PartialEq, Eq)]
struct CachedCount(u64);

#[derive(Clone, PartialEq, Eq)]
enum Registers {
    Sparse(Sparse),
    Dense(Dense),
}

impl Sketch {
    /// Creates the sketch of no elements: sparse, 18 bytes as a string.
    pub fn new() -> Self {
        Self {
            cached_count: CachedCount(CachedCount::STALE),
            registers: Registers::Sparse(Sparse::new()),
        }
    }

    /// Adds `element` and says whether that raised a register, which is what `PFADD` answers.
    ///
    /// `false` means that the element was certainly or probably seen before; the estimate has not
    /// moved. A dense sketch allocates nothing here.
    #[inline]
    pub fn insert(&mut self, element: &[u8]) -> bool {
        self.insert_hash(hash(element))
    }

    /// Adds the element whose [`hash`] is `hash`, and says whether that raised a register.
    ///
    /// Saves hashing again when one element goes into several sketches.
    #[inline]
    pub fn insert_hash(&mut self, hash: u64) -> bool {
        let (register, rank) = split(hash);
        let raised = match &mut self.registers {
            Registers::Dense(dense) => dense.raise(register, rank),
            Registers::Sparse(_) => self.raise_sparse(register, rank),
        };
        if raised {
            self.cached_count.expire();
        }
        raised
    }

    /// Adds all elements of `other`, as `PFMERGE self other` does, and says whether that changed
    /// anything: a register was raised, or the sketch turned dense.
    ///
    /// The result is dense as soon as one of the two is.
    pub fn merge(&mut self, other: &Self) -> bool {
        self.cached_count.expire();
        match &other.registers {
            Registers::Sparse(sparse) => self.raise_all(sparse.raised_registers()),
            Registers::Dense(other) => {
                let turned = matches!(self.registers, Registers::Sparse(_));
                self.make_dense().merge(other) || turned
            }
        }
    }

    /// Adds all elements of all `others` at once, as `PFMERGE self other…` does, and says whether
    /// that changed anything.
    ///
    /// The registers are those of merging one after the other. Only the bytes of a sparse result
    /// can differ: Redis raises each register once, to the greatest of all values, and so may join
    /// runs otherwise.
    pub fn merge_all<'a>(&mut self, others: impl IntoIterator<Item = &'a Self>) -> bool {
        self.cached_count.expire();
        let mut union = Union::new();
        let mut any_dense = false;
        for other in others {
            union.add(other);
            any_dense |= other.is_dense();
        }
        let turned = any_dense && !self.is_dense();
        if any_dense {
            self.make_dense();
        }
        self.raise_all(union.raised_registers()) || turned
    }

    /// Estimates how many distinct elements were added: the number `PFCOUNT` answers.
    ///
    /// Reads all registers each time; see [`Union`] for several sketches at once.
    pub fn estimate(&self) -> u64 {
        estimate::estimate(&match &self.registers {
            Registers::Sparse(sparse) => sparse.histogram(),
            Registers::Dense(dense) => dense.histogram(),
        })
    }

    /// Says whether no element was ever added.
    pub fn is_empty(&self) -> bool {
        match &self.registers {
            Registers::Sparse(sparse) => sparse.is_empty(),
            Registers::Dense(dense) => dense.is_empty(),
        }
    }

    /// Says whether the registers are stored at full length rather than as runs.
    pub fn is_dense(&self) -> bool {
        matches!(self.registers, Registers::Dense(_))
    }

    /// Raises registers given in rising order, and says whether any was lower.
    fn raise_all(&mut self, registers: impl Iterator<Item = (usize, u8)>) -> bool {
        let mut changed = false;
        let mut cursor = Cursor::default();
        for (register, rank) in registers {
            changed |= match &mut self.registers {
                Registers::Dense(dense) => dense.raise(register, rank),
                Registers::Sparse(sparse) => match sparse.raise_from(&mut cursor, register, rank) {
                    Raise::Unchanged => false,
                    Raise::Raised => true,
                    Raise::NeedsDense => self.make_dense().raise(register, rank),
                },
            };
        }
        changed
    }

    /// Keeps the search through opcodes out of the short path that a dense insert takes.
    #[inline(never)]
    fn raise_sparse(&mut self, register: usize, rank: u8) -> bool {
        self.raise_all(std::iter::once((register, rank)))
    }

    fn make_dense(&mut self) -> &mut Dense {
        if let Registers::Sparse(sparse) = &self.registers {
            self.registers = Registers::Dense(Dense::from_sparse(sparse));
        }
        match &mut self.registers {
            Registers::Dense(dense) => dense,
            Registers::Sparse(_) => unreachable!("invariant: made dense above"),
        }
    }
}

impl CachedCount {
    /// The bit that marks the count as older than the registers.
    const STALE: u64 = 1 << 63;

    fn expire(&mut self) {
        self.0 |= Self::STALE;
    }
}

impl Default for Sketch {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Sketch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sketch")
            .field("encoding", &if self.is_dense() { "dense" } else { "sparse" })
            .field("estimate", &self.estimate())
            .finish_non_exhaustive()
    }
}

/// Splits a hash into the register it belongs to and its rank, 1 to 51.
#[expect(clippy::cast_possible_truncation, reason = "14 bits, and a number up to 51")]
#[inline]
fn split(hash: u64) -> (usize, u8) {
    let register = (hash & (REGISTERS as u64 - 1)) as usize;
    // The bit set behind the last coin ends a series that never showed heads.
    let coins = hash >> REGISTER_BITS | 1 << (64 - REGISTER_BITS);
    (register, coins.trailing_zeros() as u8 + 1)
}

#[cfg(test)]
mod tests;
