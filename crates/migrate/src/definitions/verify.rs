//! What was planned is looked at as if it were on disk: does every metric go on with its counters,
//! and would `check` accept it?

use super::{Candidate, Change, Surroundings, tables};
use crate::site::{Reason, Refusal};
use internal_events_catalog::{Catalog, Difference, Table};
use internal_events_definitions::{Analysis, Severity, Source, Sources, analyze};
use std::collections::{BTreeMap, BTreeSet};

/// What holds.
pub(super) struct Verified {
    pub(super) changes: Vec<Change>,
    pub(super) after: Analysis,
    pub(super) key_paths: Vec<String>,
    pub(super) notes: Vec<String>,
}

/// Entries of both tables, by new name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Entries {
    unique: BTreeMap<String, String>,
    total: BTreeMap<String, String>,
}

/// Leaves out metrics until what remains is sound.
///
/// Every round refuses at least one metric or adds at least one entry, of which there are no more
/// than counters.
pub(super) fn until_sound(
    sources: &Sources,
    before: &Analysis,
    events: &[Change],
    metrics: &mut [Candidate],
    surroundings: &Surroundings,
) -> Verified {
    let catalog_before = Catalog::new(before.definitions.clone());
    let known_errors = errors(before);
    let mut entries = Entries::default();
    loop {
        let (changes, mut notes) = all_changes(sources, events, metrics, &entries, surroundings);
        let after = analyze(&applied(sources, &changes, surroundings));
        let catalog = Catalog::new(after.definitions.clone());
        // All are judged by one plan: what one of them needs is not there yet for the next.
        let mut needed = Vec::new();
        let mut is_any_wrong = false;
        let sides = Sides {
            before: &catalog_before,
            after: &catalog,
            analysis: &after,
            known_errors: &known_errors,
            entries: &entries,
        };
        for metric in metrics.iter_mut().filter(|it| it.outcome.is_ok()) {
            match judged(metric, &sides) {
                Judgement::Sound => {}
                Judgement::Needs(entries) => needed.extend(entries),
                Judgement::Wrong(refusal) => {
                    metric.outcome = Err(refusal);
                    is_any_wrong = true;
                }
            }
        }
        let has_changed = if is_any_wrong {
            // Entries that only these needed must not stay.
            entries = Entries::default();
            true
        } else {
            add(&mut entries, needed)
        };
        if has_changed {
            continue;
        }
        let converted = metrics.iter().filter(|it| it.outcome.is_ok());
        let paths: BTreeSet<&str> = converted.map(|it| it.path.as_str()).collect();
        let key_paths = before.definitions.metrics.iter();
        let key_paths = key_paths.filter(|it| paths.contains(it.path.as_str()));
        let key_paths = key_paths.map(|it| it.key_path.clone()).collect();
        notes.extend(new_errors(&after, &known_errors));
        return Verified { changes, after, key_paths, notes };
    }
}

/// Both sides, and what is known of them.
struct Sides<'a> {
    before: &'a Catalog,
    after: &'a Catalog,
    analysis: &'a Analysis,
    known_errors: &'a BTreeSet<(String, String)>,
    entries: &'a Entries,
}

enum Judgement {
    Sound,
    Needs(Vec<internal_events_catalog::Entry>),
    Wrong(Refusal),
}

fn judged(metric: &Candidate, sides: &Sides<'_>) -> Judgement {
    let mut needed = Vec::new();
    let key_paths = sides.before.metrics().iter().filter(|it| it.definition.path == metric.path);
    for key_path in key_paths.map(|it| it.definition.key_path.as_str()) {
        for difference in sides.after.differences_from(sides.before, key_path) {
            match difference {
                Difference::OverrideMissing { entry }
                | Difference::OtherEvent { entry: Some(entry), .. }
                    if !is_known(sides.entries, &entry) =>
                {
                    needed.push(entry);
                }
                // Who had no value before has no history to lose.
                Difference::UnreadableBefore { .. } => {}
                other => return Judgement::Wrong(ends(&other)),
            }
        }
    }
    if !needed.is_empty() {
        return Judgement::Needs(needed);
    }
    let mut errors = sides.analysis.diagnostics.iter().filter(|it| it.severity == Severity::Error);
    let is_new = |code: &str| !sides.known_errors.contains(&(metric.path.clone(), code.to_owned()));
    match errors.find(|it| it.path == metric.path && is_new(it.code)) {
        None => Judgement::Sound,
        Some(it) => Judgement::Wrong(Refusal {
            reason: Reason::NotUnderstood,
            what: format!("as an internal metric, {} ({})", it.message, it.code),
            advice: it.help.clone().unwrap_or_else(|| "correct the definition first".to_owned()),
        }),
    }
}

fn ends(difference: &Difference) -> Refusal {
    Refusal {
        reason: Reason::UniqueMismatch,
        what: format!("its history would end: {difference} ({})", difference.code()),
        advice: "look at what it counted and at the tables of overrides; `internal-events parity` \
                 compares both"
            .to_owned(),
    }
}

