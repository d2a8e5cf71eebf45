use super::{Model, Table, Then, View};
use crate::monitor::snapshot::{Entry, MetricNow, Snapshot};
use ratatui::crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use serde_json::{Value, json};

fn metric(key_path: &str, value: Value) -> MetricNow {
    MetricNow {
        key_path: key_path.to_owned(),
        value,
        keys: vec![format!("key of {key_path}")],
        ..MetricNow::default()
    }
}

/// An event that moves one counter.
fn event(sequence: u64, key: &str) -> Entry {
    let event = json!({ "event": format!("event_{sequence}"), "properties": { "label": key } });
    let updates = json!([{ "key": key, "kind": "total", "amount": 1 }]);
    Entry::read(json!({ "sequence": sequence, "event": event, "updates": updates }))
}

/// Has seen two metrics go from 1 to 3 and stay at 7, and three events, the last of them in vain.
fn model() -> Model {
    let mut model = Model::new("everything".to_owned(), "here".to_owned());
    let look = |a: u64| Snapshot {
        now: 1,
        metrics: vec![metric("a.first", json!(a)), metric("b.second", json!(7))],
        kept_aside: a,
        ..Snapshot::default()
    };
    model.see(look(1));
    let keys = ["key of a.first", "key of b.second", "another"];
    let events = (1..).zip(keys).map(|(n, key)| event(n, key)).collect();
    model.see(Snapshot { events, ..look(3) });
    model
}

fn key(it: char) -> KeyEvent {
    KeyEvent::from(match it {
        '\r' => KeyCode::Enter,
        '\t' => KeyCode::Tab,
        '\u{1b}' => KeyCode::Esc,
        '<' => KeyCode::Backspace,
        '^' => KeyCode::Home,
        '$' => KeyCode::End,
        other => KeyCode::Char(other),
    })
}

/// Presses keys, none of which quits.
fn press(model: &mut Model, keys: &str) {
    for it in keys.chars() {
        assert_eq!(model.press(key(it)), Then::Go, "{keys}");
    }
}

/// What one sees of a model after some keys: metrics, events, and what is selected or open.
fn after(keys: &str) -> (Vec<String>, Vec<u64>, String) {
    let mut model = model();
    press(&mut model, keys);
    let metrics = model.metrics();
    let differences = metrics.iter().map(|it| it.difference().unwrap_or_default()).collect();
    let events = model.events().iter().map(|it| it.sequence).collect();
    let place = match &model.view {
        View::Tables => {
            let name = match model.focus {
                Table::Metrics => "metrics",
                Table::Events => "events",
                Table::Delivery => "delivery",
            };
            format!("{name} {}", model.selected(model.focus))
        }
        View::Event { sequence, from } => format!("event {sequence} from {from}"),
        View::Help => "help".to_owned(),
    };
    (differences, events, place)
}

#[test]
fn keys_do_what_the_help_says() {
    let both = ["+2", ""];
    for (keys, differences, events, place) in [
        ("", &both[..], &[3, 2, 1][..], "metrics 0"),
        ("j", &both, &[3, 2, 1], "metrics 1"),
        ("jjjj", &both, &[3, 2, 1], "metrics 1"),
        ("jk", &both, &[3, 2, 1], "metrics 0"),
        ("$", &both, &[3, 2, 1], "metrics 1"),
        ("\t", &both, &[3, 2, 1], "events 0"),
        ("\tjj", &both, &[3, 2, 1], "events 2"),
        ("\tjj^", &both, &[3, 2, 1], "events 0"),
        ("\t\t", &both, &[3, 2, 1], "delivery 0"),
        ("\t\t\t", &both, &[3, 2, 1], "metrics 0"),
        ("\r", &both, &[3, 2, 1], "event 3 from 0"),
        ("\tj\r", &both, &[3, 2, 1], "event 2 from 0"),
        ("\tj\rjj", &both, &[3, 2, 1], "event 2 from 2"),
        ("\tj\r\u{1b}", &both, &[3, 2, 1], "events 1"),
        ("\tj\r\r", &both, &[3, 2, 1], "events 1"),
        ("?", &both, &[3, 2, 1], "help"),
        ("??", &both, &[3, 2, 1], "metrics 0"),
        ("?\u{1b}", &both, &[3, 2, 1], "metrics 0"),
        ("/FIRST", &["+2"], &[1], "metrics 0"),
        ("/FIRST\r\tj", &["+2"], &[1], "events 0"),
        ("/xyz<<<", &both, &[3, 2, 1], "metrics 0"),
        ("/event_2\r", &[], &[2], "metrics 0"),
        ("/event_2\r\r", &[], &[2], "event 2 from 0"),
        ("/event_2\r\u{1b}", &both, &[3, 2, 1], "metrics 0"),
        ("/event_2\u{1b}", &both, &[3, 2, 1], "metrics 0"),
        ("/pr?q\u{1b}", &both, &[3, 2, 1], "metrics 0"),
        ("r", &["", ""], &[], "metrics 0"),
        ("r\r", &["", ""], &[], "metrics 0"),
        ("\rr", &["", ""], &[], "metrics 0"),
        ("x", &both, &[3, 2, 1], "metrics 0"),
    ] {
        let differences: Vec<String> = differences.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(after(keys), (differences, events.to_vec(), place.to_owned()), "{keys:?}");
    }
}

