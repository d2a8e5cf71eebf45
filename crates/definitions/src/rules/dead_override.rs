//! Override entries that no counter has.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::index::Index;
use crate::yaml::{Entry, Node};
use internal_events_catalog::{CounterKind, SelectionRule};
use std::collections::HashSet;

pub(crate) const CODE: &str = "dead-override";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Whole(check) };

/// What keys of the table of totals start with.
const TOTAL_SLOT: &str = "{event_counters}_";

/// From this many on, and if they are the majority, dead entries are reported once per table: it
/// then belongs to more definitions than are here, and each single entry is no news.
const MANY: usize = 20;

fn check<'n>(index: &Index<'n>, out: &mut Out<'n>) {
    let tables = [(&index.tables.unique, ""), (&index.tables.total, TOTAL_SLOT)];
    let tables = tables.into_iter().filter_map(|(it, slot)| Some((it.as_ref()?, slot)));
    for (file, slot) in tables {
        let live = live_paths(index, slot == TOTAL_SLOT);
        let entries = file.mapping().map_or(&[][..], Node::entries);
        let is_live = |it: &&Entry<'n>| {
            it.key.strip_prefix(slot).is_some_and(|path| live.contains(path))
        };
        let dead: Vec<_> = entries.iter().filter(|it| !is_live(it)).collect();
        report(file, &dead, entries.len(), out);
    }
}

fn report<'n>(file: &'n File<'n>, dead: &[&Entry<'n>], n_entries: usize, out: &mut Out<'n>) {
    if let [first, ..] = dead
        && dead.len() >= MANY
        && dead.len() * 2 > n_entries
    {
        let message =
            format!("{} of {n_entries} entries name no counter of these definitions", dead.len());
        let finding = Finding::warning(CODE, file, &first.key_span, message);
        out.push(finding.help("check with all definitions, or remove what no longer exists"));
        return;
    }
    for entry in dead {
        let message = format!("no counter has the name `{}`", entry.key);
        let finding = Finding::warning(CODE, file, &entry.key_span, message);
        out.push(finding.help("remove the entry, or correct it to a counter's name"));
    }
}

/// The paths of all counters: of rules, and for totals of the events themselves.
fn live_paths(index: &Index<'_>, totals: bool) -> HashSet<String> {
    let rules = index.metrics.iter().flat_map(|it| &it.rules);
    let rules = rules.filter_map(crate::model::Rule::selection);
    let rules = rules.filter(|it| (it.kind() == CounterKind::Total) == totals);
    let mut paths: HashSet<String> = rules.map(SelectionRule::path).collect();
    if totals {
        let events = index.tracked_actions().map(SelectionRule::total);
        paths.extend(events.map(|it| it.path()));
    }
    paths
}
