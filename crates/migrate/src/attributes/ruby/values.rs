//! What nodes are worth, if they are literals.

use super::{Flavour, bytes, range};
use crate::attributes::element::Value;
use crate::attributes::javascript::json;
use crate::attributes::judge::quote;
use ruby_prism::{CallNode, HashNode, Node, StatementsNode};
use std::ops::Range;

/// What a node is worth.
pub(super) fn value(text: &str, node: &Node<'_>) -> Value {
    if let Some(it) = node.as_string_node() {
        return Value::Text(String::from_utf8_lossy(it.unescaped()).into_owned());
    }
    if let Some(it) = node.as_symbol_node() {
        return Value::Text(String::from_utf8_lossy(it.unescaped()).into_owned());
    }
    if node.as_nil_node().is_some() {
        return Value::Nothing;
    }
    let code = quote(text, &range(node));
    if node.as_integer_node().is_some() || node.as_float_node().is_some() {
        return Value::Number(code);
    }
    Value::Computed(code)
}

/// What an action is set to: a name, or one of those among which `a ? 'x' : 'y'` chooses.
pub(super) fn names(text: &str, node: &Node<'_>) -> Value {
    match choice(text, node) {
        Some(all) if all.len() > 1 => Value::OneOf(all),
        _ => value(text, node),
    }
}

fn choice(text: &str, node: &Node<'_>) -> Option<Vec<String>> {
    if let Some(it) = node.as_parentheses_node() {
        return only(&it.body()?.as_statements_node()?).and_then(|it| choice(text, &it));
    }
    let Some(it) = node.as_if_node() else {
        return match value(text, node) {
            Value::Text(it) => Some(vec![it]),
            _ => None,
        };
    };
    let mut all = choice(text, &only(&it.statements()?)?)?;
    let otherwise = it.subsequent()?.as_else_node()?.statements()?;
    all.extend(choice(text, &only(&otherwise)?)?);
    Some(all)
}

fn only<'a>(statements: &StatementsNode<'a>) -> Option<Node<'a>> {
    let mut body = statements.body().iter();
    let first = body.next()?;
    body.next().is_none().then_some(first)
}

/// What the custom properties of an element are.
pub(super) fn extra(text: &str, node: &Node<'_>, flavour: Flavour) -> Value {
    if let Some(it) = node.as_hash_node() {
        // HAML makes an attribute of each member, so this never was a property.
        return match flavour {
            Flavour::Code => object(text, &it).unwrap_or_else(|| value(text, node)),
            Flavour::HamlAttributes => Value::Text(quote(text, &range(node))),
        };
    }
    if let Some(it) = node.as_call_node().and_then(|it| of_json(text, &it)) {
        return it;
    }
    match value(text, node) {
        Value::Text(it) => json(&it),
        it => it,
    }
}

/// `{ … }.to_json`
fn of_json(text: &str, call: &CallNode<'_>) -> Option<Value> {
    let is_it = call.name().as_slice() == b"to_json" && call.arguments().is_none();
    let receiver = call.receiver().filter(|_| is_it)?;
    object(text, &receiver.as_hash_node()?)
}

fn object(text: &str, hash: &HashNode<'_>) -> Option<Value> {
    let members = hash.elements().iter().map(|it| {
        let pair = it.as_assoc_node()?;
        Some((name(text, &pair.key())?.0, value(text, &pair.value())))
    });
    Some(Value::Object(members.collect::<Option<_>>()?))
}

/// The name that a key is, and its bytes without quotes and colons.
pub(super) fn name(text: &str, key: &Node<'_>) -> Option<(String, Range<usize>)> {
    let range = literal(text, key)?;
    Some((text[range.clone()].to_owned(), range))
}

/// The bytes of a text or symbol without escapes, quotes and colons left out.
pub(super) fn literal(text: &str, node: &Node<'_>) -> Option<Range<usize>> {
    let (range, value) = if let Some(it) = node.as_string_node() {
        // A heredoc stands elsewhere.
        let opening = it.opening_loc().map(|it| it.as_slice());
        if opening.is_some_and(|it| it.starts_with(b"<<")) {
            return None;
        }
        (bytes(&it.content_loc()), it.unescaped().to_vec())
    } else {
        let it = node.as_symbol_node()?;
        (bytes(&it.content_loc()), it.unescaped().to_vec())
    };
    (text.get(range.clone())?.as_bytes() == value).then_some(range)
}
