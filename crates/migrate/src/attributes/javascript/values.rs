//! What expressions are worth, if they are literals.

use super::{Reader, bytes};
use crate::attributes::Work;
use crate::attributes::element::{Part, Value};
use crate::attributes::judge::quote;
use crate::javascript::{self, Dialect, Script};
use crate::stack::bounded;
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    Argument, CallExpression, Expression, ObjectPropertyKind, PropertyKey, Statement,
};
use oxc_parser::Parser;
use oxc_span::{GetSpan as _, SourceType};
use std::ops::Range;

/// What an expression is worth.
pub(super) fn value(text: &str, it: &Expression<'_>) -> Value {
    match it {
        Expression::StringLiteral(it) => Value::Text(it.value.to_string()),
        Expression::TemplateLiteral(it) if it.expressions.is_empty() => {
            let cooked = it.quasis.first().and_then(|it| it.value.cooked.as_ref());
            Value::Text(cooked.map(ToString::to_string).unwrap_or_default())
        }
        Expression::NumericLiteral(_) => Value::Number(text[bytes(it.span())].to_owned()),
        Expression::NullLiteral(_) => Value::Nothing,
        Expression::ParenthesizedExpression(it) => value(text, &it.expression),
        Expression::TSAsExpression(it) => value(text, &it.expression),
        Expression::ObjectExpression(it) => {
            let members = it.properties.iter().map(|it| member(text, it)).collect::<Option<_>>();
            members.map_or_else(|| computed(text, &bytes(it.span)), Value::Object)
        }
        Expression::CallExpression(it) => {
            stringified(text, it).unwrap_or_else(|| computed(text, &bytes(it.span)))
        }
        _ => computed(text, &bytes(it.span())),
    }
}

impl Reader<'_, '_, '_> {
    /// What an attribute is set to; of an action, the names that it may give.
    pub(super) fn value(&self, part: Part, it: &Expression<'_>) -> Value {
        match value(self.text, it) {
            Value::Computed(code) if part == Part::Action => {
                names(self.script, it).unwrap_or(Value::Computed(code))
            }
            value => value,
        }
    }
}

/// The names that an expression may give.
fn names(script: &Script<'_, '_>, it: &Expression<'_>) -> Option<Value> {
    if let Some(text) = javascript::text(script, it) {
        return Some(Value::Text(text));
    }
    javascript::choice(script, it).filter(|it| !it.is_empty()).map(Value::OneOf)
}

/// The names that an expression of a template may give.
pub(in crate::attributes) fn chosen(code: &str, work: &Work<'_>) -> Option<Value> {
    let wrapped = format!("({code}\n)");
    let ask = |script: &Script<'_, '_>| {
        let [Statement::ExpressionStatement(it)] =
            script.semantic.nodes().program().body.as_slice()
        else {
            return None;
        };
        names(script, &it.expression)
    };
    javascript::with_script(&wrapped, 0, Dialect::TypeScript, work.context(), ask).ok().flatten()
}

/// The bytes within the quotes of a text without escapes.
pub(super) fn literal(text: &str, it: &Expression<'_>) -> Option<Range<usize>> {
    let (span, value) = match it {
        Expression::StringLiteral(it) => (it.span, it.value.as_str()),
        Expression::TemplateLiteral(it) if it.expressions.is_empty() => {
            (it.span, it.quasis.first()?.value.cooked.as_ref()?.as_str())
        }
        Expression::ParenthesizedExpression(it) => return literal(text, &it.expression),
        _ => return None,
    };
    let whole = bytes(span);
    let inner = whole.start + 1..whole.end.checked_sub(1)?;
    (text.get(inner.clone())? == value).then_some(inner)
}

/// The quote an expression is written with.
pub(super) fn quote_of(text: &str, it: &Expression<'_>) -> char {
    let first = text[bytes(it.span())].chars().next();
    first.filter(|it| matches!(it, '"' | '\'')).unwrap_or('\'')
}

/// `JSON.stringify({ … })`
fn stringified(text: &str, it: &CallExpression<'_>) -> Option<Value> {
    let Expression::StaticMemberExpression(callee) = &it.callee else { return None };
    let is_it = callee.property.name == "stringify"
        && matches!(&callee.object, Expression::Identifier(it) if it.name == "JSON");
    let [Argument::ObjectExpression(object)] = it.arguments.as_slice() else { return None };
    let members = object.properties.iter().map(|it| member(text, it)).collect::<Option<_>>()?;
    is_it.then_some(Value::Object(members))
}

fn member(text: &str, it: &ObjectPropertyKind<'_>) -> Option<(String, Value)> {
    let ObjectPropertyKind::ObjectProperty(it) = it else { return None };
    let name = match &it.key {
        PropertyKey::StaticIdentifier(it) => it.name.to_string(),
        PropertyKey::StringLiteral(it) => it.value.to_string(),
        _ => return None,
    };
    (!it.computed && !it.method).then(|| (name, value(text, &it.value)))
}

/// What an expression by itself is worth, and the bytes within its quotes.
pub(in crate::attributes) fn expression(code: &str) -> Option<(Value, Option<Range<usize>>)> {
    if bounded(code).is_err() {
        return None;
    }
    let wrapped = format!("({code}\n)");
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &wrapped, SourceType::ts()).parse();
    if !parsed.diagnostics.is_empty() || parsed.panicked {
        return None;
    }
    let [Statement::ExpressionStatement(it)] = parsed.program.body.as_slice() else { return None };
    let inner = literal(&wrapped, &it.expression);
    Some((value(&wrapped, &it.expression), inner.map(|it| it.start - 1..it.end - 1)))
}

/// What a JSON text is worth; it stays a text if it is no object.
pub(in crate::attributes) fn json(text: &str) -> Value {
    object_of_json(text).unwrap_or_else(|| Value::Text(text.to_owned()))
}

fn object_of_json(text: &str) -> Option<Value> {
    if bounded(text).is_err() {
        return None;
    }
    let wrapped = format!("({text})");
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, &wrapped, SourceType::cjs()).parse();
    if !parsed.diagnostics.is_empty() || parsed.panicked {
        return None;
    }
    let [Statement::ExpressionStatement(it)] = parsed.program.body.as_slice() else { return None };
    let Expression::ParenthesizedExpression(it) = &it.expression else { return None };
    let Expression::ObjectExpression(object) = &it.expression else { return None };
    let is_quoted = |it: &ObjectPropertyKind<'_>| {
        matches!(it, ObjectPropertyKind::ObjectProperty(it)
            if matches!(&it.key, PropertyKey::StringLiteral(key)
                if wrapped[bytes(key.span)].starts_with('"')))
    };
    let members =
        object.properties.iter().map(|it| member(&wrapped, it).filter(|it| is_json(&it.1)));
    let members = members.collect::<Option<Vec<_>>>()?;
    object.properties.iter().all(is_quoted).then_some(Value::Object(members))
}

fn is_json(value: &Value) -> bool {
    match value {
        Value::Computed(it) => it == "true" || it == "false" || it.starts_with(['[', '-']),
        _ => true,
    }
}

fn computed(text: &str, range: &Range<usize>) -> Value {
    Value::Computed(quote(text, range))
}
