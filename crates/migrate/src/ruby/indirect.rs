//! Legacy tracking that is not called by its name, or is older than what can be read: it is
//! refused, and not passed over.

use super::file::{File, Plan, refusal};
use super::model::{Arg, Call, Shape};
use crate::site::{Kind, Reason};

/// Methods that hand a method on, by the name they are given.
const HANDED_ON: [&str; 8] = [
    "instance_method",
    "method",
    "public_method",
    "public_send",
    "send",
    "__send__",
    "try",
    "try!",
];

/// Macros that make methods which call those of something else.
const DELEGATING: [&str; 3] = ["delegate", "def_delegator", "def_delegators"];

/// What counted visits before `HLLRedisCounter` did.
const VISITS: [&str; 2] = ["track_unique_visits", "track_visit"];

/// Calls of Snowplow that are not made with a category and an action.
const OTHERS: [&str; 2] = ["definition", "database_event"];

/// What counts whoever visits, by a cookie.
const VISITORS: &str = "track_unique_redis_hll_event";

/// Whether a call of this name may be one of these.
pub(super) fn is_of_interest(name: &str) -> bool {
    let lists: [&[&str]; 5] = [&HANDED_ON, &DELEGATING, &VISITS, &OTHERS, &[VISITORS]];
    lists.iter().any(|it| it.contains(&name))
}

/// The kind of a call, if it is one of these.
pub(super) fn kind(file: &File<'_>, call: &Call) -> Option<Kind> {
    let name = call.name.as_str();
    if HANDED_ON.contains(&name) {
        return of_class(call.constant()?).filter(|_| call.args.first().is_some_and(is_tracking));
    }
    if DELEGATING.contains(&name) && call.receiver.is_none() {
        let code = call.args.iter().map(|it| file.code(&it.range));
        return code.flat_map(str::split_whitespace).find_map(|it| {
            let is_part = |it: char| it.is_ascii_alphanumeric() || it == ':';
            of_class(it.trim_matches(|it| !is_part(it)).trim_start_matches(':'))
        });
    }
    if let Some(kind) = alias(file, call).and_then(of_class) {
        return is_tracking_name(name).then_some(kind);
    }
    if OTHERS.contains(&name) && call.constant() == Some("Gitlab::Tracking") {
        return Some(Kind::RubySnowplow);
    }
    if name == VISITORS && call.receiver.is_none() {
        return Some(Kind::RubyRedisHll);
    }
    if let Some(kind) = given(call) {
        return Some(kind);
    }
    let is_visit = name == VISITS[0] && call.receiver.is_none() && call.method.is_none()
        || name == VISITS[1] && file.code(&call.range).contains("UniqueVisits");
    is_visit.then_some(Kind::RubyController)
}

/// `increment_usage_counter WikiPageCounter, :create`: what counts is given to something else.
fn given(call: &Call) -> Option<Kind> {
    let [first, second, ..] = &call.args[..] else { return None };
    let Shape::Constant(class) = &first.positional()?.shape else { return None };
    let is_event = second.positional()?.literal().is_some();
    let is_ours = is_event && call.receiver.is_none() && call.name.starts_with("increment_");
    of_class(class).filter(|_| is_ours)
}

/// The kind of what a class tracks.
fn of_class(constant: &str) -> Option<Kind> {
    match constant.strip_prefix("Gitlab::").unwrap_or(constant) {
        "Tracking" if constant.starts_with("Gitlab") => Some(Kind::RubySnowplow),
        it if it == "HLLRedisCounter" || it.ends_with("::HLLRedisCounter") => {
            Some(Kind::RubyRedisHll)
        }
        it if it.starts_with("UsageDataCounters::") && it.ends_with("Counter") => {
            Some(Kind::RubyRedis)
        }
        _ => None,
    }
}

/// Whether the name of a method may be one that tracks: other methods only read.
fn is_tracking(name: &Arg) -> bool {
    name.positional().and_then(|it| it.literal()).is_none_or(is_tracking_name)
}

fn is_tracking_name(name: &str) -> bool {
    matches!(name, "event" | "count" | "increment")
        || name.starts_with("track_")
        || name.starts_with("increment_")
}

/// The class that the receiver of a call stands for.
fn alias<'f>(file: &'f File<'_>, call: &Call) -> Option<&'f str> {
    let name = match &call.receiver.as_ref()?.shape {
        Shape::Local(it) | Shape::Instance(it) => it,
        Shape::Call(it) if it.receiver.is_none() && it.args.is_empty() => &it.name,
        Shape::Constant(it) => match &file.constant(it, call.scope)?.shape {
            Shape::Constant(class) => return Some(class),
            _ => return None,
        },
        _ => return None,
    };
    file.source.aliases.get(name).map(String::as_str)
}

/// Why it stays.
pub(super) fn plan(file: &File<'_>, call: &Call) -> Plan {
    let code = file.short(&call.range);
    Err(if OTHERS.contains(&call.name.as_str()) {
        refusal(
            Reason::NotUnderstood,
            format!("what it tracks does not stand here: `{code}`"),
            "Call `Gitlab::InternalEvents.track_event('event', user: …)` where it happens.",
        )
    } else if call.name == VISITORS {
        refusal(
            Reason::RawId,
            format!("it counts visitors by a cookie: `{code}`"),
            "Internal events count objects: write `track_internal_event('event', user: \
             current_user)`, or the macro `track_internal_event :action, name: 'event'`.",
        )
    } else if VISITS.contains(&call.name.as_str()) {
        refusal(
            Reason::NotUnderstood,
            format!("visits were counted in a way that is older than events: `{code}`"),
            "Write `track_internal_event :action, name: 'event'` into the controller, and a metric \
             that counts the event by user.",
        )
    } else {
        refusal(
            Reason::IndirectArguments,
            format!("tracking is not called here but handed on: `{code}`"),
            "Call it by its name where the event's name is known, or call \
             `Gitlab::InternalEvents.track_event` there.",
        )
    })
}
