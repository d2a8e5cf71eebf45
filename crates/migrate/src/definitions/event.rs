//! Event definitions: new ones, and entries of the Snowplow dictionary that become internal.

mod owner;

use super::gather::{Calls, Tracked};
use super::lines::Lines;
use super::{Change, Surroundings};
use crate::edit::Edits;
use internal_events_catalog::EventDefinition;
use internal_events_definitions::generate::{EventDraft, check_event_name, draft_text, scalar};
use internal_events_definitions::yaml::Node;
use internal_events_definitions::{Analysis, Source, Sources};
use owner::{Metrics, Owner};
use std::collections::{BTreeMap, BTreeSet};

/// Where a property's description is in an entry of the Snowplow dictionary.
const DESCRIPTIONS: [(&str, &str); 3] = [
    ("label", "label_description"),
    ("property", "property_description"),
    ("value", "value_description"),
];

/// Keys of the Snowplow dictionary that an internal event does not have.
const OF_DICTIONARY: [&str; 11] = [
    "category",
    "label_description",
    "property_description",
    "value_description",
    "extra_properties",
    "iglu_schema_url",
    "value_type",
    "product_section",
    "product_stage",
    "product_category",
    "distributions",
];

/// Plans the definitions of all events that rewritten calls track.
pub(super) fn changes(
    sources: &Sources,
    analysis: &Analysis,
    calls: &Calls,
    surroundings: &Surroundings,
    notes: &mut Vec<String>,
) -> Vec<Change> {
    let metrics = Metrics::new(sources, analysis);
    let mut changes = Vec::new();
    let mut unowned: BTreeMap<String, Vec<&String>> = BTreeMap::new();
    for (name, tracked) in calls.tracked.iter().filter(|(it, _)| check_event_name(it).is_ok()) {
        let owner = metrics.owner(name, tracked, analysis, surroundings);
        let of_name = |it: &&EventDefinition, wanted: &str| it.action == wanted;
        let events = &analysis.definitions.events;
        let internal = events.iter().find(|it| it.internal && of_name(it, name));
        let entries: Vec<&EventDefinition> = events
            .iter()
            .filter(|it| !it.internal && tracked.old_names.contains(&it.action))
            .collect();
        match (internal, entries.as_slice()) {
            (Some(event), _) => {
                let Some(text) = text_of(&sources.events, &event.path) else { continue };
                match completed(text, name, tracked, &owner, false) {
                    Ok(after) if after != text => changes.push(Change {
                        path: event.path.clone(),
                        before: Some(text.to_owned()),
                        after: Some(after),
                    }),
                    Ok(_) => {}
                    Err(why) => notes.push(format!("{} stays as it is: {why}", event.path)),
                }
            }
            (None, []) => {
                if owner.is_guessed {
                    unowned.entry(owner.group.clone()).or_default().push(name);
                }
                changes.push(new_event(name, tracked, &owner, sources));
            }
            (None, [first, others @ ..]) => {
                let Some(text) = text_of(&sources.events, &first.path) else { continue };
                match completed(text, name, tracked, &owner, true) {
                    Ok(after) => {
                        changes.extend(moved(first, text, after, name, sources));
                        for other in others.iter().filter(|it| it.action == *name) {
                            notes.push(format!(
                                "{} described the same action as {}: it goes away, look whether \
                                 its words are needed",
                                other.path, first.path
                            ));
                            changes.push(Change {
                                path: other.path.clone(),
                                before: text_of(&sources.events, &other.path).map(str::to_owned),
                                after: None,
                            });
                        }
                    }
                    Err(why) => {
                        notes.push(format!("{} must be made internal by hand: {why}", first.path));
                    }
                }
            }
        }
    }
    notes.extend(unowned.iter().map(|(group, names)| without_owner(group, names)));
    changes
}

/// How many names are written out in a note; the files of all of them are named anyway.
const MAX_NAMES: usize = 5;

/// Says of which events nothing tells the owner.
fn without_owner(group: &str, names: &[&String]) -> String {
    let shown: Vec<String> = names.iter().take(MAX_NAMES).map(|it| format!("`{it}`")).collect();
    let more = match names.len().saturating_sub(MAX_NAMES) {
        0 => String::new(),
        n => format!(" and {n} more"),
    };
    let say = if names.len() == 1 { "its definition says" } else { "their definitions say" };
    format!(
        "nothing says which group owns {}{more}: {say} `{group}`; `--group` gives another",
        shown.join(", ")
    )
}

