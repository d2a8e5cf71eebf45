//! Something active that says when it was removed.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::index::Index;
use crate::model::Metric;
use crate::yaml::Entry;
use internal_events_catalog::MetricStatus;

pub(crate) const CODE: &str = "unexpected-removal-fields";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

/// Reports a field of removal on an active event.
pub(crate) fn report<'n>(
    file: &'n File<'n>,
    entry: &'n Entry<'n>,
    help: &str,
    out: &mut Out<'n>,
) {
    let message = format!("the event is active, but has `{}`", entry.key);
    out.push(Finding::error(CODE, file, &entry.key_span, message).help(help));
}

/// On metrics the schema allows it, so it is only worth a warning.
fn check<'n>(_: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if metric.status != Some(MetricStatus::Active) {
        return;
    }
    for name in ["milestone_removed", "removed_by_url"] {
        if let Some(entry) = metric.node.entry(name).filter(|it| !it.value.is_null()) {
            let message = format!("the metric is active, but has `{name}`");
            let finding = Finding::warning(CODE, metric.file, &entry.key_span, message);
            out.push(finding.help("remove the key, or set `status: removed`"));
        }
    }
}
