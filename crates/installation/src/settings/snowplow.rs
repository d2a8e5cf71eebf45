//! Analytics: `[snowplow]`, `[product_usage]`, `[instance]`, `[identity]`.

use super::amount::{Count, Size, Time};
use super::bounds::from_env;
use super::proxies::Proxies;
use super::{Secret, SettingsError, boolean, filled};
use internal_events::snowplow::{Instance, ProxyUrl, Salt, Schemas, Sending, SnowplowOptions};
use serde::Deserialize;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Where GitLab collects what installations of others send.
const PRODUCT_USAGE: &str = "https://events.gitlab.net";
const PRODUCT_USAGE_STAGING: &str = "https://events-stg.gitlab.net";

/// Events of one request of an installation of others: GitLab's documented number.
const PRODUCT_USAGE_BATCH: usize = 10;

/// The file in the data directory with the salt that was made for it.
pub const SALT: &str = "salt";

/// Where lines of what was sent go, from the data directory.
const USAGE_LOG: &str = "product_usage_data.log";

/// Where events are sent, if anywhere, and what they say.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SnowplowSettings {
    /// The address of a collector of one's own. `[snowplow] collector`,
    /// `INTERNAL_EVENTS_SNOWPLOW_COLLECTOR`.
    pub collector: Option<String>,
    /// Whether events go to those who made the software. `[product_usage] enabled`,
    /// `INTERNAL_EVENTS_PRODUCT_USAGE_ENABLED`, `GITLAB_PRODUCT_USAGE_DATA_ENABLED`.
    pub product_usage: bool,
    /// What decided that: `environment` or `configuration`.
    pub product_usage_source: &'static str,
    /// Whether events of trackers are handed on. `[snowplow] forward`.
    pub forward: bool,
    snowplow: Snowplow,
    usage: ProductUsage,
    instance: InstanceSection,
    salt: Option<Secret>,
    elements: Elements,
    logs_usage: bool,
    proxies: Proxies,
}

/// `[snowplow]` as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Snowplow {
    collector: Option<String>,
    app_id: Option<String>,
    tracker_name: Option<String>,
    tracker_version: Option<String>,
    base64: Option<bool>,
    pseudonymise: Option<bool>,
    forward: Option<bool>,
    schema_vendor: Option<String>,
    standard_version: Option<String>,
    service_ping_version: Option<String>,
    ai_version: Option<String>,
    batch_events: Option<Count>,
    batch_bytes: Option<Size>,
    concurrency: Option<Count>,
    connect_timeout: Option<Time>,
    timeout: Option<Time>,
    ca: Option<PathBuf>,
    proxy: Option<Secret>,
}

/// `[product_usage]` as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ProductUsage {
    enabled: Option<bool>,
    collector: Option<String>,
    log: Option<PathBuf>,
}

/// `[instance]` as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct InstanceSection {
    id: Option<String>,
    host: Option<String>,
    version: Option<String>,
    environment: Option<String>,
    source: Option<String>,
    plan: Option<String>,
    realm: Option<String>,
    deployment_type: Option<String>,
    dedicated: Option<bool>,
}

/// `[identity]` as written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Identity {
    /// Not an empty one: whoever knows an id could then tell its hash.
    #[serde(deserialize_with = "filled")]
    salt: Option<Secret>,
    elements: Elements,
}

/// What is counted for a user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Elements {
    /// The id as it comes.
    #[default]
    Raw,
    /// Its hash, at every entrance.
    Pseudonymous,
}

/// What the sections say together.
#[derive(Debug)]
pub(super) struct Sections {
    pub(super) snowplow: Snowplow,
    pub(super) product_usage: ProductUsage,
    pub(super) instance: InstanceSection,
    pub(super) identity: Identity,
}

