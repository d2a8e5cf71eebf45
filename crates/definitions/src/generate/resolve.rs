//! Turns a request into values that are all there and all valid.

use super::words::{check_event_name, check_milestone, check_property_name, check_url};
use super::{Existing, Identifier, Inferred, Problem, Request, Tier, Unique, describe};
use crate::{Analysis, Facts};
use internal_events_catalog::TimeFrame;

/// An identifier that lists ids, and so cannot be counted itself.
const LISTED_IDENTIFIER: &str = "feature_enabled_by_namespace_ids";

/// A request with everything in place.
#[derive(Debug)]
pub(super) struct Resolved {
    pub(super) event: String,
    pub(super) group: String,
    pub(super) mr: String,
    pub(super) unique: Option<Unique>,
    pub(super) time_frames: Vec<TimeFrame>,
    pub(super) tiers: Vec<Tier>,
    pub(super) description: String,
    pub(super) metric_description: String,
    pub(super) milestone: String,
    pub(super) categories: Vec<String>,
    pub(super) identifiers: Vec<String>,
    pub(super) properties: Vec<(String, String)>,
}

/// Collects problems and inferred values while a request is read.
#[derive(Default)]
struct Notes {
    problems: Vec<Problem>,
    inferred: Vec<Inferred>,
}

impl Notes {
    fn check(&mut self, res: Result<(), Problem>) {
        self.problems.extend(res.err());
    }

    fn infer(&mut self, flag: &'static str, value: impl Into<String>, reason: impl Into<String>) {
        self.inferred.push(Inferred { flag, value: value.into(), reason: reason.into() });
    }
}

pub(super) fn resolve(
    request: &Request,
    known: &Analysis,
) -> Result<(Resolved, Vec<Inferred>), Vec<Problem>> {
    let mut notes = Notes::default();
    let event = required("event", request.event.as_deref(), &mut notes);
    if let Some(event) = &event {
        notes.check(check_event_name(event));
    }
    let group = required("group", request.group.as_deref(), &mut notes);
    let mr = required("mr", request.mr.as_deref(), &mut notes);
    if let Some(mr) = &mr {
        notes.check(check_url(mr));
    }
    let time_frames = time_frames(request, &mut notes);
    let tiers = tiers(request, &mut notes);
    let description = description(request, event.as_deref(), &mut notes);
    let milestone = milestone(request, &known.facts, &mut notes);
    let categories = categories(request, group.as_deref(), &known.facts, &mut notes);
    let (identifiers, properties) = carried(request, event.as_deref(), known, &mut notes);
    let unique = unique(request, &identifiers, &properties, &mut notes);
    let metric_description =
        metric_description(request, event.as_deref(), unique.as_ref(), &mut notes);

    match (event, group, mr) {
        (Some(event), Some(group), Some(mr)) if notes.problems.is_empty() => Ok((
            Resolved {
                event,
                group,
                mr,
                unique,
                time_frames,
                tiers,
                description,
                metric_description,
                milestone,
                categories,
                identifiers,
                properties,
            },
            notes.inferred,
        )),
        _ => Err(notes.problems),
    }
}

fn required(flag: &'static str, value: Option<&str>, notes: &mut Notes) -> Option<String> {
    let value = value.map(str::trim).filter(|it| !it.is_empty());
    if value.is_none() {
        notes.problems.push(Problem::missing(flag).help(match flag {
            "event" => "name what happens, for example `--event=click_save_button`",
            "group" => {
                "name the product group that owns it, for example `--group=project_management`"
            }
            _ => "give the URL of the merge request that introduces it",
        }));
    }
    value.map(str::to_owned)
}

fn time_frames(request: &Request, notes: &mut Notes) -> Vec<TimeFrame> {
    let is_unique = request.unique.is_some();
    let Some(given) = &request.time_frames else {
        let all = [TimeFrame::SevenDays, TimeFrame::TwentyEightDays, TimeFrame::All];
        let (time_frames, reason) = if is_unique {
            (&all[..2], "every time frame a unique metric can have")
        } else {
            (&all[..], "every time frame a total can have")
        };
        let value: Vec<&str> = time_frames.iter().map(|it| it.as_str()).collect();
        notes.infer("time-frames", value.join(" "), reason);
        return time_frames.to_vec();
    };
    let mut time_frames = Vec::new();
    for text in given {
        match TimeFrame::parse(text) {
            Some(TimeFrame::All) if is_unique => {
                let help = "unique values are kept per week: choose 7d, 28d, or leave --unique out";
                let message = "`all` does not go with --unique";
                notes.problems.push(Problem::new("time-frames", message).help(help));
            }
            Some(TimeFrame::None) | None => notes.problems.push(
                Problem::new("time-frames", format!("`{text}` is not a time frame"))
                    .help("choose from 7d, 28d and all"),
            ),
            Some(it) if !time_frames.contains(&it) => time_frames.push(it),
            Some(_) => {}
        }
    }
    if given.is_empty() {
        notes.problems.push(
            Problem::new("time-frames", "lists no time frame").help("choose from 7d, 28d and all"),
        );
    }
    time_frames
}

