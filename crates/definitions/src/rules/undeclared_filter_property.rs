//! A filter on a property that its event does not declare, so that it never matches.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::{Event, Metric};
use crate::suggest::closest;

pub(crate) const CODE: &str = "undeclared-filter-property";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

fn check<'n>(index: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if !metric.is_internal() || metric.is_removed() {
        return;
    }
    for rule in &metric.rules {
        let Some(name) = rule.name else { continue };
        let Some(event) = index.tracked_event(name) else { continue };
        for entry in rule.filter().iter().filter(|it| !event.declares(&it.key)) {
            let key = &entry.key;
            let message = format!("the filter looks at `{key}`, which `{name}` does not declare");
            out.push(
                Finding::error(CODE, metric.file, &entry.key_span, message)
                    .help(help(event, key))
                    .related("the event is defined here", event.file, event.file.first_line().start),
            );
        }
    }
}

/// What to do about a property that is not declared.
pub(crate) fn help(event: &Event<'_>, property: &str) -> String {
    match closest(property, event.properties().iter().map(|it| it.key.as_ref())) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("declare `{property}` in the event's `additional_properties`"),
    }
}
