//! The changes of an element that is rewritten.

use super::super::element::{Attribute, Element, Layout, Part};
use super::{Accepted, Fate};
use crate::edit::Edits;
use std::ops::Range;

/// Makes the changes.
pub(super) fn edits(text: &str, element: &Element, accepted: &Accepted) -> Edits {
    let mut edits = Edits::default();
    for (range, new) in &element.also {
        edits.replace(range.clone(), new);
    }
    for (it, fate) in element.attributes.iter().zip(&accepted.fates) {
        if *fate == Fate::Renamed {
            rename(it, accepted, &mut edits);
        }
    }
    let removed: Vec<&Attribute> = element
        .attributes
        .iter()
        .zip(&accepted.fates)
        .filter(|it| *it.1 == Fate::Removed)
        .map(|it| it.0)
        .collect();
    for range in removals(text, &element.layout, &removed) {
        edits.replace(range, "");
    }
    edits
}

fn rename(it: &Attribute, accepted: &Accepted, edits: &mut Edits) {
    for (range, new) in &it.rename {
        edits.replace(range.clone(), new);
    }
    if it.part != Part::Action {
        return;
    }
    if let Some(literal) = &it.literal
        && accepted.found.first().is_some_and(|it| it.old_name.is_some())
    {
        edits.replace(literal.clone(), &accepted.name);
    }
    if let Some(load) = it.load.as_ref().filter(|_| accepted.loads) {
        edits.replace(it.range.end..it.range.end, load);
    }
}

fn removals(text: &str, layout: &Layout, removed: &[&Attribute]) -> Vec<Range<usize>> {
    let ranges = removed.iter().map(|it| it.range.clone());
    match layout {
        Layout::Spaced => apart(ranges.map(|it| with_blanks(text, it)).collect()),
        Layout::Statements => ranges.map(|it| whole_line(text, it)).collect(),
        Layout::Listed(members) => listed(members, &ranges.collect::<Vec<_>>()),
    }
}

/// An attribute with the blanks before it, or those after it if it is the first in brackets.
fn with_blanks(text: &str, it: Range<usize>) -> Range<usize> {
    let is_blank = |it: char| it.is_ascii_whitespace();
    // `'l'id="i"`: without a blank the name would grow on to what stands before.
    let is_end = |it: char| is_blank(it) || matches!(it, '>' | '/' | ')');
    if !text[it.end..].starts_with(is_end) && it.end < text.len() {
        return it;
    }
    let start = text[..it.start].trim_end_matches(is_blank).len();
    // A comment among attributes of JSX ends with its line.
    let line = text[..start].rsplit('\n').next().unwrap_or_default();
    let has_comment =
        line.contains("<!--") || line.trim_start().starts_with("//") || line.contains(" //");
    if has_comment && text[start..it.start].contains('\n') {
        return it;
    }
    if !text[..start].ends_with('(') {
        return start..it.end;
    }
    it.start..text.len() - text[it.end..].trim_start_matches(is_blank).len()
}

/// Blanks between two of them belong to one only.
fn apart(mut ranges: Vec<Range<usize>>) -> Vec<Range<usize>> {
    ranges.sort_by_key(|it| it.start);
    let mut done = 0;
    for it in &mut ranges {
        it.start = it.start.max(done);
        done = it.end.max(it.start);
    }
    ranges
}

/// A statement, with its line if nothing else stands there.
fn whole_line(text: &str, it: Range<usize>) -> Range<usize> {
    let line = text[..it.start].rfind('\n').map_or(0, |at| at + 1);
    let end = text[it.end..].find('\n').map_or(text.len(), |at| it.end + at + 1);
    let is_blank = |range: Range<usize>| text[range].trim().is_empty();
    if is_blank(line..it.start) && is_blank(it.end..end) { line..end } else { it }
}

/// Members of a list with the comma after each, or before it where none follows.
fn listed(members: &[Range<usize>], removed: &[Range<usize>]) -> Vec<Range<usize>> {
    let last_kept = members.iter().rposition(|it| !removed.contains(it));
    let mut ranges = Vec::new();
    for (at, member) in members.iter().enumerate().filter(|it| removed.contains(it.1)) {
        let next = members.get(at + 1).filter(|_| last_kept.is_some_and(|it| it > at));
        ranges.push(match next {
            Some(next) => member.start..next.start,
            None if at > 0 => members[at - 1].end..member.end,
            None => member.clone(),
        });
    }
    ranges
}
