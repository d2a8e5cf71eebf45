//! One event, whole.

use super::super::model::Model;
use super::text::{safe, style, wrapped};
use crate::visible::visible_json;
use ratatui::Frame;
use ratatui::layout::Rect;
use ratatui::text::Line;
use ratatui::widgets::{Block, Borders, Paragraph};

/// Characters of a line that are shown: a value may have two million.
const LINE: usize = 2_000;

/// Draws an event from a line of it on.
pub(super) fn draw(
    frame: &mut Frame<'_>,
    area: Rect,
    model: &Model,
    (sequence, from): (u64, usize),
) {
    let title = format!(" Entry {sequence} ");
    let block = Block::new().borders(Borders::TOP).title(title).title_style(style(model).strong);
    let inner = block.inner(area);
    let lines = folded(model, sequence, inner);
    // Whoever scrolls beyond the end sees the end.
    let last = lines.len().saturating_sub(usize::from(inner.height));
    let shown = lines.into_iter().skip(from.min(last)).take(usize::from(inner.height));
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(shown.map(Line::from).collect::<Vec<_>>()), inner);
}

/// The first line when the end is shown.
pub(super) fn last_line(model: &Model, sequence: u64, area: Rect) -> usize {
    let inner = Block::new().borders(Borders::TOP).inner(area);
    folded(model, sequence, inner).len().saturating_sub(usize::from(inner.height))
}

/// The lines of an event, folded where they are too long.
fn folded(model: &Model, sequence: u64, area: Rect) -> Vec<String> {
    let lines = lines(model, sequence);
    lines.iter().flat_map(|it| wrapped(&shortened(it), area.width.into())).collect()
}

fn lines(model: &Model, sequence: u64) -> Vec<String> {
    let Some(entry) = model.event(sequence) else {
        return vec!["This event is too old by now: newer ones have taken its place.".to_owned()];
    };
    let mut lines = vec!["Moved".to_owned()];
    for it in &entry.updates {
        lines.push(format!("  {}  {}", safe(&it.key), safe(&it.what)));
        lines.extend(model.read_from(&it.key).map(|path| format!("    {}", safe(path))));
    }
    if entry.updates.is_empty() {
        lines.push("  nothing".to_owned());
    }
    let reasons = model.opened_reasons();
    if !reasons.is_empty() {
        lines.push("Did not move".to_owned());
        lines.extend(reasons.iter().map(|it| format!("  {}", safe(it))));
    }
    lines.push("Journal".to_owned());
    let json = format!("{:#}", entry.json);
    lines.extend(visible_json(&json).lines().map(|it| format!("  {it}")));
    lines
}

fn shortened(line: &str) -> String {
    match line.char_indices().nth(LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}
