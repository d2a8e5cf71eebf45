//! `Tracking.event(…)`, and the calls of the API.

use super::attempt::{Attempt, Planned, refusal};
use super::call::{self, Arguments, Callee};
use super::imports::{Imports, Module};
use super::inherited::Inherited;
use super::jest::spied::has_spy;
use super::script::{Script, literal_text};
use crate::site::{Kind, Reason, Refusal};
use oxc_ast::AstKind;
use oxc_ast::ast::{CallExpression, StaticMemberExpression};
use oxc_semantic::{AstNode, NodeId};
use oxc_span::{GetSpan as _, Span};

/// A name that is followed by a dot, and what is done with it.
pub(super) enum Use<'s, 'a> {
    /// `Name.property(…)`
    Call { call: &'s CallExpression<'a>, member: &'s StaticMemberExpression<'a>, id: NodeId },
    /// `Name.property`, as a value.
    Member { member: &'s StaticMemberExpression<'a>, id: NodeId },
    /// The name itself.
    Value,
}

/// Looks at what is done with a name.
pub(super) fn used<'s, 'a>(script: &Script<'s, 'a>, node: &AstNode<'a>) -> Use<'s, 'a> {
    let span = node.kind().span();
    let mut parent = script.parent(node.id());
    let member = match parent.kind() {
        AstKind::StaticMemberExpression(it) if it.object.span() == span => it,
        _ => return Use::Value,
    };
    let id = parent.id();
    parent = script.parent(id);
    match parent.kind() {
        AstKind::CallExpression(call) if call.callee.span() == member.span => {
            Use::Call { call, member, id: parent.id() }
        }
        _ => Use::Member { member, id },
    }
}

/// Calls of `Tracking.event`, and other uses of it.
pub(super) fn events(script: &Script<'_, '_>, imports: &Imports) -> Vec<Attempt> {
    let mut attempts = already(script, imports);
    for symbol in imports.symbols(Module::Tracking, "default") {
        // A spy takes all that looks at it along.
        let is_spied = has_spy(script, symbol);
        let is_ours = |it: &&AstNode<'_>| !is_spied || matches!(used(script, it), Use::Call { .. });
        let uses = script.uses(symbol).into_iter().filter(is_ours);
        attempts.extend(uses.filter_map(|it| event(script, imports, it)));
    }
    for symbol in imports.symbols(Module::Tracking, "*") {
        for node in script.uses(symbol) {
            let is_new = matches!(used(script, node), Use::Call { member, .. } | Use::Member { member, .. }
                if member.property.name == super::NEW_NAME);
            if !is_new {
                attempts.push(unclear(
                    script,
                    node.kind().span(),
                    "all of '~/tracking' is imported",
                ));
            }
        }
    }
    attempts.extend(script.nodes().filter_map(|it| unbound(script, it)));
    attempts
}

fn event(script: &Script<'_, '_>, imports: &Imports, node: &AstNode<'_>) -> Option<Attempt> {
    let (kind, range, planned) = match used(script, node) {
        Use::Call { call, member, id } if member.property.name == "event" => {
            let which = Arguments { category: Some(0), action: 1, has_data: true };
            let target = Target { object: node.kind().span(), call, member, id };
            let planned = target.plan(script, imports, which);
            (Kind::JsTracking, call.span, planned)
        }
        Use::Member { member, id } if member.property.name == "event" => {
            let parent = script.parent(id);
            if is_in_spec(script, parent) {
                (Kind::Jest, parent.kind().span(), Err(spied(script, parent.kind().span())))
            } else {
                (Kind::JsTracking, member.span, Err(passed_on(script, member.span)))
            }
        }
        Use::Value => {
            let parent = script.parent(node.id());
            let span = parent.kind().span();
            match parent.kind() {
                AstKind::CallExpression(_) if is_in_spec(script, parent) => {
                    (Kind::Jest, span, Err(spied(script, span)))
                }
                AstKind::CallExpression(_) | AstKind::ObjectProperty(_) => {
                    (Kind::JsTracking, span, Err(passed_on(script, span)))
                }
                _ => return None,
            }
        }
        _ => return None,
    };
    Some(attempt(script, kind, range, planned))
}

/// Makes an attempt; the first event that it tracks names it.
pub(super) fn attempt(
    script: &Script<'_, '_>,
    kind: Kind,
    span: Span,
    planned: Result<Planned, Refusal>,
) -> Attempt {
    let event = planned.as_ref().ok().and_then(|it| it.found.first()).map(|it| it.name.clone());
    Attempt { kind, range: script.range(span), event, planned }
}

