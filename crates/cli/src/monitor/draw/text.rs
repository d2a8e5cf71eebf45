//! Text of the screen: whatever is foreign is made visible here, before it is styled.

use super::super::model::{Medium, Model};
use crate::visible::visible;
use jiff::Timestamp;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

/// How words look; where colours are not wanted, no colour says anything that a word does not.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    pub(super) strong: Style,
    pub(super) dim: Style,
    pub(super) changed: Style,
    pub(super) bad: Style,
    pub(super) selected: Style,
}

pub(super) fn style(model: &Model) -> Look {
    let plain = Style::new();
    let strong = plain.add_modifier(Modifier::BOLD);
    let coloured =
        |it: Color| if model.medium == Medium::ColourTerminal { strong.fg(it) } else { strong };
    Look {
        strong,
        dim: plain.add_modifier(Modifier::DIM),
        changed: coloured(Color::Yellow),
        bad: coloured(Color::Red),
        selected: plain.add_modifier(Modifier::REVERSED),
    }
}

/// Foreign text on one line, in which nothing steers a terminal.
pub(super) fn safe(text: &str) -> String {
    visible(text).into_owned()
}

/// The time of day in UTC.
pub(super) fn clock(ms: i64) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(Timestamp::UNIX_EPOCH);
    at.strftime("%H:%M:%S").to_string()
}

/// A stretch of time in its largest whole unit.
pub(super) fn age(ms: i64) -> String {
    let seconds = ms.max(0) / 1_000;
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// Breaks a line into pieces that fit into a width.
pub(super) fn wrapped(line: &str, width: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut used = 0;
    for it in line.chars() {
        let wide = Span::raw(it.encode_utf8(&mut [0; 4]).to_owned()).width();
        if used + wide > width.max(1) && used > 0 {
            pieces.push(String::new());
            used = 0;
        }
        used += wide;
        if let Some(piece) = pieces.last_mut() {
            piece.push(it);
        }
    }
    pieces
}
