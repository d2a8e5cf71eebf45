//! The thread that owns the store.

use crate::errors::CommitError;
use crate::health::{Cause, Ledger, RECEIVED};
use crate::keys::KeyCache;
use crate::payload::encode_kept;
use crate::prepared::{Keyed, Prepared};
use crate::queue::{Aside, Batch, Done, Gathering, Kept};
use crate::round::Told;
use crate::shared::Shared;
use internal_events_store::{Error, Group, Quarantined, Store};
use std::borrow::Cow;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long an idle writer waits before it writes counters down.
const IDLE: Duration = Duration::from_secs(1);

/// How often the log says that the journal cannot be written: each caller is told, and a full disk
/// should not be filled with that.
const COMPLAINT: Duration = Duration::from_secs(10);

/// Under which reason unknown events are kept.
pub(crate) const UNKNOWN_EVENT: &str = "unknown_event";

pub(crate) fn spawn(store: Box<dyn Store>, shared: Arc<Shared>) -> io::Result<()> {
    let builder = std::thread::Builder::new().name("internal-events-writer".to_owned());
    builder.spawn(move || {
        // Whatever ends this thread, nobody may wait for it any longer.
        let _end = EndGuard(Arc::clone(&shared));
        Writer::new(store, shared).run();
    })?;
    Ok(())
}

struct EndGuard(Arc<Shared>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        for Gathering { batches, teller, .. } in self.0.queue.end() {
            let gone = || Err(CommitError { source: None });
            for batch in batches {
                self.0.ledger.count(Cause::JournalFailed, batch.events() as u64);
                if let Some(done) = batch.done {
                    done(gone());
                }
            }
            drop(teller.map(|it| it.tell(gone())));
        }
    }
}

struct Writer {
    store: Box<dyn Store>,
    shared: Arc<Shared>,
    keys: KeyCache,
    saved_ledger: Vec<u64>,
    complaint: Complaint,
    /// Those who waited for the last group, and wake each other.
    told: Option<Told>,
}

/// What the log was told of a journal that cannot be written.
#[derive(Default)]
struct Complaint {
    made_at: Option<Instant>,
    /// Events that were refused since then.
    unsaid: u64,
}

impl Complaint {
    /// Whether one was made just now: a disk that is all but full takes some groups and not others.
    fn is_new(&self) -> bool {
        self.made_at.is_some_and(|it| it.elapsed() < COMPLAINT)
    }

    fn make(&mut self, error: Option<&Error>, refused: u64) {
        self.unsaid += refused;
        if self.is_new() {
            return;
        }
        let error = error.map(|it| it as &dyn std::error::Error);
        tracing::error!(error, lost = self.unsaid, "the journal could not be written");
        *self = Self { made_at: Some(Instant::now()), unsaid: 0 };
    }

    /// Says that all is well again, and what has not been said before.
    #[cold]
    fn withdraw(&mut self) {
        if self.is_new() {
            return;
        }
        tracing::info!(lost = self.unsaid, "the journal is written again");
        *self = Self::default();
    }
}

impl Writer {
    fn new(store: Box<dyn Store>, shared: Arc<Shared>) -> Self {
        Self {
            store,
            shared,
            keys: KeyCache::default(),
            saved_ledger: Vec::new(),
            complaint: Complaint::default(),
            told: None,
        }
    }

    fn run(mut self) {
        loop {
            // Whoever was just answered often asks again: let them, so that groups grow.
            std::thread::yield_now();
            let taken = self.shared.queue.take(IDLE);
            let idle = taken.gatherings.is_empty();
            for gathering in taken.gatherings {
                self.commit(gathering);
                if self.store.is_checkpoint_due() {
                    self.checkpoint();
                }
            }
            if idle {
                self.told = None;
            }
            // Also what other processes wrote: of them all, this one may have the lease.
            if idle && !taken.closed {
                self.checkpoint();
            }
            if idle && taken.closed {
                // What was refused since the last group is still to be written down.
                self.commit(Gathering::default());
                self.checkpoint();
                return;
            }
        }
    }

