//! The generator: what it writes, what it infers, what it refuses.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod checked;
mod real;

use granit_parser::{Event, Parser};
use internal_events_catalog::EventDefinition;
use internal_events_definitions::Analysis;
use internal_events_definitions::generate::{
    Existing, FileKind, Inferred, Language, Plan, Purpose, Request, check_event_name,
    check_milestone, check_property_name, check_url, inferred_milestone, is_composed_description,
    plan,
};
use proptest::prelude::*;

const MR: &str = "https://gitlab.com/gitlab-org/gitlab/-/merge_requests/121544";

/// The request of the migration guide.
fn guide() -> Request {
    Request {
        event: Some("ci_templates_unique".to_owned()),
        group: Some("project_management".to_owned()),
        mr: Some(MR.to_owned()),
        unique: Some("user.id".to_owned()),
        time_frames: Some(list("7d 28d")),
        ..Request::default()
    }
}

fn list(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

fn planned(request: &Request) -> Plan {
    plan(request, &Analysis::default()).unwrap()
}

fn plan_among(request: &Request, known: &Analysis) -> Plan {
    plan(request, known).unwrap()
}

fn paths(plan: &Plan) -> Vec<&str> {
    plan.files.iter().map(|it| it.path.as_str()).collect()
}

fn refusals(request: &Request, known: &Analysis) -> Vec<String> {
    plan(request, known).unwrap_err().iter().map(ToString::to_string).collect()
}

fn inferred<'a>(plan: &'a Plan, flag: &str) -> Option<&'a Inferred> {
    plan.inferred.iter().find(|it| it.flag == flag)
}

/// What an installation knows that holds the files of the guide's request.
fn after_the_guide() -> Analysis {
    let mut known = Analysis::default();
    for file in planned(&guide()).files {
        match file.kind {
            FileKind::Event => {
                known.facts.actions.insert("ci_templates_unique".to_owned(), file.path.clone());
                known.definitions.events.push(EventDefinition {
                    action: "ci_templates_unique".to_owned(),
                    internal: true,
                    identifiers: list("project user namespace"),
                    properties: list("label"),
                    path: file.path,
                    ..EventDefinition::default()
                });
            }
            FileKind::Metric => {
                let name = file.path.rsplit('/').next().unwrap().trim_end_matches(".yml");
                known.facts.key_paths.insert(name.to_owned(), file.path.clone());
            }
        }
    }
    known
}

#[test]
fn the_guides_request_gives_the_guides_files() {
    let plan = planned(&guide());
    let [event, weekly, monthly] = plan.files.as_slice() else { panic!("{:?}", paths(&plan)) };
    assert_eq!(event.path, "config/events/ci_templates_unique.yml");
    assert_eq!(
        event.text,
        "\
---
description: Event ci_templates_unique happened
internal_events: true
status: active
action: ci_templates_unique
identifiers:
- project
- user
- namespace
product_group: project_management
milestone: '0.0'
introduced_by_url: https://gitlab.com/gitlab-org/gitlab/-/merge_requests/121544
tiers:
- free
- premium
- ultimate
"
    );
    assert_eq!(
        weekly.path,
        "config/metrics/counts_7d/count_distinct_user_id_from_ci_templates_unique_7d.yml"
    );
    let expected = "\
---
key_path: count_distinct_user_id_from_ci_templates_unique_7d
description: Weekly count of unique users who triggered ci_templates_unique
product_group: project_management
performance_indicator_type: []
value_type: number
status: active
milestone: '0.0'
introduced_by_url: https://gitlab.com/gitlab-org/gitlab/-/merge_requests/121544
time_frame: 7d
data_source: internal_events
data_category: optional
tiers:
- free
- premium
- ultimate
events:
- name: ci_templates_unique
  unique: user.id
";
    assert_eq!(weekly.text, expected);
    assert_eq!(
        monthly.path,
        "config/metrics/counts_28d/count_distinct_user_id_from_ci_templates_unique_28d.yml"
    );
    assert_eq!(monthly.text, expected.replace("7d", "28d").replace("Weekly", "Monthly"));
    assert_eq!(
        plan.key_paths,
        [
            "count_distinct_user_id_from_ci_templates_unique_7d",
            "count_distinct_user_id_from_ci_templates_unique_28d"
        ]
    );
}

