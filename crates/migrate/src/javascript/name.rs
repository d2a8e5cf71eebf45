//! Names of events: literals, constants of this file or of another one, options of the component.

mod known;
mod members;

pub(crate) use known::{fields as known_fields, text};

use super::attempt::refusal;
use super::script::{Script, literal_text};
use crate::edit::Edits;
use crate::site::{Reason, Refusal};
use oxc_ast::ast::Expression;
use oxc_span::{GetSpan as _, Span};

/// A name that a call may track.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) new: String,
    pub(crate) old: Option<String>,
}

/// Reads the names that an expression may give, and plans their new ones.
///
/// # Errors
///
/// Refuses what is computed, and names that are no names of events.
pub(crate) fn names(
    script: &Script<'_, '_>,
    expression: &Expression<'_>,
) -> Result<(Vec<Name>, Edits), Refusal> {
    let mut names = Vec::new();
    let mut edits = Edits::default();
    read(script, expression, &mut names, &mut edits)?;
    Ok((names, edits))
}

fn read(
    script: &Script<'_, '_>,
    expression: &Expression<'_>,
    names: &mut Vec<Name>,
    edits: &mut Edits,
) -> Result<(), Refusal> {
    let inner = expression.get_inner_expression();
    if let Expression::ConditionalExpression(it) = inner {
        read(script, &it.consequent, names, edits)?;
        return read(script, &it.alternate, names, edits);
    }
    let span = inner.span();
    let (old, is_literal) = match literal_text(inner) {
        Some(text) => (text.to_owned(), true),
        None => (constant(script, inner)?, false),
    };
    let new = checked(script, &old, span)?;
    let renamed = new != old;
    if renamed && !is_literal && is_imported(script, inner) {
        return Err(refusal(
            Reason::ComputedName,
            format!("`{}` is given another name, and is imported", script.excerpt(span)),
            format!("Write '{new}' where it is defined, without `--rename`"),
        ));
    }
    if renamed {
        let quotes = if is_literal { quote_of(script.source(span)) } else { '\'' };
        edits.replace(script.range(span), format!("{quotes}{new}{quotes}"));
    }
    names.push(Name { new, old: renamed.then_some(old) });
    Ok(())
}

/// Whether a name comes from another file, where its import would not be needed any more.
fn is_imported(script: &Script<'_, '_>, expression: &Expression<'_>) -> bool {
    let symbol = known::Path::of(expression).and_then(|it| it.symbol(script));
    symbol.is_some_and(|it| script.imported_from(it).is_some())
}

/// The texts among which an expression chooses: `a ? 'x' : 'y'`, `a && 'x'`.
pub(crate) fn choice(script: &Script<'_, '_>, expression: &Expression<'_>) -> Option<Vec<String>> {
    match expression.get_inner_expression() {
        Expression::ConditionalExpression(it) => {
            let mut texts = choice(script, &it.consequent)?;
            texts.extend(choice(script, &it.alternate)?);
            Some(texts)
        }
        Expression::LogicalExpression(it) if it.operator.is_and() => choice(script, &it.right),
        it if it.is_null_or_undefined() => Some(Vec::new()),
        it => text(script, it).map(|it| vec![it]),
    }
}

/// The quote that a literal is written with.
pub(crate) fn quote_of(source: &str) -> char {
    source.chars().next().filter(|it| "'\"`".contains(*it)).unwrap_or('\'')
}

/// The text of a constant, or of a member of one.
fn constant(script: &Script<'_, '_>, expression: &Expression<'_>) -> Result<String, Refusal> {
    if let Some(text) = text(script, expression) {
        return Ok(text);
    }
    let excerpt = script.excerpt(expression.span());
    let path = known::Path::of(expression).filter(known::Path::is_name);
    let symbol = path.as_ref().and_then(|it| it.symbol(script));
    if let Some(module) = symbol.and_then(|it| script.imported_from(it)) {
        return Err(refusal(
            Reason::ComputedName,
            format!("the event's name is `{excerpt}`, which is imported from '{module}'"),
            format!("Write the text of `{excerpt}` into the call; names are found by searching"),
        ));
    }
    let what = match (path, symbol) {
        (None, _) => format!("the event's name is computed: `{excerpt}`"),
        (Some(_), None) => format!("the event's name is `{excerpt}`, which is not of this file"),
        (Some(_), Some(_)) => {
            format!("the event's name is `{excerpt}`, which is no constant text")
        }
    };
    let advice = "Write each event's name where it is tracked, one call per name, for instance \
                  with a table of calls, or `if` and `else`";
    Err(refusal(Reason::ComputedName, what, advice))
}

/// The new name of an event, if it is one.
fn checked(script: &Script<'_, '_>, old: &str, span: Span) -> Result<String, Refusal> {
    let context = script.context;
    let new = context.options.renamed(old).to_owned();
    let is_legal = |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || it == b'_';
    if new.is_empty() || !new.bytes().all(is_legal) {
        return Err(refusal(
            Reason::IllegalName,
            format!(
                "{} is no name of an event: only a-z, 0-9 and _ are allowed",
                script.excerpt(span)
            ),
            format!("Give it a new name: --rename '{old}={}'", suggestion(old)),
        ));
    }
    // Whoever writes `--rename x=x` says that the two are the same.
    let is_told = context.options.renames.contains_key(old);
    let is_known = context.project.legacy_events.contains_key(old);
    if context.project.internal_events.contains(&new) && !is_told && !is_known {
        return Err(refusal(
            Reason::NameTaken,
            format!("`{new}` is an internal event already, and may mean something else"),
            format!(
                "If it means the same: --rename {old}={new}; if not, give this one another name: \
                 --rename {old}=…"
            ),
        ));
    }
    Ok(new)
}

/// A legal name that looks like an illegal one.
fn suggestion(old: &str) -> String {
    let mut name = String::new();
    for it in old.chars() {
        if it.is_ascii_alphanumeric() {
            name.push(it.to_ascii_lowercase());
        } else if !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
    }
    let name = name.trim_end_matches('_');
    if name.is_empty() { "…".to_owned() } else { name.to_owned() }
}
