//! Cases: what is rewritten, and what is refused.

mod controller;
mod hostile;
mod redis;
mod redis_hll;
mod rspec;
mod several;
mod snowplow;
mod template;

use super::rewrite;
use crate::language::Language;
use crate::options::{Options, Style};
use crate::project::{LegacyEvent, Project};
use crate::scan::has_legacy_words;
use crate::site::{Found, Outcome, Reason, Rewrite};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// The options of the first guide.
fn first() -> Options {
    Options { style: Style::First, drops_properties: true, ..Options::default() }
}

/// An application with some definitions.
fn project() -> Project {
    let legacy =
        |hint: &str| LegacyEvent { unique_hint: Some(hint.into()), ..LegacyEvent::default() };
    Project {
        internal_events: BTreeSet::from(["internal_one".to_owned()]).into(),
        legacy_events: BTreeMap::from([
            ("counts_users".to_owned(), legacy("user.id")),
            ("counts_projects".to_owned(), legacy("project.id")),
            ("counts_namespaces".to_owned(), legacy("namespace.id")),
            ("small_things_made".to_owned(), LegacyEvent::default()),
        ])
        .into(),
        ..Project::default()
    }
}

/// Rewrites, and proves what holds of every rewrite: the result parses, a second run has nothing
/// to do, and no byte outside of the edits is another one.
fn run(before: &str, options: &Options) -> (String, Rewrite) {
    let project = project();
    let done = rewrite(before, &project, options).unwrap_or_else(|it| panic!("{before}\n{it:?}"));
    let after = done.edits.apply(before);
    let again = rewrite(&after, &project, options).unwrap_or_else(|it| panic!("{after}\n{it:?}"));
    assert!(again.edits.is_empty(), "{before}\n{after}\n{}", again.edits.apply(&after));
    let rewritten = |it: &Rewrite| it.sites.iter().filter(|it| is_rewritten(&it.outcome)).count();
    assert_eq!(rewritten(&again), 0, "{before}\n{after}");
    let is_scanned = has_legacy_words(Language::Ruby, before.as_bytes());
    assert!(is_scanned || done.sites.is_empty(), "the scan does not see {before}");
    // Whoever takes a site back finds its edits by its bytes; an `include` serves several.
    for edit in done.edits.iter().filter(|it| !it.text.contains("include ")) {
        let is_of = |it: &Range<usize>| it.start <= edit.range.start && edit.range.end <= it.end;
        let is_module = edit.text == "ProductAnalyticsTracking"
            || before[edit.range.clone()].contains("Gitlab::Utils::UsageData");
        assert!(is_module || done.sites.iter().any(|it| is_of(&it.range)), "{before}\n{edit:?}");
    }
    assert_eq!(rewritten(&done) > 0, !done.edits.is_empty(), "{before}\n{after}");
    (after, done)
}

fn is_rewritten(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Rewritten { .. })
}

/// Every case becomes what stands beside it.
fn check(options: &Options, cases: &[(&str, &str)]) {
    for (before, after) in cases {
        let (changed, done) = run(before, options);
        assert_eq!(&changed, after, "{before}\n{:#?}", done.sites);
    }
}

/// Every case stays as it is, for one reason, and what is said of it has a part.
fn refuse(cases: &[(&str, Reason, &str)]) {
    for (before, reason, part) in cases {
        let (after, done) = run(before, &Options::default());
        assert_eq!(&after, before);
        let Some(Outcome::Refused(refusal)) = done.sites.first().map(|it| &it.outcome) else {
            panic!("nothing is refused: {before}\n{:#?}", done.sites);
        };
        assert_eq!(refusal.reason, *reason, "{before}\n{refusal:#?}");
        assert!(refusal.what.contains(part), "{before}\n{refusal:#?}");
        assert!(refusal.advice.ends_with('.'), "{refusal:#?}");
    }
}

/// What was found in a text that is rewritten.
fn found(before: &str) -> Vec<Found> {
    run(before, &Options::default()).1.found
}

/// The notes of a text that is rewritten.
fn notes(before: &str, options: &Options) -> String {
    let sites = run(before, options).1.sites;
    let notes = sites.iter().flat_map(|it| match &it.outcome {
        Outcome::Rewritten { notes } => notes.clone(),
        _ => Vec::new(),
    });
    notes.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_pairs_of_the_first_guide() {
    check(
        &first(),
        &[
            (
                "Gitlab::Tracking.event(name, 'ci_templates_unique', namespace: namespace,\n                               project: project, context: [context], user: user, label: label)\n",
                "Gitlab::InternalEvents.track_event('ci_templates_unique', namespace: namespace, project: project, user: user)\n",
            ),
            (
                "  Gitlab::UsageDataCounters::HLLRedisCounter.track_event(:git_write_action, values: current_user.id)\n",
                "  Gitlab::InternalEvents.track_event('git_write_action', user: current_user)\n",
            ),
        ],
    );
}

#[test]
fn what_does_not_parse_is_said() {
    let error = rewrite("def x(\n", &Project::default(), &Options::default()).unwrap_err();
    assert!(error.at <= 7 && !error.message.is_empty(), "{error:?}");
}
