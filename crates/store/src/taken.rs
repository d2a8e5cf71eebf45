//! Counters taken over from somewhere else.

use crate::{Counter, Kind};

/// What became of one counter of another place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Taken {
    /// What was new about it has been added.
    Moved,
    /// All of it had been taken before.
    Unmoved,
    /// It has less than was taken of it before, so that it has been reset, or is older; nothing
    /// was added.
    Behind,
    /// It cannot be taken, as this says; nothing was added.
    Refused(String),
}

impl Taken {
    /// What becomes of several values of one counter.
    pub(crate) fn and(self, other: Self) -> Self {
        match (self, other) {
            (it @ Self::Refused(_), _) | (_, it @ Self::Refused(_)) => it,
            (Self::Moved, _) | (_, Self::Moved) => Self::Moved,
            (Self::Behind, _) | (_, Self::Behind) => Self::Behind,
            (Self::Unmoved, Self::Unmoved) => Self::Unmoved,
        }
    }

    pub(crate) fn wrong_kind(is: Kind, given: &Counter) -> Self {
        Self::Refused(format!("it is a counter of kind {is} here, not {}", given.kind()))
    }
}
