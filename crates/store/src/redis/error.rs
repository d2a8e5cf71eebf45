//! How Redis can fail, and what to do about it.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use ::redis::{ErrorKind, ServerErrorKind};

/// Why counters in Redis could not be moved or read. No password is ever in it.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RedisError {
    /// The address is none.
    #[error("the address of Redis cannot be used: {reason}")]
    Address {
        /// What is wrong with it and what it should look like.
        reason: &'static str,
    },
    /// A certificate or key cannot be read.
    #[error("cannot read {path}, which the connection to Redis needs")]
    File {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        #[source]
        source: io::Error,
    },
    /// Nobody answers there, or not in time, or the connection broke.
    #[error(
        "no connection to Redis at {address}: see whether it runs and can be reached from here"
    )]
    Unreachable {
        /// Where it should be.
        address: String,
        /// What happened.
        #[source]
        source: ::redis::RedisError,
    },
    /// None of the Sentinels knows a primary that takes writes.
    #[error(
        "no Sentinel of {address} names a primary `{master}`: see whether the name is right, and \
         whether a failover is going on"
    )]
    NoPrimary {
        /// The Sentinels.
        address: String,
        /// The name asked for.
        master: String,
    },
    /// The server does not let us in, or not do this.
    #[error(
        "Redis at {address} does not permit this: check user and password, and that the user may \
         run scripts and the commands named in the manual on these keys"
    )]
    NotPermitted {
        /// Where it is.
        address: String,
        /// What the server says.
        #[source]
        source: ::redis::RedisError,
    },
    /// The server takes no writes now: it is full, a replica, loading, or cannot persist.
    #[error(
        "Redis at {address} takes no writes now: it is full, a replica, still loading, or cannot \
         write to its disk"
    )]
    Refused {
        /// Where it is.
        address: String,
        /// What the server says.
        #[source]
        source: ::redis::RedisError,
    },
    /// The server answers something that a Redis would not.
    #[error(
        "Redis at {address} answers in a way that is not understood: is it Redis 6.2 or newer?"
    )]
    Answer {
        /// Where it is.
        address: String,
        /// What the server says, if it is an error.
        #[source]
        source: Option<::redis::RedisError>,
    },
    /// Somebody else moved the position: another process holds the lease, or Redis forgot writes.
    ///
    /// Nothing was changed in this group of keys. [`resume`](crate::RedisCounters::resume) says
    /// which of the two it was.
    #[error(
        "the counters `{group}` in Redis stand at entry {}, not at {}, where this process left \
         them",
        words(*found), words(*expected)
    )]
    Stale {
        /// The hash tag of the keys, or the key itself.
        group: String,
        /// The position this process left.
        expected: Option<u64>,
        /// The position that is there.
        found: Option<u64>,
    },
    /// After a start and after every error, `resume` comes before `apply`.
    #[error("it is not known where the counters in Redis stand: resume first")]
    Unsettled,
    /// The text kept with the cursor is not what `apply` gave.
    #[error("what was kept about the counters in Redis cannot be read: {reason}")]
    State {
        /// What is wrong with it.
        reason: &'static str,
    },
}

fn words(position: Option<u64>) -> String {
    position.map_or_else(|| "none".to_owned(), |it| it.to_string())
}

impl RedisError {
    /// Sorts what the client library reports.
    pub(super) fn new(address: &str, source: ::redis::RedisError) -> Self {
        let address = address.to_owned();
        match source.kind() {
            ErrorKind::AuthenticationFailed | ErrorKind::Server(ServerErrorKind::NoPerm) => {
                Self::NotPermitted { address, source }
            }
            ErrorKind::Io | ErrorKind::ClusterConnectionNotFound => {
                Self::Unreachable { address, source }
            }
            ErrorKind::InvalidClientConfig => Self::Unreachable { address, source },
            ErrorKind::Server(
                ServerErrorKind::ReadOnly
                | ServerErrorKind::BusyLoading
                | ServerErrorKind::ClusterDown
                | ServerErrorKind::MasterDown
                | ServerErrorKind::TryAgain
                | ServerErrorKind::Moved
                | ServerErrorKind::Ask,
            ) => Self::Refused { address, source },
            _ => match source.code() {
                Some("NOAUTH" | "WRONGPASS") => Self::NotPermitted { address, source },
                Some("OOM" | "MISCONF" | "NOREPLICAS" | "BUSY") => {
                    Self::Refused { address, source }
                }
                _ => Self::Answer { address, source: Some(source) },
            },
        }
    }

    /// Returns whether the same may succeed later without anybody doing anything here.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Unreachable { .. }
            | Self::NoPrimary { .. }
            | Self::Refused { .. }
            | Self::Stale { .. }
            | Self::Unsettled => true,
            // An administrator mends these on the server, and then they are gone.
            Self::NotPermitted { .. } | Self::Answer { .. } => true,
            Self::Address { .. } | Self::File { .. } | Self::State { .. } => false,
        }
    }

    /// Returns how long to wait at least before the next attempt.
    pub fn retry_after(&self) -> Duration {
        match self {
            Self::Stale { .. } | Self::Unsettled => Duration::ZERO,
            Self::Unreachable { .. } | Self::NoPrimary { .. } | Self::Refused { .. } => {
                Duration::from_secs(1)
            }
            _ => Duration::from_secs(30),
        }
    }
}
