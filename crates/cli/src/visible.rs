//! Text of strangers on a terminal and in a log: whatever steers is shown instead of obeyed.
//!
//! Names and values come from definition files, from callers of the server and from the command
//! line. Escape sequences in them could rewrite what stands on a screen, line breaks could forge
//! a line of a log, and marks of direction could make one text look like another.

use crate::secrets::masked;
use std::borrow::Cow;
use std::fmt;
use std::io;
use tracing_subscriber::field::{MakeVisitor as _, RecordFields, VisitOutput as _};
use tracing_subscriber::fmt::format::{DefaultFields, FormatFields, Writer};

/// Writes what steers as Rust does in a string: `\n`, `\u{1b}`, `\u{202e}`.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    replace(text, steers, |it, out| out.extend(it.escape_default()))
}

/// As [`visible`], but lines, whatever ends them, and tabs stay what they are, and colours where
/// there are `colours`.
pub(crate) fn visible_lines(text: &str, colours: bool) -> Cow<'_, str> {
    let mut rest = text;
    let mut shown = String::new();
    while let Some(at) = rest.find(|it| !matches!(it, '\n' | '\t') && steers(it)) {
        let (before, from) = rest.split_at(at);
        shown.push_str(before);
        // Before a line's end it moves nothing, and a diff must have it.
        let is_of_end = from.starts_with("\r\n");
        let kept = if is_of_end {
            1
        } else if colours {
            colour(from)
        } else {
            0
        };
        let first = from.chars().next().map_or(0, char::len_utf8);
        match kept {
            0 => shown.push_str(&visible(&from[..first])),
            kept => shown.push_str(&from[..kept]),
        }
        rest = &from[kept.max(first)..];
    }
    if shown.is_empty() {
        return Cow::Borrowed(text);
    }
    shown.push_str(rest);
    Cow::Owned(shown)
}

/// Writes what steers in the text of a JSON document, which is the same document then.
pub(crate) fn visible_json(json: &str) -> Cow<'_, str> {
    // Line breaks stand between values only: within strings, JSON escapes them itself.
    let is_steering = |it| it != '\n' && steers(it);
    replace(json, is_steering, |it, out| out.push_str(&format!("\\u{:04x}", u32::from(it))))
}

fn replace(
    text: &str,
    is_replaced: impl Fn(char) -> bool,
    write: impl Fn(char, &mut String),
) -> Cow<'_, str> {
    if !text.contains(&is_replaced) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 16);
    for it in text.chars() {
        if is_replaced(it) { write(it, &mut shown) } else { shown.push(it) }
    }
    Cow::Owned(shown)
}

/// Control characters, separators of lines, and marks that change the direction of text.
fn steers(it: char) -> bool {
    it.is_control()
        || matches!(it, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}')
        || matches!(it, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The length of the sequence at the start of `text` that does no more than choose colours.
fn colour(text: &str) -> usize {
    let Some(rest) = text.strip_prefix("\u{1b}[") else { return 0 };
    let n = rest.bytes().take_while(|it| it.is_ascii_digit() || *it == b';').count();
    if rest[n..].starts_with('m') { n + 3 } else { 0 }
}

/// Writes the message and the fields of an event in a log on one line.
#[derive(Debug, Default)]
pub(crate) struct VisibleFields(DefaultFields);

impl<'w> FormatFields<'w> for VisibleFields {
    fn format_fields<R: RecordFields>(&self, mut to: Writer<'w>, fields: R) -> fmt::Result {
        let mut text = String::new();
        let mut visitor = self.0.make_visitor(Writer::new(&mut text));
        fields.record(&mut visitor);
        visitor.finish()?;
        to.write_str(&visible(&masked(&text)))
    }
}

/// Standard error for a log in JSON, one line at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct VisibleJsonLines;

impl io::Write for VisibleJsonLines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        io::stderr().lock().write_all(visible_json(&masked(&text)).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().lock().flush()
    }
}

#[cfg(test)]
mod tests;
