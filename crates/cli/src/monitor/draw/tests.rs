//! Screens as text, for models in every state.

mod states;

use super::super::model::{Model, Why};
use super::{as_text, height, last_line};
use ratatui::crossterm::event::{KeyCode, KeyEvent};
use ratatui::layout::Rect;
use states::{TOTAL_KEY, USERS, explained, failing, hostile, model, moved, opened, press};

#[track_caller]
fn check(model: &Model, (width, height): (u16, u16), expected: &str) {
    let shown = as_text(model, width, height);
    assert!(shown == expected, "shown:\n{shown}\nexpected:\n{expected}");
}

#[test]
fn nothing_yet() {
    let expected = "\
Watching create_order  http://127.0.0.1:8080
Updated at --:--:-- UTC
> Metrics: none ────────────────────────────────────────────────────────────────
Key path                                   Frame  Initial    Now        Change

 Events: none since the start ──────────────────────────────────────────────────
   Time      Event              User      Project   Namespace  Properties





 Delivery: nothing is known of it ──────────────────────────────────────────────
To          Delivered  Pending  Oldest   Dropped       Trouble

q quit  p pause  r reset  / filter  Tab table  Enter event  ? help
";
    check(&model(), (80, 16), expected);
}

#[test]
fn values_that_moved_on_a_paused_screen() {
    let expected = "\
Watching create_order  http://127.0.0.1:8080
Updated at 10:15:00 UTC  PAUSED
> Metrics: 2 of 2, 2 changed ───────────────────────────────────────────────────────────────────────
Key path                                                       Frame  Initial    Now        Change
counts.count_total_create_order                                all    0          2          +2
redis_hll_counters.count_distinct_user_id_from_create_order    7d     0          1          +1
 Events: 2 ─────────────────────────────────────────────────────────────────────────────────────────
   Time      Event                        User      Project   Namespace  Properties
   10:14:02  create_order
   10:14:01  create_order                 5         7                    label=gift value=3


 Delivery ──────────────────────────────────────────────────────────────────────────────────────────
To          Delivered  Pending  Oldest   Dropped              Trouble
counters    2          0        -        0
q quit  p resume  r reset  / filter  Tab table  Enter event  ? help
";
    check(&press(moved(&[TOTAL_KEY]), "p"), (100, 16), expected);
}

#[test]
fn an_event_that_moved_nothing() {
    let expected = "\
Watching create_order  http://127.0.0.1:8080
Updated at 10:15:00 UTC
> Metrics: 2 of 2, 2 changed ───────────────────────────────────────────────────────────────────────
Key path                                                       Frame  Initial    Now        Change
counts.count_total_create_order                                all    0          2          +2
redis_hll_counters.count_distinct_user_id_from_create_order    7d     0          1          +1
 Why not ───────────────────────────────────────────────────────────────────────────────────────────
create_order (entry 2) moved none of the metrics shown:
  a: `user` is missing
  b
  c
  and 1 more
 Events: 2, 1 of them (!) moved none of the metrics ────────────────────────────────────────────────
   Time      Event                        User      Project   Namespace  Properties
!  10:14:02  create_order
   10:14:01  create_order                 5         7                    label=gift value=3
 Delivery ──────────────────────────────────────────────────────────────────────────────────────────
To          Delivered  Pending  Oldest   Dropped              Trouble
counters    2          0        -        0
q quit  p pause  r reset  / filter  Tab table  Enter event  ? help
";
    check(&explained(&["a: `user` is missing", "b", "c", "d"]), (100, 20), expected);
}

#[test]
fn a_filter_that_is_typed() {
    let expected = "\
Watching create_order  http://127.0.0.1:8080
Updated at 10:15:00 UTC
> Metrics: 0 of 2, 0 changed ───────────────────────────────────────────────────
Key path                                   Frame  Initial    Now        Change









/gift_  (Enter keeps it, Esc clears it)
";
    check(&press(moved(&[TOTAL_KEY]), "/gift"), (80, 14), expected);
}

