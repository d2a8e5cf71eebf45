//! Walks a tree and notes what the rewriter has to know.

mod visit;

use super::model::{Block, Call, Mixin, Place, Scope, Source, Statement};
use super::value::{args, bytes, constant, text, value};
use super::{indirect, usage_data};
use ruby_prism::{CallNode, Node, ParseResult, StatementsNode, Visit as _};
use std::ops::Range;

/// How deep the walk goes. Each level takes some kilobytes of stack, and code that people write
/// has a third of it.
const DEPTH: usize = 150;

/// Names of calls that are worth a look, besides those of what is not called by its name.
const NAMES: [&str; 16] = [
    "event",
    "track_event",
    "track_event_in_context",
    "track_redis_hll_event",
    "track_usage_event",
    "count",
    "increment",
    "have_tracking",
    "expect_snowplow_event",
    "expect_no_snowplow_event",
    "it_behaves_like",
    "it_should_behave_like",
    "include_examples",
    "to",
    "not_to",
    "to_not",
];

fn is_of_interest(name: &str) -> bool {
    NAMES.contains(&name) || name.starts_with("increment_") || indirect::is_of_interest(name)
}

/// Blocks in which `self` may be something else, although they stand in a method.
const ELSEWHERE: [&str; 9] = [
    "instance_eval",
    "instance_exec",
    "class_eval",
    "class_exec",
    "module_eval",
    "module_exec",
    "define_method",
    "define_singleton_method",
    "new",
];

/// Notes what is in a file.
pub(super) fn collect(parsed: &ParseResult<'_>) -> Source {
    let mut walk = Walk::default();
    walk.source.comments = parsed.comments().map(|it| bytes(&it.location())).collect();
    walk.visit(&parsed.node());
    walk.source
}

#[derive(Default)]
struct Walk {
    source: Source,
    depth: usize,
    /// Whether what the node at hand returns is used.
    is_used: bool,
    saved: Vec<bool>,
    scope: Option<usize>,
    method: Option<usize>,
    is_on_instance: bool,
    /// Whether a method that begins here belongs to the scope's instances.
    defines_on_instances: bool,
    place: Option<Place>,
    /// How many blocks stand around, within the class or module.
    blocks: usize,
    /// The list that the latest block had.
    latest_list: Option<usize>,
}

impl Walk {
    fn with_used(&mut self, is_used: bool, visit: impl FnOnce(&mut Self)) {
        let saved = std::mem::replace(&mut self.is_used, is_used);
        visit(self);
        self.is_used = saved;
    }

    /// Whether a node is nested too deeply; it is noted then.
    fn is_too_deep(&mut self, range: Range<usize>) -> bool {
        let is_too_deep = self.depth > DEPTH;
        if is_too_deep {
            self.source.too_deep.push(range);
        }
        is_too_deep
    }

    fn enter_scope(
        &mut self,
        (name, head_end): (String, usize),
        body: Option<Node<'_>>,
        is_singleton: bool,
        visit: impl FnOnce(&mut Self),
    ) {
        self.source.scopes.push(Scope {
            name,
            head_end,
            body_start: body.map(|it| bytes(&it.location()).start),
            parent: self.scope,
            constants: std::collections::BTreeMap::new(),
            includes: Vec::new(),
            methods: Vec::new(),
            is_singleton,
            is_module: false,
        });
        let number = self.source.scopes.len() - 1;
        let saved = (self.scope, self.method, self.is_on_instance, self.defines_on_instances);
        (self.scope, self.method, self.is_on_instance, self.defines_on_instances) =
            (Some(number), None, false, !is_singleton);
        let blocks = std::mem::take(&mut self.blocks);
        visit(self);
        self.blocks = blocks;
        (self.scope, self.method, self.is_on_instance, self.defines_on_instances) = saved;
    }

    fn note_name(&mut self, name: &[u8]) {
        if let Some(method) = self.method {
            self.source.methods[method].names.push(text(name));
        }
    }

    /// Notes a name that stands for a class.
    fn note_alias(&mut self, name: &[u8], value: &Node<'_>) {
        let is_constant =
            matches!(value, Node::ConstantReadNode { .. } | Node::ConstantPathNode { .. });
        if let Some(class) = is_constant.then(|| constant(value)).flatten() {
            self.source.aliases.insert(text(name), class);
        }
    }

