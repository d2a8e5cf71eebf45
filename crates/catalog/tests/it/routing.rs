//! Which counters an event moves.

use crate::{catalog, metric, moved, rule};
use internal_events_catalog::{
    Catalog, Definitions, Event, EventDefinition, Id, MetricDefinition, MetricStatus, Overrides,
    Scalar, TimeFrame, Week,
};
use jiff::civil::date;

fn week() -> Week {
    Week::of(date(2026, 11, 18))
}

fn event(user: Option<Id>, properties: &[(&str, Scalar)]) -> Event {
    let properties = properties.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
    Event { user, properties, ..Event::new("e") }
}

/// What moves besides the two totals that every event moves.
fn check(metrics: Vec<MetricDefinition>, event: &Event, expected: &[&str]) {
    let declared = ["label", "property", "value", "custom"];
    let catalog = catalog(&declared, metrics, Overrides::default());
    let moved = moved(&catalog, event, week());
    assert_eq!(moved[..2], ["{event_counters}_e", "{event_counters}_e-2026-47"]);
    assert_eq!(moved[2..], *expected);
}

#[test]
fn every_event_moves_its_two_totals() {
    check(vec![], &event(None, &[]), &[]);
}

#[test]
fn rules_of_two_periods_share_a_weekly_counter() {
    let users = || vec![rule("user.id", "", &[])];
    let metrics =
        vec![metric(TimeFrame::TwentyEightDays, users()), metric(TimeFrame::SevenDays, users())];
    check(metrics, &event(Some(7.into()), &[]), &["{hll_counters}_e-user-2026-47 7"]);
}

#[test]
fn rules_that_differ_only_after_the_dot_are_one_counter() {
    let metrics =
        vec![metric(TimeFrame::SevenDays, vec![rule("user.id", "", &[]), rule("user", "", &[])])];
    check(metrics, &event(Some("u".into()), &[]), &["{hll_counters}_e-user-2026-47 u"]);
}

#[test]
fn removed_metrics_keep_counting() {
    let mut removed = metric(TimeFrame::SevenDays, vec![rule("user.id", "", &[])]);
    removed.status = MetricStatus::Removed;
    check(vec![removed], &event(Some(7.into()), &[]), &["{hll_counters}_e-user-2026-47 7"]);
}

#[test]
fn filters_compare_as_ruby_does() {
    let filtered =
        |value: Scalar| vec![metric(TimeFrame::All, vec![rule("", "", &[("custom", value)])])];
    let five = "{event_counters}_e-filter:[custom:5]";
    let with = |value: Scalar| event(None, &[("custom", value)]);
    check(filtered(5.into()), &with(5.into()), &[five]);
    check(filtered(5.into()), &with(5.0.into()), &[five]);
    check(filtered(5.into()), &with("5".into()), &[]);
    check(filtered("5".into()), &with("5".into()), &[five]);
    check(filtered("5".into()), &with(5.into()), &[]);
    check(filtered(5.into()), &event(None, &[]), &[]);
    check(filtered(Scalar::Null), &event(None, &[]), &["{event_counters}_e-filter:[custom:]"]);
}

#[test]
fn several_filters_must_all_match() {
    let both = rule("", "", &[("label", "a".into()), ("property", "b".into())]);
    let metrics = || vec![metric(TimeFrame::All, vec![both.clone()])];
    let key = "{event_counters}_e-filter:[label:a,property:b]";
    check(metrics(), &event(None, &[("property", "b".into()), ("label", "a".into())]), &[key]);
    check(metrics(), &event(None, &[("label", "a".into())]), &[]);
}

#[test]
fn an_integer_and_an_equal_float_are_two_counters_that_both_match() {
    let metrics = vec![metric(
        TimeFrame::All,
        vec![rule("", "", &[("value", 5.into())]), rule("", "", &[("value", 5.0.into())])],
    )];
    let expected = ["{event_counters}_e-filter:[value:5]", "{event_counters}_e-filter:[value:5.0]"];
    check(metrics, &event(None, &[("value", 5.into())]), &expected);
}

#[test]
fn elements_are_the_same_bytes_at_every_entrance() {
    let unique = |it: &str| vec![metric(TimeFrame::SevenDays, vec![rule(it, "", &[])])];
    let with = |value: Scalar| event(None, &[("custom", value)]);
    let key = |element: &str| format!("{{hll_counters}}_e-custom-2026-47 {element}");
    for (value, element) in
        [(Scalar::from("npm"), "npm"), (5.into(), "5"), (5.5.into(), "5.5"), (5.0.into(), "5.0")]
    {
        check(unique("custom"), &with(value), &[&key(element)]);
    }
    check(unique("user.id"), &event(Some(0.into()), &[]), &["{hll_counters}_e-user-2026-47 0"]);
}

