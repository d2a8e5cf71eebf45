mod aggregates;
mod damaged;
mod events;
mod metrics;
mod overrides;

use super::*;
use crate::project::Project;
use crate::site::{Found, Identifier, Property, PropertyType};

/// Fields of which no case is about.
const REST: &str = "\
description: How many users wrote something in a week, as an example
product_group: source_code
value_type: number
status: active
milestone: \"13.9\"
introduced_by_url: https://example.com/changes/1
data_category: optional
tiers:
- free
- premium
- ultimate
";

const TABLES: &str = "lib/tables";
const UNIQUE: &str = "lib/tables/hll_redis_key_overrides.yml";
const TOTAL: &str = "lib/tables/total_counter_redis_key_overrides.yml";
const LISTED: &str = "lib/tables/hll_redis_legacy_events.yml";

/// An application: definition files, and what its calls became.
#[derive(Default)]
struct Application {
    sources: Sources,
    found: Vec<Found>,
    refused: Vec<(Reason, String)>,
    options: Options,
    group: Option<String>,
    /// The kind of the refused calls, if it matters.
    kind: Option<Kind>,
}

impl Application {
    fn with(mut self, path: &str, text: &str) -> Self {
        let source = Source { path: path.to_owned(), bytes: text.as_bytes().to_vec() };
        match path {
            UNIQUE => self.sources.unique_overrides = Some(source),
            TOTAL => self.sources.total_overrides = Some(source),
            LISTED => self.sources.legacy_events = Some(source),
            _ if path.contains("/metrics/") => self.sources.metrics.push(source),
            _ => self.sources.events.push(source),
        }
        self
    }

    /// A metric of unique counts; `text` is what it has besides the usual.
    fn unique_metric(self, name: &str, text: &str) -> Self {
        let text = format!(
            "key_path: redis_hll_counters.{name}\n{REST}time_frame: 7d\ndata_source: redis_hll\n\
             instrumentation_class: RedisHLLMetric\n{text}"
        );
        self.with(&format!("config/metrics/counts_7d/{name}.yml"), &text)
    }

    fn total_metric(self, name: &str, text: &str) -> Self {
        let text = format!(
            "key_path: counts.{name}\n{REST}time_frame: all\ndata_source: redis\n\
             instrumentation_class: RedisMetric\n{text}"
        );
        self.with(&format!("config/metrics/counts_all/{name}.yml"), &text)
    }

    fn calls(mut self, found: Found) -> Self {
        self.found.push(found);
        self
    }

    fn keeps(mut self, reason: Reason, code: &str) -> Self {
        self.refused.push((reason, code.to_owned()));
        self
    }

    fn plan(&self) -> Planned {
        let mut rewrite = Rewrite { found: self.found.clone(), ..Rewrite::default() };
        let mut text = String::new();
        for (reason, code) in &self.refused {
            let start = text.len();
            text.push_str(code);
            let kind = self.kind.unwrap_or(Kind::RubyRedisHll);
            rewrite.refuse(kind, start..text.len(), *reason, "what", "advice");
            text.push('\n');
        }
        let calls = FileCalls { path: "app/a.rb", text: &text, rewrite: &rewrite };
        let surroundings = Surroundings {
            milestone: Some("17.1".to_owned()),
            group: self.group.clone(),
            tables: TABLES.to_owned(),
            is_whole: true,
        };
        plan(&self.sources, &[calls], &self.options, &surroundings)
    }
}

fn by_user(name: &str) -> Found {
    Found {
        name: name.to_owned(),
        identifiers: [Identifier::User].into(),
        unique: Some("user.id".to_owned()),
        was_unique: true,
        ..Found::default()
    }
}

fn total(name: &str, was: &str) -> Found {
    Found {
        name: name.to_owned(),
        identifiers: [Identifier::User].into(),
        was_total: Some(was.to_owned()),
        ..Found::default()
    }
}

fn after<'p>(planned: &'p Planned, path: &str) -> &'p str {
    let change = planned.changes.iter().find(|it| it.path == path);
    let paths: Vec<&str> = planned.changes.iter().map(|it| it.path.as_str()).collect();
    let change = change.unwrap_or_else(|| panic!("{path} is not among {paths:?}"));
    change.after.as_deref().unwrap_or("(removed)")
}

/// A metric of unique counts becomes internal: its lines from `data_source` on, and the entries of
/// the table of overrides.
fn check(options: &str, found: &[Found], expected: &str, entries: &str) {
    let mut application = Application::default().unique_metric("m", options);
    application.found = found.to_vec();
    let planned = application.plan();
    let refusals: Vec<_> = planned.sites.iter().map(|it| &it.site.outcome).collect();
    let text = match planned.changes.iter().find(|it| it.path.ends_with("/m.yml")) {
        Some(it) => it.after.as_deref().unwrap_or_default(),
        None => panic!("it stays: {refusals:?}"),
    };
    let start = text.find("data_source").expect("it has a data source");
    assert_eq!(&text[start..], expected, "{options}");
    assert_eq!(after(&planned, UNIQUE), format!("---\n{entries}"), "{options}");
    assert_eq!(planned.notes, Vec::<String>::new());
    assert!(planned.held.is_empty(), "{:?}", planned.held);
}

/// A metric stays, for a reason.
fn refuse(application: &Application, reason: Reason, part: &str) {
    let planned = application.plan();
    let refusals = planned.sites.iter().filter_map(|it| match &it.site.outcome {
        Outcome::Refused(it) => Some((it.reason, it.what.as_str())),
        _ => None,
    });
    let refusals: Vec<_> = refusals.collect();
    let is_it = |it: &(Reason, &str)| it.0 == reason && it.1.contains(part);
    assert!(refusals.iter().any(is_it), "{part:?} ({}) is not in {refusals:?}", reason.code());
    assert!(!planned.changes.iter().any(|it| it.path.contains("/metrics/")), "{part}");
}

#[test]
fn a_second_plan_has_nothing_to_do() {
    let metric = "options:\n  events:\n  - a_event\n";
    let mut application = Application::default()
        .unique_metric("m", metric)
        .with(LISTED, "---\n- a_event\n- z_event\n")
        .calls(by_user("a_event"));
    for change in application.plan().changes {
        let lists = [&mut application.sources.metrics, &mut application.sources.events];
        for list in lists {
            list.retain(|it| it.path != change.path);
        }
        application = application.with(&change.path, &change.after.unwrap_or_default());
    }
    application.found.clear();
    let planned = application.plan();
    assert!(planned.changes.is_empty() && planned.sites.is_empty(), "{planned:?}");
}

#[test]
fn definitions_say_what_is_legacy() {
    let sources = Application::default()
        .unique_metric("m", "options:\n  events:\n  - a_event\n")
        .total_metric("snippets", "options:\n  event: create\n  prefix: snippet\n")
        .with(LISTED, "---\n- a_event\n- z_event\n")
        .sources;
    let project = Project::read(&analyze(&sources));
    let of_metric = &project.legacy_events["a_event"];
    assert_eq!(of_metric.unique_metrics, ["redis_hll_counters.m"]);
    assert!(of_metric.is_listed && project.legacy_events["z_event"].is_listed);
    assert_eq!(project.legacy_events["snippet_create"].total_metrics, ["counts.snippets"]);
}
