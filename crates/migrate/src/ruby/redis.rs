//! Counters of plain Redis keys: `Gitlab::UsageDataCounters::WikiPageCounter.count(:create)`.

use super::file::{File, New, Plan, refusal};
use super::model::{Arg, Call};
use crate::site::{Found, Reason, Refusal};

/// Prefixes of counter classes, by the class. Their keys are `USAGE_<prefix>_<event>`.
const PREFIXES: &[(&str, &str)] = &[
    ("CycleAnalyticsCounter", "cycle_analytics"),
    ("DesignsCounter", "design_management_designs"),
    ("MergeRequestCounter", "merge_request"),
    ("NoteCounter", "note"),
    ("PackageEventCounter", "package_events"),
    ("ProductivityAnalyticsCounter", "productivity_analytics"),
    ("SnippetCounter", "snippet"),
    ("SourceCodeCounter", "source_code"),
    ("WikiPageCounter", "wiki_pages"),
];

/// Whether a call is one of these.
pub(super) fn is_meant(call: &Call) -> bool {
    let is_count =
        matches!(call.name.as_str(), "count" | "increment") || call.name.starts_with("increment_");
    is_count && call.constant().is_some_and(|it| class(it).is_some())
}

/// The counter class; empty for the module, which asks all of them.
fn class(constant: &str) -> Option<&str> {
    let path = constant.strip_prefix("Gitlab::").unwrap_or(constant);
    match path.strip_prefix("UsageDataCounters")? {
        "" => Some(""),
        it => {
            it.strip_prefix("::").filter(|it| it.ends_with("Counter") && *it != "HLLRedisCounter")
        }
    }
}

/// What becomes of it.
pub(super) fn plan(file: &File<'_>, call: &Call) -> Plan {
    file.plain(call)?;
    let class = call.constant().and_then(class).unwrap_or_default();
    let (legacy, key) = match call.name.strip_prefix("increment_") {
        Some(it) => {
            let event = it.strip_suffix("_count").ok_or_else(|| unknown(file, call, class))?;
            of_method(file, call, class, event)?
        }
        None => of_event(file, call, class)?,
    };
    let name = file.name(&legacy, '\'')?;
    let found = Found {
        name: name.event.clone(),
        old_name: name.old.clone(),
        was_total: Some(key.clone()),
        ..Found::default()
    };
    let notes = vec![format!(
        "It was counted under the key `{key}`. The event has no user, project or namespace yet: add \
         those that are at hand."
    )];
    let new = New { name: name.written, found, notes, ..New::default() };
    file.movable(call, &new)?;
    Ok(new)
}

/// `count(:create)`: the name is that of prefix and event together.
fn of_event(file: &File<'_>, call: &Call, class: &str) -> Result<(String, String), Refusal> {
    let value = match &call.args[..] {
        [only] => only.positional(),
        _ => None,
    };
    let Some(value) = value else {
        let code = call.args.get(1).map_or(&call.range, |it: &Arg| &it.range);
        return Err(refusal(
            Reason::UnknownArgument,
            format!("the name of an event is expected and nothing else: `{}`", file.short(code)),
            "Track one event for each kind, or one event whose property has the kind.",
        ));
    };
    let event = value.literal().ok_or_else(|| file.computed(value))?;
    if class.is_empty() {
        return Ok((event.to_owned(), format!("USAGE_{}", event.to_uppercase())));
    }
    if class == "SearchCounter" {
        return Ok(of_search(event));
    }
    let prefix = prefix(file, class, event).ok_or_else(|| unknown(file, call, class))?;
    let name = format!("{prefix}_{event}");
    let key = format!("USAGE_{}", name.to_uppercase());
    Ok((name, key))
}

/// `increment_views_count`: classes with methods have keys without `USAGE_`.
fn of_method(
    file: &File<'_>,
    call: &Call,
    class: &str,
    event: &str,
) -> Result<(String, String), Refusal> {
    if let Some(it) = call.args.first() {
        return Err(refusal(
            Reason::UnknownArgument,
            format!("the counter is given `{}`", file.short(&it.range)),
            "Look what the counter does with it, and make an identifier or a property of it.",
        ));
    }
    match class {
        "SearchCounter" => Ok(of_search(event)),
        "WebIdeCounter" => {
            let name = format!("web_ide_{event}");
            let key = format!("{}_COUNT", name.to_uppercase());
            Ok((name, key))
        }
        _ => Err(unknown(file, call, class)),
    }
}

fn of_search(event: &str) -> (String, String) {
    (event.to_owned(), format!("{}_COUNT", event.to_uppercase()))
}

/// The prefix of a class: one that is known, or one under which a metric has the event.
fn prefix(file: &File<'_>, class: &str, event: &str) -> Option<String> {
    let known = PREFIXES.iter().find(|it| it.0 == class).map(|it| it.1.to_owned());
    known.or_else(|| {
        let snake = snake_case(class.rsplit("::").next()?.strip_suffix("Counter")?);
        let candidates = [format!("{snake}s"), snake];
        candidates
            .into_iter()
            .find(|it| file.project.legacy_events.contains_key(&format!("{it}_{event}")))
    })
}

fn snake_case(name: &str) -> String {
    let mut snake = String::new();
    for it in name.chars() {
        if it.is_ascii_uppercase() && !snake.is_empty() {
            snake.push('_');
        }
        snake.push(it.to_ascii_lowercase());
    }
    snake
}

fn unknown(file: &File<'_>, call: &Call, class: &str) -> Refusal {
    refusal(
        Reason::NotUnderstood,
        format!("the key of `{}` is not known", file.short(&call.range)),
        format!(
            "Look into `{class}` under which key it counts, track an event of that name with \
             `Gitlab::InternalEvents.track_event`, and lead its counter into the key in \
             `total_counter_redis_key_overrides.yml`."
        ),
    )
}
