//! Changes arguments one by one where comments stand among them.
//!
//! Elsewhere the list of arguments is written anew. Here every comment must stay beside what it
//! is about, so each argument must have its lines for itself.

use super::file::{File, New};
use super::model::{Arg, Call};
use crate::edit::Edits;
use std::ops::Range;

/// What becomes of an argument.
enum Role {
    /// It stays, and is written like this.
    Stays(String),
    /// It becomes one of the additional properties.
    Property,
    /// It goes.
    Goes,
}

impl File<'_> {
    /// Whether a comment stands within a call.
    pub(super) fn comment(&self, call: &Call) -> Option<&Range<usize>> {
        let is_within = |it: &&Range<usize>| is_within(it, &call.range);
        self.source.comments.iter().find(is_within)
    }

    /// The new call with its comments; `None` if one of them would be lost or misplaced.
    pub(super) fn in_place(&self, call: &Call, new: &New, callee: &str) -> Option<String> {
        let inside = call.parentheses.as_ref()?;
        let head = call.range.start..inside.start;
        let has_comment =
            |range: &Range<usize>| self.source.comments.iter().any(|it| is_within(it, range));
        let has_heredoc = self.source.heredocs.iter().any(|it| call.range.contains(&it.0.start));
        // A macro has no name of its own to begin with.
        let is_macro = new.name.is_empty();
        if is_macro || new.category.is_some() || has_heredoc || has_comment(&head) {
            return None;
        }
        let moved = |range: &Range<usize>| range.start - head.start..range.end - head.start;
        let mut edits = Edits::default();
        edits.replace(moved(&head), format!("{callee}("));
        let (mut staying, mut has_properties) = (0, false);
        for (number, arg) in call.args.iter().enumerate() {
            let lines = self.own_lines(arg).filter(|it| it.start >= inside.start)?;
            match self.role(call, number, arg, new)? {
                Role::Stays(text) => {
                    staying += 1;
                    edits.replace(moved(&arg.range), text);
                }
                Role::Property if !has_properties => {
                    has_properties = true;
                    let properties = new.properties.join(", ");
                    let text = format!("additional_properties: {{ {properties} }}");
                    edits.replace(moved(&arg.range), text);
                }
                Role::Property | Role::Goes => {
                    if has_comment(&lines) || self.is_below_comment(&lines) {
                        return None;
                    }
                    edits.replace(moved(&lines), "");
                }
            }
        }
        (staying == new.kept.len() + 1).then(|| edits.apply(self.code(&call.range)))
    }

    fn role(&self, call: &Call, number: usize, arg: &Arg, new: &New) -> Option<Role> {
        let is_snowplow = call.name == "event";
        let Some((key, _)) = arg.keyword() else {
            return match (is_snowplow, number) {
                (true, 0) => Some(Role::Goes),
                (true, 1) | (false, 0) => Some(Role::Stays(new.name.clone())),
                (false, 1) => Some(Role::Stays(new.kept.first()?.clone())),
                _ => None,
            };
        };
        let written = self.code(&arg.range);
        Some(match key {
            "values" if !is_snowplow => Role::Stays(new.kept.first()?.clone()),
            _ if new.kept.iter().any(|it| it == written) => Role::Stays(written.to_owned()),
            _ if new.found.properties.contains_key(key) => Role::Property,
            _ => Role::Goes,
        })
    }

    /// The lines of an argument, if nothing but a comma and a comment stands on them too.
    fn own_lines(&self, arg: &Arg) -> Option<Range<usize>> {
        let start = self.line_start(arg.range.start);
        let end = self.text[arg.range.end..].find('\n').map(|it| arg.range.end + it + 1)?;
        let after = self.text[arg.range.end..end].trim();
        let after = after.strip_prefix(',').unwrap_or(after).trim_start();
        let is_alone = self.text[start..arg.range.start].trim().is_empty()
            && (after.is_empty() || after.starts_with('#'));
        is_alone.then_some(start..end)
    }

    /// Whether the line above is a comment: it is about what stands below.
    fn is_below_comment(&self, lines: &Range<usize>) -> bool {
        let above = self.text[..lines.start].lines().next_back().unwrap_or_default();
        above.trim_start().starts_with('#')
    }
}

fn is_within(inner: &Range<usize>, outer: &Range<usize>) -> bool {
    outer.start <= inner.start && inner.end <= outer.end
}
