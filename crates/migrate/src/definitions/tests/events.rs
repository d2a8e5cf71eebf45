//! What the definitions of events say.

use super::*;

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
fn one_note_names_the_events_that_nobody_owns() {
    let notes = |n: usize| {
        let names = (0..n).map(|it| Found { name: format!("a{it}"), ..Found::default() });
        names.fold(Application::default(), Application::calls).plan().notes
    };
    for (n, expected) in [
        (1, "`a0`: its definition says `unassigned`"),
        (2, "`a0`, `a1`: their definitions say `unassigned`"),
        (5, "`a0`, `a1`, `a2`, `a3`, `a4`: their definitions say"),
        (7, "`a0`, `a1`, `a2`, `a3`, `a4` and 2 more: their definitions say"),
    ] {
        let notes = notes(n);
        assert!(notes.len() == 1 && notes[0].contains(expected), "{n}: {notes:?}");
    }
}

#[test]
fn an_example_that_is_empty_is_none() {
    let mut found = Found { name: "a_event".to_owned(), ..Found::default() };
    for (name, example) in [("label", ""), ("property", "x")] {
        let property = Property { of_type: PropertyType::Text, example: Some(example.to_owned()) };
        found.properties.insert(name.to_owned(), property);
    }
    let planned = Application::default().calls(found).plan();
    let text = after(&planned, "config/events/a_event.yml");
    assert!(text.contains("this one was migrated, for example x\n"), "{text}");
    assert!(text.contains("this one was migrated\n"), "{text}");
}

#[test]
fn groups_are_spelled_as_today() {
    for (before, after) in
        [("group::source code", "source_code"), ("source_code", "source_code"), ("API", "api")]
    {
        let metric = "options:\n  events:\n  - a_event\n";
        let application = Application::default().unique_metric("m", metric);
        let text = String::from_utf8(application.sources.metrics[0].bytes.clone()).expect("UTF-8");
        let text = text.replace("product_group: source_code", &format!("product_group: {before}"));
        let mut application = application.calls(by_user("a_event"));
        application.sources.metrics[0].bytes = text.into_bytes();
        let planned = application.plan();
        let event = super::after(&planned, "config/events/a_event.yml");
        assert!(event.contains(&format!("product_group: {after}\n")), "{event}");
    }
}
