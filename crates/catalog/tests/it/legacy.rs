//! What metrics from before internal events read.

use crate::{metric, rule};
use internal_events_catalog::{
    Aggregate, Call, Catalog, DataSource, Definitions, Event, LegacyOptions, MetricDefinition,
    MetricKind, MetricStatus, Overrides, SelectionRule, SetOperator, TimeFrame, Verdict, Window,
};
use jiff::civil::date;

const WEEK: TimeFrame = TimeFrame::SevenDays;

/// The tables of an installation: `listed` is a legacy event, `moved` and `moved_by` were migrated.
fn overrides() -> Overrides {
    let pairs = |it: &[(&str, &str)]| {
        it.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
    };
    Overrides {
        unique: pairs(&[("moved", "old"), ("moved_by-user", "old_by")]),
        total: pairs(&[("USAGE_SHOP_VIEW", "SHOP_VIEWS_COUNT")]),
        legacy_events: ["listed", "listed_too"].map(str::to_owned).into(),
    }
}

fn sets(time_frame: TimeFrame, events: &[&str]) -> MetricDefinition {
    MetricDefinition {
        data_source: DataSource::RedisHll,
        legacy: LegacyOptions {
            events: events.iter().map(|it| (*it).to_owned()).collect(),
            ..LegacyOptions::default()
        },
        instrumentation_class: Some("RedisHLLMetric".to_owned()),
        ..metric(time_frame, vec![])
    }
}

/// A metric that lists events as internal events do: name and `unique`, which may be empty.
fn listing(events: &[(&str, &str)]) -> MetricDefinition {
    let named = |(name, unique): &(&str, &str)| SelectionRule {
        name: (*name).to_owned(),
        ..rule(unique, "", &[])
    };
    MetricDefinition { rules: events.iter().map(named).collect(), ..sets(WEEK, &[]) }
}

fn aggregate(operator: &str, attribute: &str, events: &[&str]) -> MetricDefinition {
    let mut metric = sets(WEEK, events);
    let operator = SetOperator::parse(operator);
    let attribute = (!attribute.is_empty()).then(|| attribute.to_owned());
    metric.legacy.aggregate = Some(Aggregate { operator, attribute });
    metric.instrumentation_class = Some("AggregatedMetric".to_owned());
    metric
}

fn total(prefix: Option<&str>, event: &str, has_usage_prefix: Option<bool>) -> MetricDefinition {
    let mut metric = sets(TimeFrame::All, &[event]);
    metric.data_source = DataSource::Redis;
    metric.instrumentation_class = Some("RedisMetric".to_owned());
    metric.legacy.prefix = prefix.map(str::to_owned);
    metric.legacy.include_usage_prefix = has_usage_prefix;
    metric
}

/// What a metric reads on 2026-11-18, or why it reads nothing.
fn read(metric: MetricDefinition) -> Result<(MetricKind, String), String> {
    let definitions =
        Definitions { metrics: vec![metric], overrides: overrides(), ..Definitions::default() };
    let catalog = Catalog::new(definitions);
    let window = Window { today: date(2026, 11, 18), include_current_week: false };
    match catalog.reading(&catalog.metrics()[0], window) {
        Ok(reading) => Ok((reading.kind, reading.keys().join(" "))),
        Err(reason) => Err(reason.to_string()),
    }
}

#[test]
fn legacy_sets_have_gitlabs_keys() {
    let key = |it: &str| format!("{{hll_counters}}_{it}-2026-46");
    for (metric, expected) in [
        (sets(WEEK, &["listed"]), vec!["listed"]),
        (sets(WEEK, &["listed", "listed_too", "listed"]), vec!["listed", "listed_too"]),
        (sets(WEEK, &["moved"]), vec!["old"]),
        (listing(&[("other", "user.id")]), vec!["other-user"]),
        (listing(&[("moved_by", "user.id")]), vec!["old_by"]),
        (listing(&[("moved_by", "project.id")]), vec!["moved_by-project"]),
        // One legacy event keeps the suffix, several lose it; those that are migrated keep it.
        (listing(&[("listed", "user.id")]), vec!["listed-user"]),
        (
            listing(&[("listed", "user.id"), ("moved_by", "user.id"), ("other", "user.id")]),
            vec!["listed", "old_by", "other-user"],
        ),
        (aggregate("OR", "", &["listed", "other"]), vec!["listed", "other"]),
        (aggregate("OR", "user_id", &["listed", "other"]), vec!["listed", "other"]),
        (aggregate("OR", "user.id", &["listed", "other"]), vec!["listed", "other-user"]),
    ] {
        let expected: Vec<String> = expected.into_iter().map(key).collect();
        assert_eq!(read(metric), Ok((MetricKind::Unique, expected.join(" "))));
    }
    let months = ["2026-43", "2026-44", "2026-45", "2026-46"];
    let months = months.map(|it| format!("{{hll_counters}}_listed-{it}"));
    let month = sets(TimeFrame::TwentyEightDays, &["listed"]);
    assert_eq!(read(month), Ok((MetricKind::Unique, months.join(" "))));
}

