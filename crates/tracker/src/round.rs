//! Those who wait for the same commit.
//!
//! Waking a task of another thread costs a system call, and where both share a processor two
//! changes of thread as well. So the writer wakes one of those who wait for a group, and that one
//! wakes the others, from within the runtime that polls them all.

use crate::errors::{CommitError, DurableError};
use std::future::Future;
use std::mem;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

type Outcome = Result<(), DurableError>;

/// Becomes ready once all of a batch is durable, or is known not to be.
///
/// It may be polled on any runtime, or none. Whoever is woken by it polls it again or drops it
/// soon: it may be the one who wakes others. If it does neither, they are woken by the writer, when
/// it has written the next group, or within a second.
#[derive(Debug)]
#[must_use = "nobody is told what is not waited for"]
pub struct Durable {
    /// None if there is nothing to wait for.
    round: Option<Arc<Round>>,
    /// Where in the round its waker is, once it was polled.
    place: Option<usize>,
}

impl Durable {
    /// Is ready at once.
    pub(crate) fn now() -> Self {
        Self { round: None, place: None }
    }
}

impl Future for Durable {
    type Output = Outcome;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Outcome> {
        let this = self.get_mut();
        let Some(round) = &this.round else { return Poll::Ready(Ok(())) };
        let waker = cx.waker().clone();
        let mut state = round.lock();
        let Some(outcome) = state.outcome.clone() else {
            let (place, before) = state.wait(this.place, waker);
            drop(state);
            drop(before);
            this.place = Some(place);
            return Poll::Pending;
        };
        let waiting = mem::take(&mut state.waiting);
        drop(state);
        wake_others(waiting, this.place);
        Poll::Ready(outcome)
    }
}

impl Drop for Durable {
    fn drop(&mut self) {
        let Some(round) = &self.round else { return };
        let mut state = round.lock();
        if state.outcome.is_some() {
            let waiting = mem::take(&mut state.waiting);
            drop(state);
            wake_others(waiting, self.place);
        } else {
            let own = self.place.and_then(|it| state.waiting[it].take());
            drop(state);
            drop(own);
        }
    }
}

/// Wakes all but the one at this place.
fn wake_others(waiting: Vec<Option<Waker>>, own: Option<usize>) {
    let others = waiting.into_iter().enumerate().filter(|(place, _)| Some(*place) != own);
    others.filter_map(|(_, waker)| waker).for_each(Waker::wake);
}

/// What those who wait for a group share.
///
/// No waker is called, made or dropped while it is locked: each runs code of whoever waits, which
/// may ask the same round.
#[derive(Debug, Default)]
struct Round(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    outcome: Option<Outcome>,
    /// Who has still to be woken.
    waiting: Vec<Option<Waker>>,
}

impl Round {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the lock, and if it did, the state would still be whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Writes down whom to wake; returns where, and who stood there before.
    fn wait(&mut self, place: Option<usize>, waker: Waker) -> (usize, Option<Waker>) {
        let place = place.unwrap_or_else(|| {
            self.waiting.push(None);
            self.waiting.len() - 1
        });
        (place, self.waiting[place].replace(waker))
    }
}

/// The end of a round that tells it what became of its group.
#[derive(Debug, Default)]
pub(crate) struct Teller(Arc<Round>);

impl Teller {
    /// Lets one more wait.
    pub(crate) fn durable(&self) -> Durable {
        Durable { round: Some(Arc::clone(&self.0)), place: None }
    }

    /// Tells all who wait, by waking one of them.
    pub(crate) fn tell(self, result: Result<(), CommitError>) -> Told {
        let herald = self.settle(result.map_err(DurableError::Commit));
        herald.into_iter().for_each(Waker::wake);
        Told(Arc::clone(&self.0))
    }

    /// Sets what became of the group, if that is not set; gives who is to be woken first.
    fn settle(&self, outcome: Outcome) -> Option<Waker> {
        let mut state = self.0.lock();
        if state.outcome.is_some() {
            return None;
        }
        state.outcome = Some(outcome);
        state.waiting.iter_mut().find_map(Option::take)
    }
}

impl Drop for Teller {
    /// Nobody may wait for ever for a writer that panicked.
    fn drop(&mut self) {
        self.settle(Err(DurableError::Unknown)).into_iter().for_each(Waker::wake);
    }
}

/// A round that was told.
#[derive(Debug)]
pub(crate) struct Told(Arc<Round>);

impl Drop for Told {
    /// Wakes those whom the one that was woken first should have woken by now.
    fn drop(&mut self) {
        let waiting = mem::take(&mut self.0.lock().waiting);
        wake_others(waiting, None);
    }
}

#[cfg(test)]
mod tests;
