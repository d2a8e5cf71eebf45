//! Specs: `mockTracking`, and what is expected of its spy.

pub(super) mod spied;

use super::attempt::{Attempt, Planned, refusal};
use super::fields;
use super::imports::{Imports, Module, line};
use super::layout;
use super::name;
use super::object;
use super::raw::attempt;
use super::script::Script;
use crate::edit::{Edit, Edits};
use crate::options::Style;
use crate::project::Tell;
use crate::site::{Kind, Reason, Refusal};
use oxc_ast::AstKind;
use oxc_ast::ast::{AssignmentTarget, CallExpression, Expression, Statement};
use oxc_semantic::{AstNode, NodeId, SymbolId};
use oxc_span::{GetSpan, Span};
use std::collections::BTreeSet;

/// What binds a part of the page, and gives the spy.
const BIND: &str = "bindInternalEventDocument";

/// What a person writes instead, where it is not proven.
const BY_HAND: &str = "Write `const { bindInternalEventDocument } = \
     useMockInternalEventsTracking();` into `describe`, and in the example `const { \
     triggerEvent, trackEventSpy } = bindInternalEventDocument(wrapper.element);` and \
     `expect(trackEventSpy).toHaveBeenCalledWith('event', { label: 'x' }, undefined)`, without \
     `undefined` after a click on an element with `data-event-tracking`";

/// What is to be known of every spy.
const UNTIL_MIGRATED: &str = "it holds once what it looks at is migrated";

/// The helpers' calls of a spec; they are rewritten together.
pub(super) fn attempts(script: &Script<'_, '_>, imports: &Imports) -> Vec<Attempt> {
    let mut spec = Spec { script, spies: BTreeSet::new(), attempts: Vec::new() };
    for symbol in imports.symbols(Module::OldHelper, "mockTracking") {
        script.uses(symbol).into_iter().for_each(|it| spec.mock(it));
    }
    for symbol in imports.symbols(Module::OldHelper, "unmockTracking") {
        script.uses(symbol).into_iter().for_each(|it| spec.unmock(it));
    }
    for symbol in imports.symbols(Module::OldHelper, "triggerEvent") {
        for node in script.uses(symbol) {
            let span = script.parent(node.id()).kind().span();
            let refused = odd(script, "a click is made by the old helper", span);
            spec.add(span, Err(refused));
        }
    }
    spec.spied(imports);
    for spy in spec.spies.clone() {
        script.uses(spy).into_iter().for_each(|it| spec.spy(it));
    }
    spec.bind();
    spec.attempts
}

fn odd(script: &Script<'_, '_>, what: &str, span: Span) -> Refusal {
    refusal(Reason::NotUnderstood, format!("{what}: `{}`", script.excerpt(span)), BY_HAND)
}

struct Spec<'r, 's, 'a> {
    script: &'r Script<'s, 'a>,
    spies: BTreeSet<SymbolId>,
    attempts: Vec<Attempt>,
}