    /// Notes `include` and `extend` of the module that brings `track_usage_event`.
    fn note_mixin(&mut self, node: &CallNode<'_>) {
        let name = node.name();
        if node.receiver().is_some() || !matches!(name.as_slice(), b"include" | b"extend") {
            return;
        }
        let names = node.arguments();
        let names: Vec<Node<'_>> = names.iter().flat_map(|it| it.arguments().iter()).collect();
        let is_ours = |it: &Node<'_>| constant(it).is_some_and(|it| it == usage_data::MODULE);
        if !names.iter().any(is_ours) {
            return;
        }
        let range = bytes(&node.location());
        let is_of_body = self.method.is_none() && self.blocks == 0;
        self.source.mixins.push(Mixin {
            is_included: name.as_slice() == b"include",
            is_alone: names.len() == 1 && is_of_body && self.is_statement(&range),
            scope: self.scope,
            range,
        });
    }

    /// Notes `include X`, `extend self`, `module_function` of a scope's body.
    fn note_macro(&mut self, node: &CallNode<'_>) {
        let Some(scope) = self.scope.filter(|_| self.method.is_none()) else { return };
        if node.receiver().is_some() || !self.defines_on_instances {
            return;
        }
        let is_statement = self.is_statement(&bytes(&node.location()));
        let scope = &mut self.source.scopes[scope];
        let names = node.arguments();
        let names: Vec<Node<'_>> = names.iter().flat_map(|it| it.arguments().iter()).collect();
        match node.name().as_slice() {
            b"include" if is_statement => {
                let range = bytes(&node.location());
                scope.includes.extend(
                    names.iter().filter_map(|it| {
                        Some((range.clone(), bytes(&it.location()), constant(it)?))
                    }),
                );
            }
            b"extend" if names.iter().any(|it| it.as_self_node().is_some()) => {
                scope.is_singleton = true;
            }
            b"module_function" => scope.is_singleton = true,
            _ => {}
        }
    }

    /// Whether these bytes are a statement by themselves.
    fn is_statement(&self, range: &Range<usize>) -> bool {
        let statement = self.place.and_then(|it| self.source.lists.get(it.list)?.get(it.number));
        statement.is_some_and(|it| it.range == *range)
    }

    fn note_call(&mut self, node: &CallNode<'_>) -> Option<usize> {
        let name = text(node.name().as_slice());
        if !is_of_interest(&name) {
            return None;
        }
        let parentheses = node.opening_loc().zip(node.closing_loc());
        let block = node.block().and_then(|it| it.as_block_node());
        self.source.calls.push(Call {
            range: bytes(&node.location()),
            receiver: node.receiver().map(|it| value(&it)),
            name,
            args: args(node),
            parentheses: parentheses.map(|it| bytes(&it.0).end..bytes(&it.1).start),
            block: block.map(|it| Block { range: bytes(&it.location()), list: None }),
            is_used: self.saved.last().copied().unwrap_or(false),
            scope: self.scope,
            method: self.method,
            is_on_instance: self.is_on_instance,
            place: self.place,
        });
        Some(self.source.calls.len() - 1)
    }

    fn note_statements(&mut self, node: &StatementsNode<'_>) -> usize {
        let statements = node.body().iter().map(|it| statement(&it)).collect();
        self.source.lists.push(statements);
        self.source.lists.len() - 1
    }

    fn note_heredoc(
        &mut self,
        opening: &ruby_prism::Location<'_>,
        first: &ruby_prism::Location<'_>,
        closing: Option<&ruby_prism::Location<'_>>,
    ) {
        let end = closing.map_or(first.end(), |it| it.end().max(first.end()));
        let body = first.start() as usize..end as usize;
        self.source.heredocs.push((bytes(opening), body));
    }
}

fn statement(node: &Node<'_>) -> Statement {
    let call = node.as_call_node();
    let is_call = call.is_some() || node.as_local_variable_read_node().is_some();
    let definition = call.and_then(|it| {
        let block = it.block()?.as_block_node()?;
        let first = it.arguments().and_then(|it| it.arguments().iter().next());
        let body = block.body().and_then(|it| it.as_statements_node());
        let only = body.filter(|it| it.body().iter().count() == 1);
        let only = only.and_then(|it| it.body().iter().next());
        let name = text(it.name().as_slice());
        Some((name, first.map(|it| value(&it)), only.map(|it| value(&it))))
    });
    Statement { range: bytes(&node.location()), is_call, definition }
}
