//! Two rules that differ but share one counter.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::{self, Metric};
use internal_events_catalog::{CounterKind, SelectionRule};
use std::collections::HashMap;

pub(crate) const CODE: &str = "colliding-rules";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Whole(check) };

/// Where a counter was first used.
struct First<'n> {
    rule: &'n SelectionRule,
    metric: &'n Metric<'n>,
    node: &'n model::Rule<'n>,
}

/// Keys hold no types: `5` and `"5"` look alike there, and select different events.
fn check<'n>(index: &Index<'n>, out: &mut Out<'n>) {
    let mut first_of: HashMap<(String, CounterKind), First<'n>> = HashMap::new();
    for metric in index.metrics.iter().filter(|it| it.is_internal()) {
        for node in &metric.rules {
            let Some(rule) = node.selection() else { continue };
            let key = (rule.path(), rule.kind());
            let Some(first) = first_of.get(&key) else {
                first_of.insert(key, First { rule, metric, node });
                continue;
            };
            let what = if first.rule.filter != rule.filter {
                "their filters look alike in its key, but select different events"
            } else if first.rule.unique != rule.unique {
                "they name what they count differently"
            } else {
                continue;
            };
            out.push(
                Finding::warning(CODE, metric.file, &at(node), format!("two rules share the counter `{}`: {what}", key.0))
                    .help("write both the same way, or make them tell apart")
                    .related("the other rule is here", first.metric.file, at(first.node).start),
            );
        }
    }
}

fn at(node: &model::Rule<'_>) -> std::ops::Range<usize> {
    let entry = node.node.entry("filter").or_else(|| node.node.entry("unique"));
    entry.map_or(node.node.span.clone(), |it| it.key_span.clone())
}
