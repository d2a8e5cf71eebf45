//! How Ruby's Psych, a YAML 1.1 reader, takes plain scalars.

use super::scalar::core_schema;
use internal_events_catalog::Scalar;

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

#[expect(clippy::float_cmp, reason = "both readers parse the same digits")]
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
    match psych_float(unsigned).or_else(|| psych_integer(unsigned)) {
        Some(Psych::Float(it)) => Psych::Float(it.map(|it| it * f64::from(sign))),
        Some(Psych::Int(it)) => Psych::Int(it.map(|it| it * i64::from(sign))),
        _ => Psych::Text,
    }
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

/// Digits with a point; an exponent needs its sign.
fn psych_float(text: &str) -> Option<Psych> {
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
    Some(Psych::Float(plain.parse().ok()))
}

/// Decimal, octal with a leading zero, binary and hexadecimal, with separators.
fn psych_integer(text: &str) -> Option<Psych> {
    let digits = |it: &str, radix: u32| {
        let plain: String = it.chars().filter(|it| !matches!(it, '_' | ',')).collect();
        let ok = !plain.is_empty() && plain.chars().all(|it| it.is_digit(radix));
        ok.then(|| Psych::Int(i64::from_str_radix(&plain, radix).ok()))
    };
    if let Some(it) = text.strip_prefix("0b") {
        return digits(it, 2);
    }
    if let Some(it) = text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        return digits(it, 16);
    }
    match text.strip_prefix('0') {
        Some("") => Some(Psych::Int(Some(0))),
        Some(it) => digits(it, 8),
        // A separator stands between two digits.
        None if text.split(['_', ',']).all(|it| !it.is_empty()) => digits(text, 10),
        None => None,
    }
}
