//! What rules look up across files.

use crate::file::{File, Place};
use crate::model::{Event, Metric};
use crate::tables::Tables;
use crate::yaml::Node;
use std::collections::HashMap;

/// Everything that was read, findable.
#[derive(Debug)]
pub(crate) struct Index<'n> {
    pub(crate) events: &'n [Event<'n>],
    pub(crate) metrics: &'n [Metric<'n>],
    pub(crate) tables: &'n Tables<'n>,
    /// Events by action, of several the first; internal before legacy before removed.
    by_action: HashMap<&'n str, &'n Event<'n>>,
    /// Files that could not be parsed: what they define is unknown, so nobody may call it missing.
    unreadable: Vec<&'n File<'n>>,
}

impl<'n> Index<'n> {
    pub(crate) fn new(
        files: &'n [File<'n>],
        events: &'n [Event<'n>],
        metrics: &'n [Metric<'n>],
        tables: &'n Tables<'n>,
    ) -> Self {
        let mut by_action: HashMap<&str, &Event<'_>> = HashMap::with_capacity(events.len());
        for event in events {
            let Some(action) = event.action else { continue };
            let known = by_action.entry(action).or_insert(event);
            if rank(event) < rank(known) {
                *known = event;
            }
        }
        let unreadable = files.iter().filter(|it| it.is_unreadable()).collect();
        Self { events, metrics, tables, by_action, unreadable }
    }

    /// The event of an action, whatever its state.
    pub(crate) fn event(&self, action: &str) -> Option<&'n Event<'n>> {
        self.by_action.get(action).copied()
    }

    /// The event of an action if tracking knows it.
    pub(crate) fn tracked_event(&self, action: &str) -> Option<&'n Event<'n>> {
        self.event(action).filter(|it| is_tracked(it))
    }

    /// The actions tracking knows.
    pub(crate) fn tracked_actions(&self) -> impl Iterator<Item = &'n str> {
        self.events.iter().filter(|it| is_tracked(it)).filter_map(|it| it.action)
    }

    /// Every definition that somebody reads, events first.
    pub(crate) fn definitions(&self) -> impl Iterator<Item = (&'n File<'n>, &'n Node<'n>)> {
        let events = self.events.iter().filter(|it| it.file.place == Place::Event);
        let events = events.map(|it| (it.file, it.node));
        events.chain(self.metrics.iter().map(|it| (it.file, it.node)))
    }

    /// Whether a file that cannot be parsed probably defines this event.
    pub(crate) fn may_be_unreadable(&self, action: &str) -> bool {
        self.unreadable.iter().any(|file| {
            let says_so = |line: &str| {
                let value = line.strip_prefix("action:").map(str::trim);
                value.is_some_and(|it| it.trim_matches(['\'', '"']) == action)
            };
            file.stem() == action || file.text.lines().any(says_so)
        })
    }
}

fn is_tracked(event: &Event<'_>) -> bool {
    event.is_internal && event.file.place == Place::Event
}

fn rank(event: &Event<'_>) -> u8 {
    match event.file.place {
        Place::Event if event.is_internal => 0,
        Place::Event => 1,
        _ => 2,
    }
}
