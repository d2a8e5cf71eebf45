//! A call of Snowplow and one of `RedisHLL` side by side are usually one event.

use super::file::{File, New, refusal};
use super::model::Call;
use super::plans::Planned;
use super::snowplow;
use crate::site::{Kind, Reason};
use std::collections::BTreeMap;
use std::ops::Range;

/// Calls that go, by their number: another one tracks their event from now on.
pub(super) fn merge(file: &File<'_>, planned: &mut [Planned<'_>]) -> Vec<(usize, Range<usize>)> {
    let mut methods: BTreeMap<usize, [Vec<usize>; 2]> = BTreeMap::new();
    for (number, it) in planned.iter().enumerate() {
        let Some(method) = it.call.method else { continue };
        let [snowplow, counters] = methods.entry(method).or_default();
        match it.kind {
            Kind::RubySnowplow => snowplow.push(number),
            Kind::RubyRedisHll => counters.push(number),
            _ => {}
        }
    }
    let mut gone: Vec<(usize, Range<usize>)> = Vec::new();
    for [snowplow, counters] in methods.into_values() {
        for snowplow in snowplow {
            for counter in &counters {
                if gone.iter().all(|it| it.0 != *counter) {
                    gone.extend(merge_pair(file, planned, snowplow, *counter));
                }
            }
        }
    }
    hold_companions(planned);
    hold_totals(file, planned, &gone);
    gone
}

/// A call that counts stays with the one that says it is about the same thing, where that stays.
fn hold_companions(planned: &mut [Planned<'_>]) {
    let sends = planned.iter().filter(|it| it.kind == Kind::RubySnowplow && it.plan.is_err());
    let companions: Vec<(&Call, &str)> =
        sends.filter_map(|it| Some((it.call, snowplow::companion(it.call)?))).collect();
    for it in planned.iter_mut().filter(|it| it.kind == Kind::RubyRedisHll) {
        let Ok(new) = &it.plan else { continue };
        let is_near = |other: &Call| match (it.call.method, other.method) {
            (Some(one), Some(other)) => one == other,
            _ => it.call.place.map(|it| it.list) == other.place.map(|it| it.list),
        };
        let mut near = companions.iter().filter(|(call, _)| is_near(call));
        if near.any(|(_, event)| names(new).any(|it| it == *event)) {
            it.plan = Err(refusal(
                Reason::PartOfMore,
                "the call of Snowplow beside it is about the same thing, and stays",
                "Merge both into one call of one name, and migrate again.",
            ));
        }
    }
}

/// A total and a set that have one name would both be raised by each of two events.
fn hold_totals(file: &File<'_>, planned: &mut [Planned<'_>], gone: &[(usize, Range<usize>)]) {
    for total in 0..planned.len() {
        let (call, kind) = (planned[total].call, planned[total].kind);
        let Ok(new) = &planned[total].plan else { continue };
        if kind != Kind::RubyRedis {
            continue;
        }
        let event = new.found.name.clone();
        let is_other = |(number, it): (usize, &Planned<'_>)| {
            let is_same = it.plan.as_ref().is_ok_and(|it| names(it).any(|it| it == event));
            let is_near = it.call.method.is_some() && it.call.method == call.method;
            let is_there = gone.iter().all(|it| it.0 != number);
            it.kind != Kind::RubyRedis && is_same && is_near && is_there
        };
        let Some(other) = planned.iter().enumerate().position(is_other) else { continue };
        let (first, second) = (total.min(other), total.max(other));
        let what =
            format!("one method tracks `{event}` twice: `{}`", file.head(planned[second].call));
        planned[first].plan = Err(refusal(
            Reason::SeveralCalls,
            what,
            "An internal event does both. Remove one of the calls, and migrate again.",
        ));
        planned[second].plan = Err(refusal(
            Reason::PartOfMore,
            format!("another call of this method stays: `{}`", file.head(planned[first].call)),
            "Remove one of the calls, and migrate again.",
        ));
    }
}

/// Whether two calls are neighbouring statements.
fn are_neighbours(file: &File<'_>, one: &Call, other: &Call) -> bool {
    let (Some(one_place), Some(other_place)) = (one.place, other.place) else { return false };
    let is_statement = |call: &Call| {
        let it = call.place.and_then(|it| file.source.lists.get(it.list)?.get(it.number));
        it.is_some_and(|it| it.range == call.range)
    };
    one_place.list == other_place.list
        && one_place.number.abs_diff(other_place.number) == 1
        && is_statement(one)
        && is_statement(other)
}

fn merge_pair(
    file: &File<'_>,
    planned: &mut [Planned<'_>],
    snowplow: usize,
    counter: usize,
) -> Option<(usize, Range<usize>)> {
    let (calls, counted) = (planned[snowplow].call, planned[counter].call);
    let are_neighbours = are_neighbours(file, calls, counted);
    let lines = lines(file, counted);
    let (Ok(event), Ok(count)) = (&planned[snowplow].plan, &planned[counter].plan) else {
        return None;
    };
    let is_choice = !event.also.is_empty() || !count.also.is_empty();
    let is_same = names(event).any(|it| names(count).any(|other| it == other));
    let can_take_object = lacks_object(event, count) && file.comment(calls).is_none();
    let has_object = count.kept.iter().all(|it| event.kept.contains(it));
    if is_same && !is_choice && are_neighbours && (has_object || can_take_object) {
        let lines = lines?;
        let merged = merged(event.clone(), count);
        planned[snowplow].plan = Ok(merged);
        return Some((counter, lines));
    }
    if is_same || (are_neighbours && has_object) {
        let what = format!(
            "one method tracks `{}` with Snowplow and `{}` with RedisHLL",
            event.found.name, count.found.name
        );
        let (first, second) = (snowplow.min(counter), snowplow.max(counter));
        planned[first].plan = Err(refusal(
            Reason::SeveralCalls,
            what,
            "An internal event does both. Merge them into one call of one name, and migrate \
             again; `--rename` can give both the same name.",
        ));
        planned[second].plan = Err(refusal(
            Reason::PartOfMore,
            format!("another call of this method stays: `{}`", file.head(planned[first].call)),
            "Merge both into one call of one name, and migrate again.",
        ));
    }
    None
}

/// The names among which a call chooses.
fn names(new: &New) -> impl Iterator<Item = &str> {
    std::iter::once(&new.found.name).chain(new.also.iter().map(|it| &it.event)).map(String::as_str)
}

fn lacks_object(event: &New, count: &New) -> bool {
    event.found.identifiers.is_disjoint(&count.found.identifiers)
}

fn merged(mut event: New, count: &New) -> New {
    for it in &count.kept {
        if !event.kept.contains(it) {
            event.kept.push(it.clone());
        }
    }
    event.found.identifiers.extend(&count.found.identifiers);
    event.found.unique.clone_from(&count.found.unique);
    event.found.was_unique = true;
    event.notes.push("The call of RedisHLL beside it is a part of this one now.".into());
    event
}

/// The lines of a statement that stands on them alone.
fn lines(file: &File<'_>, call: &Call) -> Option<Range<usize>> {
    let start = file.line_start(call.range.start);
    let end = file.text[call.range.end..].find('\n').map(|it| call.range.end + it + 1)?;
    let is_alone = file.text[start..call.range.start].trim().is_empty()
        && file.text[call.range.end..end].trim().is_empty();
    is_alone.then_some(start..end)
}
