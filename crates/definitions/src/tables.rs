//! The tables that keep counters of older systems alive, and lists kept outside the definitions.

use crate::file::File;
use crate::yaml::{Node, Text};
use crate::{Source, Sources};
use internal_events_catalog::Overrides;
use std::collections::BTreeSet;

/// The tables as read, `None` where there is no file.
#[derive(Debug, Default)]
pub(crate) struct Tables<'a> {
    pub(crate) unique: Option<File<'a>>,
    pub(crate) total: Option<File<'a>>,
    pub(crate) legacy_events: Option<File<'a>>,
    pub(crate) product_groups: Option<BTreeSet<String>>,
    pub(crate) categories: Option<BTreeSet<String>>,
}

impl<'a> Tables<'a> {
    pub(crate) fn read(sources: &'a Sources) -> Self {
        let table = |it: &'a Option<Source>| it.as_ref().map(File::table);
        Self {
            unique: table(&sources.unique_overrides),
            total: table(&sources.total_overrides),
            legacy_events: table(&sources.legacy_events),
            product_groups: sources.product_groups.as_ref().and_then(names),
            categories: sources.feature_categories.as_ref().and_then(names),
        }
    }

    /// The files among them, in a fixed order.
    pub(crate) fn files(&self) -> impl Iterator<Item = &File<'a>> {
        [&self.unique, &self.total, &self.legacy_events].into_iter().flatten()
    }

    /// What the catalog needs of them.
    pub(crate) fn overrides(&self) -> Overrides {
        let pairs = |file: &Option<File<'a>>| {
            let entries = file.as_ref().and_then(File::mapping).map_or(&[][..], Node::entries);
            let pair = |key: &str, value: &Node<'_>| {
                Some((key.to_owned(), value.scalar().map(|it| it.text().to_owned())?))
            };
            entries.iter().filter_map(|it| pair(&it.key, &it.value)).collect()
        };
        let listed = self.legacy_events.as_ref().and_then(|it| it.root.as_ref());
        let listed = listed.map_or(&[][..], Node::items).iter().filter_map(Node::scalar);
        Overrides {
            unique: pairs(&self.unique),
            total: pairs(&self.total),
            legacy_events: listed.map(|it| it.text().to_owned()).collect(),
        }
    }
}

/// Reads a list of names in any of the shapes such lists have: a YAML list, a mapping whose keys
/// are names, or a JSON schema with an `enum`. `None` if there is nothing in it.
fn names(source: &Source) -> Option<BTreeSet<String>> {
    let text = std::str::from_utf8(&source.bytes).ok()?;
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(text) {
        let found: BTreeSet<String> = json_names(&json).into_iter().collect();
        return (!found.is_empty()).then_some(found);
    }
    let root = crate::yaml::read(text).0?;
    let items = root.items().iter().filter_map(Node::scalar).map(|it: &Text<'_>| it.text().into());
    let keys = root.entries().iter().map(|it| it.key.clone().into_owned());
    let found: BTreeSet<String> = items.chain(keys).collect();
    (!found.is_empty()).then_some(found)
}

fn json_names(json: &serde_json::Value) -> Vec<String> {
    use serde_json::Value;
    match json {
        Value::Array(items) => items.iter().filter_map(|it| it.as_str().map(Into::into)).collect(),
        Value::Object(map) => match map.get("enum").or_else(|| map.get("items")) {
            Some(inner) => json_names(inner),
            None => {
                let inner = map.values().filter(|it| it.is_object());
                let found: Vec<_> = inner.flat_map(json_names).collect();
                found
            }
        },
        _ => Vec::new(),
    }
}
