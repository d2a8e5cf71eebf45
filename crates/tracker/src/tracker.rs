//! The handle applications hold.

use crate::config::{Config, Strictness};
use crate::delivery::{self, Threads, is_far_behind};
use crate::errors::{CommitError, OpenError};
use crate::health::{Cause, Ledger};
use crate::intake::Intake;
use crate::queue::{Batch, Queue};
use crate::round::Durable;
use crate::shared::{Place, Shared, lock};
use crate::submission::{Others, Refusal, Submission};
use crate::{
    DestinationHealth, EventBuilder, Health, LegacyUniqueBuilder, MetricReport, Window, evaluate,
    writer,
};
use arc_swap::ArcSwap;
use internal_events_catalog::{Call, Catalog, Event};
use internal_events_store::{self as store, CounterReader, Reader, Store};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// How long dropping the last handle waits for the journal.
const LAST_WAIT: Duration = Duration::from_secs(5);

/// Takes events and answers for them. Cheap to clone; all clones are one tracker.
#[derive(Clone, Debug)]
pub struct Tracker {
    owner: Arc<Owner>,
}

/// Ends the writer when the last handle goes.
#[derive(Debug)]
struct Owner {
    shared: Arc<Shared>,
}

impl Drop for Owner {
    fn drop(&mut self) {
        if self.shared.has_let_go.load(Ordering::Acquire) {
            return;
        }
        self.shared.queue.close();
        if self.shared.enabled && !self.shared.queue.wait_for_end(LAST_WAIT) {
            tracing::error!("the journal was not written in time; events in the queue are lost");
        }
        // What is in the journal and not yet delivered is delivered by whoever opens it next.
        self.shared.threads.end(LAST_WAIT);
    }
}

impl Tracker {
    /// Opens a tracker: its data directory, its journal, its writer thread.
    ///
    /// # Errors
    ///
    /// When the directory or what is in it cannot be used.
    pub fn open(config: Config) -> Result<Self, OpenError> {
        let place = Place::of(&config);
        let store = place.open().map_err(OpenError::Store)?;
        let open_reader =
            || store.as_ref().map(|it| it.reader()).transpose().map_err(OpenError::Store);
        let (reader, status) = (open_reader()?, open_reader()?);
        let counters = match &store {
            Some(store) => counters_elsewhere(&config, store.as_ref()).map_err(OpenError::Store)?,
            None => None,
        };
        let threads = Arc::new(Threads::new(&config.destinations));
        let shared = Arc::new(Shared {
            catalog: ArcSwap::new(config.catalog),
            queue: Queue::new(config.limits),
            ledger: Ledger::default(),
            strictness: config.strictness,
            clock: config.clock,
            threads,
            #[cfg(feature = "snowplow")]
            pseudonyms: config.pseudonyms,
            enabled: store.is_some(),
            has_let_go: AtomicBool::new(false),
            reader: Mutex::new(reader),
            counters: Mutex::new(counters),
            limits: config.store.limits,
            status: Mutex::new(status),
            place,
        });
        if let Some(store) = store {
            for factory in &config.destinations {
                let cursor = store.cursor(factory.name).map_err(OpenError::Store)?;
                delivery::spawn(factory, cursor, &shared.threads).map_err(OpenError::Thread)?;
            }
            writer::spawn(store, Arc::clone(&shared)).map_err(OpenError::Thread)?;
        }
        Ok(Self { owner: Arc::new(Owner { shared }) })
    }

