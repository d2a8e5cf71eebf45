//! `options` on a metric that never reads them.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Metric;

pub(crate) const CODE: &str = "ignored-options";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

fn check<'n>(_: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if let Some(entry) = metric.node.entry("options").filter(|_| metric.is_internal()) {
        let message = "an internal-events metric reads no `options`";
        let finding = Finding::warning(CODE, metric.file, &entry.key_span, message);
        out.push(finding.help("remove the key: `events` says what is counted"));
    }
}
