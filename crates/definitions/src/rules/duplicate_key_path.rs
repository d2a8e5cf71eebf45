//! Two metrics with one key path.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Metric;
use std::collections::HashMap;

pub(crate) const CODE: &str = "duplicate-key-path";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Whole(check) };

fn check<'n>(index: &Index<'n>, out: &mut Out<'n>) {
    let mut first_of: HashMap<String, &Metric<'n>> = HashMap::new();
    for metric in index.metrics {
        let mut is_reported = false;
        for (key_path, _) in metric.key_paths() {
            match first_of.get(&key_path) {
                None => {
                    first_of.insert(key_path, metric);
                }
                // An item twice in one list of time frames is another rule's finding.
                Some(first) if first.file.path == metric.file.path || is_reported => {}
                Some(first) => {
                    is_reported = true;
                    out.push(finding(metric, first, &key_path));
                }
            }
        }
    }
}

fn finding<'n>(metric: &Metric<'n>, first: &Metric<'n>, key_path: &str) -> Finding<'n> {
    let span = |it: &Metric<'n>| it.node.entry("key_path").map_or(0..0, |it| it.value.span.clone());
    let message = format!("the metric `{key_path}` is already defined in `{}`", first.file.path);
    Finding::error(CODE, metric.file, &span(metric), message)
        .help("choose another key path, or remove one of the two files")
        .related("first defined here", first.file, span(first).start)
}
