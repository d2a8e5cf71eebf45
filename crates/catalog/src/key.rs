//! The names of counters.
//!
//! ```text
//! slot = "event_sums" | "event_counters" | "hll_counters"     (unique counts and per-value totals)
//! path = name [-operator:OP] [-filter:[k1:v1,k2:v2]] [-unique]   (filters sorted by name)
//! key  = {slot}_path [-GGGG-WW]                                  (week only where kept per week)
//! ```
//!
//! A path that stands in the table of unique overrides is replaced as a whole, before slot and
//! week; a complete key that stands in the table of total overrides likewise.

use crate::{CounterKind, Overrides, SelectionRule, Week};

/// The part of a key before the week: `{slot}_path`, with the unique overrides applied.
pub(crate) fn stem(rule: &SelectionRule, overrides: &Overrides) -> String {
    let path = rule.path();
    let path = overrides.unique.get(&path).map_or(path.as_str(), String::as_str);
    format!("{{{}}}_{path}", slot(rule.kind()))
}

/// The complete key: the week appended where the counter is kept per week, and the total
/// overrides applied to totals.
pub(crate) fn complete(
    stem: &str,
    kind: CounterKind,
    week: Option<Week>,
    overrides: &Overrides,
) -> String {
    let key = match week {
        Some(week) => format!("{stem}-{week}"),
        None => stem.to_owned(),
    };
    if kind != CounterKind::Total {
        return key;
    }
    overrides.total.get(&key).cloned().unwrap_or(key)
}

fn slot(kind: CounterKind) -> &'static str {
    match kind {
        CounterKind::Sum => "event_sums",
        CounterKind::Total => "event_counters",
        CounterKind::Unique | CounterKind::PerValue => "hll_counters",
    }
}

/// The first character of a filter value that cannot stand in a key for unique counting.
///
/// GitLab holds such keys against `\A(\w|-|:)*\{\w*\}(\w|-|:|\[|,|\])*\z`, with ASCII word
/// characters, and raises at run time; definitions that lead to others are refused here.
pub fn unsafe_key_character(value: &str) -> Option<char> {
    value.chars().find(|it| !is_key_tail(*it))
}

fn is_word(it: char) -> bool {
    it.is_ascii_alphanumeric() || it == '_'
}

fn is_key_tail(it: char) -> bool {
    is_word(it) || matches!(it, '-' | ':' | '[' | ',' | ']')
}
