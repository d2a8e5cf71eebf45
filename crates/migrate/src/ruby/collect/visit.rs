//! Which nodes the walk looks at, and how far down it goes.

use super::super::model::{Method, Place, Value};
use super::super::value::{bytes, constant, text, value};
use super::{ELSEWHERE, Walk};
use ruby_prism::{
    AndNode, BlockNode, CallNode, ClassNode, ConstantWriteNode, DefNode, IfNode,
    InstanceVariableWriteNode, LambdaNode, LocalVariableWriteNode, ModuleNode, Node, OrNode,
    SingletonClassNode, StatementsNode, UnlessNode, Visit,
};

/// Whether what a node returns is what a part of it returns.
fn passes_on(node: &Node<'_>) -> bool {
    matches!(
        node,
        Node::IfNode { .. }
            | Node::UnlessNode { .. }
            | Node::ElseNode { .. }
            | Node::StatementsNode { .. }
            | Node::ParenthesesNode { .. }
            | Node::BeginNode { .. }
            | Node::RescueNode { .. }
            | Node::EnsureNode { .. }
            | Node::RescueModifierNode { .. }
            | Node::AndNode { .. }
            | Node::OrNode { .. }
            | Node::CaseNode { .. }
            | Node::CaseMatchNode { .. }
            | Node::WhenNode { .. }
            | Node::InNode { .. }
            | Node::ReturnNode { .. }
    )
}

/// Whether nobody looks at what the last expression in a node returns, as far as tracking goes.
fn ends_use(node: &Node<'_>) -> bool {
    matches!(
        node,
        Node::ProgramNode { .. }
            | Node::DefNode { .. }
            | Node::BlockNode { .. }
            | Node::LambdaNode { .. }
            | Node::ClassNode { .. }
            | Node::ModuleNode { .. }
            | Node::SingletonClassNode { .. }
            | Node::WhileNode { .. }
            | Node::UntilNode { .. }
            | Node::ForNode { .. }
    )
}

/// Walks on unless a node is nested too deeply.
macro_rules! walks_on {
    ($($visit:ident: $node:ident),* $(,)?) => {
        $(fn $visit(&mut self, node: &ruby_prism::$node<'pr>) {
            if !self.is_too_deep(bytes(&node.location())) {
                ruby_prism::$visit(self, node);
            }
        })*
    };
}

impl<'pr> Visit<'pr> for Walk {
    fn visit_branch_node_enter(&mut self, node: Node<'pr>) {
        self.depth += 1;
        self.saved.push(self.is_used);
        if ends_use(&node) {
            self.is_used = false;
        } else if !passes_on(&node) {
            self.is_used = true;
        }
    }

    fn visit_branch_node_leave(&mut self) {
        self.depth -= 1;
        self.is_used = self.saved.pop().unwrap_or(false);
    }

    fn visit_leaf_node_enter(&mut self, node: Node<'pr>) {
        if let Some(it) = node.as_instance_variable_read_node() {
            self.note_name(it.name().as_slice());
        } else if let Some(it) = node.as_required_parameter_node() {
            self.note_name(it.name().as_slice());
        } else if let Some(it) = node.as_required_keyword_parameter_node() {
            self.note_name(it.name().as_slice());
        }
    }

    fn visit_statements_node(&mut self, node: &StatementsNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        let list = self.note_statements(node);
        let last = self.source.lists[list].len().saturating_sub(1);
        let saved = self.place;
        for (number, it) in node.body().iter().enumerate() {
            self.place = Some(Place { list, number });
            let is_used = self.is_used && number == last;
            self.with_used(is_used, |walk| walk.visit(&it));
        }
        self.place = saved;
        self.latest_list = Some(list);
    }

    fn visit_if_node(&mut self, node: &IfNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        self.with_used(true, |walk| walk.visit(&node.predicate()));
        if let Some(it) = node.statements() {
            self.visit_statements_node(&it);
        }
        if let Some(it) = node.subsequent() {
            self.visit(&it);
        }
    }

    fn visit_unless_node(&mut self, node: &UnlessNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        self.with_used(true, |walk| walk.visit(&node.predicate()));
        if let Some(it) = node.statements() {
            self.visit_statements_node(&it);
        }
        if let Some(it) = node.else_clause() {
            self.visit_else_node(&it);
        }
    }

    fn visit_and_node(&mut self, node: &AndNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        self.with_used(true, |walk| walk.visit(&node.left()));
        self.visit(&node.right());
    }

    fn visit_or_node(&mut self, node: &OrNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        self.with_used(true, |walk| walk.visit(&node.left()));
        self.visit(&node.right());
    }

    fn visit_class_node(&mut self, node: &ClassNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        let head = node.superclass().unwrap_or_else(|| node.constant_path());
        let head = (name(&node.constant_path()), bytes(&head.location()).end);
        self.enter_scope(head, node.body(), false, |walk| {
            ruby_prism::visit_class_node(walk, node);
        });
    }

    fn visit_module_node(&mut self, node: &ModuleNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        let path = node.constant_path();
        let head = (name(&path), bytes(&path.location()).end);
        self.enter_scope(head, node.body(), false, |walk| {
            if let Some(it) = walk.scope.and_then(|it| walk.source.scopes.get_mut(it)) {
                it.is_module = true;
            }
            ruby_prism::visit_module_node(walk, node);
        });
    }

    fn visit_singleton_class_node(&mut self, node: &SingletonClassNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        let head = (String::new(), bytes(&node.expression().location()).end);
        self.enter_scope(head, node.body(), true, |walk| {
            ruby_prism::visit_singleton_class_node(walk, node);
        });
    }

