//! Components whose `track` comes from a mixin of another file.

use super::Template;
use super::attempt::{Attempt, refusal};
use super::component::Component;
use super::raw::attempt;
use super::script::{Script, contains};
use crate::site::{Kind, Reason, Refusal};
use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, ObjectExpression, ObjectPropertyKind};
use oxc_semantic::AstNode;
use oxc_span::Span;
use std::collections::BTreeSet;

/// What such a call is refused with.
pub(crate) const FROM_ANOTHER_FILE: &str = "`track` may come from another file";

/// A component with mixins that may bring a `track`.
struct Open {
    options: Span,
    mixins: Span,
}

/// Calls of `track` that no mixin of this file brings, but another one's may.
pub(super) fn attempts(
    script: &Script<'_, '_>,
    known: &[Component<'_, '_>],
    template: Option<&dyn Template>,
) -> Vec<Attempt> {
    // Beside the legacy mixin, whoever looks for its calls sees these as well.
    if known.iter().any(|it| it.inherited.has_mixin) {
        return Vec::new();
    }
    let open = open(script, known);
    let mut attempts = Vec::new();
    for span in script.nodes().filter_map(call) {
        let around = open.iter().filter(|it| contains(it.options, span));
        if let Some(it) = around.max_by_key(|it| it.options.start) {
            let refused = refused(script, it);
            attempts.push(attempt(script, Kind::VueMixin, span, Err(refused)));
        }
    }
    let template = template.filter(|_| known.is_empty()).and_then(Template::first_call);
    if let (Some(range), Some(first)) = (template, open.first()) {
        let planned = Err(refused(script, first));
        attempts.push(Attempt { kind: Kind::VueMixin, range, event: None, planned });
    }
    attempts
}

/// The components with mixins of other files, and without a `track` of their own.
fn open(script: &Script<'_, '_>, known: &[Component<'_, '_>]) -> Vec<Open> {
    let own: BTreeSet<u32> = script.nodes().filter_map(own_track).collect();
    let objects = script.nodes().filter_map(|it| match it.kind() {
        AstKind::ObjectExpression(options) => {
            Some(Open { options: options.span, mixins: mixins(script, options)? })
        }
        _ => None,
    });
    let is_open = |it: &Open| {
        let has_own = own.range(it.options.start..it.options.end).next().is_some();
        !has_own && !known.iter().any(|known| known.has(it.options))
    };
    objects.filter(is_open).collect()
}

/// Where a property `track` begins.
fn own_track(node: &AstNode<'_>) -> Option<u32> {
    let AstKind::ObjectProperty(it) = node.kind() else { return None };
    it.key.static_name().is_some_and(|it| it == "track").then_some(it.span.start)
}

/// `this.track(…)`
fn call(node: &AstNode<'_>) -> Option<Span> {
    let AstKind::CallExpression(call) = node.kind() else { return None };
    let Expression::StaticMemberExpression(member) = &call.callee else { return None };
    let is_track = member.property.name == "track"
        && matches!(member.object.get_inner_expression(), Expression::ThisExpression(_));
    is_track.then_some(call.span)
}

/// `mixins: […]` or `extends: X` with something that is not of this file.
fn mixins(script: &Script<'_, '_>, options: &ObjectExpression<'_>) -> Option<Span> {
    let is_foreign = |it: &Expression<'_>| match it.get_inner_expression() {
        Expression::Identifier(name) => {
            script.symbol(name).is_none_or(|it| script.imported_from(it).is_some())
        }
        Expression::CallExpression(call) => !script.source(call.span).starts_with("glFeatureFlag"),
        _ => false,
    };
    options.properties.iter().find_map(|it| {
        let ObjectPropertyKind::ObjectProperty(it) = it else { return None };
        let key = it.key.static_name()?;
        let has_foreign = match (key.as_ref(), it.value.get_inner_expression()) {
            ("mixins", Expression::ArrayExpression(list)) => {
                list.elements.iter().any(|it| it.as_expression().is_none_or(is_foreign))
            }
            ("extends", value) => is_foreign(value),
            _ => false,
        };
        has_foreign.then(|| it.span)
    })
}

fn refused(script: &Script<'_, '_>, open: &Open) -> Refusal {
    refusal(
        Reason::PartOfMore,
        format!("{FROM_ANOTHER_FILE}: `{}`", script.excerpt(open.mixins)),
        "Write `mixins: [Tracking.mixin()]` into this component and take the other mixin away, or \
         change that mixin and all that have it by hand; then migrate again",
    )
}
