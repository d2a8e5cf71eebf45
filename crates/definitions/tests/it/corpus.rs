//! Real definitions that nobody in this project wrote.

use internal_events_definitions::{Severity, Source, Sources, analyze};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The folder of the corpus, or a loud note that its tests did not run.
pub(crate) fn folder() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: the corpus of real definitions is not at {}", folder.display());
    None
}

/// Every definition of the corpus, with the tables of the same version.
pub(crate) fn sources() -> Option<Sources> {
    let folder = folder()?;
    let root = folder.join("gitlab-definitions");
    let table = |name: &str| {
        let bytes = std::fs::read(folder.join("key-overrides-19.3").join(name)).ok()?;
        Some(Source { path: format!("lib/gitlab/usage_data_counters/{name}"), bytes })
    };
    Some(Sources {
        events: read_below(&root, "config/events"),
        metrics: read_below(&root, "config/metrics"),
        unique_overrides: table("hll_redis_key_overrides.yml"),
        total_overrides: table("total_counter_redis_key_overrides.yml"),
        legacy_events: table("hll_redis_legacy_events.yml"),
        ..Sources::default()
    })
}

fn read_below(root: &Path, below: &str) -> Vec<Source> {
    let mut sources = Vec::new();
    let mut folders = vec![root.join(below)];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let relative = path.strip_prefix(root).unwrap().to_str().unwrap().replace('\\', "/");
            sources.push(Source { path: relative, bytes: std::fs::read(&path).unwrap() });
        }
    }
    sources.sort_by(|a, b| a.path.cmp(&b.path));
    sources
}

#[test]
fn every_real_definition_is_read() {
    let Some(sources) = sources() else { return };
    let analysis = analyze(&sources);
    assert_eq!((analysis.n_events, analysis.n_metrics), (63, 77));
    let definitions = &analysis.definitions;
    assert_eq!(definitions.events.len(), 56);
    assert_eq!(definitions.events.iter().filter(|it| it.internal).count(), 41);
    assert_eq!(definitions.metrics.iter().filter(|it| !it.rules.is_empty()).count(), 79);
    assert_eq!(definitions.overrides.unique.len(), 397);
    assert_eq!(definitions.overrides.total.len(), 138);
    assert_eq!(definitions.overrides.legacy_events.len(), 368);
    assert_eq!(analysis.facts.newest_milestone.as_deref(), Some("19.3"));
}

#[test]
fn the_order_of_the_input_does_not_matter() {
    let Some(sources) = sources() else { return };
    let mut shuffled = sources.clone();
    shuffled.events.reverse();
    shuffled.metrics.rotate_left(33);
    let (a, b) = (analyze(&sources), analyze(&shuffled));
    assert_eq!(a.definitions.events, b.definitions.events);
    assert_eq!(a.definitions.metrics, b.definitions.metrics);
    assert_eq!(a.diagnostics, b.diagnostics);
}

#[test]
fn real_definitions_have_no_errors_and_few_warnings() {
    let Some(sources) = sources() else { return };
    let analysis = analyze(&sources);
    let mut n = BTreeMap::new();
    for it in &analysis.diagnostics {
        *n.entry((it.severity, it.code)).or_insert(0) += 1;
        if it.severity < Severity::Note {
            println!(
                "{:?} {}:{}:{} {} [{}]",
                it.severity, it.path, it.line, it.column, it.message, it.code
            );
        }
    }
    println!("{n:#?}");
    let errors = analysis.diagnostics.iter().filter(|it| it.severity == Severity::Error);
    assert_eq!(errors.count(), 0);
}
