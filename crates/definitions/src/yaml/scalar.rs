//! Scalars: what a text means under the YAML 1.2 core schema, and where Ruby reads it differently.

use granit_parser::{ScalarStyle, Tag};
use internal_events_catalog::Scalar;
use std::borrow::Cow;

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// Without quotes: its look decides its type.
    Plain,
    /// `'…'`.
    Single,
    /// `"…"`.
    Double,
    /// `|` or `>`.
    Block,
}

impl From<ScalarStyle> for Style {
    fn from(it: ScalarStyle) -> Self {
        match it {
            ScalarStyle::Plain => Self::Plain,
            ScalarStyle::SingleQuoted => Self::Single,
            ScalarStyle::DoubleQuoted => Self::Double,
            ScalarStyle::Literal | ScalarStyle::Folded => Self::Block,
        }
    }
}

/// Which type a tag demands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Demand {
    Nothing,
    Text,
    Core,
    Foreign,
}

/// A scalar as written.
#[derive(Clone, Debug)]
pub(crate) struct Text<'a> {
    text: Cow<'a, str>,
    pub(crate) style: Style,
    demand: Demand,
}

impl<'a> Text<'a> {
    pub(crate) fn new(text: Cow<'a, str>, style: Style, tag: Option<&Tag>) -> Self {
        let demand = match tag {
            None => Demand::Nothing,
            Some(it) => match it.core_suffix() {
                Some("str") => Demand::Text,
                Some("int" | "float" | "bool" | "null") => Demand::Core,
                _ if it.original() == "!" => Demand::Text,
                _ => Demand::Foreign,
            },
        };
        Self { text, style, demand }
    }

    /// A value that is not there.
    pub(crate) fn null() -> Self {
        Self { text: Cow::Borrowed(""), style: Style::Plain, demand: Demand::Nothing }
    }

    /// The characters, whatever they mean.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    pub(crate) fn into_text(self) -> Cow<'a, str> {
        self.text
    }

    /// Whether a tag asks for a type that is not YAML's own.
    pub(crate) fn has_foreign_tag(&self) -> bool {
        self.demand == Demand::Foreign
    }

    /// Whether its look decides its type.
    pub(crate) fn is_plain(&self) -> bool {
        match self.demand {
            Demand::Nothing => self.style == Style::Plain,
            Demand::Core => true,
            Demand::Text | Demand::Foreign => false,
        }
    }

    pub(crate) fn is_null(&self) -> bool {
        self.is_plain() && matches!(&*self.text, "" | "~" | "null" | "Null" | "NULL")
    }

    /// The text if it means text.
    pub(crate) fn as_str(&self) -> Option<&str> {
        (!self.is_plain() || core_schema(&self.text).is_none()).then_some(&*self.text)
    }

    /// The value under the core schema of YAML 1.2.
    pub(crate) fn value(&self) -> Scalar {
        match self.is_plain().then(|| core_schema(&self.text)).flatten() {
            Some(it) => it,
            None => Scalar::Str(self.text.to_string()),
        }
    }
}

/// Reads a plain scalar; `None` means text.
fn core_schema(text: &str) -> Option<Scalar> {
    let first = *text.as_bytes().first().unwrap_or(&b'~');
    // Most scalars are words; their first letter settles it.
    if !matches!(
        first,
        b'0'..=b'9' | b'+' | b'-' | b'.' | b'~' | b'n' | b'N' | b't' | b'T' | b'f' | b'F'
    ) {
        return None;
    }
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Some(Scalar::Null),
        "true" | "True" | "TRUE" => return Some(Scalar::Bool(true)),
        "false" | "False" | "FALSE" => return Some(Scalar::Bool(false)),
        _ => {}
    }
    integer(text).or_else(|| float(text).map(Scalar::Float))
}

fn integer(text: &str) -> Option<Scalar> {
    let radix = |digits: &str, radix| i64::from_str_radix(digits, radix).ok().map(Scalar::Int);
    if let Some(it) = text.strip_prefix("0o").filter(|it| !it.starts_with(['+', '-'])) {
        return radix(it, 8);
    }
    if let Some(it) = text.strip_prefix("0x").filter(|it| !it.starts_with(['+', '-'])) {
        return radix(it, 16);
    }
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    // What does not fit is still a number; Ruby has no limit, counters have.
    Some(text.parse().map_or_else(|_| Scalar::Float(text.parse().unwrap_or(0.0)), Scalar::Int))
}

fn float(text: &str) -> Option<f64> {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let is_negative = text.starts_with('-');
    match unsigned {
        ".inf" | ".Inf" | ".INF" => {
            return Some(if is_negative { f64::NEG_INFINITY } else { f64::INFINITY });
        }
        ".nan" | ".NaN" | ".NAN" if unsigned.len() == text.len() => return Some(f64::NAN),
        _ => {}
    }
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (unsigned, None),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let all_digits = |it: &str| it.bytes().all(|it| it.is_ascii_digit());
    let exponent_ok = exponent.is_none_or(|it| {
        let it = it.strip_prefix(['+', '-']).unwrap_or(it);
        !it.is_empty() && all_digits(it)
    });
    let ok = all_digits(whole) && all_digits(fraction) && exponent_ok;
    if !ok || whole.len() + fraction.len() == 0 {
        return None;
    }
    text.parse().ok()
}

/// Says how Ruby's Psych, a YAML 1.1 reader, takes a plain scalar that YAML 1.2 takes otherwise.
///
/// `None` means that both agree.
pub(crate) fn psych_reading(text: &str) -> Option<&'static str> {
    let first = *text.as_bytes().first()?;
    match first {
        b'0'..=b'9' | b'+' | b'-' | b'.' => number_reading(text),
        b':' if text.len() > 1 => Some("a symbol"),
        b'y' | b'Y' | b'o' | b'O' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' if text.len() <= 5 => {
            word_reading(text)
        }
        _ => None,
    }
}

