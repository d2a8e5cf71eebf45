//! An active metric without a feature category, where the list of categories is known.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::{self, Metric};
use internal_events_catalog::MetricStatus;

pub(crate) const CODE: &str = "missing-categories";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

/// GitLab exempts a handful of old metrics, none of them on internal events.
fn check<'n>(index: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    let is_active = metric.status == Some(MetricStatus::Active);
    let has_some = !model::items(metric.node, "product_categories").is_empty();
    if index.tables.categories.is_none() || !is_active || has_some {
        return;
    }
    let entry = metric.node.entry("product_categories");
    let span = entry.map_or(metric.file.first_line(), |it| it.key_span.clone());
    let message = "an active metric needs at least one entry in `product_categories`";
    let finding = if metric.is_internal() {
        Finding::error(CODE, metric.file, &span, message)
    } else {
        Finding::warning(CODE, metric.file, &span, message)
    };
    out.push(finding.help("name the feature category it belongs to"));
}
