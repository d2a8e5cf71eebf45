//! Weeks are ISO weeks in UTC, and only complete ones are reported.

use internal_events_catalog::{TimeFrame, Week, Window};
use jiff::civil::{Date, date};
use proptest::prelude::*;

fn weeks(today: Date, time_frame: TimeFrame, include_current_week: bool) -> Vec<String> {
    let weeks = Window { today, include_current_week }.weeks(time_frame);
    weeks.iter().map(ToString::to_string).collect()
}

#[test]
fn a_week_ends_with_its_sunday() {
    let (seven, twenty_eight) = (TimeFrame::SevenDays, TimeFrame::TwentyEightDays);
    let sunday = date(2026, 11, 22);
    assert_eq!(weeks(sunday, seven, false), ["2026-46"]);
    assert_eq!(weeks(sunday, seven, true), ["2026-46", "2026-47"]);
    let four = ["2026-43", "2026-44", "2026-45", "2026-46"];
    assert_eq!(weeks(sunday, twenty_eight, false), four);
    let monday = date(2026, 11, 23);
    assert_eq!(weeks(monday, seven, false), ["2026-47"]);
    let four = ["2026-44", "2026-45", "2026-46", "2026-47"];
    assert_eq!(weeks(monday, twenty_eight, false), four);
    assert_eq!(weeks(monday, TimeFrame::All, true), [""; 0]);
}

#[test]
fn the_turn_of_the_year_follows_the_iso_calendar() {
    for (day, expected) in [
        (date(2026, 12, 31), "2026-53"),
        (date(2027, 1, 3), "2026-53"),
        (date(2027, 1, 4), "2027-01"),
        (date(2024, 12, 30), "2025-01"),
        (date(2021, 1, 3), "2020-53"),
        (date(2020, 2, 29), "2020-09"),
    ] {
        assert_eq!(Week::of(day).to_string(), expected);
    }
    assert_eq!(weeks(date(2027, 1, 4), TimeFrame::SevenDays, false), ["2026-53"]);
}

#[test]
fn an_instant_lies_in_the_week_of_its_utc_date() {
    // 2026-11-22 is a Sunday; the week turns at midnight UTC and not a millisecond earlier.
    let midnight = 1_795_392_000_000;
    assert_eq!(Week::at_millisecond(midnight - 1).to_string(), "2026-47");
    assert_eq!(Week::at_millisecond(midnight).to_string(), "2026-48");
    assert_eq!(Week::at_millisecond(0).to_string(), "1970-01");
    assert_eq!(Week::at_millisecond(i64::MIN).to_string().len(), 8);
    assert!(Week::at_millisecond(i64::MAX).to_string().starts_with("9999"));
}

proptest! {
    #[test]
    fn every_day_reads_one_week_or_four_that_are_over(days in -700_000_i32..2_900_000) {
        let today = date(1970, 1, 1).checked_add(jiff::Span::new().days(days)).expect("in range");
        for (time_frame, n) in [(TimeFrame::SevenDays, 1), (TimeFrame::TwentyEightDays, 4)] {
            let weeks = Window { today, include_current_week: false }.weeks(time_frame);
            prop_assert_eq!(weeks.len(), n);
            for (earlier, later) in weeks.iter().zip(&weeks[1..]) {
                prop_assert_eq!(*earlier, later.before(1));
            }
            let last = weeks.last().expect("never empty").monday();
            prop_assert_eq!(Week::of(today).before(1).monday(), last);
        }
    }

    #[test]
    fn an_instant_is_before_the_end_of_its_week(ms in -50_000_000_000_000_i64..200_000_000_000_000) {
        let week = Week::at_millisecond(ms);
        prop_assert!(ms < week.end_millisecond());
        prop_assert!(ms >= week.before(1).end_millisecond());
    }
}

#[test]
fn a_weekly_key_says_its_week_and_expires_six_weeks_after_its_end() {
    let of = |key: &str| Week::of_key(key).map(|it| it.to_string());
    assert_eq!(of("{hll_counters}_e-user-2026-47").as_deref(), Some("2026-47"));
    assert_eq!(of("{event_counters}_e-2026-53").as_deref(), Some("2026-53"));
    for key in
        ["{event_counters}_e", "USAGE_A", "", "e-2026-54", "e-2027-53", "e-26-47", "é-2026-4é"]
    {
        assert_eq!(of(key), None, "{key}");
    }
    let week = Week::of(date(2026, 10, 7));
    let at = |day| Week::of(day).before(1).end_millisecond();
    assert!(!week.has_expired(at(date(2026, 11, 23)) - 1));
    assert!(week.has_expired(at(date(2026, 11, 23))));
}
