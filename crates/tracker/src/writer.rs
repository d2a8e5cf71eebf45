//! The thread that owns the store.

use crate::health::{Cause, Ledger, RECEIVED};
use crate::payload::{encode_event, encode_kept};
use crate::queue::{Aside, Batch, Done, Kept, Prepared};
use crate::tracker::{CommitError, Shared};
use internal_events_catalog::{Catalog, CounterId, CounterKind, GivenId, Operand, Week};
use internal_events_store::{
    Change, Entry, Error, EventId, Group, Key, Quarantined, Store, Update, content_hash,
};
use std::borrow::Cow;
use std::collections::VecDeque;
use std::io;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How long an idle writer waits before it writes counters down.
const IDLE: Duration = Duration::from_secs(1);

/// Under which reason unknown events are kept.
pub(crate) const UNKNOWN_EVENT: &str = "unknown_event";

pub(crate) fn spawn(
    store: Box<dyn Store>,
    shared: Arc<Shared>,
    group_events: usize,
) -> io::Result<()> {
    let builder = std::thread::Builder::new().name("internal-events-writer".to_owned());
    builder.spawn(move || {
        // Whatever ends this thread, nobody may wait for it any longer.
        let _end = EndGuard(Arc::clone(&shared));
        Writer::new(store, shared, group_events).run();
    })?;
    Ok(())
}

struct EndGuard(Arc<Shared>);

impl Drop for EndGuard {
    fn drop(&mut self) {
        for batch in self.0.queue.end() {
            self.0.ledger.count(Cause::JournalFailed, batch.events() as u64);
            if let Some(done) = batch.done {
                done(Err(CommitError { source: None }));
            }
        }
    }
}

struct Writer {
    store: Box<dyn Store>,
    shared: Arc<Shared>,
    group_events: usize,
    keys: KeyCache,
    group: Encoded,
    saved_ledger: Vec<u64>,
}

impl Writer {
    fn new(store: Box<dyn Store>, shared: Arc<Shared>, group_events: usize) -> Self {
        Self {
            store,
            shared,
            group_events,
            keys: KeyCache::default(),
            group: Encoded::default(),
            saved_ledger: Vec::new(),
        }
    }

    fn run(mut self) {
        loop {
            // Whoever was just answered often asks again: let them, so that groups grow.
            std::thread::yield_now();
            let taken = self.shared.queue.take(IDLE);
            let idle = taken.batches.is_empty();
            self.write(taken.batches);
            // Also what other processes wrote: of them all, this one may have the lease.
            if idle && !taken.closed {
                self.checkpoint();
            }
            if idle && taken.closed {
                // What was refused since the last group is still to be written down.
                self.commit(Vec::new());
                self.checkpoint();
                return;
            }
        }
    }

    fn write(&mut self, mut batches: VecDeque<Batch>) {
        while !batches.is_empty() {
            let mut events = 0;
            let mut n = 0;
            while n < batches.len() && events < self.group_events {
                events += batches[n].events();
                n += 1;
            }
            self.commit(batches.drain(..n).collect());
            if self.store.is_checkpoint_due() {
                self.checkpoint();
            }
        }
    }

    /// Makes batches durable together and tells those who wait.
    fn commit(&mut self, batches: Vec<Batch>) {
        self.group.clear();
        let mut aside = Vec::new();
        let mut waiting: Vec<Done> = Vec::new();
        let mut received = 0;
        for batch in batches {
            received += batch.received;
            for prepared in &batch.entries {
                self.group.push(prepared, &mut self.keys, self.store.as_mut());
            }
            aside.extend(batch.aside);
            waiting.extend(batch.done);
        }
        let result = self.append(&aside, received);
        let result = result.map_err(|source| CommitError { source: Some(Arc::new(source)) });
        self.settle(&result, self.group.len() as u64, aside.len() as u64);
        let result = result.map(drop);
        for done in waiting {
            done(result.clone());
        }
    }

