//! The screen, drawn from a model and nothing else.

mod event;
mod tables;
mod text;

use super::model::{Model, View};
use ratatui::Frame;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Paragraph;
use text::{clock, safe, style};

/// Fewer lines than this have room for one line of head, one table, and nothing else.
const TINY: u16 = 10;

/// Draws everything.
pub(super) fn draw(frame: &mut Frame<'_>, model: &Model) {
    let area = frame.area();
    if area.height == 0 || area.width == 0 {
        return;
    }
    let head = head(model, area);
    let foot = foot(model, area);
    let (n_head, n_foot) = (rows(head.len()), rows(foot.len()));
    let body = Rect {
        y: area.y + n_head.min(area.height),
        height: area.height.saturating_sub(n_head + n_foot),
        ..area
    };
    frame.render_widget(Paragraph::new(head), Rect { height: n_head.min(area.height), ..area });
    match &model.view {
        View::Tables => tables::draw(frame, body, model),
        View::Event { sequence, from } => event::draw(frame, body, model, (*sequence, *from)),
        View::Help => frame.render_widget(help(), body),
    }
    let last = Rect { y: body.y + body.height, height: n_foot.min(area.height - n_head), ..area };
    frame.render_widget(Paragraph::new(foot), last);
}

/// Draws everything as text, with as many lines as there are to show.
pub(super) fn as_text(model: &Model, width: u16, height: u16) -> String {
    let mut terminal = match Terminal::new(TestBackend::new(width, height)) {
        Ok(terminal) => terminal,
        Err(never) => match never {},
    };
    match terminal.draw(|frame| draw(frame, model)) {
        Ok(drawn) => lines_of(drawn.buffer),
        Err(never) => match never {},
    }
}

/// How many lines everything takes where there are so many columns.
pub(super) fn height(model: &Model, width: u16) -> u16 {
    let head = head(model, Rect::new(0, 0, width, u16::MAX));
    rows(head.len()).saturating_add(tables::height(model, width))
}

/// The first line of an opened event when its end is on the screen.
pub(super) fn last_line(model: &Model, area: Rect) -> usize {
    let View::Event { sequence, .. } = model.view else { return 0 };
    let other = rows(head(model, area).len() + foot(model, area).len());
    let body = Rect { height: area.height.saturating_sub(other), ..area };
    event::last_line(model, sequence, body)
}

fn lines_of(buffer: &Buffer) -> String {
    let mut text = String::new();
    for y in buffer.area.top()..buffer.area.bottom() {
        let mut line = String::new();
        let mut covered = 0;
        for x in buffer.area.left()..buffer.area.right() {
            let symbol = buffer.cell((x, y)).map_or(" ", |it| it.symbol());
            // A wide character covers the cells behind it.
            if covered == 0 {
                line.push_str(symbol);
                covered = Span::raw(symbol).width().saturating_sub(1);
            } else {
                covered -= 1;
            }
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

fn head(model: &Model, area: Rect) -> Vec<Line<'static>> {
    let style = style(model);
    let time = model.updated_at.map_or_else(|| "--:--:--".to_owned(), clock);
    let paused = if model.is_paused { "  PAUSED" } else { "" };
    if area.height < TINY {
        let failed = if model.error.is_some() { "  FAILED" } else { "" };
        return vec![Line::from(format!("{time}{paused}{failed}  {}", safe(&model.watched)))];
    }
    let watched = format!("Watching {}", safe(&model.watched));
    let mut first = vec![Span::styled(watched, style.strong)];
    first.push(Span::raw(format!("  {}", safe(&model.place))));
    let mut second = vec![Span::raw(format!("Updated at {time} UTC"))];
    second.push(Span::styled(paused, style.changed));
    if !model.filter.is_empty() && !model.is_typing {
        second.push(Span::raw(format!("  filter `{}`", safe(&model.filter))));
    }
    let n = model.kept_aside();
    if n > 0 {
        let events = if n == 1 { "event" } else { "events" };
        let where_to = "`internal-events quarantine list` says why";
        second.push(Span::styled(format!("  {n} {events} kept aside: {where_to}"), style.bad));
    }
    let mut lines = vec![Line::from(first), Line::from(second)];
    let error = model.error.as_ref().map(|it| format!("Cannot be read: {it}"));
    for it in error.iter().chain(&model.notes) {
        lines.push(Line::styled(safe(it), style.bad));
    }
    lines
}

fn foot(model: &Model, area: Rect) -> Vec<Line<'static>> {
    let style = style(model);
    if model.is_typing {
        let typed = format!("/{}_  (Enter keeps it, Esc clears it)", safe(&model.filter));
        return vec![Line::styled(typed, style.strong)];
    }
    if !model.is_interactive() || area.height < TINY {
        return Vec::new();
    }
    let pause = if model.is_paused { "p resume" } else { "p pause" };
    let keys = match model.view {
        View::Tables => {
            format!("q quit  {pause}  r reset  / filter  Tab table  Enter event  ? help")
        }
        View::Event { .. } => "q quit  Esc close  up/down scroll".to_owned(),
        View::Help => "q quit  Esc close".to_owned(),
    };
    vec![Line::styled(keys, style.dim)]
}

fn help() -> Paragraph<'static> {
    let keys = [
        "p          pause, and go on",
        "r          reset: what is now is initial, and no event has come",
        "/          filter metrics and events; Enter keeps it, Esc clears it",
        "Tab        go to the next table",
        "up, down   select, as k and j do; also page up and down, home and end",
        "Enter      open the selected event; Esc closes it",
        "?          this help",
        "q, Ctrl-C  quit",
        "",
        "A value that changed is followed by the difference.",
        "An event with ! moved none of the metrics shown.",
        "Values include the current week.",
    ];
    Paragraph::new(keys.map(Line::from).to_vec())
}

/// A number of lines, as the screen counts.
fn rows(n: usize) -> u16 {
    u16::try_from(n).unwrap_or(u16::MAX)
}

#[cfg(test)]
mod tests;
