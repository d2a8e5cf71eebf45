//! Events that a collector will not take: they alone go to the outbox.

use super::collector::{Behaviour, Collector};
use super::{assert_arrived, check_all, labels, rejected, serve, shop_for, track};
use super::{wait_for_delivery, wait_until};
use crate::serve::server::Server;
use serde_json::Value;
use std::collections::BTreeSet;

/// A collector that refuses some events, and how many of the orders these are.
struct Case {
    name: &'static str,
    behaviour: fn(usize) -> Behaviour,
    status: u16,
    bad: &'static [usize],
    /// Whether a bad order is a long one.
    is_long: bool,
}

fn is_poison(event: &Value) -> bool {
    event["se_la"].as_str().is_some_and(|it| it.contains("poison"))
}

/// Bodies that are larger are refused: a dozen orders.
const LARGEST: usize = 16_000;

fn too_large(bytes: usize) -> Behaviour {
    if bytes > LARGEST { Behaviour::Say(413) } else { Behaviour::Take }
}

const CASES: [Case; 7] = [
    Case {
        name: "413 for batches that are too large",
        behaviour: too_large,
        status: 413,
        bad: &[],
        is_long: true,
    },
    Case {
        name: "413 for batches, and for events that are too large alone",
        behaviour: too_large,
        status: 413,
        bad: &[0, 77, 249],
        is_long: true,
    },
    Case {
        name: "400 for one event",
        behaviour: |_| Behaviour::SayIfAny(400, is_poison),
        status: 400,
        bad: &[123],
        is_long: false,
    },
    Case {
        name: "400 for several, neighbours, the first and the last",
        behaviour: |_| Behaviour::SayIfAny(400, is_poison),
        status: 400,
        bad: &[0, 1, 2, 99, 100, 180, 249],
        is_long: false,
    },
    Case {
        name: "422 for one event",
        behaviour: |_| Behaviour::SayIfAny(422, is_poison),
        status: 422,
        bad: &[60],
        is_long: false,
    },
    Case {
        name: "403 for one event",
        behaviour: |_| Behaviour::SayIfAny(403, is_poison),
        status: 403,
        bad: &[123],
        is_long: false,
    },
    Case {
        name: "403 for several",
        behaviour: |_| Behaviour::SayIfAny(403, is_poison),
        status: 403,
        bad: &[0, 1, 50, 51, 52, 180],
        is_long: false,
    },
];

fn check(case: &Case) {
    let behaviour = case.behaviour;
    let collector = Collector::start(move |head| behaviour(head.bytes));
    let shop = shop_for(&collector, "");
    let server = serve(&shop);
    let mut labels = labels("order", 250);
    let mut bad = BTreeSet::new();
    for nth in case.bad {
        labels[*nth] = format!(
            "poison-{nth}{}",
            if case.is_long { "x".repeat(LARGEST) } else { String::new() }
        );
        bad.insert(labels[*nth].clone());
    }
    track(&server, &labels);
    if case.status == 403 {
        // Whoever says this does not say that it is about the event; that shows when others are
        // taken after it.
        go_on_tracking(&collector, &server, &mut labels);
    }
    let look = wait_for_delivery(&server);
    let n_bad = bad.len() as u64;
    assert_eq!((look.rejected, look.delivered), (n_bad, labels.len() as u64 - n_bad), "{look:?}");
    assert_eq!(rejected(shop.path(), case.status), bad);
    assert_arrived(&collector, &labels, &bad);
    let kept = collector.kept();
    assert_eq!(kept.duplicates(), 0);
    // Each halving doubles the requests, and a bad event costs some more.
    let bound = 130 + 20 * bad.len();
    assert!(kept.requests.len() <= bound, "{} requests", kept.requests.len());
}

/// Tracks one good event after the other until nothing waits.
fn go_on_tracking(collector: &Collector, server: &Server, labels: &mut Vec<String>) {
    for nth in 0..20 {
        let label = format!("after-{nth}");
        track(server, &[&label]);
        collector.wait_until("it arrives", |it| it.labels().contains_key(&label));
        labels.push(label);
        // What came with it may be settled a moment later.
        if super::look(server).pending == 0 {
            return;
        }
    }
}

#[test]
fn what_a_collector_refuses_goes_to_the_outbox_and_holds_up_nothing() {
    check_all(&CASES, |it| it.name.to_owned(), check);
}

/// Whoever refuses everything is misconfigured: it is believed for a while, and then asked again.
#[test]
fn a_collector_that_refuses_everything_is_believed_a_hundred_times() {
    let collector = Collector::start(|_| Behaviour::Say(400));
    let shop = shop_for(&collector, "");
    let server = serve(&shop);
    let mut labels = labels("first", 250);
    track(&server, &labels);
    let is_said = |it: &super::Look| it.rejected > 0 && it.last_error.is_some();
    let look = wait_until(&server, "some are believed", is_said);
    assert!(look.last_error.is_some_and(|it| it.contains("answered 400")));
    let more = super::labels("second", 250);
    track(&server, &more);
    labels.extend(more);
    let so_far = collector.kept().requests.len();
    collector.wait_until("it is asked again", |it| it.requests.len() > so_far + 20);
    let look = super::look(&server);
    // Some of the hundred may lie behind one that still waits.
    assert!(look.rejected <= 100 && look.pending >= 400, "{look:?}");
    collector.now(|_| Behaviour::Take);
    let look = wait_for_delivery(&server);
    assert_eq!((look.rejected, look.delivered), (100, 400), "{look:?}");
    let gone = rejected(shop.path(), 400);
    assert_eq!(gone.len(), 100);
    assert_arrived(&collector, &labels, &gone);
}
