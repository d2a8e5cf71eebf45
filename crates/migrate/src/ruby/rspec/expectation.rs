//! `expect_snowplow_event(category:, action:, …)` after what is expected to track.

use super::super::file::{File, New, Plan, refusal};
use super::super::model::{Arg, Call, Shape, Statement, Value};
use super::super::render::WIDTH;
use super::changed;
use crate::edit::Edits;
use crate::site::{Reason, Refusal};

/// Calls that prepare something, and after which nobody expects an event.
const PREPARATIONS: &[&str] = &[
    "allow",
    "before",
    "build",
    "create",
    "enable_",
    "expect",
    "freeze_time",
    "is_expected",
    "let",
    "login_as",
    "sign_in",
    "stub_",
    "travel",
    "wait_",
];

/// Requests, after which a spec looks at the response.
const REQUESTS: [&str; 6] = ["get ", "post ", "put ", "patch ", "delete ", "head "];

/// What a spec looks at after a request.
const RESPONSES: [&str; 5] = ["response", "json_response", "controller", "flash", "page"];

/// Calls of tracking themselves, old and new ones: a spec that has them tracks by itself.
const TRACKING: &[&str] = &[
    "Gitlab::InternalEvents",
    "Gitlab::Tracking",
    "HLLRedisCounter",
    "UsageDataCounters",
    "increment_unique_values",
    "track_internal_event",
    "track_usage_event",
];

/// What an expectation says of an event.
#[derive(Default)]
struct Expected {
    name: Option<String>,
    with: Vec<String>,
    properties: Vec<String>,
}

/// What becomes of an expectation.
pub(super) fn plan(file: &File<'_>, call: &Call) -> Plan {
    let is_negative = call.name == "expect_no_snowplow_event";
    let expected = expected(file, call)?;
    let Some(name) = expected.name.clone() else {
        return Err(refusal(
            Reason::UnknownArgument,
            format!("no action is named: `{}`", file.short(&call.range)),
            "Say which event is meant: `not_to trigger_internal_events('…')`.",
        ));
    };
    let written = name.trim_matches(['\'', '"']).to_owned();
    let matcher = matcher(&name, &expected, is_negative);
    if has_others(file, call) {
        return Err(several(file, call, &matcher));
    }
    let (action, last) = preceding(file, call).ok_or_else(|| no_action(file, call, &matcher))?;
    file.movable(call, &New::default())?;
    let mut edits = Edits::default();
    let matched = if file.code(&action.range).contains('\n') {
        in_lines(file, action, &mut edits);
        let line_break = format!("{}{}", file.line_break(), file.indentation(action.range.start));
        format!("{line_break}end{}", fitted(file, action, "end", &matcher))
    } else {
        edits.replace(action.range.start..action.range.start, "expect { ");
        let before = file.code(&(file.line_start(action.range.start)..action.range.end));
        format!(" }}{}", fitted(file, action, &format!("{before}expect {{  }}"), &matcher))
    };
    if last == action.range.end {
        edits.replace(last..call.range.end, matched);
    } else {
        edits.replace(action.range.end..action.range.end, matched);
        edits.replace(last..call.range.end, "");
    }
    Ok(changed(written, edits))
}

/// Puts an action of several lines into a block, indented by one more step.
fn in_lines(file: &File<'_>, action: &Statement, edits: &mut Edits) {
    let (start, code) = (action.range.start, file.code(&action.range));
    let indentation = file.indentation(start);
    edits.replace(start..start, format!("expect do{}{indentation}  ", file.line_break()));
    for (at, _) in code.match_indices('\n') {
        let at = start + at + 1;
        if !file.code(&(at..action.range.end)).starts_with(['\n', '\r']) {
            edits.replace(at..at, "  ");
        }
    }
}

/// The matcher on lines of its own, if it is too long for the line that has `before` already.
fn fitted(file: &File<'_>, action: &Statement, before: &str, matcher: &str) -> String {
    if before.chars().count() + matcher.chars().count() <= WIDTH {
        return matcher.to_owned();
    }
    let line_break = format!("{}{}  ", file.line_break(), file.indentation(action.range.start));
    let (event, with) = matcher.split_once(").with(").unwrap_or((matcher, ""));
    if with.is_empty() {
        return format!("{line_break}{matcher}");
    }
    format!("{line_break}{event}){line_break}.with({with}")
}

