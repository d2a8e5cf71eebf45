//! Lines of HAML, as far as code in them goes.

pub(crate) mod braces;

use std::ops::Range;

/// What may stand behind code of a template that does not end in itself: `- if x`,
/// `= link_to x do`, `- [1].each { |it|`.
const ENDS: [&str; 4] = ["", "\nend", "\n}", "\n})"];

/// Code of a template in the forms in which it may parse by itself; all bytes keep their places.
pub(crate) fn completed(code: &str) -> Vec<String> {
    let content = code.trim_start();
    let lead = &code[..code.len() - content.len()];
    let after =
        |word: &str| content.strip_prefix(word).filter(|it| it.starts_with([' ', '\t', '(']));
    if let Some(rest) = after("elsif") {
        return vec![format!("{lead}   if{rest}\nend")];
    }
    if let Some(rest) = after("when") {
        return vec![format!("{lead}  f({rest}\n)")];
    }
    ENDS.iter().map(|end| format!("{code}{end}")).collect()
}

/// What deeper lines hold that are no HAML.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Raw<'t> {
    Comment,
    /// A filter, by its name.
    Filter(&'t str),
}

/// Whether deeper lines than one that has this content are no HAML.
pub(crate) fn raw(content: &str) -> Option<Raw<'_>> {
    let is_filter = |it: &&str| {
        it.starts_with(|it: char| it.is_ascii_alphabetic()) && !it.trim_end().contains(' ')
    };
    if content.starts_with("-#") || content.starts_with('/') {
        return Some(Raw::Comment);
    }
    content.strip_prefix(':').filter(is_filter).map(|it| Raw::Filter(it.trim_end()))
}

/// The texts of all filters of a name.
pub(crate) fn filters(text: &str, name: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let line = line(text, at);
        let content = text[line.clone()].trim_start_matches([' ', '\t']);
        let indent = line.len() - content.len();
        at = (line.end + 1).min(text.len());
        if let Some(raw) = raw(content) {
            let end = block_end(text, at, indent);
            if raw == Raw::Filter(name) {
                found.push(at..end);
            }
            at = end;
        }
    }
    found
}

/// A line, the end of it left out.
pub(crate) fn line(text: &str, start: usize) -> Range<usize> {
    let end = text[start..].find('\n').map_or(text.len(), |it| start + it);
    let end = if text[start..end].ends_with('\r') { end - 1 } else { end };
    start..end
}

/// Where the lines end that are indented deeper than the one before them.
pub(crate) fn block_end(text: &str, start: usize, indent: usize) -> usize {
    let mut end = start;
    while end < text.len() {
        let line = line(text, end);
        let content = text[line.clone()].trim_start_matches([' ', '\t']);
        if !content.trim().is_empty() && line.len() - content.len() <= indent {
            break;
        }
        end = text[line.end..].find('\n').map_or(text.len(), |it| line.end + it + 1);
    }
    end
}

/// Where code ends: with its line, or with the last one that it goes on in.
pub(crate) fn code_end(text: &str, start: usize) -> usize {
    let mut end = line(text, start).end;
    let mut piped = ends_piped(&text[start..end]);
    let mut goes_on = text[start..end].trim_end().ends_with(',');
    while let Some(found) = text[end..].find('\n') {
        let next = line(text, end + found + 1);
        let content = text[next.clone()].trim_end();
        let next_piped = piped && ends_piped(content);
        if !goes_on && !next_piped || next.start >= text.len() {
            break;
        }
        piped = next_piped;
        goes_on = if content.is_empty() { goes_on } else { content.ends_with(',') };
        end = next.end;
    }
    end
}

/// Where the code begins after `=`, `-`, `!=`, `&=` or `~`.
pub(crate) fn script(content: &str) -> Option<usize> {
    if ["==", "!==", "&=="].iter().any(|it| content.starts_with(it)) {
        return None;
    }
    ["!=", "&=", "!~", "&~", "=", "~", "-"]
        .iter()
        .find(|it| content.starts_with(**it))
        .map(|it| it.len())
}

pub(crate) fn starts_tag(content: &str) -> bool {
    let mut characters = content.chars();
    let first = characters.next();
    let is_name = characters.next().is_some_and(|it| it.is_alphanumeric() || "-_:@".contains(it));
    is_name && matches!(first, Some('%' | '.' | '#'))
}

/// Where `%a.class#id` ends.
pub(crate) fn shorthand_end(text: &str, start: usize) -> usize {
    let is_word = |it: char| it.is_alphanumeric() || "-_:@%.#".contains(it);
    let mut end = start;
    for it in text[start..].chars() {
        // `#{` begins Ruby.
        if !is_word(it) || text[end..].starts_with("#{") {
            break;
        }
        end += it.len_utf8();
    }
    end
}

/// The lists of attributes that follow a tag's name, by their first bracket.
///
/// # Errors
///
/// Where a list begins that does not end.
pub(crate) fn lists(text: &str, name_end: usize) -> Result<Vec<(char, Range<usize>)>, usize> {
    let mut at = name_end;
    let mut lists = Vec::new();
    while let Some(open) = text[at..].chars().next().filter(|it| "{([".contains(*it)) {
        let end = braces::end(text, at).ok_or(at)?;
        lists.push((open, at..end));
        at = end;
    }
    Ok(lists)
}

/// Where the code of a tag begins, as in `%p= code`; `at` is where its attributes end.
pub(crate) fn code_of_tag(text: &str, at: usize) -> Option<usize> {
    let line = line(text, at);
    let rest = text[line.clone()].trim_start_matches(['<', '>']);
    let code = script(rest).filter(|_| !rest.starts_with('-'))?;
    Some(line.end - rest.len() + code)
}

pub(crate) fn ends_piped(line: &str) -> bool {
    // `do |it |` names what a block is given; `do |` opens one, and goes on.
    let before = line.trim_end().strip_suffix(" |");
    before.is_some_and(|it| !it.contains("do |") && !it.contains("{ |"))
}

/// Lines that go on by `|` as one line of as many bytes.
pub(crate) fn unpiped(code: &str) -> String {
    let mut whole = String::with_capacity(code.len());
    for line in code.split_inclusive('\n') {
        let content = line.trim_end();
        match content.strip_suffix('|').filter(|_| ends_piped(content)) {
            Some(before) => {
                whole.push_str(before);
                whole.extend(std::iter::repeat_n(' ', line.len() - before.len()));
            }
            None => whole.push_str(line),
        }
    }
    whole
}