fn text_of<'a>(sources: &'a [Source], path: &str) -> Option<&'a str> {
    let source = sources.iter().find(|it| it.path == path)?;
    std::str::from_utf8(&source.bytes).ok()
}

/// An internal event's file has its name; an entry of the dictionary had its category as well.
fn moved(
    entry: &EventDefinition,
    text: &str,
    after: String,
    name: &str,
    sources: &Sources,
) -> Vec<Change> {
    let folder = entry.path.rsplit_once('/').map_or("", |(folder, _)| folder);
    let path = format!("{folder}/{name}.yml");
    let before = Some(text.to_owned());
    if path == entry.path || sources.events.iter().any(|it| it.path == path) {
        return vec![Change { path: entry.path.clone(), before, after: Some(after) }];
    }
    vec![
        Change { path: entry.path.clone(), before, after: None },
        Change { path, before: None, after: Some(after) },
    ]
}

fn new_event(name: &str, tracked: &Tracked, owner: &Owner, sources: &Sources) -> Change {
    let description = match &owner.counted {
        Some(counted) => format!("Counted before as: {counted}"),
        None => format!(
            "Tracked as `{}` before it was an internal event; say what happens, and who does it",
            tracked.old_names.iter().next().map_or(name, String::as_str)
        ),
    };
    let text = draft_text(&EventDraft {
        action: name.to_owned(),
        description,
        identifiers: identifiers(tracked),
        properties: tracked
            .properties
            .keys()
            .map(|it| (it.clone(), described(it, tracked, None)))
            .collect(),
        group: owner.group.clone(),
        categories: owner.categories.clone(),
        milestone: owner.milestone.clone(),
        introduced_by_url: owner.introduced_by_url.clone(),
        tiers: owner.tiers.clone(),
    });
    let tree = if owner.tiers.iter().any(|it| it == "free") { "" } else { "ee/" };
    let mut path = format!("{tree}config/events/{name}.yml");
    if sources.events.iter().any(|it| it.path == path) {
        // Another event is defined there.
        path = format!("{tree}config/events/{name}_migrated.yml");
    }
    Change { path, before: None, after: Some(text) }
}

/// What its calls pass, and what is counted of it.
fn identifiers(tracked: &Tracked) -> Vec<String> {
    let mut names: BTreeSet<&str> = tracked.identifiers.iter().map(|it| it.name()).collect();
    let counted = tracked.uniques.iter().filter_map(|it| it.strip_suffix(".id"));
    names.extend(counted);
    // In the order in which a new event lists them.
    let order = ["project", "user", "namespace"];
    order.into_iter().filter(|it| names.contains(it)).map(str::to_owned).collect()
}

/// Says what a property holds, or where it comes from.
fn described(property: &str, tracked: &Tracked, entry: Option<&Node<'_>>) -> String {
    let of_entry = entry.and_then(|root| {
        let key = DESCRIPTIONS.iter().find(|(name, _)| *name == property).map(|(_, key)| *key);
        let custom = || root.get("extra_properties")?.get(property)?.get("description");
        key.and_then(|it| root.get(it)).or_else(custom)?.as_str()
    });
    if let Some(text) = of_entry.filter(|it| !it.trim().is_empty()) {
        return text.to_owned();
    }
    let example = tracked.properties.get(property).and_then(|it| it.example.as_ref());
    let example = example.filter(|it| !it.trim().is_empty());
    let example = example.map(|it| format!(", for example {it}")).unwrap_or_default();
    format!("The `{property}` of the Snowplow event from which this one was migrated{example}")
}