fn table(entries: &mut Entries, of: Table) -> &mut BTreeMap<String, String> {
    match of {
        Table::Unique => &mut entries.unique,
        Table::Total => &mut entries.total,
    }
}

fn is_known(entries: &Entries, entry: &internal_events_catalog::Entry) -> bool {
    let table = match entry.table {
        Table::Unique => &entries.unique,
        Table::Total => &entries.total,
    };
    table.contains_key(&entry.name)
}

fn add(entries: &mut Entries, needed: Vec<internal_events_catalog::Entry>) -> bool {
    let mut is_new = false;
    for entry in needed {
        is_new |= table(entries, entry.table).insert(entry.name, entry.legacy).is_none();
    }
    is_new
}

/// Everything that would be written.
fn all_changes(
    sources: &Sources,
    events: &[Change],
    metrics: &[Candidate],
    entries: &Entries,
    surroundings: &Surroundings,
) -> (Vec<Change>, Vec<String>) {
    let mut changes = events.to_vec();
    let mut notes = Vec::new();
    for metric in metrics {
        let Ok(after) = &metric.outcome else { continue };
        let source = sources.metrics.iter().find(|it| it.path == metric.path);
        let before = source.map(|it| String::from_utf8_lossy(&it.bytes).into_owned());
        changes.push(Change { path: metric.path.clone(), before, after: Some(after.clone()) });
    }
    for (source, name, entries) in [
        (&sources.unique_overrides, UNIQUE, &entries.unique),
        (&sources.total_overrides, TOTAL, &entries.total),
    ] {
        if entries.is_empty() {
            continue;
        }
        let path = table_path(source.as_ref(), name, surroundings);
        let before = source.as_ref().map(|it| String::from_utf8_lossy(&it.bytes).into_owned());
        match tables::with_entries(before.as_deref(), entries) {
            Ok(after) => changes.push(Change { path, before, after: Some(after) }),
            Err(why) => notes.push(format!("{path} cannot be changed: {why}")),
        }
    }
    if let Some(source) = &sources.legacy_events {
        let names = no_longer_legacy(metrics);
        let before = String::from_utf8_lossy(&source.bytes).into_owned();
        match tables::without(&before, &names) {
            Ok(after) if after != before => {
                let path = source.path.clone();
                changes.push(Change { path, before: Some(before), after: Some(after) });
            }
            Ok(_) => {}
            Err(why) => notes.push(format!("{} cannot be changed: {why}", source.path)),
        }
    }
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    (changes, notes)
}

/// Events of converted metrics which no metric that stays counts.
fn no_longer_legacy(metrics: &[Candidate]) -> BTreeSet<String> {
    let names = |it: &Candidate| super::metric::legacy_names(&it.definition);
    let converted = metrics.iter().filter(|it| it.outcome.is_ok()).flat_map(names);
    let staying: BTreeSet<String> =
        metrics.iter().filter(|it| it.outcome.is_err()).flat_map(names).collect();
    converted.filter(|it| !staying.contains(it)).collect()
}

const UNIQUE: &str = "hll_redis_key_overrides.yml";
const TOTAL: &str = "total_counter_redis_key_overrides.yml";

fn table_path(source: Option<&Source>, name: &str, surroundings: &Surroundings) -> String {
    match source {
        Some(it) => it.path.clone(),
        None => format!("{}/{name}", surroundings.tables.trim_end_matches('/')),
    }
}

/// The sources as they would be on disk.
fn applied(sources: &Sources, changes: &[Change], surroundings: &Surroundings) -> Sources {
    let mut sources = sources.clone();
    let unique = table_path(sources.unique_overrides.as_ref(), UNIQUE, surroundings);
    let total = table_path(sources.total_overrides.as_ref(), TOTAL, surroundings);
    let legacy = sources.legacy_events.as_ref().map(|it| it.path.clone());
    for change in changes {
        let path = &change.path;
        let source = change
            .after
            .as_ref()
            .map(|it| Source { path: path.clone(), bytes: it.clone().into_bytes() });
        if *path == unique {
            sources.unique_overrides = source;
        } else if *path == total {
            sources.total_overrides = source;
        } else if Some(path) == legacy.as_ref() {
            sources.legacy_events = source;
        } else {
            let is_metric = path.contains("config/metrics/");
            let list = if is_metric { &mut sources.metrics } else { &mut sources.events };
            list.retain(|it| it.path != *path);
            list.extend(source);
        }
    }
    sources
}

/// Errors by file and code.
fn errors(analysis: &Analysis) -> BTreeSet<(String, String)> {
    let errors = analysis.diagnostics.iter().filter(|it| it.severity == Severity::Error);
    errors.map(|it| (it.path.clone(), it.code.to_owned())).collect()
}

/// What `check` will say that it did not say before.
fn new_errors(after: &Analysis, known: &BTreeSet<(String, String)>) -> Vec<String> {
    let errors = after.diagnostics.iter().filter(|it| it.severity == Severity::Error);
    errors
        .filter(|it| !known.contains(&(it.path.clone(), it.code.to_owned())))
        .map(|it| format!("`check` will say of {}: {} ({})", it.path, it.message, it.code))
        .collect()
}
