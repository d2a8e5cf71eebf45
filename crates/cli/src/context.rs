//! What every command knows.

use anyhow::Context as _;
use internal_events::store::{CounterReader, Reader, RedisCounterReader, RedisOptions, Sqlite};
use internal_events_definitions::Severity;
use internal_events_installation::{Installation, Secret};
use std::path::{Path, PathBuf};

/// What every command knows: where to look.
#[derive(Debug)]
pub(crate) struct Context {
    root: PathBuf,
    data: Option<PathBuf>,
}

/// Where counters are, for commands that move or read them.
#[derive(Debug, clap::Args)]
pub(crate) struct RedisArgs {
    /// Keep counters in Redis too, and read them from there; wins over `[redis] url`. In a list
    /// of processes others see what is written here: a password is better in a setting.
    #[arg(long, value_name = "URL", value_parser = secret)]
    redis: Option<Secret>,
}

/// Where events are sent, for commands that track.
#[derive(Debug, clap::Args)]
pub(crate) struct SnowplowArgs {
    /// Send events to this Snowplow collector too; wins over `[snowplow] collector`.
    #[arg(long, value_name = "URL")]
    snowplow: Option<String>,
}

#[expect(clippy::unnecessary_wraps, reason = "a parser of values may fail")]
fn secret(text: &str) -> Result<Secret, std::convert::Infallible> {
    Ok(Secret::new(text))
}

impl Context {
    pub(crate) fn new(root: PathBuf, data: Option<PathBuf>) -> Self {
        Self { root, data }
    }

    /// The root.
    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// Reads what the installation has on disk.
    pub(crate) fn installation(&self) -> anyhow::Result<Installation> {
        self.installation_by(|name| std::env::var(name).ok())
    }

    /// Does the same with other eyes on the environment.
    pub(crate) fn installation_by(
        &self,
        env: impl Fn(&str) -> Option<String>,
    ) -> anyhow::Result<Installation> {
        Installation::open(&self.root, env)
            .with_context(|| format!("cannot read the installation at {}", self.root.display()))
    }

    /// Reads what the installation has on disk, and says if not all of its definitions count.
    ///
    /// One broken definition stops nothing else, so this is no error; but whoever tracks or reads
    /// numbers must not learn of it from a number that does not move.
    pub(crate) fn installation_in_use(&self) -> anyhow::Result<Installation> {
        let installation = self.installation()?;
        let catalog = installation.catalog();
        // There may be metrics of events from before, which need no definition.
        if catalog.events().next().is_none() && catalog.metrics().is_empty() {
            let root = self.root.canonicalize().unwrap_or_else(|_| self.root.clone());
            tracing::warn!(
                root = %root.display(),
                "nothing is defined here; --root or INTERNAL_EVENTS_ROOT says where `config/` is"
            );
        }
        let found = &installation.analysis().diagnostics;
        let errors = found.iter().filter(|it| it.severity == Severity::Error).count();
        if errors > 0 {
            tracing::warn!(
                errors,
                "some definitions are wrong; `internal-events check` says which"
            );
        }
        Ok(installation)
    }

    /// Does the same with Redis where the flag says.
    pub(crate) fn installation_with(&self, redis: &RedisArgs) -> anyhow::Result<Installation> {
        let mut installation = self.installation_in_use()?;
        if let Some(url) = &redis.redis {
            installation.use_redis(url.clone());
        }
        Ok(installation)
    }

    /// Does the same with a collector where the flag says.
    pub(crate) fn installation_for_tracking(
        &self,
        redis: &RedisArgs,
        snowplow: &SnowplowArgs,
    ) -> anyhow::Result<Installation> {
        let mut installation = self.installation_with(redis)?;
        if let Some(collector) = &snowplow.snowplow {
            installation.use_snowplow(collector.clone());
        }
        Ok(installation)
    }

    /// Opens what counters are read from: Redis with what the data directory has still to count
    /// there, or the data directory; nothing if nothing was ever tracked into it.
    pub(crate) fn counters(
        &self,
        installation: &Installation,
    ) -> anyhow::Result<Option<Box<dyn CounterReader>>> {
        counters_in(&self.data(installation), installation.redis()?)
    }

    /// Where counters are read from, for a person.
    pub(crate) fn counters_at(&self, installation: &Installation) -> String {
        match installation.redis() {
            Ok(Some(options)) => format!("Redis at {}", options.address()),
            _ => {
                let data = self.data(installation);
                data.canonicalize().unwrap_or(data).display().to_string()
            }
        }
    }

    /// Where journal and counters are: the flag, else what the installation says.
    pub(crate) fn data(&self, installation: &Installation) -> PathBuf {
        self.data.clone().unwrap_or_else(|| installation.data())
    }
}

/// Opens what counters are read from, by where they are.
pub(crate) fn counters_in(
    data: &Path,
    redis: Option<RedisOptions>,
) -> anyhow::Result<Option<Box<dyn CounterReader>>> {
    let reader = Sqlite::reader(data)
        .with_context(|| format!("cannot read the data directory {}", data.display()))?;
    if let Some(options) = redis {
        let journal = reader.map(|it| Box::new(it) as Box<dyn Reader>);
        return Ok(Some(Box::new(RedisCounterReader::new(options, journal))));
    }
    Ok(reader.map(|it| Box::new(it) as Box<dyn CounterReader>))
}
