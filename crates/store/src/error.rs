//! How the world can fail a store.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::ErrorCode;

use crate::record::DecodeError;

/// Why a store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The data directory, or a file in it, cannot be made.
    #[error("cannot create {path}")]
    Create {
        /// What was to be made.
        path: PathBuf,
        /// Why it was not.
        #[source]
        source: io::Error,
    },
    /// One of the lock files cannot be opened or locked.
    #[error("cannot lock {path}")]
    Lock {
        /// The lock file.
        path: PathBuf,
        /// Why it is not locked.
        #[source]
        source: io::Error,
    },
    /// Somebody else has been writing for so long that it must be stopped; nothing was written.
    #[error(
        "another process has held {path} for {} s, and has probably been stopped: \
         `fuser {path}` names it; continue or end it",
        waited.as_secs_f64()
    )]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// The database cannot be opened.
    #[error("cannot open the store at {path}")]
    Open {
        /// The database file.
        path: PathBuf,
        /// What SQLite says.
        #[source]
        source: rusqlite::Error,
    },
    /// The file is a database of some other program.
    #[error("{path} is not a store of internal events")]
    NotAStore {
        /// The database file.
        path: PathBuf,
    },
    /// The database is gone or has no byte, though it was there.
    #[error(
        "{path} is missing or empty, but what is beside it says that it was in use: \
         it was deleted, or truncated to nothing"
    )]
    Emptied {
        /// The database file.
        path: PathBuf,
    },
    /// SQLite's log is damaged before its end, and hides what was accepted after.
    #[error(
        "{path} is damaged in frame {frame}, and whole groups of accepted events are behind that, \
         which would be lost if it was used"
    )]
    Log {
        /// The log.
        path: PathBuf,
        /// The frame that is damaged, counted from 1; 0 is the header of the file.
        frame: u64,
    },
    /// What is to be done needs the store to be used by nobody.
    #[error("a process uses the store in {path}")]
    InUse {
        /// The data directory.
        path: PathBuf,
    },
    /// A file of the store is not the one that was opened; nothing was written.
    #[error(
        "{path} is not the file any more that this process has open: it was deleted, moved or \
         replaced, and what is written now would be lost with it; put it back, or start the \
         process again with what is there now"
    )]
    Replaced {
        /// The file.
        path: PathBuf,
    },
    /// SQLite's write-ahead log is without its index, which only a reader that may write makes.
    #[error("beside {path} is a write-ahead log without its index")]
    LogWithoutIndex {
        /// The database file.
        path: PathBuf,
    },
    /// There is nothing to copy or to verify.
    #[error("there is no store in {path}")]
    NoStore {
        /// The data directory.
        path: PathBuf,
    },
    /// A backup does not write over a store.
    #[error("{path} exists already")]
    Exists {
        /// The database file.
        path: PathBuf,
    },
    /// A copy could not be made.
    #[error("cannot copy the store")]
    Backup(#[source] rusqlite::Error),
    /// The file was written by a newer version of this program.
    #[error(
        "{path} has format {format}, which internal-events {readable_by} or later can read; \
         this is {}, which reads formats up to {}",
        env!("CARGO_PKG_VERSION"),
        crate::FORMAT
    )]
    NewerFormat {
        /// The database file.
        path: PathBuf,
        /// Its format.
        format: u32,
        /// The first version of the program that can read it, as the file itself says.
        readable_by: String,
    },
    /// The data directory is on a file system that other machines may share.
    #[error(
        "{path} is on a network file system ({kind}), where locks and shared memory are not \
         reliable; keep the data on a local disk"
    )]
    NetworkFileSystem {
        /// The data directory.
        path: PathBuf,
        /// What kind of file system it is.
        kind: String,
    },
    /// Less of the disk is free than the reserve; nothing was written.
    #[error(
        "{path} has {} MiB free, less than the reserve of {} MiB: new events are refused until \
         there is more",
        free >> 20,
        reserve >> 20
    )]
    NoSpace {
        /// The data directory.
        path: PathBuf,
        /// How many bytes are free.
        free: u64,
        /// How many bytes are to stay free.
        reserve: u64,
    },
    /// The clock shows a time that no entry may have; nothing was written.
    #[error("the clock shows a time {} s before 1970", before.as_secs())]
    Clock {
        /// How long before.
        before: Duration,
    },
    /// A group could not be made durable.
    #[error("cannot append to the journal")]
    Append(#[source] rusqlite::Error),
    /// An event that was to be replayed is not kept aside, or not any more.
    #[error("no event number {number} is kept aside")]
    NotQuarantined {
        /// The number that was asked for.
        number: u64,
    },
    /// An entry that was to be delivered again is not in the outbox, or not any more.
    #[error("number {number} is not in the outbox")]
    NotInOutbox {
        /// The number that was asked for.
        number: u64,
    },
    /// Counters could not be written down.
    #[error("cannot write the counters")]
    Checkpoint(#[source] rusqlite::Error),
    /// Counters in Redis could not be read.
    #[cfg(feature = "redis")]
    #[error(transparent)]
    Redis(#[from] crate::RedisError),
    /// Something could not be read.
    #[error("cannot read the store")]
    Read(#[source] rusqlite::Error),
    /// A group in the journal is not what this version writes.
    #[error("the journal is damaged in the group that ends with entry {sequence}")]
    Journal {
        /// Sequence number of the last entry of the group.
        sequence: u64,
        /// What is wrong with it.
        #[source]
        source: DecodeError,
    },
    /// The journal names a key that the table of keys does not have.
    #[error("the journal names key {key_id}, which is not in the table of keys")]
    UnknownKey {
        /// The number in the journal.
        key_id: u32,
    },
    /// The text or the kind of a key is not what was written.
    #[error("the counter key number {key_id} is damaged")]
    Key {
        /// Number of the key.
        key_id: u32,
    },
    /// A kept counter is not what was written.
    #[error("the counter with key {key_id} is damaged")]
    Counter {
        /// Number of the counter's key.
        key_id: u32,
        /// What is wrong with it.
        #[source]
        source: CounterDamage,
    },
    /// The cursor of a destination is not what was written, or beyond the end of the journal.
    #[error("the cursor of `{destination}` is damaged")]
    Cursor {
        /// Name of the destination.
        destination: String,
    },
    /// Entries are missing in the journal that nobody may have taken out.
    #[error("the journal has nothing between entry {after} and entry {before}")]
    Gap {
        /// The last entry before the gap.
        after: u64,
        /// The first entry behind it.
        before: u64,
    },
    /// An event kept aside is not what was written.
    #[error(
        "event number {number}, which was kept aside, is damaged; `internal-events quarantine drop \
         {number}` takes it out"
    )]
    Kept {
        /// Its number.
        number: u64,
    },
    /// An entry in the outbox is not as it was written.
    #[error(
        "number {number} in the outbox is damaged; `internal-events outbox drop {number}` takes it \
         out"
    )]
    Outbox {
        /// Its number.
        number: u64,
    },
}

