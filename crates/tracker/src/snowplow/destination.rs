//! The Snowplow destination: entries of the journal become requests to a collector.

use super::batch::{Fate, Item, Sent, Trust, Wait, batches, send_all};
use super::client::{Address, Client, SnowplowError};
use super::forward::forward;
use super::json::{Form, Object};
use super::log::UsageLog;
use super::options::SnowplowOptions;
use super::payload::Builder;
use super::places;
use super::said::Said;
use crate::delivery::{Delivered, DeliveryError, Destination, Rejected, Resume};
use crate::store::{CursorPlace, Page, StoredEntry};
use crate::{Call, Clock};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// Name of the destination: of its cursor, in the ledger and in health.
pub const SNOWPLOW: &str = "snowplow";

/// Whys of entries that are not sent.
const NOT_REQUESTED: &str = "not_requested";
const LEGACY_CALL: &str = "legacy_call";
const FOR_ANOTHER: &str = "for_another_destination";

/// Entries and bytes that are read at a time.
const PAGE_ENTRIES: usize = 1_000;
const PAGE_BYTES: usize = 1 << 20;

/// So many entries may be settled beyond one that is not: it is decided long before.
const MOST_AHEAD: usize = 20_000;

/// Why a rejected entry was dropped, in the ledger; the outbox has the reason.
const REJECTED: &str = "rejected";

/// Sends accepted events to a Snowplow collector, each at least once and under the same id.
pub(crate) struct SnowplowDestination {
    options: SnowplowOptions,
    address: Address,
    client: Client,
    log: Option<UsageLog>,
    clock: Arc<dyn Clock>,
    /// The journal whose entries are known below.
    journal_id: String,
    /// What became of entries that lie after one which has still to be sent.
    ahead: BTreeMap<u64, Fate>,
    trust: Trust,
    /// Why the last delivery ended early, to be said when the next one begins.
    waits: Option<Wait>,
}

/// A way to the collector that cannot be tried, and why not: said at every try.
pub(crate) struct Impossible(pub(crate) String);

impl Destination for Impossible {
    fn deliver(&mut self, _: &[StoredEntry]) -> Result<Delivered, DeliveryError> {
        Err(DeliveryError::new(self.0.clone()))
    }
}

impl SnowplowDestination {
    pub(crate) fn new(
        options: SnowplowOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, SnowplowError> {
        let address = Address::parse(&options.collector)?;
        let client = Client::new(address.clone(), &options.sending)?;
        let log = options.log.as_ref().map(|it| UsageLog::new(it.clone()));
        Ok(Self {
            options,
            address,
            client,
            log,
            clock,
            journal_id: String::new(),
            ahead: BTreeMap::new(),
            trust: Trust::default(),
            waits: None,
        })
    }

    /// Makes ready what is to be sent of a page, and settles all that is not.
    fn prepare(&mut self, entries: &[StoredEntry]) -> Vec<Item> {
        let now = self.clock.now_ms();
        let builder = Builder::new(&self.options);
        let mut items: Vec<Item> = Vec::with_capacity(entries.len());
        for entry in entries {
            if self.ahead.contains_key(&entry.sequence) {
                continue;
            }
            // Events resemble those before them.
            let capacity = items.last().map_or(0, |it: &Item| it.json.len() + 32);
            match item(entry, &builder, now, &self.options, capacity) {
                Ok(item) => items.push(item),
                Err(fate) => {
                    self.ahead.insert(entry.sequence, fate);
                }
            }
        }
        items
    }

    /// Counts what became of the entries before the first that has still to be sent.
    fn collect(&mut self, entries: &[StoredEntry]) -> Delivered {
        let mut done = Delivered::default();
        for entry in entries {
            let Some(fate) = self.ahead.remove(&entry.sequence) else { break };
            done.up_to = entry.sequence;
            match fate {
                Fate::Delivered => {}
                Fate::Skipped(why) => *done.skipped.entry(why).or_default() += 1,
                Fate::Rejected(reason) => {
                    *done.dropped.entry(REJECTED).or_default() += 1;
                    done.rejected.push(Rejected { sequence: entry.sequence, reason });
                }
            }
        }
        if let Some(first) = done.rejected.first() {
            tracing::error!(
                destination = SNOWPLOW,
                events = done.rejected.len(),
                reason = first.reason,
                "the collector will not take these events; `internal-events outbox list` has them"
            );
        }
        done.state = self.delivered_ahead();
        done
    }

    /// What was delivered and lies after an entry that has still to be sent.
    fn delivered_ahead(&self) -> String {
        let is_delivered =
            |(sequence, fate): (&u64, &Fate)| (*fate == Fate::Delivered).then_some(*sequence);
        places::write(self.ahead.iter().filter_map(is_delivered))
    }
}

impl Destination for SnowplowDestination {
    fn resume(&mut self, place: &CursorPlace) -> Result<Resume, DeliveryError> {
        if self.journal_id != place.journal_id {
            self.journal_id.clone_from(&place.journal_id);
            self.ahead.clear();
        }
        self.ahead = self.ahead.split_off(&(place.cursor + 1));
        for sequence in places::read(&place.state).filter(|it| *it > place.cursor) {
            self.ahead.entry(sequence).or_insert(Fate::Delivered);
        }
        // After an error this is kept before the next try, lest it is sent again after a restart.
        let state = self.delivered_ahead();
        Ok(Resume::After { entry: place.cursor, state, noted: BTreeMap::new() })
    }

