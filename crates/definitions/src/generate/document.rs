//! The text of definition files: today's keys in today's order.
//!
//! A library quotes: whatever a user types arrives unchanged, and a reader of YAML 1.1 (Ruby's
//! is one) and of YAML 1.2 see the same.

use super::Tier;
use super::describe::metric_description_start;
use super::resolve::Resolved;
use internal_events_catalog::TimeFrame;
use serde::ser::{Serialize, Serializer};
use serde_saphyr::SingleQuoted;

#[derive(serde::Serialize)]
struct EventDocument<'a> {
    description: &'a str,
    internal_events: bool,
    status: &'a str,
    action: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    identifiers: Vec<&'a str>,
    #[serde(skip_serializing_if = "Properties::is_empty")]
    additional_properties: Properties<'a>,
    product_group: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    product_categories: &'a [String],
    milestone: SingleQuoted<&'a str>,
    introduced_by_url: &'a str,
    tiers: Vec<&'a str>,
}

#[derive(serde::Serialize)]
struct MetricDocument<'a> {
    key_path: &'a str,
    description: &'a str,
    product_group: &'a str,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    product_categories: &'a [String],
    performance_indicator_type: [&'a str; 0],
    value_type: &'a str,
    status: &'a str,
    milestone: SingleQuoted<&'a str>,
    introduced_by_url: &'a str,
    time_frame: &'a str,
    data_source: &'a str,
    data_category: &'a str,
    tiers: Vec<&'a str>,
    events: [Rule<'a>; 1],
}

#[derive(serde::Serialize)]
struct Rule<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    unique: Option<String>,
}

/// A mapping in the order in which the user gave it.
struct Properties<'a>(&'a [(String, String)]);

#[derive(serde::Serialize)]
struct Property<'a> {
    description: &'a str,
}

impl Properties<'_> {
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Serialize for Properties<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let entries =
            self.0.iter().map(|(name, description)| (name.as_str(), Property { description }));
        serializer.collect_map(entries)
    }
}

/// Writes an event definition.
pub(super) fn event(resolved: &Resolved) -> String {
    write(&EventDocument {
        description: &resolved.description,
        internal_events: true,
        status: "active",
        action: &resolved.event,
        identifiers: resolved.identifiers.iter().map(String::as_str).collect(),
        additional_properties: Properties(&resolved.properties),
        product_group: &resolved.group,
        product_categories: &resolved.categories,
        milestone: SingleQuoted(&resolved.milestone),
        introduced_by_url: &resolved.mr,
        tiers: resolved.tiers.iter().map(|it| it.as_str()).collect(),
    })
}

/// Writes a metric definition with one time frame.
pub(super) fn metric(resolved: &Resolved, time_frame: TimeFrame, key_path: &str) -> String {
    let start = metric_description_start(resolved.unique.as_ref(), time_frame);
    let description = format!("{start} {}", resolved.metric_description);
    write(&MetricDocument {
        key_path,
        description: &description,
        product_group: &resolved.group,
        product_categories: &resolved.categories,
        performance_indicator_type: [],
        value_type: "number",
        status: "active",
        milestone: SingleQuoted(&resolved.milestone),
        introduced_by_url: &resolved.mr,
        time_frame: time_frame.as_str(),
        data_source: "internal_events",
        data_category: "optional",
        tiers: resolved.tiers.iter().copied().map(Tier::as_str).collect(),
        events: [Rule {
            name: &resolved.event,
            unique: resolved.unique.as_ref().map(ToString::to_string),
        }],
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