impl Sections {
    /// The settings; variables of the environment win.
    pub(super) fn resolve(
        self,
        env: &impl Fn(&str) -> Option<String>,
    ) -> Result<SnowplowSettings, SettingsError> {
        let text = |name: &str| env(name).filter(|it| !it.is_empty());
        let mut snowplow = self.snowplow;
        let collector =
            text("INTERNAL_EVENTS_SNOWPLOW_COLLECTOR").or_else(|| snowplow.collector.take());
        snowplow.app_id = text("INTERNAL_EVENTS_SNOWPLOW_APP_ID").or(snowplow.app_id);
        snowplow.forward = boolean("INTERNAL_EVENTS_SNOWPLOW_FORWARD", env)?.or(snowplow.forward);
        snowplow.timeout = from_env("INTERNAL_EVENTS_SNOWPLOW_TIMEOUT", env)?.or(snowplow.timeout);
        let ours = boolean("INTERNAL_EVENTS_PRODUCT_USAGE_ENABLED", env)?;
        let by_env = ours.or(boolean("GITLAB_PRODUCT_USAGE_DATA_ENABLED", env)?);
        let is_quiet = boolean("GITLAB_DISABLE_PRODUCT_USAGE_EVENT_LOGGING", env)?;
        Ok(SnowplowSettings {
            forward: snowplow.forward.unwrap_or(true),
            product_usage: by_env.or(self.product_usage.enabled).unwrap_or(false),
            product_usage_source: if by_env.is_some() { "environment" } else { "configuration" },
            salt: text("INTERNAL_EVENTS_IDENTITY_SALT").map(Secret::new).or(self.identity.salt),
            elements: self.identity.elements,
            logs_usage: is_quiet != Some(true),
            proxies: Proxies::read(env),
            collector,
            snowplow,
            usage: self.product_usage,
            instance: self.instance,
        })
    }
}

