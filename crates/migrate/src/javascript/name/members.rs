//! Members of constant objects: `EVENTS.CLICK`, where `const EVENTS = { CLICK: 'click' }`.

use crate::javascript::Script;
use oxc_ast::AstKind;
use oxc_ast::ast::{
    BindingPattern, BindingProperty, Expression, ObjectExpression, ObjectPropertyKind,
};
use oxc_semantic::{AstNode, SymbolId};
use oxc_span::{GetSpan as _, Span};

/// Any member of an object, where all of them are meant.
pub(super) const ANY: &str = "*";

/// What a member of a constant is set to, if nobody can have set it, or one of its own members
/// where it is an object, to something else.
pub(super) fn member<'s, 'a>(
    script: &Script<'s, 'a>,
    symbol: SymbolId,
    init: &'s Expression<'a>,
    (path, is_object): (&[&str], bool),
) -> Option<&'s Expression<'a>> {
    let (mut value, is_frozen) = thawed(init);
    let whole: Vec<&str> = path.iter().copied().chain(is_object.then_some(ANY)).collect();
    // What is frozen holds its members, and not those of its members.
    let is_held = is_frozen && whole.len() == 1;
    if !is_held && !is_only_read(script, symbol, &whole) {
        return None;
    }
    for name in path {
        let Expression::ObjectExpression(object) = value.get_inner_expression() else {
            return None;
        };
        value = own(object, name)?;
    }
    Some(value)
}

/// What `Object.freeze` is given, and whether that is called.
fn thawed<'s, 'a>(value: &'s Expression<'a>) -> (&'s Expression<'a>, bool) {
    let value = value.get_inner_expression();
    if let Expression::CallExpression(call) = value
        && call.callee.is_specific_member_access("Object", "freeze")
        && let [only] = call.arguments.as_slice()
        && let Some(inner) = only.as_expression()
    {
        return (inner.get_inner_expression(), true);
    }
    (value, false)
}

/// The value of a property that is written out once, in an object all of which is written out.
pub(super) fn own<'s, 'a>(
    object: &'s ObjectExpression<'a>,
    name: &str,
) -> Option<&'s Expression<'a>> {
    let mut found = None;
    for property in &object.properties {
        let ObjectPropertyKind::ObjectProperty(it) = property else { return None };
        let key = it.key.static_name().filter(|_| !it.computed)?;
        if key == name && found.replace(&it.value).is_some() {
            return None;
        }
    }
    found
}

/// Whether the file does nothing with an object but read members of it, and gives it to nobody who
/// may change it. Another file that imports it could; none does, as linters do not let them.
pub(super) fn is_only_read(script: &Script<'_, '_>, symbol: SymbolId, path: &[&str]) -> bool {
    script.uses(symbol).into_iter().all(|it| is_read(script, it, path))
}

/// Whether a file sets a member of what it imports.
pub(super) fn is_written(script: &Script<'_, '_>, symbol: SymbolId) -> bool {
    script.uses(symbol).into_iter().any(|it| {
        let mut node = it;
        let mut parent = script.parent(node.id());
        while let AstKind::StaticMemberExpression(_) | AstKind::ComputedMemberExpression(_) =
            parent.kind()
        {
            (node, parent) = (parent, script.parent(parent.id()));
        }
        let span = node.kind().span();
        match parent.kind() {
            AstKind::AssignmentExpression(it) => it.left.span() == span,
            AstKind::UpdateExpression(_) | AstKind::UnaryExpression(_) => node.id() != it.id(),
            AstKind::CallExpression(call) => {
                let callee = script.source(call.callee.span());
                matches!(callee, "Object.assign" | "Object.defineProperty")
                    && call.arguments.first().is_some_and(|it| it.span() == span)
            }
            _ => false,
        }
    })
}

/// Calls that leave an object they are given as it is: of tracking, and what specs expect.
const HARMLESS: [&str; 12] = [
    "event",
    "lastCalledWith",
    "nthCalledWith",
    "objectContaining",
    "toBeCalledWith",
    "toEqual",
    "toHaveBeenCalledWith",
    "toHaveBeenLastCalledWith",
    "toHaveBeenNthCalledWith",
    "toMatchObject",
    "track",
    "trackEvent",
];

/// Whether what an object is given to does not change it: a call of tracking, a copy of it, or the
/// options of a component.
fn is_harmless(script: &Script<'_, '_>, object: Span, parent: &AstNode<'_>) -> bool {
    match parent.kind() {
        AstKind::CallExpression(call) => {
            let is_given = call.callee.span() != object;
            is_given && call.callee_name().is_some_and(|it| HARMLESS.contains(&it))
        }
        AstKind::SpreadElement(_) => true,
        AstKind::ObjectProperty(it) => {
            let options = script.parent(parent.id());
            let around = script.parent(options.id()).kind();
            it.value.span() == object && matches!(around, AstKind::ExportDefaultDeclaration(_))
        }
        _ => false,
    }
}

/// Whether a use of an object reads a member of it, and leaves what is at a path alone.
fn is_read(script: &Script<'_, '_>, name: &AstNode<'_>, path: &[&str]) -> bool {
    let mut node = name;
    let mut members = Vec::new();
    let mut parent = script.parent(node.id());
    while let AstKind::StaticMemberExpression(member) = parent.kind() {
        if member.object.span() != node.kind().span() {
            return false;
        }
        members.push(member.property.name.as_str());
        node = parent;
        parent = script.parent(node.id());
    }
    // Whoever gets an object on the way can change what is in it.
    let is_on_the_way = members.len() < path.len() && path.starts_with(&members);
    let span = node.kind().span();
    match parent.kind() {
        AstKind::VariableDeclarator(it) if members.is_empty() || is_on_the_way => {
            let BindingPattern::ObjectPattern(pattern) = &it.id else { return false };
            let Some((next, rest)) = path[members.len().min(path.len())..].split_first() else {
                return true;
            };
            // What is taken of it is no object, or another one, or only read as well.
            let is_harmless = |it: &BindingProperty<'_>| match it.key.static_name() {
                Some(key) if key != *next => true,
                Some(_) => {
                    let taken = it.value.get_binding_identifier().and_then(|it| it.symbol_id.get());
                    taken.is_some_and(|it| is_only_read(script, it, rest))
                }
                None => false,
            };
            rest.is_empty()
                || !path.starts_with(&members)
                || pattern.rest.is_none() && pattern.properties.iter().all(is_harmless)
        }
        _ if members.is_empty() || is_on_the_way => is_harmless(script, span, parent),
        AstKind::AssignmentExpression(it) => it.left.span() != span,
        // A method may change the object that it is called upon.
        AstKind::CallExpression(it) => it.callee.span() != span,
        AstKind::ObjectProperty(it) => it.value.span() == span,
        AstKind::ArrayExpression(_)
        | AstKind::ArrowFunctionExpression(_)
        | AstKind::BinaryExpression(_)
        | AstKind::ConditionalExpression(_)
        | AstKind::LogicalExpression(_)
        | AstKind::ReturnStatement(_)
        | AstKind::SpreadElement(_)
        | AstKind::SwitchCase(_)
        | AstKind::TemplateLiteral(_)
        | AstKind::VariableDeclarator(_) => true,
        _ => false,
    }
}
