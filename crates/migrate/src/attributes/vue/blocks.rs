//! The blocks of a single-file component, and the text between the tags of its template.

use std::ops::Range;

/// A block at the top level.
#[derive(Debug)]
pub(super) struct Block<'a> {
    /// `template`, `script`, …
    pub name: &'a str,
    /// Its `lang`, if it has one.
    pub language: Option<&'a str>,
    /// The bytes of the tag that opens it.
    pub tag: Range<usize>,
    /// The bytes between its tags.
    pub content: Range<usize>,
}

/// Cuts a component into its blocks.
///
/// What is within a block is raw text, but that templates may hold templates.
pub(super) fn of(text: &str) -> Vec<Block<'_>> {
    let mut blocks = Vec::new();
    let mut at = 0;
    while let Some(found) = text[at..].find('<') {
        let start = at + found;
        if let Some(rest) = text[start..].strip_prefix("<!--") {
            let Some(end) = rest.find("-->") else { break };
            at = start + 4 + end + 3;
            continue;
        }
        let name = tag_name(&text[start + 1..]);
        let Some(end) = tag_end(text, start).filter(|_| !name.is_empty()) else {
            at = start + 1;
            continue;
        };
        if text[..end].ends_with("/>") {
            at = end;
            continue;
        }
        let Some(close) = close_of(text, end, name) else { break };
        let tag = start..end;
        blocks.push(Block {
            name,
            language: language(&text[tag.clone()]),
            tag,
            content: end..close,
        });
        at = close + 1;
    }
    blocks
}

/// The name that a tag begins with.
fn tag_name(rest: &str) -> &str {
    if !rest.starts_with(|it: char| it.is_ascii_alphabetic()) {
        return "";
    }
    let end = rest.find(|it: char| it.is_ascii_whitespace() || matches!(it, '>' | '/'));
    &rest[..end.unwrap_or(rest.len())]
}

/// Where a tag ends, `>` included; quoted values may have that too.
fn tag_end(text: &str, start: usize) -> Option<usize> {
    let mut quote = None;
    for (at, it) in text[start..].bytes().enumerate() {
        match (quote, it) {
            (None, b'"' | b'\'') => quote = Some(it),
            (Some(open), _) if open == it => quote = None,
            (None, b'>') => return Some(start + at + 1),
            _ => {}
        }
    }
    None
}

/// Where the tag begins that closes a block.
fn close_of(text: &str, from: usize, name: &str) -> Option<usize> {
    let mut depth = 0;
    let mut at = from;
    loop {
        let start = at + text[at..].find('<')?;
        let rest = &text[start + 1..];
        if rest.strip_prefix('/').is_some_and(|it| tag_name(it) == name) {
            if depth == 0 {
                return Some(start);
            }
            depth -= 1;
        } else if name == "template" && tag_name(rest) == name {
            let end = tag_end(text, start)?;
            depth += usize::from(!text[..end].ends_with("/>"));
            at = end;
            continue;
        }
        at = start + 1;
    }
}

fn language(tag: &str) -> Option<&str> {
    let rest = tag.split_once(" lang=")?.1;
    let quote = rest.chars().next().filter(|it| matches!(it, '"' | '\''))?;
    rest[1..].split(quote).next()
}

/// The text with blanks in place of `{{ … }}`, which may have `<` in it; offsets stay.
pub(super) fn without_interpolations(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if let Some(end) = rest.strip_prefix("{{").and_then(|it| it.find("}}")) {
            masked.extend(std::iter::repeat_n(' ', end + 4));
            at += end + 4;
            continue;
        }
        let end = if let Some(comment) = rest.strip_prefix("<!--") {
            comment.find("-->").map_or(text.len(), |it| at + 4 + it + 3)
        } else if rest.starts_with('<') && !tag_name(&rest[1..]).is_empty() {
            tag_end(text, at).unwrap_or(text.len())
        } else {
            at + rest.chars().next().map_or(1, char::len_utf8)
        };
        masked.push_str(&text[at..end]);
        at = end;
    }
    masked
}
