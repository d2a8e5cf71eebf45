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
    let width = usize::from(inner.width);
    let lines: Vec<String> =
        lines(model, sequence).iter().flat_map(|it| wrapped(&shortened(it), width)).collect();
    // Whoever scrolls beyond the end sees the end.
    let last = lines.len().saturating_sub(usize::from(inner.height));
    let shown = lines.into_iter().skip(from.min(last)).take(usize::from(inner.height));
    frame.render_widget(block, area);
    frame.render_widget(Paragraph::new(shown.map(Line::from).collect::<Vec<_>>()), inner);
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
    if let Some((_, why)) = model.why().filter(|(it, _)| it.sequence == sequence) {
        lines.push("Why none of the metrics shown".to_owned());
        lines.extend(why.reasons.iter().map(|it| format!("  {}", safe(it))));
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
