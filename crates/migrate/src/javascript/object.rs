//! Edits of an object literal: properties taken out, unwrapped, put in front.

use super::fields::{Object, Part};
use super::script::Script;
use crate::edit::Edits;
use oxc_span::Span;

/// Whether anything of an object stays.
pub(crate) fn is_emptied(object: &Object) -> bool {
    object.parts.iter().all(|(_, part)| *part == Part::Remove)
}

/// Changes an object of which something stays; `added` is put in front.
pub(crate) fn edit(script: &Script<'_, '_>, object: &Object, added: &[String]) -> Edits {
    let mut edits = Edits::default();
    let spans: Vec<Span> = object.parts.iter().map(|it| it.0).collect();
    if let Some(first) = spans.first().filter(|_| !added.is_empty()) {
        let before = script.before(first.start);
        let gap = &before[before.trim_end().len()..];
        let separator = if gap.contains('\n') { format!(",{gap}") } else { ", ".to_owned() };
        let text = format!("{}{separator}", added.join(&separator));
        edits.replace(script.between(first.start, first.start), text);
    }
    let mut at = 0;
    while at < spans.len() {
        let mut end = at;
        while end < spans.len() && object.parts[end].1 == Part::Remove {
            end += 1;
        }
        if end > at {
            let (range, comments) = removal(script, &spans, at, end);
            edits.replace(range, comments);
        }
        if let Some((span, Part::Unwrap { first, last })) = object.parts.get(end) {
            edits.replace(script.range(*span), unwrapped(script, *span, *first, *last));
        }
        at = end + 1;
    }
    edits
}

/// The bytes of the properties from `at` to before `end`, with one comma, and the comments
/// between them.
fn removal(
    script: &Script<'_, '_>,
    spans: &[Span],
    at: usize,
    end: usize,
) -> (std::ops::Range<usize>, String) {
    let (start, end, gone) = match spans.get(end) {
        Some(next) => (spans[at].start, next.start, at..end),
        None if at > 0 => (spans[at - 1].end, spans[end - 1].end, at..end),
        None => (spans[at].start, spans[end - 1].end, at..end),
    };
    let mut comments = String::new();
    let mut from = start;
    for it in &spans[gone] {
        comments += &script.comments(from, it.start);
        from = it.end;
    }
    comments += &script.comments(from, end);
    // What follows the property before is set off from it.
    let gap = if comments.is_empty() || start == spans[at].start { "" } else { " " };
    (script.between(start, end), format!("{gap}{comments}"))
}

/// The properties within another, indented as it is.
fn unwrapped(script: &Script<'_, '_>, outer: Span, first: Span, last: Span) -> String {
    let comments =
        script.comments(outer.start, first.start) + &script.comments(last.end, outer.end);
    let source = comments + script.source(Span::new(first.start, last.end));
    let inner = script.indentation(first.start);
    let wanted = script.indentation(outer.start);
    let surplus = inner.strip_prefix(wanted).unwrap_or_default();
    if surplus.is_empty() || source.contains('`') {
        return source;
    }
    let dedent = |line: &str| match line.strip_prefix(inner) {
        Some(rest) => format!("{wanted}{rest}"),
        None => line.to_owned(),
    };
    source.split('\n').map(dedent).collect::<Vec<_>>().join("\n")
}
