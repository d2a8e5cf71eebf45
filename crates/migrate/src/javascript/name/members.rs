//! Members of constant objects: `EVENTS.CLICK`, where `const EVENTS = { CLICK: 'click' }`.

use crate::javascript::Script;
use oxc_ast::AstKind;
use oxc_ast::ast::{
    BindingPattern, BindingProperty, Expression, ObjectExpression, ObjectPropertyKind,
};
use oxc_semantic::{AstNode, SymbolId};
use oxc_span::GetSpan as _;

/// What a member of a constant is set to, if nobody can have set it to something else.
pub(super) fn member<'s, 'a>(
    script: &Script<'s, 'a>,
    symbol: SymbolId,
    init: &'s Expression<'a>,
    path: &[&str],
) -> Option<&'s Expression<'a>> {
    let (mut value, is_frozen) = thawed(init);
    // What is frozen holds its members, and not those of its members.
    let is_held = is_frozen && path.len() == 1;
    if !is_held && !is_only_read(script, symbol, path) {
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

/// Whether the file does nothing with an object but read members of it, and gives it to nobody.
fn is_only_read(script: &Script<'_, '_>, symbol: SymbolId, path: &[&str]) -> bool {
    let declaration = script.semantic.symbol_declaration(symbol);
    let is_exported = script.is_exported(declaration.id());
    !is_exported && script.uses(symbol).into_iter().all(|it| is_read(script, it, path))
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
        AstKind::VariableDeclarator(it) if members.is_empty() => {
            let BindingPattern::ObjectPattern(pattern) = &it.id else { return false };
            let is_other = |it: &BindingProperty<'_>| {
                it.key.static_name().is_some_and(|it| path.first() != Some(&it.as_ref()))
            };
            pattern.rest.is_none() && (path.len() == 1 || pattern.properties.iter().all(is_other))
        }
        _ if members.is_empty() || is_on_the_way => false,
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
