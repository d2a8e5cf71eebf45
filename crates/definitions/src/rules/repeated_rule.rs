//! A metric that has one rule twice and so counts it twice.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Metric;
use crate::yaml::Node;
use internal_events_catalog::{CounterKind, SelectionRule};

pub(crate) const CODE: &str = "repeated-rule";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

fn check<'n>(_: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if !metric.is_internal() {
        return;
    }
    let mut seen: Vec<(SelectionRule, &Node<'n>)> = Vec::new();
    for rule in &metric.rules {
        let Some(selection) = rule.selection() else { continue };
        if let Some((_, first)) = seen.iter().find(|(it, _)| *it == selection) {
            let effect = match selection.kind() {
                CounterKind::Unique => "it changes nothing",
                _ => "its events count twice",
            };
            out.push(
                Finding::warning(CODE, metric.file, &rule.at("name").span, format!("the metric has this rule twice: {effect}"))
                    .help("remove one of the two")
                    .related("it first stands here", metric.file, first.span.start),
            );
        } else {
            seen.push((selection, rule.node));
        }
    }
}