#[test]
fn sums_and_totals_per_value_take_their_property() {
    let metrics = vec![metric(
        TimeFrame::All,
        vec![rule("", "sum(value)", &[]), rule("label", "total", &[])],
    )];
    let event = event(None, &[("value", 2.5.into()), ("label", "x".into())]);
    let expected =
        ["{event_sums}_e-operator:sum(value) 2.5", "{hll_counters}_e-operator:total-label x"];
    check(metrics, &event, &expected);
}

/// What is left out of an event that gives `properties` and no identifier.
fn omitted(unique: &str, properties: &[(&str, Scalar)]) -> Vec<String> {
    let rules = if unique.is_empty() { vec![] } else { vec![rule(unique, "", &[])] };
    let metrics = vec![metric(TimeFrame::SevenDays, rules)];
    let catalog = catalog(&["label", "value", "custom"], metrics, Overrides::default());
    let idx = catalog.find_event("e").expect("it is defined");
    let routed = catalog.route(idx, &event(None, properties));
    routed.omissions.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_wrong_is_left_out_and_said() {
    assert!(omitted("", &[("label", "a".into()), ("value", 1.into())]).is_empty());
    assert!(omitted("", &[("label", Scalar::Null)]).is_empty());
    for (property, value, complaint) in [
        ("other", Scalar::from("x"), "property `other` is not declared by the event"),
        ("property", "x".into(), "property `property` is not declared by the event"),
        ("label", 5.into(), "property `label` should be a string, not integer"),
        ("value", "5".into(), "property `value` should be a number, not string"),
        ("value", f64::NAN.into(), "property `value` should be a number, not float"),
        ("custom", Scalar::Bool(true), "property `custom` should be a string or a number"),
    ] {
        let omitted = omitted("", &[(property, value)]);
        assert!(omitted[0].starts_with(complaint), "{omitted:?}");
    }
    assert_eq!(
        omitted("user.id", &[]),
        ["`user` is missing, so the metrics that count it did not move"]
    );
    assert_eq!(omitted("custom", &[("custom", Scalar::Bool(true))]).len(), 2);
}

#[test]
fn an_ill_typed_property_takes_no_part_in_matching() {
    let metrics = vec![metric(TimeFrame::All, vec![rule("", "", &[("label", 5.into())])])];
    check(metrics, &event(None, &[("label", 5.into())]), &[]);
}

#[test]
fn only_internal_events_are_known_and_the_first_of_two_wins() {
    let event = |internal, path: &str| EventDefinition {
        action: "e".to_owned(),
        internal,
        path: path.to_owned(),
        ..EventDefinition::default()
    };
    let events = vec![event(false, "legacy"), event(true, "first"), event(true, "second")];
    let catalog = Catalog::new(Definitions { events, ..Definitions::default() });
    let idx = catalog.find_event("e").expect("an internal event has this name");
    assert_eq!(catalog.event(idx).path, "first");
    assert_eq!(catalog.untracked_event("e").map(|it| it.path.as_str()), Some("legacy"));
    assert_eq!(catalog.find_event("E"), None);
}

#[test]
fn the_fingerprint_changes_with_counting_and_with_nothing_else() {
    let base = || vec![metric(TimeFrame::All, vec![rule("", "", &[("label", 5.into())])])];
    let of = |metrics, overrides| catalog(&["label"], metrics, overrides).fingerprint();
    let fingerprint = of(base(), Overrides::default());
    let mut described = base();
    described[0].description = "other words".to_owned();
    assert_eq!(of(described, Overrides::default()), fingerprint);
    let text = vec![metric(TimeFrame::All, vec![rule("", "", &[("label", "5".into())])])];
    assert_ne!(of(text, Overrides::default()), fingerprint);
    let mut overrides = Overrides::default();
    overrides.unique.insert("e-user".to_owned(), "legacy".to_owned());
    assert_ne!(of(base(), overrides), fingerprint);
}

#[test]
fn every_whole_number_is_an_id_with_its_decimal_as_the_element() {
    for (id, element) in [
        (Id::from(7_u64), "7"),
        (Id::from(-7_i32), "-7"),
        (Id::from(u64::MAX), "18446744073709551615"),
    ] {
        assert_eq!(id.to_string(), element);
    }
}
