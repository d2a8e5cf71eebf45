//! Faults that are over one day: nothing is lost, and what arrives twice is bounded.

use super::collector::{Behaviour, Collector};
use super::{assert_arrived, check_all, labels, look, outbox, serve, shop_for, track};
use super::{wait_for_delivery, wait_until};
use crate::serve::server::{TOTAL, TRACK, order};
use std::time::Duration;

/// Events of one case: a few requests.
const EVENTS: usize = 250;

/// What is wrong with a collector.
struct Case {
    name: &'static str,
    /// Nothing: nobody listens.
    fault: Option<Behaviour>,
    /// How many requests are taken before it begins.
    taken: usize,
    settings: &'static str,
    /// What is said to whoever looks after it.
    says: &'static str,
}

const NO_PATIENCE: &str = "timeout = \"2s\"";

fn cases() -> Vec<Case> {
    let retry = |status, after: &str| Behaviour::SayWith(status, "Retry-After", after.to_owned());
    let location = "http://elsewhere.example/".to_owned();
    let moved = Behaviour::SayWith(302, "Location", location);
    let faults = [
        ("nobody listens", None, "", "refused"),
        ("a connection reset", Some(Behaviour::Reset), "", "tp2: "),
        ("silence", Some(Behaviour::TakeInSilence), NO_PATIENCE, "timeout"),
        ("an answer cut off", Some(Behaviour::TakeAndBreakOff), "", "tp2: "),
        ("500", Some(Behaviour::Say(500)), "", "answered 500 (said 500)"),
        ("503", Some(Behaviour::Say(503)), "", "answered 503 (said 503)"),
        ("503 for a second", Some(retry(503, "1")), "", "answered 503 (said 503)"),
        ("429", Some(retry(429, "1")), "", "answered 429 (said 429)"),
        ("401", Some(Behaviour::Say(401)), "", "answered 401 (said 401)"),
        ("403", Some(Behaviour::Say(403)), "", "answered 403 (said 403)"),
        ("404", Some(Behaviour::Say(404)), "", "answered 404 (said 404)"),
        ("302", Some(moved), "", "it sends elsewhere, to http://elsewhere.example/; configure"),
    ];
    let at_first = faults.map(|(name, fault, settings, says)| {
        let name = if name == "silence" { "silence at first" } else { name };
        Case { name, fault, taken: 0, settings, says }
    });
    let later = |name, fault: Behaviour, settings, says| Case {
        name,
        fault: Some(fault),
        taken: 2,
        settings,
        says,
    };
    at_first
        .into_iter()
        .chain([
            later("a reset after two requests", Behaviour::Reset, "", "tp2: "),
            later("silence after two requests", Behaviour::TakeInSilence, NO_PATIENCE, "timeout"),
            later("503 after two requests", Behaviour::Say(503), "", "answered 503"),
            later("403 after two requests", Behaviour::Say(403), "", "answered 403"),
        ])
        .collect()
}

/// Tracks while the fault lasts, looks at what is said, and ends it.
fn check(case: &Case) {
    let (fault, taken) = (case.fault.clone(), case.taken);
    let collector = Collector::down_at_first(move |head| match &fault {
        Some(fault) if head.nth >= taken => fault.clone(),
        _ => Behaviour::Take,
    });
    if case.fault.is_some() {
        collector.up();
    }
    let shop = shop_for(&collector, case.settings);
    let server = serve(&shop);
    let labels = labels(case.name, EVENTS);
    track(&server, &labels);
    // One that nobody meant for the collector is never sent, and counts all the same.
    let answer = server.connect().post(TRACK, &order("u1", "not sent")).expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let accepted = EVENTS as u64 + 1;
    let is_said =
        |it: &super::Look| it.last_error.as_ref().is_some_and(|it| it.contains(case.says));
    let during = wait_until(&server, case.says, is_said);
    assert_eq!((during.accepted, during.rejected), (accepted, 0), "{during:?}");
    assert!(during.pending > 0 && during.oldest_pending.is_some(), "{during:?}");
    // Whoever counts is not concerned.
    assert_eq!(server.metric(TOTAL), accepted);
    collector.now(|_| Behaviour::Take);
    collector.up();
    let after = wait_for_delivery(&server);
    assert_eq!((after.delivered, after.rejected), (EVENTS as u64, 0), "{after:?}");
    assert_eq!(after.skipped, 1);
    assert_eq!((after.last_error, after.oldest_pending), (None, None));
    assert!(outbox(shop.path()).is_empty());
    assert_arrived(&collector, &labels, &[].into());
    // Only what was kept without an answer comes again.
    let kept = collector.kept();
    assert!(kept.duplicates() <= kept.untold, "{} of {}", kept.duplicates(), kept.untold);
}

#[test]
fn a_fault_of_the_collector_loses_nothing_and_is_said() {
    check_all(&cases(), |it| it.name.to_owned(), check);
}

/// A collector that is up and down all the time gets everything in the end.
#[test]
fn a_collector_that_flaps_gets_everything() {
    let collector = Collector::start(|_| Behaviour::Take);
    let shop = shop_for(&collector, "");
    let server = serve(&shop);
    let mut all = Vec::new();
    for round in 0..super::rounds(8) {
        let labels = labels(&format!("flap-{round}"), 150);
        track(&server, &labels);
        all.extend(labels);
        std::thread::sleep(Duration::from_millis(200));
        collector.down();
        look(&server);
        std::thread::sleep(Duration::from_millis(200));
        collector.up();
    }
    wait_for_delivery(&server);
    assert_arrived(&collector, &all, &[].into());
    // What was in both requests at work when it went down may come again, each time.
    let bound = 2 * 100 * usize::try_from(super::rounds(8)).expect("it is small");
    let n = collector.kept().duplicates();
    assert!(n <= bound, "{n}");
}

#[test]
fn a_collector_that_is_slow_gets_everything_once() {
    let slow = |_| Behaviour::TakeSlowly(Duration::from_millis(300));
    let collector = Collector::start(slow);
    let shop = shop_for(&collector, "");
    let server = serve(&shop);
    let labels = labels("slow", 600);
    track(&server, &labels);
    assert_eq!(server.metric(TOTAL), 600);
    let look = wait_for_delivery(&server);
    assert_eq!((look.delivered, look.last_error), (600, None));
    assert_arrived(&collector, &labels, &[].into());
    assert_eq!(collector.kept().duplicates(), 0);
}
