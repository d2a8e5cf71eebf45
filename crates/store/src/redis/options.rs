//! Where Redis is, and how to get in.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use ::redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo as _, RedisConnectionInfo};

use super::error::RedisError;

/// What an address of Redis and the settings say. No password is ever shown.
#[derive(Clone)]
#[non_exhaustive]
pub struct RedisOptions {
    /// The servers, the Sentinels, or some nodes of the Cluster.
    pub(super) nodes: Vec<ConnectionInfo>,
    pub(super) mode: Mode,
    /// Database, user and password of the servers.
    pub(super) login: RedisConnectionInfo,
    /// User and password of the Sentinels.
    pub(super) sentinel_login: RedisConnectionInfo,
    /// Files for TLS. Without any, the certificates the system trusts are trusted.
    pub tls: RedisTls,
    /// How long a connection may take to come about.
    pub connect_timeout: Duration,
    /// How long an answer may take. One batch takes the server some milliseconds.
    pub response_timeout: Duration,
    /// After how long what is known of a key is merged into it again and its lifetime renewed, by
    /// the times of the events.
    pub reseed_interval: Duration,
    /// For how long entries that were counted stay in the journal, so that they can be counted
    /// again if a failover forgets them.
    pub replay_window: Duration,
    /// How many keys are remembered with what Redis has acknowledged.
    pub known_keys: usize,
    /// How many bytes of memory that may take.
    pub known_bytes: usize,
}

/// Files in PEM format, read at each connection so that renewed ones are taken.
#[derive(Debug, Clone, Default)]
pub struct RedisTls {
    /// Certificates to trust in place of those of the system.
    pub ca: Option<PathBuf>,
    /// Our own certificate and key, for a server that asks for one.
    pub certificate: Option<(PathBuf, PathBuf)>,
}

/// How the servers stand to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mode {
    /// There is one.
    Standalone,
    /// Sentinels name the one to write to.
    Sentinel { master: String },
    /// Each has some of the slots.
    Cluster,
}

/// What an address looks like, for whoever wrote another.
const FORMS: &str = "write redis://HOST:PORT/DATABASE, unix:///PATH, \
    redis+sentinel://HOST:PORT,HOST:PORT/NAME or redis+cluster://HOST:PORT,HOST:PORT, with rediss \
    in place of redis for TLS, and USER:PASSWORD@ before the first host";

impl RedisOptions {
    /// Reads an address; does no IO.
    ///
    /// | address | servers |
    /// |---|---|
    /// | `redis://[user:password@]host[:port][/database]` | one |
    /// | `unix:///path[?db=…&user=…&pass=…]` | one, through a socket |
    /// | `redis+sentinel://[user:password@]host[:port],…/name[/database]` | the primary `name`, as these Sentinels say |
    /// | `redis+cluster://[user:password@]host[:port],…` | all nodes of the Cluster that these belong to |
    ///
    /// `rediss` in place of `redis` speaks TLS. User and password are those of the servers.
    ///
    /// # Errors
    ///
    /// Fails if it is no such address; the error says what one looks like and has nothing of it.
    pub fn parse(url: &str) -> Result<Self, RedisError> {
        let (scheme, rest) = url.split_once("://").ok_or(RedisError::Address { reason: FORMS })?;
        let (scheme, mode) = scheme.split_once('+').unwrap_or((scheme, ""));
        let (nodes, mode) = match (scheme, mode) {
            ("redis" | "rediss" | "valkey" | "valkeys" | "unix", "") => {
                (vec![node(url)?], Mode::Standalone)
            }
            ("redis" | "valkey", "unix") => (vec![node(url)?], Mode::Standalone),
            ("redis" | "rediss" | "valkey" | "valkeys", "sentinel") => sentinels(scheme, rest)?,
            ("redis" | "rediss" | "valkey" | "valkeys", "cluster") => {
                (nodes(scheme, rest, "")?, Mode::Cluster)
            }
            _ => return Err(RedisError::Address { reason: FORMS }),
        };
        let Some(first) = nodes.first() else {
            return Err(RedisError::Address { reason: FORMS });
        };
        let login = first.redis_settings().clone().set_skip_set_lib_name();
        Ok(Self {
            nodes,
            mode,
            login,
            sentinel_login: RedisConnectionInfo::default().set_skip_set_lib_name(),
            tls: RedisTls::default(),
            connect_timeout: Duration::from_secs(2),
            response_timeout: Duration::from_secs(5),
            reseed_interval: Duration::from_hours(1),
            replay_window: Duration::from_hours(1),
            // 3,000 weekly keys with a full sketch each are 36 MB; most are sparse and far smaller.
            known_keys: 10_000,
            known_bytes: 64 << 20,
        })
    }

