//! Collectors that say for how long they want to be left in peace.

use super::collector::{Behaviour, Collector};
use super::{assert_arrived, check_all, labels, serve, shop_for, track, wait_for_delivery};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use std::sync::{Arc, Mutex};

/// What a collector asks for.
struct Case {
    name: &'static str,
    status: u16,
    /// From a moment on, a time to be left in peace until, and how that is written.
    retry_after: fn(Timestamp) -> (Timestamp, String),
}

fn seconds(now: Timestamp) -> (Timestamp, String) {
    (now + SignedDuration::from_secs(2), "2".to_owned())
}

/// A date has whole seconds, so that this is more than one away.
fn date(now: Timestamp) -> (Timestamp, String) {
    let until = Timestamp::from_second(now.as_second() + 2).expect("it is a date");
    let printer = rfc2822::DateTimePrinter::new();
    (until, printer.timestamp_to_rfc9110_string(&until).expect("it is a date"))
}

/// When something may be sent again, and when something was.
#[derive(Default)]
struct Times {
    not_before: Option<Timestamp>,
    came: Option<Timestamp>,
}

fn check(case: &Case) {
    let (status, retry_after) = (case.status, case.retry_after);
    let times: Arc<Mutex<Times>> = Arc::default();
    let of_script = Arc::clone(&times);
    let collector = Collector::start(move |head| {
        let (now, mut times) = (Timestamp::now(), of_script.lock().expect("nobody panics"));
        if head.nth > 0 {
            times.came.get_or_insert(now);
            return Behaviour::Take;
        }
        let (until, text) = retry_after(now);
        times.not_before = Some(until);
        Behaviour::SayWith(status, "Retry-After", text)
    });
    let shop = shop_for(&collector, "concurrency = 1");
    let server = serve(&shop);
    let mut labels = labels("first", 50);
    track(&server, &labels);
    collector.wait_until("it is asked", |it| !it.requests.is_empty());
    // What comes meanwhile changes nothing.
    let more = super::labels("second", 50);
    track(&server, &more);
    labels.extend(more);
    wait_for_delivery(&server);
    assert_arrived(&collector, &labels, &[].into());
    assert_eq!(collector.kept().duplicates(), 0);
    let times = times.lock().expect("nobody panics");
    assert!(times.came >= times.not_before, "{:?} {:?}", times.came, times.not_before);
}

#[test]
fn nothing_is_sent_before_the_collector_wants_it() {
    let cases = [
        Case { name: "503, in seconds", status: 503, retry_after: seconds },
        Case { name: "429, in seconds", status: 429, retry_after: seconds },
        Case { name: "503, until a date", status: 503, retry_after: date },
        Case { name: "429, until a date", status: 429, retry_after: date },
    ];
    check_all(&cases, |it| it.name.to_owned(), check);
}
