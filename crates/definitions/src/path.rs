//! The names of counters, as override tables spell them.

#[cfg(test)]
mod tests;

use internal_events_catalog::SelectionRule;
use std::fmt::Write as _;

/// The name of a rule's counter without slot and week, before overrides:
/// `name[-operator:OP][-filter:[k:v,…]][-unique]`.
pub(crate) fn counter_path(rule: &SelectionRule) -> String {
    let mut path = rule.name.clone();
    if let Some(operator) = &rule.operator {
        write!(path, "-operator:{operator}").expect("invariant: a string takes any text");
    }
    if !rule.filter.is_empty() {
        let pairs: Vec<_> = rule.filter.iter().map(|(k, v)| format!("{k}:{v}")).collect();
        write!(path, "-filter:[{}]", pairs.join(",")).expect("invariant: a string takes any text");
    }
    if let Some(unique) = rule.unique_name() {
        path.push('-');
        path.push_str(unique);
    }
    path
}
