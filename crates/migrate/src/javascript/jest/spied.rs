//! Specs that spy upon `Tracking.event` themselves: `jest.spyOn(Tracking, 'event')`.
//!
//! It is the spy that `mockTracking` gives. Where it has no name, what is expected of
//! `Tracking.event` needs one: a constant if it is made and looked at in one example, else a
//! variable of the block that has the hook.

use super::{BIND, Spec, odd};
use crate::javascript::attempt::Planned;
use crate::javascript::imports::{Imports, Module};
use crate::javascript::raw::{Use, used};
use crate::javascript::script::{Script, contains, literal_text};
use crate::site::Refusal;
use oxc_ast::AstKind;
use oxc_ast::ast::{CallExpression, Expression};
use oxc_semantic::{AstNode, NodeId, SymbolId};
use oxc_span::{GetSpan as _, Span};

/// What the spy is called.
const SPY: &str = "trackEventSpy";

/// Whether a spec spies upon `Tracking.event`, so that all it does with `Tracking` belongs to it.
pub(in crate::javascript) fn has_spy(script: &Script<'_, '_>, tracking: SymbolId) -> bool {
    script.uses(tracking).into_iter().any(|it| spied_upon(script, it).is_some())
}

/// The call `jest.spyOn(Tracking, 'event')` that a use of `Tracking` stands in.
fn spied_upon<'s, 'a>(script: &Script<'s, 'a>, node: &AstNode<'a>) -> Option<&'s AstNode<'a>> {
    let parent = script.parent(node.id());
    let AstKind::CallExpression(call) = parent.kind() else { return None };
    let [object, method] = call.arguments.as_slice() else { return None };
    let is_event = method.as_expression().and_then(literal_text) == Some("event");
    let is_spy = is_event
        && object.span() == node.kind().span()
        && script.source(call.callee.span()) == "jest.spyOn";
    is_spy.then_some(parent)
}

/// `jest.mock('~/tracking')`
fn mocked(script: &Script<'_, '_>, node: &AstNode<'_>) -> Option<Span> {
    let AstKind::CallExpression(call) = node.kind() else { return None };
    let is_mock = script.source(call.callee.span()).starts_with("jest.mock");
    let module = call.arguments.first().filter(|_| is_mock)?.as_expression()?;
    let is_ours = literal_text(module).and_then(Module::of) == Some(Module::Tracking);
    is_ours.then_some(call.span)
}

/// A spy without a name, and how it gets one.
struct Unnamed {
    /// The bytes of `jest.spyOn(…)`.
    call: Span,
    /// Where its name is to be known.
    reach: Span,
    /// Where the variable is declared, if it is no constant.
    declared_at: Option<u32>,
}

