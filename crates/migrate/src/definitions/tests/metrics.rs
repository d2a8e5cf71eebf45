//! Metrics that become internal, and those that stay.

use super::*;

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
fn a_class_by_its_name_of_long_ago_is_said_to_be_that() {
    let metric = |class: &str| {
        let text = format!(
            "key_path: m\n{REST}time_frame: 7d\ndata_source: redis_hll\n\
             instrumentation_class: {class}\noptions:\n  events:\n  - a_event\n"
        );
        Application::default()
            .with("config/metrics/counts_7d/m.yml", &text)
            .calls(by_user("a_event"))
    };
    let long_ago = "Gitlab::Usage::Metrics::Instrumentations::RedisHLLMetric";
    refuse(&metric(long_ago), Reason::NotUnderstood, "is the name of long ago");
    refuse(&metric("A::OtherMetric"), Reason::NotUnderstood, "in a way of its own");
}
