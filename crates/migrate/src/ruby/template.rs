//! Calls in templates: the Ruby between ERB's tags, and on HAML's lines of code.

use super::file::first_line;
use super::{has_calls, names_a_call, rewritten};
use crate::edit::Edits;
use crate::haml::{self, Raw};
use crate::options::Options;
use crate::project::Project;
use crate::site::{Kind, Outcome, Reason, Rewrite, Unparsable};
use crate::stack::with_stack;
use std::ops::Range;

/// What makes an expression one whose value is used, as that of `= x` is. It is as long as `<%=`.
const USED: &str = "_ =";

/// Rewrites code of a template: a part of a file that need not be complete, as `if x` is not.
///
/// Offsets are those of `text`. What does not parse and may have legacy tracking is a site that
/// is refused.
///
/// # Errors
///
/// Fails if the text is longer than there is stack for.
pub fn rewrite_fragment(
    text: &str,
    project: &Project,
    options: &Options,
) -> Result<Rewrite, Unparsable> {
    with_stack(text, || Ok(fragment("", text, project, options)))
}

fn fragment(before: &str, text: &str, project: &Project, options: &Options) -> Rewrite {
    if !has_calls(text) {
        return Rewrite::default();
    }
    for completed in haml::completed(text) {
        let whole = format!("{before}{completed}");
        let Ok(done) = rewritten(&whole, project, options) else { continue };
        return within(done, before.len(), text.len()).unwrap_or_else(|| not_understood(text));
    }
    not_understood(text)
}

/// What was done within a part of a text; `None` if something was changed beside it.
fn within(mut done: Rewrite, start: usize, length: usize) -> Option<Rewrite> {
    let part = start..start + length;
    let is_within = |it: &Range<usize>| part.start <= it.start && it.end <= part.end;
    if !done.edits.iter().all(|it| is_within(&it.range)) {
        return None;
    }
    let back = |at: usize| at.clamp(part.start, part.end) - start;
    let mut moved = Edits::default();
    for it in done.edits.iter() {
        moved.replace(back(it.range.start)..back(it.range.end), it.text.clone());
    }
    done.edits = moved;
    for it in &mut done.sites {
        it.range = back(it.range.start)..back(it.range.end);
    }
    Some(done)
}

fn not_understood(text: &str) -> Rewrite {
    let mut rewrite = Rewrite::default();
    rewrite.refuse(
        Kind::RubySnowplow,
        0..text.len(),
        Reason::DoesNotParse,
        format!("this code does not parse by itself: `{}`", first_line(text.trim())),
        "Move the tracking into a helper method, and migrate that.",
    );
    rewrite
}

/// Rewrites the calls in a template of ERB.
///
/// Everything but the code is blanked out, so that all of the code is parsed as one, and offsets
/// stay what they are.
///
/// # Errors
///
/// Fails if the text is longer than there is stack for.
pub fn rewrite_erb(
    text: &str,
    project: &Project,
    options: &Options,
) -> Result<Rewrite, Unparsable> {
    with_stack(text, || Ok(erb(text, project, options)))
}

fn erb(text: &str, project: &Project, options: &Options) -> Rewrite {
    if !has_calls(text) {
        return Rewrite::default();
    }
    let code = only_code(text);
    let Ok(mut done) = rewritten(&code, project, options) else { return not_understood(text) };
    // A call that goes on beyond a tag has HTML within, which must not be blanked out.
    let is_code = |it: &Range<usize>| text.get(it.clone()) == code.get(it.clone());
    if !done.edits.iter().all(|it| is_code(&it.range)) {
        refuse_all(&mut done);
    }
    done
}

fn refuse_all(done: &mut Rewrite) {
    done.edits = Edits::default();
    done.found.clear();
    for it in &mut done.sites {
        if matches!(it.outcome, Outcome::Rewritten { .. }) {
            it.outcome = Outcome::Refused(super::file::refusal(
                Reason::NotUnderstood,
                "a call of this template has HTML within",
                "Move the tracking into a helper method, and migrate that.",
            ));
        }
    }
}

/// The code of a template of ERB, with blanks for all that is none.
fn only_code(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(open) = rest.find("<%") {
        blank(&rest[..open], &mut code);
        let inside = &rest[open..];
        let close = inside.find("%>").unwrap_or(inside.len());
        let end = (close + 2).min(inside.len());
        match inside.as_bytes().get(2) {
            // A comment, and `<%%`, which is text.
            Some(b'#' | b'%') => blank(&inside[..end], &mut code),
            Some(b'=') => {
                code.push_str(USED);
                tag(&inside[3.min(close)..close], end - close, &mut code);
            }
            _ => {
                code.push_str("  ");
                tag(&inside[2.min(close)..close], end - close, &mut code);
            }
        }
        rest = &inside[end..];
    }
    blank(rest, &mut code);
    code
}