impl<'s, 'a> Spec<'_, 's, 'a> {
    /// Plans all that is done with `Tracking` in a spec that spies upon it.
    pub(super) fn spied(&mut self, imports: &Imports) {
        let script = self.script;
        for symbol in imports.symbols(Module::Tracking, "default") {
            if !has_spy(script, symbol) {
                continue;
            }
            if let Some(mock) = script.nodes().find_map(|it| mocked(script, it)) {
                // The mock of the whole module would answer in place of the new helper.
                let refused = odd(script, "the whole module is mocked", mock);
                self.add(mock, Err(refused));
            }
            let uses = script.uses(symbol);
            let is_looked_at = |it: &&AstNode<'a>| matches!(used(script, it), Use::Member { member, .. } if member.property.name == "event");
            let looks: Vec<&AstNode<'a>> = uses.iter().copied().filter(is_looked_at).collect();
            let mut unnamed = Vec::new();
            for node in uses {
                if let Some(call) = spied_upon(script, node) {
                    let planned = self.spy_on(node, call, !looks.is_empty(), &mut unnamed);
                    self.add(call.kind().span(), planned);
                } else {
                    self.refuse_passed_on(node);
                }
            }
            self.declare(&unnamed);
            for node in looks {
                self.look_at(node, &unnamed);
            }
        }
    }

    /// Refuses `Tracking` as an argument of something else.
    fn refuse_passed_on(&mut self, tracking: &AstNode<'a>) {
        let script = self.script;
        let parent = script.parent(tracking.id()).kind();
        if matches!(used(script, tracking), Use::Value)
            && matches!(parent, AstKind::CallExpression(_))
        {
            self.add(parent.span(), Err(odd(script, "`Tracking` is passed on", parent.span())));
        }
    }

    /// Plans one spy.
    fn spy_on(
        &mut self,
        tracking: &AstNode<'a>,
        call: &'s AstNode<'a>,
        is_looked_at: bool,
        unnamed: &mut Vec<Unnamed>,
    ) -> Result<Planned, Refusal> {
        let script = self.script;
        let span = call.kind().span();
        if !self.runs_in_example(call.id()) {
            return Err(odd(script, "it runs before the spy is there", span));
        }
        let whole = chained(script, call)?;
        let parent = script.parent(whole.id());
        let bound = format!("{BIND}(document)");
        let text = match parent.kind() {
            AstKind::ExpressionStatement(_) if is_looked_at => {
                let named = self.reach(span, call.id())?;
                let is_twice =
                    |it: &Unnamed| named.declared_at.is_none() && it.reach == named.reach;
                if unnamed.iter().any(is_twice) {
                    return Err(odd(script, "one example has two spies", span));
                }
                let head = if named.declared_at.is_none() { "const " } else { "" };
                unnamed.push(named);
                match head {
                    "const " if whole.id() == call.id() => format!("const {{ {SPY} }} = {bound}"),
                    _ => format!("{head}{SPY} = {bound}.{SPY}"),
                }
            }
            AstKind::ExpressionStatement(_) if whole.id() == call.id() => bound,
            AstKind::ExpressionStatement(_) => format!("{bound}.{SPY}"),
            _ => {
                let spy = self.named(parent)?;
                self.spies.insert(spy);
                format!("{bound}.{SPY}")
            }
        };
        let mut planned = Planned { needs_helper: true, ..Planned::default() };
        planned.edits.replace(script.range(span), text);
        planned.frees.push(script.range(tracking.kind().span()).start);
        planned.notes.push(super::UNTIL_MIGRATED.to_owned());
        Ok(planned)
    }

    /// Where the name of a spy has to be known.
    fn reach(&self, call: Span, id: NodeId) -> Result<Unnamed, Refusal> {
        let script = self.script;
        let nowhere = || odd(script, "the spy has no name, and none can be given", call);
        if script.nodes().any(|it| is_called(it, SPY)) {
            return Err(nowhere());
        }
        let function =
            script.ancestors(id).find(|it| super::is_function(it)).ok_or_else(nowhere)?;
        if let AstKind::CallExpression(it) = script.parent(function.id()).kind()
            && is_example(script.source(it.callee.span()))
        {
            return Ok(Unnamed { call, reach: function.kind().span(), declared_at: None });
        }
        // The statement that has the hook, and the block around it.
        let mut inner = function;
        for outer in script.ancestors(function.id()) {
            if is_block(outer) {
                let declared_at = Some(inner.kind().span().start);
                return Ok(Unnamed { call, reach: outer.kind().span(), declared_at });
            }
            inner = outer;
        }
        Err(nowhere())
    }

    /// Declares the variables of spies, once where one block has several.
    fn declare(&mut self, unnamed: &[Unnamed]) {
        for (number, it) in unnamed.iter().enumerate() {
            let Some(at) = it.declared_at else { continue };
            let is_known = |(n, other): (usize, &Unnamed)| {
                let is_earlier = n < number || other.reach != it.reach;
                n != number
                    && other.declared_at.is_some()
                    && is_earlier
                    && contains(other.reach, it.reach)
            };
            if unnamed.iter().enumerate().any(is_known) {
                continue;
            }
            let range = self.script.range(it.call);
            let spy = self.attempts.iter_mut().find(|it| it.range == range);
            if let Some(Ok(planned)) = spy.map(|it| it.planned.as_mut()) {
                let text = format!("let {SPY};\n\n{}", self.script.indentation(at));
                let text = self.script.with_breaks(text);
                planned.edits.replace(self.script.between(at, at), text);
            }
        }
    }

    /// `Tracking.event`, where it is looked at.
    fn look_at(&mut self, tracking: &AstNode<'a>, unnamed: &[Unnamed]) {
        let script = self.script;
        let member = script.parent(tracking.id());
        let span = member.kind().span();
        let is_set = matches!(script.parent(member.id()).kind(), AstKind::AssignmentExpression(_));
        if is_set || !unnamed.iter().any(|it| contains(it.reach, span)) {
            let around = script.parent(member.id()).kind().span();
            return self.add(span, Err(odd(script, "no spy with a name is in reach", around)));
        }
        let before = self.attempts.len();
        self.spy(member);
        let mut own = Planned::default();
        own.edits.replace(script.range(span), SPY);
        own.frees.push(script.range(tracking.kind().span()).start);
        match self.attempts[before..].last_mut().map(|it| it.planned.as_mut()) {
            Some(Ok(planned)) => {
                planned.edits.extend(own.edits);
                planned.frees.extend(own.frees);
            }
            Some(Err(_)) => {}
            None => self.add(span, Ok(own)),
        }
    }
}

/// A call together with the methods of Jest's mocks that are called upon it.
fn chained<'s, 'a>(
    script: &Script<'s, 'a>,
    call: &'s AstNode<'a>,
) -> Result<&'s AstNode<'a>, Refusal> {
    let mut whole = call;
    loop {
        let member = script.parent(whole.id());
        let AstKind::StaticMemberExpression(it) = member.kind() else { return Ok(whole) };
        let outer = script.parent(member.id());
        match outer.kind() {
            AstKind::CallExpression(method)
                if it.property.name.starts_with("mock")
                    && method.callee.span() == it.span
                    && asks_nothing(method) =>
            {
                whole = outer;
            }
            _ => {
                let what = "the spy does something of its own";
                return Err(odd(script, what, outer.kind().span()));
            }
        }
    }
}

/// Whether what a mock does is told without a look at what it is called with: that is in another
/// order from now on.
fn asks_nothing(method: &CallExpression<'_>) -> bool {
    method.arguments.iter().filter_map(|it| it.as_expression()).all(|it| match it {
        Expression::ArrowFunctionExpression(it) => it.params.items.is_empty(),
        Expression::FunctionExpression(it) => it.params.items.is_empty(),
        Expression::Identifier(_) => {
            let gives = |it: &str| it.starts_with("mockRe");
            method.callee_name().is_some_and(gives)
        }
        _ => true,
    })
}

/// Whether a function that is called like this has one example.
fn is_example(callee: &str) -> bool {
    let name = callee.split(['.', '(', '`']).next().unwrap_or_default();
    matches!(name, "it" | "test" | "fit" | "xit")
}

fn is_block(node: &AstNode<'_>) -> bool {
    matches!(
        node.kind(),
        AstKind::BlockStatement(_) | AstKind::FunctionBody(_) | AstKind::Program(_)
    )
}

/// Whether something has this name, or is asked for by it.
fn is_called(node: &AstNode<'_>, name: &str) -> bool {
    match node.kind() {
        AstKind::BindingIdentifier(it) => it.name == name,
        AstKind::IdentifierReference(it) => it.name == name,
        _ => false,
    }
}
