//! What the generator writes, and what `check` says about it.

use super::{guide, list, planned};
use internal_events_definitions::generate::{FileKind, Plan, Request};
use internal_events_definitions::{Severity, Source, Sources, analyze};

/// The plan's files as an installation would hold them.
fn sources(plan: &Plan) -> Sources {
    let source = |kind| {
        let of_kind = plan.files.iter().filter(move |it| it.kind == kind);
        of_kind
            .map(|it| Source { path: it.path.clone(), bytes: it.text.clone().into_bytes() })
            .collect()
    };
    Sources {
        events: source(FileKind::Event),
        metrics: source(FileKind::Metric),
        ..Sources::default()
    }
}

/// All non-empty choices from a list.
fn subsets(of: &[&str]) -> Vec<Vec<String>> {
    (1..1_usize << of.len())
        .map(|mask| {
            let chosen = of.iter().enumerate().filter(|(idx, _)| mask >> idx & 1 == 1);
            chosen.map(|(_, it)| (*it).to_owned()).collect()
        })
        .collect()
}

/// A request for a metric that counts `unique`, which is declared if it is a property.
fn counting(unique: Option<&str>) -> Request {
    let property = unique.filter(|it| !it.contains('.'));
    let properties = property.map(|it| (it.to_owned(), "What it holds".to_owned()));
    Request {
        unique: unique.map(str::to_owned),
        properties: properties.into_iter().collect(),
        time_frames: None,
        ..guide()
    }
}

#[test]
fn every_combination_of_unique_time_frames_and_tiers_passes_check() {
    let uniques = [
        None,
        Some("user.id"),
        Some("project.id"),
        Some("namespace.id"),
        Some("label"),
        Some("property"),
        Some("value"),
        Some("deploy_token_id"),
    ];
    let mut n_checked = 0;
    for unique in uniques {
        let periods: &[&str] =
            if unique.is_some() { &["7d", "28d"] } else { &["7d", "28d", "all"] };
        let mut time_frames: Vec<_> = subsets(periods).into_iter().map(Some).collect();
        time_frames.push(None);
        for time_frames in time_frames {
            let mut tiers = subsets(&["free", "premium", "ultimate"]);
            // The order in which a user names them is of no account.
            tiers.push(list("ultimate free"));
            for tiers in tiers.into_iter().map(Some).chain([None]) {
                let time_frames = time_frames.clone();
                check_passes(&Request { time_frames, tiers, ..counting(unique) });
                n_checked += 1;
            }
        }
    }
    // 8 totals (7 choices and the default) and 7 uniques with 4 (3 and the default), times 9.
    assert_eq!(n_checked, (8 + 7 * 4) * 9);
}

fn check_passes(request: &Request) {
    let plan = planned(request);
    let mut analysis = analyze(&sources(&plan));
    analysis.diagnostics.retain(|it| it.severity != Severity::Note);
    assert!(analysis.diagnostics.is_empty(), "{request:?}: {:?}", analysis.diagnostics);
    assert_eq!(analysis.n_events, 1);
    let mut key_paths = plan.key_paths;
    key_paths.sort();
    assert_eq!(analysis.facts.key_paths.into_keys().collect::<Vec<_>>(), key_paths);
}

#[test]
fn check_reminds_of_what_the_generator_made_up() {
    let codes = |request: &Request| {
        let mut codes: Vec<_> = analyze(&sources(&planned(request)))
            .diagnostics
            .iter()
            .map(|it| {
                assert_eq!(it.severity, Severity::Note, "{it:?}");
                (it.path.contains("/events/"), it.code)
            })
            .filter(|it| it.1.starts_with("default-"))
            .collect();
        codes.sort_unstable();
        codes.dedup();
        codes
    };
    let all = [
        (false, "default-description"),
        (false, "default-milestone"),
        (true, "default-description"),
        (true, "default-milestone"),
    ];
    for unique in [None, Some("user.id"), Some("project.id"), Some("label")] {
        assert_eq!(codes(&counting(unique)), all, "{unique:?}");
    }
    let described = Request {
        description: Some("A pipeline was made from a template by a user of the group".to_owned()),
        metric_description: Some("who made a pipeline from a template".to_owned()),
        milestone: Some("17.3".to_owned()),
        ..guide()
    };
    assert_eq!(codes(&described), []);
}

#[test]
fn a_plan_knows_what_check_would_say_about_it_among_the_others() {
    let text = "- code_review_workflow\n".to_owned();
    let categories =
        Source { path: "config/feature_categories.yml".to_owned(), bytes: text.into() };
    let sources = Sources { feature_categories: Some(categories), ..Sources::default() };
    let errors = |plan: &Plan| {
        let mut errors: Vec<_> = plan.diagnostics(&sources);
        errors.retain(|it| it.severity == Severity::Error);
        errors.iter().map(|it| it.code).collect::<Vec<_>>()
    };
    assert_eq!(errors(&planned(&guide())), ["missing-categories"; 2]);
    let unknown = Request { categories: Some(list("code_reviw")), ..guide() };
    assert_eq!(errors(&planned(&unknown)), ["unknown-category"; 3]);
    let fine = Request { categories: Some(list("code_review_workflow")), ..guide() };
    assert_eq!(errors(&planned(&fine)), [""; 0]);
}
