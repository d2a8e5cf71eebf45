use super::*;
use crate::project::Project;
use crate::site::{Found, Identifier, Property, PropertyType};
use proptest::prelude::*;

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
fn metrics_of_unique_counts_become_internal() {
    for (options, found, expected, entries) in [
        (
            "options:\n  events:\n    - a_event\n",
            vec![by_user("a_event")],
            "data_source: internal_events\nevents:\n  - name: a_event\n    unique: user.id\n",
            "a_event-user: a_event\n",
        ),
        (
            "options: # what is counted\n  events:\n  # the first\n  - a_event # and only\nname: x\n",
            vec![by_user("a_event")],
            "data_source: internal_events\n# what is counted\n# the first\n# and only\nevents:\n\
             - name: a_event\n  unique: user.id\nname: x\n",
            "a_event-user: a_event\n",
        ),
        (
            "options: { events: [b_event, a_event] }",
            vec![by_user("a_event"), by_user("b_event")],
            "data_source: internal_events\nevents:\n- name: b_event\n  unique: user.id\n\
             - name: a_event\n  unique: user.id",
            "a_event-user: a_event\nb_event-user: b_event\n",
        ),
        (
            "options:\n  events:\n  - a_event\n",
            vec![Found { old_name: Some("a_event".to_owned()), ..by_user("do_something") }],
            "data_source: internal_events\nevents:\n- name: do_something\n  unique: user.id\n",
            "do_something-user: a_event\n",
        ),
        (
            "options:\n  aggregate:\n    operator: OR\n    attribute: user_id\n  events:\n  - a_event\n  - b_event\n",
            vec![by_user("a_event"), by_user("b_event")],
            "data_source: internal_events\nevents:\n- name: a_event\n  unique: user.id\n\
             - name: b_event\n  unique: user.id\n",
            "a_event-user: a_event\nb_event-user: b_event\n",
        ),
        (
            "options:\n  events:\n  - a_event\n",
            vec![Found {
                unique: Some("project.id".to_owned()),
                identifiers: [Identifier::Project].into(),
                ..by_user("a_event")
            }],
            "data_source: internal_events\nevents:\n- name: a_event\n  unique: project.id\n",
            "a_event-project: a_event\n",
        ),
        (
            "options:\r\n  events:\r\n  - a_event\r\n",
            vec![by_user("a_event")],
            "data_source: internal_events\nevents:\r\n- name: a_event\r\n  unique: user.id\r\n",
            "a_event-user: a_event\n",
        ),
    ] {
        check(options, &found, expected, entries);
    }
}

#[test]
fn metrics_of_totals_become_internal() {
    let options = "options:\n  event: create\n  prefix: snippet\n";
    let planned = Application::default()
        .total_metric("snippets", options)
        .calls(total("create_snippet", "snippet_create"))
        .plan();
    let text = after(&planned, "config/metrics/counts_all/snippets.yml");
    assert!(
        text.ends_with("data_source: internal_events\nevents:\n- name: create_snippet\n"),
        "{text}"
    );
    let expected = "---\n\"{event_counters}_create_snippet\": USAGE_SNIPPET_CREATE\n";
    assert_eq!(after(&planned, TOTAL).replace('\'', "\""), expected);
    assert_eq!(planned.key_paths, ["counts.snippets"]);
}

