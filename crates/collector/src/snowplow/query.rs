//! Queries, as forms are encoded: `+` or `%20` for a space.

use super::fault::{Fault, Notes, repeat};
use super::parameters::Parameters;
use std::borrow::Cow;

/// Reads a query into parameters; of two with one name the last is taken.
///
/// # Errors
///
/// More parameters than an event may have.
pub(super) fn parse<'a>(query: &'a str, notes: &mut Notes) -> Result<Parameters<'a>, Fault> {
    let mut parameters = Parameters::default();
    for pair in query.split('&').filter(|it| !it.is_empty()) {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, name_is) = unescape(name);
        let (value, value_is) = unescape(value);
        if !(name_is.escaped_well && value_is.escaped_well) {
            notes.push(Fault::PercentEscape { parameter: repeat(&name) });
        }
        if !(name_is.utf8 && value_is.utf8) {
            notes.push(Fault::Utf8 { place: format!("`{}`", repeat(&name)) });
        }
        parameters.add(name, value, notes)?;
    }
    Ok(parameters)
}

/// What was found while unescaping.
struct Found {
    utf8: bool,
    escaped_well: bool,
}

fn unescape(text: &str) -> (Cow<'_, str>, Found) {
    let mut found = Found { utf8: true, escaped_well: true };
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'%')) {
        return (Cow::Borrowed(text), found);
    }
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(byte) = bytes.get(at) {
        at += 1;
        plain.push(match byte {
            b'+' => b' ',
            b'%' => match hex(bytes.get(at..at + 2)) {
                Some(escaped) => {
                    at += 2;
                    escaped
                }
                None => {
                    found.escaped_well = false;
                    b'%'
                }
            },
            other => *other,
        });
    }
    let plain = String::from_utf8(plain).unwrap_or_else(|error| {
        found.utf8 = false;
        String::from_utf8_lossy(error.as_bytes()).into_owned()
    });
    (Cow::Owned(plain), found)
}

fn hex(digits: Option<&[u8]>) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let digits = digits?;
    let value = digit(digits[0])? << 4 | digit(digits[1])?;
    u8::try_from(value).ok()
}
