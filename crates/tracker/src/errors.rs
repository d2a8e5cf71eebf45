//! Why something could not be done.

use internal_events_store as store;
use std::sync::Arc;
use std::time::Duration;

/// Why a tracker cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The data directory cannot be used.
    #[error("cannot open the data directory")]
    Store(#[source] store::Error),
    /// The system gave no thread.
    #[error("cannot start the writer thread")]
    Thread(#[source] std::io::Error),
}

/// The journal could not be written; nothing of the batch was accepted.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the journal could not be written")]
pub struct CommitError {
    /// What the store said; none if the writer is gone.
    #[source]
    pub source: Option<Arc<store::Error>>,
}

/// Why it is not known that a batch is durable.
#[derive(Clone, Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DurableError {
    /// The journal could not be written; nothing of the batch was accepted.
    #[error(transparent)]
    Commit(CommitError),
    /// The writer ended meanwhile: the batch is in the journal, or it is not.
    #[error("the writer ended while it wrote")]
    Unknown,
}

/// Why a flush did not end well.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FlushError {
    /// It took too long; the events may yet become durable.
    #[error("not durable within {within:?}")]
    Timeout {
        /// How long was waited.
        within: Duration,
    },
    /// The journal could not be written.
    #[error(transparent)]
    Commit(#[from] CommitError),
    /// The tracker is shut down.
    #[error("the tracker is shut down")]
    ShutDown,
}

/// Why not all that was accepted is delivered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeliverError {
    /// It is not in the journal.
    #[error(transparent)]
    Flush(#[from] FlushError),
    /// A destination took too long; it will go on by itself.
    #[error("`{destination}` has still to take {pending} events after {within:?}")]
    Timeout {
        /// Its name.
        destination: String,
        /// How many entries it has still to take.
        pending: u64,
        /// How long was waited.
        within: Duration,
    },
    /// How far destinations are cannot be read.
    #[error("cannot read how far destinations are")]
    Read(#[source] store::Error),
}
