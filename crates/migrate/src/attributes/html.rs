//! Tags of HTML and their attributes, with their bytes.

use super::Work;
use super::element::{
    Attribute, Case, Element, Era, Layout, Meaning, Part, Value, data_meaning, internal_name,
};
use super::javascript;
use html5gum::emitters::callback::{CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};
use std::convert::Infallible;
use std::ops::Range;

/// A tag that begins an element.
#[derive(Debug, Default)]
pub(super) struct Tag {
    pub name: String,
    pub attributes: Vec<Raw>,
}

/// An attribute as it is written.
#[derive(Debug)]
pub(super) struct Raw {
    /// The bytes of its name.
    pub name: Range<usize>,
    /// The bytes of its value, without quotes.
    pub value: Option<Range<usize>>,
    /// All its bytes.
    pub range: Range<usize>,
    /// Its value, character references resolved.
    pub text: String,
}

/// Rewrites the attributes of HTML.
pub(super) fn read(text: &str, work: &mut Work<'_>) {
    for tag in tags(text) {
        let mut element = Element::new(Layout::Spaced);
        describe(text, &tag, &mut element);
        let attributes = tag.attributes.iter();
        element.attributes = attributes.filter_map(|it| attribute(text, it)).collect();
        work.settle(text, &element);
    }
}

/// What of a tag changes what its attributes mean.
pub(super) fn describe(text: &str, tag: &Tag, element: &mut Element) {
    let is = |name: &str| tag.attributes.iter().find(|it| text[it.name.clone()] == *name);
    element.is_dropdown = ["data-toggle", "data-bs-toggle"]
        .iter()
        .filter_map(|it| is(it))
        .any(|it| it.text == "dropdown");
    element.is_dropdown |= is("class").is_some_and(|it| is_dropdown(&it.text));
    let has_value = is("value").is_some() && matches!(&*tag.name, "button" | "li" | "option");
    element.has_own_value = has_value || matches!(&*tag.name, "input" | "select" | "textarea");
}

/// Whether classes are those of what has a dropdown in it: its events come there as well.
pub(super) fn is_dropdown(classes: &str) -> bool {
    classes.split_ascii_whitespace().any(|it| it == "dropdown")
}

/// An attribute of tracking, if it is one.
pub(super) fn attribute(text: &str, raw: &Raw) -> Option<Attribute> {
    let meaning = data_meaning(&text[raw.name.clone()].to_ascii_lowercase())?;
    let value = match (&raw.value, meaning) {
        (None, _) => Value::Nothing,
        (Some(_), (Era::Legacy, Part::Extra)) => javascript::json(&raw.text),
        (Some(_), _) => Value::Text(raw.text.clone()),
    };
    Some(named(text, raw, raw.name.start, meaning, value))
}

/// An attribute whose name begins at a place; what stands before it, as `:`, stays.
pub(super) fn named(
    text: &str,
    raw: &Raw,
    name: usize,
    (era, part): Meaning,
    value: Value,
) -> Attribute {
    let new =
        internal_name(part, Case::Dashed).map(|it| (name..raw.name.end, format!("data-{it}")));
    let quote = raw.value.as_ref().and_then(|it| text[..it.start].chars().next_back());
    let quote = quote.filter(|it| matches!(it, '"' | '\'')).unwrap_or('"');
    Attribute {
        era,
        part,
        range: raw.range.clone(),
        rename: new.into_iter().collect(),
        value,
        literal: raw.value.clone(),
        load: Some(format!(" data-event-tracking-load={quote}true{quote}")),
    }
}

/// Finds the tags of a text.
pub(super) fn tags(text: &str) -> Vec<Tag> {
    // What the tokenizer changes before it counts bytes.
    let text = &text.replace(['\r', '\0'], " ");
    let mut reader = Reader { text, tags: Vec::new(), tag: None };
    let mut emitter = CallbackEmitter::new(|event: CallbackEvent<'_>, span: Span<usize>| {
        reader.event(event, span);
        None::<Infallible>
    });
    emitter.naively_switch_states(true);
    // It reads from memory, so no error can come from it.
    let _ = Tokenizer::new_with_emitter(text, emitter).finish();
    reader.tags
}

struct Reader<'a> {
    text: &'a str,
    tags: Vec<Tag>,
    tag: Option<Tag>,
}

impl Reader<'_> {
    fn event(&mut self, event: CallbackEvent<'_>, span: Span<usize>) {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                let name = String::from_utf8_lossy(name).into_owned();
                self.tag = Some(Tag { name, attributes: Vec::new() });
            }
            CallbackEvent::AttributeName { name } => self.name(name, span.start..span.end),
            CallbackEvent::AttributeValue { value } => {
                if let Some(it) = self.tag.as_mut().and_then(|it| it.attributes.last_mut()) {
                    it.text = String::from_utf8_lossy(value).into_owned();
                }
            }
            CallbackEvent::CloseStartTag { .. } => self.tags.extend(self.tag.take()),
            CallbackEvent::EndTag { .. } => self.tag = None,
            _ => {}
        }
    }

    fn name(&mut self, name: &[u8], range: Range<usize>) {
        // Names with characters that HTML replaces are none of ours; their bytes are not known.
        let is_exact = |it: &str| it.as_bytes().eq_ignore_ascii_case(name);
        if !self.text.get(range.clone()).is_some_and(is_exact) {
            return;
        }
        let Some(tag) = &mut self.tag else { return };
        let value = value(self.text, range.end);
        let end = value.as_ref().map_or(range.end, |it| it.1);
        let value = value.map(|it| it.0);
        tag.attributes.push(Raw {
            range: range.start..end,
            name: range,
            value,
            text: String::new(),
        });
    }
}

/// The bytes of the value after a name, and where it ends, quotes included.
fn value(text: &str, at: usize) -> Option<(Range<usize>, usize)> {
    let blank = |it: char| matches!(it, ' ' | '\t' | '\n' | '\r' | '\x0c');
    let rest = text[at..].trim_start_matches(blank).strip_prefix('=')?;
    let rest = rest.trim_start_matches(blank);
    let start = text.len() - rest.len();
    let quote = rest.chars().next()?;
    if matches!(quote, '"' | '\'') {
        let end = start + 1 + rest[1..].find(quote)?;
        return Some((start + 1..end, end + 1));
    }
    let end = rest.find(|it: char| blank(it) || it == '>')?;
    (end > 0).then_some((start..start + end, start + end))
}
