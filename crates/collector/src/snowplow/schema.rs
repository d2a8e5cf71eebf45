//! Names of schemas: `iglu:vendor/name/format/1-0-0`.

/// A schema's name, taken apart.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schema<'a> {
    pub(super) vendor: &'a str,
    pub(super) name: &'a str,
    pub(super) format: &'a str,
    /// Model, revision, addition.
    pub(super) version: [u32; 3],
}

/// Who wraps events, contexts and what events describe.
const SNOWPLOW: &str = "com.snowplowanalytics.snowplow";

impl<'a> Schema<'a> {
    pub(super) fn parse(uri: &'a str) -> Option<Self> {
        let rest = uri.strip_prefix("iglu:")?;
        let (vendor, rest) = word(rest)?;
        let (name, rest) = word(rest)?;
        let (format, rest) = word(rest)?;
        let (model, rest) = number(rest.as_bytes())?;
        let (revision, rest) = number(rest.strip_prefix(b"-")?)?;
        let (addition, rest) = number(rest.strip_prefix(b"-")?)?;
        // Only vendors may have dots in their names.
        let is_valid = rest.is_empty() && !name.contains('.') && !format.contains('.');
        is_valid.then_some(Self { vendor, name, format, version: [model, revision, addition] })
    }

    /// Tells whether this is one of Snowplow's own wrappers, in version 1-0-x.
    pub(super) fn is_wrapper(&self, name: &str) -> bool {
        self.vendor == SNOWPLOW
            && self.name == name
            && self.format == "jsonschema"
            && self.version[..2] == [1, 0]
    }
}

/// Takes a word and the slash after it off a text.
fn word(text: &str) -> Option<(&str, &str)> {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    let end = text.bytes().position(|byte| !is_part(byte)).filter(|it| *it > 0)?;
    Some((&text[..end], text[end..].strip_prefix('/')?))
}

/// Takes a decimal number of 32 bits off a text.
fn number(text: &[u8]) -> Option<(u32, &[u8])> {
    let end = text.iter().position(|byte| !byte.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let add =
        |number: u32, digit: &u8| number.checked_mul(10)?.checked_add(u32::from(digit - b'0'));
    let number = digits.iter().try_fold(0, add).filter(|_| end > 0)?;
    Some((number, rest))
}
