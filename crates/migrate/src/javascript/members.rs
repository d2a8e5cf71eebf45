//! What is done with `this` in components: `this.track(…)`, `this.tracking`, `this.trackEvent`.

use super::attempt::{Attempt, Planned, refusal};
use super::call::{self, Arguments, Callee};
use super::component::Component;
use super::fields;
use super::raw::{attempt, is_already, unused};
use super::script::Script;
use crate::site::{Kind, Reason, Refusal};
use oxc_ast::AstKind;
use oxc_ast::ast::{
    ArrowFunctionBody, BindingPattern, Expression, FunctionBody, ObjectExpression,
    ObjectPropertyKind, Statement, StaticMemberExpression,
};
use oxc_semantic::AstNode;
use oxc_span::{GetSpan as _, Span};

/// Calls and other uses of the mixin's members, in all components.
pub(super) fn attempts(script: &Script<'_, '_>, components: &[Component<'_, '_>]) -> Vec<Attempt> {
    if components.is_empty() {
        return Vec::new();
    }
    script.nodes().filter_map(|it| one(script, components, it)).collect()
}

/// The component that something stands in: the innermost.
fn around<'c, 's, 'a>(
    components: &'c [Component<'s, 'a>],
    span: Span,
) -> Option<&'c Component<'s, 'a>> {
    components.iter().filter(|it| it.has(span)).max_by_key(|it| it.span.start)
}

fn one(
    script: &Script<'_, '_>,
    components: &[Component<'_, '_>],
    node: &AstNode<'_>,
) -> Option<Attempt> {
    let span = node.kind().span();
    let component = around(components, span);
    let is_legacy = component.is_some_and(|it| it.inherited.has_mixin);
    let refused = match node.kind() {
        AstKind::StaticMemberExpression(it) => {
            return member(script, components, component, node, it);
        }
        AstKind::ComputedMemberExpression(it) if is_legacy => {
            let name = super::script::literal_text(&it.expression)?;
            let is_this = matches!(it.object, Expression::ThisExpression(_));
            (is_this && name == "track").then(|| passed_on(script, span))
        }
        AstKind::VariableDeclarator(it) if is_legacy => {
            let BindingPattern::ObjectPattern(pattern) = &it.id else { return None };
            let is_this = matches!(it.init, Some(Expression::ThisExpression(_)));
            let is_track = |it: &str| matches!(it, "track" | "trackingOptions");
            let mut names = pattern.properties.iter().filter_map(|it| it.key.static_name());
            (is_this && names.any(|it| is_track(&it))).then(|| passed_on(script, span))
        }
        AstKind::ObjectProperty(it) if is_legacy => {
            let name = it.key.static_name()?;
            if name == "template" && script.source(it.value.span()).contains("track") {
                let refused = text_template(script, span);
                return Some(attempt(script, Kind::VueMixin, span, Err(refused)));
            }
            let is_function = it.value.is_function();
            own(script, component?, node, &name, is_function)
        }
        AstKind::MethodDefinition(it) if is_legacy => {
            let name = it.key.static_name()?;
            own_name(script, &name, it.key.span())
        }
        AstKind::StringLiteral(it) if is_legacy => named(script, node, &it.value, span),
        _ => None,
    };
    refused.map(|it| attempt(script, Kind::VueMixin, span, Err(it)))
}