#[test]
fn legacy_intersections_read_every_set() {
    let keys = "{hll_counters}_listed-2026-46 {hll_counters}_other-2026-46";
    let both = aggregate("AND", "", &["listed", "other"]);
    assert_eq!(read(both), Ok((MetricKind::Intersection, keys.to_owned())));
    let one = aggregate("AND", "", &["listed"]);
    let key = "{hll_counters}_listed-2026-46".to_owned();
    assert_eq!(read(one), Ok((MetricKind::Unique, key)));
}

#[test]
fn legacy_totals_have_gitlabs_keys() {
    for (metric, key) in [
        (total(Some("snippet"), "create", None), "USAGE_SNIPPET_CREATE"),
        (total(Some("snippet"), "create", Some(true)), "USAGE_SNIPPET_CREATE"),
        (total(Some("snippet"), "create", Some(false)), "SNIPPET_CREATE"),
        (total(None, "web_ide_views", None), "USAGE_WEB_IDE_VIEWS"),
        (total(None, "web_ide_views", Some(false)), "WEB_IDE_VIEWS"),
        (total(Some("shop"), "view", None), "SHOP_VIEWS_COUNT"),
    ] {
        assert_eq!(read(metric), Ok((MetricKind::Total, key.to_owned())));
    }
}

#[test]
fn invocations_are_the_weekly_totals_of_all_internal_events() {
    let mut sum = metric(WEEK, vec![]);
    sum.data_source = DataSource::System;
    sum.instrumentation_class = Some("SumNumberOfInternalEventInvocationsMetric".to_owned());
    let all = MetricDefinition { time_frame: TimeFrame::All, ..sum.clone() };
    let catalog = crate::catalog(&[], vec![sum, all], Overrides::default());
    let window = Window { today: date(2026, 11, 18), include_current_week: false };
    let read = |n: usize| catalog.reading(&catalog.metrics()[n], window);
    assert_eq!(read(0).expect("it is readable").keys(), ["{event_counters}_e-2026-46"]);
    let reason = read(1).expect_err("no week").to_string();
    assert_eq!(reason, "its counters are kept per week, so it has no value for `all`");
}

