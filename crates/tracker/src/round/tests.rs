use super::*;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Wake;

/// Counts how often it is woken.
#[derive(Default)]
struct Bell(AtomicUsize);

impl Wake for Bell {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Somebody who waits for a round.
struct Waiter {
    bell: Arc<Bell>,
    durable: Option<Durable>,
}

impl Waiter {
    fn poll(&mut self) -> Poll<Outcome> {
        let waker = Waker::from(Arc::clone(&self.bell));
        let durable = self.durable.as_mut().expect("it was not dropped");
        Pin::new(durable).poll(&mut Context::from_waker(&waker))
    }

    fn n_woken(&self) -> usize {
        self.bell.0.load(Ordering::Relaxed)
    }
}

/// Three who wait, in the order in which they came.
fn three(teller: &Teller) -> [Waiter; 3] {
    let one = |_| {
        let mut it = Waiter { bell: Arc::default(), durable: Some(teller.durable()) };
        assert!(it.poll().is_pending());
        it
    };
    [0, 1, 2].map(one)
}

#[track_caller]
fn check(waiters: &[Waiter], expected: &[usize]) {
    assert_eq!(waiters.iter().map(Waiter::n_woken).collect::<Vec<_>>(), expected);
}

#[test]
fn one_is_woken_and_wakes_the_others() {
    let teller = Teller::default();
    let mut all = three(&teller);
    let _told = teller.tell(Ok(()));
    check(&all, &[1, 0, 0]);
    assert!(matches!(all[0].poll(), Poll::Ready(Ok(()))));
    check(&all, &[1, 1, 1]);
    for it in &mut all[1..] {
        assert!(matches!(it.poll(), Poll::Ready(Ok(()))));
        it.durable = None;
    }
    check(&all, &[1, 1, 1]);
}

#[test]
fn who_is_dropped_instead_wakes_the_others() {
    let teller = Teller::default();
    let mut all = three(&teller);
    let _told = teller.tell(Ok(()));
    all[0].durable = None;
    check(&all, &[1, 1, 1]);
}

#[test]
fn who_looks_by_itself_wakes_the_others() {
    let teller = Teller::default();
    let mut all = three(&teller);
    let _told = teller.tell(Ok(()));
    assert!(all[2].poll().is_ready());
    check(&all, &[1, 1, 0]);
}

#[test]
fn who_waits_no_more_is_not_woken() {
    let teller = Teller::default();
    let mut all = three(&teller);
    all[0].durable = None;
    let _told = teller.tell(Ok(()));
    check(&all, &[0, 1, 0]);
}

#[test]
fn the_writer_wakes_who_was_forgotten() {
    let teller = Teller::default();
    let all = three(&teller);
    drop(teller.tell(Ok(())));
    check(&all, &[1, 1, 1]);
}

#[test]
fn all_get_the_error() {
    let teller = Teller::default();
    let mut all = three(&teller);
    let _told = teller.tell(Err(CommitError { source: None }));
    for it in &mut all {
        assert!(matches!(it.poll(), Poll::Ready(Err(DurableError::Commit(_)))));
        assert!(matches!(it.poll(), Poll::Ready(Err(DurableError::Commit(_)))), "it stays so");
    }
}

#[test]
fn a_writer_that_dies_leaves_nobody_waiting() {
    let teller = Teller::default();
    let mut all = three(&teller);
    drop(teller);
    for it in &mut all {
        assert!(matches!(it.poll(), Poll::Ready(Err(DurableError::Unknown))));
    }
    check(&all, &[1, 1, 1]);
}

#[test]
fn who_comes_late_need_not_wait() {
    let teller = Teller::default();
    let mut late = Waiter { bell: Arc::default(), durable: Some(teller.durable()) };
    let _told = teller.tell(Ok(()));
    assert!(late.poll().is_ready());
    let mut nothing = Waiter { bell: Arc::default(), durable: Some(Durable::now()) };
    assert!(nothing.poll().is_ready());
    check(&[late, nothing], &[0, 0]);
}

#[test]
fn the_last_waker_is_the_one_that_counts() {
    let teller = Teller::default();
    let mut it = Waiter { bell: Arc::default(), durable: Some(teller.durable()) };
    assert!(it.poll().is_pending());
    let before = mem::take(&mut it.bell);
    assert!(it.poll().is_pending());
    let _told = teller.tell(Ok(()));
    assert_eq!((before.0.load(Ordering::Relaxed), it.n_woken()), (0, 1));
}

/// Somebody whose waker, once it is thrown away, throws away another who waits.
#[expect(dead_code, reason = "it is there to be dropped")]
struct Chained(Mutex<Option<Durable>>);

impl Wake for Chained {
    fn wake(self: Arc<Self>) {}
}

#[test]
fn a_waker_that_is_thrown_away_may_ask_the_same_round() {
    let teller = Teller::default();
    let chained = || Waker::from(Arc::new(Chained(Mutex::new(Some(teller.durable())))));
    let mut durable = teller.durable();
    for _ in 0..2 {
        let poll = Pin::new(&mut durable).poll(&mut Context::from_waker(&chained()));
        assert!(poll.is_pending());
    }
    drop(durable);
    let mut durable = teller.durable();
    assert!(Pin::new(&mut durable).poll(&mut Context::from_waker(&chained())).is_pending());
    drop(teller.tell(Ok(())));
    assert!(Pin::new(&mut durable).poll(&mut Context::from_waker(Waker::noop())).is_ready());
}
