//! What a counter holds, and how a change moves it.

use std::collections::BTreeMap;
use std::fmt;

use internal_events_hll::{Sketch, Union};

use crate::{Change, CounterDamage, Limits};

/// The value under which a counter per value counts what it keeps no number of its own for:
/// values that are too long, and those that come when it has as many as it may have.
pub const OTHER_VALUES: &str = "(other)";

/// The largest total: what SQLite and Redis can hold. Totals stop there instead of wrapping.
const LARGEST_TOTAL: u64 = i64::MAX as u64;

/// What a counter counts. A key keeps the kind of its first use for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// How often.
    Total,
    /// How many distinct elements.
    Unique,
    /// How much.
    Sum,
    /// How often for each value.
    PerValue,
}

impl Kind {
    pub(crate) const ALL: [Self; 4] = [Self::Total, Self::Unique, Self::Sum, Self::PerValue];

    /// Returns the name under which the kind is stored and shown.
    pub fn name(self) -> &'static str {
        match self {
            Self::Total => "total",
            Self::Unique => "unique",
            Self::Sum => "sum",
            Self::PerValue => "per_value",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The state of one counter.
#[derive(Debug, Clone, PartialEq)]
pub enum Counter {
    /// How often.
    Total(u64),
    /// Which distinct elements, approximately.
    Unique(Sketch),
    /// How much.
    Sum(f64),
    /// How often for each value.
    PerValue(BTreeMap<Vec<u8>, u64>),
}

/// Whether a change moved a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    Moved,
    Unmoved,
    WrongType,
    NotANumber,
}

impl Counter {
    /// Returns a counter of the kind that nothing has moved yet.
    pub fn empty(kind: Kind) -> Self {
        match kind {
            Kind::Total => Self::Total(0),
            Kind::Unique => Self::Unique(Sketch::new()),
            Kind::Sum => Self::Sum(0.0),
            Kind::PerValue => Self::PerValue(BTreeMap::new()),
        }
    }

    /// Returns the counter of distinct elements whose sketch has these bytes, in Redis' format.
    ///
    /// # Errors
    ///
    /// Says in words why they are no sketch.
    pub fn unique(bytes: &[u8]) -> Result<Self, String> {
        Sketch::from_bytes(bytes).map(Self::Unique).map_err(|it| it.to_string())
    }

    /// Returns the kind of this counter.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Total(_) => Kind::Total,
            Self::Unique(_) => Kind::Unique,
            Self::Sum(_) => Kind::Sum,
            Self::PerValue(_) => Kind::PerValue,
        }
    }

    /// Applies one change. Everything that counts goes through here, so that it counts alike.
    #[inline]
    pub(crate) fn apply(&mut self, change: Change<'_>) -> Effect {
        let moved = match (self, change) {
            (Self::Total(total), Change::Add(amount)) => {
                *total = add(*total, amount);
                amount > 0
            }
            (Self::Unique(sketch), Change::Observe(element)) => sketch.insert(element),
            (Self::Sum(_), Change::Sum(amount)) if !amount.is_finite() => {
                return Effect::NotANumber;
            }
            (Self::Sum(sum), Change::Sum(amount)) => {
                let before = sum.to_bits();
                *sum += amount;
                sum.to_bits() != before
            }
            (Self::PerValue(totals), Change::Count(value)) => {
                let is_full = totals.len() >= Limits::VALUES;
                count_value(totals, value_counted(value, is_full, |it| totals.contains_key(it)));
                true
            }
            _ => return Effect::WrongType,
        };
        if moved { Effect::Moved } else { Effect::Unmoved }
    }
}

/// Returns the value under which one is counted: itself, unless there is no room for it.
///
/// Nothing but the value and those that came before it decide, so that whoever folds the same
/// journal counts alike.
pub(crate) fn value_counted(
    value: &[u8],
    is_full: bool,
    is_there: impl FnOnce(&[u8]) -> bool,
) -> &[u8] {
    let fits = value.len() <= Limits::VALUE_BYTES && (!is_full || is_there(value));
    if fits { value } else { OTHER_VALUES.as_bytes() }
}

pub(crate) fn count_value(totals: &mut BTreeMap<Vec<u8>, u64>, value: &[u8]) {
    match totals.get_mut(value) {
        Some(total) => *total = add(*total, 1),
        None => drop(totals.insert(value.to_vec(), 1)),
    }
}

/// Adds to a total, which stops at the largest number the tables can hold.
pub(crate) fn add(total: u64, amount: u64) -> u64 {
    total.saturating_add(amount).min(LARGEST_TOTAL)
}

