use super::*;

/// What a collector says to a request: how many came before it, and what is in it.
type Says<'s> = dyn Fn(usize, &[u64]) -> Verdict + Sync + 's;

/// A collector that says what it is told to, and remembers what it was asked.
struct Scripted<'s> {
    says: &'s Says<'s>,
    /// Requests in order, and whether they were taken.
    asked: Mutex<Vec<(Vec<u64>, bool)>>,
}

impl Post for Scripted<'_> {
    fn post(&self, body: &str) -> Verdict {
        let sequences = read(body);
        let mut asked = self.asked.lock().unwrap();
        let verdict = (self.says)(asked.len(), &sequences);
        asked.push((sequences, verdict == Verdict::Taken));
        verdict
    }
}

/// The numbers of the events in a body, which is a whole one.
fn read(body: &str) -> Vec<u64> {
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    let events = body["data"].as_array().unwrap();
    events.iter().map(|it| it["eid"].as_str().unwrap().parse().unwrap()).collect()
}

fn item(sequence: u64, bytes: usize) -> Item {
    let json = format!("{{\"eid\":\"{sequence}\",\"pad\":\"{}\"", "x".repeat(bytes));
    Item { sequence, json, has_sent_time: sequence.is_multiple_of(2) }
}

fn items(sequences: impl IntoIterator<Item = u64>) -> Vec<Item> {
    sequences.into_iter().map(|it| item(it, 1)).collect()
}

fn refused() -> Verdict {
    Verdict::Refused("answered 400".to_owned())
}

fn unwelcome() -> Verdict {
    Verdict::Unwelcome("answered 403".to_owned())
}

fn later() -> Verdict {
    Verdict::Later { why: "answered 503".to_owned(), pause: Some(Duration::from_secs(7)) }
}

/// What is expected of one page of a thousand events, the first of which has the number 1.
struct Expected<'e> {
    delivered: usize,
    rejected: &'e [u64],
    why_not_all: Option<&'e str>,
    /// Requests at most.
    requests: usize,
}

const ALL: Expected<'_> =
    Expected { delivered: 1_000, rejected: &[], why_not_all: None, requests: 10 };

/// Sends a page in requests of a hundred, with one at work and with four.
fn check(name: &str, says: &Says<'_>, expected: &Expected<'_>) {
    for concurrency in [1, 4] {
        let (sent, asked) = send(says, items(1..=1_000), concurrency, &mut Trust::default());
        let name = format!("{name}, {concurrency} at a time");
        let (delivered, rejected) = fates(&sent);
        assert_eq!(rejected, expected.rejected, "{name}");
        // Those who are at work at the same time are done with what they have begun.
        let in_flight = (concurrency - 1) * 100;
        let is_it =
            (expected.delivered..=expected.delivered + in_flight).contains(&delivered.len());
        assert!(is_it || expected.why_not_all.is_none(), "{name}: {}", delivered.len());
        assert!(is_it, "{name}: {}", delivered.len());
        assert_eq!(sent.why_not_all.as_ref().map(|it| &*it.why), expected.why_not_all, "{name}");
        assert!(asked.len() <= expected.requests * concurrency, "{name}: {}", asked.len());
        // Nobody is said to have what it did not take, and nobody is sent what it has.
        let mut taken: Vec<u64> =
            asked.iter().filter(|it| it.1).flat_map(|it| it.0.clone()).collect();
        taken.sort_unstable();
        assert_eq!(taken, delivered, "{name}");
    }
}

fn send(
    says: &Says<'_>,
    items: Vec<Item>,
    concurrency: usize,
    trust: &mut Trust,
) -> (Sent, Vec<(Vec<u64>, bool)>) {
    let collector = Scripted { says, asked: Mutex::default() };
    let sent = send_all(&collector, batches(items, 100, 1 << 20), concurrency, trust, &|| 5);
    (sent, collector.asked.into_inner().unwrap())
}

fn fates(sent: &Sent) -> (Vec<u64>, Vec<u64>) {
    let of = |is_it: fn(&Fate) -> bool| {
        sent.fates.iter().filter(|it| is_it(it.1)).map(|it| *it.0).collect::<Vec<_>>()
    };
    (of(|it| *it == Fate::Delivered), of(|it| matches!(it, Fate::Rejected(_))))
}

#[test]
fn events_are_delivered_rejected_or_left_for_later_as_the_collector_says() {
    let none = Expected { delivered: 0, why_not_all: Some("answered 403"), requests: 33, ..ALL };
    let but = |rejected: &'static [u64], requests| Expected {
        delivered: 1_000 - rejected.len(),
        rejected,
        requests,
        ..ALL
    };
    let poison = |bad: &'static [u64], no: fn() -> Verdict| {
        move |_: usize, it: &[u64]| {
            if it.iter().any(|it| bad.contains(it)) { no() } else { Verdict::Taken }
        }
    };
    check("takes all", &|_, _| Verdict::Taken, &ALL);
    check(
        "takes nothing now",
        &|_, _| later(),
        &Expected { delivered: 0, why_not_all: Some("answered 503"), requests: 1, ..ALL },
    );
    check(
        "takes two, then nothing now",
        &|nth, _| if nth < 2 { Verdict::Taken } else { later() },
        &Expected { delivered: 200, why_not_all: Some("answered 503"), requests: 3, ..ALL },
    );
    check("takes nothing at all", &|_, _| unwelcome(), &none);
    check("refuses one event", &poison(&[437], refused), &but(&[437], 30));
    check("refuses the first and the last", &poison(&[1, 1_000], refused), &but(&[1, 1_000], 40));
    check("refuses neighbours", &poison(&[5, 6, 7], refused), &but(&[5, 6, 7], 40));
    check(
        "takes ten at most",
        &|_, it| if it.len() > 10 { refused() } else { Verdict::Taken },
        &Expected { requests: 310, ..ALL },
    );
}