/// Adds to a definition what the calls have and it has not; makes it internal if it was none.
fn completed(
    text: &str,
    name: &str,
    tracked: &Tracked,
    owner: &Owner,
    becomes_internal: bool,
) -> Result<String, &'static str> {
    let lines = Lines::read(text)?;
    let root = &lines.root;
    let end = lines.end;
    let mut edits = Edits::default();
    let Some(action) = root.entry("action") else { return Err("it has no action") };
    let mut after_action = String::new();
    if becomes_internal {
        if action.value.as_str() != Some(name) {
            edits.replace(action.value.span.clone(), scalar(name));
        }
        for key in OF_DICTIONARY {
            if let Some(entry) = root.entry(key) {
                lines.replace(&mut edits, entry, "");
            }
        }
        match root.get("internal_events") {
            Some(node) => edits.replace(node.span.clone(), "true"),
            None => {
                lines.insert_at(
                    &mut edits,
                    lines.of(action).start,
                    &format!("internal_events: true{end}"),
                );
            }
        }
    }
    let missing = missing_identifiers(root, tracked);
    let dash = lines.usual_dash();
    match (root.entry("identifiers"), missing.as_slice()) {
        (_, []) => {}
        (Some(entry), missing) if !entry.value.items().is_empty() => {
            let is_block = lines.dash_indent(entry).is_some();
            if !is_block {
                let last = entry.value.items().last().map_or(0, |it| it.span.end);
                edits.replace(last..last, format!(", {}", missing.join(", ")));
            } else {
                lines.insert_after(
                    &mut edits,
                    entry,
                    &items(missing, lines.dash_indent(entry).unwrap_or(dash), end),
                );
            }
        }
        (entry, missing) => {
            let new = format!("identifiers:{end}{}", items(missing, dash, end));
            match entry {
                Some(entry) => lines.replace(&mut edits, entry, &new),
                None => after_action.push_str(&new),
            }
        }
    }
    add_properties(&lines, &mut edits, tracked, &mut after_action);
    if !after_action.is_empty() {
        lines.insert_after(&mut edits, action, &after_action);
    }
    let mut rest = String::new();
    if becomes_internal {
        rest = missing_fields(root, owner, dash, end);
    }
    if !rest.is_empty() {
        lines.insert_at(&mut edits, text.len(), &rest);
    }
    edits.applied(text).ok_or("its keys cannot be told apart by their lines")
}

fn missing_identifiers(root: &Node<'_>, tracked: &Tracked) -> Vec<String> {
    let listed = root.get("identifiers").map_or(&[][..], Node::items);
    let is_listed = |name: &String| listed.iter().any(|it| it.as_str() == Some(name.as_str()));
    identifiers(tracked).into_iter().filter(|it| !is_listed(it)).collect()
}

fn items(names: &[String], dash: &str, end: &str) -> String {
    let mut text = String::new();
    for name in names {
        text.push_str(&format!("{dash}- {name}{end}"));
    }
    text
}

fn add_properties(
    lines: &Lines<'_>,
    edits: &mut Edits,
    tracked: &Tracked,
    after_action: &mut String,
) {
    let end = lines.end;
    let known = lines.root.entry("additional_properties");
    let declared = known.map_or(&[][..], |it| it.value.entries());
    let missing = tracked
        .properties
        .keys()
        .filter(|it| !declared.iter().any(|known| known.key == it.as_str()));
    let indent = declared.first().map_or("  ", |it| {
        let start = lines.line(it.key_span.start).start;
        &lines.text[start..it.key_span.start]
    });
    let mut new = String::new();
    for name in missing {
        let description = scalar(&described(name, tracked, Some(&lines.root)));
        let name = scalar(name);
        new.push_str(&format!("{indent}{name}:{end}{indent}  description: {description}{end}"));
    }
    if new.is_empty() {
        return;
    }
    match known {
        Some(entry) if !declared.is_empty() && indent.trim().is_empty() => {
            lines.insert_after(edits, entry, &new);
        }
        Some(entry) => {
            lines.replace(edits, entry, &format!("additional_properties:{end}{new}"));
        }
        None => after_action.push_str(&format!("additional_properties:{end}{new}")),
    }
}

/// What an internal event needs and a dictionary entry may not have.
fn missing_fields(root: &Node<'_>, owner: &Owner, dash: &str, end: &str) -> String {
    let mut text = String::new();
    let mut add = |key: &str, value: String| {
        if root.entry(key).is_none() {
            text.push_str(&format!("{key}: {value}{end}"));
        }
    };
    add("product_group", scalar(&owner.group));
    let milestone = owner.milestone.as_ref().map_or("null".to_owned(), |it| format!("'{it}'"));
    add("milestone", milestone);
    add("introduced_by_url", owner.introduced_by_url.as_deref().map_or("null".to_owned(), scalar));
    if root.entry("tiers").is_none() {
        text.push_str(&format!("tiers:{end}{}", items(&owner.tiers, dash, end)));
    }
    text
}