/// Whether a call is one of Jest's.
fn is_in_spec(script: &Script<'_, '_>, node: &AstNode<'_>) -> bool {
    let AstKind::CallExpression(call) = node.kind() else { return false };
    let callee = script.source(call.callee.span());
    callee == "expect" || callee.starts_with("jest.")
}

fn spied(script: &Script<'_, '_>, span: Span) -> Refusal {
    refusal(
        Reason::NotUnderstood,
        format!("a spec looks at `Tracking.event` itself: `{}`", script.excerpt(span)),
        "Write `const { bindInternalEventDocument } = useMockInternalEventsTracking();`, then \
         `const { trackEventSpy } = bindInternalEventDocument(wrapper.element);` and \
         `expect(trackEventSpy).toHaveBeenCalledWith('event', { … }, undefined)`",
    )
}

fn passed_on(script: &Script<'_, '_>, span: Span) -> Refusal {
    refusal(
        Reason::IndirectArguments,
        format!("it is not called here but passed on: `{}`", script.excerpt(span)),
        "Call it where the event's name is known: `InternalEvents.trackEvent('event')`",
    )
}

/// A call of a member of an imported name.
struct Target<'t, 's, 'a> {
    object: Span,
    call: &'s CallExpression<'a>,
    member: &'t StaticMemberExpression<'a>,
    id: NodeId,
}

impl Target<'_, '_, '_> {
    fn plan(
        &self,
        script: &Script<'_, '_>,
        imports: &Imports,
        which: Arguments,
    ) -> Result<Planned, Refusal> {
        let mut planned = plan(script, self.call, self.id, which)?;
        planned.frees.push(script.range(self.object).start);
        planned.edits.replace(script.range(self.object), imports.new_name(script));
        planned.edits.replace(script.range(self.member.property.span), script.context.method());
        Ok(planned)
    }
}

/// Plans a call whose value nobody uses.
fn plan(
    script: &Script<'_, '_>,
    call: &CallExpression<'_>,
    id: NodeId,
    which: Arguments,
) -> Result<Planned, Refusal> {
    let place = Callee::Script(id);
    let mut planned = call::plan(script, call, which, &Inherited::default(), place)?;
    unused(script, id, call.span)?;
    if which.category.is_none() && is_promised(script, id) {
        return Err(used_value(script, id));
    }
    planned.needs_import = true;
    Ok(planned)
}

/// Refuses a call whose value is used.
pub(super) fn unused(script: &Script<'_, '_>, id: NodeId, span: Span) -> Result<(), Refusal> {
    if script.is_unused(id, span) {
        return Ok(());
    }
    Err(used_value(script, id))
}

fn used_value(script: &Script<'_, '_>, id: NodeId) -> Refusal {
    let parent = script.parent(id).kind().span();
    refusal(
        Reason::ValueUsed,
        format!("what the call returns is used: `{}`", script.excerpt(parent)),
        "The new call returns nothing: make it a statement of its own",
    )
}

/// Whether a function with a name gives the promise of the API to whoever calls it.
fn is_promised(script: &Script<'_, '_>, id: NodeId) -> bool {
    let arrow = script.parent(id);
    let is_arrow = matches!(arrow.kind(), AstKind::ArrowFunctionExpression(_));
    is_arrow && !matches!(script.parent(arrow.id()).kind(), AstKind::CallExpression(_))
}

/// `trackRedisHllUserEvent` and `trackRedisCounterEvent`.
pub(super) fn api(script: &Script<'_, '_>, imports: &Imports) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for symbol in imports.symbols(Module::Api, "default") {
        for node in script.uses(symbol) {
            attempts.extend(api_member(script, imports, node));
        }
    }
    for name in ["trackRedisHllUserEvent", "trackRedisCounterEvent"] {
        for symbol in imports.symbols(Module::Api, name) {
            for node in script.uses(symbol) {
                attempts.extend(api_function(script, imports, node, name));
            }
        }
    }
    attempts
}

const OF_API: Arguments = Arguments { category: None, action: 0, has_data: false };

fn api_member(script: &Script<'_, '_>, imports: &Imports, node: &AstNode<'_>) -> Option<Attempt> {
    let is_ours = |it: &str| matches!(it, "trackRedisHllUserEvent" | "trackRedisCounterEvent");
    match used(script, node) {
        Use::Call { call, member, id } if is_ours(&member.property.name) => {
            let target = Target { object: node.kind().span(), call, member, id };
            let planned = target.plan(script, imports, OF_API);
            let planned = planned.map(|it| counted(it, &member.property.name));
            Some(attempt(script, Kind::JsApi, call.span, planned))
        }
        Use::Member { member, id } if is_ours(&member.property.name) => {
            let span = script.parent(id).kind().span();
            Some(attempt(script, Kind::JsApi, member.span, Err(passed_on(script, span))))
        }
        _ => None,
    }
}