#[test]
fn metrics_that_cannot_be_internal_stay() {
    let one = "options:\n  events:\n  - a_event\n";
    let two = "options:\n  events:\n  - a_event\n  - b_event\n";
    let and = "options:\n  aggregate: {operator: AND, attribute: user_id}\n  events:\n  - a_event\n  - b_event\n";
    let new = Application::default;
    let by_project = || Found { unique: Some("project.id".to_owned()), ..by_user("a_event") };
    for (application, reason, part) in [
        (new().unique_metric("m", one), Reason::PartOfMore, "no call that does was found"),
        (
            new().unique_metric("m", two).calls(by_user("a_event")).keeps(Reason::RawId, "track(:b_event, id)"),
            Reason::PartOfMore,
            "it counts `b_event`, whose call at app/a.rb:1 stays",
        ),
        (
            new().unique_metric("m", one).calls(by_user("a_event")).keeps(Reason::ComputedName, "track(:\"a_ev#{x}\")"),
            Reason::PartOfMore,
            "it counts `a_event`, whose call at app/a.rb:1 stays",
        ),
        (
            new().unique_metric("m", and).calls(by_user("a_event")).calls(by_user("b_event")),
            Reason::NotUnderstood,
            "`operator: AND`",
        ),
        (
            new().unique_metric("m", one).calls(by_user("a_event")).calls(by_project()),
            Reason::UniqueMismatch,
            "`project.id`, `user.id`",
        ),
        (
            new().unique_metric("m", two).calls(by_project()).calls(by_user("b_event")),
            Reason::UniqueMismatch,
            "`project.id` of `a_event` and `user.id` of `b_event` together",
        ),
        (
            new().unique_metric("m", "options:\n  events:\n  - A-Event\n"),
            Reason::IllegalName,
            "`A-Event`, which is no legal name",
        ),
        (
            new().with(
                "config/metrics/counts_7d/m.yml",
                &format!("key_path: m\n{REST}time_frame: 7d\ndata_source: redis_hll\ninstrumentation_class: OwnMetric\n{one}"),
            ).calls(by_user("a_event")),
            Reason::NotUnderstood,
            "`instrumentation_class: OwnMetric`",
        ),
        (
            new().with(
                "config/metrics/counts_7d/m.yml",
                &format!("key_path: m\n{REST}time_frame: 7d\ndata_source: redis\n{}", "options: {event: e, prefix: null}\n"),
            ).calls(total("e", "e")),
            Reason::NotUnderstood,
            "`time_frame: 7d`",
        ),
        (
            new().unique_metric("m", one).calls(by_user("a_event")).with(UNIQUE, "a_event-user: other_name\n"),
            Reason::UniqueMismatch,
            "its history would end",
        ),
    ] {
        refuse(&application, reason, part);
    }
}

#[test]
fn calls_whose_metrics_stay_are_held_back() {
    let two = "options:\n  events:\n  - a_event\n  - b_event\n";
    let one = "options:\n  events:\n  - a_event\n";
    let application = || {
        let it = Application::default().unique_metric("both", two).calls(by_user("a_event"));
        it.keeps(Reason::RawId, "track(:b_event, id)")
    };
    let held = application().plan().held;
    let it = &held["a_event"];
    assert!(
        it.only_counts && it.refusal.what.contains("`redis_hll_counters.both` counts `a_event`")
    );
    // With a metric of its own it still feeds the counter that the other one reads.
    let planned = application().unique_metric("own", one).plan();
    assert!(planned.held.is_empty(), "{:?}", planned.held);
    assert_eq!(after(&planned, UNIQUE), "---\na_event-user: a_event\n");
    // What only sends events may always go on.
    let mut application = application();
    application.found[0].was_unique = false;
    assert!(application.plan().held.is_empty());
}

#[test]
fn aggregates_without_a_definition_are_refused() {
    let list = "- name: users_wiki\n  operator: OR\n  source: redis\n  time_frame: [7d, 28d]\n  events: [a_event, b_event]\n- name: of_database\n  operator: OR\n  source: database\n  time_frame: [28d]\n  events: [c]\n";
    let path = "config/metrics/aggregates/common.yml";
    let application = || {
        let it = Application::default().with(path, list).calls(by_user("a_event"));
        it.calls(by_user("b_event"))
    };
    let planned = application().plan();
    let what = |it: &MetricSite| match &it.site.outcome {
        Outcome::Refused(it) => it.what.clone(),
        other => panic!("{other:?}"),
    };
    let whats: Vec<String> = planned.sites.iter().map(what).collect();
    assert_eq!(
        whats,
        ["counts_weekly", "counts_monthly"].map(|it| format!(
            "the aggregate `{it}.aggregated_metrics.users_wiki` has no definition of its own"
        ))
    );
    assert_eq!(&list[planned.sites[0].site.range.clone()], "users_wiki");
    assert!(planned.held.contains_key("a_event") && planned.held.contains_key("b_event"));

    let defined = |frame: &str, folder: &str| {
        format!(
            "key_path: {folder}.aggregated_metrics.users_wiki\n{REST}time_frame: {frame}\ndata_source: redis_hll\n"
        )
    };
    let planned = application()
        .with("config/metrics/counts_7d/a.yml", &defined("7d", "counts_weekly"))
        .with("config/metrics/counts_28d/a.yml", &defined("28d", "counts_monthly"))
        .plan();
    assert!(planned.held.is_empty(), "{:?}", planned.held);
    let text = after(&planned, "config/metrics/counts_28d/a.yml");
    assert!(text.ends_with("data_source: internal_events\nevents:\n- name: a_event\n  unique: user.id\n- name: b_event\n  unique: user.id\n"), "{text}");
    let note =
        format!("{path} lists `users_wiki`, whose definition says what it counts now: take it out");
    assert!(planned.notes.contains(&note), "{:?}", planned.notes);
}

