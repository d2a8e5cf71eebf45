//! A small language for examples: several files in one text, and marks for what is wrong.
//!
//! ```text
//! # config/metrics/counts_28d/editors.yml      starts a file
//! events:
//! - name: edit_docment
//! #       ^^^^^^^^^^^^ error[unknown-event]    marks the line above; `#^` starts in column 0
//! # …                                          adds the fields a valid definition still needs
//! ```
//!
//! `\xFF` stands for that byte, `\uFEFF` for a byte-order mark, `\t` for a tab.

use internal_events_definitions::{Analysis, Diagnostic, Severity, Source, Sources, analyze};

/// What stands for the fields that an example does not show.
const REST: &str = "# …";

const EVENT_FIELDS: &[(&str, &str)] = &[
    ("description", "A person finished editing a document and saved what they wrote"),
    ("internal_events", "true"),
    ("action", ""),
    ("product_group", "editor"),
    ("milestone", "'17.3'"),
    ("introduced_by_url", "https://example.com/merge_requests/1"),
    ("tiers", "[free, premium, ultimate]"),
];

const METRIC_FIELDS: &[(&str, &str)] = &[
    ("key_path", ""),
    ("description", "Monthly count of people who finished editing a document"),
    ("product_group", "editor"),
    ("value_type", "number"),
    ("status", "active"),
    ("milestone", "'17.3'"),
    ("introduced_by_url", "https://example.com/merge_requests/1"),
    ("time_frame", "28d"),
    ("data_source", "internal_events"),
    ("data_category", "optional"),
    ("tiers", "[free, premium, ultimate]"),
];

/// A diagnostic that an example demands.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Mark {
    pub(crate) path: String,
    pub(crate) line: usize,
    pub(crate) columns: (usize, usize),
    pub(crate) what: String,
}

/// One file of an example.
#[derive(Clone, Debug)]
pub(crate) struct File {
    pub(crate) path: String,
    pub(crate) text: String,
}

/// Splits an example into its files.
pub(crate) fn files(example: &str) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    for line in example.lines() {
        let is_path =
            |it: &&str| it.contains('/') && (it.ends_with(".yml") || it.ends_with(".json"));
        if let Some(path) = line.strip_prefix("# ").filter(is_path) {
            files.push(File { path: path.to_owned(), text: String::new() });
            continue;
        }
        let file = files.last_mut().expect("an example starts with the path of a file");
        if line == REST {
            file.text += &rest(file);
        } else {
            file.text += line;
            file.text.push('\n');
        }
    }
    files
}

/// The fields that a file still needs to be a valid definition.
fn rest(file: &File) -> String {
    let stem = file.path.rsplit('/').next().unwrap_or_default().trim_end_matches(".yml");
    let fields = if file.path.contains("/metrics/") { METRIC_FIELDS } else { EVENT_FIELDS };
    let mut text = String::new();
    for (name, value) in fields {
        if !file
            .text
            .lines()
            .any(|it| it.trim_start_matches("\\uFEFF").starts_with(&format!("{name}:")))
        {
            let value = if value.is_empty() { stem } else { value };
            text += &format!("{name}: {value}\n");
        }
    }
    text
}

/// Puts files where `analyze` expects them.
pub(crate) fn sources(files: &[File]) -> Sources {
    let mut sources = Sources::default();
    for file in files {
        let source = Source { path: file.path.clone(), bytes: bytes(&file.text) };
        let name = file.path.rsplit('/').next().unwrap_or_default();
        match name {
            "hll_redis_key_overrides.yml" => sources.unique_overrides = Some(source),
            "total_counter_redis_key_overrides.yml" => sources.total_overrides = Some(source),
            "hll_redis_legacy_events.yml" => sources.legacy_events = Some(source),
            "product_groups.json" => sources.product_groups = Some(source),
            "feature_categories.yml" => sources.feature_categories = Some(source),
            _ if file.path.contains("config/metrics/") => sources.metrics.push(source),
            _ => sources.events.push(source),
        }
    }
    sources
}

fn bytes(text: &str) -> Vec<u8> {
    let text = text.replace("\\uFEFF", "\u{feff}").replace("\\t", "\t");
    let parts: Vec<&[u8]> = text.split("\\xFF").map(str::as_bytes).collect();
    parts.join(&0xFF)
}

/// The marks of an example's files.
pub(crate) fn marks(files: &[File]) -> Vec<Mark> {
    let mut marks = Vec::new();
    for file in files {
        let mut marked_line = 0;
        for (idx, line) in file.text.lines().enumerate() {
            let Some((columns, what)) = mark(line) else {
                marked_line = idx + 1;
                continue;
            };
            let path = file.path.clone();
            marks.push(Mark { path, line: marked_line, columns, what: what.to_owned() });
        }
    }
    marks.sort();
    marks
}

/// `#   ^^^ error[code]`: the columns from 1 and the words.
fn mark(line: &str) -> Option<((usize, usize), &str)> {
    let after = line.strip_prefix('#')?;
    let carets = after.trim_start_matches(' ');
    if !carets.starts_with('^') {
        return None;
    }
    let n_spaces = after.len() - carets.len();
    let words = carets.trim_start_matches('^');
    let n_carets = carets.len() - words.len();
    let (start, end) =
        if n_spaces == 0 { (1, n_carets + 2) } else { (n_spaces + 2, n_spaces + n_carets + 2) };
    Some(((start, end), words.trim()))
}

/// What a diagnostic looks like as a mark.
pub(crate) fn as_mark(diagnostic: &Diagnostic, files: &[File]) -> Mark {
    let severity = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let file = files.iter().find(|it| it.path == diagnostic.path).expect("a file of the example");
    let bytes = bytes(&file.text);
    let span = &diagnostic.span;
    let width = String::from_utf8_lossy(&bytes[span.clone()]).chars().count();
    let start = diagnostic.column;
    Mark {
        path: diagnostic.path.clone(),
        line: diagnostic.line,
        // One character in the first column cannot be marked more narrowly than with two carets.
        columns: (start, (start + width).max(if start == 1 { 3 } else { start + 1 })),
        what: format!("{severity}[{}]", diagnostic.code),
    }
}

/// An example that was analyzed.
pub(crate) struct Example {
    pub(crate) files: Vec<File>,
    pub(crate) analysis: Analysis,
    /// What is wrong with its marks.
    pub(crate) problem: Option<String>,
}

/// Compares what is found in an example with its marks.
pub(crate) fn run(example: &str) -> Example {
    let files = files(example);
    let analysis = analyze(&sources(&files));
    let mut found: Vec<_> = analysis.diagnostics.iter().map(|it| as_mark(it, &files)).collect();
    found.sort();
    let expected = marks(&files);
    let problem = (found != expected).then(|| {
        let too_few = expected.iter().filter(|it| !found.contains(it)).collect::<Vec<_>>();
        let too_many = found.iter().filter(|it| !expected.contains(it)).collect::<Vec<_>>();
        format!("{example}\nnot found: {too_few:#?}\nnot marked: {too_many:#?}")
    });
    Example { files, analysis, problem }
}

/// Checks that an example gives exactly its marks.
#[track_caller]
pub(crate) fn check(example: &str) {
    if let Some(problem) = run(example).problem {
        panic!("{problem}");
    }
}
