//! Attributes that JavaScript sets: assignments, calls, objects.

use super::Work;
use super::element::{Era, Part, data_meaning};
use super::judge::{quote, refusal};
use crate::javascript::Script;
use crate::site::{Outcome, Reason, Rewrite, Unparsable};
use crate::stack::bounded;
use oxc_allocator::Allocator;
use oxc_ast::ast::{
    ComputedMemberExpression, Expression, ExpressionStatement, JSXOpeningElement, ObjectExpression,
    ObjectPropertyKind, Program, Statement, StaticMemberExpression, StringLiteral, TemplateLiteral,
};
use oxc_ast_visit::{Visit, walk};
use oxc_parser::Parser;
use oxc_semantic::SemanticBuilder;
use oxc_span::{SourceType, Span};
use std::ops::Range;

mod jsx;
mod objects;
mod statements;
mod values;

pub(super) use values::{chosen, expression, json};

/// Expressions within expressions that people write are far fewer.
const N_DEEP: usize = 400;

/// Rewrites what a file sets.
pub(super) fn read(text: &str, is_typescript: bool, work: &mut Work<'_>) -> Result<(), Unparsable> {
    if !has_words(text) {
        return Ok(());
    }
    bounded(text)?;
    let plain = if is_typescript { SourceType::ts() } else { SourceType::mjs().with_jsx(true) };
    let other = if is_typescript { SourceType::tsx() } else { SourceType::cjs().with_jsx(true) };
    let failed = match parse(text, plain, work) {
        Ok(()) => return Ok(()),
        Err(it) => it,
    };
    parse(text, other, work).map_err(|_| failed)
}

/// Rewrites an expression, or the statements of a handler; `offset` is where it begins.
///
/// `None` if it does not parse.
pub(super) fn read_expression(code: &str, offset: usize, work: &mut Work<'_>) -> Option<()> {
    if bounded(code).is_err() || offset == 0 {
        return None;
    }
    let mut part = Work { rewrite: Rewrite::default(), ..*work };
    // Within parentheses `{…}` is an object; what stands before begins one byte earlier then.
    let wrapped = format!("({code}\n)");
    if parse(&wrapped, SourceType::ts(), &mut part).is_ok() {
        work.rewrite.take_part(part.rewrite, offset - 1);
        return Some(());
    }
    parse(code, SourceType::ts(), &mut part).ok()?;
    work.rewrite.take_part(part.rewrite, offset);
    Some(())
}

/// Whether code may set an attribute of tracking.
pub(super) fn has_words(code: &str) -> bool {
    ["track-", "track_", "dataset", "event-tracking"].iter().any(|it| code.contains(it))
}

fn parse(text: &str, source: SourceType, work: &mut Work<'_>) -> Result<(), Unparsable> {
    let allocator = Allocator::default();
    let parsed = Parser::new(&allocator, text, source).parse();
    if let Some(it) = parsed.diagnostics.first() {
        let label = it.labels.first();
        let at = label.map_or(0, |it| it.offset() as usize);
        return Err(Unparsable::wrong(at, it.message.to_string()));
    }
    if parsed.panicked {
        return Err(Unparsable::wrong(0, "this does not parse"));
    }
    visit(text, &parsed.program, work)
}

fn visit<'x>(text: &str, program: &'x Program<'x>, work: &mut Work<'_>) -> Result<(), Unparsable> {
    let built = SemanticBuilder::new().with_build_nodes(true).build(program);
    let script = Script::of(text, &built.semantic, work.context());
    let mut reader = Reader {
        text,
        work,
        script: &script,
        has_stray: has_stray(program),
        depth: 0,
        deepest: 0,
        datasets: Vec::new(),
        settled: Vec::new(),
    };
    reader.visit_program(program);
    if reader.deepest >= N_DEEP {
        return Err(Unparsable::too_deep(0, "expressions are nested too deeply"));
    }
    Ok(())
}

struct Reader<'a, 'b, 'c> {
    text: &'c str,
    work: &'a mut Work<'b>,
    /// The same text with what its names are bound to.
    script: &'a Script<'a, 'a>,
    /// Whether an object of the file has attributes of tracking without an action.
    has_stray: bool,
    depth: usize,
    deepest: usize,
    /// Objects whose members become attributes without the word `data`.
    datasets: Vec<Range<usize>>,
    /// Names that belong to an element that was judged.
    settled: Vec<Range<usize>>,
}

