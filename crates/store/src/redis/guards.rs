//! What is wrong with a server although it answers.

use std::fmt;
use std::sync::LazyLock;

use ::redis::from_redis_value;

use super::error::RedisError;
use super::keys::probe_key;
use super::link::{Call, Link, Script};

static PROBE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("probe.lua")));

/// The oldest version with all that is used: `SET … KEEPTTL` came with 6.0, and nobody mends
/// anything before 6.2.
const OLDEST: (u32, u32) = (6, 2);

/// Something about a server that endangers counters, or keeps them from being counted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Guard {
    /// The server throws keys away when its memory is short.
    MayEvict {
        /// The server.
        address: String,
        /// Its `maxmemory-policy`.
        policy: String,
    },
    /// The server is a replica.
    ReadOnly {
        /// The server.
        address: String,
    },
    /// The server is older than what is known to work.
    TooOld {
        /// The server.
        address: String,
        /// Its version.
        version: String,
    },
    /// The server cannot write its data to disk, and may refuse writes for that.
    CannotPersist {
        /// The server.
        address: String,
    },
    /// The server belongs to a Cluster, and the address does not say so.
    IsCluster {
        /// The server.
        address: String,
    },
    /// The user may not run a command that counting needs.
    NotPermitted {
        /// Each command with what the server says.
        commands: Vec<String>,
    },
}

impl Guard {
    /// Returns whether nothing, or not everything, can be counted while this is so.
    pub fn is_fatal(&self) -> bool {
        match self {
            Self::ReadOnly { .. } | Self::IsCluster { .. } | Self::NotPermitted { .. } => true,
            Self::MayEvict { .. } | Self::TooOld { .. } | Self::CannotPersist { .. } => false,
        }
    }
}

impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MayEvict { address, policy } => write!(
                f,
                "Redis at {address} throws keys away when its memory is short (maxmemory-policy \
                 {policy}), counters among them: set maxmemory-policy to noeviction, or use a \
                 server of its own for counters"
            ),
            Self::ReadOnly { address } => write!(
                f,
                "Redis at {address} is a replica, which takes no writes: give the address of the \
                 primary, or of the Sentinels that know it"
            ),
            Self::TooOld { address, version } => write!(
                f,
                "Redis at {address} has version {version}: {}.{} or newer is needed",
                OLDEST.0, OLDEST.1
            ),
            Self::CannotPersist { address } => write!(
                f,
                "Redis at {address} could not write its data to disk the last time: look into its \
                 log and at its disk"
            ),
            Self::IsCluster { address } => write!(
                f,
                "Redis at {address} belongs to a Cluster: write redis+cluster:// in place of \
                 redis:// in the address"
            ),
            Self::NotPermitted { commands } => write!(
                f,
                "commands that counting needs are refused, so that changes would be dropped: {}",
                commands.join("; ")
            ),
        }
    }
}

/// Looks at all servers that take writes.
pub(super) fn look(link: &mut Link, journal: &str) -> Result<Vec<Guard>, RedisError> {
    let is_cluster = link.is_cluster();
    let mut guards: Vec<Guard> =
        link.info()?.iter().flat_map(|(address, info)| of_server(address, info)).collect();
    guards.retain(|it| !is_cluster || !matches!(it, Guard::IsCluster { .. }));
    // Where nothing can be written there is nothing to try.
    if guards.iter().all(|it| !it.is_fatal()) {
        let refused = try_commands(link, journal)?;
        if !refused.is_empty() {
            guards.push(Guard::NotPermitted { commands: refused });
        }
    }
    Ok(guards)
}

fn try_commands(link: &mut Link, journal: &str) -> Result<Vec<String>, RedisError> {
    let keys = vec![probe_key(journal).into_bytes()];
    let answers = link.run(&PROBE, &[Call { keys, args: Vec::new() }])?;
    let answer = answers.into_iter().next().ok_or_else(|| link.not_understood())?;
    let answer = answer.map_err(|source| link.error(source))?;
    from_redis_value(answer).map_err(|_| link.not_understood())
}

/// Reads what a server says about itself.
fn of_server(address: &str, info: &str) -> Vec<Guard> {
    let field = |name: &str| {
        let mut lines = info.lines().filter_map(|it| it.split_once(':'));
        lines.find(|(it, _)| *it == name).map_or("", |(_, value)| value.trim())
    };
    let address = || address.to_owned();
    let mut guards = Vec::new();
    let policy = field("maxmemory_policy").to_owned();
    if !matches!(field("maxmemory"), "" | "0") && !matches!(&*policy, "" | "noeviction") {
        guards.push(Guard::MayEvict { address: address(), policy });
    }
    if field("role") == "slave" {
        guards.push(Guard::ReadOnly { address: address() });
    }
    let version = field("redis_version").to_owned();
    if is_too_old(&version) {
        guards.push(Guard::TooOld { address: address(), version });
    }
    if field("rdb_last_bgsave_status") == "err" || field("aof_last_write_status") == "err" {
        guards.push(Guard::CannotPersist { address: address() });
    }
    if field("cluster_enabled") == "1" {
        guards.push(Guard::IsCluster { address: address() });
    }
    guards
}

/// Whatever does not look like a version is left alone.
fn is_too_old(version: &str) -> bool {
    let mut numbers = version.split('.').map_while(|it| it.parse::<u32>().ok());
    let (Some(major), Some(minor)) = (numbers.next(), numbers.next()) else { return false };
    (major, minor) < OLDEST
}

#[cfg(test)]
mod tests;