fn tiers(request: &Request, notes: &mut Notes) -> Vec<Tier> {
    let Some(given) = &request.tiers else {
        notes.infer("tiers", "free premium ultimate", "all of them");
        return Tier::ALL.to_vec();
    };
    for text in given {
        if !Tier::ALL.iter().any(|it| it.as_str() == text) {
            notes.problems.push(
                Problem::new("tiers", format!("`{text}` is not a tier"))
                    .help("choose from free, premium and ultimate"),
            );
        }
    }
    if given.is_empty() {
        notes.problems.push(
            Problem::new("tiers", "lists no tier").help("choose from free, premium and ultimate"),
        );
    }
    Tier::ALL.into_iter().filter(|it| given.iter().any(|text| it.as_str() == text)).collect()
}

fn description(request: &Request, event: Option<&str>, notes: &mut Notes) -> String {
    match request.description.as_deref().map(str::trim) {
        Some("") => {
            notes.problems.push(
                Problem::new("description", "is blank").help("say in a sentence when it happens"),
            );
            String::new()
        }
        Some(it) => it.to_owned(),
        None => {
            let composed = describe::event_description(event.unwrap_or_default());
            notes.infer("description", &composed, "composed from the name");
            composed
        }
    }
}

fn metric_description(
    request: &Request,
    event: Option<&str>,
    unique: Option<&Unique>,
    notes: &mut Notes,
) -> String {
    match request.metric_description.as_deref().map(str::trim) {
        Some("") => {
            let start = describe::metric_description_start(unique, TimeFrame::SevenDays);
            notes.problems.push(
                Problem::new("metric-description", "is blank")
                    .help(format!("continue the sentence \"{start} …\"")),
            );
            String::new()
        }
        Some(it) => it.to_owned(),
        None => {
            let composed = describe::metric_description_end(event.unwrap_or_default(), unique);
            notes.infer("metric-description", &composed, "composed from the name");
            composed
        }
    }
}

fn milestone(request: &Request, facts: &Facts, notes: &mut Notes) -> String {
    if let Some(given) = &request.milestone {
        notes.check(check_milestone(given));
        return given.clone();
    }
    let (milestone, reason) = inferred_milestone(request.version.as_deref(), facts);
    notes.infer("milestone", &milestone, reason);
    milestone
}

/// Finds the milestone a new definition belongs to, and says where it was found.
pub fn inferred_milestone(version: Option<&str>, facts: &Facts) -> (String, &'static str) {
    if let Some(milestone) = version.and_then(first_two_numbers) {
        return (milestone, "from the file VERSION");
    }
    match facts.newest_milestone.as_deref().and_then(first_two_numbers) {
        Some(milestone) => (milestone, "that of the newest definition"),
        None => ("0.0".to_owned(), "there is neither a file VERSION nor any definition"),
    }
}

/// Finds the first `17.3` in a text.
fn first_two_numbers(text: &str) -> Option<String> {
    let is_digit = |it: char| it.is_ascii_digit();
    text.match_indices('.').find_map(|(dot, _)| {
        let before = &text[..dot];
        let major = &before[before.trim_end_matches(is_digit).len()..];
        let after = &text[dot + 1..];
        let minor = &after[..after.len() - after.trim_start_matches(is_digit).len()];
        (!major.is_empty() && !minor.is_empty()).then(|| format!("{major}.{minor}"))
    })
}

fn categories(
    request: &Request,
    group: Option<&str>,
    facts: &Facts,
    notes: &mut Notes,
) -> Vec<String> {
    if let Some(given) = &request.categories {
        let mut categories: Vec<String> = Vec::new();
        for it in given {
            if !categories.contains(it) {
                categories.push(it.clone());
            }
        }
        return categories;
    }
    let suggested = suggested_categories(group.unwrap_or_default(), facts);
    // Of several the author has to choose; a wrong category is worse than none.
    match suggested.as_slice() {
        [only] => {
            notes.infer("categories", only, "the only category this group uses");
            suggested
        }
        [] => {
            notes.infer("categories", "none", "this group uses none yet");
            Vec::new()
        }
        _ => {
            notes.infer("categories", "none", format!("choose from {}", suggested.join(", ")));
            Vec::new()
        }
    }
}