#[test]
fn what_cannot_be_read_says_why() {
    let of = |data_source| MetricDefinition { data_source, ..metric(WEEK, vec![]) };
    let of_class = |metric: MetricDefinition| MetricDefinition {
        instrumentation_class: Some("CountThingsMetric".to_owned()),
        ..metric
    };
    let removed =
        MetricDefinition { status: MetricStatus::Removed, ..sets(WEEK, &["listed", "gone"]) };
    let many: Vec<String> = (0..9).map(|it| format!("e{it}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for (metric, reason) in [
        (of(DataSource::Database), "the application's database, which is not asked here"),
        (of(DataSource::Prometheus), "a monitoring system, which is not asked here"),
        (of(DataSource::System), "the application's own state, which is not known here"),
        (of(DataSource::License), "the application's licence, which is not read here"),
        (of(DataSource::RedisHll), "does not say which legacy counters it reads"),
        (of(DataSource::Redis), "does not say which legacy counters it reads"),
        (of_class(sets(WEEK, &["listed"])), "the class `CountThingsMetric`, which is not known"),
        (of_class(total(None, "x", None)), "the class `CountThingsMetric`, which is not known"),
        (sets(TimeFrame::All, &["listed"]), "kept per week, so it has no value for `all`"),
        (sets(TimeFrame::None, &["listed"]), "kept per week, so it has no value for `none`"),
        (listing(&[("a", "user.id"), ("b", "project.id")]), "differ in `unique`"),
        (listing(&[("a", "user.id"), ("b", "")]), "differ in `unique`"),
        (removed, "nothing writes its counters any more"),
        (aggregate("XOR", "", &["a", "b"]), "combined by `XOR`"),
        (aggregate("AND", "", &many), "what 9 sets have in common"),
    ] {
        let told = read(metric).expect_err(reason);
        assert!(told.contains(reason), "{told}");
    }
}

#[test]
fn a_removed_metric_reads_what_another_still_counts() {
    let removed =
        MetricDefinition { status: MetricStatus::Removed, ..sets(WEEK, &["listed", "gone"]) };
    let metrics = vec![removed, sets(WEEK, &["listed"])];
    let catalog =
        Catalog::new(Definitions { metrics, overrides: overrides(), ..Definitions::default() });
    let window = Window { today: date(2026, 11, 18), include_current_week: false };
    let reading = catalog.reading(&catalog.metrics()[0], window).expect("it is readable");
    assert_eq!(reading.keys(), ["{hll_counters}_listed-2026-46"]);
}

/// Explains an event of user 5 on 2026-11-18: gates that were not passed, then for each key what
/// happens and how many metrics read it.
fn explained(call: Call, name: &str) -> Vec<String> {
    let mut definitions =
        Definitions { overrides: overrides(), metrics: vec![], ..Definitions::default() };
    definitions.events = vec![internal_events_catalog::EventDefinition {
        action: "moved_by".to_owned(),
        internal: true,
        ..Default::default()
    }];
    let internal = SelectionRule { name: "moved_by".to_owned(), ..rule("user.id", "", &[]) };
    definitions.metrics = vec![
        sets(WEEK, &["listed"]),
        total(Some("shop"), "view", None),
        metric(WEEK, vec![internal]),
    ];
    // It reads under its old name what the migrated event writes.
    definitions.metrics.push(sets(WEEK, &["old_by"]));
    let event = Event { call, user: Some(5.into()), ..Event::new(name) };
    let explanation = Catalog::new(definitions).explain(&event, date(2026, 11, 18));
    let refused = explanation.gates.iter().filter(|it| !it.passed).map(|it| it.name.to_owned());
    let rules = explanation.rules.iter().map(|it| {
        let verdict = match &it.verdict {
            Verdict::Moves { operand } => operand.clone().unwrap_or_else(|| "one".to_owned()),
            Verdict::OtherCall { call } => call.as_str().to_owned(),
            other => format!("{other:?}"),
        };
        format!("{} {verdict} {}", it.key, it.surfaces.len())
    });
    refused.chain(rules).collect()
}

#[test]
fn explain_knows_the_legacy_calls() {
    let (event, users) = (Call::TrackEvent, Call::IncrementUniqueUsers);
    let totals = ["{event_counters}_moved_by", "{event_counters}_moved_by-2026-47"];
    let set = "{hll_counters}_old_by-2026-47";
    for (call, name, expected) in [
        (users, "listed", vec!["{hll_counters}_listed-2026-47 5 1".to_owned()]),
        (Call::IncrementCounter, "shop_view", vec!["SHOP_VIEWS_COUNT one 1".to_owned()]),
        (
            event,
            "listed",
            vec![
                "known".to_owned(),
                "{hll_counters}_listed-2026-47 increment_unique_users 1".to_owned(),
            ],
        ),
        (
            event,
            "shop_view",
            vec!["known".to_owned(), "SHOP_VIEWS_COUNT increment_counter 1".to_owned()],
        ),
        (
            event,
            "moved_by",
            vec![
                format!("{} one 0", totals[0]),
                format!("{} one 0", totals[1]),
                format!("{set} 5 2"),
            ],
        ),
        (
            users,
            "moved_by",
            vec![
                "legacy".to_owned(),
                format!("{} track_event 0", totals[0]),
                format!("{} track_event 0", totals[1]),
                format!("{set} 5 2"),
            ],
        ),
        (users, "nothing", vec!["known".to_owned()]),
    ] {
        assert_eq!(explained(call, name), expected, "{name} by {}", call.as_str());
    }
}

#[test]
fn an_event_is_counted_by_metrics_of_every_data_source() {
    let named = |key_path: &str, it: MetricDefinition| MetricDefinition {
        key_path: key_path.to_owned(),
        ..it
    };
    let metrics = vec![
        named("internal", metric(WEEK, vec![rule("user.id", "", &[])])),
        named("sets", sets(WEEK, &["listed", "create"])),
        named("total", total(Some("shop"), "view", None)),
        named("unreadable", sets(TimeFrame::All, &["listed"])),
    ];
    let catalog =
        Catalog::new(Definitions { metrics, overrides: overrides(), ..Definitions::default() });
    let rule_of = rule("", "", &[]).name;
    for (event, expected) in [
        (rule_of.as_str(), vec!["internal"]),
        ("listed", vec!["sets"]),
        ("shop_view", vec!["total"]),
        ("view", vec![]),
        ("nothing", vec![]),
    ] {
        let found = catalog.metrics_counting(event).map(|it| it.definition.key_path.as_str());
        assert_eq!(found.collect::<Vec<_>>(), expected, "{event}");
    }
    let counted = |key_path: &str| -> Vec<String> {
        let metric = catalog.metric(key_path).unwrap();
        catalog.counted_by(metric).into_iter().collect()
    };
    assert_eq!(counted("internal"), [rule_of]);
    assert_eq!(counted("total"), ["shop_view"]);
    assert_eq!(counted("unreadable"), [""; 0]);
}
