//! ERB: the HTML with the Ruby masked, and the Ruby with the HTML masked; offsets stay.

use super::Work;
use super::element::{Attribute, Element, Layout, Part, Value, data_meaning};
use super::html::{self, Raw};
use super::judge::{quote, refusal};
use super::ruby::{self, Flavour};
use crate::site::{Outcome, Reason, Unparsable};
use std::ops::Range;

/// Rewrites a template.
pub(super) fn read(text: &str, work: &mut Work<'_>) -> Result<(), Unparsable> {
    let tags = tags(text);
    ruby::read(&only_ruby(text, &tags), Flavour::Code, work)?;
    markup(text, &tags, work);
    Ok(())
}

/// A tag of ERB.
#[derive(Debug)]
struct Tag {
    /// All its bytes.
    range: Range<usize>,
    /// The bytes of its Ruby; none if it is a comment.
    code: Option<Range<usize>>,
}

fn tags(text: &str) -> Vec<Tag> {
    let mut tags = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find("<%") {
        let start = at + found;
        if text[start..].starts_with("<%%") {
            at = start + 3;
            continue;
        }
        let Some(close) = text[start + 2..].find("%>").map(|it| start + 2 + it) else { break };
        tags.push(Tag { range: start..close + 2, code: code(text, start + 2, close) });
        at = close + 2;
    }
    tags
}

fn code(text: &str, start: usize, end: usize) -> Option<Range<usize>> {
    let inner = &text[start..end];
    if inner.starts_with('#') {
        return None;
    }
    let lead = inner.len() - inner.trim_start_matches(['=', '-']).len();
    let trail = usize::from(inner.len() > lead && inner.ends_with('-'));
    let code = start + lead..end - trail;
    // A comment would reach over the end of its tag.
    (!text[code.clone()].trim_start().starts_with('#')).then_some(code)
}

/// Blanks in place of all but the Ruby.
fn only_ruby(text: &str, tags: &[Tag]) -> String {
    let mut masked: Vec<u8> =
        text.bytes().map(|it| if it == b'\n' { b'\n' } else { b' ' }).collect();
    for tag in tags {
        if let Some(code) = &tag.code {
            masked[code.clone()].copy_from_slice(&text.as_bytes()[code.clone()]);
            // The new line ends a comment, the other what has not ended: code goes over no tag.
            masked[tag.range.end - 2] = b'\n';
            masked[tag.range.end - 1] = b';';
        }
    }
    // Only bytes of code are not ASCII, and code begins and ends on characters.
    String::from_utf8(masked).unwrap_or_default()
}

/// Letters in place of the Ruby, so that values stay values; a blank before an attribute
/// that follows at once, so that it begins there.
fn only_markup(text: &str, tags: &[Tag]) -> String {
    let mut masked = text.as_bytes().to_vec();
    for tag in tags {
        masked[tag.range.clone()].fill(b'x');
        if text.as_bytes().get(tag.range.end).is_some_and(u8::is_ascii_alphabetic) {
            masked[tag.range.end - 1] = b' ';
        }
    }
    String::from_utf8(masked).unwrap_or_default()
}

fn markup(text: &str, erb: &[Tag], work: &mut Work<'_>) {
    let masked = only_markup(text, erb);
    let touches = |it: &Range<usize>| {
        let after = erb.partition_point(|tag| tag.range.end <= it.start);
        erb.get(after).is_some_and(|tag| tag.range.start < it.end)
    };
    for tag in html::tags(&masked) {
        let mut element = Element::new(Layout::Spaced);
        html::describe(&masked, &tag, &mut element);
        if let Some(raw) = hidden(text, &tag, &touches) {
            let refused = refusal(
                Reason::IndirectArguments,
                format!("more attributes may come from here: `{}`", quote(text, &raw.range)),
                "Write all attributes of tracking into the tag, then run this once more.",
            );
            work.note(raw.range.clone(), Outcome::Refused(refused), None);
            continue;
        }
        for raw in &tag.attributes {
            let name = &text[raw.name.clone()];
            if touches(&raw.name) && name.contains("data-track-") {
                let refused = refusal(
                    Reason::ComputedName,
                    format!("the attribute's name is computed: `{}`", quote(text, &raw.range)),
                    "Write the name of the attribute out, a tag or a branch for each.",
                );
                work.note(raw.range.clone(), Outcome::Refused(refused), None);
            } else if let Some(it) = attribute(text, &masked, raw, &touches) {
                element.attributes.push(it);
            }
        }
        work.settle(text, &element);
    }
}

/// Ruby in a tag with an action that may write more attributes: they would stay legacy.
fn hidden<'a>(
    text: &str,
    tag: &'a html::Tag,
    touches: &impl Fn(&Range<usize>) -> bool,
) -> Option<&'a Raw> {
    let name = |it: &Raw| &text[it.name.clone()];
    tag.attributes.iter().find(|it| name(it) == "data-track-action")?;
    let is_more =
        |it: &&Raw| touches(&it.name) && name(it).starts_with("<%=") && name(it).contains("track");
    tag.attributes.iter().find(is_more)
}

fn attribute(
    text: &str,
    masked: &str,
    raw: &Raw,
    touches: &impl Fn(&Range<usize>) -> bool,
) -> Option<Attribute> {
    let mut it = html::attribute(masked, raw)?;
    if let Some(value) = raw.value.as_ref().filter(|it| touches(it)) {
        it.value = Value::Computed(quote(text, value));
        it.literal = None;
        // `'{"a": "<%= a %>"}'` has members of which one is computed.
        let is_extra = data_meaning(&text[raw.name.clone()]).is_some_and(|it| it.1 == Part::Extra);
        if is_extra && let Value::Object(members) = super::javascript::json(&raw.text) {
            it.value = Value::Object(members.into_iter().map(unmasked).collect());
        }
    }
    Some(it)
}

/// A member is computed if its value has letters that stand for Ruby.
fn unmasked((name, value): (String, Value)) -> (String, Value) {
    match value {
        // `<%=%>` is the shortest.
        Value::Text(it) if it.contains("xxxx") => (name, Value::Computed(String::new())),
        it => (name, it),
    }
}
