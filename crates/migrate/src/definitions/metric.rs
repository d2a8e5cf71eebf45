//! Metrics of older data sources: which can be internal, and their new text.

use super::gather::{Calls, Tracked};
use super::lines::{self, Lines};
use crate::edit::Edits;
use crate::site::{Reason, Refusal};
use internal_events_catalog::{DataSource, MetricDefinition, SetOperator, TimeFrame};
use internal_events_definitions::Analysis;
use internal_events_definitions::generate::{Unique, check_event_name, scalar};
use std::ops::Range;

/// Why a text cannot be edited by lines after all.
const ENTANGLED: &str = "its keys cannot be told apart by their lines";

/// A selection rule to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NewRule {
    pub(super) name: String,
    pub(super) unique: Option<String>,
    /// Its name before.
    pub(super) old: String,
}

/// The events that a legacy metric counts, by the names that calls give them.
pub(super) fn legacy_names(metric: &MetricDefinition) -> Vec<String> {
    let options = &metric.legacy;
    let named: Vec<String> = match (metric.data_source, metric.rules.is_empty()) {
        (DataSource::Redis, _) => {
            let event = options.events.first().into_iter();
            let prefixed = |it: &String| match &options.prefix {
                Some(prefix) => format!("{prefix}_{it}"),
                None => it.clone(),
            };
            event.map(prefixed).collect()
        }
        (_, false) => metric.rules.iter().map(|it| it.name.clone()).collect(),
        (_, true) => options.events.clone(),
    };
    let mut seen = std::collections::BTreeSet::new();
    named.into_iter().filter(|it| seen.insert(it.clone())).collect()
}

/// The key of a total without the override table.
pub(super) fn total_key(metric: &MetricDefinition, name: &str) -> String {
    let usage = metric.legacy.include_usage_prefix.unwrap_or(true);
    format!("{}{name}", if usage { "usage_" } else { "" }).to_ascii_uppercase()
}

/// What a legacy definition or an older spelling says is counted: `user_id` is `user.id`.
pub(super) fn unique_of(text: &str) -> String {
    let text = match text {
        "user_id" => "user",
        "project_id" => "project",
        "namespace_id" => "namespace",
        other => other,
    };
    Unique::parse(text).to_string()
}

/// Whether a metric that stays still reads what the calls of an event count: an override leads the
/// event's counter to the old name, and a metric counts it.
pub(super) fn goes_on(old: &str, new: &str, metric: &MetricDefinition, after: &Analysis) -> bool {
    let overrides = &after.definitions.overrides;
    let (table, legacy, slot) = if metric.data_source == DataSource::RedisHll {
        (&overrides.unique, old.to_owned(), "")
    } else {
        (&overrides.total, total_key(metric, old), "{event_counters}_")
    };
    let internal = after.definitions.metrics.iter();
    let mut rules =
        internal.filter(|it| it.data_source == DataSource::InternalEvents).flat_map(|it| &it.rules);
    rules.any(|rule| {
        let path = format!("{slot}{}", rule.path());
        rule.name == new && rule.filter.is_empty() && table.get(&path) == Some(&legacy)
    })
}

/// Decides which rules a metric has as an internal one.
pub(super) fn decide(
    metric: &MetricDefinition,
    calls: &Calls,
    analysis: &Analysis,
) -> Result<Vec<NewRule>, Refusal> {
    expressible(metric)?;
    let names = legacy_names(metric);
    if names.is_empty() {
        return Err(not_understood(
            "it does not say which events it counts",
            "give it `options`, or migrate it by hand",
        ));
    }
    if let Some((name, place)) = names.iter().find_map(|it| Some((it, calls.refused_at(it)?))) {
        return Err(Refusal {
            reason: Reason::PartOfMore,
            what: format!("it counts `{name}`, whose call at {place} stays as it is"),
            advice: format!("rewrite the call at {place}; then run this again"),
        });
    }
    let rules: Result<Vec<NewRule>, Refusal> =
        names.iter().map(|it| rule(it, metric, calls, analysis)).collect();
    let rules = rules?;
    let first = &rules[0];
    if let Some(other) = rules.iter().find(|it| it.unique != first.unique) {
        let unique = |it: &NewRule| it.unique.clone().unwrap_or_default();
        return Err(Refusal {
            reason: Reason::UniqueMismatch,
            what: format!(
                "it counts `{}` of `{}` and `{}` of `{}` together",
                unique(first),
                first.old,
                unique(other),
                other.old
            ),
            advice: "make a metric of each kind, or let the calls pass the same object".to_owned(),
        });
    }
    Ok(rules)
}

