//! The schemas that are built in, and what data says against them.

use jsonschema::{Draft, Validator};
use serde_json::Value;
use std::sync::OnceLock;

/// A schema as it is served, and which versions of it there are.
struct Builtin {
    vendor: &'static str,
    name: &'static str,
    text: &'static str,
    /// The first and the last version that it is right for.
    first: [u32; 3],
    last: [u32; 3],
    validator: OnceLock<Validator>,
}

const GITLAB: &str = "com.gitlab";
const SNOWPLOW: &str = "com.snowplowanalytics.snowplow";

impl Builtin {
    const fn new(
        (vendor, name): (&'static str, &'static str),
        (first, last): ([u32; 3], [u32; 3]),
        text: &'static str,
    ) -> Self {
        Self { vendor, name, text, first, last, validator: OnceLock::new() }
    }

    /// What checks data; it is compiled when the first data comes.
    fn validator(&self) -> &Validator {
        self.validator.get_or_init(|| compile(self.text))
    }
}

static BUILTINS: [Builtin; 7] = [
    // Its versions only ever added members that may be left out.
    Builtin::new(
        (GITLAB, "gitlab_standard"),
        ([1, 0, 0], [1, 1, 8]),
        include_str!("schemas/gitlab_standard.json"),
    ),
    Builtin::new(
        (GITLAB, "gitlab_service_ping"),
        ([1, 0, 0], [1, 0, 0]),
        include_str!("schemas/gitlab_service_ping_1-0-0.json"),
    ),
    Builtin::new(
        (GITLAB, "gitlab_service_ping"),
        ([1, 0, 1], [1, 0, 1]),
        include_str!("schemas/gitlab_service_ping_1-0-1.json"),
    ),
    Builtin::new(
        (GITLAB, "ai_context"),
        ([1, 0, 2], [1, 0, 2]),
        include_str!("schemas/ai_context.json"),
    ),
    Builtin::new(
        (SNOWPLOW, "payload_data"),
        ([1, 0, 4], [1, 0, 4]),
        include_str!("schemas/payload_data.json"),
    ),
    Builtin::new(
        (SNOWPLOW, "contexts"),
        ([1, 0, 0], [1, 0, 0]),
        include_str!("schemas/contexts_1-0-0.json"),
    ),
    Builtin::new(
        (SNOWPLOW, "contexts"),
        ([1, 0, 1], [1, 0, 1]),
        include_str!("schemas/contexts_1-0-1.json"),
    ),
];

/// The bytes of a value beyond which an error does not repeat it.
const REPEATED: usize = 200;

/// A schema by its name.
#[derive(Clone, Copy)]
pub(super) struct Schema {
    builtin: &'static Builtin,
    version: [u32; 3],
}

impl Schema {
    /// Finds the schema of `vendor/name/jsonschema/1-0-0`, if it is built in.
    pub(super) fn find(path: &str) -> Option<Self> {
        let mut parts = path.split('/');
        let (vendor, name) = (parts.next()?, parts.next()?);
        let version = parts.next().filter(|it| *it == "jsonschema").and_then(|_| parts.next())?;
        let version = numbers(version).filter(|_| parts.next().is_none())?;
        let is_it = |it: &&Builtin| {
            it.vendor == vendor && it.name == name && (it.first..=it.last).contains(&version)
        };
        let builtin = BUILTINS.iter().find(is_it)?;
        Some(Self { builtin, version })
    }

    /// Its text, in which it has the version by which it was asked for.
    pub(super) fn text(self) -> String {
        let [model, revision, addition] = self.builtin.last;
        let last = format!("\"version\": \"{model}-{revision}-{addition}\"");
        let [model, revision, addition] = self.version;
        let version = format!("\"version\": \"{model}-{revision}-{addition}\"");
        self.builtin.text.replacen(&last, &version, 1)
    }

    /// What is wrong with data, one text for each error, and no more than so many.
    pub(super) fn errors(self, data: &Value, at_most: usize) -> Vec<String> {
        let errors = self.builtin.validator().iter_errors(data).take(at_most);
        let text = |error: jsonschema::ValidationError<'_>| {
            let path = error.instance_path().to_string();
            let mut what = error.to_string();
            if what.len() > REPEATED {
                what = error.masked().to_string();
            }
            what.truncate(what.floor_char_boundary(REPEATED));
            if path.is_empty() { what } else { format!("at {}: {what}", shortened(&path)) }
        };
        errors.map(text).collect()
    }
}

/// A path may be as long as the names of members, which are anybody's.
fn shortened(path: &str) -> &str {
    &path[..path.floor_char_boundary(REPEATED)]
}

/// Lists the names of all that are built in.
pub(super) fn names() -> Vec<String> {
    let name = |it: &Builtin| {
        let [model, revision, addition] = it.last;
        format!("{}/{}/jsonschema/{model}-{revision}-{addition}", it.vendor, it.name)
    };
    BUILTINS.iter().map(name).collect()
}

/// Reads a version: model, revision, addition.
fn numbers(version: &str) -> Option<[u32; 3]> {
    let is_plain = version.bytes().all(|it| it.is_ascii_digit() || it == b'-');
    let numbers: Vec<u32> = version.split('-').map(|it| it.parse().ok()).collect::<Option<_>>()?;
    numbers.try_into().ok().filter(|_| is_plain)
}

fn compile(text: &str) -> Validator {
    let mut schema: Value =
        serde_json::from_str(text).expect("invariant: a test reads all of them");
    if let Some(members) = schema.as_object_mut() {
        // It names Snowplow's own meta-schema, which adds no more than these two members.
        members.remove("$schema");
        members.remove("self");
    }
    let built = jsonschema::options().with_draft(Draft::Draft4).build(&schema);
    built.expect("invariant: a test compiles all of them")
}

#[cfg(test)]
mod tests;
