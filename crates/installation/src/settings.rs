//! `internal-events.toml` and the environment.

mod amount;
mod bounds;
mod counting;
mod proxies;
mod redis;
mod snowplow;

use self::bounds::{Duplicates, Journal, Quarantine, Sections};
pub use self::counting::CountRule;
use self::counting::CountRules;
use self::redis::Redis;
pub use self::redis::{RedisSettings, Secret};
pub use self::snowplow::{AnalyticsError, SALT, SnowplowSettings};
use self::snowplow::{
    Identity, InstanceSection, ProductUsage, Sections as AnalyticsSections, Snowplow,
};
use internal_events::store::Limits;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use std::io;
use std::num::NonZero;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The file below the root.
pub(crate) const FILE: &str = "internal-events.toml";

/// What an installation decides; every setting has a default.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Whether anything is tracked at all. `enabled`, `INTERNAL_EVENTS_ENABLED`.
    pub enabled: bool,
    /// What decided `enabled`, in words for a person.
    pub enabled_by: &'static str,
    /// Whether wrong calls fail where they are made. `strict`, `INTERNAL_EVENTS_STRICT`.
    pub strict: bool,
    /// Whether the file or the environment decided `strict`; a language whose programs know
    /// whether they run in development may decide it else.
    pub is_strict_decided: bool,
    /// Where journal and counters are kept, from the root. `data`, `INTERNAL_EVENTS_DATA`.
    pub data: Option<PathBuf>,
    /// Where the override tables are, from the root. `[legacy] overrides`,
    /// `INTERNAL_EVENTS_LEGACY_OVERRIDES`.
    pub overrides: Option<PathBuf>,
    /// The list of known product groups, from the root. `[lists] product_groups`.
    pub product_groups: Option<PathBuf>,
    /// The list of known feature categories, from the root. `[lists] feature_categories`.
    pub feature_categories: Option<PathBuf>,
    /// Further paths that Snowplow trackers send to. `[collector] paths`,
    /// `INTERNAL_EVENTS_COLLECTOR_PATHS` with commas between them.
    pub collector_paths: Vec<String>,
    /// The origins whose pages may send Snowplow events; without a list, those on loopback.
    /// `[collector] origins`, `INTERNAL_EVENTS_COLLECTOR_ORIGINS` with commas between them.
    pub collector_origins: Option<Vec<String>>,
    /// The applications whose Snowplow events are taken, from other machines too; without a
    /// list, everybody's from this one. `[collector] app_ids`,
    /// `INTERNAL_EVENTS_COLLECTOR_APP_IDS` with commas between them.
    pub collector_app_ids: Option<Vec<String>>,
    /// The networks of proxies that are believed. `[collector] trusted_proxies`,
    /// `INTERNAL_EVENTS_COLLECTOR_TRUSTED_PROXIES` with commas between them.
    pub collector_trusted_proxies: Vec<String>,
    /// What one client may send. `[collector.rate_limit]`.
    pub collector_rate_limit: RateLimit,
    /// The certificate to serve over TLS with, from the root. `[collector.tls]`.
    pub collector_tls: Option<TlsFiles>,
    /// Who may ask over REST. `[[collector.tokens]]`.
    pub collector_tokens: Vec<Token>,
    /// Which Snowplow events count; the first rule that fits decides, and without one they do.
    /// `[collector] count_snowplow`; `INTERNAL_EVENTS_COLLECTOR_COUNT_SNOWPLOW` says yes or no
    /// for all.
    pub count_snowplow: Vec<CountRule>,
    /// What the data directory may hold, and for how long. `[journal]`, `[quarantine]`,
    /// `[duplicates]`, and variables such as `INTERNAL_EVENTS_JOURNAL_KEEP`.
    pub limits: Limits,
    /// How often counters are written down. `[journal] checkpoint`,
    /// `INTERNAL_EVENTS_JOURNAL_CHECKPOINT`.
    pub checkpoint: Duration,
    /// Where Redis is, if counters are kept there. `[redis]`.
    pub redis: RedisSettings,
    /// Where events are sent, if anywhere. `[snowplow]`, `[product_usage]`, `[instance]`,
    /// `[identity]`.
    pub snowplow: SnowplowSettings,
}

/// How fast one client may send events; what is left out has the collector's default.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RateLimit {
    /// Again and again.
    pub events_per_second: Option<NonZero<u32>>,
    /// At once, after a pause.
    pub burst: Option<NonZero<u32>>,
    /// Whether that holds for programs on this machine too.
    #[serde(default)]
    pub loopback: bool,
}

/// A certificate and its key, both in PEM.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFiles {
    /// The file of the certificate, with the chain that vouches for it.
    pub certificate: PathBuf,
    /// The file of its key.
    pub key: PathBuf,
}

/// A token, but for its text.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Token {
    /// For people.
    pub name: String,
    /// The hash of its text, in hexadecimal.
    pub sha256: String,
    /// What its owner may do.
    pub scopes: Vec<String>,
}

/// Why the settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// The file cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: io::Error,
    },
    /// The file is not TOML, or has a setting that does not exist.
    #[error("{path} is not a valid configuration")]
    Parse {
        /// The file.
        path: PathBuf,
        /// What is wrong, and where.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// A variable that says yes or no says something else.
    #[error("{name} is `{value}`; write `true` or `false`")]
    NotBoolean {
        /// The variable.
        name: &'static str,
        /// What it says.
        value: String,
    },
    /// A variable that gives a time, a size or a number says something else.
    #[error("{name} is `{value}`, which is not {expected}")]
    NotAmount {
        /// The variable.
        name: &'static str,
        /// What it says.
        value: String,
        /// What it should be.
        expected: &'static str,
    },
}

