//! Routing an event, beside the look-ups and comparisons it cannot avoid.

use crate::generated::{self, COUNTED, LABEL};
use crate::measure::{Aim, Random, Report, Row, interleave, nanos_each};
use crate::{Size, process};
use anyhow::Result;
use internal_events_catalog::{Catalog, Event, Scalar};
use internal_events_installation::Installation;
use std::collections::HashMap;
use std::hint::black_box;

/// What the floor knows of an event: one property, one value to compare with, four counters.
struct Known {
    property: String,
    label: String,
    counters: [u32; 4],
}

pub(crate) fn run(size: &Size) -> Result<Report> {
    let catalog = catalog(size)?;
    let events: Vec<Event> = catalog.events().map(|it| event(&it.action)).collect();
    let known: HashMap<String, Known> = catalog.events().zip(0..).map(known).collect();
    let mut random = Random::new(3);
    let n = size.pick(1_000_000, 50_000);
    let order: Vec<usize> = (0..n).map(|_| random.below(events.len())).collect();
    let [ours, floor] = interleave(
        size.rounds,
        [
            &mut || {
                let took = process::on_this_thread(|| {
                    for idx in &order {
                        let event = &events[*idx];
                        let found = catalog.find_event(&event.name);
                        black_box(found.map(|it| catalog.route(it, event)));
                    }
                })?;
                Ok(nanos_each(took, n))
            },
            &mut || {
                let took = process::on_this_thread(|| {
                    for idx in &order {
                        black_box(look_up(&known, &events[*idx]));
                    }
                })?;
                Ok(nanos_each(took, n))
            },
        ],
    )?;
    let name = format!("route, 4 counters, {} events", events.len());
    let mut report = Report::default();
    report.rows.push(Row::beside(name, "ns", Aim::None, &ours, &floor));
    report.peaks.push(("this process, floor included".to_owned(), process::own_peak()?));
    Ok(report)
}

/// A catalog of events with four counters each, three metrics an event.
pub(crate) fn catalog(size: &Size) -> Result<Catalog> {
    let root = tempfile::tempdir()?;
    generated::write(root.path(), size.pick(1_000, 50), COUNTED)?;
    Ok(Installation::open(root.path(), |_| None)?.catalog())
}

fn event(action: &str) -> Event {
    let mut event = Event::new(action);
    event.user = Some(5.into());
    event.project = Some(7.into());
    event.properties.push(("label".to_owned(), LABEL.into()));
    event
}

fn known(event: (&internal_events_catalog::EventDefinition, u32)) -> (String, Known) {
    let (event, idx) = event;
    let known = Known {
        property: "label".to_owned(),
        label: LABEL.to_owned(),
        counters: std::array::from_fn(|it| idx * 4 + u32::try_from(it).unwrap_or_default()),
    };
    (event.action.clone(), known)
}

/// Finds the event by its name with the standard hash map, compares one property's name and
/// one value, and gives the four counters.
fn look_up(known: &HashMap<String, Known>, event: &Event) -> Option<[u32; 4]> {
    let known = known.get(&event.name)?;
    let (property, value) = event.properties.first()?;
    let passes =
        *property == known.property && matches!(value, Scalar::Str(it) if *it == known.label);
    passes.then_some(known.counters)
}
