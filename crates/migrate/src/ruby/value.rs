//! From the parser's nodes to values and arguments.

use super::model::{Arg, ArgKind, Inner, Shape, Value};
use ruby_prism::{ArgumentsNode, CallNode, FullName as _, Location, Node, StatementsNode};
use std::ops::Range;

/// How deep a value is looked into: `a.b.c.id` is four. What is deeper is nothing that is known.
const DEPTH: usize = 16;

/// The bytes of a node.
pub(super) fn bytes(location: &Location<'_>) -> Range<usize> {
    location.start() as usize..location.end() as usize
}

/// Text of the source; what is no UTF-8 matches nothing.
pub(super) fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// The value of an expression.
pub(super) fn value(node: &Node<'_>) -> Value {
    value_at(node, DEPTH)
}

fn value_at(node: &Node<'_>, depth: usize) -> Value {
    let shape = if depth == 0 { Shape::Other } else { shape(node, depth - 1) };
    Value { range: bytes(&node.location()), shape }
}

fn shape(node: &Node<'_>, depth: usize) -> Shape {
    match node {
        Node::StringNode { .. } => node.as_string_node().map_or(Shape::Other, |it| {
            let is_heredoc = it.opening_loc().is_some_and(|it| it.as_slice().starts_with(b"<<"));
            if is_heredoc { Shape::Interpolated } else { Shape::Text(text(it.unescaped())) }
        }),
        Node::SymbolNode { .. } => {
            node.as_symbol_node().map_or(Shape::Other, |it| Shape::Symbol(text(it.unescaped())))
        }
        Node::InterpolatedStringNode { .. } | Node::InterpolatedSymbolNode { .. } => {
            Shape::Interpolated
        }
        Node::IntegerNode { .. } | Node::FloatNode { .. } => Shape::Number,
        Node::NilNode { .. } => Shape::Nil,
        Node::TrueNode { .. } | Node::FalseNode { .. } => Shape::Boolean,
        Node::ArrayNode { .. } => node.as_array_node().map_or(Shape::Other, |it| {
            Shape::Array(it.elements().iter().map(|it| value_at(&it, depth)).collect())
        }),
        Node::HashNode { .. } => Shape::Hash,
        Node::SelfNode { .. } => Shape::Own,
        Node::LambdaNode { .. } => Shape::Lambda,
        Node::ConstantReadNode { .. } | Node::ConstantPathNode { .. } => {
            constant(node).map_or(Shape::Other, Shape::Constant)
        }
        Node::LocalVariableReadNode { .. } => node
            .as_local_variable_read_node()
            .map_or(Shape::Other, |it| Shape::Local(text(it.name().as_slice()))),
        Node::InstanceVariableReadNode { .. } => node
            .as_instance_variable_read_node()
            .map_or(Shape::Other, |it| Shape::Instance(text(it.name().as_slice()))),
        Node::IfNode { .. } => either(node, depth).unwrap_or(Shape::Other),
        Node::ParenthesesNode { .. } => inner(node).map_or(Shape::Other, |it| shape(&it, depth)),
        Node::CallNode { .. } => node.as_call_node().map_or(Shape::Other, |it| call(&it, depth)),
        // `user:` alone: the value is implied, and what it is stands inside.
        Node::ImplicitNode { .. } => {
            node.as_implicit_node().map_or(Shape::Other, |it| shape(&it.value(), depth))
        }
        _ => Shape::Other,
    }
}

/// `a ? b : c`
fn either(node: &Node<'_>, depth: usize) -> Option<Shape> {
    let node = node.as_if_node().filter(|it| it.if_keyword_loc().is_none())?;
    let yes = only(&node.statements()?)?;
    let no = only(&node.subsequent()?.as_else_node()?.statements()?)?;
    Some(Shape::Either(Box::new([value_at(&yes, depth), value_at(&no, depth)])))
}

/// What stands in parentheses.
fn inner<'pr>(node: &Node<'pr>) -> Option<Node<'pr>> {
    only(&node.as_parentheses_node()?.body()?.as_statements_node()?)
}

fn only<'pr>(statements: &StatementsNode<'pr>) -> Option<Node<'pr>> {
    let body = statements.body();
    let mut body = body.iter();
    let first = body.next()?;
    body.next().is_none().then_some(first)
}

/// The name of a constant, without leading colons.
pub(super) fn constant(node: &Node<'_>) -> Option<String> {
    let name = match node {
        Node::ConstantReadNode { .. } => node.as_constant_read_node()?.full_name().ok()?,
        _ => node.as_constant_path_node()?.full_name().ok()?,
    };
    Some(text(&name).trim_start_matches("::").to_owned())
}

fn call(node: &CallNode<'_>, depth: usize) -> Shape {
    if node.block().is_some() {
        return Shape::Other;
    }
    let receiver = node.receiver().map(|it| value_at(&it, depth));
    let name = text(node.name().as_slice());
    let args = args_at(node.arguments().as_ref(), depth);
    Shape::Call(Box::new(Inner { receiver, name, args }))
}

/// What a call is given.
pub(super) fn args(node: &CallNode<'_>) -> Vec<Arg> {
    let mut args = args_at(node.arguments().as_ref(), DEPTH);
    let passed = node.block().and_then(|it| it.as_block_argument_node());
    let passed = passed.map(|it| bytes(&it.location()));
    args.extend(passed.map(|range| Arg { range, kind: ArgKind::Indirect }));
    args
}

fn args_at(node: Option<&ArgumentsNode<'_>>, depth: usize) -> Vec<Arg> {
    let mut args = Vec::new();
    for node in node.iter().flat_map(|it| it.arguments().iter()) {
        let Some(hash) = node.as_keyword_hash_node() else {
            let is_indirect =
                node.as_splat_node().is_some() || node.as_forwarding_arguments_node().is_some();
            let positional = || ArgKind::Positional(value_at(&node, depth));
            let kind = if is_indirect { ArgKind::Indirect } else { positional() };
            args.push(Arg { range: bytes(&node.location()), kind });
            continue;
        };
        for pair in &hash.elements() {
            let kind = keyword(&pair, depth).unwrap_or(ArgKind::Indirect);
            args.push(Arg { range: bytes(&pair.location()), kind });
        }
    }
    args
}

/// `key: value` or `:key => value`; `None` for whatever else stands among keywords.
fn keyword(pair: &Node<'_>, depth: usize) -> Option<ArgKind> {
    let pair = pair.as_assoc_node()?;
    let key = text(pair.key().as_symbol_node()?.unescaped());
    let is_short = pair.value().as_implicit_node().is_some();
    Some(ArgKind::Keyword { key, value: value_at(&pair.value(), depth), is_short })
}