/// The code of a tag, and what ends it: a line's end, for the code may end with a comment.
fn tag(inside: &str, closing: usize, code: &mut String) {
    let is_trimmed = |it: &&str| it.starts_with(['-', '=']) && it.len() > 1;
    let first = Some(inside).filter(is_trimmed).map_or(inside, |it| &it[1..]);
    code.push_str(&" ".repeat(inside.len() - first.len()));
    match first.strip_suffix('-') {
        Some(it) => {
            code.push_str(it);
            code.push(' ');
        }
        None => code.push_str(first),
    }
    code.push_str(["", "\n", "\n "][closing.min(2)]);
}

fn blank(text: &str, code: &mut String) {
    code.extend(text.bytes().map(|it| if it == b'\n' { '\n' } else { ' ' }));
}

/// Rewrites the calls in a template of HAML: those in its code.
///
/// # Errors
///
/// Fails if the text is longer than there is stack for.
pub fn rewrite_haml(
    text: &str,
    project: &Project,
    options: &Options,
) -> Result<Rewrite, Unparsable> {
    with_stack(text, || Ok(Haml { text, project, options, whole: Rewrite::default() }.rewritten()))
}

struct Haml<'a> {
    text: &'a str,
    project: &'a Project,
    options: &'a Options,
    whole: Rewrite,
}

impl Haml<'_> {
    fn rewritten(mut self) -> Rewrite {
        let mut at = if has_calls(self.text) { 0 } else { self.text.len() };
        while at < self.text.len() {
            let line = haml::line(self.text, at);
            let content = self.text[line.clone()].trim_start_matches([' ', '\t']);
            let indent = line.len() - content.len();
            let next = (line.end + 1).min(self.text.len());
            at = match haml::raw(content) {
                Some(raw) => {
                    let end = haml::block_end(self.text, next, indent);
                    if raw == Raw::Filter("ruby") {
                        self.code("", next..end);
                    }
                    end
                }
                None => self.content(line.start + indent, content).max(next),
            };
        }
        self.whole
    }

    /// Looks at what begins in a line, and tells where that ends.
    fn content(&mut self, start: usize, content: &str) -> usize {
        if let Some(n) = haml::script(content) {
            let end = haml::code_end(self.text, start + n);
            self.code(if content.starts_with('-') { "" } else { USED }, start + n..end);
            return end;
        }
        if !haml::starts_tag(content) {
            let end = start + content.len();
            self.text_of(start..end);
            return end;
        }
        let name_end = haml::shorthand_end(self.text, start);
        let lists = haml::lists(self.text, name_end).unwrap_or_default();
        let head_end = lists.last().map_or(name_end, |it| it.1.end);
        let line_end = haml::line(self.text, head_end).end;
        match haml::code_of_tag(self.text, head_end) {
            Some(code) => {
                self.text_of(start..head_end);
                let end = haml::code_end(self.text, code);
                self.code(USED, code..end);
                end
            }
            None => {
                self.text_of(start..line_end);
                line_end
            }
        }
    }

    fn code(&mut self, before: &str, range: Range<usize>) {
        let mut done = fragment(before, &self.text[range.clone()], self.project, self.options);
        done.edits = on_one_line(&done.edits);
        self.whole.take_part(done, range.start);
    }

    /// Refuses what is neither a line of code nor the code of a tag.
    fn text_of(&mut self, range: Range<usize>) {
        let text = &self.text[range.clone()];
        if names_a_call(text) {
            self.whole.take_part(not_understood(text), range.start);
        }
    }
}

/// HAML's code goes on in the next line after a comma only, so that new code stays on one.
fn on_one_line(edits: &Edits) -> Edits {
    let mut joined = Edits::default();
    for it in edits.iter() {
        let mut text = String::new();
        for line in it.text.lines() {
            let line = if text.is_empty() { line.trim_end() } else { line.trim() };
            let is_tight = text.is_empty() || text.ends_with('(') || line.starts_with(')');
            text.push_str(if is_tight { "" } else { " " });
            text.push_str(line);
        }
        joined.replace(it.range.clone(), text);
    }
    joined
}
