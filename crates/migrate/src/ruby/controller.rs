//! Macros of controllers: `track_event :show, name: 'x'`, `track_redis_hll_event :show, name: 'x'`.

use super::file::{File, Name, New, Plan, refusal};
use super::model::{Arg, Call, Shape, Value};
use crate::edit::Edits;
use crate::options::TwoNames;
use crate::site::{Found, Identifier, Reason, Refusal};

/// The module of the newest macro.
const MODULE: &str = "ProductAnalyticsTracking";

/// Methods from which the new macro takes what the event is about.
const SOURCES: [&str; 2] = ["tracking_namespace_source", "tracking_project_source"];

/// Whether a call is one of these.
pub(super) fn is_meant(call: &Call) -> bool {
    let is_macro = call.receiver.is_none() && call.method.is_none();
    match call.name.as_str() {
        "track_redis_hll_event" | "track_unique_redis_hll_event" => is_macro,
        "track_event" => is_macro && call.scope.is_some() && call.keyword("name").is_some(),
        _ => false,
    }
}

/// Where the legacy event went.
#[derive(Clone, Copy)]
struct Destinations {
    redis_hll: bool,
    snowplow: bool,
}

/// What becomes of it.
pub(super) fn plan(file: &File<'_>, call: &Call) -> Plan {
    if let Some(block) = &call.block {
        return Err(refusal(
            Reason::RawId,
            format!("a block decides what is counted: `{}`", file.short(&block.range)),
            "Internal events count the user, the project and the namespace. Track the event in the \
             action itself with `Gitlab::InternalEvents.track_event`.",
        ));
    }
    file.plain(call)?;
    let to = destinations(file, call)?;
    let name = event(file, call, to)?;
    if !name.also.is_empty() {
        return Err(refusal(
            Reason::ComputedName,
            format!("the macro chooses between two names: `{}`", name.written),
            "Write a macro for each of the two, with conditions.",
        ));
    }
    let mut new = New::default();
    for arg in &call.args {
        take_argument(file, arg, to, &name, &mut new)?;
    }
    if call.keyword("name").is_none() {
        new.kept.push(format!("name: {}", name.written));
    }
    new.found = found(file, to, name, new.found);
    note(file, call, to, &mut new);
    file.movable(call, &new)?;
    Ok(new)
}

fn destinations(file: &File<'_>, call: &Call) -> Result<Destinations, Refusal> {
    let Some(value) = call.keyword("destinations").filter(|_| call.name == "track_event") else {
        return Ok(Destinations { redis_hll: true, snowplow: false });
    };
    let names: Option<Vec<&str>> = match &value.shape {
        Shape::Array(it) => it.iter().map(Value::literal).collect(),
        _ => value.literal().map(|it| vec![it]),
    };
    let has = |name: &str| names.as_ref().is_some_and(|it| it.contains(&name));
    let to = Destinations { redis_hll: has("redis_hll"), snowplow: has("snowplow") };
    let count = names.as_ref().map_or(0, Vec::len);
    if count == 0 || count != usize::from(to.redis_hll) + usize::from(to.snowplow) {
        return Err(refusal(
            Reason::IndirectArguments,
            format!("destinations are not written here: `{}`", file.short(&value.range)),
            "Write out `destinations: [:redis_hll, :snowplow]`, or what of it is meant.",
        ));
    }
    Ok(to)
}

/// The event: `name` was that of the counter, `action` that of Snowplow.
fn event(file: &File<'_>, call: &Call, to: Destinations) -> Result<Name, Refusal> {
    let missing = |what: &str| {
        refusal(
            Reason::UnknownArgument,
            format!("there is no `{what}:` in `{}`", file.short(&call.range)),
            format!("Say which event it is: `{what}: '…'`."),
        )
    };
    let counted = call.keyword("name").ok_or_else(|| missing("name"));
    if !to.snowplow {
        return file.event_name(counted?, call);
    }
    let action = call.keyword("action").ok_or_else(|| missing("action"))?;
    if to.redis_hll && file.options.two_names == TwoNames::Counted {
        return file.event_name(counted?, call);
    }
    let action_name = file.event_name(action, call)?;
    if to.redis_hll {
        let name = file.event_name(counted?, call)?;
        if name.event != action_name.event {
            return Err(refusal(
                Reason::SeveralCalls,
                format!(
                    "it is two events: `{}` is counted, `{}` goes to Snowplow",
                    name.event, action_name.event
                ),
                "Choose one name for both: `--counted-name` takes the first, and `--rename` can give \
                 both the same one.",
            ));
        }
        return Ok(name);
    }
    Ok(action_name)
}