/// Refuses what no selection rule says.
fn expressible(metric: &MetricDefinition) -> Result<(), Refusal> {
    let known: &[&str] = match metric.data_source {
        DataSource::RedisHll => &["RedisHLLMetric", "AggregatedMetric"],
        _ => &["RedisMetric"],
    };
    let by_hand = "define a new metric for what it counts, or keep this one";
    if let Some(class) = metric.instrumentation_class.as_deref().filter(|it| !known.contains(it)) {
        let name = class.rsplit("::").next().unwrap_or_default();
        if known.contains(&name) {
            let what = format!("`instrumentation_class: {class}` is the name of long ago");
            return Err(not_understood(
                &what,
                &format!("write `{name}` alone, then migrate again"),
            ));
        }
        let what = format!("`instrumentation_class: {class}` computes it in a way of its own");
        return Err(not_understood(&what, by_hand));
    }
    let frame = metric.time_frame;
    let is_weekly = metric.data_source == DataSource::RedisHll;
    if is_weekly != frame.is_weekly() || frame == TimeFrame::None {
        let what = if is_weekly {
            format!("unique counts of `time_frame: {frame}` do not exist")
        } else {
            format!("it reads a count of all time, and says `time_frame: {frame}`")
        };
        return Err(not_understood(&what, "correct its time frame first"));
    }
    match metric.legacy.aggregate.as_ref().map(|it| &it.operator) {
        Some(SetOperator::And) if metric.legacy.events.len() > 1 => Err(not_understood(
            "`operator: AND` counts who did all of its events, which no selection rule says",
            by_hand,
        )),
        Some(SetOperator::Other(it)) => {
            Err(not_understood(&format!("nobody knows the operator `{it}`"), by_hand))
        }
        _ => Ok(()),
    }
}

fn not_understood(what: &str, advice: &str) -> Refusal {
    Refusal { reason: Reason::NotUnderstood, what: what.to_owned(), advice: advice.to_owned() }
}

/// The rule for one event of a metric.
fn rule(
    old: &str,
    metric: &MetricDefinition,
    calls: &Calls,
    analysis: &Analysis,
) -> Result<NewRule, Refusal> {
    let is_unique = metric.data_source == DataSource::RedisHll;
    if let Some((name, tracked)) = calls.tracked_by_old(old, metric) {
        let unique = if is_unique { Some(unique(old, metric, tracked)?) } else { None };
        return Ok(NewRule { name: name.to_owned(), unique, old: old.to_owned() });
    }
    let internal = analysis.definitions.events.iter().any(|it| it.internal && it.action == old);
    if !internal {
        let is_legal = check_event_name(old).is_ok();
        return Err(Refusal {
            reason: if is_legal { Reason::PartOfMore } else { Reason::IllegalName },
            what: if is_legal {
                format!("it counts `{old}`, and no call that does was found")
            } else {
                format!("it counts `{old}`, which is no legal name of an event")
            },
            advice: format!(
                "find what counts `{old}`, which may compute the name, and rewrite it; if nothing \
                 does, set `status: removed`"
            ),
        });
    }
    let unique = if is_unique { Some(known_unique(old, metric, analysis)?) } else { None };
    Ok(NewRule { name: old.to_owned(), unique, old: old.to_owned() })
}

/// What a metric itself says it counts distinctly.
fn stated(old: &str, metric: &MetricDefinition) -> Option<String> {
    let of_rule = metric.rules.iter().find(|it| it.name == old).and_then(|it| it.unique.as_deref());
    let aggregate = metric.legacy.aggregate.as_ref();
    of_rule.or_else(|| aggregate?.attribute.as_deref()).map(unique_of)
}

fn unique(old: &str, metric: &MetricDefinition, tracked: &Tracked) -> Result<String, Refusal> {
    let mut uniques: Vec<String> = tracked.uniques.iter().cloned().collect();
    if let Some(stated) = stated(old, metric)
        && !uniques.contains(&stated)
    {
        uniques.push(stated);
    }
    if uniques.is_empty() {
        let carried = tracked.identifiers.iter().map(|it| format!("{}.id", it.name()));
        uniques = carried.collect();
    }
    match uniques.as_slice() {
        [one] => Ok(one.clone()),
        [] => Err(Refusal {
            reason: Reason::UniqueMismatch,
            what: format!("nothing says what was counted of `{old}`"),
            advice: "pass the user, project or namespace that is counted".to_owned(),
        }),
        several => Err(Refusal {
            reason: Reason::UniqueMismatch,
            what: format!("what is counted of `{old}` is not clear: `{}`", several.join("`, `")),
            advice: "give the calls that count something else an event of their own".to_owned(),
        }),
    }
}

