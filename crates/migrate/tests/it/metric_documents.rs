//! The page on metric definitions: every example on it holds.
//!
//! An example has the calls, the metric before, the metric after or why it stays, and where it
//! changes what the table of overrides gets.

use internal_events_definitions::{Severity, Source, Sources, analyze};
use internal_events_migrate::{
    FileCalls, Language, Options, Outcome, Planned, Project, Surroundings, plan, rewrite_checked,
};
use std::path::Path;

/// What the examples leave out.
const REST: &str = "\
description: How many did something in a while, as an example for readers
product_group: source_code
value_type: number
status: active
milestone: '13.9'
introduced_by_url: https://example.com/changes/1
data_category: optional
tiers: [free]
";

const METRIC: &str = "config/metrics/counts_all/metric.yml";

fn planned(calls: &str, metric: &str, options: &Options) -> (Sources, Planned) {
    let bytes = format!("{REST}{metric}").into_bytes();
    let metrics = vec![Source { path: METRIC.to_owned(), bytes }];
    let sources = Sources { metrics, ..Sources::default() };
    let project = Project::read(&analyze(&sources));
    let rewrite = rewrite_checked(Language::Ruby, calls, &project, options).unwrap();
    let calls = FileCalls { path: "app/a.rb", text: calls, rewrite: &rewrite };
    let surroundings =
        Surroundings { is_whole: true, tables: "lib".to_owned(), ..Surroundings::default() };
    let planned = plan(&sources, &[calls], options, &surroundings);
    (sources, planned)
}

/// The text of a planned file.
fn after<'p>(planned: &'p Planned, name: &str) -> Option<&'p str> {
    let change = planned.changes.iter().find(|it| it.path.ends_with(name))?;
    change.after.as_deref()
}

#[test]
fn examples_of_the_page_on_metrics_hold() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/migrate/metric-definition.md");
    let page = std::fs::read_to_string(path).unwrap();
    let examples: Vec<&str> = page.split("\n### ").skip(1).collect();
    assert!(examples.len() > 9, "few examples");
    for example in examples {
        let title = example.lines().next().unwrap_or_default();
        let blocks: Vec<(&str, &str)> = example
            .split("```")
            .skip(1)
            .step_by(2)
            .map(|it| it.split_once('\n').unwrap())
            .collect();
        let mut options = Options::default();
        if let Some(rename) = example.split("`--rename ").nth(1) {
            let (old, new) = rename.split('`').next().unwrap().split_once('=').unwrap();
            options.renames.insert(old.to_owned(), new.to_owned());
        }
        let (sources, planned) = planned(blocks[0].1, blocks[1].1, &options);
        if blocks[2].0 == "text" {
            let Outcome::Refused(it) = &planned.sites[0].site.outcome else { panic!("{title}") };
            let shown = format!("{}: {}\n{}\n", it.reason.code(), it.what, it.advice);
            assert_eq!(shown, blocks[2].1, "{title}");
            assert_eq!(after(&planned, "metric.yml"), None, "{title}");
            continue;
        }
        assert_eq!(
            after(&planned, "metric.yml"),
            Some(&*format!("{REST}{}", blocks[2].1)),
            "{title}"
        );
        let table = after(&planned, "overrides.yml").unwrap().replace("---\n", "");
        assert_eq!(table.replace('"', "'"), blocks[3].1, "{title}");
        accepted(&sources, &planned, title);
    }
}

/// What is planned has no error.
fn accepted(sources: &Sources, planned: &Planned, title: &str) {
    let mut sources = sources.clone();
    for change in &planned.changes {
        let bytes = change.after.clone().unwrap_or_default().into_bytes();
        let source = Source { path: change.path.clone(), bytes };
        if change.path == METRIC {
            sources.metrics = vec![source];
        } else if change.path.contains("/events/") {
            sources.events.push(source);
        } else if change.path.contains("total") {
            sources.total_overrides = Some(source);
        } else {
            sources.unique_overrides = Some(source);
        }
    }
    let found = analyze(&sources).diagnostics;
    let errors: Vec<_> = found.iter().filter(|it| it.severity == Severity::Error).collect();
    assert!(errors.is_empty(), "{title}: {errors:?}");
}
