//! What a tracker is opened with.

use crate::delivery::{Destination, Factory};
#[cfg(feature = "snowplow")]
use crate::snowplow::{
    Impossible, SNOWPLOW, Salt, SnowplowDestination, SnowplowError, SnowplowOptions,
};
use crate::{Clock, SystemClock};
use internal_events_catalog::{Catalog, Week};
use internal_events_store as store;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// What a tracker is opened with.
#[derive(Clone, Debug)]
pub struct Config {
    pub(crate) catalog: Arc<Catalog>,
    pub(crate) home: Home,
    pub(crate) strictness: Strictness,
    pub(crate) limits: Limits,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) store: store::Options,
    pub(crate) destinations: Vec<Factory>,
    /// What ids of users are hashed with before anything is done with them.
    #[cfg(feature = "snowplow")]
    pub(crate) pseudonyms: Option<Salt>,
    /// Where metrics are read from, if not from the data directory.
    #[cfg(feature = "redis")]
    pub(crate) redis: Option<store::RedisOptions>,
}

#[derive(Clone, Debug)]
pub(crate) enum Home {
    Nowhere,
    Memory,
    Directory(PathBuf),
}

/// What happens at a wrong call.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strictness {
    /// For production: nothing panics; what is wrong is left out, counted and logged.
    #[default]
    Lenient,
    /// For development and tests: a wrong call panics where it is made.
    Strict,
}

/// The bounds of a tracker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events that may wait for the writer. At 100,000 events a second this is two thirds of a
    /// second of a stalled disk.
    pub queue_events: usize,
    /// Memory those events may take, in bytes, by a close estimate. What is submitted at once and
    /// takes more alone is refused.
    pub queue_bytes: usize,
    /// Events that are committed together at most, so that one transaction stays small.
    pub group_events: usize,
    /// How long an event that nobody waits for may sit in the queue before it is written. What
    /// is in the queue is lost when the process is killed; what is in the journal is not.
    pub linger: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            queue_events: 65_536,
            queue_bytes: 64 << 20,
            group_events: 4_096,
            linger: Duration::from_millis(20),
        }
    }
}

impl Config {
    /// Starts a configuration: lenient, in memory, with default limits.
    pub fn new(catalog: impl Into<Arc<Catalog>>) -> Self {
        Self {
            catalog: catalog.into(),
            home: Home::Memory,
            strictness: Strictness::Lenient,
            limits: Limits::default(),
            clock: Arc::new(SystemClock),
            store: store::Options { has_expired: Some(has_expired), ..store::Options::default() },
            destinations: Vec::new(),
            #[cfg(feature = "snowplow")]
            pseudonyms: None,
            #[cfg(feature = "redis")]
            redis: None,
        }
    }

    /// Keeps journal and counters in this directory; it is made if absent.
    #[must_use]
    pub fn data(mut self, directory: impl AsRef<Path>) -> Self {
        self.home = Home::Directory(directory.as_ref().to_owned());
        self
    }

    /// Switches tracking off: every call is a no-op, and no file is made.
    #[must_use]
    pub fn disabled(mut self) -> Self {
        self.home = Home::Nowhere;
        self
    }

    /// Decides what happens at a wrong call.
    #[must_use]
    pub fn strictness(mut self, strictness: Strictness) -> Self {
        self.strictness = strictness;
        self
    }

    /// Sets the bounds.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets what the data directory may hold, and for how long.
    #[must_use]
    pub fn store_limits(mut self, limits: store::Limits) -> Self {
        self.store.limits = limits;
        self
    }

    /// Sets after which time counters are written down while events come.
    #[must_use]
    pub fn checkpoint_after(mut self, time: Duration) -> Self {
        self.store.checkpoint_after = time;
        self
    }

    /// Delivers accepted events to one more destination, which is made in its own thread.
    ///
    /// The name is that of its cursor: lower-case letters, digits and hyphens. The first time a
    /// destination is configured it begins with the events that come then.
    #[must_use]
    pub fn destination(
        mut self,
        name: &'static str,
        make: impl Fn() -> Box<dyn Destination> + Send + Sync + 'static,
    ) -> Self {
        self.destinations.push(Factory { name, make: Arc::new(make) });
        self
    }

    /// Counts in Redis too, under GitLab's keys, and reads metrics from there.
    #[cfg(feature = "redis")]
    #[must_use]
    pub fn redis(mut self, options: store::RedisOptions) -> Self {
        self.redis = Some(options.clone());
        self.destination(store::REDIS, move || {
            Box::new(crate::redis::RedisDestination::new(options.clone()))
        })
    }

    /// Sends accepted events to a Snowplow collector too.
    ///
    /// # Errors
    ///
    /// When the address, or a file that is named, cannot be used.
    #[cfg(feature = "snowplow")]
    pub fn snowplow(self, options: SnowplowOptions) -> Result<Self, SnowplowError> {
        // What is wrong is said now, and not only in a thread.
        SnowplowDestination::new(options.clone(), Arc::clone(&self.clock))?;
        let clock = Arc::clone(&self.clock);
        Ok(self.destination(SNOWPLOW, move || {
            match SnowplowDestination::new(options.clone(), Arc::clone(&clock)) {
                Ok(destination) => Box::new(destination),
                Err(error) => Box::new(Impossible(error.to_string())),
            }
        }))
    }

    /// Takes ids of users as pseudonyms only: a raw id is hashed with the salt before the event is
    /// counted or kept, at every entrance.
    ///
    /// For installations whose pages know no raw ids: what they count is then what others count.
    /// An id counts as another one than before.
    #[cfg(feature = "snowplow")]
    #[must_use]
    pub fn pseudonyms(mut self, salt: Salt) -> Self {
        self.pseudonyms = Some(salt);
        self
    }

    /// Takes the time from elsewhere.
    #[must_use]
    pub fn clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }
}

/// Whether a weekly counter is read no more, by the events and by the clock of this machine: one
/// clock that is far ahead takes no counter out.
fn has_expired(key: &str, newest: i64) -> bool {
    let now = newest.min(SystemClock.now_ms());
    Week::of_key(key).is_some_and(|week| week.has_expired(now))
}