fn take_argument(
    file: &File<'_>,
    arg: &Arg,
    to: Destinations,
    name: &Name,
    new: &mut New,
) -> Result<(), Refusal> {
    let written = file.code(&arg.range);
    let Some((key, value)) = arg.keyword() else {
        new.kept.push(written.to_owned());
        return Ok(());
    };
    match key {
        "name" => new.kept.push(format!("name: {}", name.written)),
        "conditions" => new.kept.push(written.to_owned()),
        // There is no variable of this name that `if:` alone could stand for.
        "if" if arg.is_short() => {
            return Err(refusal(
                Reason::NotUnderstood,
                format!("the condition is missing after `{written}`"),
                "Write out the condition.",
            ));
        }
        "if" => new.kept.push(format!("conditions: {}", file.code(&value.range))),
        "destinations" | "action" => {}
        "label" if !to.snowplow => {
            new.notes.push(format!("`{written}` was for Snowplow, which the event did not go to."));
        }
        "label" => file.add_property(arg, new)?,
        _ => {
            return Err(refusal(
                Reason::UnknownArgument,
                format!("the macro of internal events has no `{written}`"),
                "Leave it out if it says nothing of use.",
            ));
        }
    }
    Ok(())
}

fn found(file: &File<'_>, to: Destinations, name: Name, found: Found) -> Found {
    let known = file.project.legacy_events.get(name.legacy());
    let hint = known.and_then(|it| it.unique_hint.clone());
    Found {
        unique: to.redis_hll.then(|| hint.unwrap_or_else(|| "user.id".into())),
        was_unique: to.redis_hll,
        name: name.event,
        old_name: name.old,
        identifiers: [Identifier::User, Identifier::Project, Identifier::Namespace].into(),
        properties: found.properties,
        ..Found::default()
    }
}

/// What Snowplow was told, if that is not the event's name.
fn other_action<'f>(
    file: &'f File<'_>,
    call: &Call,
    to: Destinations,
    event: &str,
) -> Option<&'f str> {
    let action = call.keyword("action").filter(|_| to.redis_hll)?;
    let is_same = action.literal().is_some_and(|it| file.options.renamed(it) == event);
    (!is_same).then(|| file.code(&action.range).trim_matches(['\'', '"', ':']))
}

fn note(file: &File<'_>, call: &Call, to: Destinations, new: &mut New) {
    let event = new.found.name.clone();
    let event = event.as_str();
    if to.redis_hll {
        new.notes.push(
            "Visitors were counted by a cookie; signed-in users are counted now, by their id."
                .into(),
        );
    }
    if to.snowplow {
        if let Some(action) = other_action(file, call, to, event) {
            new.notes.push(format!("Snowplow got `{action}`, and gets `{event}` now."));
        }
        new.notes
            .push("The category was the controller and is `InternalEventTracking` now.".into());
        new.notes.push("`property` was the name of the counter and is gone.".into());
    }
    let scope = call.scope.and_then(|it| file.source.scopes.get(it));
    let has = |name: &str| scope.is_some_and(|it| it.methods.iter().any(|it| it == name));
    if !SOURCES.into_iter().all(has) {
        new.notes.push(format!(
            "The controller, or its parent, needs private methods `{}` and `{}`.",
            SOURCES[0], SOURCES[1]
        ));
    }
}

/// `include RedisTracking` brought the old macro. The module of the new macro takes its place, or
/// comes below it where an old call stays.
pub(super) fn change_include(file: &File<'_>, scope: usize, needs_old: bool, edits: &mut Edits) {
    let includes = &file.source.scopes[scope].includes;
    if includes.iter().any(|it| it.2 == MODULE) {
        return;
    }
    let Some((statement, name, _)) = includes.iter().find(|it| it.2 == "RedisTracking") else {
        return;
    };
    if !needs_old {
        edits.replace(name.clone(), MODULE);
        return;
    }
    let (line_break, end) = (file.line_break(), statement.end);
    let indentation = file.indentation(statement.start);
    edits.replace(end..end, format!("{line_break}{indentation}include {MODULE}"));
}
