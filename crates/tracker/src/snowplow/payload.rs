//! The Snowplow event that GitLab would send for an internal event.
//!
//! ```text
//! {"e":"se","se_ca":…,"se_ac":…,"se_la":…,"se_pr":…,"se_va":…,"cx":…,"p":"srv","dtm":…,"tna":"gl",…}
//! ```
//!
//! All of it follows from the entry in the journal and the configuration, so that it is the same
//! event whenever it is sent.

use super::contexts::Contexts;
use super::json::Form;
use super::options::SnowplowOptions;
use super::said::{Given, Said};
use crate::store::StoredEntry;
use uuid::Uuid;
use uuid::fmt::Hyphenated;

/// The parameters of an event, in the order in which they are sent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(pub(super) Vec<(String, String)>);

impl Parameters {
    /// The value of a parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    /// Walks them in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// The category of events whose caller names none.
const CATEGORY: &str = "InternalEventTracking";

/// Builds events; made once, for what it says of the installation.
#[derive(Debug)]
pub(super) struct Builder<'o> {
    options: &'o SnowplowOptions,
    contexts: Contexts<'o>,
}

impl<'o> Builder<'o> {
    pub(super) fn new(options: &'o SnowplowOptions) -> Self {
        Self { options, contexts: Contexts::new(options) }
    }

    /// Builds the Snowplow event of an internal event, all but the time when it is sent.
    #[cfg(test)]
    pub(super) fn build(
        &self,
        entry: &StoredEntry,
        event: &internal_events_catalog::Event,
        is_duo: bool,
    ) -> Parameters {
        let mut bytes = Vec::new();
        crate::payload::encode_event(event, &mut bytes);
        if is_duo {
            crate::payload::encode_duo(&mut bytes);
        }
        let said = Said::read(&bytes).expect("an event that was just written can be read");
        let mut parameters = Parameters::default();
        self.write(entry, &said, &mut parameters);
        parameters
    }

    /// Writes the Snowplow event of an internal event, all but the time when it is sent.
    pub(super) fn write(&self, entry: &StoredEntry, said: &Said<'_>, form: &mut impl Form) {
        self.write_all(entry, said, &self.contexts.write(entry, said), form);
    }

    /// Writes the event of a call from before internal events, whose caller gives the contexts
    /// beside the standard one.
    pub(super) fn write_legacy(
        &self,
        entry: &StoredEntry,
        said: &Said<'_>,
        others: &[String],
        form: &mut impl Form,
    ) {
        self.write_all(entry, said, &self.contexts.write_with(entry, said, others), form);
    }

    fn write_all(
        &self,
        entry: &StoredEntry,
        said: &Said<'_>,
        contexts: &str,
        form: &mut impl Form,
    ) {
        let options = self.options;
        let property = |name: &str| said.property(name).map(Given::to_text).unwrap_or_default();
        form.add("e", "se");
        form.add("se_ca", said.category().unwrap_or(CATEGORY));
        form.add("se_ac", said.name().unwrap_or_default());
        form.add("se_la", &property("label"));
        form.add("se_pr", &property("property"));
        form.add("se_va", &property("value"));
        if options.base64 {
            form.add_base64("cx", contexts);
        } else {
            form.add("co", contexts);
        }
        form.add("p", "srv");
        form.add("dtm", &entry.accepted_at.to_string());
        form.add("tna", &options.tracker_name);
        form.add("tv", &options.tracker_version);
        form.add("aid", options.app_id.as_deref().unwrap_or_default());
        let mut id = [0; Hyphenated::LENGTH];
        form.add("eid", Uuid::from_bytes(entry.id.0).hyphenated().encode_lower(&mut id));
    }
}

#[cfg(test)]
mod reference;
#[cfg(test)]
mod tests;
