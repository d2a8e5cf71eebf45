//! What stands in the tables.

use super::super::super::model::{Compared, Model};
use super::super::super::snapshot::{DeliveryNow, Entry, text};
use super::super::text::{age, clock, safe, style};
use super::Content;
use crate::output::counted;
use ratatui::layout::Constraint::{Fill, Length};
use ratatui::text::Span;
use ratatui::widgets::{Cell, Row};
use serde_json::Value;

/// Narrower screens have room for the columns that matter most.
const NARROW: u16 = 70;
/// And these for hardly any.
const VERY_NARROW: u16 = 40;

pub(super) fn metrics(model: &Model, width: u16) -> Content<'_> {
    let metrics = model.metrics();
    let look = style(model);
    let n_changed = metrics.iter().filter(|it| it.difference().is_some()).count();
    let (total, _) = model.totals();
    let title = match total {
        0 => "Metrics: none".to_owned(),
        _ => format!("Metrics: {} of {total}, {n_changed} changed", metrics.len()),
    };
    let is_wide = width >= NARROW;
    let mut columns = vec![("Key path", Fill(1))];
    if is_wide {
        columns.extend([("Frame", Length(5)), ("Initial", Length(9))]);
    }
    columns.push(("Now", Length(if width < VERY_NARROW { 4 } else { 9 })));
    if width >= VERY_NARROW {
        columns.push(("Change", Length(8)));
    }
    let row = |it: Compared<'_>| {
        let difference = it.difference();
        let changed = if difference.is_some() { look.changed } else { look.dim };
        let mut cells = vec![Cell::from(safe(&it.now.key_path))];
        if is_wide {
            cells.push(Cell::from(safe(&it.now.time_frame)));
            cells.push(Cell::from(value(it.initial)));
        }
        cells.push(Cell::from(Span::styled(value(&it.now.value), changed)));
        cells.push(Cell::from(Span::styled(difference.unwrap_or_default(), changed)));
        cells.truncate(columns.len());
        Row::new(cells)
    };
    let rows = metrics.into_iter().map(row).collect();
    Content { title, columns: columns.clone(), rows }
}

/// A value in few characters.
fn value(value: &Value) -> String {
    match value {
        Value::Null => "-".to_owned(),
        // Totals per value: how many values there are says more than which.
        Value::Object(uniques) => {
            let values = uniques.values().filter_map(Value::as_object).map(serde_json::Map::len);
            counted(values.sum::<usize>() as u64, "value", "values")
        }
        other => other.to_string(),
    }
}

pub(super) fn events(model: &Model, width: u16) -> Content<'_> {
    let events = model.events();
    let look = style(model);
    let n_uncounted = events.iter().filter(|it| !model.is_counted(it)).count();
    let (_, total) = model.totals();
    let title = match total {
        0 => "Events: none since the start".to_owned(),
        _ if n_uncounted == 0 => format!("Events: {total}"),
        _ => format!("Events: {total}, {n_uncounted} of them (!) moved none of the metrics"),
    };
    let columns = if width >= NARROW {
        vec![
            ("", Length(1)),
            ("Time", Length(8)),
            ("Event", Fill(2)),
            ("User", Length(8)),
            ("Project", Length(8)),
            ("Namespace", Length(9)),
            ("Properties", Fill(2)),
        ]
    } else if width >= VERY_NARROW {
        vec![("", Length(1)), ("Time", Length(8)), ("Event", Fill(1)), ("User", Length(8))]
    } else {
        vec![("", Length(1)), ("Event", Fill(1))]
    };
    let row = |entry: &Entry| {
        let is_counted = model.is_counted(entry);
        let mark = Span::styled(if is_counted { "" } else { "!" }, look.bad);
        let cells = columns.iter().map(|(name, _)| match *name {
            "" => Cell::from(mark.clone()),
            "Time" => Cell::from(clock(entry.accepted_at)),
            "Event" => Cell::from(safe(entry.name())),
            "Properties" => Cell::from(properties(entry)),
            identifier => Cell::from(safe(&entry.identifier(&identifier.to_lowercase()))),
        });
        Row::new(cells.collect::<Vec<_>>())
    };
    let rows = events.into_iter().map(row).collect();
    Content { title, columns: columns.clone(), rows }
}

/// Characters of the properties on one line: no screen is wider.
const PROPERTIES: usize = 300;

fn properties(entry: &Entry) -> String {
    let mut line = String::new();
    for (name, value) in entry.properties().into_iter().flatten() {
        if line.chars().count() >= PROPERTIES {
            break;
        }
        let value: String = text(value).chars().take(PROPERTIES).collect();
        let space = if line.is_empty() { "" } else { " " };
        line.push_str(&format!("{space}{}={}", safe(name), safe(&value)));
    }
    line
}

pub(super) fn deliveries(model: &Model, width: u16) -> Content<'_> {
    let title = match model.deliveries.len() {
        0 => "Delivery: nothing is known of it".to_owned(),
        _ => "Delivery".to_owned(),
    };
    let look = style(model);
    let mut columns = vec![("To", Length(10))];
    if width >= VERY_NARROW {
        columns.push(("Delivered", Length(9)));
    }
    columns.push(("Pending", Length(7)));
    if width >= VERY_NARROW {
        columns.push(("Oldest", Length(7)));
    }
    if width >= NARROW {
        columns.push(("Dropped", Fill(1)));
        columns.push(("Trouble", Fill(2)));
    }
    let now = model.updated_at.unwrap_or_default();
    let row = |it: &DeliveryNow| {
        let cells = columns.iter().map(|(name, _)| match *name {
            "To" => Cell::from(safe(&it.destination)),
            "Delivered" => Cell::from(it.delivered.to_string()),
            "Pending" => Cell::from(it.pending.to_string()),
            "Oldest" => {
                Cell::from(it.oldest_pending.map_or_else(|| "-".to_owned(), |at| age(now - at)))
            }
            "Dropped" => Cell::from(dropped(it)),
            _ => Cell::from(Span::styled(trouble(it), look.bad)),
        });
        Row::new(cells.collect::<Vec<_>>())
    };
    let rows = model.deliveries.iter().map(row).collect();
    Content { title, columns: columns.clone(), rows }
}

fn dropped(it: &DeliveryNow) -> String {
    let causes = it.dropped.iter().map(|(cause, n)| format!("{n} {}", safe(cause)));
    let causes: Vec<String> = causes.collect();
    if causes.is_empty() { "0".to_owned() } else { causes.join(", ") }
}

/// What went wrong last, and what may go wrong.
fn trouble(it: &DeliveryNow) -> String {
    let all: Vec<String> = it.last_error.iter().chain(&it.warnings).map(|it| safe(it)).collect();
    all.join("; ")
}
