//! A metric whose value is an object nobody describes.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::{self, Metric};

pub(crate) const CODE: &str = "missing-value-schema";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Metric(check) };

fn check<'n>(_: &Index<'n>, metric: &Metric<'n>, out: &mut Out<'n>) {
    let Some(entry) = metric.node.entry("value_type") else { return };
    let is_object = entry.value.as_str() == Some("object");
    let is_described = model::text(metric.node, "value_json_schema").is_some();
    if is_object && !is_described && !metric.is_removed() {
        let message = "the value is an object, but no schema describes it";
        let finding = Finding::warning(CODE, metric.file, &entry.value.span, message);
        out.push(finding.help("set `value_json_schema` to the path of a JSON schema"));
    }
}
