//! What is known of the application before its source is read.

use crate::modules::Modules;
use crate::site::Refusal;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// What is known of the application before its source is read.
#[derive(Clone, Debug, Default)]
pub struct Project {
    /// Events that are defined as internal events already, by name.
    pub internal_events: Arc<BTreeSet<String>>,
    /// Legacy events, by name: of metrics of data source `redis_hll` or `redis`, of the list of
    /// legacy events, of the Snowplow dictionary.
    pub legacy_events: Arc<BTreeMap<String, LegacyEvent>>,
    /// Events whose calls must stay as they are, by the new name, and why: what only all files and
    /// definitions together tell. [`rewrite`](crate::rewrite()) looks here, no rewriter has to.
    pub held: BTreeMap<String, Held>,
    /// What other files mean for events of one, by its path.
    pub told: Arc<Told>,
    /// Other files, for names that a file imports.
    pub modules: Modules,
}

impl Project {
    /// The same application, as one of its files sees it.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        Self { modules: self.modules.at(path), ..self.clone() }
    }
}

/// What other files mean for events of files, by the path and by the event.
pub type Told = BTreeMap<String, BTreeMap<String, Tell>>;

/// What other files mean for an event of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Tell {
    /// It must stay as it is.
    Stays(Refusal),
    /// No mixin tracks it, so that a spec sees no category behind its properties.
    HasNoCategory,
}

/// Why the calls of an event must stay as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The reason.
    pub refusal: Refusal,
    /// Whether only calls that count are concerned, and not those that only send events.
    pub only_counts: bool,
}

/// What definitions say of a legacy event.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LegacyEvent {
    /// Key paths of metrics that count distinct values of it.
    pub unique_metrics: Vec<String>,
    /// Key paths of metrics that count how often it happened.
    pub total_metrics: Vec<String>,
    /// What the unique metrics count, if a name or a description says so: `user.id`, …
    pub unique_hint: Option<String>,
    /// Whether the list of legacy events has it.
    pub is_listed: bool,
}