#[test]
fn everything_given_is_written_where_it_belongs() {
    let request = Request {
        unique: Some("merge_request_iid".to_owned()),
        time_frames: Some(list("28d")),
        tiers: Some(list("ultimate premium ultimate")),
        description: Some("  A review was asked for: by whom?  ".to_owned()),
        metric_description: Some("with a review".to_owned()),
        milestone: Some("17.10".to_owned()),
        categories: Some(list("code_review_workflow yes code_review_workflow")),
        identifiers: Some(list("user feature_enabled_by_namespace_ids user")),
        properties: vec![
            ("merge_request_iid".to_owned(), "The number".to_owned()),
            ("label".to_owned(), "on".to_owned()),
        ],
        ..guide()
    };
    let plan = planned(&request);
    assert_eq!(plan.inferred, []);
    assert_eq!(
        plan.files[0].text,
        "\
---
description: \"A review was asked for: by whom?\"
internal_events: true
status: active
action: ci_templates_unique
identifiers:
- user
- feature_enabled_by_namespace_ids
additional_properties:
  merge_request_iid:
    description: The number
  label:
    description: \"on\"
product_group: project_management
product_categories:
- code_review_workflow
- \"yes\"
milestone: '17.10'
introduced_by_url: https://gitlab.com/gitlab-org/gitlab/-/merge_requests/121544
tiers:
- premium
- ultimate
"
    );
    assert_eq!(
        paths(&plan),
        [
            "ee/config/events/ci_templates_unique.yml",
            "ee/config/metrics/counts_28d/\
             count_distinct_merge_request_iid_from_ci_templates_unique_28d.yml"
        ]
    );
    let metric = &plan.files[1].text;
    let description = "Monthly count of unique values of merge_request_iid with a review";
    assert!(metric.contains(&format!("\ndescription: {description}\n")), "{metric}");
    assert!(metric.ends_with("  unique: merge_request_iid\n"), "{metric}");
}

#[test]
fn ruby_reads_text_where_text_was_typed() {
    for text in ["1,000", ":symbol", "yes", "12:30", "017", "2026-01-01", "1_000", "0o17"] {
        let request = Request {
            description: Some(text.to_owned()),
            group: Some(text.to_owned()),
            categories: Some(vec![text.to_owned()]),
            properties: vec![("yes".to_owned(), text.to_owned())],
            ..guide()
        };
        let event = &planned(&request).files[0].text;
        assert_eq!(event.matches(&format!("\"{text}\"")).count(), 4 + usize::from(text == "yes"));
    }
}

#[test]
fn time_frames_depend_on_unique_unless_given() {
    let all_but = |unique: Option<&str>| Request {
        unique: unique.map(str::to_owned),
        time_frames: None,
        ..guide()
    };
    let unique = planned(&all_but(Some("project.id")));
    assert_eq!(
        unique.key_paths,
        [
            "count_distinct_project_id_from_ci_templates_unique_7d",
            "count_distinct_project_id_from_ci_templates_unique_28d"
        ]
    );
    assert_eq!(inferred(&unique, "time-frames").unwrap().value, "7d 28d");
    let total = planned(&all_but(None));
    assert_eq!(
        paths(&total)[1..],
        [
            "config/metrics/counts_7d/count_total_ci_templates_unique_7d.yml",
            "config/metrics/counts_28d/count_total_ci_templates_unique_28d.yml",
            "config/metrics/counts_all/count_total_ci_templates_unique_all.yml"
        ]
    );
    assert!(!total.files[1].text.contains("unique:"), "{}", total.files[1].text);
    let repeated = Request { time_frames: Some(list("28d 7d 28d")), ..guide() };
    assert_eq!(planned(&repeated).files.len(), 3);
}

