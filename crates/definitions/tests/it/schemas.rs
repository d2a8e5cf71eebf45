//! The JSON Schemas say what the checks of fields say.

use crate::{corpus, fixture, mutations, pages};
use internal_events_definitions::{Kind, Severity, Source, Sources, analyze, schema};
use jsonschema::Validator;
use serde_json::Value;

/// The rules that look at one field or at fields of one file: what a schema can see.
const SCHEMA_RULES: [&str; 15] = [
    "filter-value-type",
    "forbidden-field",
    "invalid-format",
    "legacy-options",
    "missing-field",
    "missing-removal-fields",
    "missing-repair-url",
    "not-a-mapping",
    "null-properties",
    "repeated-item",
    "unexpected-removal-fields",
    "unknown-field",
    "unknown-value",
    "unquoted-milestone",
    "wrong-type",
];

struct Validators {
    event: Validator,
    metric: Validator,
}

impl Validators {
    fn new() -> Self {
        let validator = |kind| jsonschema::validator_for(&schema(kind)).unwrap();
        Self { event: validator(Kind::Event), metric: validator(Kind::Metric) }
    }

    /// How schema and checks differ on a file; `None` if they agree, or YAML stands between.
    fn difference(&self, source: &Source) -> Option<String> {
        let text = std::str::from_utf8(&source.bytes).ok()?;
        let json: Value = serde_saphyr::from_str(text.trim_start_matches('\u{feff}')).ok()?;
        let is_metric = source.path.contains("config/metrics/");
        let validator = if is_metric { &self.metric } else { &self.event };
        let mut sources = Sources::default();
        if is_metric { &mut sources.metrics } else { &mut sources.events }.push(source.clone());
        let diagnostics = analyze(&sources).diagnostics;
        // Readers of YAML disagree on these values, so there is no one JSON to compare with.
        if diagnostics.iter().any(|it| it.code == "ambiguous-scalar") {
            return None;
        }
        let errors: Vec<_> = diagnostics
            .iter()
            .filter(|it| it.severity == Severity::Error && SCHEMA_RULES.contains(&it.code))
            .map(|it| format!("{}: {}", it.code, it.message))
            .collect();
        let by_schema: Vec<_> = validator
            .iter_errors(&json)
            .map(|it| format!("{}: {it}", it.instance_path()))
            .collect();
        let agree = errors.is_empty() == by_schema.is_empty();
        (!agree).then(|| format!("{}\n{errors:#?}\n{by_schema:#?}\n{text}", source.path))
    }
}

#[track_caller]
fn assert_agreement(sources: &[Source]) {
    let validators = Validators::new();
    let differences: Vec<_> = sources.iter().filter_map(|it| validators.difference(it)).collect();
    assert!(differences.is_empty(), "{}\n{}", differences.len(), differences.join("\n"));
    assert!(!sources.is_empty());
}

fn is_definition(source: &Source) -> bool {
    let path = &source.path;
    (path.contains("config/events/") || path.contains("config/metrics/"))
        && !path.contains("/aggregates/")
        && path.ends_with(".yml")
}

#[test]
fn schemas_and_checks_agree_on_the_pages_of_rules() {
    let examples = pages::examples();
    let files = examples.iter().flat_map(|it| fixture::files(it));
    let sources: Vec<_> =
        files.map(|it| Source { path: it.path, bytes: it.text.into_bytes() }).collect();
    let sources: Vec<_> = sources.into_iter().filter(is_definition).collect();
    assert_agreement(&sources);
}

#[test]
fn schemas_accept_every_real_definition() {
    let Some(sources) = corpus::sources() else { return };
    let all = [sources.events, sources.metrics].concat();
    let all: Vec<_> = all.into_iter().filter(is_definition).collect();
    assert_agreement(&all);
    let validators = Validators::new();
    for source in &all {
        let json: Value = serde_saphyr::from_slice(&source.bytes).unwrap();
        let is_metric = source.path.contains("config/metrics/");
        let validator = if is_metric { &validators.metric } else { &validators.event };
        assert!(validator.is_valid(&json), "{}", source.path);
    }
}

#[test]
fn schemas_and_checks_agree_on_broken_definitions() {
    let Some(sources) = corpus::sources() else { return };
    let changed = mutations::changed_files(&sources);
    let changed: Vec<_> = changed.into_iter().filter(is_definition).collect();
    assert!(changed.len() > 200, "only {} files", changed.len());
    assert_agreement(&changed);
}

#[test]
fn schemas_describe_every_field() {
    for kind in [Kind::Event, Kind::Metric] {
        let schema = schema(kind);
        assert!(jsonschema::meta::is_valid(&schema));
        for (name, field) in schema["properties"].as_object().unwrap() {
            let description = field["description"].as_str().unwrap();
            assert!(description.ends_with('.'), "{name}: {description}");
        }
    }
}