/// Lists the categories that other definitions of a group use.
pub fn suggested_categories(group: &str, facts: &Facts) -> Vec<String> {
    facts.categories_by_group.get(group).into_iter().flatten().cloned().collect()
}

/// What the event carries: identifiers, and properties with their descriptions.
type Carried = (Vec<String>, Vec<(String, String)>);

fn carried(request: &Request, event: Option<&str>, known: &Analysis, notes: &mut Notes) -> Carried {
    if let Some(existing) = event.and_then(|it| super::existing_event(it, known))
        && request.existing != Existing::Replace
    {
        let properties = existing.properties.iter().map(|it| (it.clone(), String::new()));
        return (existing.identifiers.clone(), properties.collect());
    }
    (identifiers(request, notes), properties(request, notes))
}

fn identifiers(request: &Request, notes: &mut Notes) -> Vec<String> {
    let all = Identifier::ALL.map(Identifier::as_str);
    let Some(given) = &request.identifiers else {
        notes.infer("identifiers", all.join(" "), "all that GitLab's generator offers");
        return all.map(str::to_owned).to_vec();
    };
    let mut identifiers: Vec<String> = Vec::new();
    for text in given {
        if !all.contains(&text.as_str()) && text != LISTED_IDENTIFIER {
            notes.problems.push(
                Problem::new("identifiers", format!("`{text}` is not an identifier"))
                    .help(format!("choose from {} and {LISTED_IDENTIFIER}", all.join(", "))),
            );
        } else if !identifiers.contains(text) {
            identifiers.push(text.clone());
        }
    }
    identifiers
}

fn properties(request: &Request, notes: &mut Notes) -> Vec<(String, String)> {
    let mut properties: Vec<(String, String)> = Vec::new();
    for (name, description) in &request.properties {
        notes.check(check_property_name(name));
        let description = description.trim();
        if description.is_empty() {
            notes.problems.push(
                Problem::new("property", format!("`{name}` has no description"))
                    .help(format!("write --property '{name}=what it holds'")),
            );
        }
        if properties.iter().any(|(it, _)| it == name) {
            notes.problems.push(Problem::new("property", format!("`{name}` is given twice")));
        }
        properties.push((name.clone(), description.to_owned()));
    }
    properties
}

fn unique(
    request: &Request,
    identifiers: &[String],
    properties: &[(String, String)],
    notes: &mut Notes,
) -> Option<Unique> {
    let text = request.unique.as_deref()?.trim();
    let unique = Unique::parse(text);
    if let Unique::Identifier(identifier) = &unique {
        let name = identifier.as_str();
        if !identifiers.iter().any(|it| it == name) {
            notes.problems.push(
                Problem::new("unique", format!("the event does not carry the identifier `{name}`"))
                    .help(format!("add {name} to the event's identifiers")),
            );
        }
        return Some(unique);
    }
    // A property of an existing event can have any name, but ours becomes part of a path.
    let is_declared = properties.iter().any(|(name, _)| name == text);
    if !is_declared || check_property_name(text).is_err() {
        let declared = properties.iter().map(|(name, _)| name.as_str());
        let choices: Vec<&str> =
            ["user.id", "project.id", "namespace.id"].into_iter().chain(declared).collect();
        let message = format!("`{text}` is neither an identifier nor a property of the event");
        notes.problems.push(Problem::new("unique", message).help(format!(
            "choose from {}, or declare it with --property '{text}=what it holds'",
            choices.join(", ")
        )));
    }
    Some(unique)
}

/// Names the flags that would change an event that stays as it is.
pub(super) fn changes_of_existing_event(request: &Request, path: &str) -> Vec<Problem> {
    let given = [
        ("description", request.description.is_some()),
        ("identifiers", request.identifiers.is_some()),
        ("property", !request.properties.is_empty()),
    ];
    given
        .into_iter()
        .filter(|(_, is_given)| *is_given)
        .map(|(flag, _)| {
            Problem::new(flag, format!("describes a new event, but {path} already defines it"))
                .help("edit that file, leave the flag out, or pass --force to replace the file")
        })
        .collect()
}