/// Whoever says no to everything for a while is not told from whoever dislikes single events, but
/// by asking again.
#[test]
fn nothing_is_rejected_by_a_no_that_was_meant_for_all() {
    for (from, to) in [(0, 8), (0, 12), (0, 30), (1, 20), (3, 12), (9, 25), (12, 28)] {
        let says = move |nth: usize, _: &[u64]| {
            if (from..to).contains(&nth) { unwelcome() } else { Verdict::Taken }
        };
        let (sent, _) = send(&says, items(1..=1_000), 1, &mut Trust::default());
        assert_eq!(fates(&sent).1, [0; 0], "no from {from} to {to}");
    }
    for from in [0, 1, 5, 9, 40] {
        let says = move |nth: usize, _: &[u64]| {
            if nth < from { Verdict::Taken } else { unwelcome() }
        };
        let (sent, asked) = send(&says, items(1..=1_000), 1, &mut Trust::default());
        assert_eq!(fates(&sent).1, [0; 0], "no from {from}");
        assert!(asked.len() <= from + 17, "left in peace after {}", asked.len());
    }
}

/// A request that was taken says nothing of an event that was refused after it had begun.
#[test]
fn only_what_is_taken_later_shows_that_events_are_welcome() {
    let mut state = State { n_begun: 7, ..State::default() };
    state.doubt(items([1]), "answered 403");
    for (taken, is_tried_again) in [(1, false), (7, false), (8, true)] {
        state.take(taken, &items([taken]));
        assert_eq!(state.batches.len(), usize::from(is_tried_again), "{taken}");
        assert_eq!(state.doubtful.len(), usize::from(!is_tried_again), "{taken}");
    }
}

#[test]
fn so_many_refusals_in_a_row_are_believed_and_no_more() {
    for concurrency in [1, 4] {
        let mut trust = Trust::default();
        let (mut left, mut rejected) = (items(1..=1_000), 0);
        for _ in 0..5 {
            let (sent, _) = send(&|_, _| refused(), left, concurrency, &mut trust);
            assert_eq!(sent.why_not_all.map(|it| it.why).as_deref(), Some("answered 400"));
            rejected += sent.fates.len();
            left = items((1..=1_000).filter(|it| !sent.fates.contains_key(it)));
        }
        assert_eq!(rejected, BELIEVED_IN_A_ROW);
        // One that is taken shows that the others were at fault.
        let one_is_good = move |_: usize, it: &[u64]| match it {
            [1_000] => Verdict::Taken,
            _ => refused(),
        };
        let (sent, _) = send(&one_is_good, items([998, 999, 1_000]), concurrency, &mut trust);
        assert_eq!(fates(&sent), (vec![1_000], vec![998, 999]));
    }
}

/// However many events somebody dislikes, alone or in a row: what comes behind them is delivered,
/// and they are told from it.
#[test]
fn bad_events_hold_up_nothing_behind_them() {
    let cases: [Vec<u64>; 5] =
        [vec![1], vec![437], vec![1_000], (301..=420).collect(), (1..=1_000).step_by(9).collect()];
    for bad in &cases {
        for no in [refused, unwelcome] {
            assert_told_apart(bad, no, 1);
            assert_told_apart(bad, no, 4);
        }
    }
}

fn assert_told_apart(bad: &[u64], no: fn() -> Verdict, concurrency: usize) {
    let says = |_: usize, it: &[u64]| {
        if it.iter().any(|it| bad.contains(it)) { no() } else { Verdict::Taken }
    };
    let mut trust = Trust::default();
    let (mut left, mut rejected): (Vec<u64>, Vec<u64>) = ((1..=1_000).collect(), Vec::new());
    for page in 1..=40 {
        let (sent, _) = send(&says, items(left.iter().copied()), concurrency, &mut trust);
        rejected.extend(fates(&sent).1);
        left.retain(|it| !sent.fates.contains_key(it));
        if left.is_empty() {
            break;
        }
        // What is disliked and comes last is known by the next that comes.
        left.push(1_000 + page);
    }
    assert!(left.is_empty(), "left of {bad:?}: {left:?}, {}", no_of(no));
    rejected.sort_unstable();
    assert_eq!(rejected, bad, "{}", no_of(no));
}

fn no_of(no: fn() -> Verdict) -> String {
    format!("{:?}", no())
}

