//! What is explained and what happens always agree.

use crate::{catalog, metric, moved, rule};
use internal_events_catalog::{
    Event, Id, MetricDefinition, Overrides, Scalar, SelectionRule, TimeFrame, Verdict, Week,
};
use jiff::civil::date;
use proptest::prelude::*;

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        Just(Scalar::Null),
        any::<bool>().prop_map(Scalar::Bool),
        (-2_i64..3).prop_map(Scalar::Int),
        prop_oneof![Just(1.0), Just(0.5), Just(f64::NAN)].prop_map(Scalar::Float),
        prop_oneof![Just("1"), Just(""), Just("npm")].prop_map(Scalar::from),
    ]
}

fn name() -> impl Strategy<Value = &'static str> {
    prop_oneof![Just("label"), Just("property"), Just("value"), Just("custom"), Just("user")]
}

fn any_rule() -> impl Strategy<Value = SelectionRule> {
    let unique = prop_oneof![
        Just(""),
        Just("user.id"),
        Just("project.id"),
        Just("namespace"),
        Just("label"),
        Just("custom"),
        Just("undeclared")
    ];
    let operator = prop_oneof![4 => Just(""), 1 => Just("total"), 1 => Just("sum(value)")];
    let filter = proptest::collection::btree_map(name(), scalar(), 0..3);
    (unique, operator, filter).prop_map(|(unique, operator, filter)| {
        rule(unique, operator, &filter.into_iter().collect::<Vec<_>>())
    })
}

fn any_metric() -> impl Strategy<Value = MetricDefinition> {
    let time_frame =
        prop_oneof![Just(TimeFrame::All), Just(TimeFrame::SevenDays), Just(TimeFrame::None)];
    (time_frame, proptest::collection::vec(any_rule(), 1..4))
        .prop_map(|(time_frame, rules)| metric(time_frame, rules))
}

fn any_event() -> impl Strategy<Value = Event> {
    let id = || {
        proptest::option::of(prop_oneof![
            (0_i64..3).prop_map(Id::Number),
            Just(Id::Text("x".to_owned()))
        ])
    };
    let properties = proptest::collection::vec((name().prop_map(str::to_owned), scalar()), 0..5);
    (id(), id(), id(), properties).prop_map(|(user, project, namespace, properties)| Event {
        user,
        project,
        namespace,
        properties,
        ..Event::new("e")
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn explain_and_effect_agree(
        metrics in proptest::collection::vec(any_metric(), 0..4),
        declared in proptest::sample::subsequence(vec!["label", "property", "value", "custom"], 0..=4),
        event in any_event(),
    ) {
        let catalog = catalog(&declared, metrics, Overrides::default());
        let today = date(2026, 11, 18);
        let explained: Vec<String> = catalog
            .explain(&event, today)
            .rules
            .into_iter()
            .filter_map(|it| match it.verdict {
                Verdict::Moves { operand: Some(operand) } if !operand.is_empty() => {
                    Some(format!("{} {operand}", it.key))
                }
                Verdict::Moves { .. } => Some(it.key),
                _ => None,
            })
            .collect();
        prop_assert_eq!(explained, moved(&catalog, &event, Week::of(today)));
    }
}
