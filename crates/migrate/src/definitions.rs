//! What becomes of definitions and tables once the calls of an application are rewritten.
//!
//! ```text
//!  sites and events of all files ─► gather ─► metrics that can be internal ─► new texts
//!                                                  ▲                             │
//!                 refused: would be wrong, or      └── parity and `check` ◄──────┤
//!                 would not go on with its counter                               ▼
//!                                              events, key overrides, list of legacy events
//! ```
//!
//! Nothing here trusts itself: what was planned is analyzed again as if it were on disk. A metric
//! that would not read the counters it read before, or that `check` would find wrong, stays as it
//! is. A call whose metrics stay is held back, so that no number stops.

mod aggregates;
mod event;
mod gather;
mod lines;
mod metric;
mod mixins;
mod project;
mod specs;
mod tables;
#[cfg(test)]
mod tests;
mod verify;

use crate::options::Options;
use crate::project::{Held, Told};
use crate::site::{Kind, Outcome, Reason, Refusal, Rewrite, Site};
use gather::Tracked;
use internal_events_catalog::{DataSource, MetricDefinition, MetricStatus};
use internal_events_definitions::{Analysis, Source, Sources, analyze};
use std::collections::{BTreeMap, BTreeSet};

/// A source file, and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct FileCalls<'a> {
    /// Its path, for people.
    pub path: &'a str,
    /// Its text as it was.
    pub text: &'a str,
    /// What became of it.
    pub rewrite: &'a Rewrite,
}

/// What is not in the definitions.
#[derive(Clone, Debug, Default)]
pub struct Surroundings {
    /// The milestone of new definitions.
    pub milestone: Option<String>,
    /// Who owns the events of which nothing says it.
    pub group: Option<String>,
    /// The folder of the tables, from the root.
    pub tables: String,
    /// Whether all of the application was looked at: then a metric without a call is reported.
    pub is_whole: bool,
}

/// A file that changes, appears or goes away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Its path from the root.
    pub path: String,
    /// Its text before; none if it is new.
    pub before: Option<String>,
    /// Its text afterwards; none if it goes away.
    pub after: Option<String>,
}

/// A metric definition that was looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetricSite {
    /// The path of its file from the root.
    pub path: String,
    /// Where in it, and what became of it.
    pub site: Site,
}

/// What is to be done with definitions and tables.
#[derive(Clone, Debug, Default)]
pub struct Planned {
    /// The files, sorted by path.
    pub changes: Vec<Change>,
    /// The metrics of older data sources, sorted by path.
    pub sites: Vec<MetricSite>,
    /// Events whose calls must stay: rewrite again with them, and plan again.
    pub held: BTreeMap<String, Held>,
    /// What other files mean for events of one: rewrite again with it as well.
    pub told: Told,
    /// Key paths of the metrics that became internal.
    pub key_paths: Vec<String>,
    /// What a person has to look at.
    pub notes: Vec<String>,
}

