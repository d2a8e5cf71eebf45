//! `include Gitlab::InternalEventsTracking`, where calls need it.

use super::file::File;
use super::model::Scope;
use crate::edit::Edits;

/// The module of the new call.
pub(super) const NEW_MIXIN: &str = "Gitlab::InternalEventsTracking";

impl File<'_> {
    /// Whether a line with an `include` can be added to a class or module.
    pub(super) fn can_take_include(&self, scope: &Scope) -> bool {
        let Some(body) = scope.body_start else { return false };
        let line = scope.includes.iter().map(|it| it.0.end).max().unwrap_or(scope.head_end);
        let line = self.line_start(line)..self.line_end(line);
        // Below a heredoc's beginning is its text, and not the next statement.
        let has_heredoc = self.source.heredocs.iter().any(|it| line.contains(&it.0.start));
        // `class Foo; def bar; end; end` has no line to add.
        self.line_start(body) > scope.head_end && !has_heredoc
    }

    /// Adds it: after the other includes, else as the first line.
    pub(super) fn add_include(&self, scope: &Scope, colons: &str, edits: &mut Edits) {
        let Some(body) = scope.body_start else { return };
        let include = format!("include {colons}{NEW_MIXIN}");
        let line_break = self.line_break();
        if let Some((statement, ..)) = scope.includes.iter().max_by_key(|it| it.0.end) {
            let at = self.line_end(statement.end);
            let indentation = self.indentation(statement.start);
            edits.replace(at..at, format!("{line_break}{indentation}{include}"));
            return;
        }
        let indentation = self.indentation(body);
        let at = self.line_end(scope.head_end);
        let next = &self.text[at..];
        let next = next.strip_prefix('\r').unwrap_or(next);
        let next = next.strip_prefix('\n').unwrap_or(next);
        let is_blank = next.lines().next().is_none_or(|it| it.trim().is_empty());
        let blank = if is_blank { "" } else { line_break };
        edits.replace(at..at, format!("{line_break}{indentation}{include}{blank}"));
    }
}
