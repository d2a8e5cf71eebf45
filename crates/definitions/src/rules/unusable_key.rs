//! A unique count whose key the counter store would refuse.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Metric;
use internal_events_catalog::{CounterKind, unsafe_key_character};

pub(crate) const CODE: &str = "unusable-key";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

/// Only keys of unique counts are checked at run time, by GitLab as by us.
fn check<'n>(_: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if !metric.is_internal() {
        return;
    }
    for rule in &metric.rules {
        if !rule.selection().is_some_and(|it| it.kind() == CounterKind::Unique) {
            continue;
        }
        for entry in rule.filter() {
            let value = entry.value.scalar().map(|it| it.value().to_string()).unwrap_or_default();
            report(metric, &entry.value.span, &format!("the value `{value}`"), &value, out);
            report(metric, &entry.key_span, &format!("the property `{}`", entry.key), &entry.key, out);
        }
        let unique = rule.unique_name().unwrap_or_default();
        report(metric, &rule.at("unique").span, &format!("`{unique}`"), unique, out);
    }
}

fn report<'n>(
    metric: &Metric<'n>,
    span: &std::ops::Range<usize>,
    what: &str,
    text: &str,
    out: &mut Out<'n>,
) {
    if let Some(it) = unsafe_key_character(text) {
        let message = format!("{what} cannot be part of a unique counter's key: it has a `{}`", it.escape_debug());
        let finding = Finding::error(CODE, metric.file, span, message);
        out.push(finding.help("use letters, digits, `_`, `-`, `:` and `,` only, or count without `unique`"));
    }
}