/// What is counted of an event that is internal already: what its counters say.
fn known_unique(
    old: &str,
    metric: &MetricDefinition,
    analysis: &Analysis,
) -> Result<String, Refusal> {
    if let Some(stated) = stated(old, metric) {
        return Ok(stated);
    }
    let definitions = &analysis.definitions;
    let internal =
        definitions.metrics.iter().filter(|it| it.data_source == DataSource::InternalEvents);
    let mut found: Vec<String> = internal
        .flat_map(|it| &it.rules)
        .filter(|it| it.name == old && it.filter.is_empty())
        .filter_map(|it| it.unique.clone())
        .collect();
    let overridden = definitions.overrides.unique.iter().filter(|(_, legacy)| *legacy == old);
    let of_table = overridden.filter_map(|(path, _)| path.strip_prefix(old)?.strip_prefix('-'));
    found.extend(of_table.filter(|it| !it.contains(':')).map(unique_of));
    found.sort();
    found.dedup();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        _ => Err(Refusal {
            reason: Reason::UniqueMismatch,
            what: format!("`{old}` is internal already, and nothing says what is counted of it"),
            advice: format!("add `{old}-user: {old}`, or what is right, to the table of overrides"),
        }),
    }
}

/// Where a definition is shown: its data source.
pub(super) fn site(text: &str) -> Range<usize> {
    let root = internal_events_definitions::yaml::read(text).0;
    let entry = root.as_ref().and_then(|it| it.entry("data_source"));
    entry.map_or(0..lines::line(text, 0).len(), |it| it.key_span.start..it.value.span.end)
}

/// Writes the definition of the internal metric.
pub(super) fn converted(text: &str, rules: &[NewRule]) -> Result<String, Refusal> {
    let refuse = |what: &str| {
        not_understood(what, "write one key to a line, or change the definition by hand")
    };
    let lines = Lines::read(text).map_err(refuse)?;
    let mut edits = Edits::default();
    let Some(source) = lines.root.get("data_source") else {
        return Err(refuse("it has no data source"));
    };
    edits.replace(source.span.clone(), "internal_events");
    if let Some(class) = lines.root.entry("instrumentation_class") {
        lines.replace(&mut edits, class, "");
    }
    let options = lines.root.entry("options");
    if let Some(events) = lines.root.entry("events") {
        renamed(&mut edits, events.value.items(), rules);
        if let Some(options) = options {
            lines.replace(&mut edits, options, "");
        }
        return edits.applied(text).ok_or_else(|| refuse(ENTANGLED));
    }
    let listed = options.and_then(|it| it.value.entry("events"));
    let dash = listed.and_then(|it| lines.dash_indent(it)).unwrap_or_else(|| lines.usual_dash());
    let new = rules_text(rules, dash, lines.end);
    match options {
        Some(options) => lines.replace(&mut edits, options, &new),
        None => lines.insert_at(&mut edits, text.len(), &new),
    }
    edits.applied(text).ok_or_else(|| refuse(ENTANGLED))
}

/// Gives the rules that are there already their new names, and what they count.
fn renamed(
    edits: &mut Edits,
    items: &[internal_events_definitions::yaml::Node<'_>],
    rules: &[NewRule],
) {
    for item in items {
        let Some(name) = item.get("name") else { continue };
        let Some(rule) = rules.iter().find(|it| Some(it.old.as_str()) == name.as_str()) else {
            continue;
        };
        let is_renamed = rule.name != rule.old;
        match (&rule.unique, item.get("unique")) {
            (Some(unique), None) => {
                // A rule in braces takes it as well as one on lines of its own does.
                edits.replace(
                    item.span.clone(),
                    format!("{{name: {}, unique: {unique}}}", rule.name),
                );
            }
            (Some(unique), Some(node)) => {
                if node.as_str() != Some(unique) {
                    edits.replace(node.span.clone(), unique.clone());
                }
                if is_renamed {
                    edits.replace(name.span.clone(), rule.name.clone());
                }
            }
            (None, _) if is_renamed => edits.replace(name.span.clone(), rule.name.clone()),
            (None, _) => {}
        }
    }
}

fn rules_text(rules: &[NewRule], dash: &str, end: &str) -> String {
    let mut text = format!("events:{end}");
    for rule in rules {
        text.push_str(&format!("{dash}- name: {}{end}", scalar(&rule.name)));
        if let Some(unique) = &rule.unique {
            text.push_str(&format!("{dash}  unique: {}{end}", scalar(unique)));
        }
    }
    text
}
