//! Who owns an event that has no definition, and what else metrics say of it.

use super::super::Surroundings;
use super::super::gather::Tracked;
use internal_events_catalog::MetricDefinition;
use internal_events_definitions::generate::suggested_categories;
use internal_events_definitions::yaml::{self, Node};
use internal_events_definitions::{Analysis, Sources};
use std::collections::{BTreeMap, BTreeSet};

/// Who owns an event of which nothing is known.
const NO_GROUP: &str = "unassigned";

/// What metrics and other definitions say of an event that has no definition.
#[derive(Debug, Default)]
pub(super) struct Owner {
    pub(super) group: String,
    pub(super) is_guessed: bool,
    pub(super) categories: Vec<String>,
    pub(super) tiers: Vec<String>,
    pub(super) milestone: Option<String>,
    pub(super) introduced_by_url: Option<String>,
    /// What it means, from a metric that counts nothing else.
    pub(super) counted: Option<String>,
}

/// The definitions of metrics by the events they count.
pub(super) struct Metrics<'a> {
    roots: BTreeMap<&'a str, Node<'a>>,
    by_event: BTreeMap<String, Vec<&'a MetricDefinition>>,
}

impl<'a> Metrics<'a> {
    pub(super) fn new(sources: &'a Sources, analysis: &'a Analysis) -> Self {
        let texts = sources.metrics.iter();
        let texts =
            texts.filter_map(|it| Some((it.path.as_str(), std::str::from_utf8(&it.bytes).ok()?)));
        let mut by_event: BTreeMap<String, Vec<&MetricDefinition>> = BTreeMap::new();
        for metric in &analysis.definitions.metrics {
            for name in super::super::metric::legacy_names(metric) {
                by_event.entry(name).or_default().push(metric);
            }
        }
        let counting: BTreeSet<&str> =
            by_event.values().flatten().map(|it| it.path.as_str()).collect();
        let texts = texts.filter(|(path, _)| counting.contains(path));
        let roots = texts.filter_map(|(path, text)| Some((path, yaml::read(text).0?))).collect();
        Self { roots, by_event }
    }

    pub(super) fn owner(
        &self,
        name: &str,
        tracked: &Tracked,
        analysis: &Analysis,
        surroundings: &Surroundings,
    ) -> Owner {
        let names = tracked.old_names.iter().chain(&tracked.totals).map(String::as_str);
        let mut metrics: Vec<&MetricDefinition> = names
            .chain([name])
            .filter_map(|it| {
                self.by_event.get(it).or_else(|| self.by_event.get(&it.to_lowercase()))
            })
            .flatten()
            .copied()
            .collect();
        // A metric of this event alone knows more of it than one of many events.
        metrics.sort_by_key(|it| (super::super::metric::legacy_names(it).len(), it.path.as_str()));
        let Some(metric) = metrics.first() else {
            let groups = &analysis.facts.product_groups;
            let usual = || groups.iter().max_by_key(|(_, n)| **n).map(|(it, _)| it.clone());
            let group = surroundings.group.clone().or_else(usual);
            return Owner {
                group: group.map_or_else(|| NO_GROUP.to_owned(), |it| spelled(&it)),
                is_guessed: surroundings.group.is_none(),
                tiers: ["free", "premium", "ultimate"].map(str::to_owned).into(),
                milestone: milestone(analysis, surroundings),
                ..Owner::default()
            };
        };
        let root = self.roots.get(metric.path.as_str());
        let text =
            |key: &str| root.and_then(|it| it.get(key)).and_then(Node::as_str).map(str::to_owned);
        let list = |key: &str| -> Vec<String> {
            let items = root.and_then(|it| it.get(key)).map_or(&[][..], Node::items);
            items.iter().filter_map(Node::as_str).map(str::to_owned).collect()
        };
        let group = text("product_group").map_or_else(|| NO_GROUP.to_owned(), |it| spelled(&it));
        let mut categories = list("product_categories");
        if categories.is_empty() {
            let suggested = suggested_categories(&group, &analysis.facts);
            categories = if suggested.len() == 1 { suggested } else { Vec::new() };
        }
        let mut tiers = list("tiers");
        if tiers.is_empty() {
            tiers = ["free", "premium", "ultimate"].map(str::to_owned).into();
        }
        let is_alone = super::super::metric::legacy_names(metric).len() == 1;
        let milestone_of_metric = text("milestone").filter(|it| !it.starts_with('<'));
        Owner {
            is_guessed: false,
            group,
            categories,
            tiers,
            milestone: milestone_of_metric.or_else(|| milestone(analysis, surroundings)),
            introduced_by_url: text("introduced_by_url"),
            counted: text("description").filter(|_| is_alone),
        }
    }
}

/// A group as it is spelled today: `group::global search` was `global_search` long ago.
fn spelled(group: &str) -> String {
    let name = group.strip_prefix("group::").unwrap_or(group);
    name.trim().to_lowercase().replace(' ', "_")
}

fn milestone(analysis: &Analysis, surroundings: &Surroundings) -> Option<String> {
    surroundings.milestone.clone().or_else(|| analysis.facts.newest_milestone.clone())
}