fn member(
    script: &Script<'_, '_>,
    components: &[Component<'_, '_>],
    component: Option<&Component<'_, '_>>,
    node: &AstNode<'_>,
    member: &StaticMemberExpression<'_>,
) -> Option<Attempt> {
    let name = member.property.name.as_str();
    let new = script.context.method();
    if name != "track" && name != new && !name.starts_with("tracking") {
        return None;
    }
    match member.object.get_inner_expression() {
        Expression::ThisExpression(_) => {}
        Expression::Identifier(it) if name == "track" => {
            let refused = alias(script, script.symbol(it)?, member.span)?;
            return Some(attempt(script, Kind::VueMixin, member.span, Err(refused)));
        }
        _ => return None,
    }
    let Some(component) = component else {
        let is_legacy = components.iter().any(|it| it.inherited.has_mixin);
        let in_class = script.ancestors(node.id()).any(|it| matches!(it.kind(), AstKind::Class(_)));
        let refused = (name == "track" && is_legacy && !in_class).then(|| outside(script, member));
        return refused.map(|it| attempt(script, Kind::VueMixin, member.span, Err(it)));
    };
    let inherited = &component.inherited;
    let parent = script.parent(node.id());
    let call = match parent.kind() {
        AstKind::CallExpression(call) if call.callee.span() == member.span => Some(call),
        _ => None,
    };
    if !inherited.has_mixin {
        let call = call.filter(|_| name == new && inherited.has_new)?;
        return Some(is_already(script, Kind::VueMixin, call));
    }
    let planned = match (name, call) {
        ("track", Some(call)) => {
            let which = Arguments { category: None, action: 0, has_data: true };
            let place = Callee::Script(parent.id());
            let planned = call::plan(script, call, which, inherited, place);
            let planned = planned.and_then(|mut it: Planned| {
                unused(script, parent.id(), call.span)?;
                it.edits.replace(script.range(member.property.span), new);
                Ok(it)
            });
            return Some(attempt(script, Kind::VueMixin, call.span, planned));
        }
        ("track", None) => Err(passed_on(script, parent.kind().span())),
        ("trackingOptions" | "trackingCategory", _) => Err(refusal(
            Reason::NotUnderstood,
            format!("the new mixin has no `{name}`: `{}`", script.excerpt(member.span)),
            "Write out what it stands for",
        )),
        (it, call) if it == new => {
            if let Some(call) = call.filter(|_| inherited.has_new) {
                return Some(is_already(script, Kind::VueMixin, call));
            }
            Err(own_refusal(script, new, member.span))
        }
        _ => return None,
    };
    Some(attempt(script, Kind::VueMixin, member.span, planned))
}

/// `vm.track`, where `vm` is, or may be, a component.
fn alias(script: &Script<'_, '_>, symbol: oxc_semantic::SymbolId, span: Span) -> Option<Refusal> {
    let declaration = script.semantic.symbol_declaration(symbol);
    let is_this = match declaration.kind() {
        AstKind::VariableDeclarator(it) => {
            matches!(it.init, Some(Expression::ThisExpression(_)))
        }
        _ => script.imported_from(symbol).is_none(),
    };
    is_this.then(|| {
        refusal(
            Reason::NotUnderstood,
            format!("what it is called on may be the component: `{}`", script.excerpt(span)),
            "Write `this.track(…)`, within an arrow function if need be",
        )
    })
}

fn outside(script: &Script<'_, '_>, member: &StaticMemberExpression<'_>) -> Refusal {
    refusal(
        Reason::NotUnderstood,
        format!("it is called outside of the component: `{}`", script.excerpt(member.span)),
        "Move it into the component that has the mixin",
    )
}

fn passed_on(script: &Script<'_, '_>, span: Span) -> Refusal {
    refusal(
        Reason::IndirectArguments,
        format!("`track` is not called here but passed on: `{}`", script.excerpt(span)),
        "Call it where the event's name is known: `() => this.track('event')`",
    )
}

fn text_template(script: &Script<'_, '_>, span: Span) -> Refusal {
    refusal(
        Reason::NotUnderstood,
        format!("a template in a text may call `track`: `{}`", script.excerpt(span)),
        "Call a method of the component there, and `this.track` in that",
    )
}

/// A name of a member in a text: `mapActions(['trackEvent'])`, `watch: { a: 'track' }`.
fn named(script: &Script<'_, '_>, node: &AstNode<'_>, text: &str, span: Span) -> Option<Refusal> {
    let parent = script.parent(node.id());
    match parent.kind() {
        AstKind::ArrayExpression(_) if text == "track" => Some(own_track(script, span)),
        AstKind::ArrayExpression(_) => {
            let is_ours = text == script.context.method() || text == "tracking";
            is_ours.then(|| own_refusal(script, text, span))
        }
        AstKind::ObjectProperty(it) if text == "track" => {
            let is_watch = |it: &AstNode<'_>| match it.kind() {
                AstKind::ObjectProperty(it) => it.key.static_name().is_some_and(|it| it == "watch"),
                _ => false,
            };
            let is_watched = script.ancestors(parent.id()).any(is_watch);
            is_watched.then(|| passed_on(script, it.span))
        }
        _ => None,
    }
}

