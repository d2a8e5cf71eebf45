//! A metric that counts the values of a property its event does not declare.

use super::undeclared_filter_property::help;
use super::undeclared_identifier::IDENTIFIERS;
use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Metric;

pub(crate) const CODE: &str = "undeclared-unique-property";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

fn check<'n>(index: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if !metric.is_internal() || metric.is_removed() {
        return;
    }
    for rule in &metric.rules {
        let (Some(name), Some(unique)) = (rule.name, rule.unique_name()) else { continue };
        let Some(event) = index.tracked_event(name) else { continue };
        if IDENTIFIERS.contains(&unique) || event.declares(unique) {
            continue;
        }
        let message = format!("the metric counts `{unique}`, which `{name}` does not declare");
        out.push(
            Finding::error(CODE, metric.file, &rule.at("unique").span, message)
                .help(help(event, unique))
                .related("the event is defined here", event.file, event.file.first_line().start),
        );
    }
}