    fn deliver(&mut self, entries: &[StoredEntry]) -> Result<Delivered, DeliveryError> {
        if let Some(Wait { why, pause }) = self.waits.take() {
            return Err(DeliveryError { source: why.into(), retry_after: pause });
        }
        if let Some(log) = &self.log {
            // What is sent is shown; where it cannot be shown nothing is sent.
            log.check().map_err(DeliveryError::new)?;
        }
        let items = self.prepare(entries);
        let shown: BTreeMap<u64, String> = match &self.log {
            Some(_) => items.iter().map(|it| (it.sequence, format!("{}}}", it.json))).collect(),
            None => BTreeMap::new(),
        };
        let sending = &self.options.sending;
        let batches: VecDeque<_> = batches(items, sending.batch_events, sending.batch_bytes);
        let clock = Arc::clone(&self.clock);
        let now = move || clock.now_ms();
        let Sent { fates, why_not_all } =
            send_all(&self.client, batches, sending.concurrency, &mut self.trust, &now);
        if let Some(log) = &self.log {
            let is_taken = |it: &u64| fates.get(it) == Some(&Fate::Delivered);
            let lines = shown.iter().filter(|(sequence, _)| is_taken(sequence));
            if let Err(error) = log.write(lines.map(|(_, json)| json.as_str()), self.clock.now_ms())
            {
                tracing::error!(
                    destination = SNOWPLOW,
                    error = error.to_string(),
                    "events were sent, and the log of what was sent could not be written"
                );
            }
        }
        self.ahead.extend(fates);
        let done = self.collect(entries);
        self.trust.forget_before(done.up_to);
        if done.up_to == 0 {
            let Wait { why, pause } = why_not_all.unwrap_or_else(|| Wait {
                why: "no request was answered in time".to_owned(),
                pause: None,
            });
            return Err(DeliveryError { source: why.into(), retry_after: pause });
        }
        self.waits = why_not_all;
        Ok(done)
    }

    fn look(&mut self) -> Result<Vec<String>, DeliveryError> {
        if self.address.is_open_to_others() {
            return Ok(vec![format!(
                "events go to {} without encryption; whoever is on the way can read them",
                self.address
            )]);
        }
        Ok(Vec::new())
    }

    fn page(&self) -> Page {
        // Ten requests of the usual size; with what is made of them a few megabytes. What is
        // settled already while one event holds the cursor back is on the page too, so that there
        // is always as much that can go on, up to a bound.
        let settled = self.ahead.len().min(MOST_AHEAD);
        Page { entries: PAGE_ENTRIES + settled, bytes: PAGE_BYTES * (1 + settled / PAGE_ENTRIES) }
    }
}

/// The event of an entry, ready to be sent, in a text with so much room to begin with.
pub(super) fn item(
    entry: &StoredEntry,
    builder: &Builder<'_>,
    now: i64,
    options: &SnowplowOptions,
    capacity: usize,
) -> Result<Item, Fate> {
    let mut object = Object::with_capacity(capacity);
    write(entry, builder, now, options, &mut object)?;
    let Object { text: json, has_sent_time } = object;
    Ok(Item { sequence: entry.sequence, json, has_sent_time })
}

/// Writes the parameters of the event that is sent for an entry; or says what becomes of it else.
pub(super) fn write(
    entry: &StoredEntry,
    builder: &Builder<'_>,
    now: i64,
    options: &SnowplowOptions,
    form: &mut impl Form,
) -> Result<(), Fate> {
    let unreadable = || Fate::Rejected("its text in the journal cannot be read".to_owned());
    let said = Said::read(&entry.event).ok_or_else(unreadable)?;
    if said.to.as_ref().is_some_and(|it| it.as_str() != Some(SNOWPLOW)) {
        return Err(Fate::Skipped(FOR_ANOTHER));
    }
    if let Some(came) = said.snowplow.filter(|it| it.get().starts_with('{')) {
        let came = serde_json::from_str(came.get()).map_err(|_| unreadable())?;
        let parameters = forward(entry, &came, now, options).map_err(Fate::Rejected)?;
        parameters.iter().for_each(|(name, value)| form.add(name, value));
        return Ok(());
    }
    let call = said.call().filter(|_| said.name().is_some()).ok_or_else(unreadable)?;
    if said.snowplow.is_some() {
        return Err(Fate::Skipped(NOT_REQUESTED));
    }
    if call != Call::TrackEvent {
        return Err(Fate::Skipped(LEGACY_CALL));
    }
    builder.write(entry, &said, form);
    Ok(())
}