/// A property of a component that collides with what the mixins bring.
fn own(
    script: &Script<'_, '_>,
    component: &Component<'_, '_>,
    node: &AstNode<'_>,
    name: &str,
    is_function: bool,
) -> Option<Refusal> {
    let span = node.kind().span();
    if name != "track" {
        return own_name(script, name, span);
    }
    // `this.track` within an object with such a function may be that.
    if is_function {
        return Some(own_track(script, span));
    }
    let mut ancestors = script.ancestors(node.id()).skip(1);
    let AstKind::ObjectProperty(methods) = ancestors.next()?.kind() else { return None };
    let is_methods = methods.key.static_name().is_some_and(|it| it == "methods");
    let is_of = ancestors.next().is_some_and(|it| it.kind().span() == component.options.span);
    (is_methods && is_of).then(|| own_track(script, span))
}

fn own_track(script: &Script<'_, '_>, span: Span) -> Refusal {
    refusal(
        Reason::NotUnderstood,
        format!("the component has a `track` of its own: `{}`", script.excerpt(span)),
        "Give it another name, so that `this.track` is the mixin's",
    )
}

fn own_name(script: &Script<'_, '_>, name: &str, span: Span) -> Option<Refusal> {
    (name == script.context.method()).then(|| own_refusal(script, name, span))
}

fn own_refusal(script: &Script<'_, '_>, name: &str, span: Span) -> Refusal {
    if name == "tracking" {
        return fields::indirect(script, span);
    }
    refusal(
        Reason::OwnTrackEvent,
        format!("the component has a `{name}` of its own: `{}`", script.excerpt(span)),
        format!("Give it another name: the new mixin brings a method `{name}`"),
    )
}

/// The object that `tracking` of a component is, and whether it is computed anew.
pub(super) fn tracking<'s, 'a>(
    script: &Script<'s, 'a>,
    options: &'s ObjectExpression<'a>,
) -> Result<Option<(&'s ObjectExpression<'a>, bool)>, Refusal> {
    for section in ["computed", "data", "props"] {
        let Some(value) = property(options, section) else { continue };
        let object = match value.get_inner_expression() {
            Expression::ObjectExpression(it) => Some(&**it),
            it => returned(it),
        };
        let Some(found) = object.and_then(|it| property(it, "tracking")) else { continue };
        let literal = match (section, found.get_inner_expression()) {
            ("data", Expression::ObjectExpression(it)) => Some(&**it),
            ("computed", it) => returned(it),
            _ => None,
        };
        return match literal {
            Some(literal) => Ok(Some((literal, section == "computed"))),
            None => Err(fields::indirect(script, found.span())),
        };
    }
    Ok(None)
}

/// The value of a property.
fn property<'s, 'a>(object: &'s ObjectExpression<'a>, name: &str) -> Option<&'s Expression<'a>> {
    object.properties.iter().find_map(|it| match it {
        ObjectPropertyKind::ObjectProperty(it) if it.key.static_name()? == name => Some(&it.value),
        _ => None,
    })
}

/// The object that a function does nothing but return.
pub(super) fn returned<'s, 'a>(function: &'s Expression<'a>) -> Option<&'s ObjectExpression<'a>> {
    let expression = match function {
        Expression::FunctionExpression(it) => only_return(it.body.as_deref()?)?,
        Expression::ArrowFunctionExpression(it) => match &it.body {
            ArrowFunctionBody::FunctionBody(body) => only_return(body)?,
            body => body.as_expression()?,
        },
        _ => return None,
    };
    match expression.get_inner_expression() {
        Expression::ObjectExpression(it) => Some(it),
        _ => None,
    }
}

fn only_return<'s, 'a>(body: &'s FunctionBody<'a>) -> Option<&'s Expression<'a>> {
    match body.statements.as_slice() {
        [Statement::ReturnStatement(it)] => it.argument.as_ref(),
        _ => None,
    }
}
