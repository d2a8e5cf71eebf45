//! Whatever stands in the definition of a legacy metric: what is written can be read, its comments
//! stay, and a second run has nothing to do.

#![no_main]

use internal_events_definitions::{Source, Sources, analyze, yaml};
use internal_events_migrate::{
    Change, FileCalls, Found, Identifier, Options, Rewrite, Surroundings, plan,
};
use libfuzzer_sys::fuzz_target;

const METRIC: &str = "config/metrics/counts_7d/m.yml";

fuzz_target!(|text: &str| {
    let metric = Source { path: METRIC.to_owned(), bytes: text.as_bytes().to_vec() };
    let mut sources = Sources { metrics: vec![metric], ..Sources::default() };
    let rewrite = Rewrite { found: found(&sources), ..Rewrite::default() };
    let calls = FileCalls { path: "app/a.rb", text: "", rewrite: &rewrite };
    let surroundings =
        Surroundings { is_whole: true, tables: "lib".to_owned(), ..Surroundings::default() };
    let options = Options::default();
    let planned = plan(&sources, &[calls], &options, &surroundings);
    for change in planned.changes {
        let Some(after) = &change.after else { continue };
        let before = change.before.as_deref().unwrap_or_default();
        assert!(faults(after) == 0 || faults(before) > 0, "{} is broken:\n{after}", change.path);
        assert_comments(before, after);
        apply(&mut sources, change);
    }
    let again = plan(&sources, &[], &options, &surroundings);
    assert!(again.changes.is_empty(), "a second run changes {:?}", again.changes);
});

/// Calls that count what the metric counts, now internal.
fn found(sources: &Sources) -> Vec<Found> {
    let definitions = analyze(sources).definitions;
    let metrics = definitions.metrics.iter();
    let named = metrics.flat_map(|it| {
        let rules = it.rules.iter().map(|it| it.name.clone());
        rules.chain(it.legacy.events.iter().cloned())
    });
    let found = |name: String| Found {
        identifiers: [Identifier::User].into(),
        unique: Some("user.id".to_owned()),
        was_unique: true,
        was_total: Some(name.clone()),
        name,
        ..Found::default()
    };
    named.map(found).collect()
}

fn faults(text: &str) -> usize {
    yaml::read(text).1.len()
}

/// Lines that are comments stay, where nothing else can begin with their sign.
fn assert_comments(before: &str, after: &str) {
    if before.contains(['|', '>', '\'', '"']) {
        return;
    }
    for comment in before.lines().map(str::trim).filter(|it| it.starts_with('#')) {
        assert!(after.contains(comment), "{comment} is gone:\n{before}\n---\n{after}");
    }
}

fn apply(sources: &mut Sources, change: Change) {
    let Change { path, after, .. } = change;
    let bytes = after.unwrap_or_default().into_bytes();
    let source = Source { path, bytes };
    if source.path == METRIC {
        sources.metrics = vec![source];
    } else if source.path.contains("/events/") {
        sources.events.push(source);
    } else if source.path.contains("total") {
        sources.total_overrides = Some(source);
    } else {
        sources.unique_overrides = Some(source);
    }
}
