//! Calls beside each other that say of one thing that it happened: one event does for all.
//!
//! Legacy tracking has a call to send an event, one to count who did it and one to count how
//! often. An internal event does all three, so that two of them would count twice.

use super::attempt::{Attempt, Planned, refusal};
use super::imports::line;
use super::script::Script;
use crate::edit::Edits;
use crate::site::{Kind, Reason};
use oxc_ast::AstKind;
use oxc_ast::ast::Expression;
use oxc_semantic::{AstNode, NodeId};
use oxc_span::Span;
use std::collections::BTreeMap;
use std::ops::Range;

/// What a call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Does {
    /// It sends an event.
    Sends,
    /// It counts who did something.
    CountsWho,
    /// It counts how often something was done.
    CountsHowOften,
}

/// A call that may be one of several.
struct Call {
    at: usize,
    does: Does,
    events: Vec<String>,
    /// The innermost function around it.
    function: Option<NodeId>,
    /// The statement that it is, and what that stands in.
    statement: Option<(Span, NodeId)>,
}

/// A call whose event another one tracks from now on.
#[derive(Clone, Debug)]
pub(super) struct Merged {
    gone: Range<usize>,
    kept: Range<usize>,
    line: Range<usize>,
    statement: Span,
}

/// Refuses calls that would count twice, and tells which can be merged.
pub(super) fn look(script: &Script<'_, '_>, attempts: &mut [&mut Attempt]) -> Vec<Merged> {
    let calls = calls(script, attempts);
    let mut merged: Vec<Merged> = Vec::new();
    for (n, one) in calls.iter().enumerate() {
        for other in &calls[n + 1..] {
            let is_gone = |it: &Call| merged.iter().any(|m| m.gone == attempts[it.at].range);
            if one.function != other.function || one.does == other.does || is_gone(one) {
                continue;
            }
            if is_gone(other) {
                continue;
            }
            let is_near = are_neighbours(script, one, other, &merged);
            let is_same = one.events.iter().any(|it| other.events.contains(it));
            if is_same && is_near && one.events.len() == 1 && other.events.len() == 1 {
                let gone = if other.does == Does::Sends { one } else { other };
                let kept = if other.does == Does::Sends { other } else { one };
                if let Some(it) = merge(script, attempts, gone, kept) {
                    merged.push(it);
                    continue;
                }
            }
            let sends = one.does == Does::Sends || other.does == Does::Sends;
            // What a script does by itself when it is loaded need not be one thing.
            if is_same || (is_near && sends && one.function.is_some()) {
                refuse(attempts, one, other);
            }
        }
    }
    merged
}

/// Takes out the calls that are merged, where those they are merged with are rewritten.
pub(super) fn take_out(merged: &[Merged], attempts: &mut [Attempt]) {
    for it in merged {
        let place =
            |range: &Range<usize>, all: &[Attempt]| all.iter().position(|it| it.range == *range);
        let (Some(gone), Some(kept)) = (place(&it.gone, attempts), place(&it.kept, attempts))
        else {
            continue;
        };
        let Ok(planned) = &attempts[gone].planned else { continue };
        let found = planned.found.clone();
        let frees = planned.frees.clone();
        let Ok(keeper) = &mut attempts[kept].planned else {
            attempts[gone].planned = Err(refusal(
                Reason::PartOfMore,
                "the call beside it tracks the same event, and stays",
                "Change that call as its own refusal says, then migrate again",
            ));
            continue;
        };
        for (new, old) in keeper.found.iter_mut().zip(&found) {
            new.was_unique |= old.was_unique;
            new.unique = new.unique.take().or_else(|| old.unique.clone());
            new.was_total = new.was_total.take().or_else(|| old.was_total.clone());
        }
        keeper.notes.push("the call beside it is a part of this one now".to_owned());
        let mut edits = Edits::default();
        edits.replace(it.line.clone(), "");
        let notes = vec!["the call beside it does the same".to_owned()];
        attempts[gone].planned = Ok(Planned { edits, notes, frees, ..Planned::default() });
    }
}

