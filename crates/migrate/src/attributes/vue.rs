//! Single-file components: the template's tags, and the expressions in them.

use super::Work;
use super::element::{Attribute, Element, Era, Layout, Part, Value, data_meaning};
use super::html::{self, Raw, Tag};
use super::javascript;
use super::judge::{mentions_tracking, quote, refusal};
use crate::site::{Outcome, Reason, Rewrite, Unparsable};
use std::ops::Range;

mod interpolations;

/// The directive that sends an event of Snowplow by a click.
const DIRECTIVE: &str = "v-track-event";

/// Rewrites a component.
pub(super) fn read(text: &str, work: &mut Work<'_>) -> Result<(), Unparsable> {
    let blocks = crate::vue::blocks(text)?;
    let component = crate::vue::component(text, &blocks);
    for block in blocks {
        let language = block.attribute(text, "lang").unwrap_or_default();
        let code = &text[block.content.clone()];
        let offset = block.content.start;
        let mut part = Work { rewrite: Rewrite::default(), ..*work };
        match &*block.name {
            "template" if block.is_html(text) => {
                part.component = component;
                template(code, &mut part);
            }
            "template" if mentions_tracking(code) => {
                let refused = refusal(
                    Reason::NotUnderstood,
                    format!("a template in another language than HTML: `{language}`"),
                    "Change its attributes by hand.",
                );
                part.note(0..0, Outcome::Refused(refused), None);
            }
            "script" => {
                let is_typescript = matches!(language, "ts" | "tsx");
                javascript::read(code, is_typescript, &mut part)
                    .map_err(|it| Unparsable { at: it.at + offset, ..it })?;
            }
            _ => {}
        }
        work.rewrite.take_part(part.rewrite, offset);
    }
    Ok(())
}

fn template(text: &str, work: &mut Work<'_>) {
    let masked = interpolations::masked(text);
    for tag in html::tags(&masked) {
        let mut element = Element::new(Layout::Spaced);
        html::describe(text, &tag, &mut element);
        if let Some(raw) = hidden(text, &tag) {
            let refused = refusal(
                Reason::IndirectArguments,
                format!("more attributes may come from here: `{}`", quote(text, &raw.range)),
                "Write all attributes of tracking on the element, or all into the object.",
            );
            work.note(raw.range.clone(), Outcome::Refused(refused), None);
            continue;
        }
        read_tag(text, &tag, &mut element, work);
        work.settle(text, &element);
    }
}

/// An object that may have more attributes of an element with an action: they would stay legacy.
fn hidden<'a>(text: &str, tag: &'a Tag) -> Option<&'a Raw> {
    let name = |it: &Raw| {
        text[it.name.clone()].trim_start_matches("v-bind:").trim_start_matches(':').to_owned()
    };
    let is_action = |it: &&Raw| data_meaning(&name(it)) == Some((Era::Legacy, Part::Action));
    tag.attributes.iter().find(is_action)?;
    let is_object = |it: &&Raw| {
        text[it.name.clone()] == *"v-bind" && it.text.to_ascii_lowercase().contains("track")
    };
    tag.attributes.iter().find(is_object)
}

fn read_tag(text: &str, tag: &Tag, element: &mut Element, work: &mut Work<'_>) {
    for raw in &tag.attributes {
        if text[raw.name.clone()].starts_with(DIRECTIVE) {
            let refused = refusal(
                Reason::IndirectArguments,
                format!("a directive sends what it is given: `{}`", quote(text, &raw.range)),
                "Write `data-event-tracking=\"event\"` with `data-event-label` and the others \
                 instead, or call `InternalEvents.trackEvent` when it is clicked.",
            );
            work.note(raw.range.clone(), Outcome::Refused(refused), None);
            continue;
        }
        match bound(text, raw, work) {
            Some(Bound::Attribute(it)) => element.attributes.push(it),
            Some(Bound::Modified) => {
                let refused = refusal(
                    Reason::NotUnderstood,
                    format!("a modifier, or no value: `{}`", quote(text, &raw.range)),
                    "Bind the attribute to an expression, without a modifier.",
                );
                work.note(raw.range.clone(), Outcome::Refused(refused), None);
            }
            None => match html::attribute(text, raw) {
                Some(it) => element.attributes.push(it),
                None => expression(text, raw, work),
            },
        }
    }
}

enum Bound {
    Attribute(Attribute),
    Modified,
}

/// `:data-track-label="…"`, `v-bind:data-track-label="…"`
fn bound(text: &str, raw: &Raw, work: &Work<'_>) -> Option<Bound> {
    let name = &text[raw.name.clone()];
    let rest = name.strip_prefix("v-bind:").or_else(|| name.strip_prefix(':'))?;
    let (plain, modifier) = rest.split_once('.').map_or((rest, None), |it| (it.0, Some(it.1)));
    let (era, part) = data_meaning(plain)?;
    // Without a value it is bound to what is named like it.
    if modifier.is_some() || raw.value.is_none() {
        return (era == Era::Legacy && part == Part::Action).then_some(Bound::Modified);
    }
    let (value, literal) = expression_value(text, raw, part, work);
    let at = raw.name.end - rest.len();
    let attribute = Attribute { literal, ..html::named(text, raw, at, (era, part), value) };
    Some(Bound::Attribute(attribute))
}

fn expression_value(
    text: &str,
    raw: &Raw,
    part: Part,
    work: &Work<'_>,
) -> (Value, Option<Range<usize>>) {
    let Some(range) = &raw.value else { return (Value::Nothing, None) };
    let Some((value, literal)) = javascript::expression(&raw.text) else {
        return (Value::Computed(quote(text, range)), None);
    };
    // With references in it, bytes of the value are not bytes of the text.
    let literal = literal.filter(|_| text[range.clone()] == raw.text);
    let literal = literal.map(|it| it.start + range.start..it.end + range.start);
    match value {
        Value::Text(it) if part == Part::Extra => (javascript::json(&it), literal),
        Value::Computed(code) if part == Part::Action => {
            (javascript::chosen(&raw.text, work).unwrap_or(Value::Computed(code)), None)
        }
        it => (it, literal),
    }
}

/// An expression that may hold objects with attributes.
fn expression(text: &str, raw: &Raw, work: &mut Work<'_>) {
    let Some(range) = &raw.value else { return };
    let name = &text[raw.name.clone()];
    let code = &text[range.clone()];
    // Those of `v-for` and of slots are no expressions.
    let is_expression = name.starts_with([':', '@'])
        || name.starts_with("v-") && !name.starts_with("v-for") && !name.starts_with("v-slot");
    if !is_expression {
        return;
    }
    if !mentions_tracking(&raw.text) {
        return;
    }
    let is_exact = code == raw.text;
    if !is_exact || javascript::read_expression(code, range.start, work).is_none() {
        let refused = refusal(
            Reason::DoesNotParse,
            format!("this is no expression of JavaScript: `{}`", quote(text, &raw.range)),
            "Correct it, or change its attributes by hand.",
        );
        work.note(raw.range.clone(), Outcome::Refused(refused), None);
    }
}