/// Why events cannot be sent as the settings say.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AnalyticsError {
    /// Both ways are on.
    #[error(
        "events would go to `[snowplow] collector` and, as `[product_usage]` says, to those who made \
         the software; switch one of them off"
    )]
    Both,
    /// Several machines would hash ids each in its own way.
    #[error(
        "counters are in a Redis that several machines may share, so the salt for ids has to be \
         configured: give all of them the same `[identity] salt`, or \
         INTERNAL_EVENTS_IDENTITY_SALT"
    )]
    NoSharedSalt,
    /// The salt that was made here cannot be read or written.
    #[error("cannot read or make the salt for ids in {path}")]
    Salt {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

impl SnowplowSettings {
    /// Whether events are sent anywhere.
    pub fn is_on(&self) -> bool {
        self.collector.is_some() || self.product_usage
    }

    /// What the ids of applications end in, of events that this installation hands on.
    pub fn app_id_suffix(&self) -> &'static str {
        if self.instance.dedicated == Some(true) { "_dedicated" } else { "_sm" }
    }

    /// Returns what events are sent with; nothing if they are not. Files are looked for from
    /// `root`, and what is made is made in the data directory.
    ///
    /// # Errors
    ///
    /// When the settings contradict each other, or there is no salt and none can be made.
    pub(crate) fn options(
        &self,
        places: (&Path, &Path),
        (version, is_strict, has_redis): (Option<&str>, bool, bool),
    ) -> Result<Option<SnowplowOptions>, AnalyticsError> {
        let salt = || self.salt(places.1, has_redis);
        self.options_with(places, (version, is_strict), salt)
    }

    /// What ids are hashed with before anything is done with them; nothing if they are taken as
    /// they come.
    ///
    /// # Errors
    ///
    /// When there is no salt and none can be made.
    pub(crate) fn pseudonyms(
        &self,
        data: &Path,
        has_redis: bool,
    ) -> Result<Option<Salt>, AnalyticsError> {
        match self.elements {
            Elements::Raw => Ok(None),
            Elements::Pseudonymous => self.salt(data, has_redis).map(Some),
        }
    }

    fn salt(&self, data: &Path, has_redis: bool) -> Result<Salt, AnalyticsError> {
        match &self.salt {
            Some(salt) => Ok(Salt::new(salt.reveal())),
            None if has_redis => Err(AnalyticsError::NoSharedSalt),
            None => own_salt(data),
        }
    }

    /// Does the same with a salt from elsewhere.
    pub(crate) fn options_with(
        &self,
        (root, data): (&Path, &Path),
        (version, is_strict): (Option<&str>, bool),
        salt: impl FnOnce() -> Result<Salt, AnalyticsError>,
    ) -> Result<Option<SnowplowOptions>, AnalyticsError> {
        let instance = self.instance(version, is_strict);
        let collector = match (&self.collector, self.product_usage) {
            (Some(_), true) => return Err(AnalyticsError::Both),
            (None, false) => return Ok(None),
            (Some(collector), false) => collector.clone(),
            (None, true) => self.usage_collector(&instance).to_owned(),
        };
        let mut options = SnowplowOptions::new(collector, salt()?);
        let section = &self.snowplow;
        let set = |to: &mut String, value: &Option<String>| {
            if let Some(value) = value {
                to.clone_from(value);
            }
        };
        options.app_id.clone_from(&section.app_id);
        set(&mut options.tracker_name, &section.tracker_name);
        set(&mut options.tracker_version, &section.tracker_version);
        options.base64 = section.base64.unwrap_or(true);
        options.pseudonymise = section.pseudonymise.unwrap_or(true);
        options.schemas = self.schemas();
        options.sending = self.sending(root, &options.collector);
        if self.product_usage {
            let base = if self.instance.dedicated == Some(true) { "dedicated" } else { "sm" };
            let staging = if is_staging(&instance) { "_staging" } else { "" };
            options.app_id = Some(format!("gitlab_{base}{staging}"));
            options.sending.batch_events = PRODUCT_USAGE_BATCH;
            let log =
                self.usage.log.as_ref().map_or_else(|| data.join(USAGE_LOG), |it| root.join(it));
            options.log = self.logs_usage.then_some(log);
        }
        options.instance = instance;
        Ok(Some(options))
    }

    fn usage_collector(&self, instance: &Instance) -> &str {
        match &self.usage.collector {
            Some(it) => it,
            None if is_staging(instance) => PRODUCT_USAGE_STAGING,
            None => PRODUCT_USAGE,
        }
    }

    fn schemas(&self) -> Schemas {
        let (section, default) = (&self.snowplow, Schemas::default());
        let or = |value: &Option<String>, default| value.clone().unwrap_or(default);
        Schemas {
            vendor: or(&section.schema_vendor, default.vendor),
            standard: or(&section.standard_version, default.standard),
            service_ping: or(&section.service_ping_version, default.service_ping),
            ai: or(&section.ai_version, default.ai),
        }
    }

    fn sending(&self, root: &Path, collector: &str) -> Sending {
        /// Others stand in for a destination that is not heard of for half a minute.
        const LONGEST: Duration = Duration::from_secs(20);
        let (section, default) = (&self.snowplow, Sending::default());
        let number = |value: Option<Count>, default: usize| match value {
            Some(Count(it)) => usize::try_from(it).unwrap_or(usize::MAX).max(1),
            None => default,
        };
        let time = |value: Option<Time>, default: Duration| value.map_or(default, |it| it.0);
        Sending {
            batch_events: number(section.batch_events, default.batch_events),
            batch_bytes: section
                .batch_bytes
                .map_or(default.batch_bytes, |it| usize::try_from(it.0).unwrap_or(usize::MAX)),
            concurrency: number(section.concurrency, default.concurrency).min(16),
            connect_timeout: time(section.connect_timeout, default.connect_timeout).min(LONGEST),
            timeout: time(section.timeout, default.timeout).min(LONGEST),
            ca: section.ca.as_ref().map(|it| root.join(it)),
            proxy: match &section.proxy {
                Some(proxy) => Some(ProxyUrl::new(proxy.reveal())),
                None => self.proxies.of(collector),
            },
        }
    }

    fn instance(&self, version: Option<&str>, is_strict: bool) -> Instance {
        let (section, default) = (&self.instance, Instance::default());
        let host = section.host.as_deref().map(host_of);
        let or = |value: &Option<String>, default| value.clone().unwrap_or(default);
        let environment = environment(host, is_strict).to_owned();
        Instance {
            environment: or(&section.environment, environment),
            source: or(&section.source, default.source),
            plan: section.plan.clone().or(default.plan),
            realm: or(&section.realm, default.realm),
            deployment_type: or(&section.deployment_type, default.deployment_type),
            id: or(&section.id, default.id),
            version: section.version.clone().or_else(|| version.map(str::to_owned)),
            host_name: host.map(str::to_owned),
            is_development: is_strict,
        }
    }
}

