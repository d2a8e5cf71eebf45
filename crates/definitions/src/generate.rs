//! Plans new definition files: one event, and one metric per time frame.
//!
//! [`plan`] takes what the user asked for and what already exists. It answers with the text of
//! every file, each value it had to infer, and code to paste; or with everything that is wrong
//! with the request at once. It writes nothing: whoever calls it can show the plan first.

mod choice;
mod describe;
mod document;
mod resolve;
mod usage;
mod words;

pub use choice::{Identifier, Tier, Unique};
pub use describe::{is_composed_description, metric_description_end, metric_description_start};
pub use document::{EventDraft, draft_text, scalar};
pub use resolve::{inferred_milestone, suggested_categories};
pub use usage::{Language, Purpose, Snippet};
pub use words::{check_event_name, check_milestone, check_property_name, check_url};

use crate::tables::Tables;
use crate::{Analysis, Diagnostic, Source, Sources};
use internal_events_catalog::{
    DataSource, EventDefinition, MetricDefinition, MetricStatus, SelectionRule, TimeFrame,
};
use resolve::Resolved;
use std::collections::BTreeSet;
use std::fmt;

/// What the user asked for; what is `None` is inferred.
#[derive(Clone, Debug, Default)]
pub struct Request {
    /// The event's action; required.
    pub event: Option<String>,
    /// The product group that owns event and metrics; required.
    pub group: Option<String>,
    /// The merge request that introduces them; required.
    pub mr: Option<String>,
    /// What to count distinctly: `user.id`, `project.id`, `namespace.id` or a property.
    pub unique: Option<String>,
    /// `7d`, `28d`, `all`.
    pub time_frames: Option<Vec<String>>,
    /// `free`, `premium`, `ultimate`.
    pub tiers: Option<Vec<String>>,
    /// What the event means.
    pub description: Option<String>,
    /// What the metrics count, without the leading "Weekly count of …".
    pub metric_description: Option<String>,
    /// The milestone that introduces them.
    pub milestone: Option<String>,
    /// Feature categories.
    pub categories: Option<Vec<String>>,
    /// Identifiers the event carries.
    pub identifiers: Option<Vec<String>>,
    /// Additional properties: name and description.
    pub properties: Vec<(String, String)>,
    /// The text of the file `VERSION`, where there is one.
    pub version: Option<String>,
    /// What to do with files that are already there.
    pub existing: Existing,
}

/// What to do with a definition that is already there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Existing {
    /// Refuse the request.
    #[default]
    Refuse,
    /// Keep it, and write the others.
    Keep,
    /// Replace it, provided that it is in the file we would write.
    Replace,
}

/// Everything that would be written, and why.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The event's action.
    pub event: String,
    /// Key paths of the metrics, one per time frame.
    pub key_paths: Vec<String>,
    /// The files to write, the event's first.
    pub files: Vec<PlannedFile>,
    /// Paths of existing files that stay as they are.
    pub kept: Vec<String>,
    /// Existing metrics that count the same under another name.
    pub overlaps: Vec<Overlap>,
    /// Values nobody gave.
    pub inferred: Vec<Inferred>,
    /// Code that tracks the event, and code that tests it.
    pub snippets: Vec<Snippet>,
}

/// A planned metric that counts what another one counts already.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Overlap {
    /// The planned metric.
    pub key_path: String,
    /// The existing one.
    pub existing: String,
    /// Its file.
    pub path: String,
}

/// One file to write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFile {
    /// Path relative to the root, with forward slashes.
    pub path: String,
    /// The whole content.
    pub text: String,
    /// What it defines.
    pub kind: FileKind,
    /// Whether it takes the place of an existing definition.
    pub replaces: bool,
}

/// What a planned file defines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// An event.
    Event,
    /// A metric.
    Metric,
}

/// A value nobody gave, and where it comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Inferred {
    /// The flag that sets it, without dashes.
    pub flag: &'static str,
    /// The value.
    pub value: String,
    /// Why it is this value.
    pub reason: String,
}

/// One thing that is wrong with a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Whether a value is missing, and not wrong.
    pub is_missing: bool,
    /// The flag it is about, without dashes.
    pub flag: &'static str,
    /// What is wrong: lower case, the user's own words in backticks, no full stop.
    pub message: String,
    /// What to do.
    pub help: Option<String>,
}

impl Problem {
    /// Makes a problem from the flag it is about and what is wrong.
    pub fn new(flag: &'static str, message: impl Into<String>) -> Self {
        Self { is_missing: false, flag, message: message.into(), help: None }
    }