#[test]
fn batches_are_bounded_by_number_and_bytes_and_keep_their_order() {
    let of = |sizes: &[usize], most, bytes| -> Vec<Vec<u64>> {
        let items = (1..).zip(sizes).map(|(nth, size)| item(nth, *size)).collect();
        let batches = batches(items, most, bytes);
        for batch in batches.iter().filter(|it| it.len() > 1) {
            assert!(body(batch, i64::MAX).len() <= bytes);
        }
        batches.iter().map(|it| it.iter().map(|it| it.sequence).collect()).collect()
    };
    for (sizes, most, bytes, expected) in [
        (vec![], 2, 1_000, vec![]),
        (vec![1; 5], 2, 1_000, vec![vec![1, 2], vec![3, 4], vec![5]]),
        (vec![1; 3], 1, 1_000, vec![vec![1], vec![2], vec![3]]),
        (vec![300, 300, 300], 9, 1_000, vec![vec![1, 2], vec![3]]),
        (vec![1, 5_000, 1, 1], 9, 1_000, vec![vec![1], vec![2], vec![3, 4]]),
        (vec![1, 1], 9, 0, vec![vec![1], vec![2]]),
    ] {
        assert_eq!(of(&sizes, most, bytes), expected, "{sizes:?} {most} {bytes}");
    }
}

#[test]
fn the_time_of_sending_is_said_where_it_is_ours_to_say() {
    let body: serde_json::Value = serde_json::from_str(&body(&items([1, 2]), 77)).unwrap();
    assert_eq!(body["data"][0]["stm"], "77");
    assert_eq!(body["data"][1]["stm"], serde_json::Value::Null);
    assert!(body["schema"].as_str().unwrap().ends_with("payload_data/jsonschema/1-0-4"));
}

#[test]
fn a_pause_that_is_asked_for_is_handed_on() {
    let (sent, _) = send(&|_, _| later(), items(1..=3), 1, &mut Trust::default());
    assert_eq!(sent.why_not_all.unwrap().pause, Some(Duration::from_secs(7)));
}

/// A collector that fails at one event, however often it is asked, fails at no other for it.
#[test]
fn an_event_at_which_the_collector_fails_is_rejected_in_the_end_and_holds_nobody_up() {
    let failed = || Verdict::Failed("answered 500".to_owned());
    let bad = |it: &[u64]| it.contains(&1);
    let says = |_: usize, it: &[u64]| if bad(it) { failed() } else { Verdict::Taken };
    let mut trust = Trust::default();
    let (mut left, mut next, mut n_requests) = ((1..=60).collect::<Vec<u64>>(), 61, 0);
    let mut rejected = Vec::new();
    let mut n_deliveries = 0;
    while rejected.is_empty() {
        n_deliveries += 1;
        assert!(n_deliveries <= 10, "it is never decided");
        let (sent, asked) = send(&says, items(left.iter().copied()), 1, &mut trust);
        n_requests += asked.len();
        rejected = fates(&sent).1;
        left.retain(|it| !sent.fates.contains_key(it));
        // One comes for each delivery: that others are welcome shows then.
        left.push(next);
        next += 1;
    }
    assert_eq!((rejected, n_deliveries), (vec![1], 8));
    assert!(left.iter().all(|it| *it > 60), "all others were taken: {left:?}");
    assert!(n_requests < 40, "{n_requests}");
    assert!(trust.troubled.is_empty());
}

/// While it fails at everything nothing is held against single events, and it is asked little.
#[test]
fn a_collector_that_fails_at_everything_rejects_nothing() {
    let mut trust = Trust::default();
    let mut n_requests = 0;
    for _ in 0..50 {
        let fails = |_: usize, _: &[u64]| Verdict::Failed("answered 500".to_owned());
        let (sent, asked) = send(&fails, items(1..=1_000), 1, &mut trust);
        assert!(sent.fates.is_empty() && sent.why_not_all.is_some());
        n_requests += asked.len();
    }
    assert!(n_requests <= 3 + 47 * (FAILURES_IN_A_ROW + 1), "{n_requests}");
    let (sent, _) = send(&|_, _| Verdict::Taken, items(1..=1_000), 1, &mut trust);
    assert_eq!(fates(&sent).0.len(), 1_000);
    assert!(trust.troubled.is_empty());
}

/// Nor if it comes and goes, whichever requests that hits.
#[test]
fn a_collector_that_fails_now_and_then_rejects_nothing() {
    for period in 2..=5 {
        let n = std::sync::atomic::AtomicUsize::new(0);
        let says = |_: usize, _: &[u64]| {
            let nth = n.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            let is_down = (nth / period).is_multiple_of(2);
            if is_down { Verdict::Failed("answered 500".to_owned()) } else { Verdict::Taken }
        };
        let mut trust = Trust::default();
        let mut left: Vec<u64> = (1..=1_000).collect();
        for _ in 0..200 {
            let (sent, _) = send(&says, items(left.iter().copied()), 1, &mut trust);
            assert_eq!(fates(&sent).1, [] as [u64; 0], "{period}");
            left.retain(|it| !sent.fates.contains_key(it));
        }
        assert!(left.is_empty(), "{period}: {}", left.len());
    }
}