    fn visit_def_node(&mut self, node: &DefNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        let is_plain = node.receiver().is_none() && self.defines_on_instances;
        if let Some(scope) = self.scope {
            self.source.scopes[scope].methods.push(text(node.name().as_slice()));
        }
        self.source.methods.push(Method::default());
        if let Some(it) = only_statement(node) {
            self.note_alias(node.name().as_slice(), &it);
        }
        let saved = (self.method, self.is_on_instance);
        self.method = Some(self.source.methods.len() - 1);
        self.is_on_instance = is_plain && self.scope.is_some();
        ruby_prism::visit_def_node(self, node);
        (self.method, self.is_on_instance) = saved;
    }

    fn visit_local_variable_write_node(&mut self, node: &LocalVariableWriteNode<'pr>) {
        if !self.is_too_deep(bytes(&node.location())) {
            self.note_alias(node.name().as_slice(), &node.value());
            ruby_prism::visit_local_variable_write_node(self, node);
        }
    }

    fn visit_instance_variable_write_node(&mut self, node: &InstanceVariableWriteNode<'pr>) {
        if !self.is_too_deep(bytes(&node.location())) {
            self.note_alias(node.name().as_slice(), &node.value());
            ruby_prism::visit_instance_variable_write_node(self, node);
        }
    }

    fn visit_block_node(&mut self, node: &BlockNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        // A method that a block in a class defines (`class_methods do`) belongs to something else.
        let saved = self.defines_on_instances;
        self.defines_on_instances = false;
        self.latest_list = None;
        self.blocks += 1;
        ruby_prism::visit_block_node(self, node);
        self.blocks -= 1;
        self.defines_on_instances = saved;
    }

    fn visit_lambda_node(&mut self, node: &LambdaNode<'pr>) {
        if !self.is_too_deep(bytes(&node.location())) {
            ruby_prism::visit_lambda_node(self, node);
        }
    }

    fn visit_constant_write_node(&mut self, node: &ConstantWriteNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        let constants = match self.scope {
            Some(it) => &mut self.source.scopes[it].constants,
            None => &mut self.source.constants,
        };
        let name = text(node.name().as_slice());
        let is_again = constants.contains_key(&name);
        constants.insert(name, (!is_again).then(|| frozen(&node.value())));
        ruby_prism::visit_constant_write_node(self, node);
    }

    fn visit_call_node(&mut self, node: &CallNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        if node.is_variable_call() {
            self.note_name(node.name().as_slice());
        }
        self.note_macro(node);
        self.note_mixin(node);
        let noted = self.note_call(node);
        if let Some(it) = node.receiver() {
            self.with_used(true, |walk| walk.visit(&it));
        }
        if let Some(it) = node.arguments() {
            self.with_used(true, |walk| walk.visit_arguments_node(&it));
        }
        let Some(block) = node.block() else { return };
        let name = text(node.name().as_slice());
        let saved = self.is_on_instance;
        self.is_on_instance &= !ELSEWHERE.contains(&name.as_str());
        self.visit(&block);
        self.is_on_instance = saved;
        let list = self.latest_list.take();
        if let Some(of_call) = noted.and_then(|it| self.source.calls[it].block.as_mut()) {
            of_call.list = list;
        }
    }

    fn visit_string_node(&mut self, node: &ruby_prism::StringNode<'pr>) {
        if let Some(it) = node.opening_loc().filter(|it| it.as_slice().starts_with(b"<<")) {
            self.note_heredoc(&it, &node.content_loc(), node.closing_loc().as_ref());
        }
    }

    fn visit_interpolated_string_node(&mut self, node: &ruby_prism::InterpolatedStringNode<'pr>) {
        if self.is_too_deep(bytes(&node.location())) {
            return;
        }
        let opening = node.opening_loc().filter(|it| it.as_slice().starts_with(b"<<"));
        if let Some((opening, first)) = opening.zip(node.parts().iter().next()) {
            self.note_heredoc(&opening, &first.location(), node.closing_loc().as_ref());
        }
        ruby_prism::visit_interpolated_string_node(self, node);
    }

    walks_on! {
        visit_array_node: ArrayNode,
        visit_hash_node: HashNode,
        visit_parentheses_node: ParenthesesNode,
        visit_begin_node: BeginNode,
        visit_else_node: ElseNode,
        visit_case_node: CaseNode,
        visit_rescue_modifier_node: RescueModifierNode,
        visit_range_node: RangeNode,
        visit_constant_path_node: ConstantPathNode,
        visit_while_node: WhileNode,
        visit_until_node: UntilNode,
        visit_rescue_node: RescueNode,
        visit_multi_target_node: MultiTargetNode,
        visit_alternation_pattern_node: AlternationPatternNode,
        visit_array_pattern_node: ArrayPatternNode,
        visit_hash_pattern_node: HashPatternNode,
        visit_embedded_statements_node: EmbeddedStatementsNode,
        visit_defined_node: DefinedNode,
        visit_super_node: SuperNode,
        visit_yield_node: YieldNode,
        visit_return_node: ReturnNode,
    }
}

/// What a method has for its only statement.
fn only_statement<'pr>(node: &DefNode<'pr>) -> Option<Node<'pr>> {
    let body = node.body()?.as_statements_node()?.body();
    let mut body = body.iter();
    let first = body.next()?;
    body.next().is_none().then_some(first)
}

/// The name of a class or module.
fn name(path: &Node<'_>) -> String {
    constant(path).unwrap_or_default()
}

/// What a constant is set to, `.freeze` aside.
fn frozen(node: &Node<'_>) -> Value {
    let call = node.as_call_node().filter(|it| it.name().as_slice() == b"freeze");
    match call.and_then(|it| it.receiver()) {
        Some(it) => value(&it),
        None => value(node),
    }
}