/// `.to trigger_internal_events('x').with(…)`
fn matcher(name: &str, expected: &Expected, is_negative: bool) -> String {
    if is_negative {
        return format!(".not_to trigger_internal_events({name})");
    }
    let mut with = expected.with.clone();
    if !expected.properties.is_empty() {
        with.push(format!("additional_properties: {{ {} }}", expected.properties.join(", ")));
    }
    let with = if with.is_empty() { String::new() } else { format!(".with({})", with.join(", ")) };
    format!(".to trigger_internal_events({name}){with}")
}

fn expected(file: &File<'_>, call: &Call) -> Result<Expected, Refusal> {
    file.plain(call)?;
    let mut expected = Expected::default();
    for arg in &call.args {
        let Some((key, value)) = arg.keyword() else {
            return Err(unknown(file, arg));
        };
        take_argument(file, call, arg, (key, value), &mut expected)?;
    }
    Ok(expected)
}

fn take_argument(
    file: &File<'_>,
    call: &Call,
    arg: &Arg,
    (key, value): (&str, &Value),
    expected: &mut Expected,
) -> Result<(), Refusal> {
    match key {
        "category" => {}
        _ if matches!(value.shape, Shape::Nil) => {}
        "action" => expected.name = Some(action(file, call, value)?),
        "user" | "project" | "namespace" => expected.with.push(file.code(&arg.range).to_owned()),
        "label" | "property" | "value" => {
            if !file.drops_properties() {
                expected.properties.push(file.property(arg));
            }
        }
        "context" if file.drops_context() => {}
        "context" => {
            return Err(refusal(
                Reason::CustomContext,
                format!("internal events have no custom contexts: `{}`", file.short(&arg.range)),
                "Leave the context out of the expectation; that of Service Ping is always sent.",
            ));
        }
        _ => return Err(unknown(file, arg)),
    }
    Ok(())
}

/// The event, as it is written. The name may be taken by now: the code may be migrated already.
fn action(file: &File<'_>, call: &Call, value: &Value) -> Result<String, Refusal> {
    let legacy = value.literal();
    if let Some(legacy) = legacy.filter(|it| file.project.internal_events.contains(*it)) {
        return Ok(format!("'{}'", file.options.renamed(legacy)));
    }
    // A constant would have to be one that the spec sees.
    if legacy.is_none() {
        return Err(file.computed(value));
    }
    Ok(file.event_name(value, call)?.written)
}

/// The statement before an expectation, if it is what is expected to track, and where the one just
/// before the expectation ends.
fn preceding<'s>(file: &File<'s>, call: &Call) -> Option<(&'s Statement, usize)> {
    let place = call.place?;
    let list = file.source.lists.get(place.list)?;
    if list.get(place.number)?.range != call.range {
        return None;
    }
    let before = &list[..place.number];
    let (action, others) = match before.iter().rposition(|it| !is_about_response(file, it)) {
        Some(at) => (&before[at], &before[at + 1..]),
        None => return None,
    };
    let code = file.code(&action.range);
    let is_preparation = PREPARATIONS.iter().any(|it| code.starts_with(it))
        || TRACKING.iter().any(|it| code.contains(it));
    // A response may be something that a spec makes itself, except after a request.
    let is_request = REQUESTS.iter().any(|it| code.starts_with(it));
    let is_one_line = !code.contains('\n') || (is_request && can_be_indented(code));
    let last = others.last().map_or(action.range.end, |it| it.range.end);
    let mut ends = vec![action.range.end];
    ends.extend(others.iter().map(|it| it.range.end));
    let starts = others.iter().map(|it| it.range.start).chain([call.range.start]);
    let is_near = ends.into_iter().zip(starts).all(|(end, start)| {
        file.code(&(end..start)).chars().all(|it| it.is_whitespace() || it == ';')
    });
    let is_certain = others.is_empty() || is_request;
    (action.is_call && !is_preparation && is_near && is_one_line && is_certain)
        .then_some((action, last))
}