fn api_function(
    script: &Script<'_, '_>,
    imports: &Imports,
    node: &AstNode<'_>,
    name: &str,
) -> Option<Attempt> {
    let span = node.kind().span();
    let parent = script.parent(node.id());
    match parent.kind() {
        AstKind::ExportSpecifier(_) => None,
        AstKind::CallExpression(call) if call.callee.span() == span => {
            let planned = plan(script, call, parent.id(), OF_API).map(|mut it| {
                it.frees.push(script.range(span).start);
                let new = format!("{}.{}", imports.new_name(script), script.context.method());
                it.edits.replace(script.range(span), new);
                counted(it, name)
            });
            Some(attempt(script, Kind::JsApi, call.span, planned))
        }
        _ => {
            let around = parent.kind().span();
            Some(attempt(script, Kind::JsApi, span, Err(passed_on(script, around))))
        }
    }
}

/// Notes what the API counted before.
fn counted(mut planned: Planned, function: &str) -> Planned {
    for found in &mut planned.found {
        if function == "trackRedisHllUserEvent" {
            found.was_unique = true;
            found.unique = Some("user.id".to_owned());
        } else {
            found.was_total = Some(found.old_name.clone().unwrap_or_else(|| found.name.clone()));
        }
    }
    planned.notes.push("it goes to Snowplow as well now".to_owned());
    planned
}

/// Calls that are new already.
fn already(script: &Script<'_, '_>, imports: &Imports) -> Vec<Attempt> {
    let mut attempts = Vec::new();
    for symbol in imports.symbols(Module::Tracking, super::NEW_NAME) {
        for node in script.uses(symbol) {
            let Use::Call { call, member, .. } = used(script, node) else { continue };
            if matches!(member.property.name.as_str(), "trackEvent" | "track_event") {
                attempts.push(is_already(script, Kind::JsTracking, call));
            }
        }
    }
    attempts
}

/// A call that is new already.
pub(super) fn is_already(
    script: &Script<'_, '_>,
    kind: Kind,
    call: &CallExpression<'_>,
) -> Attempt {
    let first = call.arguments.first().and_then(|it| it.as_expression());
    let event = first.and_then(literal_text).map(str::to_owned);
    let planned = Ok(Planned { is_already: true, ..Planned::default() });
    Attempt { kind, range: script.range(call.span), event, planned }
}

/// `Tracking.event` and `Tracking.mixin` of a `Tracking` that is not imported as it should be.
fn unbound(script: &Script<'_, '_>, node: &AstNode<'_>) -> Option<Attempt> {
    match node.kind() {
        AstKind::ImportExpression(it) => {
            let is_ours = literal_text(&it.source).is_some_and(|it| it == "~/tracking");
            is_ours.then(|| unclear(script, it.span, "'~/tracking' is loaded later"))
        }
        AstKind::CallExpression(it) if it.common_js_require().is_some() => {
            let is_ours = it.common_js_require().is_some_and(|it| it.value == "~/tracking");
            is_ours.then(|| unclear(script, it.span, "'~/tracking' is required"))
        }
        AstKind::StaticMemberExpression(it) if it.property.name == "Tracking" => {
            let (Use::Call { member, .. } | Use::Member { member, .. }) = used(script, node) else {
                return None;
            };
            let is_ours = matches!(member.property.name.as_str(), "event" | "mixin");
            is_ours.then(|| unclear(script, member.span, "`Tracking` is a member of something"))
        }
        AstKind::IdentifierReference(it) if it.name == "Tracking" => {
            let what = match script.symbol(it) {
                None => "`Tracking` is not imported",
                Some(symbol) => {
                    let module = script.imported_from(symbol)?;
                    let is_other = module.starts_with("~/tracking/") || module == "ee/tracking";
                    let is_known = Module::of(module).is_some();
                    (is_other && !is_known).then_some("`Tracking` is of another module")?
                }
            };
            let (Use::Call { member, .. } | Use::Member { member, .. }) = used(script, node) else {
                return None;
            };
            let is_ours = matches!(member.property.name.as_str(), "event" | "mixin");
            is_ours.then(|| unclear(script, member.span, what))
        }
        _ => None,
    }
}

fn unclear(script: &Script<'_, '_>, span: Span, what: &str) -> Attempt {
    let refused = refusal(
        Reason::NotUnderstood,
        format!("{what}: `{}`", script.excerpt(span)),
        "Write `import Tracking from '~/tracking';`, then migrate again",
    );
    attempt(script, Kind::JsTracking, span, Err(refused))
}