#[test]
fn each_inferred_value_is_named_with_its_reason() {
    let mut known = Analysis::default();
    known.facts.newest_milestone = Some("17.3".to_owned());
    let categories = known.facts.categories_by_group.entry("project_management".to_owned());
    categories.or_default().insert("team_planning".to_owned());
    let plan_known = plan(&guide(), &known).unwrap();
    let flags: Vec<&str> = plan_known.inferred.iter().map(|it| it.flag).collect();
    assert_eq!(
        flags,
        ["tiers", "description", "milestone", "categories", "identifiers", "metric-description"]
    );
    assert_eq!(inferred(&plan_known, "milestone").unwrap().value, "17.3");
    assert_eq!(inferred(&plan_known, "categories").unwrap().value, "team_planning");
    assert!(plan_known.files.iter().all(|it| it.text.contains("- team_planning\n")));

    let categories = known.facts.categories_by_group.get_mut("project_management").unwrap();
    categories.insert("portfolio_management".to_owned());
    let ambiguous = plan(&guide(), &known).unwrap();
    assert_eq!(
        inferred(&ambiguous, "categories").unwrap().reason,
        "choose from portfolio_management, team_planning"
    );
    assert!(!ambiguous.files[0].text.contains("product_categories"));
}

#[test]
fn the_milestone_comes_from_the_version_then_the_newest_definition() {
    let mut known = Analysis::default();
    let milestone =
        |version: Option<&str>, known: &Analysis| inferred_milestone(version, &known.facts).0;
    assert_eq!(milestone(None, &known), "0.0");
    known.facts.newest_milestone = Some("<13.9".to_owned());
    assert_eq!(milestone(None, &known), "13.9");
    for (version, expected) in [
        ("17.4.0-pre\n", "17.4"),
        ("v19.12.1", "19.12"),
        ("GitLab 16.11-ee", "16.11"),
        ("18", "13.9"),
        (".5", "13.9"),
        ("", "13.9"),
    ] {
        assert_eq!(milestone(Some(version), &known), expected, "{version}");
    }
}

#[test]
fn all_problems_are_reported_at_once() {
    let request = Request {
        event: Some("Click Button".to_owned()),
        group: Some(" ".to_owned()),
        mr: Some("121544".to_owned()),
        unique: Some("merge_request.id".to_owned()),
        time_frames: Some(list("7d 14d all none")),
        tiers: Some(list("gold")),
        description: Some(String::new()),
        metric_description: Some(" ".to_owned()),
        milestone: Some("seventeen".to_owned()),
        categories: None,
        identifiers: Some(list("user admin")),
        properties: vec![
            ("user".to_owned(), "Who".to_owned()),
            ("Label".to_owned(), String::new()),
        ],
        version: None,
        existing: Existing::Refuse,
    };
    assert_eq!(
        refusals(&request, &Analysis::default()),
        [
            "--event: `Click Button` is not a name for an event",
            "--group: is missing",
            "--mr: `121544` is not the URL of a merge request",
            "--time-frames: `14d` is not a time frame",
            "--time-frames: `all` does not go with --unique",
            "--time-frames: `none` is not a time frame",
            "--tiers: `gold` is not a tier",
            "--description: is blank",
            "--milestone: `seventeen` is not a milestone",
            "--identifiers: `admin` is not an identifier",
            "--property: `user` always means the object itself",
            "--property: `Label` is not a name for a property",
            "--property: `Label` has no description",
            "--unique: `merge_request.id` is neither an identifier nor a property of the event",
            "--metric-description: is blank",
        ]
    );
    let empty = Request {
        time_frames: Some(Vec::new()),
        tiers: Some(Vec::new()),
        properties: vec![
            ("label".to_owned(), "A".to_owned()),
            ("label".to_owned(), "B".to_owned()),
        ],
        ..Request::default()
    };
    assert_eq!(
        refusals(&empty, &Analysis::default()),
        [
            "--event: is missing",
            "--group: is missing",
            "--mr: is missing",
            "--time-frames: lists no time frame",
            "--tiers: lists no tier",
            "--property: `label` is given twice",
        ]
    );
    for problem in plan(&request, &Analysis::default()).unwrap_err() {
        assert!(problem.help.is_some(), "{problem}");
    }
}

