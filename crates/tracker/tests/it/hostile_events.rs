//! An application that sends nonsense is not hurt by it, and neither is what it sends besides.

use crate::{PATIENCE, clock};
use internal_events::testing::definitions;
use internal_events::{
    Catalog, Config, Event, Id, Limits, Refusal, Scalar, Submission, Tracker, decode_event,
    encode_event,
};
use proptest::prelude::*;
use std::time::{Duration, Instant};

/// Ten megabytes.
fn long() -> String {
    "ü\0\u{1b}[2J\n".repeat(1_111_111)
}

fn with(properties: impl IntoIterator<Item = (String, Scalar)>) -> Event {
    Event { properties: properties.into_iter().collect(), ..Event::new("e") }
}

/// Sends an event among good ones, and returns what became of it and how it is journaled.
fn submit(tracker: &Tracker, event: Event) -> (Submission, Option<Event>) {
    let before = tracker.health();
    let good = || Event { user: Some(5.into()), ..Event::new("e") };
    let answers = tracker.submit(vec![good(), event, good()], |it| it.expect("it is durable"));
    let mut answers = answers.expect("there is room");
    assert_eq!(answers.len(), 3);
    tracker.flush(PATIENCE).expect("it is written");
    let health = tracker.health();
    assert_eq!((health.received - before.received, health.pending), (3, 0));
    let accepted = health.accepted - before.accepted;
    assert_eq!(accepted + health.quarantined - before.quarantined, 3);
    let reads = |last: u64| {
        let entries = tracker.read(|it| it.entries(last, 1)).expect("enabled").expect("readable");
        decode_event(&entries[0].event).expect("the journal has events")
    };
    let journaled = (accepted == 3).then(|| reads(health.accepted - 2));
    (answers.remove(1), journaled)
}

fn in_a_file() -> (tempfile::TempDir, Tracker) {
    with_limits(Limits::default())
}

fn with_limits(limits: Limits) -> (tempfile::TempDir, Tracker) {
    let home = tempfile::tempdir().expect("a directory");
    let catalog = Catalog::new(definitions(&["e"]));
    let config = Config::new(catalog).clock(clock()).data(home.path()).limits(limits);
    let tracker = Tracker::open(config).expect("a tracker opens");
    (home, tracker)
}

#[test]
fn texts_of_ten_megabytes_are_taken_and_repeated_in_short() {
    let (_home, tracker) = in_a_file();
    for event in [
        Event { user: Some(long().into()), ..Event::new("e") },
        Event { project: Some(long().into()), ..Event::new("e") },
        Event { category: Some(long()), ..Event::new("e") },
        with([("label".to_owned(), long().into())]),
    ] {
        let (answer, journaled) = submit(&tracker, event.clone());
        assert!(matches!(answer, Submission::Accepted { .. }));
        assert!(journaled == Some(event), "it is journaled as it was");
    }
    let (answer, journaled) = submit(&tracker, with([(long(), 1.into())]));
    assert!(matches!(answer, Submission::Accepted { .. }), "without the property");
    assert_eq!(journaled, Some(Event::new("e")));
    let (answer, _) = submit(&tracker, Event::new(long()));
    let Submission::Quarantined { reason } = answer else { panic!("nobody knows it") };
    assert!(reason.len() < 500, "{} bytes of reason", reason.len());
}

#[test]
fn what_the_queue_could_never_hold_is_refused_and_costs_nothing_else() {
    let limits = Limits { queue_bytes: 1 << 20, ..Limits::default() };
    let (_home, tracker) = with_limits(limits);
    let too_long = || long()[..1 << 20].to_owned();
    for _ in 0..2 {
        tracker.track_event("e").property("label", too_long()).send();
        tracker.track_event("e").user(too_long()).send();
        tracker.track_event("e").category(too_long()).send();
        tracker.track_event(too_long()).send();
        tracker.track_event("e").user(5).send();
    }
    let event = with([("label".to_owned(), too_long().into())]);
    assert_eq!(tracker.submit(vec![event], |_| ()), Err(Refusal::QueueFull));
    tracker.flush(PATIENCE).expect("it is written");
    let health = tracker.health();
    assert_eq!((health.received, health.accepted), (11, 2), "{health:?}");
    assert_eq!(health.refused["queue_full"], 9, "{health:?}");
}

