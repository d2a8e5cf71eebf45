//! Whether a metric goes on with the counters it had, and if not, why.

use crate::rule;
use internal_events_catalog::{
    Aggregate, Catalog, DataSource, Definitions, EventDefinition, LegacyOptions, MetricDefinition,
    MetricStatus, Overrides, Scalar, SelectionRule, SetOperator, TimeFrame,
};

const WEEK: TimeFrame = TimeFrame::SevenDays;
const MONTH: TimeFrame = TimeFrame::TwentyEightDays;

fn metric(data_source: DataSource, time_frame: TimeFrame) -> MetricDefinition {
    MetricDefinition {
        key_path: "m".to_owned(),
        description: String::new(),
        time_frame,
        data_source,
        status: MetricStatus::Active,
        rules: Vec::new(),
        legacy: LegacyOptions::default(),
        instrumentation_class: None,
        path: "config/metrics/m.yml".to_owned(),
    }
}

/// A metric of the legacy sets of these events.
fn sets(time_frame: TimeFrame, events: &[&str]) -> MetricDefinition {
    let mut metric = metric(DataSource::RedisHll, time_frame);
    metric.legacy.events = events.iter().map(|it| (*it).to_owned()).collect();
    metric
}

fn intersection(events: &[&str]) -> MetricDefinition {
    let mut metric = sets(WEEK, events);
    metric.legacy.aggregate = Some(Aggregate { operator: SetOperator::And, attribute: None });
    metric
}

/// A metric of data source `redis`.
fn total(prefix: &str, event: &str) -> MetricDefinition {
    let mut metric = metric(DataSource::Redis, TimeFrame::All);
    metric.legacy.prefix = Some(prefix.to_owned());
    metric.legacy.events = vec![event.to_owned()];
    metric
}

/// A metric of internal events: names with what they count, which may be empty.
fn internal(time_frame: TimeFrame, rules: &[(&str, &str)]) -> MetricDefinition {
    let named = |(name, unique): &(&str, &str)| SelectionRule {
        name: (*name).to_owned(),
        ..rule(unique, "", &[])
    };
    let rules = rules.iter().map(named).collect();
    MetricDefinition { rules, ..metric(DataSource::InternalEvents, time_frame) }
}

fn filtered(name: &str, unique: &str, label: &str) -> MetricDefinition {
    let rule = SelectionRule {
        name: name.to_owned(),
        ..rule(unique, "", &[("label", Scalar::from(label))])
    };
    MetricDefinition { rules: vec![rule], ..internal(WEEK, &[]) }
}

/// Tables with these entries: names in braces are keys of totals.
fn overrides(entries: &[(&str, &str)]) -> Overrides {
    let mut overrides = Overrides::default();
    for (from, to) in entries {
        let is_total = from.starts_with('{');
        let table = if is_total { &mut overrides.total } else { &mut overrides.unique };
        table.insert((*from).to_owned(), (*to).to_owned());
    }
    overrides
}

fn catalog(metric: Option<MetricDefinition>, overrides: Overrides) -> Catalog {
    let event = |name: &str| EventDefinition {
        action: name.to_owned(),
        internal: true,
        properties: vec!["label".to_owned()],
        ..EventDefinition::default()
    };
    let events = ["git", "wiki", "create_snippet"].map(event).into();
    Catalog::new(Definitions { events, metrics: metric.into_iter().collect(), overrides })
}

/// What is different, by code, each with the entry that would help.
fn found(
    before: Option<MetricDefinition>,
    after: Option<MetricDefinition>,
    entries: &[(&str, &str)],
) -> Vec<String> {
    // The tables of before are empty but for the list, which a migration does not look at.
    let before = catalog(before, Overrides::default());
    let after = catalog(after, overrides(entries));
    let differences = after.differences_from(&before, "m");
    let shown = differences.iter().map(|it| {
        assert!(!it.to_string().is_empty());
        match it.remedy() {
            Some(entry) => format!("{} {entry}", it.code()),
            None => it.code().to_owned(),
        }
    });
    shown.collect()
}

/// A definition before and after, entries of the tables, and what is different.
type Case<'a> = (MetricDefinition, MetricDefinition, &'a [(&'a str, &'a str)], &'a [&'a str]);

