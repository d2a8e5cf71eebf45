//! A writer that dies leaves nobody waiting.

use crate::{PATIENCE, tracker};
use internal_events::{Event, Refusal};
use std::sync::mpsc;

#[test]
fn whoever_waits_for_a_writer_that_is_gone_is_told() {
    let tracker = tracker(&["e"]);
    let (go_on, wait) = mpsc::channel::<()>();
    let (started, is_started) = mpsc::channel();
    let dies = move |_| {
        started.send(()).expect("the test waits");
        wait.recv().expect("the test goes on");
        panic!("the writer dies of this answer");
    };
    tracker.submit(vec![Event::new("e")], dies).expect("the queue is empty");
    is_started.recv().expect("the writer starts");
    let (answer, answered) = mpsc::channel();
    let done = move |result| answer.send(result).expect("the test waits");
    tracker.submit(vec![Event::new("e")], done).expect("there is room");
    go_on.send(()).expect("the writer waits");
    let result = answered.recv_timeout(PATIENCE).expect("it is answered");
    assert!(result.is_err_and(|it| it.source.is_none()));
    let health = tracker.health();
    assert_eq!((health.accepted, health.pending, health.refused["journal_failed"]), (1, 0, 1));
    let late = tracker.submit(vec![Event::new("e")], |_| ());
    assert_eq!(late.expect_err("nobody writes"), Refusal::ShutDown);
}
