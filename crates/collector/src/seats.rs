//! Who has a connection, and who gives theirs up when there are too few.
//!
//! Every connection takes a seat, of which there are so many. Whoever has sent a whole request is
//! served, however long that takes within its limits; whoever has not only waits or makes us wait,
//! and holds a seat for nothing. So when there is somebody without a seat, one of those goes: first
//! those that never asked for anything, then those that are idle after an answer, and then those
//! whose bodies are still on their way; among them the one that has taken longest. At the end all
//! are asked to go, once they are answered.
//!
//! ```text
//!  connected ──► silent ──head──► sending ──body──► asking ──answer──► idle ──head──► sending …
//!                  │ goes first     │ goes last       never goes         │ goes second
//! ```

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::{Notify, OwnedSemaphorePermit, Semaphore};

/// In place of a time: a request is answered.
const ASKING: u64 = u64::MAX;

/// Set beside the time of those who are idle after an answer, so that they come after those who
/// never asked.
const IDLE: u64 = 1 << 62;

/// Set beside the time of those whose head has come, and whose body has not.
const SENDING: u64 = 2 << 62;

/// The bits that are a time.
const TIME: u64 = IDLE - 1;

/// How long somebody who was asked to leave may take before another is asked too.
const LEAVING: Duration = Duration::from_millis(100);

/// All seats.
#[derive(Debug)]
pub(crate) struct Seats {
    free: Arc<Semaphore>,
    n: usize,
    /// No more are taken, and whoever has one goes.
    is_closed: AtomicBool,
    taken: Mutex<Vec<Arc<State>>>,
    started: Instant,
    /// How long one may be silent while others have no seat.
    silence: Duration,
}

/// One seat, until it is dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    seats: Arc<Seats>,
    state: Arc<State>,
    _permit: OwnedSemaphorePermit,
}

#[derive(Debug)]
struct State {
    /// Microseconds since the start, at which it began to wait, with [`IDLE`] or [`SENDING`]; or
    /// [`ASKING`].
    waits_since: AtomicU64,
    leave: Notify,
}

impl Seats {
    pub(crate) fn new(n: usize, silence: Duration) -> Self {
        Self {
            free: Arc::new(Semaphore::new(n)),
            n,
            is_closed: AtomicBool::new(false),
            taken: Mutex::default(),
            started: Instant::now(),
            silence,
        }
    }

    /// Takes a seat; when there is none, asks others to leave until there is.
    pub(crate) async fn take(self: &Arc<Self>) -> Seat {
        let permit = loop {
            if let Ok(permit) = Arc::clone(&self.free).try_acquire_owned() {
                break permit;
            }
            let pause = self.ask_one_to_leave();
            let freed = Arc::clone(&self.free).acquire_owned();
            if let Ok(permit) = tokio::time::timeout(pause, freed).await {
                break permit.expect("invariant: the semaphore of seats is never closed");
            }
        };
        let state =
            Arc::new(State { waits_since: AtomicU64::new(self.now()), leave: Notify::new() });
        self.lock().push(Arc::clone(&state));
        Seat { seats: Arc::clone(self), state, _permit: permit }
    }

    /// Asks all to leave, and waits until they have; nobody takes a seat any more.
    pub(crate) async fn close(&self) {
        self.is_closed.store(true, Ordering::Release);
        for it in self.lock().iter() {
            it.leave.notify_one();
        }
        let all = u32::try_from(self.n).unwrap_or(u32::MAX);
        let all = self.free.acquire_many(all).await;
        all.expect("invariant: the semaphore of seats is never closed").forget();
    }

    /// Asks the one to leave that has waited longest, and says when to ask again.
    fn ask_one_to_leave(&self) -> Duration {
        let taken = self.lock();
        let waits_since = |it: &&Arc<State>| it.waits_since.load(Ordering::Relaxed);
        let longest = taken.iter().min_by_key(waits_since);
        let Some((longest, since)) = longest.map(|it| (it, waits_since(&it))) else {
            return self.silence;
        };
        if since == ASKING {
            return self.silence;
        }
        let waited = self.now().saturating_sub(since & TIME);
        match self.silence.checked_sub(Duration::from_micros(waited)) {
            // Timers count in milliseconds, and should not end just before.
            Some(left) if !left.is_zero() => left + Duration::from_millis(1),
            _ => {
                longest.leave.notify_one();
                LEAVING
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Arc<State>>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Microseconds since the start, so that hardly two begin to wait at the same time.
    fn now(&self) -> u64 {
        // A hundred thousand years fit beside the marks.
        u64::try_from(self.started.elapsed().as_micros()).unwrap_or(0) & TIME
    }
}

impl Seat {
    /// Says that a whole head has come, and that its body has not.
    pub(crate) fn sends(&self) {
        self.state.waits_since.store(self.seats.now() | SENDING, Ordering::Relaxed);
    }

    /// Says that a whole request has come.
    pub(crate) fn asks(&self) {
        self.state.waits_since.store(ASKING, Ordering::Relaxed);
    }

    /// Says that what was asked is answered.
    pub(crate) fn is_answered(&self) {
        self.state.waits_since.store(self.seats.now() | IDLE, Ordering::Relaxed);
    }

    /// Tells whether a whole request has come that is not answered yet.
    pub(crate) fn is_asking(&self) -> bool {
        self.state.waits_since.load(Ordering::Relaxed) == ASKING
    }

    /// Tells whether the body of a request is on its way.
    pub(crate) fn is_sending(&self) -> bool {
        self.state.waits_since.load(Ordering::Relaxed) & !TIME == SENDING
    }

    /// Tells whether everybody has to go.
    pub(crate) fn is_closed(&self) -> bool {
        self.seats.is_closed.load(Ordering::Acquire)
    }

    /// Becomes ready when it has to go: because others have no seat, because it has asked for
    /// nothing within a time, or because everybody has to.
    pub(crate) async fn has_to_go(&self, first_head_time: Duration) {
        tokio::select! {
            () = self.state.leave.notified() => return,
            () = tokio::time::sleep(first_head_time) => {}
        }
        if self.state.waits_since.load(Ordering::Relaxed) >= IDLE {
            self.state.leave.notified().await;
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut taken = self.seats.lock();
        if let Some(at) = taken.iter().position(|it| Arc::ptr_eq(it, &self.state)) {
            taken.swap_remove(at);
        }
    }
}
