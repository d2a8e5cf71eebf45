//! Edits of YAML by whole lines, which lose no comment.

use crate::edit::Edits;
use internal_events_definitions::yaml::{Entry, FaultKind, Node};
use std::ops::Range;

/// The text of a mapping in which every key stands on a line of its own, with its tree.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    pub(super) text: &'a str,
    pub(super) root: Node<'a>,
    /// What ends its lines.
    pub(super) end: &'static str,
}

impl<'a> Lines<'a> {
    /// Reads a text; says why it cannot be edited by lines.
    pub(super) fn read(text: &'a str) -> Result<Self, &'static str> {
        let (root, faults) = internal_events_definitions::yaml::read(text);
        let Some(root) = root else { return Err("it is no YAML") };
        if faults.iter().any(|it| !matches!(it.kind, FaultKind::ByteOrderMark)) {
            return Err("it has an alias, a duplicate key, or YAML that definitions cannot use");
        }
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        let lines = Self { text, root, end };
        let is_at_start = |it: &Entry<'_>| {
            let before = &text[lines.line(it.key_span.start).start..it.key_span.start];
            before.is_empty() || before == "\u{feff}"
        };
        if lines.root.entries().is_empty() || !lines.root.entries().iter().all(is_at_start) {
            return Err("its keys do not stand at the beginning of lines");
        }
        Ok(lines)
    }

    /// The line around a byte, with its end.
    pub(super) fn line(&self, at: usize) -> Range<usize> {
        line(self.text, at)
    }

    /// The whole lines of an entry.
    pub(super) fn of(&self, entry: &Entry<'_>) -> Range<usize> {
        let last = entry.value.span.end.max(entry.key_span.end);
        // The text of a block ends with its line.
        let last = if last > entry.key_span.start && self.text[..last].ends_with('\n') {
            last - 1
        } else {
            last
        };
        self.line(entry.key_span.start).start..self.line(last).end
    }

    /// Replaces the lines of an entry; comments among them stay, each on a line of its own.
    pub(super) fn replace(&self, edits: &mut Edits, entry: &Entry<'_>, new: &str) {
        let lines = self.of(entry);
        let mut text = self.comments(entry, &lines);
        text.push_str(new);
        if !self.text[..lines.end].ends_with('\n') && text.ends_with(self.end) {
            // The file did not end with a line's end, and need not.
            text.truncate(text.len() - self.end.len());
        }
        edits.replace(lines, text);
    }

    /// Inserts lines after those of an entry.
    pub(super) fn insert_after(&self, edits: &mut Edits, entry: &Entry<'_>, new: &str) {
        self.insert_at(edits, self.of(entry).end, new);
    }

    /// Inserts lines at the beginning of one, or at the end of the text.
    pub(super) fn insert_at(&self, edits: &mut Edits, at: usize, new: &str) {
        let text = if at == 0 || self.text[..at].ends_with('\n') {
            new.to_owned()
        } else {
            // The file does not end with a line's end, and need not.
            format!("{}{}", self.end, new.trim_end_matches(self.end))
        };
        edits.replace(at..at, text);
    }

    fn comments(&self, entry: &Entry<'_>, lines: &Range<usize>) -> String {
        let mut scalars = vec![entry.key_span.clone()];
        let mut nodes = vec![&entry.value];
        while let Some(node) = nodes.pop() {
            if node.scalar().is_some() {
                scalars.push(node.span.clone());
            }
            scalars.extend(node.entries().iter().map(|it| it.key_span.clone()));
            nodes.extend(node.items());
            nodes.extend(node.entries().iter().map(|it| &it.value));
        }
        let mut found = String::new();
        let mut at = lines.start;
        while at < lines.end {
            let line = self.line(at);
            let is_comment = |hash: usize| {
                let in_scalar = scalars.iter().any(|it| it.contains(&hash));
                let after_space = self.text[line.start..hash].ends_with([' ', '\t']);
                !in_scalar && (hash == line.start || after_space)
            };
            let hash = self.text[line.clone()].match_indices('#').map(|(n, _)| line.start + n);
            if let Some(hash) = hash.into_iter().find(|it| is_comment(*it)) {
                found.push_str(self.text[hash..line.end].trim_end());
                found.push_str(self.end);
            }
            at = line.end;
        }
        found
    }

    /// What stands before the dash of a list's item, compared with the list's key.
    pub(super) fn dash_indent(&self, entry: &Entry<'_>) -> Option<&'a str> {
        let item = entry.value.items().first()?;
        let line = self.line(item.span.start);
        let before = &self.text[line.start..item.span.start];
        let indent = &before[..before.len() - before.trim_start_matches(' ').len()];
        let key = entry.key_span.start - self.line(entry.key_span.start).start;
        (before.trim_start().starts_with('-') && indent.len() >= key).then(|| &indent[key..])
    }

    /// How this file indents the items of a list.
    pub(super) fn usual_dash(&self) -> &'a str {
        let of_root = self.root.entries().iter().find_map(|it| self.dash_indent(it));
        of_root.unwrap_or_default()
    }
}

/// The line around a byte, with its end.
pub(super) fn line(text: &str, at: usize) -> Range<usize> {
    let start = text[..at].rfind('\n').map_or(0, |it| it + 1);
    let end = text[at..].find('\n').map_or(text.len(), |it| at + it + 1);
    start..end
}