#[test]
fn unique_takes_identifiers_and_declared_properties() {
    let property = |name: &str| vec![(name.to_owned(), "What it holds".to_owned())];
    for (unique, properties, written) in [
        ("user.id", vec![], "user.id"),
        ("user", vec![], "user.id"),
        ("project", vec![], "project.id"),
        ("namespace.id", vec![], "namespace.id"),
        ("label", property("label"), "label"),
        ("deploy_token_id", property("deploy_token_id"), "deploy_token_id"),
    ] {
        let request = Request { unique: Some(unique.to_owned()), properties, ..guide() };
        let metric = planned(&request).files.remove(1).text;
        assert!(metric.ends_with(&format!("\n  unique: {written}\n")), "{metric}");
    }
    let request = Request { identifiers: Some(list("project")), ..guide() };
    assert_eq!(
        refusals(&request, &Analysis::default()),
        ["--unique: the event does not carry the identifier `user`"]
    );
}

#[test]
fn an_existing_event_gets_further_metrics_but_is_not_rewritten() {
    let known = after_the_guide();
    let request = Request { unique: Some("label".to_owned()), ..guide() };
    let plan = plan(&request, &known).unwrap();
    assert_eq!(plan.kept, ["config/events/ci_templates_unique.yml"]);
    assert_eq!(plan.files.len(), 2);
    assert!(plan.files.iter().all(|it| it.kind == FileKind::Metric));
    assert_eq!(inferred(&plan, "identifiers"), None);
    assert_eq!(inferred(&plan, "description"), None);

    let undeclared = Request { unique: Some("value".to_owned()), ..guide() };
    assert_eq!(
        refusals(&undeclared, &known),
        ["--unique: `value` is neither an identifier nor a property of the event"]
    );
    let changing = Request {
        unique: None,
        description: Some("Something else".to_owned()),
        identifiers: Some(list("user")),
        properties: vec![("value".to_owned(), "A number".to_owned())],
        ..guide()
    };
    let kept = Request { existing: Existing::Keep, ..changing.clone() };
    assert_eq!(plan_among(&kept, &known).kept, ["config/events/ci_templates_unique.yml"]);
    let path = "config/events/ci_templates_unique.yml";
    assert_eq!(
        refusals(&changing, &known),
        ["description", "identifiers", "property"]
            .map(|it| format!("--{it}: describes a new event, but {path} already defines it"))
    );
}

#[test]
fn a_property_with_an_impossible_name_does_not_become_a_path() {
    let mut known = after_the_guide();
    known.definitions.events[0].properties = list("../../../home/.profile");
    let request = Request { unique: Some("../../../home/.profile".to_owned()), ..guide() };
    assert_eq!(refusals(&request, &known).len(), 1);
}

#[test]
fn existing_metrics_are_refused_kept_or_replaced_as_asked() {
    let mut known = after_the_guide();
    let path = "config/metrics/counts_7d/count_distinct_user_id_from_ci_templates_unique_7d.yml";
    let key_path = "count_distinct_user_id_from_ci_templates_unique_7d";
    let refused = refusals(&guide(), &known);
    assert_eq!(refused.len(), 2);
    assert_eq!(
        refused[0],
        format!("--time-frames: the metric `{key_path}` already exists in {path}")
    );

    let keep = plan(&Request { existing: Existing::Keep, ..guide() }, &known).unwrap();
    assert_eq!((keep.files.len(), keep.kept.len()), (0, 3));

    let replace = Request { existing: Existing::Replace, ..guide() };
    let replaced = plan(&replace, &known).unwrap();
    assert_eq!(replaced.files.len(), 3);
    assert!(replaced.files.iter().all(|it| it.replaces));

    known.facts.key_paths.insert(key_path.to_owned(), "config/metrics/x/old.yml".to_owned());
    let elsewhere = refusals(&replace, &known);
    assert_eq!(
        elsewhere,
        [format!("--time-frames: the metric `{key_path}` is defined in config/metrics/x/old.yml")]
    );
    // Without the free tier our file would be another one than the existing file.
    let ultimate = Request { tiers: Some(list("ultimate")), ..replace };
    assert_eq!(refusals(&ultimate, &known).len(), 3);
}