impl<'x> Visit<'x> for Reader<'_, '_, '_> {
    fn visit_expression(&mut self, it: &Expression<'x>) {
        self.depth += 1;
        self.deepest = self.deepest.max(self.depth);
        if self.depth < N_DEEP {
            walk::walk_expression(self, it);
        }
        self.depth -= 1;
    }

    fn visit_statements(&mut self, it: &oxc_allocator::Vec<'x, Statement<'x>>) {
        self.settle_statements(it);
        walk::walk_statements(self, it);
    }

    fn visit_expression_statement(&mut self, it: &ExpressionStatement<'x>) {
        walk::walk_expression_statement(self, it);
    }

    fn visit_object_expression(&mut self, it: &ObjectExpression<'x>) {
        self.settle_object(it);
        walk::walk_object_expression(self, it);
    }

    fn visit_jsx_opening_element(&mut self, it: &JSXOpeningElement<'x>) {
        self.settle_jsx(it);
        walk::walk_jsx_opening_element(self, it);
    }

    fn visit_string_literal(&mut self, it: &StringLiteral<'x>) {
        self.left_over(it.span, &it.value);
    }

    fn visit_template_literal(&mut self, it: &TemplateLiteral<'x>) {
        for quasi in &it.quasis {
            self.left_over(it.span, &quasi.value.raw);
        }
        walk::walk_template_literal(self, it);
    }

    fn visit_static_member_expression(&mut self, it: &StaticMemberExpression<'x>) {
        let is_read =
            is_dataset(&it.object) && matches!(&*it.property.name, "trackAction" | "trackEvent");
        if is_read {
            self.reads(it.span);
        }
        walk::walk_static_member_expression(self, it);
    }

    fn visit_computed_member_expression(&mut self, it: &ComputedMemberExpression<'x>) {
        if let Expression::StringLiteral(name) = &it.expression
            && matches!(&*name.value, "track-action" | "trackAction" | "track_action")
        {
            self.reads(it.span);
        }
        walk::walk_computed_member_expression(self, it);
    }
}

/// Whether an object has attributes of legacy tracking, and no action.
fn has_stray(program: &Program<'_>) -> bool {
    struct Strays(bool);
    impl<'x> Visit<'x> for Strays {
        fn visit_object_expression(&mut self, it: &ObjectExpression<'x>) {
            let names = it.properties.iter().filter_map(|it| match it {
                ObjectPropertyKind::ObjectProperty(it) => it.key.static_name(),
                ObjectPropertyKind::SpreadProperty(_) => None,
            });
            let names: Vec<_> = names.collect();
            let parts = || names.iter().filter_map(|it| data_meaning(it));
            self.0 |=
                parts().any(|it| it.0 == Era::Legacy) && !parts().any(|it| is_action(it.0, it.1));
            walk::walk_object_expression(self, it);
        }
    }
    let mut strays = Strays(false);
    strays.visit_program(program);
    strays.0
}

impl Reader<'_, '_, '_> {
    /// A text with the name of an attribute that nothing was made of: a selector, HTML, a test.
    fn left_over(&mut self, span: Span, text: &str) {
        if text.contains("data-track-action") || text.contains("data-track-event") {
            self.reads(span);
        }
    }

    fn reads(&mut self, span: Span) {
        let range = bytes(span);
        let known = self.settled.iter().any(|it| it.start <= range.start && range.end <= it.end);
        if known {
            return;
        }
        self.settled.push(range.clone());
        let refused = refusal(
            Reason::NotUnderstood,
            format!(
                "the attribute is used in a way that is not known: `{}`",
                quote(self.text, &range)
            ),
            "If the elements it stands for are migrated, write `data-event-tracking` here by hand.",
        );
        self.work.note(range, Outcome::Refused(refused), None);
    }

    fn code(&self, span: Span) -> &str {
        self.text.get(bytes(span)).unwrap_or_default()
    }
}

/// `x.dataset`
fn is_dataset(it: &Expression<'_>) -> bool {
    matches!(it, Expression::StaticMemberExpression(it) if it.property.name == "dataset")
}

fn bytes(span: Span) -> Range<usize> {
    span.start as usize..span.end as usize
}

/// Whether only the action makes an element.
fn is_action(era: Era, part: Part) -> bool {
    era == Era::Legacy && part == Part::Action
}
