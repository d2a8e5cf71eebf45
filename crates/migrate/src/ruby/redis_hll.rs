//! `HLLRedisCounter.track_event(:name, values: user.id)` and its older forms.

use super::file::{File, New, Plan, refusal};
use super::identifiers::Object;
use super::model::{Arg, Call, Shape, Value};
use crate::site::{Found, Reason, Refusal};

/// Whether a call is one of these.
pub(super) fn is_meant(call: &Call) -> bool {
    match call.name.as_str() {
        "track_event" | "track_event_in_context" => match call.constant() {
            Some(it) => is_counter(it),
            // A counter in a variable: no other `track_event` takes values.
            None => call.receiver.is_some() && call.keyword("values").is_some(),
        },
        "track_usage_event" | "increment_unique_values" => true,
        _ => false,
    }
}

fn is_counter(name: &str) -> bool {
    name == "HLLRedisCounter" || name.ends_with("::HLLRedisCounter")
}

/// What becomes of it.
pub(super) fn plan(file: &File<'_>, call: &Call) -> Plan {
    file.plain(call)?;
    if let Some(it) = call.receiver.as_ref().filter(|it| !is_certain(it)) {
        return Err(refusal(
            Reason::IndirectArguments,
            format!("what counts comes from somewhere else: `{}`", file.short(&it.range)),
            "Write `Gitlab::UsageDataCounters::HLLRedisCounter` out at this call.",
        ));
    }
    if let Some(it) = call.args.iter().find(|it| it.keyword().is_some_and(|it| it.0 != "values")) {
        return Err(unknown(file, it));
    }
    let (name, values) = name_and_values(file, call)?;
    let name = file.event_name(name, call)?;
    let Object { identifier, written } = file.object(values, call, &name)?;
    let key = identifier.name();
    let found = Found {
        name: name.event.clone(),
        old_name: name.old.clone(),
        identifiers: [identifier].into(),
        unique: Some(format!("{key}.id")),
        was_unique: true,
        ..Found::default()
    };
    let kept = vec![format!("{key}: {written}")];
    let new = New { name: name.written, kept, found, also: name.also, ..New::default() };
    file.movable(call, &new)?;
    Ok(new)
}

/// Whether it is clear what a call is called upon, and that it is there.
fn is_certain(receiver: &Value) -> bool {
    matches!(receiver.shape, Shape::Constant(_) | Shape::Own)
}

/// The name and the ids: `(name, values: ids)`, `(name, ids)`, and long ago `(ids, name)`.
fn name_and_values<'c>(file: &File<'_>, call: &'c Call) -> Result<(&'c Value, &'c Value), Refusal> {
    let positional: Vec<&Value> = call.args.iter().filter_map(Arg::positional).collect();
    match (&positional[..], call.keyword("values")) {
        ([name], Some(values)) => Ok((name, values)),
        ([first, second], None) if first.literal().is_some() => Ok((first, second)),
        ([first, second], None) if second.literal().is_some() => Ok((second, first)),
        ([first, second], None) => Ok((first, second)),
        _ => Err(refusal(
            Reason::UnknownArgument,
            format!("a name and ids are expected: `{}`", file.short(&call.range)),
            "Call it as `track_event(name, values: user.id)` first.",
        )),
    }
}

fn unknown(file: &File<'_>, arg: &Arg) -> Refusal {
    let advice = match arg.keyword().map(|it| it.0) {
        Some("time") => "Internal events happen now. Leave it out if the time is that of the call.",
        Some("context") => "Internal events tell plans apart by themselves. Leave it out.",
        Some("property_name") => "This is how internal events call it. It is none to migrate.",
        _ => "Leave it out if it says nothing of use.",
    };
    let what = format!("internal events have no `{}`", file.short(&arg.range));
    refusal(Reason::UnknownArgument, what, advice)
}
