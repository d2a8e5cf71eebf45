//! What the calls of all files say of each event, together.

use super::FileCalls;
use crate::site::{Identifier, Outcome, Property, PropertyType, Reason};
use internal_events_catalog::{DataSource, MetricDefinition};
use internal_events_definitions::Analysis;
use internal_events_definitions::generate::Unique;
use std::collections::{BTreeMap, BTreeSet};

/// Fewer characters before an interpolation than this say nothing of a name.
const TELLING_PREFIX: usize = 4;

/// An event that rewritten calls track.
#[derive(Clone, Debug, Default)]
pub(super) struct Tracked {
    /// Its names before, the new one if it kept it.
    pub(super) old_names: BTreeSet<String>,
    pub(super) identifiers: BTreeSet<Identifier>,
    pub(super) properties: BTreeMap<String, Property>,
    /// What was counted distinctly: `user.id`, …
    pub(super) uniques: BTreeSet<String>,
    pub(super) was_unique: bool,
    /// The names of totals that were raised.
    pub(super) totals: BTreeSet<String>,
    /// A file that has such a call.
    pub(super) path: String,
}

impl Tracked {
    /// Whether its calls counted by themselves.
    pub(super) fn counts(&self) -> bool {
        self.was_unique || !self.totals.is_empty()
    }
}

/// All calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    /// Events of rewritten calls, by the new name.
    pub(super) tracked: BTreeMap<String, Tracked>,
    /// Events of calls that stay, by the name in the call, and where the first is.
    pub(super) refused: BTreeMap<String, String>,
    /// Beginnings of names that calls compute, and where.
    computed: BTreeMap<String, String>,
}

impl Calls {
    pub(super) fn new(files: &[FileCalls<'_>], analysis: &Analysis) -> Self {
        let legacy = legacy_names(analysis);
        let mut calls = Self::default();
        for file in files {
            // What a spec expects or sets up is tracked by the code that it tests.
            if !super::specs::is_spec(file.path) {
                calls.add_found(file);
            }
            calls.add_refused(file, &legacy);
        }
        calls
    }

    fn add_found(&mut self, file: &FileCalls<'_>) {
        for found in &file.rewrite.found {
            let tracked = self.tracked.entry(found.name.clone()).or_default();
            let old = found.old_name.as_ref().unwrap_or(&found.name);
            tracked.old_names.insert(old.clone());
            tracked.identifiers.extend(&found.identifiers);
            for (name, property) in &found.properties {
                add_property(&mut tracked.properties, name, property);
            }
            if let Some(unique) = found.unique.as_deref().filter(|_| found.was_unique) {
                tracked.uniques.insert(Unique::parse(unique).to_string());
            }
            tracked.was_unique |= found.was_unique;
            tracked.totals.extend(found.was_total.clone());
            if tracked.path.is_empty() {
                file.path.clone_into(&mut tracked.path);
            }
        }
    }

    fn add_refused(&mut self, file: &FileCalls<'_>, legacy: &BTreeSet<String>) {
        for site in &file.rewrite.sites {
            let Outcome::Refused(refusal) = &site.outcome else { continue };
            // Nobody knows what a file that does not parse counts.
            let is_closed = refusal.reason == Reason::DoesNotParse;
            if !is_closed && !site.kind.counts() {
                continue;
            }
            let before = file.text.get(..site.range.start).unwrap_or(file.text);
            let line = 1 + before.matches('\n').count();
            let place = format!("{}:{line}", file.path);
            let code = if is_closed { Some(file.text) } else { file.text.get(site.range.clone()) };
            let code = code.unwrap_or(file.text);
            let words = code.split(|it: char| !it.is_ascii_alphanumeric() && it != '_');
            let named = words.filter(|it| legacy.contains(*it)).map(str::to_owned);
            for name in named.chain(site.event.clone()) {
                self.refused.entry(name).or_insert_with(|| place.clone());
            }
            if refusal.reason == Reason::ComputedName {
                for prefix in prefixes(code) {
                    self.computed.entry(prefix).or_insert_with(|| place.clone());
                }
            }
        }
    }

    /// Where a call that tracks an event stays as it is.
    pub(super) fn refused_at(&self, old: &str) -> Option<&str> {
        let computed = || self.computed.iter().find(|(prefix, _)| old.starts_with(prefix.as_str()));
        let place = self.refused.get(old).or_else(|| computed().map(|(_, place)| place));
        place.map(String::as_str)
    }

    /// The event that a legacy metric counts under an old name, if its calls are rewritten.
    pub(super) fn tracked_by_old(
        &self,
        old: &str,
        metric: &MetricDefinition,
    ) -> Option<(&str, &Tracked)> {
        let is_it = |it: &Tracked| {
            if metric.data_source == DataSource::RedisHll {
                return it.was_unique && it.old_names.contains(old);
            }
            let key = super::metric::total_key(metric, old);
            let is_total =
                |name: &String| name.eq_ignore_ascii_case(old) || name.eq_ignore_ascii_case(&key);
            it.totals.iter().any(is_total)
        };
        let found = self.tracked.iter().find(|(_, it)| is_it(it));
        found.map(|(name, it)| (name.as_str(), it))
    }

    /// Whether any call, rewritten or not, is about an event of a metric.
    pub(super) fn mentions(&self, old: &str, metric: &MetricDefinition) -> bool {
        self.refused_at(old).is_some()
            || self.tracked_by_old(old, metric).is_some()
            || self.tracked.values().any(|it| it.old_names.contains(old))
    }
}

/// Names that a call may have: of the metrics, the list and the dictionary.
fn legacy_names(analysis: &Analysis) -> BTreeSet<String> {
    let definitions = &analysis.definitions;
    let metrics = definitions.metrics.iter();
    let mut names: BTreeSet<String> = metrics
        .filter(|it| matches!(it.data_source, DataSource::RedisHll | DataSource::Redis))
        .flat_map(super::metric::legacy_names)
        .collect();
    names.extend(definitions.overrides.legacy_events.iter().cloned());
    names
}

/// The texts right before an interpolation: of a name that is computed, what is known.
fn prefixes(code: &str) -> Vec<String> {
    let mut found = Vec::new();
    for opening in ["#{", "${"] {
        for (at, _) in code.match_indices(opening) {
            let before = &code[..at];
            let start = before
                .rfind(|it: char| !it.is_ascii_alphanumeric() && it != '_')
                .map_or(0, |it| it + before[it..].chars().next().map_or(1, char::len_utf8));
            if before.len() - start >= TELLING_PREFIX {
                found.push(before[start..].to_owned());
            }
        }
    }
    found
}

/// Several calls may differ in what they tell of a property: a known type and an example win.
fn add_property(all: &mut BTreeMap<String, Property>, name: &str, property: &Property) {
    let known = all.entry(name.to_owned()).or_insert_with(|| property.clone());
    if known.of_type == PropertyType::Unknown {
        known.of_type = property.of_type;
    }
    if known.example.is_none() {
        known.example.clone_from(&property.example);
    }
}
