//! The names of counters are GitLab's, to the letter.

use crate::{catalog, metric, rule};
use internal_events_catalog::{
    MetricKind, Overrides, Scalar, SelectionRule, TimeFrame, Window, unsafe_key_character,
};
use jiff::civil::date;

/// The keys a metric with one rule reads on 2026-11-18, in week 2026-W47, running week included.
fn check(rule: SelectionRule, time_frame: TimeFrame, expected: &str) {
    check_overridden(rule, time_frame, Overrides::default(), expected);
}

fn check_overridden(
    rule: SelectionRule,
    time_frame: TimeFrame,
    overrides: Overrides,
    expected: &str,
) {
    let catalog = catalog(&[], vec![metric(time_frame, vec![rule])], overrides);
    let window = Window { today: date(2026, 11, 18), include_current_week: true };
    let reading = catalog.reading(&catalog.metrics()[0], window).expect("it is readable");
    assert_eq!(reading.keys().last().copied(), Some(expected));
}

#[test]
fn keys_are_those_of_the_grammar() {
    let (all, week) = (TimeFrame::All, TimeFrame::SevenDays);
    let text = |it: &str| Scalar::from(it);
    check(rule("", "", &[]), all, "{event_counters}_e");
    check(rule("", "", &[]), week, "{event_counters}_e-2026-47");
    check(
        rule("", "", &[("value", 5.into()), ("label", text("npm"))]),
        week,
        "{event_counters}_e-filter:[label:npm,value:5]-2026-47",
    );
    check(rule("user.id", "", &[]), week, "{hll_counters}_e-user-2026-47");
    check(
        rule("project.id", "", &[("label", text("npm")), ("property", text("deploy_token"))]),
        week,
        "{hll_counters}_e-filter:[label:npm,property:deploy_token]-project-2026-47",
    );
    check(rule("label", "", &[]), week, "{hll_counters}_e-label-2026-47");
    check(rule("", "sum(value)", &[]), week, "{event_sums}_e-operator:sum(value)-2026-47");
    check(rule("", "sum(value)", &[]), all, "{event_sums}_e-operator:sum(value)");
    check(
        rule("", "sum(value)", &[("label", text("x"))]),
        week,
        "{event_sums}_e-operator:sum(value)-filter:[label:x]-2026-47",
    );
    check(
        rule("user.id", "sum(value)", &[]),
        week,
        "{event_sums}_e-operator:sum(value)-user-2026-47",
    );
    check(rule("", "total", &[]), week, "{event_counters}_e-operator:total-2026-47");
    check(rule("", "total", &[]), all, "{event_counters}_e-operator:total");
    check(rule("label", "total", &[]), week, "{hll_counters}_e-operator:total-label-2026-47");
}

#[test]
fn filter_values_are_written_as_ruby_writes_them() {
    for (value, written) in [
        (Scalar::Int(5), "5"),
        (Scalar::Float(5.0), "5.0"),
        (Scalar::Float(0.1), "0.1"),
        (Scalar::Float(-0.0), "-0.0"),
        (Scalar::Float(1e15), "1000000000000000.0"),
        (Scalar::Float(1e16), "1.0e+16"),
        (Scalar::Float(1e21), "1.0e+21"),
        (Scalar::Float(1.5e-5), "1.5e-05"),
        (Scalar::Float(1e-4), "0.0001"),
        (Scalar::Float(1.25e100), "1.25e+100"),
        (Scalar::Bool(true), "true"),
        (Scalar::Null, ""),
    ] {
        let expected = format!("{{event_counters}}_e-filter:[label:{written}]");
        check(rule("", "", &[("label", value)]), TimeFrame::All, &expected);
    }
}

#[test]
fn overrides_replace_whole_paths_and_whole_keys() {
    let mut overrides = Overrides::default();
    overrides.unique.insert("e-user".to_owned(), "legacy".to_owned());
    overrides.total.insert("{event_counters}_e".to_owned(), "LEGACY_COUNT".to_owned());
    let checks = [
        (rule("user.id", "", &[]), TimeFrame::SevenDays, "{hll_counters}_legacy-2026-47"),
        (rule("project.id", "", &[]), TimeFrame::SevenDays, "{hll_counters}_e-project-2026-47"),
        (rule("", "", &[]), TimeFrame::All, "LEGACY_COUNT"),
        (rule("", "", &[]), TimeFrame::SevenDays, "{event_counters}_e-2026-47"),
        (
            rule("", "", &[("label", "x".into())]),
            TimeFrame::All,
            "{event_counters}_e-filter:[label:x]",
        ),
    ];
    for (rule, time_frame, expected) in checks {
        check_overridden(rule, time_frame, overrides.clone(), expected);
    }
}

#[test]
fn the_first_rule_decides_how_a_metric_is_computed() {
    for (rule, kind) in [
        (rule("", "", &[]), MetricKind::Total),
        (rule("", "total", &[]), MetricKind::Total),
        (rule("user.id", "", &[]), MetricKind::Unique),
        (rule("label", "total", &[]), MetricKind::PerValue),
        (rule("", "sum(value)", &[]), MetricKind::Sum),
        (rule("user.id", "sum(value)", &[]), MetricKind::Sum),
    ] {
        let catalog =
            catalog(&[], vec![metric(TimeFrame::SevenDays, vec![rule])], Overrides::default());
        let window = Window { today: date(2026, 11, 18), include_current_week: false };
        let reading = catalog.reading(&catalog.metrics()[0], window).expect("it is readable");
        assert_eq!(reading.kind, kind);
    }
}

#[test]
fn a_union_reads_a_key_once_and_a_total_reads_it_twice() {
    for (unique, expected) in [("user.id", 1), ("", 2)] {
        let twice = vec![rule(unique, "", &[]), rule(unique, "", &[])];
        let catalog = catalog(&[], vec![metric(TimeFrame::SevenDays, twice)], Overrides::default());
        let window = Window { today: date(2026, 11, 18), include_current_week: false };
        let reading = catalog.reading(&catalog.metrics()[0], window).expect("it is readable");
        assert_eq!(reading.keys().len(), expected);
    }
}

#[test]
fn keys_for_unique_counting_have_a_fixed_alphabet() {
    for good in ["", "npm", "Az_09", "a-b:c", "x,y", "[z]"] {
        assert_eq!(unsafe_key_character(good), None, "{good}");
    }
    for (bad, first) in [
        ("1.5", '.'),
        ("a b", ' '),
        ("a/b", '/'),
        ("(x", '('),
        ("me@x", '@'),
        ("+", '+'),
        ("{a}", '{'),
        ("x\n", '\n'),
        ("aü", 'ü'),
    ] {
        assert_eq!(unsafe_key_character(bad), Some(first), "{bad}");
    }
}