    /// Starts an event; nothing happens until it is sent.
    pub fn track_event(&self, name: impl Into<String>) -> EventBuilder<'_> {
        EventBuilder::new(self, Call::TrackEvent, name.into())
    }

    /// Starts showing values to the set of a legacy event, as `HLLRedisCounter.track_event` does;
    /// of an event that was migrated since, as if `increment_unique_users` was called over REST.
    pub fn track_legacy_unique(&self, name: impl Into<String>) -> LegacyUniqueBuilder<'_> {
        LegacyUniqueBuilder::new(self, name.into())
    }

    /// Starts raising a legacy total, `snippet_create` for the key `USAGE_SNIPPET_CREATE`, as
    /// `increment_counter` does over REST; of an event that was migrated since, all its totals.
    pub fn track_legacy_total(&self, name: impl Into<String>) -> EventBuilder<'_> {
        EventBuilder::new(self, Call::IncrementCounter, name.into())
    }

    /// Queues a batch, and calls `done` once all of it is durable.
    ///
    /// Never blocks. The answer has one submission per event, in order. `done` is called exactly
    /// once, on the writer's thread, or at once if nothing had to be written; it must not block.
    ///
    /// # Errors
    ///
    /// When the whole batch is refused; `done` is then never called.
    pub fn submit(
        &self,
        events: Vec<Event>,
        done: impl FnOnce(Result<(), CommitError>) + Send + 'static,
    ) -> Result<Vec<Submission>, Refusal> {
        let (submissions, mut batch) = self.admit(events, Others::default())?;
        if batch.events() == 0 {
            done(Ok(()));
            return Ok(submissions);
        }
        batch.done = Some(Box::new(done));
        self.owner.shared.push(batch)?;
        Ok(submissions)
    }

    /// Queues a batch as [`submit`](Self::submit) does, and with it what is to be kept aside or
    /// handed on; gives what becomes ready once all of it is durable, for asynchronous callers.
    ///
    /// All become durable together. What is kept aside is counted as received and quarantined,
    /// what is handed on as received and accepted, even in strict mode: it was no call of this
    /// program.
    ///
    /// # Errors
    ///
    /// When all of it is refused.
    pub fn submit_with(
        &self,
        events: Vec<Event>,
        others: Others,
    ) -> Result<(Vec<Submission>, Durable), Refusal> {
        let (submissions, batch) = self.admit(events, others)?;
        if batch.events() == 0 {
            return Ok((submissions, Durable::now()));
        }
        let durable = self.owner.shared.push_and_wait(batch)?;
        Ok((submissions, durable))
    }

    /// Says what becomes of events that are submitted together, and gives what is to be written.
    fn admit(
        &self,
        events: Vec<Event>,
        others: Others,
    ) -> Result<(Vec<Submission>, Batch), Refusal> {
        let shared = &self.owner.shared;
        let n_others = others.foreign.len() + others.forwarded.len();
        let received = events.len() + n_others;
        shared.ledger.receive(received);
        if !shared.enabled {
            shared.ledger.count(Cause::Disabled, received as u64);
            return Err(Refusal::Disabled);
        }
        let mut intake = Intake::new(shared, received);
        let submissions: Vec<Submission> = events.into_iter().map(|it| intake.admit(it)).collect();
        for it in others.foreign {
            intake.admit_foreign(it);
        }
        for it in &others.forwarded {
            intake.admit_forwarded(it);
        }
        let mut batch = intake.batch;
        batch.received =
            n_others as u64 + submissions.iter().map(Submission::is_taken).sum::<u64>();
        Ok((submissions, batch))
    }

    /// Queues one event that nobody waits for, as [`EventBuilder::send`] does, and says at once
    /// what becomes of it.
    ///
    /// # Errors
    ///
    /// When it is refused for what is wrong with the tracker, and not with the event.
    pub fn send(&self, event: Event) -> Result<Submission, Refusal> {
        let shared = &self.owner.shared;
        shared.ledger.receive(1);
        if !shared.enabled {
            shared.ledger.count(Cause::Disabled, 1);
            return Err(Refusal::Disabled);
        }
        let mut intake = Intake::new(shared, 1);
        let submission = intake.admit(event);
        let mut batch = intake.batch;
        batch.received = submission.is_taken();
        if batch.events() > 0 {
            shared.push(batch)?;
        }
        Ok(submission)
    }

    /// Forgets destinations that were configured once and are not any more, unless another process
    /// delivers to them; returns which they were, with what they had still to take.
    ///
    /// For programs that stay, at their start: one that ends soon may be configured otherwise.
    ///
    /// # Errors
    ///
    /// When the data directory cannot be used.
    pub fn forget_destinations(&self) -> Result<Vec<store::Forgotten>, store::Error> {
        let shared = &self.owner.shared;
        let names: Vec<&str> = shared.threads.reports.keys().copied().collect();
        match shared.open_store()? {
            Some(mut store) => store.keep_destinations(&names),
            None => Ok(Vec::new()),
        }
    }

    /// How the destinations are doing, the counters among them, in all processes on the same data.
    ///
    /// # Errors
    ///
    /// When that cannot be read.
    pub fn destinations(&self) -> Result<BTreeMap<String, DestinationHealth>, store::Error> {
        let shared = &self.owner.shared;
        let Some(status) = shared.read_status(|it| it.status()) else {
            return Ok(BTreeMap::new());
        };
        let nobody = delivery::Report::default();
        let of = |(name, delivery): (String, store::Delivery)| {
            let report = shared.threads.reports.get(name.as_str());
            let is_far_behind =
                name != store::COUNTERS && is_far_behind(&delivery, &shared.limits, self.now_ms());
            let health = report.map_or(&nobody, |it| it).health(delivery, is_far_behind);
            (name, health)
        };
        Ok(status?.deliveries.into_iter().map(of).collect())
    }

    /// What became of the events so far.
    pub fn health(&self) -> Health {
        self.owner.shared.ledger.health()
    }

    /// The catalog events are routed by.
    pub fn catalog(&self) -> Arc<Catalog> {
        self.owner.shared.catalog.load_full()
    }

    /// Routes all later events by another catalog; earlier ones keep what they were routed to.
    pub fn replace_catalog(&self, catalog: impl Into<Arc<Catalog>>) {
        let shared = &self.owner.shared;
        let after = catalog.into();
        let before = shared.catalog.swap(Arc::clone(&after));
        shared.announce_replayable(&before, &after);
    }

    /// How wrong calls are answered.
    pub fn strictness(&self) -> Strictness {
        self.owner.shared.strictness
    }

    /// Milliseconds since 1970 by the tracker's clock.
    pub fn now_ms(&self) -> i64 {
        self.owner.shared.clock.now_ms()
    }

    /// Evaluates metrics; all of them if no key path is given.
    ///
    /// # Errors
    ///
    /// When the counters cannot be read.
    pub fn metrics(
        &self,
        key_paths: &[&str],
        window: Window,
    ) -> Result<MetricReport, store::Error> {
        let (catalog, shared) = (self.catalog(), &self.owner.shared);
        let mut elsewhere = lock(&shared.counters);
        if let Some(counters) = elsewhere.as_deref_mut() {
            return evaluate(&catalog, Some(counters), key_paths, window);
        }
        drop(elsewhere);
        let mut reader = lock(&shared.reader);
        let reader = reader.as_deref_mut().map(|it| it as &mut dyn CounterReader);
        evaluate(&catalog, reader, key_paths, window)
    }

    /// Reads counters by their keys, from where metrics are read; none if tracking is switched off.
    ///
    /// # Errors
    ///
    /// When they cannot be read.
    pub fn counters(&self, keys: &[(&str, store::Kind)]) -> Result<store::Counters, store::Error> {
        let shared = &self.owner.shared;
        if let Some(elsewhere) = lock(&shared.counters).as_deref_mut() {
            return elsewhere.read_counters(keys);
        }
        let read = |reader: &mut dyn Reader| reader.read_counters(keys);
        shared.with_reader(read).unwrap_or_else(|| Ok(store::Counters::default()))
    }

    /// Asks the store directly; `None` if tracking is switched off.
    pub fn read<T>(&self, ask: impl FnOnce(&mut dyn Reader) -> T) -> Option<T> {
        self.owner.shared.with_reader(ask)
    }

    pub(crate) fn shared(&self) -> &Shared {
        &self.owner.shared
    }
}

/// Opens what reads counters that are not in the data directory, if there are any.
#[cfg(feature = "redis")]
fn counters_elsewhere(
    config: &Config,
    store: &dyn Store,
) -> Result<Option<Box<dyn CounterReader>>, store::Error> {
    let Some(options) = &config.redis else { return Ok(None) };
    let journal = store.reader()?;
    Ok(Some(Box::new(store::RedisCounterReader::new(options.clone(), Some(journal)))))
}

#[cfg(not(feature = "redis"))]
#[expect(clippy::unnecessary_wraps, reason = "with Redis it may fail")]
fn counters_elsewhere(
    _config: &Config,
    _store: &dyn Store,
) -> Result<Option<Box<dyn CounterReader>>, store::Error> {
    Ok(None)
}