/// Whether a statement only looks at what a request was answered with.
fn is_about_response(file: &File<'_>, statement: &Statement) -> bool {
    let code = file.code(&statement.range);
    RESPONSES.iter().any(|it| code.strip_prefix("expect(").is_some_and(|rest| rest.starts_with(it)))
        && TRACKING.iter().all(|it| !code.contains(it))
}

/// Whether lines can be indented: none is within a text.
fn can_be_indented(code: &str) -> bool {
    let is_even =
        |it: &str| ['\'', '"'].iter().all(|quote| it.matches(*quote).count().is_multiple_of(2));
    !code.contains("<<") && code.lines().all(is_even)
}

/// Whether other expectations of its kind stand beside one.
fn has_others(file: &File<'_>, call: &Call) -> bool {
    let list = call.place.and_then(|it| file.source.lists.get(it.list));
    let is_other = |it: &Statement| {
        let code = file.code(&it.range);
        it.range != call.range
            && (code.starts_with("expect_snowplow_event")
                || code.starts_with("expect_no_snowplow_event"))
    };
    list.is_some_and(|it| it.iter().any(is_other))
}

fn several(file: &File<'_>, call: &Call, matcher: &str) -> Refusal {
    refusal(
        Reason::SeveralCalls,
        format!("several expectations follow one action: `{}`", file.short(&call.range)),
        format!(
            "Put the action into one block, and join what is expected with `.and`: \
             `expect {{ … }}{matcher}.and …`."
        ),
    )
}

fn no_action(file: &File<'_>, call: &Call, matcher: &str) -> Refusal {
    refusal(
        Reason::NotUnderstood,
        format!("it is not certain what is expected to track here: `{}`", file.short(&call.range)),
        format!("Put the action into a block: `expect {{ … }}{matcher}`."),
    )
}

fn unknown(file: &File<'_>, arg: &Arg) -> Refusal {
    refusal(
        Reason::UnknownArgument,
        format!("`trigger_internal_events` does not compare `{}`", file.short(&arg.range)),
        "Make it an entry of `additional_properties` by hand, or leave it out.",
    )
}

/// `have_tracking(action: 'x')`: attributes of legacy tracking are expected.
pub(super) fn of_attributes(file: &File<'_>, call: &Call) -> Refusal {
    refusal(
        Reason::NotUnderstood,
        format!("legacy attributes are expected: `{}`", file.short(&call.range)),
        "Once the element is migrated, write `trigger_internal_events('event').on_click`, with \
         `.with(additional_properties: { … })` before it, or `.on_load`.",
    )
}

/// `expect(HLLRedisCounter).to receive(:track_event)`: what it expects does not happen any more.
pub(super) fn of_receive(file: &File<'_>, call: &Call) -> Option<Refusal> {
    let Shape::Call(expect) = &call.receiver.as_ref()?.shape else { return None };
    let object = expect.args.first()?.positional()?;
    let Shape::Constant(object) = &object.shape else { return None };
    let messages: &[&str] = match object.as_str() {
        "Gitlab::Tracking" => &[":event", ":definition"],
        it if it.ends_with("HLLRedisCounter") => &[":track_event"],
        it if it.contains("UsageDataCounters") => &[":count)", ":count,", ":increment"],
        _ => return None,
    };
    let matcher = call.args.first()?;
    let code = file.code(&matcher.range);
    let is_receive = code.starts_with("receive(") || code.starts_with("have_received(");
    let given = code.split_once('(')?.1;
    let is_message = messages.iter().any(|it| given.starts_with(it));
    let is_expectation = expect.name == "expect" && expect.receiver.is_none();
    (is_expectation && is_receive && is_message).then(|| {
        let negation = if call.name == "to" { "to" } else { "not_to" };
        refusal(
            Reason::NotUnderstood,
            format!("the spec looks at a call that goes: `{}`", file.short(&call.range)),
            format!(
                "Put the action into a block: \
                 `expect {{ … }}.{negation} trigger_internal_events('…')`, with \
                 `.and increment_usage_metrics('…')` for the counters."
            ),
        )
    })
}
