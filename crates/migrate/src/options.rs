//! What whoever migrates decides.

use crate::site::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// How the new calls are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
    /// As the first guide wrote them: `Gitlab::InternalEvents.track_event`, `this.track_event`.
    First,
    /// As today's GitLab writes them: `include Gitlab::InternalEventsTracking` and
    /// `track_internal_event` in Ruby classes, `this.trackEvent`.
    #[default]
    Current,
}

/// What becomes of a macro with one name that is counted and another for Snowplow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TwoNames {
    /// It stays.
    #[default]
    Refused,
    /// The counted name is the event's.
    Counted,
}

/// What whoever migrates decides.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// How the new calls are written. `--style 2023|current`.
    pub style: Style,
    /// Whether label, property, value and custom properties go, as in the first guide.
    /// `--drop-properties`.
    pub drops_properties: bool,
    /// Whether custom contexts and experiments go, as in the guides of all times. `--drop-context`.
    pub drops_context: bool,
    /// What becomes of a macro with two names. `--counted-name`.
    pub two_names: TwoNames,
    /// Whether the category of a call is kept. `--keep-category`.
    pub keeps_category: bool,
    /// New names of events, by the old ones. `--rename old=new`.
    pub renames: BTreeMap<String, String>,
    /// Which kinds are looked at; all if empty. `--only KIND`.
    pub only: BTreeSet<Kind>,
}

impl Options {
    /// The name an event has afterwards.
    pub fn renamed<'a>(&'a self, name: &'a str) -> &'a str {
        self.renames.get(name).map_or(name, String::as_str)
    }

    /// Whether sites of a kind are looked at.
    pub fn includes(&self, kind: Kind) -> bool {
        self.only.is_empty() || self.only.contains(&kind)
    }
}
