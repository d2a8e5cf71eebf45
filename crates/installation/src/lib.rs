//! Reads what an installation has on disk and gives a catalog: `internal-events.toml` and the
//! environment, both definition trees, override tables, `VERSION`.
//!
//! ```no_run
//! use internal_events_installation::Installation;
//!
//! let installation = Installation::open(".", |name| std::env::var(name).ok())?;
//! let tracker = installation.open_tracker()?;
//! tracker.track_event("create_order").user(5).send();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! ```text
//! ROOT/internal-events.toml                       settings; all optional
//! ROOT/VERSION                                    the milestone of new definitions
//! ROOT/{,ee/}config/events/*.yml                  events; removed/ is read, but not loaded
//! ROOT/{,ee/}config/metrics/*/*.yml               metrics
//! ROOT/config/metrics/schema/product_groups.json  known groups, if there is such a list
//! ROOT/config/feature_categories.yml              known categories, if there is such a list
//! ROOT/lib/gitlab/usage_data_counters/            override tables and the legacy event list
//! ```

mod listing;
mod settings;
mod tree;
mod watch;

pub use listing::metric_definitions;
pub use settings::{
    AnalyticsError, CountRule, RateLimit, RedisSettings, SALT, Secret, Settings, SettingsError,
    SnowplowSettings, TlsFiles, Token as TokenSettings,
};
pub use tree::ReadError;
pub use watch::{Change, Kept, Watch};

use internal_events::snowplow::{Salt, SnowplowError, SnowplowOptions};
use internal_events::store::{RedisError, RedisOptions};
use internal_events::{Catalog, Config, Definitions, OpenError, Strictness, Tracker};
pub use internal_events_definitions::Source;
use internal_events_definitions::{Analysis, Severity, Sources, analyze};
use std::path::{Path, PathBuf};

/// Where an installation keeps journal and counters unless told otherwise, below the root.
pub const DATA: &str = ".internal-events";

