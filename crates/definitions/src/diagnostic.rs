//! What is wrong, where, and what to do about it.

use std::ops::Range;

/// How serious a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The definition does not mean what its author wants, or means nothing.
    Error,
    /// It works, but a reader or another tool will stumble.
    Warning,
    /// Worth knowing, nothing to do.
    Note,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Stable name of the rule, also the name of its page in `docs/rules/`.
    pub code: &'static str,
    /// How serious it is.
    pub severity: Severity,
    /// What is wrong: lower case, the user's own words in backticks, no full stop.
    pub message: String,
    /// The file, relative to the root.
    pub path: String,
    /// The bytes it is about.
    pub span: Range<usize>,
    /// Line of the span's start, from 1.
    pub line: usize,
    /// Column of the span's start in characters, from 1.
    pub column: usize,
    /// What to do.
    pub help: Option<String>,
    /// Other places that explain it.
    pub related: Vec<Related>,
    /// An edit that solves it and loses nothing.
    pub fix: Option<Fix>,
}

/// Another place a diagnostic points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Related {
    /// What is there.
    pub message: String,
    /// The file, relative to the root.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A safe solution: comments, formatting and everything it does not name stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What it does, in the imperative.
    pub title: String,
    /// Replacements in the diagnostic's file; they do not overlap.
    pub edits: Vec<Edit>,
}

/// One replacement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace.
    pub range: Range<usize>,
    /// What to put there.
    pub text: String,
}