/// The file as written. Unknown settings are refused: a misspelt one must not be ignored.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    enabled: Option<bool>,
    strict: Option<bool>,
    #[serde(default, deserialize_with = "filled")]
    data: Option<PathBuf>,
    #[serde(default)]
    legacy: Legacy,
    #[serde(default)]
    lists: Lists,
    #[serde(default)]
    collector: Collector,
    #[serde(default)]
    journal: Journal,
    #[serde(default)]
    quarantine: Quarantine,
    #[serde(default)]
    duplicates: Duplicates,
    #[serde(default)]
    redis: Redis,
    #[serde(default)]
    snowplow: Snowplow,
    #[serde(default)]
    product_usage: ProductUsage,
    #[serde(default)]
    instance: InstanceSection,
    #[serde(default)]
    identity: Identity,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Legacy {
    overrides: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lists {
    product_groups: Option<PathBuf>,
    feature_categories: Option<PathBuf>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Collector {
    paths: Option<Vec<String>>,
    origins: Option<Vec<String>>,
    app_ids: Option<Vec<String>>,
    trusted_proxies: Option<Vec<String>>,
    #[serde(default)]
    rate_limit: RateLimit,
    tls: Option<TlsFiles>,
    #[serde(default)]
    tokens: Vec<Token>,
    #[serde(default)]
    count_snowplow: CountRules,
}

impl Settings {
    /// Reads the file below `root`, if there is one; variables of the environment win.
    pub(crate) fn read(
        root: &Path,
        env: impl Fn(&str) -> Option<String>,
    ) -> Result<Self, SettingsError> {
        let file = read_file(&root.join(FILE))?;
        let path = |name: &str| env(name).filter(|it| !it.is_empty()).map(PathBuf::from);
        let (enabled, enabled_by) = match (boolean("INTERNAL_EVENTS_ENABLED", &env)?, file.enabled)
        {
            (Some(it), _) => (it, "the variable INTERNAL_EVENTS_ENABLED"),
            (None, Some(it)) => (it, "`enabled` in internal-events.toml"),
            (None, None) => (true, "default"),
        };
        let (limits, checkpoint) = Sections {
            journal: file.journal,
            quarantine: file.quarantine,
            duplicates: file.duplicates,
        }
        .resolve(&env)?;
        let strict = boolean("INTERNAL_EVENTS_STRICT", &env)?.or(file.strict);
        Ok(Self {
            enabled,
            enabled_by,
            strict: strict.unwrap_or(false),
            is_strict_decided: strict.is_some(),
            data: path("INTERNAL_EVENTS_DATA").or(file.data),
            overrides: path("INTERNAL_EVENTS_LEGACY_OVERRIDES").or(file.legacy.overrides),
            product_groups: file.lists.product_groups,
            feature_categories: file.lists.feature_categories,
            collector_paths: list("INTERNAL_EVENTS_COLLECTOR_PATHS", &env)
                .or(file.collector.paths)
                .unwrap_or_default(),
            count_snowplow: boolean("INTERNAL_EVENTS_COLLECTOR_COUNT_SNOWPLOW", &env)?
                .map_or(file.collector.count_snowplow, CountRules::all)
                .0,
            collector_origins: list("INTERNAL_EVENTS_COLLECTOR_ORIGINS", &env)
                .or(file.collector.origins),
            collector_app_ids: list("INTERNAL_EVENTS_COLLECTOR_APP_IDS", &env)
                .or(file.collector.app_ids),
            collector_trusted_proxies: list("INTERNAL_EVENTS_COLLECTOR_TRUSTED_PROXIES", &env)
                .or(file.collector.trusted_proxies)
                .unwrap_or_default(),
            collector_rate_limit: file.collector.rate_limit,
            collector_tls: file.collector.tls,
            collector_tokens: file.collector.tokens,
            limits,
            checkpoint,
            redis: file.redis.resolve(&env)?,
            snowplow: AnalyticsSections {
                snowplow: file.snowplow,
                product_usage: file.product_usage,
                instance: file.instance,
                identity: file.identity,
            }
            .resolve(&env)?,
        })
    }
}

/// Reads a setting that has no meaning when it is empty, as a template makes it of a variable that
/// is not set.
fn filled<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: From<String>,
{
    let text = String::deserialize(deserializer)?;
    if text.is_empty() {
        return Err(D::Error::custom("it is empty; leave it out, or say what it is"));
    }
    Ok(Some(text.into()))
}

fn read_file(path: &Path) -> Result<File, SettingsError> {
    let text = match std::fs::read_to_string(path) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(File::default()),
        Err(source) => return Err(SettingsError::Read { path: path.to_owned(), source }),
    };
    toml::from_str(&text)
        .map_err(|it| SettingsError::Parse { path: path.to_owned(), source: Box::new(it) })
}

/// Reads a variable that lists texts with commas between them; an empty one says nothing.
fn list(name: &str, env: &impl Fn(&str) -> Option<String>) -> Option<Vec<String>> {
    let value = env(name)?;
    let items = value.split(',').map(str::trim).filter(|it| !it.is_empty());
    let items: Vec<String> = items.map(str::to_owned).collect();
    (!items.is_empty()).then_some(items)
}

/// Reads a variable in the words Ruby programs use for yes and no.
fn boolean(
    name: &'static str,
    env: &impl Fn(&str) -> Option<String>,
) -> Result<Option<bool>, SettingsError> {
    let Some(value) = env(name) else { return Ok(None) };
    match value.to_ascii_lowercase().as_str() {
        "" => Ok(None),
        "1" | "true" | "t" | "yes" | "y" | "on" => Ok(Some(true)),
        "0" | "false" | "f" | "no" | "n" | "off" => Ok(Some(false)),
        _ => Err(SettingsError::NotBoolean { name, value }),
    }
}
