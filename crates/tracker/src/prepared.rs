//! Events made ready for the journal, on the threads of their callers.
//!
//! The writer is one thread for all callers, so whatever needs no store is done before it. Then an
//! event is taken apart and freed where it was made, and what the writer gets lies in one buffer.

use crate::payload::{encode_analytics, encode_counted, encode_duo, encode_forwarded};
use internal_events_catalog::{Catalog, CounterId, CounterKind, Event, GivenId, Operand, Routed};
use internal_events_store::{Change, Entry, EventId, Key, Store, Update, content_hash};
use smallvec::SmallVec;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use crate::clock::new_id;
use crate::keys::KeyCache;
use crate::submission::Forwarded;

/// Events of one call, by one catalog.
#[derive(Debug)]
pub(crate) struct Prepared {
    catalog: Arc<Catalog>,
    /// What all others point into.
    bytes: Vec<u8>,
    entries: SmallVec<[PreparedEntry; 1]>,
    updates: SmallVec<[PreparedUpdate; 8]>,
}

#[derive(Debug)]
struct PreparedEntry {
    /// The id its caller gave it, and the hash of what came with it.
    given: Option<([u8; 16], u64)>,
    accepted_at: i64,
    event: Range<usize>,
    updates: Range<usize>,
}

#[derive(Debug)]
struct PreparedUpdate {
    counter: CounterId,
    change: PreparedChange,
}

#[derive(Debug)]
enum PreparedChange {
    Add,
    Observe(Range<usize>),
    Sum(f64),
    Count(Range<usize>),
}

/// Bytes of an event and its elements, about, and the counters it moves: growing little by little
/// would move those of a call with many events several times.
const EVENT_BYTES: usize = 256;
const EVENT_UPDATES: usize = 4;

impl Prepared {
    /// When its events came, which were all of one call.
    pub(crate) fn accepted_at(&self) -> Option<i64> {
        self.entries.first().map(|it| it.accepted_at)
    }

    /// Makes room for so many events.
    pub(crate) fn new(catalog: Arc<Catalog>, n_events: usize) -> Self {
        Self {
            catalog,
            bytes: Vec::with_capacity(EVENT_BYTES * n_events),
            entries: SmallVec::with_capacity(n_events),
            updates: SmallVec::with_capacity(EVENT_UPDATES * n_events),
        }
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The memory it takes, closely enough to bound a queue by.
    pub(crate) fn memory(&self) -> usize {
        size_of::<Self>()
            + self.bytes.len()
            + size_of_val(self.entries.as_slice())
            + size_of_val(self.updates.as_slice())
    }

    /// Adds an event as it was routed by the catalog.
    pub(crate) fn push(&mut self, event: &Event, accepted_at: i64, routed: &Routed) {
        let start = self.bytes.len();
        encode_counted(event, &mut self.bytes);
        let given = event.given_id.map(|GivenId { id, content }| {
            let journaled = || content_hash(&self.bytes[start..]);
            (id, content.unwrap_or_else(journaled))
        });
        encode_analytics(event, &mut self.bytes);
        if routed.is_duo {
            encode_duo(&mut self.bytes);
        }
        let encoded = start..self.bytes.len();
        let first = self.updates.len();
        for update in &routed.updates {
            let change = match update.kind {
                CounterKind::Total => PreparedChange::Add,
                CounterKind::Sum => PreparedChange::Sum(update.operand.amount(event)),
                CounterKind::Unique => PreparedChange::Observe(self.element(event, update.operand)),
                CounterKind::PerValue => PreparedChange::Count(self.element(event, update.operand)),
            };
            self.updates.push(PreparedUpdate { counter: update.counter, change });
        }
        let updates = first..self.updates.len();
        self.entries.push(PreparedEntry { given, accepted_at, event: encoded, updates });
    }

    /// Adds what is handed on to analytics as it came, and counts nowhere.
    pub(crate) fn push_forwarded(&mut self, forwarded: &Forwarded, accepted_at: i64) {
        let start = self.bytes.len();
        encode_forwarded(&forwarded.parameters, &mut self.bytes);
        let event = start..self.bytes.len();
        let given = forwarded.given_id.map(|GivenId { id, content }| {
            let journaled = || content_hash(&self.bytes[event.clone()]);
            (id, content.unwrap_or_else(journaled))
        });
        let none = self.updates.len()..self.updates.len();
        self.entries.push(PreparedEntry { given, accepted_at, event, updates: none });
    }

    fn element(&mut self, event: &Event, operand: Operand) -> Range<usize> {
        let start = self.bytes.len();
        operand.write_element(event, &mut Text(&mut self.bytes));
        start..self.bytes.len()
    }
}

/// Takes text into a buffer of bytes.
struct Text<'a>(&'a mut Vec<u8>);

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// Prepared events with the keys of a store, to be appended to it together.
#[derive(Debug)]
pub(crate) struct Keyed<'p> {
    prepared: Vec<&'p Prepared>,
    /// One for each event.
    ids: Vec<EventId>,
    /// One for each event and counter.
    updates: Vec<Update<'p>>,
}

impl<'p> Keyed<'p> {
    pub(crate) fn new(
        prepared: impl Iterator<Item = &'p Prepared>,
        keys: &mut KeyCache,
        store: &mut dyn Store,
    ) -> Self {
        let mut keyed = Self { prepared: Vec::new(), ids: Vec::new(), updates: Vec::new() };
        for prepared in prepared {
            for entry in &prepared.entries {
                let table = keys.table(&prepared.catalog, entry.accepted_at);
                for it in &prepared.updates[entry.updates.clone()] {
                    let key = table.key(it.counter, &prepared.catalog, store);
                    keyed.updates.push(it.with(key, &prepared.bytes));
                }
                let made = || *new_id().as_bytes();
                keyed.ids.push(EventId(entry.given.map_or_else(made, |(id, _)| id)));
            }
            keyed.prepared.push(prepared);
        }
        keyed
    }

    /// How many events there are.
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn entries(&self) -> Vec<Entry<'_>> {
        let mut updates = self.updates.as_slice();
        let all = self.prepared.iter().flat_map(|it| it.entries.iter().map(move |e| (*it, e)));
        let of = |((prepared, it), id): ((&'p Prepared, &'p PreparedEntry), &EventId)| {
            let own;
            (own, updates) = updates.split_at(it.updates.len());
            Entry {
                id: *id,
                accepted_at: it.accepted_at,
                catalog: prepared.catalog.fingerprint(),
                event: &prepared.bytes[it.event.clone()],
                updates: own,
                content: it.given.map(|(_, content)| content),
            }
        };
        all.zip(&self.ids).map(of).collect()
    }
}

impl PreparedUpdate {
    fn with<'p>(&'p self, key: Key, bytes: &'p [u8]) -> Update<'p> {
        let change = match &self.change {
            PreparedChange::Add => Change::Add(1),
            PreparedChange::Observe(range) => Change::Observe(&bytes[range.clone()]),
            PreparedChange::Sum(amount) => Change::Sum(*amount),
            PreparedChange::Count(range) => Change::Count(&bytes[range.clone()]),
        };
        Update { key, change }
    }
}
