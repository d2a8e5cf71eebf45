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
        let mut state = round.lock();
        let Some(outcome) = state.outcome.clone() else {
            this.place = Some(state.wait(this.place, cx.waker()));
            return Poll::Pending;
        };
        let others = state.take_others(this.place);
        drop(state);
        others.into_iter().flatten().for_each(Waker::wake);
        Poll::Ready(outcome)
    }
}

impl Drop for Durable {
    fn drop(&mut self) {
        let Some(round) = &self.round else { return };
        let mut state = round.lock();
        if state.outcome.is_some() {
            let others = state.take_others(self.place);
            drop(state);
            others.into_iter().flatten().for_each(Waker::wake);
        } else if let Some(place) = self.place {
            state.waiting[place] = None;
        }
    }
}

/// What those who wait for a group share.
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
    /// Writes down whom to wake; returns where.
    fn wait(&mut self, place: Option<usize>, waker: &Waker) -> usize {
        match place {
            Some(place) => match &mut self.waiting[place] {
                Some(known) => known.clone_from(waker),
                none => *none = Some(waker.clone()),
            },
            None => self.waiting.push(Some(waker.clone())),
        }
        place.unwrap_or(self.waiting.len() - 1)
    }

    /// Takes who is still to be woken, but for the one who asks.
    fn take_others(&mut self, place: Option<usize>) -> Vec<Option<Waker>> {
        let mut waiting = mem::take(&mut self.waiting);
        if let Some(own) = place.and_then(|it| waiting.get_mut(it)) {
            *own = None;
        }
        waiting
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
        let waiting = self.0.lock().take_others(None);
        waiting.into_iter().flatten().for_each(Waker::wake);
    }
}

#[cfg(test)]
mod tests;
