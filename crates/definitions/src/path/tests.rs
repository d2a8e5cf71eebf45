//! The names here are those of the catalog's keys.

use super::counter_path;
use internal_events_catalog::{
    Catalog, CounterKind, DataSource, Definitions, EventDefinition, LegacyOptions,
    MetricDefinition, MetricStatus, Operator, Scalar, SelectionRule, TimeFrame, Week,
};

fn rules() -> Vec<SelectionRule> {
    let filters = [
        vec![],
        vec![("label".to_owned(), Scalar::from("npm"))],
        vec![("label".to_owned(), Scalar::from("npm")), ("value".to_owned(), Scalar::from(5.0))],
    ];
    let operators = [None, Some(Operator::Total), Some(Operator::SumValue)];
    let uniques = [None, Some("user.id"), Some("label")];
    let mut rules = Vec::new();
    for filter in &filters {
        for operator in &operators {
            for unique in uniques {
                rules.push(SelectionRule {
                    name: "e".to_owned(),
                    unique: unique.map(str::to_owned),
                    filter: filter.clone(),
                    operator: operator.clone(),
                });
            }
        }
    }
    rules
}

#[test]
fn names_are_those_of_the_catalogs_keys() {
    let week = Week::at_millisecond(0);
    for rule in rules() {
        let metric = MetricDefinition {
            key_path: "m".to_owned(),
            description: String::new(),
            time_frame: TimeFrame::All,
            data_source: DataSource::InternalEvents,
            status: MetricStatus::Active,
            rules: vec![rule.clone()],
            legacy: LegacyOptions::default(),
            instrumentation_class: None,
            path: String::new(),
        };
        let event = EventDefinition {
            action: "e".to_owned(),
            internal: true,
            ..EventDefinition::default()
        };
        let definitions =
            Definitions { events: vec![event], metrics: vec![metric], ..Definitions::default() };
        let catalog = Catalog::new(definitions);
        let slot = match rule.kind() {
            CounterKind::Total => "event_counters",
            CounterKind::Sum => "event_sums",
            CounterKind::Unique | CounterKind::PerValue => "hll_counters",
        };
        let event = catalog.find_event("e").unwrap();
        let keys: Vec<_> =
            catalog.counters_of(event).iter().map(|it| catalog.key(*it, week)).collect();
        let expected = format!("{{{slot}}}_{}", counter_path(&rule));
        assert!(keys.contains(&expected), "{expected} {keys:?}");
    }
}