/// What is wrong with a counter that was written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CounterDamage {
    /// A bit of it has flipped.
    #[error("its checksum is not that of its value")]
    Checksum,
    /// Something of it has gone.
    #[error("a part of it is missing")]
    Missing,
    /// It is no value of its kind.
    #[error("its value is of another type")]
    Value,
    /// Its sketch is none.
    #[error(transparent)]
    Sketch(internal_events_hll::DecodeError),
}

/// Returns whether SQLite found something in a column that cannot have been written there.
pub(crate) fn is_strange_value(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
    };
    matches!(
        error,
        FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | Utf8Error(..)
    )
}

impl Error {
    /// Returns whether there is no room for what was to be written.
    pub fn is_full(&self) -> bool {
        self.code() == Some(ErrorCode::DiskFull)
            || self.io_kind() == Some(io::ErrorKind::StorageFull)
    }

    /// Returns whether nobody may write, or not this process.
    pub fn is_read_only(&self) -> bool {
        self.code() == Some(ErrorCode::ReadOnly)
            || self.io_kind() == Some(io::ErrorKind::ReadOnlyFilesystem)
    }

    /// Returns what the system says of a file that is no database.
    fn io_kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Create { source, .. } | Self::Lock { source, .. } => Some(source.kind()),
            _ => None,
        }
    }

    /// Returns what kind of failure SQLite calls it.
    fn code(&self) -> Option<ErrorCode> {
        match self {
            Self::Open { source, .. }
            | Self::Append(source)
            | Self::Checkpoint(source)
            | Self::Backup(source)
            | Self::Read(source) => source.sqlite_error_code(),
            _ => None,
        }
    }

    /// Returns whether the file itself is damaged, so that trying again is of no use.
    ///
    /// [`Sqlite::verify`](crate::Sqlite::verify) then says what is, and a backup helps.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Emptied { .. }
            | Self::Log { .. }
            | Self::Journal { .. }
            | Self::UnknownKey { .. }
            | Self::Key { .. }
            | Self::Counter { .. }
            | Self::Cursor { .. }
            | Self::Gap { .. }
            | Self::Kept { .. }
            | Self::Outbox { .. } => true,
            Self::Open { source, .. }
            | Self::Append(source)
            | Self::Checkpoint(source)
            | Self::Backup(source)
            | Self::Read(source) => {
                is_strange_value(source)
                    || matches!(
                        source.sqlite_error_code(),
                        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase)
                    )
            }
            _ => false,
        }
    }
}
