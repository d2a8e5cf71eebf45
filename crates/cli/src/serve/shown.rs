//! Shows on the pages of Micro what is tracked by other ways than a tracker's requests.
//!
//! Events that come over REST, or from a program in this data directory, become Snowplow events
//! too. With `--micro` these are built as for a collector and shown, whether there is one or not.

use internal_events::snowplow::{Salt, SnowplowOptions, parameters};
use internal_events::store::{CursorPlace, StoredEntry};
use internal_events::{
    Analytics, Config, Delivered, DeliveryError, Destination, Resume, decode_event,
};
use internal_events_collector::Micro;
use std::sync::{Arc, OnceLock};

/// Name of the destination.
const MICRO: &str = "micro";

/// Where the pages will be, once there is a server.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pages(Arc<OnceLock<Micro>>);

impl Pages {
    /// Shows events on these pages, those of the time before among them.
    pub(crate) fn open(&self, micro: Micro) {
        // It is called once.
        let _ = self.0.set(micro);
    }

    /// Adds the destination that shows events.
    pub(crate) fn shown_by(&self, config: Config, options: Option<SnowplowOptions>) -> Config {
        // Without a collector nobody else will see the hashes of users.
        let options = options.unwrap_or_else(|| SnowplowOptions::new(MICRO, Salt::new(MICRO)));
        let pages = self.clone();
        config.destination(MICRO, move || {
            let (pages, options) = (pages.clone(), options.clone());
            Box::new(Shown { pages, options, has_begun: false })
        })
    }
}

struct Shown {
    pages: Pages,
    options: SnowplowOptions,
    has_begun: bool,
}

impl Destination for Shown {
    /// Begins with what comes after the start: nobody waits for what was tracked before.
    fn resume(&mut self, place: &CursorPlace) -> Result<Resume, DeliveryError> {
        let after = if self.has_begun { place.cursor } else { place.last };
        self.has_begun = true;
        Ok(Resume::after(after, place))
    }

    fn deliver(&mut self, entries: &[StoredEntry]) -> Result<Delivered, DeliveryError> {
        let Some(micro) = self.pages.0.get() else {
            return Err(DeliveryError::new("the server is starting"));
        };
        let mut delivered = Delivered::default();
        for entry in entries {
            delivered.up_to = entry.sequence;
            // What came from a tracker was shown when it came.
            let is_built =
                decode_event(&entry.event).is_some_and(|it| it.analytics == Analytics::Built);
            match parameters(entry, &self.options) {
                Ok(parameters) if is_built => {
                    let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
                    micro.see(&parameters.iter().map(owned).collect::<Vec<_>>());
                }
                _ => *delivered.skipped.entry("not_requested").or_default() += 1,
            }
        }
        Ok(delivered)
    }
}
