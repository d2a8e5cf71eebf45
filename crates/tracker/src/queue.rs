//! The bounded queue between callers and the writer thread.
//!
//! A call that nobody waits for wakes the writer once; the writer then lingers so that more can
//! gather. Waking a sleeping thread costs more than all the rest of a call.

use crate::config::Limits;
use crate::errors::CommitError;
use crate::prepared::Prepared;
use crate::round::{Durable, Teller};
use crate::submission::Foreign;
use internal_events_catalog::{Event, Id, Scalar};
use std::collections::VecDeque;
use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Called once a batch and all before it are durable, or are known never to be.
pub(crate) type Done = Box<dyn FnOnce(Result<(), CommitError>) + Send>;

/// Something to be kept aside.
#[derive(Debug)]
pub(crate) struct Aside {
    pub(crate) what: Kept,
    pub(crate) received_at: i64,
}

/// What is kept aside.
#[derive(Debug)]
pub(crate) enum Kept {
    /// An event that no definition knows.
    Unknown(Event),
    /// What is no event at all.
    Foreign(Foreign),
}

impl Aside {
    fn bytes(&self) -> usize {
        match &self.what {
            Kept::Unknown(event) => bytes_of(event),
            Kept::Foreign(it) => FIXED + it.payload.len(),
        }
    }
}

/// What was submitted together and becomes durable together.
#[derive(Default)]
pub(crate) struct Batch {
    pub(crate) prepared: Option<Box<Prepared>>,
    pub(crate) aside: Vec<Aside>,
    /// How many events its sender was told that they are taken or kept aside.
    pub(crate) received: u64,
    pub(crate) done: Option<Done>,
    /// Whether its sender asks if an event that came now would be taken.
    pub(crate) looks: bool,
}

impl Batch {
    pub(crate) fn events(&self) -> usize {
        self.prepared.as_ref().map_or(0, |it| it.len()) + self.aside.len()
    }

    /// When its events came, which were all of one call.
    pub(crate) fn received_at(&self) -> Option<i64> {
        let accepted_at = self.prepared.as_ref().and_then(|it| it.accepted_at());
        accepted_at.or_else(|| self.aside.first().map(|it| it.received_at))
    }

    /// The memory its events take, closely enough to bound a queue by.
    fn bytes(&self) -> usize {
        let prepared = self.prepared.as_ref().map_or(0, |it| it.memory());
        prepared + self.aside.iter().map(Aside::bytes).sum::<usize>()
    }
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch").field("events", &self.events()).finish_non_exhaustive()
    }
}

/// Batches that become durable together: as many as came, until they have the events of a group.
#[derive(Debug, Default)]
pub(crate) struct Gathering {
    pub(crate) batches: Vec<Batch>,
    events: usize,
    /// Tells those who wait for it, if anybody does.
    pub(crate) teller: Option<Teller>,
}

/// Allocations and fixed parts of an event without any text.
const FIXED: usize = 384;

fn bytes_of(event: &Event) -> usize {
    let text = |value: &Scalar| if let Scalar::Str(it) = value { it.len() } else { 0 };
    let properties = event.properties.iter().map(|(name, it)| 64 + name.len() + text(it));
    let id = |id: &Option<Id>| if let Some(Id::Text(it)) = id { it.len() } else { 0 };
    let ids = id(&event.user) + id(&event.project) + id(&event.namespace);
    let category = event.category.as_ref().map_or(0, String::len);
    FIXED + event.name.len() + category + ids + properties.sum::<usize>()
}

/// Why nothing was queued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Full {
    TooMuch,
    Closed,
}

#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    /// Told to the writer.
    work: Condvar,
    /// Told to whoever waits for the writer's end.
    ended: Condvar,
    limits: Limits,
}

#[derive(Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "four independent facts under one lock")]
struct State {
    gatherings: VecDeque<Gathering>,
    events: usize,
    bytes: usize,
    /// Somebody waits for what is queued, or much has gathered.
    urgent: bool,
    /// The writer waits without an end and must be woken.
    asleep: bool,
    closed: bool,
    ended: bool,
}

impl State {
    fn is_quiet(&self) -> bool {
        self.gatherings.is_empty() && !self.closed
    }

