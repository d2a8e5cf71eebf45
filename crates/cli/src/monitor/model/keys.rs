//! What keys do.

use super::{Model, Table, View};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

/// What the loop does after a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::monitor) enum Then {
    /// It goes on.
    Go,
    /// It ends.
    Quit,
}

/// Where a selection goes.
#[derive(Clone, Copy, Debug)]
enum Step {
    Back(usize),
    On(usize),
    First,
    Last,
}

/// Rows or lines that a page key goes.
const PAGE: usize = 10;

impl Model {
    /// Takes in a key.
    pub(in crate::monitor) fn press(&mut self, key: KeyEvent) -> Then {
        let has_control = key.modifiers.contains(KeyModifiers::CONTROL);
        if has_control && key.code == KeyCode::Char('c') {
            return Then::Quit;
        }
        if self.is_typing {
            self.type_filter(key.code);
            return Then::Go;
        }
        if key.code == KeyCode::Char('q') {
            return Then::Quit;
        }
        if let Some(step) = step(key.code) {
            self.go(step);
        } else if !has_control {
            self.command(key.code);
        }
        Then::Go
    }

    fn command(&mut self, code: KeyCode) {
        match (code, &self.view) {
            (KeyCode::Char('p'), _) => self.is_paused = !self.is_paused,
            (KeyCode::Char('r'), _) => {
                self.reset();
                self.view = View::Tables;
            }
            (KeyCode::Char('?'), View::Help) => self.view = View::Tables,
            (KeyCode::Char('?'), _) => self.view = View::Help,
            (KeyCode::Esc | KeyCode::Enter, View::Event { .. } | View::Help) => {
                self.view = View::Tables;
            }
            (KeyCode::Char('/'), View::Tables) => self.is_typing = true,
            (KeyCode::Esc, View::Tables) => self.filter.clear(),
            (KeyCode::Enter, View::Tables) => self.open(),
            (KeyCode::Tab, View::Tables) => self.focus = next(self.focus),
            (KeyCode::BackTab, View::Tables) => self.focus = next(next(self.focus)),
            _ => {}
        }
    }

    /// Opens the selected event, whatever table one is in.
    fn open(&mut self) {
        let selected = self.selected(Table::Events);
        if let Some(sequence) = self.events().get(selected).map(|it| it.sequence) {
            self.view = View::Event { sequence, from: 0 };
        }
    }

    fn type_filter(&mut self, code: KeyCode) {
        match code {
            KeyCode::Enter => self.is_typing = false,
            KeyCode::Esc => {
                self.is_typing = false;
                self.filter.clear();
            }
            KeyCode::Backspace => drop(self.filter.pop()),
            KeyCode::Char(it) if self.filter.chars().count() < self.limits.filter => {
                self.filter.push(it);
            }
            _ => {}
        }
    }

    fn go(&mut self, step: Step) {
        match &mut self.view {
            View::Help => {}
            // Drawing knows how many lines there are.
            View::Event { from, .. } => *from = moved(*from, step, usize::MAX),
            View::Tables => self.select(step),
        }
    }

    /// Keeps an opened event from being scrolled beyond its last line.
    pub(in crate::monitor) fn scroll_at_most(&mut self, last_line: usize) {
        if let View::Event { from, .. } = &mut self.view {
            *from = last_line.min(*from);
        }
    }

    fn select(&mut self, step: Step) {
        match self.focus {
            Table::Metrics => self.metric = moved(self.metric, step, self.metrics().len()),
            Table::Delivery => self.delivery = moved(self.delivery, step, self.deliveries.len()),
            Table::Events => {
                let events = self.events();
                let at = moved(self.selected(Table::Events), step, events.len());
                // Who goes to the newest stays with the newest, also when others come.
                self.event = events.get(at).filter(|_| at > 0).map(|it| it.sequence);
            }
        }
    }
}

fn step(code: KeyCode) -> Option<Step> {
    Some(match code {
        KeyCode::Up | KeyCode::Char('k') => Step::Back(1),
        KeyCode::Down | KeyCode::Char('j') => Step::On(1),
        KeyCode::PageUp => Step::Back(PAGE),
        KeyCode::PageDown => Step::On(PAGE),
        KeyCode::Home => Step::First,
        KeyCode::End => Step::Last,
        _ => return None,
    })
}

fn moved(from: usize, step: Step, rows: usize) -> usize {
    let last = rows.saturating_sub(1);
    match step {
        Step::Back(n) => from.min(last).saturating_sub(n),
        Step::On(n) => from.saturating_add(n).min(last),
        Step::First => 0,
        Step::Last => last,
    }
}

fn next(table: Table) -> Table {
    match table {
        Table::Metrics => Table::Events,
        Table::Events => Table::Delivery,
        Table::Delivery => Table::Metrics,
    }
}