fn calls(script: &Script<'_, '_>, attempts: &[&mut Attempt]) -> Vec<Call> {
    let places: BTreeMap<(usize, usize), usize> =
        attempts.iter().enumerate().map(|(at, it)| ((it.range.start, it.range.end), at)).collect();
    let nodes = script.nodes().filter_map(|it| match it.kind() {
        AstKind::CallExpression(call) => {
            let range = script.range(call.span);
            places.get(&(range.start, range.end)).map(|at| (*at, it))
        }
        _ => None,
    });
    let call = |(at, node): (usize, &AstNode<'_>)| {
        let planned = attempts[at].planned.as_ref().ok().filter(|it| !it.is_already)?;
        let found = planned.found.first()?;
        let does = match attempts[at].kind {
            Kind::VueMixin | Kind::JsTracking => Does::Sends,
            Kind::JsApi if found.was_unique => Does::CountsWho,
            Kind::JsApi => Does::CountsHowOften,
            _ => return None,
        };
        let events = planned.found.iter().map(|it| it.name.clone()).collect();
        let is_function = |it: &&AstNode<'_>| {
            matches!(it.kind(), AstKind::ArrowFunctionExpression(_) | AstKind::Function(_))
        };
        let function = script.ancestors(node.id()).find(is_function).map(AstNode::id);
        let parent = script.parent(node.id());
        let statement = match parent.kind() {
            AstKind::ExpressionStatement(it)
                if matches!(it.expression, Expression::CallExpression(_)) =>
            {
                Some((it.span, script.parent(parent.id()).id()))
            }
            _ => None,
        };
        Some(Call { at, does, events, function, statement })
    };
    nodes.filter_map(call).collect()
}

/// Whether two calls are statements with nothing between them but what goes.
fn are_neighbours(script: &Script<'_, '_>, one: &Call, other: &Call, merged: &[Merged]) -> bool {
    let (Some((one, around)), Some((other, around_other))) = (one.statement, other.statement)
    else {
        return false;
    };
    if around != around_other {
        return false;
    }
    let (first, second) = if one.start < other.start { (one, other) } else { (other, one) };
    let is_between = |it: &&Span| first.end <= it.start && it.end <= second.start;
    let mut between: Vec<Span> =
        merged.iter().map(|it| it.statement).filter(|it| is_between(&it)).collect();
    between.sort_by_key(|it| it.start);
    let mut at = first.end;
    between.push(second);
    between.into_iter().all(|it| {
        let gap = script.source(Span::new(at, it.start));
        at = it.end;
        gap.trim().is_empty()
    })
}

fn merge(
    script: &Script<'_, '_>,
    attempts: &[&mut Attempt],
    gone: &Call,
    kept: &Call,
) -> Option<Merged> {
    let includes = |it: &Call| script.context.options.includes(attempts[it.at].kind);
    let (statement, _) = gone.statement?;
    let lines = line(script, statement);
    let is_alone = {
        let before = script.before(statement.start).rsplit('\n').next().unwrap_or_default();
        let after = script.after(statement.end).split('\n').next().unwrap_or_default();
        before.trim().is_empty() && after.trim().is_empty()
    };
    (is_alone && includes(gone) && includes(kept)).then(|| Merged {
        gone: attempts[gone.at].range.clone(),
        kept: attempts[kept.at].range.clone(),
        line: lines,
        statement,
    })
}

fn refuse(attempts: &mut [&mut Attempt], one: &Call, other: &Call) {
    let what = |it: &Does, event: &str| match it {
        Does::Sends => format!("sends `{event}`"),
        Does::CountsWho => format!("counts who did `{event}`"),
        Does::CountsHowOften => format!("counts how often `{event}` was done"),
    };
    let (first, second) = (what(&one.does, &one.events[0]), what(&other.does, &other.events[0]));
    let refused = refusal(
        Reason::SeveralCalls,
        format!("one function {first} and {second}"),
        "An internal event does both. Merge them into one call of one name, and migrate again; \
         `--rename` can give both the same name",
    );
    let part = refusal(
        Reason::PartOfMore,
        format!("another call of this function stays: it {first}"),
        "Merge both into one call of one name, and migrate again",
    );
    attempts[one.at].planned = Err(refused);
    attempts[other.at].planned = Err(part);
}
