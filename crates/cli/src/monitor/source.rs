//! Where the monitor looks: a data directory, or a running server.

mod local;
mod remote;

pub(super) use local::Local;
pub(super) use remote::{Remote, RemoteArgs};

use super::snapshot::{Entry, MetricNow, Snapshot};
use internal_events_catalog::Catalog;
use std::collections::{BTreeSet, HashSet};

/// What is looked at again and again.
pub(super) trait Source: Send {
    /// Where it is, for a person.
    fn place(&self) -> String;

    /// Reads the values there are now, and the events since the look before.
    ///
    /// The first look finds as many of the events before it as it was told to.
    ///
    /// # Errors
    ///
    /// When what is looked at cannot be read; the next look may find it again.
    fn look(&mut self) -> anyhow::Result<Snapshot>;
}

/// What a person wants to watch: the names of events, and beginnings of key paths.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Watched {
    /// Named events; nothing is named where everything is watched.
    pub(super) events: Vec<String>,
    pub(super) key_paths: Vec<String>,
    /// Events that metrics of these key paths count, as far as that is known.
    pub(super) counted: BTreeSet<String>,
}

impl Watched {
    pub(super) fn is_everything(&self) -> bool {
        self.events.is_empty() && self.key_paths.is_empty()
    }

    /// Leaves of some events those that belong to what is watched.
    pub(super) fn of(&self, mut events: Vec<Entry>, metrics: &[MetricNow]) -> Vec<Entry> {
        if self.is_everything() {
            return events;
        }
        let named = self.key_paths.iter().flat_map(|start| {
            metrics.iter().filter(move |it| it.key_path.starts_with(start.as_str()))
        });
        let keys: HashSet<&str> = named.flat_map(|it| it.keys.iter().map(String::as_str)).collect();
        events.retain(|it| {
            self.events.iter().any(|name| name == it.name())
                || self.counted.contains(it.name())
                || it.updates.iter().any(|it| keys.contains(it.key.as_str()))
        });
        events
    }

    /// Adds the events that metrics count, by definitions that are at hand.
    pub(super) fn learn(&mut self, catalog: &Catalog) {
        for beginning in &self.key_paths {
            let metrics = catalog.metrics().iter();
            let found = metrics.filter(|it| it.definition.key_path.starts_with(beginning));
            self.counted.extend(found.flat_map(|it| catalog.counted_by(it)));
        }
    }
}
