//! A metric whose rules count different kinds of things.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Metric;
use internal_events_catalog::CounterKind;

pub(crate) const CODE: &str = "mixed-kinds";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

/// A metric has one value; occurrences, distinct elements and sums cannot be added up.
fn check<'n>(_: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if !metric.is_internal() {
        return;
    }
    let kind = |it: &crate::model::Rule<'n>| Some((it.node, it.selection()?.kind()));
    let mut kinds = metric.rules.iter().filter_map(kind);
    let Some((first, first_kind)) = kinds.next() else { return };
    if let Some((node, other)) = kinds.find(|(_, it)| *it != first_kind) {
        let (a, b) = (noun(first_kind), noun(other));
        let span = node.entries().first().map_or(node.span.clone(), |it| it.key_span.clone());
        out.push(
            Finding::error(CODE, metric.file, &span, format!("the metric mixes {a} and {b}"))
                .help("define one metric for each kind")
                .related(format!("this rule counts {a}"), metric.file, first.span.start),
        );
    }
}

fn noun(kind: CounterKind) -> &'static str {
    match kind {
        CounterKind::Total => "occurrences",
        CounterKind::Unique => "distinct elements",
        CounterKind::Sum => "a sum",
        CounterKind::PerValue => "occurrences per value",
    }
}
