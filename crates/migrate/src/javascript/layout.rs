//! New calls laid out as the formatter of the application's scripts would: on one line, or with a
//! property or an argument a line.

use super::attempt::Attempt;
use super::script::{Context, Dialect, Script, with_script};
use crate::edit::Edits;
use crate::options::Options;
use crate::project::Project;
use crate::site::Kind;
use oxc_ast::ast::{Expression, ObjectExpression, Statement};
use oxc_span::{GetSpan as _, Span};
use std::ops::Range;

/// How long a line may be.
pub(crate) const WIDTH: usize = 100;

/// Where a call stands on its line.
pub(crate) struct Place<'t> {
    /// The white space that its line begins with.
    pub(crate) indentation: &'t str,
    /// The columns before its parenthesis.
    pub(crate) before: usize,
    /// The columns after its parenthesis.
    pub(crate) after: usize,
}

/// Breaks a call of one line that its changes make too long.
pub(crate) fn fit(script: &Script<'_, '_>, attempt: &mut Attempt) {
    let Some(span) = span(script, &attempt.range).filter(|_| attempt.kind != Kind::Jest) else {
        return;
    };
    let (old, range) = (script.source(span), attempt.range.clone());
    let Ok(planned) = &mut attempt.planned else { return };
    let is_within = |it: &Range<usize>| range.start <= it.start && it.end <= range.end;
    if old.contains('\n') || !planned.edits.iter().all(|it| is_within(&it.range)) {
        return;
    }
    let Some(new) = applied(old, range.start, &planned.edits) else { return };
    let (before, after) = around(script, span);
    let length = |it: &str| it.chars().count();
    let line = length(before) + length(after);
    // What has other statements on its line is not laid out by a formatter.
    let is_alone = !before.contains('{');
    let gets_long = line + length(&new) > WIDTH && line + length(old) <= WIDTH;
    if new.contains('\n') || !is_alone || !gets_long {
        return;
    }
    let indentation = script.indentation(span.start);
    if let Some(text) = broken(&new, indentation) {
        planned.edits = Edits::default();
        planned.edits.replace(range, script.with_breaks(text));
    }
}

/// What the edits within a text make of it, which begins at `start`.
pub(crate) fn applied(text: &str, start: usize, edits: &Edits) -> Option<String> {
    let mut within = Edits::default();
    for it in edits.iter() {
        let range = it.range.start.checked_sub(start)?..it.range.end.checked_sub(start)?;
        within.replace(range, it.text.clone());
    }
    within.applied(text)
}

/// Where a range of the file is in the script.
fn span(script: &Script<'_, '_>, range: &Range<usize>) -> Option<Span> {
    let base = script.between(0, 0).start;
    let at = |it: usize| it.checked_sub(base).and_then(|it| u32::try_from(it).ok());
    let span = Span::new(at(range.start)?, at(range.end)?);
    (!script.source(span).is_empty()).then_some(span)
}

/// What stands on the line of something, before and after it.
pub(crate) fn around<'s>(script: &Script<'s, '_>, span: Span) -> (&'s str, &'s str) {
    let before = script.before(span.start).rsplit('\n').next().unwrap_or_default();
    let after = script.after(span.end).split('\n').next().unwrap_or_default();
    (before, after.trim_end_matches('\r'))
}

/// A call with the properties of its last argument on lines of their own.
fn broken(call: &str, indentation: &str) -> Option<String> {
    parsed(call, |script, expression| {
        let Expression::CallExpression(it) = expression else { return None };
        let last = it.arguments.last()?.as_expression()?;
        let Expression::ObjectExpression(object) = last else { return None };
        let head = script.source(Span::new(it.span.start, object.span.start));
        let tail = script.source(Span::new(object.span.end, it.span.end));
        let object = expanded(&properties(script, object)?, indentation);
        Some(format!("{head}{object}{tail}"))
    })
}

/// An object with a property a line.
fn expanded(properties: &[String], indentation: &str) -> String {
    let step = step(indentation);
    let lines: Vec<String> =
        properties.iter().map(|it| format!("\n{indentation}{step}{it},")).collect();
    format!("{{{}\n{indentation}}}", lines.concat())
}

/// One step of indentation, as what is indented already has it.
pub(crate) fn step(indentation: &str) -> &'static str {
    if indentation.starts_with('\t') { "\t" } else { "  " }
}

/// The properties of an object that can be laid out anew: there are some, and no comment among
/// them.
fn properties(script: &Script<'_, '_>, object: &ObjectExpression<'_>) -> Option<Vec<String>> {
    let range = object.span.start..object.span.end;
    let has_comment = script.semantic.comments_range(range).next().is_some();
    let sources = object.properties.iter().map(|it| script.source(it.span()).to_owned());
    let sources: Vec<String> = sources.collect();
    let is_plain =
        !has_comment && !sources.is_empty() && !sources.iter().any(|it| it.contains('\n'));
    is_plain.then_some(sources)
}

/// The arguments of a call: on one line if they fit, or one a line. `None` if one of them has
/// lines of its own that must stay.
pub(crate) fn arguments(place: &Place<'_>, arguments: &[String]) -> Option<String> {
    let one = |it: &String| {
        let object = parsed(it, |script, expression| match expression {
            Expression::ObjectExpression(object) => properties(script, object),
            _ => None,
        });
        let line = object.as_ref().map(|it| format!("{{ {} }}", it.join(", ")));
        let line = line.unwrap_or_else(|| it.clone());
        (!line.contains('\n')).then_some((object, line))
    };
    let all = arguments.iter().map(one).collect::<Option<Vec<_>>>()?;
    let line = all.iter().map(|it| it.1.as_str()).collect::<Vec<_>>().join(", ");
    if place.before + line.chars().count() + place.after <= WIDTH {
        return Some(line);
    }
    let indentation = place.indentation;
    let inner = format!("{indentation}{}", step(indentation));
    let lines = all.into_iter().map(|(object, line)| match object {
        Some(object) if inner.len() + line.chars().count() + 1 > WIDTH => expanded(&object, &inner),
        _ => line,
    });
    let lines: Vec<String> = lines.map(|it| format!("\n{inner}{it},")).collect();
    Some(format!("{}\n{indentation}", lines.concat()))
}

/// Asks for what is in an expression.
fn parsed<T>(
    code: &str,
    ask: impl FnOnce(&Script<'_, '_>, &Expression<'_>) -> Option<T>,
) -> Option<T> {
    let wrapped = format!("({code}\n)");
    let (project, options) = (Project::default(), Options::default());
    let context = Context { project: &project, options: &options, component: None };
    let ask = |script: &Script<'_, '_>| match script.semantic.nodes().program().body.as_slice() {
        [Statement::ExpressionStatement(it)] => ask(script, it.expression.get_inner_expression()),
        _ => None,
    };
    with_script(&wrapped, 0, Dialect::TypeScript, context, ask).ok().flatten()
}
