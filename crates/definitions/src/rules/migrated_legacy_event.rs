//! A legacy event that has been migrated, but still stands in the list of legacy events.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model;
use crate::yaml::Node;

pub(crate) const CODE: &str = "migrated-legacy-event";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Whole(check) };

fn check<'n>(index: &Index<'n>, out: &mut Out<'n>) {
    let Some(file) = &index.tables.legacy_events else { return };
    let rules = index.metrics.iter().filter(|it| it.is_internal()).flat_map(|it| &it.rules);
    let counted: std::collections::HashSet<&str> =
        rules.filter(|it: &&model::Rule<'_>| it.unique.is_some()).filter_map(|it| it.name).collect();
    for item in file.root.as_ref().map_or(&[][..], Node::items) {
        let Some(name) = item.as_str() else { continue };
        let is_migrated = index.tracked_event(name).is_some() && counted.contains(name);
        if is_migrated {
            let message = format!("`{name}` is an internal event with unique metrics, and still listed as legacy");
            let finding = Finding::warning(CODE, file, &item.span, message);
            out.push(finding.help("remove it from the list; keep its old key in the override table"));
        }
    }
}