/// Why an installation cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The root is no directory.
    #[error("there is no directory {path}")]
    NoRoot {
        /// The root.
        path: PathBuf,
    },
    /// The settings are wrong.
    #[error(transparent)]
    Settings(#[from] SettingsError),
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why an installation's tracker cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TrackerError {
    /// The settings say what cannot be.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory cannot be used.
    #[error(transparent)]
    Open(#[from] OpenError),
}

/// Why a tracker cannot be configured as the settings say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The address of Redis is none.
    #[error(transparent)]
    Redis(#[from] RedisError),
    /// Events cannot be sent as the settings say.
    #[error(transparent)]
    Analytics(#[from] AnalyticsError),
    /// The address of the collector, or a file for it, cannot be used.
    #[error(transparent)]
    Snowplow(#[from] SnowplowError),
}

/// What an installation has on disk.
#[derive(Clone, Debug)]
pub struct Installation {
    root: PathBuf,
    settings: Settings,
    sources: Sources,
    analysis: Analysis,
    version: Option<String>,
}

impl Installation {
    /// Reads an installation; `env` looks up environment variables.
    ///
    /// # Errors
    ///
    /// When the root is no directory, the settings are wrong or a file cannot be read. What is
    /// wrong *in* definitions is no error but a diagnostic of the [`analysis`](Self::analysis).
    pub fn open(
        root: impl Into<PathBuf>,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, Error> {
        let root = root.into();
        if !root.is_dir() {
            return Err(Error::NoRoot { path: root });
        }
        let settings = Settings::read(&root, env)?;
        let sources = tree::read(&root, &settings)?;
        let version = tree::version(&root)?;
        let analysis = analyze(&sources);
        Ok(Self { root, settings, sources, analysis, version })
    }

    /// The root.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The definition files as they are.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// The first `major.minor` in `VERSION`: the milestone of new definitions.
    pub fn milestone(&self) -> Option<&str> {
        self.version.as_deref()
    }

    /// Everything that could be read from the definitions, and everything that is wrong.
    pub fn analysis(&self) -> &Analysis {
        &self.analysis
    }

    /// What keeps definitions from counting, a line for each error: where it is, and what.
    pub fn errors(&self) -> impl Iterator<Item = String> {
        let found = self.analysis.diagnostics.iter();
        let errors = found.filter(|it| it.severity == Severity::Error);
        errors.map(|it| format!("{}:{}:{}: {}", it.path, it.line, it.column, it.message))
    }

    /// The definitions that could be read.
    pub fn definitions(&self) -> Definitions {
        self.analysis.definitions.clone()
    }

    /// The definitions that could be read, as a catalog.
    pub fn catalog(&self) -> Catalog {
        Catalog::new(self.definitions())
    }

    /// Where journal and counters are kept.
    pub fn data(&self) -> PathBuf {
        self.root.join(self.settings.data.as_deref().unwrap_or(Path::new(DATA)))
    }

    /// Keeps counters in Redis at another address than the settings say.
    pub fn use_redis(&mut self, url: Secret) {
        self.settings.redis.url = Some(url);
    }

    /// Where Redis is, if counters are kept there.
    ///
    /// # Errors
    ///
    /// When the address is none.
    pub fn redis(&self) -> Result<Option<RedisOptions>, RedisError> {
        self.settings.redis.options(&self.root)
    }

    /// What a connection to another address is made with: the settings for Redis, but for user and
    /// password if the address has its own.
    ///
    /// # Errors
    ///
    /// When the address is none.
    pub fn redis_at(&self, url: Secret) -> Result<RedisOptions, RedisError> {
        self.settings.redis.at(url, &self.root)
    }

    /// Decides whether wrong calls fail where they are made, unless the settings have decided it.
    pub fn decide_strict(&mut self, strict: bool) {
        if !self.settings.is_strict_decided {
            self.settings.strict = strict;
        }
    }

    /// Sends events to a collector at another address than the settings say.
    pub fn use_snowplow(&mut self, collector: String) {
        self.settings.snowplow.collector = Some(collector);
    }

    /// How events are sent, if they are; `data` is the data directory, where what is needed is
    /// made.
    ///
    /// # Errors
    ///
    /// When the settings contradict each other, or a file cannot be used.
    pub fn snowplow(&self, data: &Path) -> Result<Option<SnowplowOptions>, AnalyticsError> {
        let has_redis = self.settings.redis.url.is_some();
        let of = (self.version.as_deref(), self.settings.strict, has_redis);
        self.settings.snowplow.options((&self.root, data), of)
    }

    /// How events would be sent, for whoever only looks: nothing is made, and ids of users would
    /// have wrong hashes.
    ///
    /// # Errors
    ///
    /// When the settings contradict each other.
    pub fn snowplow_at_a_look(
        &self,
        data: &Path,
    ) -> Result<Option<SnowplowOptions>, AnalyticsError> {
        let of = (self.version.as_deref(), self.settings.strict);
        let salt = || Ok(Salt::new(""));
        self.settings.snowplow.options_with((&self.root, data), of, salt)
    }

    /// Opens a tracker on the data directory with this installation's catalog and settings.
    ///
    /// # Errors
    ///
    /// When the settings are wrong or the data directory cannot be used.
    pub fn open_tracker(&self) -> Result<Tracker, TrackerError> {
        Ok(Tracker::open(self.tracker_config(self.data())?)?)
    }

    /// The configuration of a tracker that keeps its data in the given directory.
    ///
    /// # Errors
    ///
    /// When the settings say what cannot be: of an address, or of a file.
    pub fn tracker_config(&self, data: impl AsRef<Path>) -> Result<Config, ConfigError> {
        let data = data.as_ref();
        let config = Config::new(self.catalog());
        if !self.settings.enabled {
            return Ok(config.disabled());
        }
        let strictness =
            if self.settings.strict { Strictness::Strict } else { Strictness::Lenient };
        let config = config
            .data(data)
            .strictness(strictness)
            .store_limits(self.settings.limits.clone())
            .checkpoint_after(self.settings.checkpoint);
        let config = match self.redis()? {
            Some(options) => config.redis(options),
            None => config,
        };
        let has_redis = self.settings.redis.url.is_some();
        let config = match self.settings.snowplow.pseudonyms(data, has_redis)? {
            Some(salt) => config.pseudonyms(salt),
            None => config,
        };
        Ok(match self.snowplow(data)? {
            Some(options) => config.snowplow(options)?,
            None => config,
        })
    }
}
