//! Scalar values: what a filter compares with and what an additional property holds.

use std::fmt;

/// A value of a filter or of an additional property.
#[derive(Clone, Debug, PartialEq)]
pub enum Scalar {
    /// No value.
    Null,
    /// True or false; never a valid property, but a filter may be written so.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// Any other number.
    Float(f64),
    /// Text.
    Str(String),
}

impl Scalar {
    /// Compares as selection rules do: numbers by value (`5` equals `5.0`), all else by kind.
    #[expect(clippy::cast_precision_loss, reason = "Ruby compares Integer and Float the same way")]
    #[expect(clippy::float_cmp, reason = "a filter names one exact number")]
    pub fn matches(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Int(a), Self::Float(b)) | (Self::Float(b), Self::Int(a)) => *a as f64 == *b,
            (a, b) => a == b,
        }
    }

    /// Names the kind of value in the words error messages use.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "boolean",
            Self::Int(_) => "integer",
            Self::Float(_) => "float",
            Self::Str(_) => "string",
        }
    }

    /// Tells whether this is a number.
    pub fn is_number(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Float(_))
    }
}

/// Writes the value as it appears in a counter's key and as a counted element.
///
/// Keys are shared with Ruby programs, so this is Ruby's `to_s`: a whole float keeps its `.0`,
/// and exponents start at 1e16 and below 1e-4 (`1.0e+21`, `1.0e-05`).
impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => Ok(()),
            Self::Bool(it) => write!(f, "{it}"),
            Self::Int(it) => write!(f, "{it}"),
            Self::Float(it) => write_ruby_float(*it, f),
            Self::Str(it) => f.write_str(it),
        }
    }
}

fn write_ruby_float(value: f64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if value.is_nan() {
        return f.write_str("NaN");
    }
    if value.is_infinite() {
        return f.write_str(if value > 0.0 { "Infinity" } else { "-Infinity" });
    }
    let magnitude = value.abs();
    if magnitude == 0.0 || (1e-4..1e16).contains(&magnitude) {
        // `{}` gives the shortest digits that read back, but no point for whole numbers.
        let plain = format!("{value}");
        return if plain.contains('.') { f.write_str(&plain) } else { write!(f, "{plain}.0") };
    }
    let scientific = format!("{value:e}");
    let (digits, exponent) =
        scientific.split_once('e').expect("invariant: `{:e}` always writes an exponent");
    let digits = if digits.contains('.') { digits.to_owned() } else { format!("{digits}.0") };
    let (sign, exponent) = match exponent.strip_prefix('-') {
        Some(rest) => ('-', rest),
        None => ('+', exponent),
    };
    write!(f, "{digits}e{sign}{exponent:0>2}")
}

impl From<&str> for Scalar {
    fn from(it: &str) -> Self {
        Self::Str(it.to_owned())
    }
}

impl From<String> for Scalar {
    fn from(it: String) -> Self {
        Self::Str(it)
    }
}

impl From<i64> for Scalar {
    fn from(it: i64) -> Self {
        Self::Int(it)
    }
}

impl From<i32> for Scalar {
    fn from(it: i32) -> Self {
        Self::Int(i64::from(it))
    }
}

impl From<f64> for Scalar {
    fn from(it: f64) -> Self {
        Self::Float(it)
    }
}