fn word_reading(text: &str) -> Option<&'static str> {
    if core_schema(text).is_some() {
        return None;
    }
    match text.to_ascii_lowercase().as_str() {
        "yes" | "on" | "true" => Some("the truth value true"),
        "no" | "off" | "false" => Some("the truth value false"),
        "null" => Some("null"),
        _ => None,
    }
}

fn number_reading(text: &str) -> Option<&'static str> {
    let core = core_schema(text);
    let psych = psych_number(text);
    match (&core, &psych) {
        (None, Psych::Text) => None,
        (Some(Scalar::Int(a)), Psych::Int(Some(b))) if a == b => None,
        (Some(Scalar::Float(a)), Psych::Float(Some(b))) if a == b || a.is_nan() => None,
        // Whole numbers beyond 64 bits: both readers see the same digits.
        (Some(Scalar::Float(_)), Psych::Int(None)) => None,
        (_, Psych::Text) => Some("text"),
        (_, Psych::Date) => Some("a date"),
        (_, Psych::Sexagesimal) => Some("a number of base 60"),
        (_, Psych::Int(_)) => Some("another whole number"),
        (_, Psych::Float(_)) => Some("another number"),
    }
}

enum Psych {
    Text,
    Date,
    Sexagesimal,
    Int(Option<i64>),
    Float(Option<f64>),
}

fn psych_number(text: &str) -> Psych {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let sign = if text.starts_with('-') { -1 } else { 1 };
    match unsigned.to_ascii_lowercase().as_str() {
        ".inf" => return Psych::Float(Some(f64::from(sign) * f64::INFINITY)),
        ".nan" if unsigned.len() == text.len() => return Psych::Float(Some(f64::NAN)),
        _ => {}
    }
    if is_date(text) {
        return Psych::Date;
    }
    if is_sexagesimal(unsigned) {
        return Psych::Sexagesimal;
    }
    if let Some(it) = psych_float(unsigned) {
        return Psych::Float(it.map(|it| it * f64::from(sign)));
    }
    psych_integer(unsigned).map_or(Psych::Text, |it| Psych::Int(it.map(|it| it * i64::from(sign))))
}

/// `2024-1-31`; with a time of day after it, a minus may stand before it.
fn is_date(text: &str) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let mut parts = unsigned.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let (day, has_time) = match rest.split_once(['T', 't', ' ']) {
        Some((day, _)) => (day, true),
        None => (rest, false),
    };
    let within = |it: &str, max: u8| {
        it.len() <= 2
            && it.bytes().all(|it| it.is_ascii_digit())
            && it.parse().is_ok_and(|it: u8| (1..=max).contains(&it))
    };
    year.len() == 4
        && year.bytes().all(|it| it.is_ascii_digit())
        && within(month, 12)
        && within(day, 31)
        && (has_time || unsigned.len() == text.len())
}

/// `1:30` or `1:30:00`, with or without a fraction.
fn is_sexagesimal(text: &str) -> bool {
    let whole = text.split('.').next().unwrap_or_default();
    let mut parts = whole.split(':');
    let head = parts.next().unwrap_or_default();
    let mut n_parts = 0;
    let tail_ok = parts.all(|it| {
        n_parts += 1;
        match it.as_bytes() {
            [digit] => digit.is_ascii_digit(),
            [b'0'..=b'5', digit] => digit.is_ascii_digit(),
            _ => false,
        }
    });
    let head_ok = head.starts_with(|it: char| it.is_ascii_digit())
        && head.bytes().all(|it| it.is_ascii_digit() || it == b'_');
    head_ok && tail_ok && (1..=2).contains(&n_parts)
}

/// Digits with a point; an exponent needs its sign. The outer `None` means that it is none.
fn psych_float(text: &str) -> Option<Option<f64>> {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, Some(exponent)),
        None => (text, None),
    };
    let (whole, fraction) = mantissa.split_once('.')?;
    let whole_ok = whole.is_empty()
        || (whole.starts_with(|it: char| it.is_ascii_digit())
            && whole.bytes().all(|it| it.is_ascii_digit() || it == b'_' || it == b','));
    let fraction_ok = fraction.bytes().all(|it| it.is_ascii_digit());
    let exponent_ok = exponent.is_none_or(|it| {
        it.strip_prefix(['+', '-'])
            .is_some_and(|it| !it.is_empty() && it.bytes().all(|it| it.is_ascii_digit()))
    });
    if !whole_ok || !fraction_ok || !exponent_ok || mantissa == "." {
        return None;
    }
    let plain: String = text.chars().filter(|it| !matches!(it, '_' | ',')).collect();
    Some(plain.parse().ok())
}

/// Decimal, octal with a leading zero, binary and hexadecimal, with separators.
fn psych_integer(text: &str) -> Option<Option<i64>> {
    let digits = |it: &str, radix: u32| {
        let plain: String = it.chars().filter(|it| !matches!(it, '_' | ',')).collect();
        let ok = !plain.is_empty() && plain.chars().all(|it| it.is_digit(radix));
        ok.then(|| i64::from_str_radix(&plain, radix).ok())
    };
    if let Some(it) = text.strip_prefix("0b") {
        return digits(it, 2);
    }
    if let Some(it) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return digits(it, 16);
    }
    match text.strip_prefix('0') {
        Some("") => Some(Some(0)),
        Some(it) => digits(it, 8),
        // A separator stands between two digits.
        None if text.split(['_', ',']).all(|it| !it.is_empty()) => digits(text, 10),
        None => None,
    }
}
