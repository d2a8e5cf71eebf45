//! `tracking` of a component, which only the legacy mixin read.

use super::Template;
use super::script::Script;
use crate::edit::Edits;
use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, ObjectExpression, ObjectProperty, ObjectPropertyKind};
use oxc_span::{GetSpan as _, Span};

/// A comment that is about the line after it alone.
const ABOUT_NEXT: &str = "// eslint-disable-next-line";

/// Takes `tracking` out of `computed` or `data`, with the section if nothing else is in it.
///
/// `None` if something else may read it, or if it does not have its lines for itself.
pub(super) fn edits(
    script: &Script<'_, '_>,
    options: &ObjectExpression<'_>,
    template: Option<&dyn Template>,
) -> Option<Edits> {
    let is_read = template.is_some_and(|it| it.mentions("tracking"));
    if is_read || others_may_read(script, options) || mentions(script) != 1 {
        return None;
    }
    let (section, object, member) = find(options)?;
    let span = if object.properties.len() == 1 { section.span } else { member.span };
    let mut edits = Edits::default();
    edits.replace(script.range(lines(script, span)?), "");
    Some(edits)
}

/// Where the name stands in the script, its own definition among it.
fn mentions(script: &Script<'_, '_>) -> usize {
    let is_it = |it: &AstKind<'_>| match it {
        AstKind::IdentifierName(it) => it.name == "tracking",
        AstKind::IdentifierReference(it) => it.name == "tracking",
        AstKind::BindingIdentifier(it) => it.name == "tracking",
        AstKind::StringLiteral(it) => it.value == "tracking",
        AstKind::TemplateElement(it) => it.value.raw.contains("tracking"),
        _ => false,
    };
    script.nodes().filter(|it| is_it(&it.kind())).count()
}

/// Whether a mixin that is not known, or a component that this one extends, may read it.
fn others_may_read(script: &Script<'_, '_>, options: &ObjectExpression<'_>) -> bool {
    let is_known = |it: &str| it.ends_with(".mixin()") || it.starts_with("glFeatureFlag");
    properties(options).any(|it| match (it.key.static_name().as_deref(), &it.value) {
        (Some("extends"), _) => true,
        (Some("mixins"), Expression::ArrayExpression(list)) => {
            list.elements.len() > 1
                && list.elements.iter().any(|it| {
                    let source = script.source(it.span());
                    !is_known(source) && !source.starts_with("Tracking.mixin(")
                })
        }
        (Some("mixins"), _) => true,
        _ => false,
    })
}

/// The section, what it holds, and `tracking` in that.
fn find<'s, 'a>(
    options: &'s ObjectExpression<'a>,
) -> Option<(&'s ObjectProperty<'a>, &'s ObjectExpression<'a>, &'s ObjectProperty<'a>)> {
    properties(options).find_map(|section| {
        let object = match section.key.static_name()?.as_ref() {
            "computed" => match section.value.get_inner_expression() {
                Expression::ObjectExpression(it) => Some(&**it),
                _ => None,
            },
            "data" => super::members::returned(&section.value),
            _ => None,
        }?;
        let member = properties(object)
            .find(|it| it.key.static_name().is_some_and(|it| it == "tracking"))?;
        Some((section, object, member))
    })
}

fn properties<'s, 'a>(
    object: &'s ObjectExpression<'a>,
) -> impl Iterator<Item = &'s ObjectProperty<'a>> {
    object.properties.iter().filter_map(|it| match it {
        ObjectPropertyKind::ObjectProperty(it) => Some(&**it),
        ObjectPropertyKind::SpreadProperty(_) => None,
    })
}

/// The lines of a member that has them for itself, with its comma, and with a comment of a lint
/// for it.
fn lines(script: &Script<'_, '_>, member: Span) -> Option<Span> {
    let before = script.before(member.start);
    let mut start = before.rfind('\n')? + 1;
    if !before[start..].trim().is_empty() {
        return None;
    }
    let above = before[..start - 1].rfind('\n').map_or(0, |it| it + 1);
    if before[above..start].trim_start().starts_with(ABOUT_NEXT) {
        start = above;
    }
    let rest = script.after(member.end).strip_prefix(',')?;
    let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r']).len();
    let end = member.end + u32::try_from(1 + blank + 1).ok()?;
    rest[blank..].starts_with('\n').then(|| Span::new(u32::try_from(start).unwrap_or(0), end))
}
