//! Callers who wait without a thread: each is told once its events are durable, whoever else waits
//! for the same group, has given up, or does not look.

use crate::{PATIENCE, hold_up, tracker};
use internal_events::{Durable, Event, Others, Refusal, Tracker};
use std::pin::pin;
use std::sync::{Arc, mpsc};
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;

const CALLERS: u64 = 8;
const CALLS: u64 = 500;

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

struct Ring(mpsc::SyncSender<()>);

impl Wake for Ring {
    fn wake(self: Arc<Self>) {
        // Once is enough.
        let _ = self.0.try_send(());
    }
}

fn waker() -> Waker {
    Waker::from(Arc::new(Unpark(std::thread::current())))
}

/// Waits with the whole thread.
fn wait(durable: Durable) {
    let (mut durable, waker) = (pin!(durable), waker());
    loop {
        match durable.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(result) => return result.expect("the journal is written"),
            Poll::Pending => std::thread::park(),
        }
    }
}

fn submit(tracker: &Tracker) -> Durable {
    let submitted = tracker.submit_with(vec![Event::new("e")], Others::default());
    submitted.expect("there is room").1
}

/// Looks once, and then waits for it no longer.
fn give_up(durable: Durable) {
    let _ = pin!(durable).poll(&mut Context::from_waker(&waker()));
}

/// Gives what is done with the answer to a call.
fn how(caller: u64, call: u64) -> fn(Durable) {
    match (caller + call) % 4 {
        0 => drop,
        1 => give_up,
        _ => wait,
    }
}

#[test]
fn each_is_told_though_others_give_up() {
    let tracker = tracker(&["e"]);
    let (done, all) = mpsc::channel();
    for caller in 0..CALLERS {
        let (tracker, done) = (tracker.clone(), done.clone());
        std::thread::spawn(move || {
            for call in 0..CALLS {
                how(caller, call)(submit(&tracker));
            }
            wait(submit(&tracker));
            done.send(()).expect("the test waits");
        });
    }
    for _ in 0..CALLERS {
        all.recv_timeout(PATIENCE).expect("nobody waits for ever");
    }
    assert_eq!(tracker.health().accepted, CALLERS * (CALLS + 1));
}

#[test]
fn one_who_was_woken_and_does_not_look_holds_nobody_up() {
    let tracker = tracker(&["e"]);
    let go_on = hold_up(&tracker);
    let mut first = Box::pin(submit(&tracker));
    assert!(first.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    let mut second = Box::pin(submit(&tracker));
    let (ring, rung) = mpsc::sync_channel(1);
    let waker = Waker::from(Arc::new(Ring(ring)));
    assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_pending());
    drop(go_on);
    // Nobody asks the first, which is woken before the second.
    rung.recv_timeout(PATIENCE).expect("the writer sees to it");
    assert!(second.as_mut().poll(&mut Context::from_waker(&waker)).is_ready());
    drop(first);
}

#[test]
fn an_event_is_in_the_journal_once_its_caller_goes_on() {
    let tracker = tracker(&["e"]);
    wait(tracker.track_event("e").user(1).send_durably().expect("there is room"));
    assert_eq!(tracker.health().accepted, 1);
    wait(tracker.track_event("unknown").send_durably().expect("there is room"));
    assert_eq!(tracker.health().quarantined, 1);
    assert!(tracker.shut_down(PATIENCE));
    let late = tracker.track_event("e").send_durably();
    assert_eq!(late.expect_err("nobody writes"), Refusal::ShutDown);
}
