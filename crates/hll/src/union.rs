//! Counts several sketches as one without making one.

use std::fmt;

use crate::dense::histogram_of_bytes;
use crate::estimate::estimate;
use crate::{REGISTERS, Registers, Sketch};

/// Counts the distinct elements of several sketches together, as `PFCOUNT` of several keys does.
///
/// Keeps one byte per register instead of six bits, so that taking the greater of two registers is
/// one vector instruction for sixteen of them. Four dense sketches take a few microseconds; merging
/// them into a [`Sketch`] first takes longer and gives the same number.
///
/// # Examples
///
/// ```
/// use internal_events_hll::{Sketch, Union};
///
/// let mut monday = Sketch::new();
/// monday.insert(b"1");
/// monday.insert(b"2");
/// let mut tuesday = Sketch::new();
/// tuesday.insert(b"2");
/// tuesday.insert(b"3");
///
/// let mut week = Union::new();
/// week.add(&monday);
/// week.add(&tuesday);
/// assert_eq!(week.estimate(), 3);
/// ```
#[derive(Clone)]
pub struct Union {
    ranks: Box<[u8; REGISTERS]>,
}

impl Union {
    /// Creates the union of no sketches, which counts 0.
    pub fn new() -> Self {
        Self { ranks: Box::new([0; REGISTERS]) }
    }

    /// Adds the elements of `sketch`.
    pub fn add(&mut self, sketch: &Sketch) {
        match &sketch.registers {
            Registers::Sparse(sparse) => {
                sparse.raised_registers().for_each(|(register, value)| {
                    let rank = &mut self.ranks[register];
                    *rank = value.max(*rank);
                });
            }
            Registers::Dense(dense) => dense.raise_bytes(&mut self.ranks),
        }
    }

    /// Estimates how many distinct elements the added sketches have together.
    pub fn estimate(&self) -> u64 {
        estimate(&histogram_of_bytes(&self.ranks))
    }

    /// Returns the registers above zero with their values, in rising order.
    pub(crate) fn raised_registers(&self) -> impl Iterator<Item = (usize, u8)> {
        self.ranks.iter().copied().enumerate().filter(|&(_, rank)| rank > 0)
    }
}

impl Default for Union {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Union {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Union").field("estimate", &self.estimate()).finish()
    }
}