/// Plans what becomes of definitions and tables.
///
/// Where [`Planned::held`] or [`Planned::told`] has something that the calls were not rewritten with, everything else is of
/// no use: rewrite again, and plan again.
pub fn plan(
    sources: &Sources,
    calls: &[FileCalls<'_>],
    options: &Options,
    surroundings: &Surroundings,
) -> Planned {
    let analysis = analyze(sources);
    let mut told = specs::told(calls, &analysis, surroundings);
    mixins::tell(calls, &mut told);
    let calls = gather::Calls::new(calls, &analysis);
    let held = taken(&calls, &analysis);
    let mut planned = Planned { held, told, ..Planned::default() };
    if !planned.held.is_empty() {
        return planned;
    }
    let mut metrics = if options.includes(Kind::MetricDefinition) {
        candidates(sources, &analysis, &calls)
    } else {
        Vec::new()
    };
    let events = event::changes(sources, &analysis, &calls, surroundings, &mut planned.notes);
    let verified = verify::until_sound(sources, &analysis, &events, &mut metrics, surroundings);
    if options.includes(Kind::MetricDefinition) {
        planned.held = held_back(&calls, &metrics, &verified.after);
    }
    planned.key_paths = verified.key_paths;
    planned.notes.extend(verified.notes);
    planned.notes.extend(aggregates::left_over(sources, &planned.key_paths));
    planned.changes = verified.changes;
    let listed = metrics.into_iter().filter(|it| it.is_of_interest || surroundings.is_whole);
    planned.sites = listed.map(Candidate::into_site).collect();
    planned
}

/// A metric of an older data source, and what is to become of it.
struct Candidate {
    path: String,
    definition: MetricDefinition,
    range: std::ops::Range<usize>,
    /// The events it counts, by their new names.
    events: Vec<String>,
    /// The old text and the new one, or why it stays.
    outcome: Result<String, Refusal>,
    /// Whether one of its events was found in a call.
    is_of_interest: bool,
}

impl Candidate {
    fn into_site(self) -> MetricSite {
        let outcome = match self.outcome {
            Ok(_) => Outcome::Rewritten { notes: Vec::new() },
            Err(refusal) => Outcome::Refused(refusal),
        };
        let event = self.events.into_iter().next();
        let site = Site { kind: Kind::MetricDefinition, range: self.range, outcome, event };
        MetricSite { path: self.path, site }
    }
}

/// Looks at every metric of an older data source.
fn candidates(sources: &Sources, analysis: &Analysis, calls: &gather::Calls) -> Vec<Candidate> {
    let texts: BTreeMap<&str, &Source> =
        sources.metrics.iter().map(|it| (it.path.as_str(), it)).collect();
    let mut seen = BTreeSet::new();
    let mut found = Vec::new();
    for definition in &analysis.definitions.metrics {
        let is_older = matches!(definition.data_source, DataSource::RedisHll | DataSource::Redis);
        let is_there = definition.status != MetricStatus::Removed;
        if !is_older || !is_there || !seen.insert(definition.path.as_str()) {
            continue;
        }
        let text = texts.get(definition.path.as_str());
        let Some(text) = text.and_then(|it| std::str::from_utf8(&it.bytes).ok()) else { continue };
        if aggregates::is_list(&definition.path) {
            found.extend(aggregates::candidates(definition, text, analysis, calls));
            continue;
        }
        let decided = metric::decide(definition, calls, analysis);
        let names = metric::legacy_names(definition);
        let is_of_interest = names.iter().any(|it| calls.mentions(it, definition));
        let events = match &decided {
            Ok(rules) => rules.iter().map(|it| it.name.clone()).collect(),
            Err(_) => names,
        };
        let outcome = decided.and_then(|rules| metric::converted(text, &rules));
        found.push(Candidate {
            path: definition.path.clone(),
            definition: definition.clone(),
            range: metric::site(text),
            events,
            outcome,
            is_of_interest,
        });
    }
    found
}

/// Events whose name is that of an internal event which means something else.
fn taken(calls: &gather::Calls, analysis: &Analysis) -> BTreeMap<String, Held> {
    let mut held = BTreeMap::new();
    for (name, tracked) in &calls.tracked {
        if let Some(what) = conflict(name, tracked, analysis) {
            let refusal = Refusal {
                reason: Reason::NameTaken,
                what,
                advice: format!(
                    "if it is the same event, add what is missing to that definition; if not, \
                     choose another name with `--rename {name}=NEW_NAME`"
                ),
            };
            held.insert(name.clone(), Held { refusal, only_counts: false });
        }
    }
    held
}

fn conflict(name: &str, tracked: &Tracked, analysis: &Analysis) -> Option<String> {
    let defined = analysis.definitions.events.iter().find(|it| it.action == name && it.internal);
    let Some(defined) = defined else {
        let path = analysis.facts.actions.get(name).filter(|it| it.contains("/removed/"))?;
        return Some(format!("`{name}` was removed, its definition is {path}"));
    };
    if tracked.old_names.iter().all(|it| it == name) {
        // It is the same event under the same name: its definition gets what the calls have.
        return None;
    }
    let missing: Vec<&str> = tracked
        .identifiers
        .iter()
        .map(|it| it.name())
        // Whoever passes a project may leave its namespace to tracking, and the other way round.
        .filter(|it| *it != "namespace" && !defined.identifiers.iter().any(|known| known == it))
        .collect();
    if missing.is_empty() || defined.identifiers.is_empty() {
        return None;
    }
    let missing = missing.join("` and `");
    Some(format!(
        "`{name}` is defined in {} without `{missing}`, which this call has",
        defined.path
    ))
}

/// Events that count for a metric which stays, and that nothing internal counts in its stead.
fn held_back(
    calls: &gather::Calls,
    metrics: &[Candidate],
    after: &Analysis,
) -> BTreeMap<String, Held> {
    let mut held = BTreeMap::new();
    for metric in metrics {
        let Err(why) = &metric.outcome else { continue };
        for old in metric::legacy_names(&metric.definition) {
            let Some((name, tracked)) = calls.tracked_by_old(&old, &metric.definition) else {
                continue;
            };
            if metric::goes_on(&old, name, &metric.definition, after) || !tracked.counts() {
                continue;
            }
            let key_path = &metric.definition.key_path;
            let refusal = Refusal {
                reason: Reason::PartOfMore,
                what: format!("the metric `{key_path}` counts `{old}` and stays: {}", why.what),
                advice: why.advice.clone(),
            };
            held.entry(name.to_owned()).or_insert(Held { refusal, only_counts: true });
        }
    }
    held
}
