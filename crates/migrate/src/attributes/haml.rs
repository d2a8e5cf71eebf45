//! HAML: tags with their attributes, lines of Ruby, and the Ruby in texts.

use super::Work;
use super::html;
use super::judge::{mentions_tracking, quote, refusal};
use super::ruby::{self, Flavour};
use crate::site::{Outcome, Reason, Rewrite};
use std::ops::Range;

mod braces;
mod parens;

/// Rewrites a template.
pub(super) fn read(text: &str, work: &mut Work<'_>) {
    let mut reader = Reader { text, at: 0, work };
    // Deeper lines than this one are no HAML.
    let mut raw: Option<usize> = None;
    while reader.at < text.len() {
        let line = reader.line(reader.at);
        let content = text[line.clone()].trim_start_matches([' ', '\t']);
        let indent = line.len() - content.len();
        reader.at = line.end + 1;
        if content.trim().is_empty() || raw.is_some_and(|it| indent > it) {
            continue;
        }
        raw = opens_raw_text(content).then_some(indent);
        if raw.is_none() {
            reader.content(line.start + indent, line.end);
        }
    }
}

/// Filters, and comments with what is in them.
fn opens_raw_text(content: &str) -> bool {
    let is_filter = content.strip_prefix(':').is_some_and(|it| {
        it.starts_with(|it: char| it.is_ascii_alphabetic()) && !it.trim_end().contains(' ')
    });
    is_filter || content.starts_with("-#") || content.starts_with('/')
}

struct Reader<'a, 'b, 'c> {
    text: &'c str,
    /// Where the next line begins.
    at: usize,
    work: &'a mut Work<'b>,
}

