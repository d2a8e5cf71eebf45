//! Waits for a lock of the operating system, but not for ever.
//!
//! `flock` wakes who waits as soon as the lock is free, and has no time limit. So a thread of its
//! own waits in the kernel, and whoever wants the lock waits for that thread, with a limit. A
//! signal would be the other way to end the wait, but signals belong to the program we are in.

use std::fs::File;
use std::io::{self, ErrorKind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// How often a wait is looked at before it is given up.
const SLICES: u32 = 10;

/// A thread that waits for the lock whenever it is told to.
#[derive(Debug)]
pub(super) struct Waiter {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    file: Arc<File>,
    state: Mutex<State>,
    changed: Condvar,
}

/// What is wanted of the thread, and what it has reached.
#[derive(Debug)]
enum State {
    /// Nothing is wanted, and the thread neither has the lock nor waits for it.
    Idle,
    /// Somebody waits for the lock.
    Wanted,
    /// The thread waits for the lock, but nobody waits for the thread any more.
    GivenUp,
    /// The lock is there, or cannot be had.
    Reached(io::Result<()>),
    /// The handle is gone.
    Closed,
}

impl Waiter {
    pub(super) fn start(file: Arc<File>) -> io::Result<Self> {
        let state = Mutex::new(State::Idle);
        let shared = Arc::new(Shared { file, state, changed: Condvar::new() });
        let thread = thread::Builder::new().name("internal-events-line".to_owned());
        let theirs = Arc::clone(&shared);
        let thread = Some(thread.spawn(move || theirs.run())?);
        Ok(Self { shared, thread })
    }

    /// Returns whether the thread still waits for a lock that was given up.
    ///
    /// Nobody else may try for the lock then: the thread, which has the same file, would get it.
    pub(super) fn is_in_line(&self) -> bool {
        matches!(*self.shared.lock(), State::GivenUp)
    }

    /// Waits for the lock; false if it was not free within `patience`.
    ///
    /// The time is waited in slices, so that one in which this very process was stopped is no
    /// reason to give up.
    pub(super) fn wait(&self, patience: Duration) -> io::Result<bool> {
        let mut state = self.shared.lock();
        *state = State::Wanted;
        self.shared.changed.notify_all();
        for _ in 0..SLICES {
            let is_wanted = |state: &mut State| matches!(state, State::Wanted);
            let slice = patience / SLICES;
            let waited = self.shared.changed.wait_timeout_while(state, slice, is_wanted);
            (state, _) = waited.unwrap_or_else(PoisonError::into_inner);
            if let State::Reached(_) = &*state {
                break;
            }
        }
        match std::mem::replace(&mut *state, State::Idle) {
            State::Reached(reached) => reached.map(|()| true),
            _ => {
                *state = State::GivenUp;
                Ok(false)
            }
        }
    }
}

impl Drop for Waiter {
    fn drop(&mut self) {
        let before = std::mem::replace(&mut *self.shared.lock(), State::Closed);
        self.shared.changed.notify_all();
        // A thread that is not in line ends at once, and its file is closed then, which somebody
        // who is about to fork relies on. One that is in line ends when its turn comes.
        let is_in_line = matches!(before, State::Wanted | State::GivenUp);
        if let Some(thread) = self.thread.take().filter(|_| !is_in_line) {
            // If it has panicked, it has ended too.
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn run(&self) {
        loop {
            let state = self.lock();
            let is_quiet = |it: &mut State| matches!(it, State::Idle | State::Reached(_));
            let woken = self.changed.wait_while(state, is_quiet);
            let mut state = woken.unwrap_or_else(PoisonError::into_inner);
            match &*state {
                State::Closed => return,
                State::GivenUp => {
                    *state = State::Idle;
                    continue;
                }
                _ => drop(state),
            }
            let reached = wait_in_line(&self.file);
            let mut state = self.lock();
            if matches!(*state, State::Wanted) {
                *state = State::Reached(reached);
                self.changed.notify_all();
                continue;
            }
            // Unlocking fails only for a file that is not open; then nobody waits for it either.
            let _ = self.file.unlock();
            if matches!(*state, State::Closed) {
                return;
            }
            *state = State::Idle;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Nothing panics while it holds the mutex, and if it did, the state would still be whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn wait_in_line(file: &File) -> io::Result<()> {
    loop {
        match file.lock() {
            // A signal of the host's, Ruby's for example, is no reason to lose the place.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            reached => return reached,
        }
    }
}