    pub(crate) fn missing(flag: &'static str) -> Self {
        Self { is_missing: true, ..Self::new(flag, "is missing") }
    }

    /// Adds what to do.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "--{}: {}", self.flag, self.message)
    }
}

/// Plans the files of a request.
///
/// # Errors
///
/// Everything that is wrong with the request, in the order of the flags.
pub fn plan(request: &Request, known: &Analysis) -> Result<Plan, Vec<Problem>> {
    let (resolved, inferred) = resolve::resolve(request, known)?;
    let mut problems = Vec::new();
    let mut files = Vec::new();
    let mut kept = Vec::new();

    match event_file(&resolved, request, known) {
        Ok(Step::Write(file)) => files.push(file),
        Ok(Step::Keep(path)) => kept.push(path),
        Err(found) => problems.extend(found),
    }
    let mut key_paths = Vec::new();
    let mut overlaps = Vec::new();
    for &time_frame in &resolved.time_frames {
        let key_path = key_path(&resolved.event, resolved.unique.as_ref(), time_frame);
        match metric_file(&resolved, time_frame, &key_path, (request.existing, known)) {
            Ok(Step::Write(file)) => files.push(file),
            Ok(Step::Keep(path)) => kept.push(path),
            Err(problem) => problems.push(problem),
        }
        overlaps.extend(overlapping(&resolved, time_frame, &key_path, known));
        key_paths.push(key_path);
    }
    if !problems.is_empty() {
        return Err(problems);
    }
    let snippets = usage::snippets(&resolved, &key_paths);
    let is_new = kept.iter().all(|it| !it.contains("/events/"));
    let inferred =
        inferred.into_iter().filter(|it| is_new || !EVENT_ONLY.contains(&it.flag)).collect();
    Ok(Plan { event: resolved.event, key_paths, files, kept, overlaps, inferred, snippets })
}

/// Flags that only matter for an event definition.
const EVENT_ONLY: [&str; 3] = ["description", "identifiers", "property"];

enum Step {
    Write(PlannedFile),
    Keep(String),
}

fn event_file(
    resolved: &Resolved,
    request: &Request,
    known: &Analysis,
) -> Result<Step, Vec<Problem>> {
    let event = &resolved.event;
    let path = format!("{}config/events/{event}.yml", tree(&resolved.tiers));
    check_event_is_usable(event, known).map_err(|it| vec![it])?;
    let Some(existing) = existing_event(event, known) else {
        return Ok(Step::Write(event_text(resolved, path, false)));
    };
    match request.existing {
        Existing::Replace if existing.path == path => {
            Ok(Step::Write(event_text(resolved, path, true)))
        }
        Existing::Replace => {
            let message = format!("`{event}` is defined in {}", existing.path);
            let help = format!("`--force` replaces only {path}; move or edit the existing file");
            Err(vec![Problem::new("event", message).help(help)])
        }
        // Who keeps what is there may repeat a whole command to add what is missing.
        Existing::Keep => Ok(Step::Keep(existing.path.clone())),
        Existing::Refuse => {
            let problems = resolve::changes_of_existing_event(request, &existing.path);
            if problems.is_empty() { Ok(Step::Keep(existing.path.clone())) } else { Err(problems) }
        }
    }
}

/// Finds the definition of an internal event to which metrics can be added.
pub fn existing_event<'k>(event: &str, known: &'k Analysis) -> Option<&'k EventDefinition> {
    known.definitions.events.iter().find(|it| it.action == event && it.internal)
}

/// Checks that an event is either new or one to which metrics can be added.
///
/// # Errors
///
/// Why it is neither: its name belongs to a removed, a legacy or an unreadable definition.
pub fn check_event_is_usable(event: &str, known: &Analysis) -> Result<(), Problem> {
    let Some(path) = known.facts.actions.get(event) else {
        return Ok(());
    };
    let mut definitions = known.definitions.events.iter().filter(|it| it.action == event);
    let (message, help) = match definitions.next() {
        Some(it) if it.internal => return Ok(()),
        Some(_) => (
            format!("`{event}` is a legacy Snowplow event, see {path}"),
            "choose another name, or migrate that definition to an internal event first",
        ),
        None if path.contains("/removed/") => (
            format!("`{event}` was removed, its definition is {path}"),
            "choose another name: a name that was used keeps its old meaning in stored data",
        ),
        None => (
            format!("`{event}` is defined in {path}, which is not readable"),
            "run `internal-events check` and repair that file first",
        ),
    };
    Err(Problem::new("event", message).help(help))
}

