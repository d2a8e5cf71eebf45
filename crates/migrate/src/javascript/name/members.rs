//! Members of constant objects: `EVENTS.CLICK`, where `const EVENTS = { CLICK: 'click' }`.

use crate::javascript::Script;
use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, IdentifierReference, ObjectExpression, ObjectPropertyKind};
use oxc_semantic::{AstNode, SymbolId};
use oxc_span::GetSpan as _;

/// Reads `name` and `name.member`.
pub(super) fn path<'e, 'a>(
    expression: &'e Expression<'a>,
) -> Option<(&'e IdentifierReference<'a>, Option<&'e str>)> {
    match expression.get_inner_expression() {
        Expression::Identifier(name) => Some((name, None)),
        Expression::StaticMemberExpression(it) if !it.optional => match &it.object {
            Expression::Identifier(name) => Some((name, Some(it.property.name.as_str()))),
            _ => None,
        },
        _ => None,
    }
}

/// What a member of a constant is set to, if nobody can have set it to something else.
pub(super) fn member<'s, 'a>(
    script: &Script<'s, 'a>,
    symbol: SymbolId,
    init: &'s Expression<'a>,
    name: &str,
) -> Option<&'s Expression<'a>> {
    let (value, is_frozen) = thawed(init);
    if !is_frozen && !is_only_read(script, symbol) {
        return None;
    }
    let Expression::ObjectExpression(object) = value else { return None };
    own(object, name)
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
fn own<'s, 'a>(object: &'s ObjectExpression<'a>, name: &str) -> Option<&'s Expression<'a>> {
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
fn is_only_read(script: &Script<'_, '_>, symbol: SymbolId) -> bool {
    let declaration = script.semantic.symbol_declaration(symbol);
    let is_exported = script.is_exported(declaration.id());
    !is_exported && script.uses(symbol).into_iter().all(|it| is_read(script, it))
}

fn is_read(script: &Script<'_, '_>, name: &AstNode<'_>) -> bool {
    let node = script.parent(name.id());
    let AstKind::StaticMemberExpression(member) = node.kind() else { return false };
    let span = member.span;
    let is_object = member.object.span() == name.kind().span();
    let parent = script.parent(node.id());
    is_object
        && match parent.kind() {
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
            | AstKind::SwitchCase(_)
            | AstKind::TemplateLiteral(_)
            | AstKind::VariableDeclarator(_) => true,
            _ => false,
        }
}