    /// Takes a user and a password that are not in the address.
    #[must_use]
    pub fn with_login(mut self, user: Option<&str>, password: &str) -> Self {
        self.login = with_login(self.login, user, password);
        self
    }

    /// Takes a user and a password for the Sentinels.
    #[must_use]
    pub fn with_sentinel_login(mut self, user: Option<&str>, password: &str) -> Self {
        self.sentinel_login = with_login(self.sentinel_login, user, password);
        self
    }

    /// Returns the servers' addresses, for a person.
    pub fn address(&self) -> String {
        let nodes: Vec<String> = self.nodes.iter().map(|it| it.addr().to_string()).collect();
        nodes.join(",")
    }
}

fn with_login(
    login: RedisConnectionInfo,
    user: Option<&str>,
    password: &str,
) -> RedisConnectionInfo {
    let login = login.set_password(password);
    match user {
        Some(user) => login.set_username(user),
        None => login,
    }
}

fn node(url: &str) -> Result<ConnectionInfo, RedisError> {
    // What the library says about an address may quote it.
    url.into_connection_info().map_err(|_| RedisError::Address { reason: FORMS })
}

fn sentinels(scheme: &str, rest: &str) -> Result<(Vec<ConnectionInfo>, Mode), RedisError> {
    let reason = "after the Sentinels comes the name of the primary they watch: \
        redis+sentinel://HOST:PORT,HOST:PORT/NAME";
    let after_login = rest.rfind('@').map_or(0, |at| at + 1);
    let slash = rest[after_login..].find('/').ok_or(RedisError::Address { reason })?;
    let (hosts, path) = rest.split_at(after_login + slash);
    let (master, database) = path[1..].split_once('/').unwrap_or((&path[1..], ""));
    if master.is_empty() {
        return Err(RedisError::Address { reason });
    }
    Ok((nodes(scheme, hosts, database)?, Mode::Sentinel { master: master.to_owned() }))
}

/// Reads `[user:password@]host[:port],…`, each as an address of its own.
fn nodes(scheme: &str, rest: &str, database: &str) -> Result<Vec<ConnectionInfo>, RedisError> {
    let (login, hosts) = rest.split_at(rest.rfind('@').map_or(0, |at| at + 1));
    let hosts = hosts.trim_end_matches('/');
    hosts.split(',').map(|host| node(&format!("{scheme}://{login}{host}/{database}"))).collect()
}

impl fmt::Debug for RedisOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisOptions")
            .field("address", &self.address())
            .field("mode", &self.mode)
            .field("user", &self.login.username())
            .field("tls", &self.tls)
            .finish_non_exhaustive()
    }
}

/// Puts another address into the place of a node's, with the same TLS or none.
pub(super) fn at(node: &ConnectionInfo, host: String, port: u16) -> ConnectionInfo {
    let addr = match node.addr() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => ConnectionAddr::TcpTls {
            host,
            port,
            insecure: *insecure,
            tls_params: tls_params.clone(),
        },
        _ => ConnectionAddr::Tcp(host, port),
    };
    node.clone().set_addr(addr)
}

#[cfg(test)]
mod tests;
