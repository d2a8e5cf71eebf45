//! A metric that counts users, projects or namespaces of an event that does not list them.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Metric;

pub(crate) const CODE: &str = "undeclared-identifier";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

/// What `unique` may name besides properties.
pub(crate) const IDENTIFIERS: [&str; 4] =
    ["user", "project", "namespace", "feature_enabled_by_namespace_ids"];

/// Tracking takes any identifier a call passes, so this is only a warning.
fn check<'n>(index: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if !metric.is_internal() || metric.is_removed() {
        return;
    }
    for rule in &metric.rules {
        let (Some(name), Some(unique)) = (rule.name, rule.unique_name()) else { continue };
        let Some(event) = index.tracked_event(name) else { continue };
        if !IDENTIFIERS.contains(&unique) || event.identifiers().any(|it| it == unique) {
            continue;
        }
        let message = format!("the metric counts `{unique}`, which `{name}` does not list");
        let entry = event.node.entry("identifiers");
        let offset = entry.map_or(event.file.first_line().start, |it| it.key_span.start);
        out.push(
            Finding::warning(CODE, metric.file, &rule.at("unique").span, message)
                .help(format!("add `{unique}` to the event's `identifiers` if its calls pass one"))
                .related("the event lists its identifiers here", event.file, offset),
        );
    }
}