/// The host of an address, which may be a bare one.
fn host_of(address: &str) -> &str {
    let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or(rest);
    match host.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|it| it.is_ascii_digit()) => host,
        _ => host,
    }
}

/// What GitLab calls an installation with this host.
fn environment(host: Option<&str>, is_strict: bool) -> &'static str {
    match host {
        Some("staging.gitlab.com") => "staging",
        Some("dev.gitlab.org") => "org",
        Some(host) if host == "gitlab.com" || host.ends_with(".gitlab.com") => "production",
        _ if is_strict => "development",
        _ => "self-managed",
    }
}

/// Whether an installation is none that customers use.
fn is_staging(instance: &Instance) -> bool {
    let host = instance.host_name.as_deref().unwrap_or_default();
    let is_test = host.starts_with("gitlab") && host.to_ascii_lowercase().ends_with(".test");
    instance.environment == "staging" || is_test
}

/// Reads the salt of the data directory; the first time one is made at random.
fn own_salt(data: &Path) -> Result<Salt, AnalyticsError> {
    let path = data.join(SALT);
    let failed = |source| AnalyticsError::Salt { path: path.clone(), source };
    if let Some(salt) = read_salt(&path).map_err(failed)? {
        return Ok(salt);
    }
    make_salt(data, &path).map_err(failed)?;
    let salt = read_salt(&path).map_err(failed)?;
    salt.ok_or_else(|| failed(std::io::ErrorKind::NotFound.into()))
}

fn read_salt(path: &Path) -> std::io::Result<Option<Salt>> {
    match std::fs::read_to_string(path) {
        Ok(text) if text.trim().len() >= 32 => Ok(Some(Salt::new(text.trim()))),
        Ok(_) => Err(std::io::Error::other("it has fewer than 32 characters")),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes a salt that is there whole or not at all; of several processes one makes it.
fn make_salt(data: &Path, path: &Path) -> std::io::Result<()> {
    use std::io::Write as _;
    use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data)?;
    let text = format!("{}\n", internal_events::random_text());
    // Processes of two containers may share the directory and have the same number.
    let own = data.join(format!("salt.{}", internal_events::random_text()));
    let mut options = std::fs::OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(&own)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    let made = std::fs::hard_link(&own, path);
    std::fs::remove_file(&own)?;
    match made {
        Ok(()) => {
            std::fs::File::open(data)?.sync_all()?;
            tracing::info!(
                path = path.display().to_string(),
                "made a salt for the ids that leave the installation; keep it with the data, for \
                 with another one the same user is another"
            );
            Ok(())
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_installation_is_known_by_its_host() {
        for (host, is_strict, expected) in [
            (Some("https://gitlab.com"), false, "production"),
            (Some("https://about.gitlab.com:8443/x"), true, "production"),
            (Some("https://staging.gitlab.com"), false, "staging"),
            (Some("dev.gitlab.org"), false, "org"),
            (Some("https://gitlab.example.com"), false, "self-managed"),
            (Some("https://notgitlab.com"), true, "development"),
            (None, false, "self-managed"),
            (None, true, "development"),
        ] {
            assert_eq!(environment(host.map(host_of), is_strict), expected, "{host:?}");
        }
    }

    #[test]
    fn a_salt_is_made_once_and_stays() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        let salt = own_salt(&data).unwrap();
        assert_eq!(own_salt(&data).unwrap(), salt);
        let names: Vec<_> =
            std::fs::read_dir(&data).unwrap().map(|it| it.unwrap().file_name()).collect();
        assert_eq!(names, ["salt"]);
        let other = dir.path().join("other");
        let at_once = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..16).map(|_| scope.spawn(|| own_salt(&other))).collect();
            threads.into_iter().map(|it| it.join().unwrap().unwrap()).collect::<Vec<_>>()
        });
        assert!(at_once.iter().all(|it| *it == at_once[0] && *it != salt));
        std::fs::write(other.join("salt"), "short").unwrap();
        assert!(own_salt(&other).is_err());
    }
}
