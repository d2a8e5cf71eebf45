//! Collectors that say for how long they want to be left in peace.

use super::collector::{Behaviour, Collector};
use super::{assert_arrived, check_all, labels, serve, shop_for, track, wait_for_delivery};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use std::time::Duration;

/// What a collector asks for, and the least that it gets.
struct Case {
    status: u16,
    retry_after: String,
    at_least: Duration,
}

/// A date is in whole seconds, so that it is less than three away.
fn in_three_seconds() -> String {
    let date = Timestamp::now() + SignedDuration::from_secs(3);
    let printer = rfc2822::DateTimePrinter::new();
    printer.timestamp_to_rfc9110_string(&date).expect("it is a date")
}

fn check(case: &Case) {
    let (status, text) = (case.status, case.retry_after.clone());
    let collector = Collector::start(move |head| match head.nth {
        0 => Behaviour::SayWith(status, "Retry-After", text.clone()),
        _ => Behaviour::Take,
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
    let kept = collector.kept();
    let pause = kept.requests[1].at.duration_since(kept.requests[0].at);
    assert!(pause >= case.at_least, "{pause:?} of {:?}", case.at_least);
    assert_eq!(kept.duplicates(), 0);
}

#[test]
fn nothing_is_sent_before_the_collector_wants_it() {
    let case = |status, retry_after: &str, ms| Case {
        status,
        retry_after: retry_after.to_owned(),
        at_least: Duration::from_millis(ms),
    };
    let cases = [
        case(503, "2", 2_000),
        case(429, "2", 2_000),
        // Two seconds are left of it for certain, less the time that all this takes.
        case(503, &in_three_seconds(), 1_000),
        case(429, &in_three_seconds(), 1_000),
    ];
    check_all(&cases, |it| format!("{} {}", it.status, it.retry_after), check);
}