#[test]
fn it_is_quit_and_paused_by_keys() {
    let control_c = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    for before in ["", "?", "\r", "\t"] {
        for (last, then) in [(key('q'), Then::Quit), (control_c, Then::Quit), (key('c'), Then::Go)]
        {
            let mut model = model();
            press(&mut model, before);
            assert_eq!(model.press(last), then, "{before:?} {last:?}");
        }
    }
    let mut model = model();
    model.press(key('/'));
    assert_eq!(model.press(key('q')), Then::Go);
    assert_eq!(model.press(control_c), Then::Quit);
    assert_eq!(model.filter, "q");
    model.press(key('\r'));
    for is_paused in [true, false] {
        model.press(key('p'));
        assert_eq!(model.is_paused, is_paused);
    }
}

#[test]
fn a_difference_is_of_numbers_where_there_are_any() {
    for (before, now, expected) in [
        (json!(1), json!(1), None),
        (json!(1), json!(4), Some("+3")),
        (json!(4), json!(1), Some("-3")),
        (json!(1.5), json!(4.0), Some("+2.5")),
        (json!(null), json!(null), None),
        (json!(null), json!(1), Some("changed")),
        (json!({ "label": {} }), json!({ "label": { "a": 2, "b": 1 } }), Some("+3")),
        (json!({ "label": { "a": 1 } }), json!({ "label": { "b": 1 } }), Some("changed")),
    ] {
        let mut model = Model::new(String::new(), String::new());
        for value in [&before, &now] {
            let metrics = vec![metric("a", value.clone())];
            model.see(Snapshot { metrics, ..Snapshot::default() });
        }
        assert_eq!(model.metrics()[0].difference().as_deref(), expected, "{before} {now}");
    }
}

#[test]
fn the_newest_event_that_moved_nothing_is_explained_once() {
    let mut model = model();
    assert_eq!(model.unexplained().map(|it| it.sequence), Some(3));
    model.explain(super::Why { sequence: 3, reasons: vec!["because".to_owned()] });
    assert_eq!(model.unexplained(), None);
    assert_eq!(model.why().map(|(it, why)| (it.sequence, why.reasons.len())), Some((3, 1)));
    let metrics = vec![metric("a.first", json!(3))];
    model.see(Snapshot { metrics, events: vec![event(4, "x")], ..Snapshot::default() });
    assert_eq!(model.why(), None);
    assert_eq!(model.unexplained().map(|it| it.sequence), Some(4));
    model.press(key('r'));
    assert_eq!(model.unexplained(), None);
}

#[test]
fn a_selection_stays_with_its_event_and_the_newest_with_the_newest() {
    let mut model = model();
    model.press(key('\t'));
    model.see(Snapshot { events: vec![event(4, "x")], ..Snapshot::default() });
    assert_eq!(model.selected(Table::Events), 0);
    model.press(key('j'));
    model.see(Snapshot { events: vec![event(5, "x")], ..Snapshot::default() });
    assert_eq!(model.selected(Table::Events), 2);
}

#[test]
fn events_are_kept_within_bounds() {
    let mut model = model();
    model.limits.events = 2;
    model.see(Snapshot::default());
    assert_eq!(model.events().iter().map(|it| it.sequence).collect::<Vec<_>>(), [3, 2]);
    assert_eq!(model.totals().1, 3);
    model.limits.event_bytes = 1;
    model.see(Snapshot::default());
    assert_eq!(model.events().iter().map(|it| it.sequence).collect::<Vec<_>>(), [3]);
    assert_eq!(model.event_bytes, model.events()[0].bytes);
    model.limits.filter = 2;
    press(&mut model, "/abc");
    assert_eq!(model.filter, "ab");
}

#[test]
fn a_look_that_fails_leaves_what_was_seen() {
    let mut model = model();
    model.fail("gone".to_owned());
    assert_eq!((model.error.as_deref(), model.metrics().len()), (Some("gone"), 2));
    model.see(Snapshot::default());
    assert_eq!(model.error, None);
}

#[test]
fn events_kept_aside_are_counted_from_the_start_of_monitor_or_server() {
    let mut model = Model::new(String::new(), String::new());
    for (kept_aside, expected) in [(5, 0), (7, 2), (1, 0), (2, 1)] {
        model.see(Snapshot { kept_aside, ..Snapshot::default() });
        assert_eq!(model.kept_aside(), expected, "{kept_aside}");
    }
    model.press(key('r'));
    assert_eq!(model.kept_aside(), 0);
}
