//! Names of schemas: `iglu:vendor/name/format/1-0-0`.

use std::borrow::Cow;

/// A schema's name, taken apart.
#[derive(Clone, Debug)]
pub(super) struct Schema<'a> {
    uri: Cow<'a, str>,
    /// Where each of these ends.
    vendor: usize,
    name: usize,
    format: usize,
    /// Model, revision, addition.
    pub(super) version: [u32; 3],
}

/// Who wraps events, contexts and what events describe.
const SNOWPLOW: &str = "com.snowplowanalytics.snowplow";

/// What every name of a schema begins with.
const SCHEME: &str = "iglu:";

impl<'a> Schema<'a> {
    pub(super) fn parse(uri: impl Into<Cow<'a, str>>) -> Option<Self> {
        let uri = uri.into();
        let bytes = uri.as_bytes();
        bytes.strip_prefix(SCHEME.as_bytes())?;
        let vendor = word(bytes, SCHEME.len())?;
        let name = word(bytes, vendor + 1)?;
        let format = word(bytes, name + 1)?;
        let (model, rest) = number(&bytes[format + 1..])?;
        let (revision, rest) = number(rest.strip_prefix(b"-")?)?;
        let (addition, rest) = number(rest.strip_prefix(b"-")?)?;
        // Only vendors may have dots in their names.
        let has_dot = bytes[vendor..format].contains(&b'.');
        let version = [model, revision, addition];
        (rest.is_empty() && !has_dot).then_some(Self { uri, vendor, name, format, version })
    }

    pub(super) fn vendor(&self) -> &str {
        &self.uri[SCHEME.len()..self.vendor]
    }

    pub(super) fn name(&self) -> &str {
        &self.uri[self.vendor + 1..self.name]
    }

    /// Tells whether this is one of Snowplow's own wrappers, in version 1-0-x.
    pub(super) fn is_wrapper(&self, name: &str) -> bool {
        self.vendor() == SNOWPLOW
            && self.name() == name
            && self.uri[self.name + 1..self.format] == *"jsonschema"
            && self.version[..2] == [1, 0]
    }
}

/// Which bytes may be in a part of a name.
static IS_PART: [bool; 256] = {
    let mut is_part = [false; 256];
    let mut byte: u8 = 0;
    while byte < 128 {
        is_part[byte as usize] = byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        byte += 1;
    }
    is_part
};

/// Where the word ends that begins at a place: at a slash.
fn word(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = &bytes[from..];
    let n = rest.iter().position(|byte| !IS_PART[usize::from(*byte)])?;
    (n > 0 && rest[n] == b'/').then_some(from + n)
}

/// Takes a decimal number of 32 bits off a text.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let mut number: u32 = 0;
    let mut n = 0;
    while let Some(digit) = text.get(n).filter(|it| it.is_ascii_digit()) {
        number = number.checked_mul(10)?.checked_add(u32::from(digit - b'0'))?;
        n += 1;
    }
    (n > 0).then_some((number, &text[n..]))
}
