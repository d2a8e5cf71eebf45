//! `Gitlab::Tracking.event(category, action, label:, property:, value:, context:, project:, …)`.

use super::file::{File, Name, New, Plan, refusal};
use super::model::{Arg, Call, Shape, Value};
use crate::site::{Found, Identifier, Reason, Refusal};

/// Whether a call is one of these.
pub(super) fn is_meant(file: &File<'_>, call: &Call) -> bool {
    let constant = call.constant().filter(|_| call.name == "event");
    constant.is_some_and(|it| it == "Gitlab::Tracking" || may_be_meant(file, call))
}

/// `Tracking.event` within `Gitlab`, where it may be `Gitlab::Tracking`, or something nearer.
fn may_be_meant(file: &File<'_>, call: &Call) -> bool {
    let scope = |it: Option<usize>| it.and_then(|it| file.source.scopes.get(it));
    let mut around = std::iter::successors(scope(call.scope), |it| scope(it.parent));
    call.constant() == Some("Tracking")
        && around.any(|it| it.name == "Gitlab" || it.name.starts_with("Gitlab::"))
}

/// What becomes of it.
pub(super) fn plan(file: &File<'_>, call: &Call) -> Plan {
    file.plain(call)?;
    if call.constant() != Some("Gitlab::Tracking") {
        return Err(refusal(
            Reason::NotUnderstood,
            format!("`{}` may be another class than `Gitlab::Tracking`", file.head(call)),
            "Write `Gitlab::Tracking.event` if that is meant.",
        ));
    }
    let positional: Vec<&Value> = call.args.iter().filter_map(Arg::positional).collect();
    let [category, action] = positional[..] else {
        let code = positional.get(2).map_or_else(|| file.head(call), |it| file.short(&it.range));
        return Err(refusal(
            Reason::UnknownArgument,
            format!("a category, an action and named arguments are expected, not `{code}`"),
            "Call it as `Gitlab::Tracking.event(category, action, label: …)` first.",
        ));
    };
    let name = file.event_name(action, call)?;
    let mut new = New { name: name.written.clone(), ..New::default() };
    new.found = Found { name: name.event.clone(), old_name: name.old.clone(), ..Found::default() };
    for arg in &call.args {
        take_argument(file, &name, arg, &mut new)?;
    }
    new.also = name.also;
    note_category(file, category, &mut new);
    file.movable(call, &new)?;
    Ok(new)
}

fn take_argument(file: &File<'_>, name: &Name, arg: &Arg, new: &mut New) -> Result<(), Refusal> {
    let Some((key, value)) = arg.keyword() else { return Ok(()) };
    let identifier = match key {
        "context" => return take_context(file, name, value, new),
        "user" => Identifier::User,
        "project" => Identifier::Project,
        "namespace" => Identifier::Namespace,
        _ => return file.add_property(arg, new),
    };
    match &value.shape {
        Shape::Nil => {
            new.notes.push(format!("`{key}` was always empty and is gone."));
            return Ok(());
        }
        Shape::Call(it) if it.name == "id" => {
            return Err(refusal(
                Reason::RawId,
                format!("`{}` hands over an id", file.code(&arg.range)),
                "Internal events take the object: leave `.id` out.",
            ));
        }
        _ => {}
    }
    new.found.identifiers.insert(identifier);
    new.has_short |= arg.is_short();
    new.kept.push(file.code(&arg.range).to_owned());
    Ok(())
}

/// Contexts: internal events send one of their own, that of Service Ping. Others are lost.
fn take_context(file: &File<'_>, name: &Name, value: &Value, new: &mut New) -> Result<(), Refusal> {
    let elements = match &value.shape {
        Shape::Array(it) => it.as_slice(),
        Shape::Nil => return Ok(()),
        _ => std::slice::from_ref(value),
    };
    let events: Option<Vec<&Value>> = elements.iter().map(service_ping).collect();
    if let Some(events) = events {
        let other = events.into_iter().find(|it| !is_same(file, name, it));
        let Some(other) = other.filter(|_| !file.drops_context()) else {
            new.notes
                .push("The context of Service Ping is sent by internal events themselves.".into());
            return Ok(());
        };
        return Err(refusal(
            Reason::SeveralCalls,
            format!(
                "it is two events: `{}` goes to Snowplow, and `{}` is counted",
                name.event,
                file.code(&other.range).trim_matches(['\'', '"', ':'])
            ),
            "An internal event does both. Merge this call and the one that counts into one of one \
             name, and migrate again; `--rename` can give both the same name.",
        ));
    }
    let code = file.short(&value.range);
    if file.drops_context() {
        new.notes.push(format!("The context `{code}` is not sent any more."));
        return Ok(());
    }
    Err(refusal(
        Reason::CustomContext,
        format!("internal events have no custom contexts: `context: {code}`"),
        "Make additional properties of what the context says, or leave it out \
         (`--drop-context` does).",
    ))
}

/// The event of `…ServicePingContext.new(data_source: …, event: 'x').to_context`.
fn service_ping(value: &Value) -> Option<&Value> {
    let Shape::Call(outer) = &value.shape else { return None };
    let inner = match (outer.name.as_str(), &outer.receiver) {
        ("to_context", Some(Value { shape: Shape::Call(inner), .. })) => inner,
        ("new", _) => outer,
        _ => return None,
    };
    let is_class = inner.receiver.as_ref().is_some_and(|it| match &it.shape {
        Shape::Constant(it) => it.ends_with("ServicePingContext"),
        _ => false,
    });
    let event = inner.args.iter().filter_map(Arg::keyword).find(|it| it.0 == "event");
    event.filter(|_| is_class && inner.name == "new").map(|it| it.1)
}

/// Whether a context is about the very event that is tracked.
fn is_same(file: &File<'_>, name: &Name, event: &Value) -> bool {
    let text = match &event.shape {
        Shape::Constant(it) if name.written == file.code(&event.range) => return !it.is_empty(),
        _ => event.literal(),
    };
    text.is_some_and(|it| it == name.legacy() || file.options.renamed(it) == name.event)
}

/// The event that is counted together with what a call sends, if another one is.
pub(super) fn companion(call: &Call) -> Option<&str> {
    let (_, context) = call.args.iter().filter_map(Arg::keyword).find(|it| it.0 == "context")?;
    let elements = match &context.shape {
        Shape::Array(it) => it.as_slice(),
        _ => std::slice::from_ref(context),
    };
    elements.iter().find_map(|it| service_ping(it)?.literal())
}

fn note_category(file: &File<'_>, category: &Value, new: &mut New) {
    let code = file.code(&category.range).to_owned();
    if file.options.keeps_category {
        let written = match &category.shape {
            Shape::Own => "self.name".to_owned(),
            Shape::Call(it) if it.name == "class" => format!("{code}.name"),
            Shape::Symbol(it) => super::properties::quoted(it),
            _ => code,
        };
        new.category = Some(written);
    } else {
        new.was_category = Some(code);
    }
}
