//! Diagnostics in the forms people and programs want them.

use crate::visible::{visible, visible_lines};
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};
use internal_events_definitions::{Analysis, Diagnostic, Severity, Source};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Where the page of each rule is.
const RULES_URL: &str = "https://github.com/internal-events/internal-events/blob/main/docs/rules";

pub(crate) fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// Each error and warning with the lines concerned, then each note on a line of its own: there
/// may be many, and none asks for anything.
pub(crate) fn human(
    found: &[Diagnostic],
    sources: &BTreeMap<&str, &Source>,
    colour: bool,
) -> String {
    let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
    let (notes, serious): (Vec<_>, Vec<_>) =
        found.iter().partition(|it| it.severity == Severity::Note);
    let mut text = String::new();
    for diagnostic in serious {
        let source = sources.get(diagnostic.path.as_str());
        let source = source.map(|it| String::from_utf8_lossy(&it.bytes)).unwrap_or_default();
        text.push_str(&snippet(diagnostic, &source, &renderer));
        text.push_str("\n\n");
    }
    for Diagnostic { code, message, path, line, column, .. } in &notes {
        let (path, message) = (visible(path), visible(message));
        text.push_str(&format!("note[{code}]: {path}:{line}:{column}: {message}\n"));
    }
    if !notes.is_empty() {
        text.push('\n');
    }
    text
}

fn snippet(diagnostic: &Diagnostic, source: &str, renderer: &Renderer) -> String {
    let level = match diagnostic.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let mut group = level.primary_title(visible(&diagnostic.message)).id(diagnostic.code).element(
        Snippet::source(source)
            .path(visible(&diagnostic.path))
            .annotation(AnnotationKind::Primary.span(within(source, diagnostic))),
    );
    for related in &diagnostic.related {
        let place =
            format!("{}: {}:{}:{}", related.message, related.path, related.line, related.column);
        group = group.element(Level::NOTE.message(visible(&place).into_owned()));
    }
    if let Some(help) = &diagnostic.help {
        group = group.element(Level::HELP.message(visible_lines(help, false)));
    }
    if let Some(fix) = &diagnostic.fix {
        let message = format!("`check --fix` can {}", fix.title);
        group = group.element(Level::HELP.message(visible(&message).into_owned()));
    }
    renderer.render(&[group])
}

/// The span, cut to what the text has: a file that is not UTF-8 is shown with replacements.
fn within(source: &str, diagnostic: &Diagnostic) -> std::ops::Range<usize> {
    let clamp = |mut at: usize| {
        at = at.min(source.len());
        while !source.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    clamp(diagnostic.span.start)..clamp(diagnostic.span.end)
}

/// The stable shape of `check --format json`.
pub(crate) fn json(analysis: &Analysis) -> Value {
    let diagnostics: Vec<Value> = analysis.diagnostics.iter().map(diagnostic_json).collect();
    json!({
        "version": 1,
        "events": analysis.n_events,
        "metrics": analysis.n_metrics,
        "diagnostics": diagnostics,
    })
}

fn diagnostic_json(diagnostic: &Diagnostic) -> Value {
    let mut object = Map::new();
    let mut put = |name: &str, value: Value| object.insert(name.to_owned(), value);
    put("severity", json!(word(diagnostic.severity)));
    put("code", json!(diagnostic.code));
    put("message", json!(diagnostic.message));
    put("path", json!(diagnostic.path));
    put("line", json!(diagnostic.line));
    put("column", json!(diagnostic.column));
    if let Some(help) = &diagnostic.help {
        put("help", json!(help));
    }
    if let Some(fix) = &diagnostic.fix {
        put("fix", json!(fix.title));
    }
    Value::Object(object)
}

/// SARIF 2.1.0, as code scanning services read it.
pub(crate) fn sarif(found: &[Diagnostic]) -> Value {
    let mut codes: Vec<&str> = found.iter().map(|it| it.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let rule = |code: &&str| json!({ "id": code, "helpUri": format!("{RULES_URL}/{code}.md") });
    let rules: Vec<Value> = codes.iter().map(rule).collect();
    let results: Vec<Value> = found.iter().map(sarif_result).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "internal-events",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            "results": results,
        }],
    })
}

fn sarif_result(diagnostic: &Diagnostic) -> Value {
    let mut message = diagnostic.message.clone();
    if let Some(help) = &diagnostic.help {
        message = format!("{message}. {help}");
    }
    json!({
        "ruleId": diagnostic.code,
        "level": word(diagnostic.severity),
        "message": { "text": message },
        "locations": [{ "physicalLocation": {
            "artifactLocation": { "uri": diagnostic.path },
            "region": { "startLine": diagnostic.line, "startColumn": diagnostic.column },
        }}],
    })
}

/// Workflow commands that GitHub turns into annotations.
pub(crate) fn github(found: &[Diagnostic]) -> String {
    let property = |text: &str| data(text).replace(':', "%3A").replace(',', "%2C");
    let mut text = String::new();
    for it in found {
        let level = if it.severity == Severity::Note { "notice" } else { word(it.severity) };
        let help = it.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
        writeln!(
            text,
            "::{level} file={},line={},col={},title={}::{}",
            property(&it.path),
            it.line,
            it.column,
            property(it.code),
            data(&format!("{}{help}", it.message)),
        )
        .expect("invariant: writing to a string cannot fail");
    }
    text
}

/// Escapes what would end a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}
