//! What a Snowplow destination is told.

use super::Salt;
use std::time::Duration;

/// Where events go, and what they say of where they come from.
#[derive(Clone, Debug)]
pub struct SnowplowOptions {
    /// The collector: `https://snowplow.example.com`, without a path, or with one of its own.
    pub collector: String,
    /// Which application sends: `aid`. Without it the parameter is left out.
    pub app_id: Option<String>,
    /// The name of the tracker: `tna`.
    pub tracker_name: String,
    /// Kind and version of the tracker: `tv`.
    pub tracker_version: String,
    /// Whether contexts are sent in base64 (`cx`) or as they are (`co`).
    pub base64: bool,
    /// What ids are hashed with.
    pub salt: Salt,
    /// Whether ids of users leave only as hashes.
    pub pseudonymise: bool,
    /// Names and versions of the schemas.
    pub schemas: Schemas,
    /// What the standard context says of the installation.
    pub instance: Instance,
    /// How events are put together and sent.
    pub sending: Sending,
    /// The file that gets a line for each event that was sent.
    pub log: Option<std::path::PathBuf>,
}

/// Names and versions of the schemas of contexts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schemas {
    /// The vendor of all of them.
    pub vendor: String,
    /// The version of `gitlab_standard`.
    pub standard: String,
    /// The version of `gitlab_service_ping`.
    pub service_ping: String,
    /// The version of `ai_context`.
    pub ai: String,
}

impl Default for Schemas {
    /// Those of GitLab 19.
    fn default() -> Self {
        Self {
            vendor: "com.gitlab".to_owned(),
            standard: "1-1-8".to_owned(),
            service_ping: "1-0-1".to_owned(),
            ai: "1-0-2".to_owned(),
        }
    }
}

/// What the standard context says of the installation, unless an event says otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// `staging`, `production`, `org`, `self-managed` or `development`.
    pub environment: String,
    /// Who sends: `gitlab-rails`.
    pub source: String,
    /// What customers pay for.
    pub plan: Option<String>,
    /// `self-managed`, `saas` or `dedicated`.
    pub realm: String,
    /// `self-managed`, `.com` or `dedicated`.
    pub deployment_type: String,
    /// The id of the installation.
    pub id: String,
    /// Its version.
    pub version: Option<String>,
    /// Its host.
    pub host_name: Option<String>,
    /// Whether it is one for developers, which has a unique id of another namespace.
    pub is_development: bool,
}

impl Default for Instance {
    fn default() -> Self {
        Self {
            environment: "self-managed".to_owned(),
            source: "gitlab-rails".to_owned(),
            plan: Some("free".to_owned()),
            realm: "self-managed".to_owned(),
            deployment_type: "self-managed".to_owned(),
            id: "uuid-not-set".to_owned(),
            version: None,
            host_name: None,
            is_development: false,
        }
    }
}

/// How events are put together and sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sending {
    /// Events of one request at most.
    pub batch_events: usize,
    /// Bytes of a request's body, beyond which no further event is put into it. Collectors take
    /// 1 MiB or 2; what is larger alone is sent alone.
    pub batch_bytes: usize,
    /// Requests at a time.
    pub concurrency: usize,
    /// How long a connection may take, look-up and shaking hands included.
    pub connect_timeout: Duration,
    /// How long a whole request may take. Less than half a minute, as of all destinations.
    pub timeout: Duration,
    /// Certificates to trust in place of those known to the world, in PEM.
    pub ca: Option<std::path::PathBuf>,
    /// The proxy to go through.
    pub proxy: Option<ProxyUrl>,
}

/// The address of a proxy, which may have a user and a password and is never shown.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyUrl(pub(super) String);

impl ProxyUrl {
    /// Takes an address, `http://proxy.example.com:3128`.
    pub fn new(url: impl Into<String>) -> Self {
        Self(url.into())
    }
}

impl std::fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProxyUrl(…)")
    }
}

impl Default for Sending {
    fn default() -> Self {
        Self {
            batch_events: 100,
            batch_bytes: 256 << 10,
            concurrency: 2,
            connect_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(15),
            ca: None,
            proxy: None,
        }
    }
}

impl SnowplowOptions {
    /// Sends to a collector, with the default of everything else.
    pub fn new(collector: impl Into<String>, salt: Salt) -> Self {
        Self {
            collector: collector.into(),
            app_id: None,
            // What GitLab's own events say, by which analysts know them.
            tracker_name: "gl".to_owned(),
            tracker_version: "rb-0.8.0".to_owned(),
            base64: true,
            salt,
            pseudonymise: true,
            schemas: Schemas::default(),
            instance: Instance::default(),
            sending: Sending::default(),
            log: None,
        }
    }
}
