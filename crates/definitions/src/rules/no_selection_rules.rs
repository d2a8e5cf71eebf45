//! A metric on internal events that selects none.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Metric;
use crate::yaml::Data;

pub(crate) const CODE: &str = "no-selection-rules";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

fn check<'n>(_: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    let Some(entry) = metric.node.entry("events").filter(|_| metric.is_internal()) else { return };
    if matches!(&entry.value.data, Data::List(items) if items.is_empty()) {
        let message = "the metric counts no event";
        let finding = Finding::warning(CODE, metric.file, &entry.value.span, message);
        out.push(finding.help("list the events to count: `events: [{name: …}]`"));
    }
}
