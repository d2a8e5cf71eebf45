//! In lenient mode nothing an application does can hurt it, and the ledger balances.

use crate::{PATIENCE, tracker};
use internal_events::{Catalog, Config, Event, Health, Id, Refusal, Scalar, Submission, Tracker};
use proptest::prelude::*;
use std::time::Duration;

fn assert_balanced(health: &Health) {
    let refused: u64 = health.refused.values().sum();
    let settled = health.accepted + health.quarantined + health.pending + refused;
    assert_eq!(health.received, settled, "{health:?}");
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        Just(Scalar::Null),
        any::<bool>().prop_map(Scalar::Bool),
        any::<i64>().prop_map(Scalar::Int),
        any::<f64>().prop_map(Scalar::Float),
        any::<String>().prop_map(Scalar::Str),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let name = prop_oneof![Just("e".to_owned()), any::<String>()];
    let id = proptest::option::of(prop_oneof![
        any::<i64>().prop_map(Id::Number),
        any::<String>().prop_map(Id::Text)
    ]);
    let key = prop_oneof![Just("label".to_owned()), Just("value".to_owned()), any::<String>()];
    (name, id, proptest::collection::vec((key, scalar()), 0..6))
        .prop_map(|(name, user, properties)| Event { user, properties, ..Event::new(name) })
}

#[test]
fn any_event_is_taken_and_accounted_for() {
    let tracker = tracker(&["e"]);
    proptest!(|(events in proptest::collection::vec(event(), 0..20))| {
        let n = events.len();
        let (sender, receiver) = std::sync::mpsc::channel();
        let done = move |it: Result<(), _>| sender.send(it.is_ok()).expect("the test waits");
        let answers = tracker.submit(events, done).expect("there is room");
        prop_assert_eq!(answers.len(), n);
        prop_assert!(receiver.recv_timeout(PATIENCE).expect("it answers"));
        prop_assert!(receiver.recv_timeout(PATIENCE).is_err(), "it answers once");
    });
    let health = tracker.health();
    assert_balanced(&health);
    assert_eq!(health.pending, 0);
}

fn track_some_unknown(tracker: &Tracker) {
    for n in 0..5_000_i64 {
        let name = if n % 7 == 0 { "unknown" } else { "e" };
        tracker.track_event(name).user(n).send();
    }
}

#[test]
fn the_ledger_balances_whenever_it_is_looked_at() {
    let tracker = tracker(&["e"]);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| track_some_unknown(&tracker));
        }
        scope.spawn(|| {
            for _ in 0..1_000 {
                let health = tracker.health();
                let refused: u64 = health.refused.values().sum();
                let settled = health.accepted + health.quarantined + refused;
                assert!(settled <= health.received, "{health:?}");
            }
        });
    });
    tracker.flush(PATIENCE).expect("it is written");
    let health = tracker.health();
    assert_balanced(&health);
    assert_eq!((health.received, health.pending), (20_000, 0));
}

#[test]
fn unknown_events_are_kept_with_their_reason() {
    let tracker = tracker(&["create_order"]);
    let answers = tracker.submit(vec![Event::new("create_ordr")], |_| ()).expect("there is room");
    let expected = "Unknown event: create_ordr. Did you mean create_order?";
    assert_eq!(answers, [Submission::Quarantined { reason: expected.to_owned() }]);
    tracker.flush(PATIENCE).expect("it is written");
    let kept = tracker.read(|it| it.quarantined(10)).expect("enabled").expect("readable");
    assert_eq!(kept[0].reason, "unknown_event");
    assert_eq!(kept[0].event, br#"{"event":"create_ordr"}"#);
    assert_eq!(tracker.health().quarantined, 1);
}

#[test]
fn after_the_end_calls_are_counted_and_do_nothing() {
    let tracker = tracker(&["e"]);
    tracker.track_event("e").send();
    assert!(tracker.shut_down(PATIENCE));
    tracker.track_event("e").send();
    assert_eq!(tracker.submit(vec![Event::new("e")], |_| ()), Err(Refusal::ShutDown));
    let health = tracker.health();
    assert_eq!((health.accepted, health.refused["shut_down"]), (1, 2));
    assert_balanced(&health);
    assert!(tracker.flush(Duration::from_secs(1)).is_err());
}

#[test]
fn switched_off_costs_nothing_and_leaves_no_file() {
    let home = tempfile::tempdir().expect("a temporary directory");
    let data = home.path().join("data");
    let config = Config::new(Catalog::default()).data(&data).disabled();
    let tracker = Tracker::open(config).expect("nothing is opened");
    tracker.track_event("e").user(1).send();
    tracker.flush(PATIENCE).expect("there is nothing to wait for");
    assert!(tracker.shut_down(PATIENCE));
    assert_eq!(tracker.health().refused["disabled"], 1);
    assert!(!data.exists());
}

#[test]
fn a_place_that_cannot_be_used_is_an_error_at_the_start() {
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    let config = Config::new(Catalog::default()).data(file.path().join("below"));
    let error = Tracker::open(config).expect_err("a file has nothing below it");
    assert_eq!(error.to_string(), "cannot open the data directory");
    assert!(std::error::Error::source(&error).is_some());
}
