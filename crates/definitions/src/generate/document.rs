//! The text of definition files: today's keys in today's order.
//!
//! A library quotes: whatever a user types arrives unchanged, and a reader of YAML 1.1 (Ruby's
//! is one) and of YAML 1.2 see the same.

use super::Tier;
use super::describe::metric_description_start;
use super::resolve::Resolved;
use crate::yaml::psych_reading;
use internal_events_catalog::TimeFrame;
use serde::ser::{Serialize, Serializer};
use serde_saphyr::{DoubleQuoted, SingleQuoted};

#[derive(serde::Serialize)]
struct EventDocument<'a> {
    description: Text<'a>,
    internal_events: bool,
    status: &'a str,
    action: Text<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    identifiers: Vec<Text<'a>>,
    #[serde(skip_serializing_if = "Properties::is_empty")]
    additional_properties: Properties<'a>,
    product_group: Text<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    product_categories: Vec<Text<'a>>,
    milestone: Option<SingleQuoted<&'a str>>,
    introduced_by_url: Option<Text<'a>>,
    tiers: Vec<&'a str>,
}

#[derive(serde::Serialize)]
struct MetricDocument<'a> {
    key_path: Text<'a>,
    description: Text<'a>,
    product_group: Text<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    product_categories: Vec<Text<'a>>,
    performance_indicator_type: [&'a str; 0],
    value_type: &'a str,
    status: &'a str,
    milestone: SingleQuoted<&'a str>,
    introduced_by_url: Text<'a>,
    time_frame: &'a str,
    data_source: &'a str,
    data_category: &'a str,
    tiers: Vec<&'a str>,
    events: [Rule<'a>; 1],
}

#[derive(serde::Serialize)]
struct Rule<'a> {
    name: Text<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique: Option<Text<'a>>,
}

/// Text somebody typed.
struct Text<'a>(&'a str);

impl Serialize for Text<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // Ruby's reader knows some numbers and symbols that no standard names: `1,000`, `:name`.
        match psych_reading(self.0) {
            Some(_) => DoubleQuoted(self.0).serialize(serializer),
            None => serializer.serialize_str(self.0),
        }
    }
}

fn texts(list: &[String]) -> Vec<Text<'_>> {
    list.iter().map(|it| Text(it)).collect()
}

/// A mapping in the order in which the user gave it.
struct Properties<'a>(&'a [(String, String)]);

#[derive(serde::Serialize)]
struct Property<'a> {
    description: Text<'a>,
}

impl Properties<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries = self.0.iter().map(|(name, description)| {
            (name.as_str(), Property { description: Text(description) })
        });
        serializer.collect_map(entries)
    }
}

/// Writes an event definition.
pub(super) fn event(resolved: &Resolved) -> String {
    write(&EventDocument {
        description: Text(&resolved.description),
        internal_events: true,
        status: "active",
        action: Text(&resolved.event),
        identifiers: texts(&resolved.identifiers),
        additional_properties: Properties(&resolved.properties),
        product_group: Text(&resolved.group),
        product_categories: texts(&resolved.categories),
        milestone: Some(SingleQuoted(&resolved.milestone)),
        introduced_by_url: Some(Text(&resolved.mr)),
        tiers: resolved.tiers.iter().map(|it| it.as_str()).collect(),
    })
}

/// What is known of an event that was tracked before it was defined; the rest is `null` and has to
/// be filled in.
#[derive(Clone, Debug, Default)]
pub struct EventDraft {
    /// Its name.
    pub action: String,
    /// What happened, in words.
    pub description: String,
    /// What it carries.
    pub identifiers: Vec<String>,
    /// Its additional properties: name and description.
    pub properties: Vec<(String, String)>,
    /// The group that owns it.
    pub group: String,
    /// Feature categories.
    pub categories: Vec<String>,
    /// The version that introduced it: two numbers with a dot between them.
    pub milestone: Option<String>,
    /// The merge request that introduced it.
    pub introduced_by_url: Option<String>,
    /// The tiers in which it can happen.
    pub tiers: Vec<String>,
}

/// Writes the definition of an event of which not everything is known.
pub fn draft_text(draft: &EventDraft) -> String {
    let is_plain = |it: &&String| it.bytes().all(|it| it.is_ascii_digit() || it == b'.');
    write(&EventDocument {
        description: Text(&draft.description),
        internal_events: true,
        status: "active",
        action: Text(&draft.action),
        identifiers: texts(&draft.identifiers),
        additional_properties: Properties(&draft.properties),
        product_group: Text(&draft.group),
        product_categories: texts(&draft.categories),
        milestone: draft.milestone.as_ref().filter(is_plain).map(|it| SingleQuoted(it.as_str())),
        introduced_by_url: draft.introduced_by_url.as_deref().map(Text),
        tiers: draft.tiers.iter().map(String::as_str).collect(),
    })
}

/// Writes a text as a value or a key: with quotes where a reader would take it for something else.
pub fn scalar(text: &str) -> String {
    let document = write(&Text(text));
    let body = document.strip_prefix("---\n").unwrap_or(&document);
    body.trim_end_matches('\n').to_owned()
}

/// Writes a metric definition with one time frame.
pub(super) fn metric(resolved: &Resolved, time_frame: TimeFrame, key_path: &str) -> String {
    let start = metric_description_start(resolved.unique.as_ref(), time_frame);
    let description = format!("{start} {}", resolved.metric_description);
    let unique = resolved.unique.as_ref().map(ToString::to_string);
    write(&MetricDocument {
        key_path: Text(key_path),
        description: Text(&description),
        product_group: Text(&resolved.group),
        product_categories: texts(&resolved.categories),
        performance_indicator_type: [],
        value_type: "number",
        status: "active",
        milestone: SingleQuoted(&resolved.milestone),
        introduced_by_url: Text(&resolved.mr),
        time_frame: time_frame.as_str(),
        data_source: "internal_events",
        data_category: "optional",
        tiers: resolved.tiers.iter().copied().map(Tier::as_str).collect(),
        events: [Rule { name: Text(&resolved.event), unique: unique.as_deref().map(Text) }],
    })
}

fn write(document: &impl Serialize) -> String {
    let options = serde_saphyr::ser_options! {
        // Sequences at the indentation of their key, as in GitLab's own files.
        compact_list_indent: true,
        // A description is one line, however long.
        prefer_block_scalars: false,
        // Quote what YAML 1.1 would not read as text (`yes`, `12:30`).
        yaml_12: false,
    };
    let body = serde_saphyr::to_string_with_options(document, options)
        .expect("invariant: only a milestone is single-quoted, and it is made of digits and a dot");
    format!("---\n{body}")
}
