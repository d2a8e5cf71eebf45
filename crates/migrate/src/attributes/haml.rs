//! HAML: tags with their attributes, lines of Ruby, and the Ruby in texts.

use super::Work;
use super::html;
use super::judge::{mentions_tracking, quote, refusal};
use super::ruby::{self, Flavour};
use crate::haml::{self, Raw, braces, ends_piped, script, starts_tag, unpiped};
use crate::site::{Outcome, Reason, Rewrite};
use std::ops::Range;

mod parens;

/// Rewrites a template.
pub(super) fn read(text: &str, work: &mut Work<'_>) {
    let mut reader = Reader { text, at: 0, work };
    while reader.at < text.len() {
        let line = haml::line(text, reader.at);
        let content = text[line.clone()].trim_start_matches([' ', '\t']);
        let indent = line.len() - content.len();
        reader.at = line.end + 1;
        if content.trim().is_empty() {
            continue;
        }
        match haml::raw(content) {
            None => reader.content(line.start + indent, line.end),
            Some(raw) => {
                let start = reader.at.min(text.len());
                let end = haml::block_end(text, start, indent);
                reader.at = end;
                reader.raw(raw, line.start + indent..end, start);
            }
        }
    }
}

struct Reader<'a, 'b, 'c> {
    text: &'c str,
    /// Where the next line begins.
    at: usize,
    work: &'a mut Work<'b>,
}

impl Reader<'_, '_, '_> {
    /// Text that is no HAML; scripts are read by another module.
    fn raw(&mut self, raw: Raw<'_>, whole: Range<usize>, start: usize) {
        match raw {
            Raw::Comment | Raw::Filter("javascript") => {}
            Raw::Filter("ruby") => {
                let code = self.text[start..whole.end].to_owned();
                self.ruby(start..whole.end, &[code], Flavour::Code);
            }
            Raw::Filter(name) if names_an_attribute(&self.text[whole.clone()]) => {
                let what = format!("an attribute within the text of a filter `:{name}`");
                let advice = "Write the element in HAML, then run this once more, or change its \
                              attributes by hand.";
                let refused = refusal(Reason::NotUnderstood, what, advice);
                self.work.note(whole, Outcome::Refused(refused), None);
            }
            Raw::Filter(_) => {}
        }
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
        let name_end = haml::shorthand_end(self.text, start);
        let mut lists = match haml::lists(self.text, name_end) {
            Ok(it) => it,
            Err(at) => {
                let rest = at..haml::line(self.text, at).end;
                self.unknown(rest, Reason::DoesNotParse, "these attributes do not end");
                return;
            }
        };
        let at = lists.last().map_or(name_end, |it| it.1.end);
        let n_tracking =
            lists.iter().filter(|it| self.text[it.1.clone()].contains("track")).count();
        if n_tracking > 1 {
            self.unknown(name_end..at, Reason::NotUnderstood, "two lists of attributes");
            lists.clear();
        }
        let classes = self.text[start..name_end].split('#').next().unwrap_or_default();
        self.work.in_dropdown = html::is_dropdown(&classes.replace('.', " "));
        for (open, range) in lists {
            match open {
                '{' => self.hash(range),
                '(' => self.parens(range),
                _ => {}
            }
        }
        self.work.in_dropdown = false;
        self.after_tag(at);
    }

    /// `= code`, or a text.
    fn after_tag(&mut self, at: usize) {
        let line = haml::line(self.text, at);
        self.at = self.at.max(line.end + 1);
        match haml::code_of_tag(self.text, at) {
            Some(code) => self.script(code),
            None => self.plain(line),
        }
    }

    /// `{ data: { track_action: 'x' } }`
    fn hash(&mut self, range: Range<usize>) {
        // Within `[…]` members of hashes and calls may stand as HAML has them.
        let inner = &self.text[range.start + 1..range.end - 1];
        let mut code = format!("[{inner}]");
        if code.lines().any(ends_piped) {
            code = unpiped(&code);
        }
        self.ruby(range, &[code], Flavour::HamlAttributes);
    }

    /// Code up to the end of its line, or of the last one that it goes on in.
    fn script(&mut self, start: usize) {
        let end = haml::code_end(self.text, start);
        self.at = self.at.max(end + 1);
        let mut code = self.text[start..end].to_owned();
        if code.lines().any(ends_piped) {
            code = unpiped(&code);
        }
        // A block is closed by what is indented, not by a word.
        let mut attempts = haml::completed(&code);
        attempts.truncate(2);
        self.ruby(start..end, &attempts, Flavour::Code);
    }

    /// The first of these that parses is read.
    fn ruby(&mut self, range: Range<usize>, attempts: &[String], flavour: Flavour) {
        if !self.text[range.clone()].contains("track") {
            return;
        }
        for attempt in attempts {
            let mut part = Work { rewrite: Rewrite::default(), ..*self.work };
            if ruby::read(attempt, flavour, &mut part).is_ok() {
                // A block ends with the word that was added.
                for site in &mut part.rewrite.sites {
                    site.range.end = site.range.end.min(range.len());
                }
                self.work.rewrite.take_part(part.rewrite, range.start);
                return;
            }
        }
        self.unknown(range, Reason::DoesNotParse, "this is no Ruby by itself");
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
            let Some(end) = braces::end(&self.text[..range.end], open) else { break };
            let code = self.text[open + 1..end - 1].to_owned();
            self.ruby(open + 1..end - 1, &[code], Flavour::Code);
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

/// Whether a text has an element with an action, and does not merely talk of one.
fn names_an_attribute(text: &str) -> bool {
    ["data-track-action", "data-track-event"].iter().any(|it| text.contains(it))
}
