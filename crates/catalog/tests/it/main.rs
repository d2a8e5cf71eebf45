//! Tests of the catalog through its public interface.

mod agreement;
mod keys;
mod legacy;
mod names;
mod parity;
mod routing;
mod weeks;

use internal_events_catalog::{
    Catalog, DataSource, Definitions, Event, EventDefinition, LegacyOptions, MetricDefinition,
    MetricStatus, Operator, Overrides, Scalar, SelectionRule, TimeFrame, Week,
};

/// A rule from its parts: `unique`, `operator`, filter pairs.
fn rule(unique: &str, operator: &str, filter: &[(&str, Scalar)]) -> SelectionRule {
    let text = |it: &str| (!it.is_empty()).then(|| it.to_owned());
    let mut filter: Vec<(String, Scalar)> =
        filter.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect();
    filter.sort_by(|a, b| a.0.cmp(&b.0));
    SelectionRule {
        name: "e".to_owned(),
        unique: text(unique),
        filter,
        operator: text(operator).map(|it| Operator::parse(&it)),
    }
}

fn metric(time_frame: TimeFrame, rules: Vec<SelectionRule>) -> MetricDefinition {
    MetricDefinition {
        key_path: format!("m_{time_frame}"),
        description: String::new(),
        time_frame,
        data_source: DataSource::InternalEvents,
        status: MetricStatus::Active,
        rules,
        legacy: LegacyOptions::default(),
        instrumentation_class: None,
        path: "config/metrics/m.yml".to_owned(),
    }
}

/// A catalog of the event `e` with these properties and metrics.
fn catalog(properties: &[&str], metrics: Vec<MetricDefinition>, overrides: Overrides) -> Catalog {
    let event = EventDefinition {
        action: "e".to_owned(),
        internal: true,
        properties: properties.iter().map(|it| (*it).to_owned()).collect(),
        ..EventDefinition::default()
    };
    Catalog::new(Definitions { events: vec![event], metrics, overrides })
}

/// The keys an event moves in a week, each with its element or amount.
fn moved(catalog: &Catalog, event: &Event, week: Week) -> Vec<String> {
    let idx = catalog.find_event(&event.name).expect("the event is defined");
    let routed = catalog.route(idx, event);
    let moved = routed.updates.iter().map(|update| {
        let mut element = String::new();
        update.operand.write_element(event, &mut element);
        let separator = if element.is_empty() { "" } else { " " };
        format!("{}{separator}{element}", catalog.key(update.counter, week))
    });
    moved.collect()
}
