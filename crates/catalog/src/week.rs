//! ISO weeks: the buckets of everything counted over time.

use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::{Timestamp, ToSpan as _, tz::TimeZone};
use std::fmt;

/// For how many weeks after its end the counters of a week are kept.
const LIFETIME_WEEKS: i32 = 6;

/// An ISO-8601 week, in UTC.
///
/// Its text form is the suffix of weekly keys: week-based year and two digits of week, so the
/// Monday 2026-12-28 and the Sunday 2027-01-03 are both `2026-53`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Week {
    monday: Date,
}

impl Week {
    /// The week a date lies in.
    pub fn of(date: Date) -> Self {
        let days_since_monday = i32::from(date.weekday().to_monday_zero_offset());
        Self { monday: date.saturating_sub(days_since_monday.days()) }
    }

    /// The week an instant lies in, by UTC; instants outside years -9999 to 9999 are clamped.
    pub fn at_millisecond(ms: i64) -> Self {
        let timestamp = Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        });
        Self::of(timestamp.to_zoned(TimeZone::UTC).date())
    }

    /// The week that a weekly key ends in; none if it is no weekly key.
    pub fn of_key(key: &str) -> Option<Self> {
        let (rest, week) = key.rsplit_once('-')?;
        let (_, year) = rest.rsplit_once('-')?;
        let is_number = |it: &str, n| it.len() == n && it.bytes().all(|it| it.is_ascii_digit());
        if !is_number(year, 4) || !is_number(week, 2) {
            return None;
        }
        let date = ISOWeekDate::new(year.parse().ok()?, week.parse().ok()?, Weekday::Monday);
        Some(Self { monday: date.ok()?.date() })
    }

    /// Whether a counter of this week is not read any more: six weeks after its end, as in GitLab,
    /// whose longest period is four.
    pub fn has_expired(self, now_ms: i64) -> bool {
        now_ms >= self.before(-LIFETIME_WEEKS).end_millisecond()
    }

    /// The week so many weeks earlier.
    #[must_use]
    pub fn before(self, weeks: i32) -> Self {
        Self { monday: self.monday.saturating_sub(weeks.weeks()) }
    }

    /// The first day.
    pub fn monday(self) -> Date {
        self.monday
    }

    /// The milliseconds since 1970 at which the following week begins.
    pub fn end_millisecond(self) -> i64 {
        let next = self.monday.saturating_add(1.week());
        next.to_zoned(TimeZone::UTC).map_or(i64::MAX, |it| it.timestamp().as_millisecond())
    }
}

impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let iso = self.monday.iso_week_date();
        write!(f, "{:04}-{:02}", iso.year(), iso.week())
    }
}