    /// Returns how many events were in the journal before.
    fn append(&mut self, aside: &[Aside], received: u64) -> Result<u64, Error> {
        let changes = self.shared.ledger.since(&self.saved_ledger);
        if self.group.len() == 0 && aside.is_empty() && changes.is_empty() {
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
        let updates = self.group.updates();
        let entries = self.group.entries(&updates);
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

    fn settle(&self, result: &Result<u64, CommitError>, known: u64, quarantined: u64) {
        let ledger = &self.shared.ledger;
        match result {
            Ok(duplicate) => {
                ledger.accepted.fetch_add(known - duplicate, Ordering::AcqRel);
                ledger.duplicate.fetch_add(*duplicate, Ordering::AcqRel);
                ledger.quarantined.fetch_add(quarantined, Ordering::AcqRel);
                self.shared.threads.wake();
            }
            Err(error) => {
                ledger.count(Cause::JournalFailed, known + quarantined);
                tracing::error!(
                    error = error.source.as_deref().map(|it| it as &dyn std::error::Error),
                    lost = known + quarantined,
                    "the journal could not be written"
                );
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

fn reason_and_bytes(aside: &Aside) -> (&str, Cow<'_, [u8]>) {
    match &aside.what {
        Kept::Unknown(event) => (UNKNOWN_EVENT, encode_kept(event).into()),
        Kept::Foreign(it) => (&it.reason, it.payload.as_slice().into()),
    }
}

/// The entries of one group, with everything they borrow in one buffer.
#[derive(Debug, Default)]
pub(crate) struct Encoded {
    bytes: Vec<u8>,
    text: String,
    entries: Vec<EncodedEntry>,
    changes: Vec<(Key, EncodedChange)>,
}

#[derive(Debug)]
struct EncodedEntry {
    id: EventId,
    accepted_at: i64,
    catalog: u64,
    event: Range<usize>,
    changes: Range<usize>,
    content: Option<u64>,
}

#[derive(Debug)]
enum EncodedChange {
    Add,
    Observe(Range<usize>),
    Sum(f64),
    Count(Range<usize>),
}

impl Encoded {
    fn len(&self) -> usize {
        self.entries.len()
    }

    fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.changes.clear();
    }

    pub(crate) fn push(&mut self, prepared: &Prepared, keys: &mut KeyCache, store: &mut dyn Store) {
        let start = self.bytes.len();
        encode_event(&prepared.event, &mut self.bytes);
        let event = start..self.bytes.len();
        let first = self.changes.len();
        let table = keys.table(&prepared.catalog, prepared.accepted_at);
        for update in &prepared.updates {
            let key = table.key(update.counter, &prepared.catalog, store);
            let change = match prepared.catalog.counter(update.counter).kind {
                CounterKind::Total => EncodedChange::Add,
                CounterKind::Sum => EncodedChange::Sum(update.operand.amount(&prepared.event)),
                CounterKind::Unique => {
                    EncodedChange::Observe(self.element(prepared, update.operand))
                }
                CounterKind::PerValue => {
                    EncodedChange::Count(self.element(prepared, update.operand))
                }
            };
            self.changes.push((key, change));
        }
        let (id, content) = match prepared.event.given_id {
            None => (*uuid::Uuid::now_v7().as_bytes(), None),
            Some(GivenId { id, content }) => {
                let journaled = || content_hash(&self.bytes[event.clone()]);
                (id, Some(content.unwrap_or_else(journaled)))
            }
        };
        self.entries.push(EncodedEntry {
            id: EventId(id),
            accepted_at: prepared.accepted_at,
            catalog: prepared.catalog.fingerprint(),
            event,
            changes: first..self.changes.len(),
            content,
        });
    }

    fn element(&mut self, prepared: &Prepared, operand: Operand) -> Range<usize> {
        self.text.clear();
        operand.write_element(&prepared.event, &mut self.text);
        let start = self.bytes.len();
        self.bytes.extend_from_slice(self.text.as_bytes());
        start..self.bytes.len()
    }

    pub(crate) fn updates(&self) -> Vec<Update<'_>> {
        let of = |(key, change): &(Key, EncodedChange)| Update {
            key: *key,
            change: match change {
                EncodedChange::Add => Change::Add(1),
                EncodedChange::Observe(range) => Change::Observe(&self.bytes[range.clone()]),
                EncodedChange::Sum(amount) => Change::Sum(*amount),
                EncodedChange::Count(range) => Change::Count(&self.bytes[range.clone()]),
            },
        };
        self.changes.iter().map(of).collect()
    }

    pub(crate) fn entries<'a>(&'a self, updates: &'a [Update<'a>]) -> Vec<Entry<'a>> {
        let of = |it: &'a EncodedEntry| Entry {
            id: it.id,
            accepted_at: it.accepted_at,
            catalog: it.catalog,
            event: &self.bytes[it.event.clone()],
            updates: &updates[it.changes.clone()],
            content: it.content,
        };
        self.entries.iter().map(of).collect()
    }
}

/// Handles of the keys of recent catalogs and weeks, so that a key's text is built once a week.
#[derive(Debug, Default)]
pub(crate) struct KeyCache {
    /// The most recently used first.
    tables: Vec<KeyTable>,
}

#[derive(Debug)]
struct KeyTable {
    fingerprint: u64,
    week: Week,
    starts_ms: i64,
    ends_ms: i64,
    keys: Vec<Option<Key>>,
}

impl KeyCache {
    /// Enough for the turn of a week while definitions change.
    const TABLES: usize = 4;

    fn table(&mut self, catalog: &Arc<Catalog>, at: i64) -> &mut KeyTable {
        let found = self.tables.iter().position(|it| it.serves(catalog, at));
        match found {
            Some(0) => {}
            Some(idx) => self.tables[..=idx].rotate_right(1),
            None => {
                self.tables.truncate(Self::TABLES - 1);
                self.tables.insert(0, KeyTable::new(catalog, at));
            }
        }
        &mut self.tables[0]
    }
}

impl KeyTable {
    fn new(catalog: &Catalog, at: i64) -> Self {
        let week = Week::at_millisecond(at);
        Self {
            fingerprint: catalog.fingerprint(),
            week,
            starts_ms: week.before(1).end_millisecond(),
            ends_ms: week.end_millisecond(),
            keys: vec![None; catalog.n_counters()],
        }
    }

    fn serves(&self, catalog: &Catalog, at: i64) -> bool {
        (self.starts_ms..self.ends_ms).contains(&at) && self.fingerprint == catalog.fingerprint()
    }

    fn key(&mut self, counter: CounterId, catalog: &Catalog, store: &mut dyn Store) -> Key {
        let week = self.week;
        *self.keys[counter.index()].get_or_insert_with(|| store.intern(&catalog.key(counter, week)))
    }
}
