//! Aggregates of the tables.

use super::*;

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