fn event_text(resolved: &Resolved, path: String, replaces: bool) -> PlannedFile {
    PlannedFile { path, text: document::event(resolved), kind: FileKind::Event, replaces }
}

fn metric_file(
    resolved: &Resolved,
    time_frame: TimeFrame,
    key_path: &str,
    (policy, known): (Existing, &Analysis),
) -> Result<Step, Problem> {
    let path =
        format!("{}config/metrics/counts_{time_frame}/{key_path}.yml", tree(&resolved.tiers));
    let existing = known.facts.key_paths.get(key_path);
    match (existing, policy) {
        (Some(existing), Existing::Keep) => return Ok(Step::Keep(existing.clone())),
        (Some(existing), Existing::Refuse) => {
            let message = format!("the metric `{key_path}` already exists in {existing}");
            return Err(Problem::new("time-frames", message).help(
                "leave that time frame out, or pass --skip to keep or --force to replace it",
            ));
        }
        (Some(existing), Existing::Replace) if *existing != path => {
            let message = format!("the metric `{key_path}` is defined in {existing}");
            return Err(Problem::new("time-frames", message)
                .help(format!("`--force` replaces only {path}; move or edit the existing file")));
        }
        (Some(_), Existing::Replace) | (None, _) => {}
    }
    let text = document::metric(resolved, time_frame, key_path);
    Ok(Step::Write(PlannedFile {
        path,
        text,
        kind: FileKind::Metric,
        replaces: existing.is_some(),
    }))
}

/// Finds metrics that count the same over the same time frame.
fn overlapping(
    resolved: &Resolved,
    time_frame: TimeFrame,
    key_path: &str,
    known: &Analysis,
) -> Vec<Overlap> {
    let unique = resolved.unique.as_ref().map(ToString::to_string);
    let rule = SelectionRule { unique, ..SelectionRule::total(&resolved.event) };
    let is_same = |it: &&MetricDefinition| {
        it.data_source == DataSource::InternalEvents
            && it.status != MetricStatus::Removed
            && it.time_frame == time_frame
            && it.key_path != key_path
            && it.rules == [rule.clone()]
    };
    let overlap = |it: &MetricDefinition| Overlap {
        key_path: key_path.to_owned(),
        existing: it.key_path.clone(),
        path: it.path.clone(),
    };
    known.definitions.metrics.iter().filter(is_same).map(overlap).collect()
}

/// Names a metric: what it counts, of which event, over which time frame.
pub fn key_path(event: &str, unique: Option<&Unique>, time_frame: TimeFrame) -> String {
    match unique {
        Some(unique) => {
            let unique = unique.to_string().replacen('.', "_", 1);
            format!("count_distinct_{unique}_from_{event}_{time_frame}")
        }
        None => format!("count_total_{event}_{time_frame}"),
    }
}

/// The tree a definition belongs to: what is not in the free tier is in the enterprise edition.
fn tree(tiers: &[Tier]) -> &'static str {
    if tiers.contains(&Tier::Free) { "" } else { "ee/" }
}

/// Lists kept outside the definitions, where there are such lists.
#[derive(Clone, Debug, Default)]
pub struct Lists {
    /// Every product group there is.
    pub groups: Option<BTreeSet<String>>,
    /// Every feature category there is; an active metric then needs one.
    pub categories: Option<BTreeSet<String>>,
}

/// Reads the lists of known groups and categories.
pub fn lists(sources: &Sources) -> Lists {
    let tables = Tables::read(sources);
    Lists { groups: tables.product_groups, categories: tables.categories }
}

impl Plan {
    /// Says what `check` would say about the planned files among the existing ones.
    pub fn diagnostics(&self, sources: &Sources) -> Vec<Diagnostic> {
        let mut sources = sources.clone();
        for file in &self.files {
            let list = match file.kind {
                FileKind::Event => &mut sources.events,
                FileKind::Metric => &mut sources.metrics,
            };
            list.retain(|it| it.path != file.path);
            list.push(Source { path: file.path.clone(), bytes: file.text.clone().into_bytes() });
            list.sort_by(|a, b| a.path.cmp(&b.path));
        }
        let paths: Vec<&str> = self.files.iter().map(|it| it.path.as_str()).collect();
        let mut found = crate::analyze(&sources).diagnostics;
        found.retain(|it| paths.contains(&it.path.as_str()));
        found
    }
}
