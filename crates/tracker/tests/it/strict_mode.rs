//! In strict mode a wrong call fails where it is made.

use internal_events::testing::{Recorder, definitions};
use internal_events::{Event, Submission, Tracker};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The message with which the code panics.
fn panic_of(code: impl FnOnce(&Tracker)) -> String {
    let recorder = Recorder::new(definitions(&["create_order"]));
    let panic = catch_unwind(AssertUnwindSafe(|| code(recorder.tracker())));
    let payload = panic.expect_err("strict mode fails");
    payload.downcast_ref::<String>().expect("a formatted message").clone()
}

#[test]
fn wrong_calls_panic_with_what_is_wrong() {
    assert_eq!(
        panic_of(|it| it.track_event("creat_order").send()),
        "Unknown event: creat_order. Did you mean create_order?"
    );
    assert_eq!(panic_of(|it| it.track_event("other").send()), "Unknown event: other");
    assert_eq!(
        panic_of(|it| it.track_event("create_order").property("colour", "red").send()),
        "create_order: property `colour` is not declared by the event and was left out"
    );
    assert_eq!(
        panic_of(|it| it.track_event("create_order").property("value", "5").send()),
        "create_order: property `value` should be a number, not string, and was left out"
    );
}

#[test]
fn the_panic_names_the_callers_line() {
    let recorder = Recorder::new(definitions(&["create_order"]));
    let (sender, receiver) = std::sync::mpsc::channel();
    let hook = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |it| {
        let location = it.location().map(ToString::to_string).unwrap_or_default();
        let _ = sender.send(location);
    }));
    let line = line!() + 2;
    let _ = catch_unwind(AssertUnwindSafe(|| {
        recorder.tracker().track_event("unknown").send();
    }));
    let _ = catch_unwind(AssertUnwindSafe(|| {
        let _ = recorder.tracker().track_event("unknown").send_durably();
    }));
    std::panic::set_hook(hook);
    let places: Vec<String> = receiver.try_iter().collect();
    // Other tests may panic meanwhile; theirs are other lines.
    for line in [line, line + 3] {
        let expected = format!("strict_mode.rs:{line}:");
        assert!(places.iter().any(|it| it.contains(&expected)), "{expected}");
    }
}

#[test]
fn a_missing_identifier_is_no_wrong_call() {
    let recorder = Recorder::new(definitions(&["create_order"]));
    let changes = recorder.during(|it| it.track_event("create_order").send());
    changes.assert_triggered("create_order").once();
    assert_eq!(recorder.tracker().health().omitted["missing_identifier"], 1);
}

#[test]
fn a_submission_is_refused_and_counted_instead() {
    let recorder = Recorder::new(definitions(&["create_order"]));
    let events = vec![Event::new("create_order"), Event::new("nope")];
    let answers = recorder.tracker().submit(events, |_| ()).expect("the batch is taken");
    assert!(matches!(answers[0], Submission::Accepted { .. }));
    assert!(matches!(&answers[1], Submission::Refused { reason } if reason.contains("nope")));
    assert_eq!(recorder.events().len(), 1);
    assert_eq!(recorder.tracker().health().refused["strict"], 1);
}
