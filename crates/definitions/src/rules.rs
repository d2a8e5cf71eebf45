//! The rules: what can be wrong with definitions.
//!
//! One rule is one module here, one page in `docs/rules/` and one row of [`RULES`]. A rule looks
//! at one file, one event, one metric or everything, and pushes findings; it never stops another.

use crate::file::File;
use crate::index::Index;
use crate::model::{Event, Metric};
use crate::yaml::Node;
use crate::{Diagnostic, Edit, Fix, Related, Severity};
use std::collections::HashMap;
use std::ops::Range;

macro_rules! rules {
    ($($module:ident),* $(,)?) => {
        $(pub(crate) mod $module;)*

        /// Every rule, in alphabetical order.
        pub(crate) static RULES: &[Rule] = &[$($module::RULE),*];
    };
}

rules! {
    all_time_unique, ambiguous_scalar, byte_order_mark, category_on_internal_event,
    colliding_rules, dead_override, default_description, default_milestone, duplicate_action,
    duplicate_key, duplicate_key_path, file_name, filter_value_type, forbidden_field,
    ignored_options, invalid_format, invalid_utf8, legacy_options, migrated_legacy_event,
    misplaced_file, missing_categories, missing_field, missing_removal_fields, missing_repair_url,
    missing_value_schema, mixed_kinds, no_selection_rules, not_a_mapping, null_properties,
    operator_misuse, outdated_field, override_collision, placeholder, removed_folder,
    repeated_item, repeated_rule, reserved_property, several_documents, short_description,
    undeclared_filter_property, undeclared_identifier, undeclared_unique_property,
    unexpected_removal_fields, unknown_category, unknown_event, unknown_field, unknown_group,
    unknown_value, unquoted_milestone, unreadable_table, unsupported_yaml, untracked_event,
    unusable_key, wrong_tree, wrong_type, yaml_syntax,
}

/// One rule.
pub(crate) struct Rule {
    /// Its stable name.
    pub(crate) code: &'static str,
    /// What it looks at.
    pub(crate) check: Check,
}

/// What a rule looks at.
pub(crate) enum Check {
    /// The text and tree of every file, tables included.
    File(for<'n> fn(&'n File<'n>, &mut Out<'n>)),
    /// Every event, removed ones included.
    Event(for<'n> fn(&Index<'n>, &Event<'n>, &mut Out<'n>)),
    /// Every metric.
    Metric(for<'n> fn(&Index<'n>, &Metric<'n>, &mut Out<'n>)),
    /// Everything at once.
    Whole(for<'n> fn(&Index<'n>, &mut Out<'n>)),
    /// Nothing itself: found while [fields](crate::fields::check) are compared with their table.
    Fields,
}

/// The codes of all rules, in alphabetical order.
pub fn codes() -> impl Iterator<Item = &'static str> {
    RULES.iter().map(|it| it.code)
}

/// Where findings go.
pub(crate) type Out<'n> = Vec<Finding<'n>>;

/// A finding whose places are still offsets.
#[derive(Debug)]
pub(crate) struct Finding<'n> {
    code: &'static str,
    severity: Severity,
    file: &'n File<'n>,
    span: Range<usize>,
    message: String,
    help: Option<String>,
    related: Vec<(String, &'n File<'n>, usize)>,
    fix: Option<Fix>,
}

impl<'n> Finding<'n> {
    pub(crate) fn error(
        code: &'static str,
        file: &'n File<'n>,
        span: &Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Error, code, file, span, message.into())
    }

    pub(crate) fn warning(
        code: &'static str,
        file: &'n File<'n>,
        span: &Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Warning, code, file, span, message.into())
    }

    pub(crate) fn note(
        code: &'static str,
        file: &'n File<'n>,
        span: &Range<usize>,
        message: impl Into<String>,
    ) -> Self {
        Self::new(Severity::Note, code, file, span, message.into())
    }

    fn new(
        severity: Severity,
        code: &'static str,
        file: &'n File<'n>,
        span: &Range<usize>,
        message: String,
    ) -> Self {
        let span = span.clone();
        Self { code, severity, file, span, message, help: None, related: Vec::new(), fix: None }
    }

    /// Says what to do.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Points to another place.
    pub(crate) fn related(
        mut self,
        message: impl Into<String>,
        file: &'n File<'n>,
        offset: usize,
    ) -> Self {
        self.related.push((message.into(), file, offset));
        self
    }

    /// Offers one replacement as a solution that loses nothing.
    pub(crate) fn fix(
        mut self,
        title: impl Into<String>,
        range: Range<usize>,
        text: impl Into<String>,
    ) -> Self {
        self.fix =
            Some(Fix { title: title.into(), edits: vec![Edit { range, text: text.into() }] });
        self
    }
}

/// The text of a scalar in single quotes.
pub(crate) fn in_quotes(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Whether a node is a scalar without quotes, tag or line break, so that it can be replaced as
/// one word. Aliases are excluded: their text is somewhere else.
pub(crate) fn is_bare_word(file: &File<'_>, node: &Node<'_>) -> bool {
    node.scalar()
        .is_some_and(|it| it.is_plain() && file.text.get(node.span.clone()) == Some(it.text()))
        && !node.span.is_empty()
}

/// Turns findings into diagnostics: lines and columns found, sorted, doubles removed.
pub(crate) fn diagnostics(findings: Vec<Finding<'_>>) -> Vec<Diagnostic> {
    let mut lines = Lines::default();
    let mut diagnostics: Vec<_> = findings
        .into_iter()
        .map(|it| {
            let (line, column) = lines.position(it.file, it.span.start);
            let related = it.related.into_iter().map(|(message, file, offset)| {
                let (line, column) = lines.position(file, offset);
                Related { message, path: file.path.to_owned(), line, column }
            });
            Diagnostic {
                code: it.code,
                severity: it.severity,
                message: it.message,
                path: it.file.path.to_owned(),
                related: related.collect(),
                span: it.span,
                line,
                column,
                help: it.help,
                fix: it.fix,
            }
        })
        .collect();
    diagnostics.sort_by(|a, b| {
        let key = |it: &Diagnostic| (it.span.start, it.span.end);
        (&a.path, key(a), a.code, &a.message).cmp(&(&b.path, key(b), b.code, &b.message))
    });
    diagnostics.dedup();
    diagnostics
}

/// Starts of lines, per file, found when first asked for.
#[derive(Default)]
struct Lines<'n> {
    starts: HashMap<&'n str, Vec<usize>>,
}

impl<'n> Lines<'n> {
    /// Line and column of an offset, both from 1, the column in characters.
    fn position(&mut self, file: &'n File<'n>, offset: usize) -> (usize, usize) {
        let text = file.text;
        let starts = self.starts.entry(file.path).or_insert_with(|| {
            let after_breaks = text.bytes().enumerate().filter(|(_, it)| *it == b'\n');
            std::iter::once(0).chain(after_breaks.map(|(idx, _)| idx + 1)).collect()
        });
        let line = starts.partition_point(|it| *it <= offset);
        let start = starts[line - 1];
        let column = text.get(start..offset).map_or(0, |it| it.chars().count());
        (line, column + 1)
    }
}
