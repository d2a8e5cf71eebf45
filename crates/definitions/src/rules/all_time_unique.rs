//! A count of distinct elements over all time, which nobody keeps.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Metric;
use internal_events_catalog::TimeFrame;

pub(crate) const CODE: &str = "all-time-unique";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

/// Sketches live six weeks, so a distinct count has an end on both sides.
fn check<'n>(_: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    let is_unique = !metric.rules.is_empty() && metric.rules.iter().all(|it| it.unique.is_some());
    if !metric.is_internal() || !is_unique {
        return;
    }
    for (time_frame, node) in metric.time_frames() {
        if matches!(time_frame, TimeFrame::All | TimeFrame::None) {
            let message = format!("a unique count cannot have the time frame `{time_frame}`");
            let finding = Finding::error(CODE, metric.file, &node.span, message);
            out.push(finding.help("use `7d` or `28d`, or count without `unique`"));
        }
    }
}