#[test]
fn events_that_cannot_be_counted_are_refused() {
    let mut known = Analysis::default();
    let mut insert = |path: &str| {
        known.facts.actions.insert("ci_templates_unique".to_owned(), path.to_owned());
        refusals(&guide(), &known).remove(0)
    };
    assert_eq!(
        insert("config/events/removed/ci_templates_unique.yml"),
        "--event: `ci_templates_unique` was removed, its definition is \
         config/events/removed/ci_templates_unique.yml"
    );
    assert_eq!(
        insert("config/events/a.yml"),
        "--event: `ci_templates_unique` is defined in config/events/a.yml, which is not readable"
    );
    known.definitions.events.push(EventDefinition {
        action: "ci_templates_unique".to_owned(),
        ..EventDefinition::default()
    });
    assert_eq!(
        refusals(&guide(), &known),
        ["--event: `ci_templates_unique` is a legacy Snowplow event, see config/events/a.yml"]
    );
}

#[test]
fn single_values_are_checked() {
    for (name, is_valid) in [("a", true), ("a_1", true), ("", false), ("A", false), ("a-b", false)]
    {
        assert_eq!(check_event_name(name).is_ok(), is_valid, "{name}");
        assert_eq!(check_property_name(name).is_ok(), is_valid, "{name}");
    }
    assert!(check_property_name("namespace").is_err());
    for milestone in ["0.0", "17.10", "<13.9"] {
        assert!(check_milestone(milestone).is_ok(), "{milestone}");
    }
    for milestone in ["", "17", "17.", ".1", "17.1.2", "a.b", "<<1.2", " 1.2", "1.2\n"] {
        assert!(check_milestone(milestone).is_err(), "{milestone}");
    }
    for url in
        [MR, "http://localhost:3000/a/b?c=d#e", "https://gitlab.example/a%20b", "https://[::1]/x"]
    {
        assert!(check_url(url).is_ok(), "{url}");
    }
    for url in [
        "",
        "121544",
        "gitlab.com/a",
        "https://",
        "https:///a",
        "ftp://a/b",
        "https://a/b c",
        "https://a/b\n",
        "https://a/\"b\"",
        "https://a/é",
        "https://a/%2",
        "https://a/%zz",
        "https://a#b#c",
        "javascript:alert(1)",
    ] {
        assert!(check_url(url).is_err(), "{url}");
    }
}

#[test]
fn the_composed_description_is_recognised() {
    let text = &planned(&guide()).files[0].text;
    let description = text.lines().nth(1).unwrap().strip_prefix("description: ").unwrap();
    assert!(is_composed_description(description, "ci_templates_unique"));
    assert!(!is_composed_description("A template was used", "ci_templates_unique"));
}

