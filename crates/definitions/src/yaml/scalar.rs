//! Scalars: what a text means under the YAML 1.2 core schema.

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
pub struct Text<'a> {
    content: Cow<'a, str>,
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
        Self { content: text, style, demand }
    }

    /// A value that is not there.
    pub(crate) fn null() -> Self {
        Self { content: Cow::Borrowed(""), style: Style::Plain, demand: Demand::Nothing }
    }

    /// The characters, whatever they mean.
    pub fn text(&self) -> &str {
        &self.content
    }

    pub(crate) fn into_text(self) -> Cow<'a, str> {
        self.content
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

    /// Whether it is null, written or absent.
    pub fn is_null(&self) -> bool {
        self.is_plain() && matches!(&*self.content, "" | "~" | "null" | "Null" | "NULL")
    }

    /// The text if it means text.
    pub fn as_str(&self) -> Option<&str> {
        (!self.is_plain() || core_schema(&self.content).is_none()).then_some(&*self.content)
    }

    /// The value under the core schema of YAML 1.2.
    pub fn value(&self) -> Scalar {
        match self.is_plain().then(|| core_schema(&self.content)).flatten() {
            Some(it) => it,
            None => Scalar::Str(self.content.to_string()),
        }
    }
}

/// Reads a plain scalar; `None` means text.
pub(super) fn core_schema(text: &str) -> Option<Scalar> {
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
