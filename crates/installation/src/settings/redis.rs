//! Counters in Redis: `[redis]`.

use super::amount::Time;
use super::bounds::from_env;
use super::{SettingsError, TlsFiles};
use internal_events::store::{RedisError, RedisOptions};
use serde::Deserialize;
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A text that is never shown.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// Takes a text that is never to be shown.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, for whoever it is meant for.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("…")
    }
}

/// Where Redis is and how to get in; counters are kept there if there is an address.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedisSettings {
    /// The address, which may have a user and a password. `url`, `INTERNAL_EVENTS_REDIS_URL`.
    pub url: Option<Secret>,
    /// The user, if it is not in the address. `user`, `INTERNAL_EVENTS_REDIS_USER`.
    pub user: Option<String>,
    /// The password. `password`, `INTERNAL_EVENTS_REDIS_PASSWORD`.
    pub password: Option<Secret>,
    /// The user at the Sentinels. `sentinel_user`, `INTERNAL_EVENTS_REDIS_SENTINEL_USER`.
    pub sentinel_user: Option<String>,
    /// The password at the Sentinels. `sentinel_password`,
    /// `INTERNAL_EVENTS_REDIS_SENTINEL_PASSWORD`.
    pub sentinel_password: Option<Secret>,
    /// Certificates to trust, from the root. `ca`.
    pub ca: Option<PathBuf>,
    /// Our own certificate, from the root. `[redis.tls]`.
    pub tls: Option<TlsFiles>,
    /// How long a connection may take to come about. `connect_timeout`.
    pub connect_timeout: Option<Duration>,
    /// How long an answer may take. `response_timeout`.
    pub response_timeout: Option<Duration>,
    /// How long entries that were counted stay in the journal, in case Redis forgets them.
    /// `replay_window`.
    pub replay_window: Option<Duration>,
    /// After how long a unique key is sent all that is known of it. `reseed_interval`.
    pub reseed_interval: Option<Duration>,
}

/// The section as written.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Redis {
    url: Option<Secret>,
    user: Option<String>,
    password: Option<Secret>,
    sentinel_user: Option<String>,
    sentinel_password: Option<Secret>,
    ca: Option<PathBuf>,
    tls: Option<TlsFiles>,
    connect_timeout: Option<Time>,
    response_timeout: Option<Time>,
    replay_window: Option<Time>,
    reseed_interval: Option<Time>,
}

impl Redis {
    /// The settings; variables of the environment win.
    pub(super) fn resolve(
        self,
        env: &impl Fn(&str) -> Option<String>,
    ) -> Result<RedisSettings, SettingsError> {
        let text = |name: &str| env(name).filter(|it| !it.is_empty());
        let secret = |name: &str| text(name).map(Secret);
        let time = |name, file: Option<Time>| {
            from_env::<Time>(name, env).map(|it| it.or(file).map(|it| it.0))
        };
        Ok(RedisSettings {
            url: secret("INTERNAL_EVENTS_REDIS_URL").or(self.url),
            user: text("INTERNAL_EVENTS_REDIS_USER").or(self.user),
            password: secret("INTERNAL_EVENTS_REDIS_PASSWORD").or(self.password),
            sentinel_user: text("INTERNAL_EVENTS_REDIS_SENTINEL_USER").or(self.sentinel_user),
            sentinel_password: secret("INTERNAL_EVENTS_REDIS_SENTINEL_PASSWORD")
                .or(self.sentinel_password),
            ca: self.ca,
            tls: self.tls,
            connect_timeout: time("INTERNAL_EVENTS_REDIS_CONNECT_TIMEOUT", self.connect_timeout)?,
            response_timeout: time(
                "INTERNAL_EVENTS_REDIS_RESPONSE_TIMEOUT",
                self.response_timeout,
            )?,
            replay_window: time("INTERNAL_EVENTS_REDIS_REPLAY_WINDOW", self.replay_window)?,
            reseed_interval: time("INTERNAL_EVENTS_REDIS_RESEED_INTERVAL", self.reseed_interval)?,
        })
    }
}

impl RedisSettings {
    /// Returns what a connection to another address is made with.
    pub(crate) fn at(&self, url: Secret, root: &Path) -> Result<RedisOptions, RedisError> {
        let parsed = RedisOptions::parse(&url.0)?;
        let mut settings = Self { url: Some(url.clone()), ..self.clone() };
        if url.0.contains('@') {
            (settings.user, settings.password) = (None, None);
        }
        Ok(settings.options(root)?.unwrap_or(parsed))
    }

    /// Returns what a connection is made with; nothing if there is no address. Files are looked
    /// for from `root`.
    ///
    /// # Errors
    ///
    /// When the address is none; the error has nothing of it.
    pub fn options(&self, root: &Path) -> Result<Option<RedisOptions>, RedisError> {
        let Some(Secret(url)) = &self.url else { return Ok(None) };
        let mut options = RedisOptions::parse(url)?;
        if let Some(Secret(password)) = &self.password {
            options = options.with_login(self.user.as_deref(), password);
        }
        if let Some(Secret(password)) = &self.sentinel_password {
            options = options.with_sentinel_login(self.sentinel_user.as_deref(), password);
        }
        options.tls.ca = self.ca.as_ref().map(|it| root.join(it));
        options.tls.certificate =
            self.tls.as_ref().map(|it| (root.join(&it.certificate), root.join(&it.key)));
        let set = |to: &mut Duration, time: Option<Duration>| *to = time.unwrap_or(*to);
        set(&mut options.connect_timeout, self.connect_timeout);
        set(&mut options.response_timeout, self.response_timeout);
        set(&mut options.replay_window, self.replay_window);
        set(&mut options.reseed_interval, self.reseed_interval);
        Ok(Some(options))
    }
}