fn check(cases: &[Case<'_>]) {
    for (before, after, entries, expected) in cases {
        let told = format!("{before:?} {after:?} {entries:?}");
        assert_eq!(found(Some(before.clone()), Some(after.clone()), entries), *expected, "{told}");
    }
}

const GIT: (&str, &str) = ("git-user", "git");
const SNIPPET: (&str, &str) = ("{event_counters}_create_snippet", "USAGE_SNIPPET_CREATE");
const MISSING: &str = "override_missing git-user: git";

fn git() -> MetricDefinition {
    sets(WEEK, &["git"])
}

fn by_user() -> MetricDefinition {
    internal(WEEK, &[("git", "user.id")])
}

fn snippet() -> MetricDefinition {
    total("snippet", "create")
}

#[test]
fn the_entry_of_the_guide_makes_history_go_on() {
    check(&[
        (git(), by_user(), &[GIT], &[]),
        (git(), by_user(), &[], &[MISSING]),
        (sets(MONTH, &["git"]), internal(MONTH, &[("git", "user.id")]), &[GIT], &[]),
        (git(), internal(WEEK, &[("git", "user")]), &[GIT], &[]),
    ]);
}

#[test]
fn another_identifier_is_told() {
    check(&[
        (git(), internal(WEEK, &[("git", "project.id")]), &[GIT], &["other_unique"]),
        (
            git(),
            internal(WEEK, &[("git", "project.id")]),
            &[],
            &["override_missing git-project: git"],
        ),
        (by_user(), internal(WEEK, &[("git", "project.id")]), &[], &["other_unique"]),
    ]);
}

#[test]
fn another_period_or_kind_is_told() {
    check(&[
        (git(), internal(MONTH, &[("git", "user.id")]), &[GIT], &["other_period"]),
        (git(), internal(MONTH, &[("git", "user.id")]), &[], &["other_period", MISSING]),
        (git(), internal(WEEK, &[("git", "")]), &[GIT], &["other_kind"]),
        (git(), internal(TimeFrame::All, &[("git", "user.id")]), &[GIT], &["other_period"]),
        (snippet(), internal(WEEK, &[("create_snippet", "")]), &[SNIPPET], &["other_period"]),
        (
            snippet(),
            internal(TimeFrame::All, &[("create_snippet", "user.id")]),
            &[SNIPPET],
            &["other_kind"],
        ),
    ]);
}

#[test]
fn another_event_is_told_from_a_new_name() {
    check(&[
        (git(), internal(WEEK, &[("wiki", "user.id")]), &[GIT], &["other_event"]),
        (git(), internal(WEEK, &[("wiki", "user.id")]), &[], &["other_event wiki-user: git"]),
        (git(), internal(WEEK, &[("wiki", "user.id")]), &[("wiki-user", "git")], &[]),
    ]);
}

#[test]
fn an_entry_that_leads_elsewhere_is_told() {
    check(&[(git(), by_user(), &[("git-user", "wiki")], &["override_elsewhere git-user: git"])]);
}

#[test]
fn an_entry_for_other_events_of_that_name_is_told() {
    check(&[
        (
            sets(WEEK, &["p_npm"]),
            filtered("git", "user.id", "npm"),
            &[("git-filter:[label:npm]-user", "p_npm")],
            &[],
        ),
        (
            sets(WEEK, &["p_npm"]),
            filtered("git", "user.id", "pypi"),
            &[("git-filter:[label:npm]-user", "p_npm")],
            &["other_filter"],
        ),
        (
            sets(WEEK, &["p_npm"]),
            filtered("git", "project.id", "npm"),
            &[("git-filter:[label:npm]-user", "p_npm")],
            &["other_unique"],
        ),
        (
            sets(WEEK, &["p_npm"]),
            filtered("git", "user.id", "npm"),
            &[],
            &["other_event 'git-filter:[label:npm]-user': p_npm"],
        ),
    ]);
}

#[test]
fn each_event_of_a_union_goes_on_or_not() {
    check(&[
        (
            sets(WEEK, &["git", "wiki"]),
            internal(WEEK, &[("wiki", "user.id"), ("git", "user.id")]),
            &[GIT, ("wiki-user", "wiki")],
            &[],
        ),
        (
            sets(WEEK, &["git", "wiki"]),
            internal(WEEK, &[("git", "user.id"), ("wiki", "user.id")]),
            &[GIT],
            &["override_missing wiki-user: wiki"],
        ),
        (sets(WEEK, &["git", "wiki"]), by_user(), &[GIT], &["event_missing"]),
        (
            git(),
            internal(WEEK, &[("git", "user.id"), ("wiki", "user.id")]),
            &[GIT],
            &["event_added"],
        ),
        (intersection(&["git", "wiki"]), sets(WEEK, &["git", "wiki"]), &[], &["other_kind"]),
    ]);
}

#[test]
fn several_events_may_go_on_with_one_set_and_one_with_several() {
    let both = || internal(WEEK, &[("git", "user.id"), ("wiki", "user.id")]);
    let of_old = [("git-user", "old"), ("wiki-user", "old")];
    check(&[
        (sets(WEEK, &["old"]), both(), &of_old, &[]),
        (sets(WEEK, &["old"]), both(), &of_old[..1], &["event_added"]),
        (
            sets(WEEK, &["old"]),
            both(),
            &[],
            &["other_event git-user: old", "other_event wiki-user: old"],
        ),
        // The same definition, with tables that were filled since.
        (both(), both(), &[], &[]),
        (both(), both(), &of_old, &["override_elsewhere", "override_elsewhere"]),
        (both(), both(), &of_old[..1], &["override_elsewhere"]),
    ]);
}

#[test]
fn totals_go_on_by_their_own_table() {
    check(&[
        (snippet(), internal(TimeFrame::All, &[("create_snippet", "")]), &[SNIPPET], &[]),
        (
            snippet(),
            internal(TimeFrame::All, &[("create_snippet", "")]),
            &[],
            &["override_missing '{event_counters}_create_snippet': USAGE_SNIPPET_CREATE"],
        ),
        (snippet(), internal(TimeFrame::All, &[("wiki", "")]), &[SNIPPET], &["other_event"]),
        (internal(WEEK, &[("git", "")]), internal(WEEK, &[("wiki", "")]), &[], &["other_event"]),
    ]);
}

#[test]
fn what_cannot_be_read_is_told_with_the_reason() {
    check(&[
        (git(), metric(DataSource::Database, WEEK), &[], &["unreadable_after"]),
        (metric(DataSource::Database, WEEK), by_user(), &[], &["unreadable_before"]),
        (metric(DataSource::Database, WEEK), metric(DataSource::System, WEEK), &[], &[]),
    ]);
}

#[test]
fn a_metric_that_is_gone_is_missed_only_if_it_was_counted() {
    assert_eq!(found(Some(sets(WEEK, &["git"])), None, &[]), ["gone"]);
    assert_eq!(found(Some(metric(DataSource::Database, WEEK)), None, &[]), Vec::<String>::new());
    assert_eq!(found(None, Some(sets(WEEK, &["git"])), &[]), Vec::<String>::new());
}