#[test]
fn snippets_pass_what_the_event_declares() {
    let request = Request {
        identifiers: Some(list("user project")),
        properties: ["label", "value", "pat_type", "2fa"]
            .map(|it| (it.to_owned(), "What it holds".to_owned()))
            .to_vec(),
        ..guide()
    };
    let plan = planned(&request);
    let code = |language, purpose| {
        let is_it = |it: &&_| {
            let it: &internal_events_definitions::generate::Snippet = it;
            it.language == language && it.purpose == purpose
        };
        plan.snippets.iter().find(is_it).unwrap().code.as_str()
    };
    assert_eq!(
        code(Language::Rust, Purpose::Track),
        r#"tracker
    .track_event("ci_templates_unique")
    .user(user.id)
    .project(project.id)
    .property("label", "x")
    .property("value", 1)
    .property("pat_type", "x")
    .property("2fa", "x")
    .send();
"#
    );
    assert_eq!(
        code(Language::Ruby, Purpose::Track),
        "Gitlab::InternalEvents.track_event(
  'ci_templates_unique',
  user: user,
  project: project,
  additional_properties: { label: 'x', value: 1, pat_type: 'x', '2fa': 'x' }
)
"
    );
    assert!(code(Language::JavaScript, Purpose::Track).ends_with(
        "InternalEvents.trackEvent('ci_templates_unique', \
         { label: 'x', value: 1, pat_type: 'x', '2fa': 'x' });\n"
    ));
    assert!(
        code(Language::Vue, Purpose::Track).contains("this.trackEvent('ci_templates_unique', {")
    );
    assert_eq!(
        code(Language::Html, Purpose::Track),
        r#"<button
  data-event-tracking="ci_templates_unique"
  data-event-label="x"
  data-event-value="1"
  data-event-additional='{ "pat_type": "x", "2fa": "x" }'
>
  …
</button>
"#
    );
    let spec = code(Language::Ruby, Purpose::Test);
    assert!(spec.contains("trigger_internal_events('ci_templates_unique')"), "{spec}");
    assert!(spec.contains("'count_distinct_user_id_from_ci_templates_unique_28d'"), "{spec}");

    let bare = planned(&Request { identifiers: Some(vec![]), unique: None, ..guide() });
    assert_eq!(
        bare.snippets[0].code,
        "tracker\n    .track_event(\"ci_templates_unique\")\n    .send();\n"
    );
    assert!(bare.files[0].text.contains("action: ci_templates_unique\nproduct_group:"));
}

/// All scalars of a document, in order, with whether they are plain.
fn scalars(text: &str) -> Vec<(String, bool)> {
    Parser::new_from_str(text)
        .filter_map(|it| match it.unwrap().0 {
            Event::Scalar(value, style, ..) => {
                Some((value.into_owned(), style == granit_parser::ScalarStyle::Plain))
            }
            _ => None,
        })
        .collect()
}

/// Text as people and machines write it, and what YAML could take for something else.
fn user_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{1,40}",
        "[-?:,\\[\\]{}#&*!|>'\"%@` \t\n\r~=<.0-9a-z]{1,12}",
        "\\PC{1,200}",
        prop::sample::select(vec![
            "yes",
            "no",
            "on",
            "off",
            "null",
            "~",
            "true",
            "12:30",
            "017",
            "0o17",
            "1_000",
            "1e3",
            ".inf",
            "2026-01-01",
            "<<",
            "=",
            "---",
            "...",
            "- x",
            "? x",
            "a: b",
            "a #b",
            "\u{feff}x",
            "\u{85}",
            "\u{2028}",
            "\0",
        ])
        .prop_map(str::to_owned),
    ]
    .prop_filter("a blank description is refused", |it| !it.trim().is_empty())
}

proptest! {
    #[test]
    fn whatever_the_user_types_reads_back(
        description in user_text(),
        group in user_text(),
        category in user_text(),
        property in user_text(),
        path in "[a-zA-Z0-9._~!$&'()*+,;=:@/-]{0,30}",
    ) {
        let mr = format!("https://gitlab.example/{path}?a=b#c");
        let request = Request {
            description: Some(description.clone()),
            metric_description: Some(description.clone()),
            group: Some(group.clone()),
            categories: Some(vec![category.clone()]),
            properties: vec![("label".to_owned(), property.clone())],
            mr: Some(mr.clone()),
            ..guide()
        };
        let plan = planned(&request);
        let event = scalars(&plan.files[0].text);
        let after = |key: &str| {
            let idx = event.iter().position(|it| it == &(key.to_owned(), true)).unwrap();
            event[idx + 1].0.clone()
        };
        prop_assert_eq!(after("description"), description.trim());
        prop_assert_eq!(after("product_group"), group.trim());
        prop_assert_eq!(after("product_categories"), category);
        prop_assert_eq!(after("introduced_by_url"), mr);
        let label = event.iter().position(|it| it == &("additional_properties".to_owned(), true));
        prop_assert_eq!(&event[label.unwrap() + 3].0, property.trim());

        let metric = scalars(&plan.files[1].text);
        let expected = format!("Weekly count of unique users {}", description.trim());
        prop_assert_eq!(&metric[3].0, &expected);
    }
}