#[test]
fn many_properties_take_time_in_proportion() {
    let (_home, tracker) = in_a_file();
    let start = Instant::now();
    let undeclared = (0..100_000).map(|it| (format!("p{it}"), Scalar::Int(it)));
    let same = (0..100_000).map(|it| ("label".to_owned(), Scalar::Int(it)));
    let nulls = (0..100_000).map(|it| (format!("n{it}"), Scalar::Null));
    let last = [("label".to_owned(), Scalar::from("x"))];
    let (answer, journaled) =
        submit(&tracker, with(undeclared.chain(same).chain(nulls).chain(last)));
    let Submission::Accepted { omissions } = answer else { panic!("it is accepted") };
    assert_eq!(omissions.len(), 200_001, "each property, and the user who is missing");
    let journaled = journaled.expect("it is journaled");
    assert_eq!(journaled.property("label"), Some(&Scalar::from("x")));
    // Comparing each with each would take hours.
    assert!(start.elapsed() < Duration::from_mins(1));
}

#[test]
fn what_is_no_number_is_left_out_and_a_good_value_beside_it_stays() {
    let (_home, tracker) = in_a_file();
    for wrong in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for name in ["value", "label", "a\0b"] {
            let good = Scalar::Float(1.5);
            let event = with([("value".to_owned(), good.clone()), (name.to_owned(), wrong.into())]);
            let (answer, journaled) = submit(&tracker, event);
            assert!(matches!(answer, Submission::Accepted { omissions } if omissions.len() == 2));
            assert_eq!(journaled.expect("accepted").properties, [("value".to_owned(), good)]);
        }
    }
}

fn scalar() -> impl Strategy<Value = Scalar> {
    prop_oneof![
        Just(Scalar::Null),
        any::<bool>().prop_map(Scalar::Bool),
        any::<i64>().prop_map(Scalar::Int),
        proptest::num::f64::ANY.prop_map(Scalar::Float),
        any::<String>().prop_map(Scalar::Str),
        prop::sample::select(vec!["\0", "\u{202e}", "1e999", "NaN", ""]).prop_map(Scalar::from),
    ]
}

fn event() -> impl Strategy<Value = Event> {
    let id = || {
        let text = any::<String>().prop_map(Id::Text);
        proptest::option::of(prop_oneof![any::<i64>().prop_map(Id::Number), text])
    };
    let known = prop::sample::select(vec!["label", "property", "value", "custom"]);
    let name = prop_oneof![known.prop_map(str::to_owned), any::<String>()];
    let properties = prop::collection::vec((name, scalar()), 0..12);
    (
        any::<bool>(),
        any::<String>(),
        proptest::option::of(any::<String>()),
        [id(), id(), id()],
        properties,
    )
        .prop_map(|(is_known, name, category, [user, project, namespace], properties)| {
            let name = if is_known { "e".to_owned() } else { name };
            Event { name, category, user, project, namespace, properties, ..Event::default() }
        })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(2_000) })]

    #[test]
    fn what_is_written_to_the_journal_is_read_as_it_was(event in event()) {
        let mut bytes = Vec::new();
        encode_event(&event, &mut bytes);
        let mut expected = event;
        let mut kept: Vec<(String, Scalar)> = Vec::new();
        for (name, value) in expected.properties.drain(..) {
            // JSON has no such numbers, and a reader sees the last of two members of one name.
            let value = match value {
                Scalar::Float(it) if !it.is_finite() => Scalar::Null,
                it => it,
            };
            match kept.iter_mut().find(|(it, _)| *it == name) {
                Some((_, earlier)) => *earlier = value,
                None => kept.push((name, value)),
            }
        }
        expected.properties = kept;
        prop_assert_eq!(decode_event(&bytes), Some(expected));
    }

    #[test]
    fn any_bytes_are_an_event_or_none(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        decode_event(&bytes);
    }
}