#[test]
fn the_selected_event_opened() {
    let expected = "\
Watching create_order  http://127.0.0.1:8080
Updated at 10:15:00 UTC
 Entry 1 ───────────────────────────────────────────────────────────────────────
Moved
  {event_counters}_create_order  +1
    counts.count_total_create_order
  {hll_counters}_create_order-user-2026-47  saw 5
    redis_hll_counters.count_distinct_user_id_from_create_order
Journal
  {
    \"sequence\": 1,
    \"id\": \"019a97a8-1f40-7c8e-8d0b-0d5a5f6b7c01\",
    \"accepted_at\": \"2026-11-18T10:14:01.000Z\",
    \"catalog\": \"8c1f6d0e5a57a6b9\",
    \"event\": {
      \"event\": \"create_order\",
      \"user\": 5,
      \"project\": 7,
      \"properties\": {
        \"label\": \"gift\",
        \"value\": 3
      }
    },
    \"updates\": [
      {
        \"key\": \"{event_counters}_create_order\",
        \"kind\": \"total\",
        \"amount\": 1
      },
q quit  Esc close  up/down scroll
";
    check(&press(moved(&[]), "\tj\r"), (80, 30), expected);
}

#[test]
fn an_event_opened_that_moved_nothing() {
    let expected = "\
Watching create_order  http://127.0.0.1:8080
Updated at 10:15:00 UTC
 Entry 2 ───────────────────────────────────────────────────
Moved
  nothing
Did not move
  a: `user` is missing
Journal
  {
    \"sequence\": 2,
    \"id\": \"019a97a8-1f40-7c8e-8d0b-0d5a5f6b7c01\",
q quit  Esc close  up/down scroll
";
    check(&opened(), (60, 12), expected);
}

#[test]
fn a_destination_that_fails() {
    let expected = "\
Watching create_order  http://127.0.0.1:8080
Updated at 10:15:00 UTC  3 events kept aside: `internal-events quarantine list` says why
Cannot be read: the disk has gone
a note
> Metrics: 2 of 2, 2 changed ───────────────────────────────────────────────────────────────────────
Key path                                                       Frame  Initial    Now        Change
counts.count_total_create_order                                all    0          2          +2
redis_hll_counters.count_distinct_user_id_from_create_order    7d     0          1          +1
 Events: 2 ─────────────────────────────────────────────────────────────────────────────────────────
   Time      Event                        User      Project   Namespace  Properties
   10:14:02  create_order
   10:14:01  create_order                 5         7                    label=gift value=3



 Delivery ──────────────────────────────────────────────────────────────────────────────────────────
To          Delivered  Pending  Oldest   Dropped              Trouble
counters    2          0        -        0
redis       0          2        5 min    12 backlog           connection refused; evicts keys
q quit  p pause  r reset  / filter  Tab table  Enter event  ? help
";
    check(&failing(), (100, 20), expected);
}

#[test]
fn a_narrow_screen() {
    let expected = "\
Watching create_order  http://127.0.0.1:8080
Updated at 10:15:00 UTC
> Metrics: 2 of 2, 2 changed ─────────────────────
Key path                       Now        Change
counts.count_total_create_ord  2          +2
redis_hll_counters.count_dist  1          +1
 Why not ─────────────────────────────────────────
create_order (entry 2) moved none of the metrics s
  redis_hll_counters.count_distinct_user_id_from_c
reate_order: `user` is missing
 Events: 2, 1 of them (!) moved none of the metric
   Time      Event                        User
!  10:14:02  create_order
   10:14:01  create_order                 5


 Delivery ────────────────────────────────────────
To          Delivered  Pending  Oldest
counters    2          0        -
q quit  p pause  r reset  / filter  Tab table  Ent
";
    check(&explained(&[&format!("{USERS}: `user` is missing")]), (50, 20), expected);
}

#[test]
fn a_low_screen() {
    let expected = "\
10:15:00  create_order
> Events: 2, 1 of them (!) moved none of the metrics ───────────────────────────
   Time      Event              User      Project   Namespace  Properties
!  10:14:02  create_order
   10:14:01  create_order       5         7                    label=gift value=




";
    check(&press(moved(&[]), "\t"), (80, 9), expected);
}

#[test]
fn a_tiny_screen() {
    let expected = "\
10:15:00  create_ord
> Metrics: 2 of 2, 2
Key path        Now
counts.count_t  2
redis_hll_coun  1
";
    check(&moved(&[]), (20, 5), expected);
}

#[test]
fn a_tiny_screen_with_an_event() {
    let expected = "\
10:15:00  create_ord
 Entry 2 ───────────
Moved
  nothing
Journal
";
    check(&press(moved(&[]), "\r"), (20, 5), expected);
}

#[test]
fn help() {
    let expected = "\
Watching create_order  http://127.0.0.1:8080
Updated at --:--:-- UTC
p          pause, and go on
r          reset: what is now is initial, and no event has come
/          filter metrics and events; Enter keeps it, Esc clears it
Tab        go to the next table
up, down   select, as k and j do; also page up and down, home and end
Enter      open the selected event; Esc closes it
?          this help
q, Ctrl-C  quit

A value that changed is followed by the difference.
An event with ! moved none of the metrics shown.
Values include the current week.

q quit  Esc close
";
    check(&press(model(), "?"), (70, 16), expected);
}

#[test]
fn every_size_is_drawn() {
    let failing = failing();
    let opened = press(moved(&[]), "\r");
    let models = [&model(), &failing, &explained(&["a", "b"]), &opened, &press(model(), "?/")];
    // On both sides of every step at which something is left out.
    let widths = [0, 1, 3, 20, 39, 40, 69, 70, 100];
    let heights = [0, 1, 2, 3, 5, 9, 10, 14, 15, 17, 23];
    for (width, height) in widths.into_iter().flat_map(|w| heights.map(|h| (w, h))) {
        for model in models {
            let shown = as_text(model, width, height);
            assert_eq!(shown.lines().count(), usize::from(height), "{width} x {height}: {shown}");
        }
    }
}

#[test]
fn an_opened_event_is_scrolled_to_its_end_and_not_beyond() {
    let area = Rect::new(0, 0, 40, 12);
    let mut model = press(moved(&[]), "\tj\r");
    let last = last_line(&model, area);
    model.press(KeyEvent::from(KeyCode::End));
    model.scroll_at_most(last);
    let end = as_text(&model, 40, 12);
    assert!(end.contains("    ]\n  }\nq quit"), "{end}");
    let before = as_text(&press(model, "k"), 40, 12);
    assert!(before.contains("    ]\nq quit"), "{before}");
}

#[test]
fn what_is_foreign_never_steers_the_terminal() {
    let mut opened = press(hostile(), "\u{1b}\r");
    opened.explain(Why { sequence: 1, reasons: vec![states::HOSTILE.to_owned()] });
    let typed = press(hostile(), "/");
    for model in [hostile(), opened, typed] {
        let shown = as_text(&model, 200, 40);
        assert!(shown.contains("evil"), "{shown}");
        let steers = |it: char| it != '\n' && it.is_control() || it == '\u{202e}';
        assert!(!shown.contains(steers), "{shown:?}");
        assert!(!shown.lines().any(|it| it.starts_with("line")), "{shown}");
    }
}

#[test]
fn the_screen_of_the_page_is_what_is_drawn() {
    let page = include_str!("../../../../../docs/monitor.md");
    let (_, rest) = page.split_once("```text\n").expect("a screen");
    let (expected, _) = rest.split_once("```").expect("the screen ends");
    let model = states::of_the_page();
    check(&model, (110, height(&model, 110)), expected);
}
