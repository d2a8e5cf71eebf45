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
        let mut parts = uri.strip_prefix("iglu:")?.split('/');
        let mut part = || parts.next();
        let (vendor, name, format, version) = (part()?, part()?, part()?, part()?);
        if part().is_some() || !is_word(vendor, b"-_.") {
            return None;
        }
        let mut numbers = version.split('-');
        let mut number = || {
            let it = numbers.next()?;
            it.parse::<u32>().ok().filter(|_| it.bytes().all(|byte| byte.is_ascii_digit()))
        };
        let version = [number()?, number()?, number()?];
        let is_valid = numbers.next().is_none() && is_word(name, b"-_") && is_word(format, b"-_");
        is_valid.then_some(Self { vendor, name, format, version })
    }

    /// Tells whether this is one of Snowplow's own wrappers, in version 1-0-x.
    pub(super) fn is_wrapper(&self, name: &str) -> bool {
        self.vendor == SNOWPLOW
            && self.name == name
            && self.format == "jsonschema"
            && self.version[..2] == [1, 0]
    }
}

fn is_word(text: &str, also: &[u8]) -> bool {
    let is_allowed = |byte: u8| byte.is_ascii_alphanumeric() || also.contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}
