//! What handles and writer share.

use crate::Clock;
use crate::config::{Config, Home, Strictness};
use crate::delivery::Threads;
use crate::health::Ledger;
use crate::queue::{Batch, Full, Queue};
use crate::round::Durable;
use crate::submission::Refusal;
use arc_swap::ArcSwap;
use internal_events_catalog::Catalog;
use internal_events_store::{self as store, CounterReader, Memory, Reader, Sqlite, Store};
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What handles and writer share.
pub(crate) struct Shared {
    pub(crate) catalog: ArcSwap<Catalog>,
    pub(crate) queue: Queue,
    pub(crate) ledger: Ledger,
    pub(crate) strictness: Strictness,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) threads: Arc<Threads>,
    #[cfg(feature = "snowplow")]
    pub(crate) pseudonyms: Option<crate::snowplow::Salt>,
    pub(crate) enabled: bool,
    /// No handle to the data is open any more; nobody waits for threads that still talk to others.
    pub(crate) has_let_go: AtomicBool,
    pub(crate) reader: Mutex<Option<Box<dyn Reader>>>,
    /// Reads counters for metrics, where they are not read from the data directory.
    pub(crate) counters: Mutex<Option<Box<dyn CounterReader>>>,
    pub(crate) limits: store::Limits,
    /// Reads how destinations are doing, also while metrics are read.
    pub(crate) status: Mutex<Option<Box<dyn Reader>>>,
    pub(crate) place: Place,
}

/// Where further store handles are opened.
pub(crate) enum Place {
    Nowhere,
    Memory(Memory),
    Directory(PathBuf, store::Options),
}

impl Place {
    pub(crate) fn of(config: &Config) -> Self {
        match &config.home {
            Home::Nowhere => Self::Nowhere,
            Home::Memory => Self::Memory(Memory::with_limits(&config.store.limits)),
            Home::Directory(path) => Self::Directory(path.clone(), config.store.clone()),
        }
    }

    pub(crate) fn open(&self) -> Result<Option<Box<dyn Store>>, store::Error> {
        Ok(match self {
            Self::Nowhere => None,
            Self::Memory(memory) => Some(Box::new(memory.clone())),
            Self::Directory(path, options) => Some(Box::new(Sqlite::open(path, options.clone())?)),
        })
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").field("health", &self.ledger.health()).finish_non_exhaustive()
    }
}

impl Shared {
    /// Opens one more handle to the same data; `None` if tracking is switched off.
    pub(crate) fn open_store(&self) -> Result<Option<Box<dyn Store>>, store::Error> {
        self.place.open()
    }

    pub(crate) fn read_status<T>(&self, ask: impl FnOnce(&mut dyn Reader) -> T) -> Option<T> {
        let mut reader = lock(&self.status);
        reader.as_mut().map(|it| ask(it.as_mut()))
    }

    pub(crate) fn with_reader<T>(&self, ask: impl FnOnce(&mut dyn Reader) -> T) -> Option<T> {
        let mut reader = lock(&self.reader);
        reader.as_mut().map(|it| ask(it.as_mut()))
    }

    /// Queues a batch, or counts why not.
    pub(crate) fn push(&self, batch: Batch) -> Result<(), Refusal> {
        let n = batch.events() as u64;
        self.queue.push(batch).map_err(|it| self.refuse(it, n))
    }

    /// Does the same, and gives what to wait for.
    pub(crate) fn push_and_wait(&self, batch: Batch) -> Result<Durable, Refusal> {
        let n = batch.events() as u64;
        self.queue.push_and_wait(batch).map_err(|it| self.refuse(it, n))
    }

    #[cold]
    fn refuse(&self, full: Full, n_events: u64) -> Refusal {
        let refusal = match full {
            Full::TooMuch => Refusal::QueueFull,
            Full::Closed => Refusal::ShutDown,
        };
        self.ledger.count(refusal.cause(), n_events);
        refusal
    }
}

pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
