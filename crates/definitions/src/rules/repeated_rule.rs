//! A metric that has one rule twice and so counts it twice.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Metric;
use crate::yaml::Node;
use internal_events_catalog::{CounterKind, SelectionRule};
use std::collections::HashMap;

pub(crate) const CODE: &str = "repeated-rule";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

fn check<'n>(_: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if !metric.is_internal() || metric.rules.len() < 2 {
        return;
    }
    let mut seen: HashMap<String, Vec<(&SelectionRule, &Node<'n>)>> = HashMap::new();
    for rule in &metric.rules {
        let Some(selection) = rule.selection() else { continue };
        let alike = seen.entry(selection.path()).or_default();
        let Some((_, first)) = alike.iter().find(|(it, _)| **it == *selection) else {
            alike.push((selection, rule.node));
            continue;
        };
        let effect = match selection.kind() {
            CounterKind::Unique => "it changes nothing",
            _ => "its events count twice",
        };
        let message = format!("the metric has this rule twice: {effect}");
        out.push(
            Finding::warning(CODE, metric.file, &rule.at("name").span, message)
                .help("remove one of the two")
                .related("it first stands here", metric.file, first.span.start),
        );
    }
}