impl Reader<'_, '_, '_> {
    /// A line, the end of it left out.
    fn line(&self, start: usize) -> Range<usize> {
        let end = self.text[start..].find('\n').map_or(self.text.len(), |it| start + it);
        let end = if self.text[start..end].ends_with('\r') { end - 1 } else { end };
        start..end
    }

    /// What a line has, its indentation left out.
    fn content(&mut self, start: usize, end: usize) {
        let content = &self.text[start..end];
        if let Some(n) = script(content) {
            self.script(start + n);
        } else if starts_tag(content) {
            self.tag(start);
        } else {
            self.plain(start..end);
        }
    }

    fn tag(&mut self, start: usize) {
        let name_end = shorthand_end(self.text, start);
        let mut at = name_end;
        let mut lists = Vec::new();
        while let Some(open) = self.text[at..].chars().next().filter(|it| "{([".contains(*it)) {
            let Some(end) = braces::end(self.text, at) else {
                self.unknown(
                    at..self.line(at).end,
                    Reason::DoesNotParse,
                    "these attributes do not end",
                );
                return;
            };
            lists.push((open, at..end));
            at = end;
        }
        let n_tracking =
            lists.iter().filter(|it| self.text[it.1.clone()].contains("track")).count();
        if n_tracking > 1 {
            self.unknown(name_end..at, Reason::NotUnderstood, "two lists of attributes");
            lists.clear();
        }
        for (open, range) in lists {
            match open {
                '{' => self.hash(range),
                '(' => self.parens(range),
                _ => {}
            }
        }
        self.after_tag(at);
    }

    /// `= code`, or a text.
    fn after_tag(&mut self, at: usize) {
        let line = self.line(at);
        self.at = self.at.max(line.end + 1);
        let rest = self.text[at..line.end].trim_start_matches(['<', '>']);
        let start = line.end - rest.len();
        match script(rest).filter(|_| !rest.starts_with('-')) {
            Some(n) => self.script(start + n),
            None => self.plain(start..line.end),
        }
    }

    /// `{ data: { track_action: 'x' } }`
    fn hash(&mut self, range: Range<usize>) {
        // Within `[…]` members of hashes and calls may stand as HAML has them.
        let inner = &self.text[range.start + 1..range.end - 1];
        self.ruby(range.start, &[format!("[{inner}]")], Flavour::HamlAttributes);
    }

    /// Code up to the end of its line, or of the last one that it goes on in.
    fn script(&mut self, start: usize) {
        let mut end = self.line(start).end;
        let mut piped = ends_piped(&self.text[start..end]);
        while end < self.text.len() {
            let goes_on = self.text[start..end].trim_end().ends_with(',');
            let next =
                self.line(self.text[end..].find('\n').map_or(self.text.len(), |it| end + it + 1));
            let next_piped = piped && ends_piped(&self.text[next.clone()]);
            if !goes_on && !next_piped || next.start >= self.text.len() {
                break;
            }
            piped = next_piped;
            end = next.end;
        }
        self.at = self.at.max(end + 1);
        let mut code = self.text[start..end].to_owned();
        if code.lines().any(ends_piped) {
            code = unpiped(&code);
        }
        // A block is closed by what is indented, not by a word.
        let closed = [code.clone(), format!("{code}\nend")];
        self.ruby(start, &closed, Flavour::Code);
    }

    /// The first of these that parses is read.
    fn ruby(&mut self, start: usize, attempts: &[String], flavour: Flavour) {
        let Some(code) = attempts.first().filter(|it| it.contains("track")) else { return };
        for attempt in attempts {
            let mut part = Work { rewrite: Rewrite::default(), ..*self.work };
            if ruby::read(attempt, flavour, &mut part).is_ok() {
                // A block ends with the word that was added.
                for site in &mut part.rewrite.sites {
                    site.range.end = site.range.end.min(code.len());
                }
                self.work.rewrite.take_part(part.rewrite, start);
                return;
            }
        }
        self.unknown(start..start + code.len(), Reason::DoesNotParse, "this is no Ruby by itself");
    }

    /// A text: Ruby in `#{…}`, and HTML.
    fn plain(&mut self, range: Range<usize>) {
        let text = &self.text[range.clone()];
        if !mentions_tracking(text) {
            return;
        }
        let n_sites = self.work.rewrite.sites.len();
        let mut at = range.start;
        while let Some(found) = self.text[at..range.end].find("#{") {
            let open = at + found + 1;
            let Some(end) = braces::end(self.text, open).filter(|it| *it <= range.end) else {
                break;
            };
            let code = self.text[open + 1..end - 1].to_owned();
            self.ruby(open + 1, &[code], Flavour::Code);
            at = end;
        }
        for tag in html::tags(text) {
            let mut element = super::element::Element::new(super::element::Layout::Spaced);
            html::describe(text, &tag, &mut element);
            element.attributes =
                tag.attributes.iter().filter_map(|it| html_attribute(text, it)).collect();
            let mut part = Work { rewrite: Rewrite::default(), ..*self.work };
            part.settle(text, &element);
            self.work.rewrite.take_part(part.rewrite, range.start);
        }
        if self.work.rewrite.sites.len() == n_sites && mentions_tracking(text) {
            self.unknown(range, Reason::NotUnderstood, "the attribute is within a text");
        }
    }

    /// Refuses what is not understood, if it may track.
    fn unknown(&mut self, range: Range<usize>, reason: Reason, why: &str) {
        if !mentions_tracking(&self.text[range.clone()]) {
            return;
        }
        let what = format!("{why}: `{}`", quote(self.text, &range));
        let refused = refusal(
            reason,
            what,
            "Write the attributes as one hash, `{ data: { track_action: 'x' } }`, then run this \
             once more, or change them by hand.",
        );
        self.work.note(range, Outcome::Refused(refused), None);
    }
}

/// An attribute of HTML, whose value may have Ruby in it.
fn html_attribute(text: &str, raw: &html::Raw) -> Option<super::element::Attribute> {
    let mut it = html::attribute(text, raw)?;
    if raw.text.contains("#{") {
        it.value = super::element::Value::Computed(raw.text.clone());
        it.literal = None;
    }
    Some(it)
}

/// Where the code begins after `=`, `-`, `!=`, `&=` or `~`.
fn script(content: &str) -> Option<usize> {
    if ["==", "!==", "&=="].iter().any(|it| content.starts_with(it)) {
        return None;
    }
    ["!=", "&=", "!~", "&~", "=", "~", "-"]
        .iter()
        .find(|it| content.starts_with(**it))
        .map(|it| it.len())
}

fn starts_tag(content: &str) -> bool {
    let mut characters = content.chars();
    let first = characters.next();
    let is_name = characters.next().is_some_and(|it| it.is_alphanumeric() || "-_:@".contains(it));
    is_name && matches!(first, Some('%' | '.' | '#'))
}

/// Where `%a.class#id` ends.
fn shorthand_end(text: &str, start: usize) -> usize {
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

fn ends_piped(line: &str) -> bool {
    let line = line.trim_end();
    line.ends_with(" |") && !line.contains("do |") && !line.contains("{ |")
}

/// Lines that go on by `|` as one line of as many bytes.
fn unpiped(code: &str) -> String {
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