    /// Makes batches durable together and tells those who wait.
    fn commit(&mut self, Gathering { batches, teller, .. }: Gathering) {
        let mut prepared: Vec<Box<Prepared>> = Vec::with_capacity(batches.len());
        let mut aside = Vec::new();
        let mut waiting: Vec<Done> = Vec::new();
        let mut looking: Vec<Done> = Vec::new();
        let mut received = 0;
        let earliest = batches.iter().filter_map(Batch::received_at).min();
        for batch in batches {
            received += batch.received;
            prepared.extend(batch.prepared);
            aside.extend(batch.aside);
            if batch.looks { looking.extend(batch.done) } else { waiting.extend(batch.done) }
        }
        let known = prepared.iter().map(|it| it.len() as u64).sum();
        let result = refuse_before_1970(earliest.unwrap_or_default())
            .and_then(|()| self.append(&prepared, &aside, received));
        let result = result.map_err(|source| CommitError { source: Some(Arc::new(source)) });
        self.settle(&result, known, aside.len() as u64);
        let result = result.map(drop);
        for done in waiting {
            done(result.clone());
        }
        self.told = teller.map(|it| it.tell(result.clone()));
        if !looking.is_empty() {
            let result = result.and_then(|()| self.look());
            for done in looking {
                done(result.clone());
            }
        }
    }

    /// Looks whether an event that came now would be taken.
    #[cold]
    fn look(&mut self) -> Result<(), CommitError> {
        let looked =
            refuse_before_1970(self.shared.clock.now_ms()).and_then(|()| self.store.look());
        looked.map_err(|source| {
            self.complaint.make(Some(&source), 0);
            CommitError { source: Some(Arc::new(source)) }
        })
    }

    /// Returns how many events were in the journal before.
    fn append(
        &mut self,
        prepared: &[Box<Prepared>],
        aside: &[Aside],
        received: u64,
    ) -> Result<u64, Error> {
        let changes = self.shared.ledger.since(&self.saved_ledger);
        let prepared = prepared.iter().map(|it| &**it);
        let keyed = Keyed::new(prepared, &mut self.keys, self.store.as_mut());
        if keyed.len() == 0 && aside.is_empty() && changes.is_empty() {
            return Ok(0);
        }
        let kept: Vec<(&str, Cow<'_, [u8]>)> = aside.iter().map(reason_and_bytes).collect();
        let quarantined: Vec<Quarantined<'_>> = aside
            .iter()
            .zip(&kept)
            .map(|(it, (reason, event))| Quarantined { received_at: it.received_at, reason, event })
            .collect();
        let mut ledger: Vec<(&str, u64)> = changes.iter().map(|it| (it.name, it.more)).collect();
        // What was refused never came this far, but for what its sender was told of it later.
        let refused: u64 = changes.iter().filter(|it| it.refuses()).map(|it| it.more).sum();
        ledger.push((RECEIVED, received + refused));
        let entries = keyed.entries();
        let group = Group {
            entries: &entries,
            quarantined: &quarantined,
            ledger: &ledger,
            ..Group::default()
        };
        let appended = self.store.append(&group)?;
        self.saved_ledger = Ledger::saved(&self.saved_ledger, &changes);
        Ok(appended.n_duplicates())
    }

    fn settle(&mut self, result: &Result<u64, CommitError>, known: u64, quarantined: u64) {
        let ledger = &self.shared.ledger;
        match result {
            Ok(duplicate) => {
                ledger.accepted.fetch_add(known - duplicate, Ordering::AcqRel);
                ledger.duplicate.fetch_add(*duplicate, Ordering::AcqRel);
                ledger.quarantined.fetch_add(quarantined, Ordering::AcqRel);
                self.shared.threads.wake();
                // Nothing was written if there was nothing to write.
                if self.complaint.made_at.is_some() && known + quarantined > 0 {
                    self.complaint.withdraw();
                }
            }
            Err(error) => {
                ledger.count(Cause::JournalFailed, known + quarantined);
                self.complaint.make(error.source.as_deref(), known + quarantined);
            }
        }
    }

    fn checkpoint(&mut self) {
        // Counters are folded from the journal again; nothing is lost but time.
        if let Err(error) = self.store.checkpoint() {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "counters could not be written down"
            );
        }
    }
}

/// Fails if a time is one that only a clock shows which was never set: weeks and ages that came of
/// it would be wrong for good.
fn refuse_before_1970(ms: i64) -> Result<(), Error> {
    if ms >= 0 {
        return Ok(());
    }
    Err(Error::Clock { before: Duration::from_millis(ms.unsigned_abs()) })
}

fn reason_and_bytes(aside: &Aside) -> (&str, Cow<'_, [u8]>) {
    match &aside.what {
        Kept::Unknown(event) => (UNKNOWN_EVENT, encode_kept(event).into()),
        Kept::Foreign(it) => (&it.reason, it.payload.as_slice().into()),
    }
}