#[test]
fn a_group_is_given_to_events_without_one() {
    let mut application = Application::default()
        .unique_metric("m", "options:\n  events:\n  - a_event\n")
        .calls(by_user("a_event"))
        .calls(Found { name: "b_event".to_owned(), ..Found::default() });
    application.group = Some("billing".to_owned());
    let planned = application.plan();
    let group = |name: &str| {
        let text = after(&planned, &format!("config/events/{name}.yml")).to_owned();
        text.lines().find(|it| it.starts_with("product_group")).unwrap_or_default().to_owned()
    };
    assert_eq!(group("a_event"), "product_group: source_code");
    assert_eq!(group("b_event"), "product_group: billing");
    assert_eq!(planned.notes, Vec::<String>::new());
}

#[test]
fn names_of_other_internal_events_are_taken() {
    let event = |identifiers: &str| {
        format!(
            "description: Somebody did something, as an example for this test only\n\
             internal_events: true\naction: a_event\nidentifiers: [{identifiers}]\n\
             product_group: source_code\nmilestone: '17.0'\nintroduced_by_url: null\ntiers: [free]\n"
        )
    };
    let path = "config/events/a_event.yml";
    let with = |it: &str| Application::default().with(path, &event(it)).calls(by_user("a_event"));
    let mut renamed = with("project");
    renamed.found[0].old_name = Some("b_event".to_owned());
    let held = renamed.plan().held;
    assert_eq!(held["a_event"].refusal.reason, Reason::NameTaken);
    // Under the same name it is the same event, and its definition gets what the calls have.
    let planned = with("project").plan();
    assert!(planned.held.is_empty());
    assert_eq!(after(&planned, path), event("project, user"));
    let planned = with("project, user").plan();
    assert!(planned.held.is_empty() && planned.changes.is_empty(), "{:?}", planned.changes);
    let label = Property { of_type: PropertyType::Text, example: Some("'x'".to_owned()) };
    let mut with_label = by_user("a_event");
    with_label.properties.insert("label".to_owned(), label);
    let planned = with("user").calls(with_label).plan();
    let expected = event("user").replace(
        "action: a_event\n",
        "action: a_event\nadditional_properties:\n  label:\n    description: The `label` of the \
         Snowplow event from which this one was migrated, for example 'x'\n",
    );
    assert_eq!(after(&planned, path), expected);
}

#[test]
fn entries_of_the_dictionary_become_internal() {
    let entry = "\
---
# of the old days
description: Somebody clicks a button, as an example for this test only
category: projects:show
action: click_button
label_description: Which button
extra_properties:
  weight:
    description: How heavy
identifiers:
- project
product_section: dev
product_group: group::source code
milestone: '13.1'
introduced_by_url: https://example.com/changes/2
distributions: [ce, ee]
tiers: [free]
";
    let property = || Property { of_type: PropertyType::Text, example: None };
    let names = ["label", "weight"].map(|it| (it.to_owned(), property()));
    let found = Found {
        name: "click_button".to_owned(),
        identifiers: [Identifier::Project, Identifier::User].into(),
        properties: names.into(),
        ..Found::default()
    };
    let path = "config/events/projects_show_click_button.yml";
    let planned = Application::default().with(path, entry).calls(found).plan();
    assert_eq!(after(&planned, path), "(removed)");
    let expected = "\
---
# of the old days
description: Somebody clicks a button, as an example for this test only
internal_events: true
action: click_button
additional_properties:
  label:
    description: Which button
  weight:
    description: How heavy
identifiers:
- project
- user
product_group: group::source code
milestone: '13.1'
introduced_by_url: https://example.com/changes/2
tiers: [free]
";
    assert_eq!(after(&planned, "config/events/click_button.yml"), expected);
    assert_eq!(planned.notes, Vec::<String>::new());
}