    /// Gives the gathering that the next batch belongs to.
    fn open(&mut self, group_events: usize) -> &mut Gathering {
        if self.gatherings.back().is_none_or(|it| it.events >= group_events) {
            self.gatherings.push_back(Gathering::default());
        }
        self.gatherings.back_mut().expect("invariant: there is one now")
    }
}

/// What the writer takes at once.
#[derive(Debug, Default)]
pub(crate) struct Taken {
    pub(crate) gatherings: VecDeque<Gathering>,
    pub(crate) closed: bool,
}

impl Queue {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { state: Mutex::default(), work: Condvar::new(), ended: Condvar::new(), limits }
    }

    /// Queues a batch, and wakes the writer at once if somebody waits to be called.
    pub(crate) fn push(&self, batch: Batch) -> Result<(), Full> {
        let urgent = batch.done.is_some();
        self.push_with(batch, urgent, |_| ())
    }

    /// Queues a batch, wakes the writer at once, and gives what to wait for.
    pub(crate) fn push_and_wait(&self, batch: Batch) -> Result<Durable, Full> {
        self.push_with(batch, true, |it| it.teller.get_or_insert_default().durable())
    }

    fn push_with<T>(
        &self,
        batch: Batch,
        urgent: bool,
        join: impl FnOnce(&mut Gathering) -> T,
    ) -> Result<T, Full> {
        let (events, bytes) = (batch.events(), batch.bytes());
        let mut state = self.lock();
        if state.closed {
            return Err(Full::Closed);
        }
        let fits = state.events + events <= self.limits.queue_events
            && state.bytes + bytes <= self.limits.queue_bytes;
        // An empty queue takes any number of events at once, but no more bytes than there is room
        // for ever: the store has bounds too, and a group that is too large for it costs all that
        // is in it. A batch without events only waits.
        let is_too_large = bytes > self.limits.queue_bytes;
        if events > 0 && (is_too_large || state.events > 0 && !fits) {
            return Err(Full::TooMuch);
        }
        let gathering = state.open(self.limits.group_events);
        gathering.batches.push(batch);
        gathering.events += events;
        let joined = join(gathering);
        state.events += events;
        state.bytes += bytes;
        let pressing = urgent || state.events >= self.limits.group_events / 2;
        let wake = state.asleep || (pressing && !state.urgent);
        state.asleep = false;
        state.urgent |= pressing;
        drop(state);
        if wake {
            self.work.notify_one();
        }
        Ok(joined)
    }

    /// Waits until there is something to write, then takes all of it; nothing after `idle`.
    pub(crate) fn take(&self, idle: Duration) -> Taken {
        let mut state = self.lock();
        if state.is_quiet() {
            state.asleep = true;
            let wait = self.work.wait_timeout_while(state, idle, |it| it.is_quiet());
            (state, _) = wait.unwrap_or_else(PoisonError::into_inner);
            state.asleep = false;
        }
        if !state.gatherings.is_empty() && !state.urgent && !state.closed {
            let linger = self.limits.linger;
            let wait = self.work.wait_timeout_while(state, linger, |it| !it.urgent && !it.closed);
            (state, _) = wait.unwrap_or_else(PoisonError::into_inner);
        }
        state.urgent = false;
        state.events = 0;
        state.bytes = 0;
        Taken { gatherings: std::mem::take(&mut state.gatherings), closed: state.closed }
    }

    /// Takes no more; the writer ends when it has written what there is.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.work.notify_one();
    }

    /// Says that the writer has ended; gives what nobody will write any more.
    pub(crate) fn end(&self) -> VecDeque<Gathering> {
        let mut state = self.lock();
        state.closed = true;
        state.ended = true;
        let left = std::mem::take(&mut state.gatherings);
        drop(state);
        self.ended.notify_all();
        left
    }

    /// Waits for the writer's end; false if it takes longer.
    pub(crate) fn wait_for_end(&self, within: Duration) -> bool {
        let state = self.lock();
        let wait = self.ended.wait_timeout_while(state, within, |it| !it.ended);
        let (state, _) = wait.unwrap_or_else(PoisonError::into_inner);
        state.ended
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, and if it did, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
