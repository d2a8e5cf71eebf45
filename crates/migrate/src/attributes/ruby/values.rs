//! What nodes are worth, if they are literals.

use super::{Flavour, bytes, range};
use crate::attributes::element::Value;
use crate::attributes::javascript::json;
use crate::attributes::judge::quote;
use ruby_prism::{CallNode, HashNode, Node};
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
