//! The tables, and how they share the screen.

mod rows;

use super::super::model::{Model, Table as Which};
use super::text::{safe, style, wrapped};
use ratatui::Frame;
use ratatui::layout::{Constraint, Rect};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Borders, HighlightSpacing, Paragraph, Row, Table, TableState};

/// Lines of a table that are no rows: its title, and the names of its columns.
const FRAME: u16 = 2;

/// Fewer lines than this have room for one table only.
const ONE_TABLE: u16 = 12;

/// Fewer lines than this have no room for the state of deliveries.
const NO_DELIVERY: u16 = 14;

/// Lines that metrics and events have at least, whatever is said beside them.
const LEAST: u16 = 8;

/// Lines of deliveries, so that there is room for more than that.
const DELIVERIES: usize = 4;

/// Reasons that are shown beside the tables; an opened event has all.
const REASONS: usize = 3;

/// Lines of all that, in a narrow screen too.
const WHY: usize = 6;

/// What a table shows: widths, names of columns, rows.
struct Content<'a> {
    title: String,
    columns: Vec<(&'static str, Constraint)>,
    rows: Vec<Row<'a>>,
}

/// Draws what there is room for.
pub(super) fn draw(frame: &mut Frame<'_>, area: Rect, model: &Model) {
    let is_hidden = model.focus == Which::Delivery && area.height < NO_DELIVERY;
    if model.is_interactive() && (area.height < ONE_TABLE || is_hidden) {
        return draw_table(frame, area, model, model.focus);
    }
    let mut rest = area;
    let mut take = |height: u16| {
        let height = height.min(rest.height);
        let taken = Rect { height, ..rest };
        rest = Rect { y: rest.y + height, height: rest.height - height, ..rest };
        taken
    };
    let why_lines = why_not(model, area.width);
    let Heights { metrics, why, events, delivery } = heights(area.height, why_lines.len(), model);
    draw_table(frame, take(metrics), model, Which::Metrics);
    let block = titled("Why not", false, model);
    if why > 0 {
        frame.render_widget(Paragraph::new(why_lines).block(block), take(why));
    }
    draw_table(frame, take(events), model, Which::Events);
    draw_table(frame, take(delivery), model, Which::Delivery);
}

/// How many lines everything takes where there are so many columns.
pub(super) fn height(model: &Model, width: u16) -> u16 {
    let why_lines = why_not(model, width).len();
    let Heights { metrics, why, events, delivery } = wanted(why_lines, model);
    metrics.saturating_add(why).saturating_add(events).saturating_add(delivery)
}

/// How many lines each part has.
struct Heights {
    metrics: u16,
    why: u16,
    events: u16,
    delivery: u16,
}

fn wanted(why_lines: usize, model: &Model) -> Heights {
    // A table without rows says so on one line.
    let table = |n: usize| super::rows(n.max(1)).saturating_add(FRAME);
    Heights {
        metrics: table(model.metrics().len()),
        why: super::rows(if why_lines == 0 { 0 } else { why_lines + 1 }),
        events: table(model.events().len()),
        delivery: table(model.deliveries.len()),
    }
}

/// Divides a height: each part gets what it wants, or metrics and events share what the others
/// leave.
fn heights(height: u16, why_lines: usize, model: &Model) -> Heights {
    let wanted = wanted(why_lines, model);
    let other = wanted.metrics.saturating_add(wanted.why).saturating_add(wanted.delivery);
    if height >= other.saturating_add(wanted.events) {
        return Heights { events: height - other, ..wanted };
    }
    let is_roomy = height >= NO_DELIVERY || !model.is_interactive();
    let most = super::rows(DELIVERIES) + FRAME;
    let delivery = if is_roomy { wanted.delivery.min(most) } else { 0 };
    let why = wanted.why.min(height.saturating_sub(delivery + LEAST));
    let rest = height.saturating_sub(delivery + why);
    let least_events = wanted.events.min(rest / 2);
    let metrics = wanted.metrics.min(rest - least_events);
    Heights { metrics, why, events: rest - metrics, delivery }
}

/// Why the newest event that moved nothing did not; no lines if there is none.
fn why_not(model: &Model, width: u16) -> Vec<Line<'static>> {
    let Some((entry, why)) = model.why() else { return Vec::new() };
    let (name, sequence) = (safe(entry.name()), entry.sequence);
    let title = format!("{name} (entry {sequence}) moved none of the metrics shown:");
    let mut lines = vec![Line::styled(title, style(model).bad)];
    for reason in why.reasons.iter().take(REASONS) {
        lines.extend(
            wrapped(&format!("  {}", safe(reason)), width.into()).into_iter().map(Line::from),
        );
    }
    let more = why.reasons.len().saturating_sub(REASONS);
    lines.extend((more > 0).then(|| Line::from(format!("  and {more} more"))));
    lines.truncate(WHY);
    lines
}

fn titled(title: &str, is_focused: bool, model: &Model) -> Block<'static> {
    let style = style(model);
    let mark = if is_focused { ">" } else { "" };
    let look = if is_focused { style.strong } else { style.dim };
    let title = Span::styled(format!("{mark} {title} "), look);
    Block::new().borders(Borders::TOP).border_style(style.dim).title(title)
}

fn draw_table(frame: &mut Frame<'_>, area: Rect, model: &Model, which: Which) {
    let style = style(model);
    let Content { title, columns, rows } = match which {
        Which::Metrics => rows::metrics(model, area.width),
        Which::Events => rows::events(model, area.width),
        Which::Delivery => rows::deliveries(model, area.width),
    };
    let is_focused = model.is_interactive() && model.focus == which;
    let block = titled(&title, is_focused, model);
    let names = Row::new(columns.iter().map(|(name, _)| *name)).style(style.dim);
    let table = Table::new(rows, columns.iter().map(|(_, width)| *width))
        .header(names)
        .block(block)
        .column_spacing(2)
        .highlight_spacing(HighlightSpacing::Never);
    let table = if is_focused { table.row_highlight_style(style.selected) } else { table };
    let selected = is_focused.then(|| model.selected(which));
    let mut state = TableState::new().with_selected(selected);
    frame.render_stateful_widget(table, area, &mut state);
}