#[test]
fn events_without_a_definition_get_one() {
    let planned = Application::default()
        .unique_metric("m", "options:\n  events:\n  - a_event\n")
        .calls(by_user("a_event"))
        .calls(Found { name: "b_event".to_owned(), ..Found::default() })
        .plan();
    let text = after(&planned, "config/events/a_event.yml");
    for part in [
        "internal_events: true\n",
        "identifiers:\n- user\n",
        "product_group: source_code\n",
        "milestone: '13.9'\n",
        "How many users wrote something",
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let text = after(&planned, "config/events/b_event.yml");
    assert!(text.contains("milestone: '17.1'\nintroduced_by_url: null\n"), "{text}");
    assert_eq!(
        planned.notes,
        [
            "nothing says which group owns `b_event`: its definition says `source_code`; `--group` gives another"
        ]
    );
}

#[test]
fn tables_are_edited_in_place() {
    let entries = |pairs: &[(&str, &str)]| {
        pairs.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect::<BTreeMap<_, _>>()
    };
    for (before, added, expected) in [
        (None, vec![("b-user", "b")], "---\nb-user: b\n"),
        (
            Some("---\na-user: a\nc-user: c\n"),
            vec![("b-user", "b")],
            "---\na-user: a\nb-user: b\nc-user: c\n",
        ),
        (
            Some("---\nb-user: b # x\n# of c\nc-user: c"),
            vec![("a-user", "a"), ("d-user", "d")],
            "---\na-user: a\nb-user: b # x\n# of c\nc-user: c\nd-user: d\n",
        ),
        (
            Some("---\nc-user: c\na-user: a\n"),
            vec![("b-user", "b")],
            "---\nc-user: c\na-user: a\nb-user: b\n",
        ),
        (Some("# nothing yet\n"), vec![("b-user", "b")], "# nothing yet\nb-user: b\n"),
    ] {
        assert_eq!(tables::with_entries(before, &entries(&added)).as_deref(), Ok(expected));
    }
    for broken in ["- a\n", "{}\n", "{a: b}\n", "a: b\na: b\n", "a: [\n"] {
        assert!(tables::with_entries(Some(broken), &entries(&[("b", "b")])).is_err(), "{broken}");
    }
    let names = |it: &[&str]| it.iter().map(|it| (*it).to_owned()).collect::<BTreeSet<_>>();
    for (before, gone, expected) in [
        ("---\n- a # x\n# of b\n- b\n- c\n", vec!["a", "c"], Some("---\n# of b\n- b\n")),
        ("---\n- a\n", vec!["a"], Some("---\n[]\n")),
        ("---\n- a\n", vec!["b"], Some("---\n- a\n")),
        ("[a, b]\n", vec!["a"], None),
    ] {
        let changed = tables::without(before, &names(&gone)).ok();
        assert_eq!(changed.as_deref(), expected, "{before}");
    }
}

#[test]
fn the_list_of_legacy_events_loses_what_is_internal() {
    let planned = Application::default()
        .unique_metric("m", "options:\n  events:\n  - a_event\n")
        .with(LISTED, "---\n- a_event\n- z_event\n")
        .calls(by_user("a_event"))
        .plan();
    assert_eq!(after(&planned, LISTED), "---\n- z_event\n");
}

#[test]
fn only_calls_that_count_keep_a_metric_back() {
    let application = || {
        let it = Application::default().unique_metric("m", "options:\n  events:\n  - a_event\n");
        it.calls(by_user("a_event")).keeps(Reason::CustomContext, "event('a_event', context: x)")
    };
    for (kind, reason, stays) in [
        (Kind::RubyRedisHll, Reason::RawId, true),
        (Kind::JsApi, Reason::IndirectArguments, true),
        (Kind::RubySnowplow, Reason::CustomContext, false),
        (Kind::Rspec, Reason::NotUnderstood, false),
        (Kind::RubySnowplow, Reason::DoesNotParse, true),
    ] {
        let mut application = application();
        application.refused[0].0 = reason;
        application.kind = Some(kind);
        assert_eq!(application.plan().key_paths.is_empty(), stays, "{kind} {}", reason.code());
    }
}

#[test]
fn a_file_with_the_name_of_an_event_is_not_overwritten() {
    let other = format!("{REST}action: other\ninternal_events: true\n");
    let planned = Application::default()
        .with("config/events/a_event.yml", &other)
        .calls(Found { name: "a_event".to_owned(), ..Found::default() })
        .plan();
    let paths: Vec<&str> = planned.changes.iter().map(|it| it.path.as_str()).collect();
    assert_eq!(paths, ["config/events/a_event_migrated.yml"]);
}

#[test]
fn metrics_that_need_the_same_entry_all_become_internal() {
    let one = "options:\n  events:\n  - a_event\n";
    let two = "options:\n  events:\n  - a_event\n  - b_event\n";
    let planned = Application::default()
        .unique_metric("a", one)
        .unique_metric("b", one)
        .unique_metric("both", two)
        .calls(by_user("a_event"))
        .calls(by_user("b_event"))
        .plan();
    let names = ["a", "b", "both"].map(|it| format!("redis_hll_counters.{it}"));
    assert_eq!(planned.key_paths, names, "{:?}", planned.sites);
    assert_eq!(after(&planned, UNIQUE), "---\na_event-user: a_event\nb_event-user: b_event\n");
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

/// Pieces of YAML that do not belong where they come.
const PIECES: &[&str] = &[
    "",
    "\n",
    "  ",
    "\t",
    "- ",
    ": ",
    "# x\n",
    "é",
    "'",
    "\"",
    "{",
    "}",
    "[a]",
    "|\n  x\n",
    "&a ",
    "*a",
    "---\n",
    "options:\n",
    "events: [a_event]\n",
    "data_source: redis_hll\n",
    "\r\n",
    "\u{feff}",
    "? a\n",
    "!!set ",
];

/// A text with a part of it cut out, and a piece in its place.
fn damaged(text: &str, from: usize, n: usize, piece: &str) -> String {
    let boundary = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let from = boundary(from % (text.len() + 1));
    format!("{}{piece}{}", &text[..from], &text[boundary(from + n)..])
}

proptest! {
    /// Whatever definitions and tables look like: no panic, and what is written can be read.
    #[test]
    fn damaged_definitions_are_never_made_worse(
        which in 0..5_usize,
        from in 0..2_000_usize,
        n in prop_oneof![Just(0), 0..4_usize, 0..400_usize],
        piece in proptest::sample::select(PIECES),
    ) {
        let metric = format!(
            "key_path: m\n{REST}time_frame: 7d\ndata_source: redis_hll # é\n\
             instrumentation_class: RedisHLLMetric\noptions:\n  events: # of\n  - a_event\n"
        );
        let entry = format!("{REST}category: x\naction: a_event\nidentifiers:\n- project\nlabel_description: >\n  b\n");
        let texts = [
            ("config/metrics/counts_7d/m.yml", metric.as_str()),
            ("config/events/x_a_event.yml", &entry),
            (UNIQUE, "---\n# é\na-user: a\n'z-user': z\n"),
            (LISTED, "---\n- a_event # x\n- z_event\n"),
            (TOTAL, "---\n'{event_counters}_z': Z\n"),
        ];
        let mut application = Application::default().calls(by_user("a_event"));
        let label = Property { of_type: PropertyType::Text, example: None };
        application.found[0].properties.insert("label".to_owned(), label);
        for (nth, (path, text)) in texts.into_iter().enumerate() {
            let text = if nth == which { damaged(text, from, n, piece) } else { text.to_owned() };
            application = application.with(path, &text);
        }
        for change in application.plan().changes {
            let Some(after) = &change.after else { continue };
            let faults = internal_events_definitions::yaml::read(after).1;
            let before = change.before.as_deref().map(|it| internal_events_definitions::yaml::read(it).1);
            let was_sound = before.is_none_or(|it| it.is_empty());
            prop_assert!(faults.is_empty() || !was_sound, "{}\n{after}\n{faults:?}", change.path);
        }
    }
}
