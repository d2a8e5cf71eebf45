//! Metrics of older data sources whose `options` or class cannot work.

use super::wrong_type::{described, visible};
use super::{Check, Finding, Out, Rule};
use crate::fields::{Field, Shape, quoted};
use crate::file::File;
use crate::index::Index;
use crate::model::{self, Metric};
use crate::yaml::{Entry, Node};
use internal_events_catalog::DataSource;

pub(crate) const CODE: &str = "legacy-options";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

/// A few old metrics are exempt in GitLab, so another class is only worth a warning.
fn check<'n>(_: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    if metric.data_source != Some(DataSource::RedisHll) || metric.is_removed() {
        return;
    }
    let class = model::text(metric.node, "instrumentation_class");
    if class != Some("RedisHLLMetric") {
        let at = ["instrumentation_class", "data_source"];
        let entry = at.into_iter().find_map(|it| metric.node.entry(it));
        let span = entry.map_or(metric.file.first_line(), |it| it.value.span.clone());
        let message = "a `redis_hll` metric is computed by `RedisHLLMetric`";
        let finding = Finding::warning(CODE, metric.file, &span, message);
        out.push(finding.help("set `instrumentation_class: RedisHLLMetric`"));
    }
}

/// Reports a key that these options do not have.
pub(crate) fn unknown<'n>(
    file: &'n File<'n>,
    entry: &Entry<'n>,
    known: &'static [Field],
    out: &mut Out<'n>,
) {
    let names: Vec<_> = known.iter().map(|it| it.name).collect();
    let message = format!("there is no option `{}` for this data source", entry.key);
    let finding = Finding::error(CODE, file, &entry.key_span, message);
    out.push(finding.help(format!("known are {}", quoted(&names))));
}

/// Reports an option that must be there.
pub(crate) fn missing<'n>(file: &'n File<'n>, node: &Node<'n>, name: &str, out: &mut Out<'n>) {
    let message = format!("the option `{name}` is missing");
    let span = node.entries().first().map_or(node.span.clone(), |it| it.key_span.clone());
    out.push(Finding::error(CODE, file, &span, message).help(format!("add `{name}`")));
}

/// Reports a value of the wrong type.
pub(crate) fn wrong<'n>(
    file: &'n File<'n>,
    name: &str,
    node: &'n Node<'n>,
    expected: &Shape,
    out: &mut Out<'n>,
) {
    let noun = expected.noun();
    let message = format!("`{name}` must be {noun} for this data source, not {}", described(node));
    let finding = Finding::error(CODE, file, &visible(file, node), message);
    out.push(finding.help(format!("write {noun}")));
}

/// Reports a value that is none of the allowed ones.
pub(crate) fn value<'n>(
    file: &'n File<'n>,
    name: &str,
    node: &'n Node<'n>,
    allowed: &[&'static str],
    out: &mut Out<'n>,
) {
    let message = format!("`{name}` must be {} for this data source", quoted(allowed));
    let finding = Finding::error(CODE, file, &visible(file, node), message);
    out.push(finding.help(format!("write {}", quoted(allowed))));
}