impl<'s, 'a> Spec<'_, 's, 'a> {
    fn add(&mut self, span: Span, planned: Result<Planned, Refusal>) {
        self.attempts.push(attempt(self.script, Kind::Jest, span, planned));
    }

    /// `mockTracking(category, element, jest.spyOn)`
    fn mock(&mut self, node: &AstNode<'a>) {
        let name = node.kind().span();
        let parent = self.script.parent(node.id());
        let span = parent.kind().span();
        let planned = match parent.kind() {
            AstKind::CallExpression(call) if call.callee.span() == name => {
                self.mocked(call, parent.id())
            }
            _ => Err(odd(self.script, "the helper is passed on", span)),
        };
        let planned = planned.map(|mut it| {
            it.frees.push(self.script.range(name).start);
            it
        });
        self.add(span, planned);
    }

    fn mocked(&mut self, call: &CallExpression<'a>, id: NodeId) -> Result<Planned, Refusal> {
        let script = self.script;
        let arguments: Vec<_> = call.arguments.iter().filter_map(|it| it.as_expression()).collect();
        let is_plain = arguments.len() == call.arguments.len() && arguments.len() <= 3;
        let spies = arguments.get(2).is_none_or(|it| script.source(it.span()) == "jest.spyOn");
        if !is_plain || !spies {
            return Err(odd(script, "the spy is of another kind", call.span));
        }
        if !self.runs_in_example(id) {
            return Err(odd(script, "it runs before the spy is there", call.span));
        }
        let element = arguments.get(1).map(|it| script.source(it.span()));
        let element = element.filter(|it| !matches!(*it, "undefined" | "null" | "document"));
        let bound = format!("{BIND}({})", element.unwrap_or("document"));
        let parent = script.parent(id);
        let text = if matches!(parent.kind(), AstKind::ExpressionStatement(_)) {
            bound
        } else {
            let spy = self.named(parent)?;
            self.spies.insert(spy);
            format!("{bound}.trackEventSpy")
        };
        let mut planned = Planned { needs_helper: true, ..Planned::default() };
        planned.edits.replace(script.range(call.span), text);
        planned.notes.push(UNTIL_MIGRATED.to_owned());
        Ok(planned)
    }

    /// The name that a spy is given.
    fn named(&self, parent: &AstNode<'a>) -> Result<SymbolId, Refusal> {
        let symbol = match parent.kind() {
            AstKind::VariableDeclarator(it) => {
                it.id.get_binding_identifier().and_then(|it| it.symbol_id.get())
            }
            AstKind::AssignmentExpression(it) => match &it.left {
                AssignmentTarget::AssignmentTargetIdentifier(it) => self.script.symbol(it),
                _ => None,
            },
            _ => None,
        };
        symbol.ok_or_else(|| odd(self.script, "the spy goes elsewhere", parent.kind().span()))
    }

    /// Whether the function around it is no `describe`, and there is one.
    fn runs_in_example(&self, id: NodeId) -> bool {
        let Some(function) = self.script.ancestors(id).find(|it| is_function(it)) else {
            return false;
        };
        match self.script.parent(function.id()).kind() {
            AstKind::CallExpression(call) => {
                !self.script.source(call.callee.span()).starts_with("describe")
            }
            _ => true,
        }
    }

    /// `unmockTracking();`, together with the `afterEach` that does nothing else.
    fn unmock(&mut self, node: &AstNode<'a>) {
        let script = self.script;
        let span = node.kind().span();
        let is_statement = |it: &&AstNode<'a>| matches!(it.kind(), AstKind::ExpressionStatement(_));
        let statements = script.ancestors(node.id()).filter(is_statement);
        let spans: Vec<Span> = statements.map(|it| it.kind().span()).take(2).collect();
        let is_ours = |it: &Span| {
            let source: String = script.source(*it).split_whitespace().collect();
            let source = source.trim_end_matches(';');
            let hook =
                ["afterEach(", "afterAll("].into_iter().find_map(|it| source.strip_prefix(it));
            let local = script.source(span);
            let forms = [
                format!("{local})"),
                format!("()=>{local}())"),
                format!("()=>{{{local}();}})"),
                format!("()=>{{{local}()}})"),
                format!("function(){{{local}();}})"),
            ];
            hook.is_some_and(|it| forms.iter().any(|form| form == it))
                || source == format!("{local}()")
        };
        // The hook that does nothing else goes as a whole.
        let planned = match spans.iter().rev().find(|it| is_ours(it)) {
            Some(statement) => {
                let mut planned = Planned::default();
                planned.edits.replace(self.gone(*statement), "");
                planned.frees.push(script.range(span).start);
                Ok(planned)
            }
            None => Err(odd(script, "it is not alone", script.parent(node.id()).kind().span())),
        };
        self.add(span, planned);
    }

    /// The line of a statement, and an empty line after it if there is one before it too.
    fn gone(&self, statement: Span) -> std::ops::Range<usize> {
        let mut range = line(self.script, statement);
        let base = self.script.range(Span::new(0, 0)).start;
        let (start, end) = (range.start - base, range.end - base);
        let place = |it: usize| u32::try_from(it).unwrap_or(u32::MAX);
        let before = self.script.before(place(start));
        let is_after = self.script.after(place(end)).starts_with('\n');
        let opens = before.trim_end_matches(' ').ends_with("{\n") || before.ends_with("\n\n");
        if is_after && opens {
            range.end += 1;
        }
        range
    }

    /// What is done with the spy.
    fn spy(&mut self, node: &AstNode<'a>) {
        let script = self.script;
        let span = node.kind().span();
        let parent = script.parent(node.id());
        match parent.kind() {
            AstKind::AssignmentExpression(_) => {}
            AstKind::CallExpression(call) if script.source(call.callee.span()) == "expect" => {
                let Some((matcher, call)) = self.matcher(parent) else {
                    let refused = odd(script, "what is expected is not understood", call.span);
                    return self.add(call.span, Err(refused));
                };
                match matcher {
                    "toHaveBeenCalled"
                    | "toHaveBeenCalledTimes"
                    | "toBeCalled"
                    | "toBeCalledTimes" => {}
                    "toHaveBeenCalledWith"
                    | "toBeCalledWith"
                    | "toHaveBeenLastCalledWith"
                    | "lastCalledWith" => self.expect(call, 0),
                    "toHaveBeenNthCalledWith" | "nthCalledWith" => self.expect(call, 1),
                    _ => {
                        let what = "what is expected is not understood";
                        self.add(call.span, Err(odd(script, what, call.span)));
                    }
                }
            }
            AstKind::StaticMemberExpression(it) if it.property.name.starts_with("mock") => {
                let around = script.parent(parent.id());
                if !matches!(around.kind(), AstKind::CallExpression(_)) {
                    let what = "the spy's calls are looked at one by one";
                    self.add(it.span, Err(odd(script, what, around.kind().span())));
                }
            }
            _ => self.add(span, Err(odd(script, "the spy is passed on", parent.kind().span()))),
        }
    }

    /// The matcher that is called on `expect(…)`, `not` left aside.
    fn matcher(&self, expect: &'s AstNode<'a>) -> Option<(&'s str, &'s CallExpression<'a>)> {
        let mut node = expect;
        let mut name = None;
        loop {
            let parent = self.script.parent(node.id());
            match parent.kind() {
                AstKind::StaticMemberExpression(it) => name = Some(it.property.name.as_str()),
                AstKind::CallExpression(it) if it.callee.span() == node.kind().span() => {
                    return name.map(|name| (name, it));
                }
                _ => return None,
            }
            node = parent;
        }
    }

    fn expect(&mut self, call: &CallExpression<'a>, skip: usize) {
        let (event, planned) = match self.expected(call, skip) {
            Ok((event, planned)) => (event, Ok(planned)),
            Err(it) => (None, Err(it)),
        };
        let expected = attempt(self.script, Kind::Jest, call.span, planned);
        self.attempts.push(Attempt { event, ..expected });
    }

    /// The arguments that are expected: category, action, properties.
    fn expected(
        &self,
        call: &CallExpression<'a>,
        skip: usize,
    ) -> Result<(Option<String>, Planned), Refusal> {
        let script = self.script;
        let arguments: Vec<_> = call.arguments.iter().filter_map(|it| it.as_expression()).collect();
        let is_plain = arguments.len() == call.arguments.len();
        let rest = arguments.get(skip..).unwrap_or_default();
        let (category, action, data) = match rest {
            [category, action] if is_plain => (category, action, None),
            [category, action, data] if is_plain => (category, action, Some(*data)),
            _ => return Err(odd(script, "other arguments are expected", call.span)),
        };
        let mut planned = Planned::default();
        let (names, edits) = name::names(script, action)?;
        planned.edits.extend(edits);
        let event = names.into_iter().next().map(|it| it.new);
        let project = script.context.project;
        let told = project.modules.path().and_then(|it| project.told.get(it));
        let tell = told.zip(event.as_ref()).and_then(|(told, event)| told.get(event));
        let has_category = tell != Some(&Tell::HasNoCategory);
        let (old, next) = (category.span(), action.span().start);
        let comments = script.comments(old.end, next);
        planned.edits.replace(script.between(old.start, next), comments);
        if let Some(data) = data {
            self.properties(data, &mut planned)?;
            let end = data.span().end;
            let category = fields::category(script, category);
            let options = script.context.options;
            let is_kept = options.keeps_category && options.style == Style::Current;
            let last = if is_kept { category.source.as_str() } else { "undefined" };
            let last = Some(last).filter(|_| has_category);
            if let Some(last) = last {
                planned.edits.replace(script.between(end, end), format!(", {last}"));
                planned.notes.push(
                    "the last argument is what a mixin passes on; it is missing where the \
                     component calls `InternalEvents.trackEvent` itself, or on a click"
                        .to_owned(),
                );
            }
            let kept = [&arguments[..skip], &[*action, data]].concat();
            self.lay_out(call, &kept, last, &mut planned);
        }
        Ok((event, planned))
    }

    /// Writes the arguments anew as the formatter would, unless a comment stands among them.
    fn lay_out(
        &self,
        call: &CallExpression<'a>,
        arguments: &[&Expression<'a>],
        last: Option<&str>,
        planned: &mut Planned,
    ) {
        let script = self.script;
        let (open, close) = (call.callee.span().end + 1, call.span.end - 1);
        let is_plain = script.comments(open, close).is_empty()
            && script.source(Span::new(open - 1, open)) == "(";
        let written = arguments.iter().map(|it| self.after_edits(it, &planned.edits));
        let Some(mut written) = written.collect::<Option<Vec<_>>>().filter(|_| is_plain) else {
            return;
        };
        written.extend(last.map(str::to_owned));
        let before = script.before(open).rsplit('\n').next().unwrap_or_default();
        let (_, after) = layout::around(script, Span::new(close, close));
        let place = layout::Place {
            indentation: script.indentation(open),
            before: before.chars().count(),
            after: after.chars().count(),
        };
        if let Some(text) = layout::arguments(&place, &written) {
            planned.edits = Edits::default();
            planned.edits.replace(script.between(open, close), script.with_breaks(text));
        }
    }

    /// An argument with the edits in it; what is put behind it is no part of it.
    fn after_edits(&self, it: &Expression<'a>, edits: &Edits) -> Option<String> {
        let range = self.script.range(it.span());
        let is_within = |it: &&Edit| {
            range.start <= it.range.start && it.range.start < range.end && it.range.end <= range.end
        };
        let mut within = Edits::default();
        for edit in edits.iter().filter(is_within) {
            within.replace(edit.range.clone(), edit.text.clone());
        }
        layout::applied(self.script.source(it.span()), range.start, &within)
    }

    /// The properties that are expected.
    fn properties(&self, data: &Expression<'a>, planned: &mut Planned) -> Result<(), Refusal> {
        let script = self.script;
        if script.context.options.drops_properties {
            planned.edits.replace(script.range(data.span()), "{}");
            return Ok(());
        }
        match containing(script, data.get_inner_expression()) {
            Expression::ObjectExpression(literal) => {
                let read = fields::object(script, literal)?;
                if object::is_emptied(&read) && !read.parts.is_empty() {
                    planned.edits.replace(script.range(literal.span), "{}");
                } else {
                    planned.edits.extend(object::edit(script, &read, &[]));
                }
                Ok(())
            }
            it if matches!(
                script.source(it.span()),
                "expect.anything()" | "expect.any(Object)"
            ) =>
            {
                Ok(())
            }
            it if fields::elsewhere(script, it).is_some() => Ok(()),
            it => Err(fields::indirect(script, it.span())),
        }
    }

    /// Binds the helper before the first statement, unless that is done.
    fn bind(&mut self) {
        let script = self.script;
        let scoping = script.semantic.scoping();
        let is_bound = scoping.get_root_binding(BIND.into()).is_some();
        let is_hidden = scoping.symbol_ids().any(|it| scoping.symbol_name(it) == BIND) && !is_bound;
        let program = script.semantic.nodes().program();
        let is_import = |it: &&Statement<'_>| matches!(it, Statement::ImportDeclaration(_));
        let first = program.body.iter().find(|it| !is_import(it)).map(GetSpan::span);
        let helped =
            self.attempts.iter_mut().find(|it| it.planned.as_ref().is_ok_and(|it| it.needs_helper));
        let (Some(helped), Some(first)) = (helped, first) else { return };
        if is_hidden {
            helped.planned = Err(odd(script, "the new helper's name is taken", first));
        } else if let (false, Ok(planned)) = (is_bound, helped.planned.as_mut()) {
            let text = format!("const {{ {BIND} }} = {}();\n\n", super::imports::NEW_HELPER);
            planned.edits.replace(script.between(first.start, first.start), text);
        }
    }
}

fn is_function(node: &AstNode<'_>) -> bool {
    matches!(node.kind(), AstKind::ArrowFunctionExpression(_) | AstKind::Function(_))
}

/// What `expect.objectContaining(…)` contains; anything else is itself.
fn containing<'s, 'a>(
    script: &Script<'_, '_>,
    expression: &'s Expression<'a>,
) -> &'s Expression<'a> {
    let Expression::CallExpression(call) = expression else { return expression };
    let is_containing = script.source(call.callee.span()) == "expect.objectContaining";
    match call.arguments.as_slice() {
        [only] if is_containing => only.as_expression().unwrap_or(expression),
        _ => expression,
    }
}
