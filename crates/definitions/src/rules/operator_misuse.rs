//! An operator that cannot do what it says.

use super::undeclared_identifier::IDENTIFIERS;
use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::{self, Metric};
use internal_events_catalog::Operator;

pub(crate) const CODE: &str = "operator-misuse";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

fn check<'n>(index: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if !metric.is_internal() || metric.is_removed() {
        return;
    }
    for rule in &metric.rules {
        let Some(operator) = &rule.operator else { continue };
        let span = &rule.at("operator").span;
        if let Some((message, help)) = error(index, rule, operator) {
            out.push(Finding::error(CODE, metric.file, span, message).help(help));
        } else if let Some((message, help)) = warning(rule, operator) {
            out.push(Finding::warning(CODE, metric.file, span, message).help(help));
        }
    }
}

type Words = (&'static str, &'static str);

fn error(index: &Index<'_>, rule: &model::Rule<'_>, operator: &Operator) -> Option<Words> {
    let event = index.tracked_event(rule.name?)?;
    match (operator, rule.unique_name()) {
        (Operator::SumValue, _) if !event.declares("value") => Some((
            "the metric adds up `value`, which the event does not declare",
            "declare `value` in the event's `additional_properties`",
        )),
        (Operator::Total, Some(unique)) if IDENTIFIERS.contains(&unique) => Some((
            "`total` counts per value of a property; an identifier has no value to count by",
            "remove the operator, or name a property under `unique`",
        )),
        _ => None,
    }
}

fn warning(rule: &model::Rule<'_>, operator: &Operator) -> Option<Words> {
    match (operator, rule.unique) {
        (Operator::SumValue, Some(_)) => Some((
            "`unique` changes nothing beside `sum(value)`",
            "remove `unique`: the sum is over all events",
        )),
        (Operator::Total, None) => Some((
            "`total` without `unique` is a plain total under another key",
            "remove the operator, or add the property to count by as `unique`",
        )),
        _ => None,
    }
}
