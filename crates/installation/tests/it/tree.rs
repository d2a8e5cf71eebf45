//! Which files are read.

use crate::{files, open};
use internal_events::{Tracker, Window};
use internal_events_installation::{Error, Installation};
use jiff::civil::date;

const EVENT: &str = "---
description: Somebody did something
internal_events: true
action: ACTION
product_group: shop
introduced_by_url: https://example.com/1
milestone: '1.0'
tiers: [free]
";

#[test]
fn both_trees_are_read_and_removed_events_are_not_loaded() {
    let event = |action: &str| EVENT.replace("ACTION", action);
    let root = files(&[
        ("config/events/a.yml", &event("a")),
        ("config/events/removed/b.yml", &event("b")),
        ("ee/config/events/c.yml", &event("c")),
        ("config/events/README.md", "not a definition"),
        ("config/events/deeper/d.yml", &event("d")),
    ]);
    let installation = open(root.path());
    assert_eq!(installation.analysis().n_events, 3);
    let catalog = installation.catalog();
    let known: Vec<&str> = catalog.events().map(|it| it.action.as_str()).collect();
    assert_eq!(known, ["a", "c"]);
}

#[test]
fn one_broken_file_does_not_stop_the_rest() {
    let root = files(&[
        ("config/events/a.yml", "description: [\n"),
        ("config/events/b.yml", &EVENT.replace("ACTION", "b")),
    ]);
    let installation = open(root.path());
    assert!(!installation.analysis().diagnostics.is_empty());
    assert!(installation.catalog().find_event("b").is_some());
}

#[test]
fn the_milestone_is_the_major_and_minor_of_the_version() {
    for (version, expected) in [
        ("19.3.0-pre\n", Some("19.3")),
        ("v2.10", Some("2.10")),
        ("17\n", None),
        ("next", None),
        ("", None),
    ] {
        let root = files(&[("VERSION", version)]);
        assert_eq!(open(root.path()).milestone(), expected, "{version:?}");
    }
}

#[test]
fn a_root_that_is_no_directory_is_an_error() {
    let error = Installation::open("/nonexistent/anywhere", |_| None).expect_err("no such place");
    assert!(matches!(error, Error::NoRoot { .. }), "{error}");
}

#[test]
fn switched_off_means_no_file() {
    let root = files(&[
        ("internal-events.toml", "enabled = false\n"),
        ("config/events/a.yml", &EVENT.replace("ACTION", "a")),
    ]);
    let installation = open(root.path());
    let tracker = installation.open_tracker().expect("nothing is opened");
    tracker.track_event("a").user(1).send();
    tracker.flush(std::time::Duration::from_secs(5)).expect("there is nothing to wait for");
    drop(tracker);
    assert!(!installation.data().exists());
}

#[test]
fn tracked_events_are_there_after_a_restart() {
    let root = files(&[("config/events/a.yml", &EVENT.replace("ACTION", "a"))]);
    for expected in 1..=3 {
        let installation = open(root.path());
        let tracker = installation.open_tracker().expect("the data directory is usable");
        tracker.track_event("a").user(1).send();
        assert!(tracker.shut_down(std::time::Duration::from_secs(30)));
        assert_eq!(total(&tracker), expected);
    }
}

fn total(tracker: &Tracker) -> u64 {
    let counters = tracker.read(|it| it.counters(&["{event_counters}_a"]));
    let counters = counters.expect("it is enabled").expect("it is readable");
    let window = Window { today: date(2026, 11, 18), include_current_week: true };
    tracker.metrics(&[], window).expect("it is readable");
    counters.total("{event_counters}_a").expect("it is a total")
}