/// Why a counter has no value of the kind that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CounterError {
    /// A key was read as another kind of counter than it is.
    #[error("`{key}` is a counter of kind {is}, not {wanted}")]
    WrongType {
        /// The key that was asked for.
        key: String,
        /// What it is.
        is: Kind,
        /// What it was taken for.
        wanted: Kind,
    },
    /// What was written down of it has been damaged since, by a failing disk for example.
    #[error(
        "the counter `{key}` is damaged: {source}; `internal-events journal repair` says whether \
         the journal can bring it back"
    )]
    Damaged {
        /// The key that was asked for.
        key: String,
        /// What is wrong with it.
        source: CounterDamage,
    },
}

/// The counters that were asked for, all as of one moment.
///
/// A key that nothing has moved yet is absent and reads as nothing: zero, or no sketch. One that
/// is damaged reads as an error, and does not keep others from being read.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Counters {
    pub(crate) by_key: BTreeMap<String, Counter>,
    /// Counters that were written down and cannot be read.
    pub(crate) damaged: BTreeMap<String, CounterDamage>,
}

impl Counters {
    /// Returns the total under `key`.
    ///
    /// # Errors
    ///
    /// Fails if the key holds another kind of counter or is damaged, as do all the typed getters.
    pub fn total(&self, key: &str) -> Result<u64, CounterError> {
        match self.get(key) {
            Some(Counter::Total(total)) => Ok(*total),
            other => self.absent(key, other, Kind::Total).map(|()| 0),
        }
    }

    /// Returns the sketch under `key`, if anything was ever observed.
    ///
    /// # Errors
    ///
    /// Fails if the key holds another kind of counter.
    pub fn sketch(&self, key: &str) -> Result<Option<&Sketch>, CounterError> {
        match self.get(key) {
            Some(Counter::Unique(sketch)) => Ok(Some(sketch)),
            other => self.absent(key, other, Kind::Unique).map(|()| None),
        }
    }

    /// Returns the sum under `key`.
    ///
    /// # Errors
    ///
    /// Fails if the key holds another kind of counter.
    pub fn sum(&self, key: &str) -> Result<f64, CounterError> {
        match self.get(key) {
            Some(Counter::Sum(sum)) => Ok(*sum),
            other => self.absent(key, other, Kind::Sum).map(|()| 0.0),
        }
    }

    /// Returns the total of each value under `key`.
    ///
    /// # Errors
    ///
    /// Fails if the key holds another kind of counter.
    pub fn per_value(&self, key: &str) -> Result<&BTreeMap<Vec<u8>, u64>, CounterError> {
        static NONE: BTreeMap<Vec<u8>, u64> = BTreeMap::new();
        match self.get(key) {
            Some(Counter::PerValue(totals)) => Ok(totals),
            other => self.absent(key, other, Kind::PerValue).map(|()| &NONE),
        }
    }

    /// Estimates how many distinct elements the sketches under `keys` have seen together, as
    /// `PFCOUNT` of several keys does.
    ///
    /// # Errors
    ///
    /// Fails if one of the keys is another kind of counter.
    pub fn distinct<'a>(
        &self,
        keys: impl IntoIterator<Item = &'a str>,
    ) -> Result<u64, CounterError> {
        let mut union = Union::new();
        for key in keys {
            if let Some(sketch) = self.sketch(key)? {
                union.add(sketch);
            }
        }
        Ok(union.estimate())
    }

    /// Returns the counter under `key`, whatever its kind.
    pub fn get(&self, key: &str) -> Option<&Counter> {
        self.by_key.get(key)
    }

    /// Goes through all counters in the order of their keys.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Counter)> {
        self.by_key.iter().map(|(key, counter)| (key.as_str(), counter))
    }

    /// Goes through the keys whose counters are damaged, in order.
    pub fn damaged(&self) -> impl Iterator<Item = &str> {
        self.damaged.keys().map(String::as_str)
    }

    fn absent(&self, key: &str, found: Option<&Counter>, wanted: Kind) -> Result<(), CounterError> {
        let key = key.to_owned();
        match (found, self.damaged.get(&key)) {
            (Some(counter), _) => Err(CounterError::WrongType { key, is: counter.kind(), wanted }),
            (None, Some(&source)) => Err(CounterError::Damaged { key, source }),
            (None, None) => Ok(()),
        }
    }

    /// Returns how many of the keys asked for have a counter.
    pub fn len(&self) -> usize {
        self.by_key.len()
    }

    /// Returns whether none of the keys asked for has a counter.
    pub fn is_empty(&self) -> bool {
        self.by_key.is_empty()
    }
}
