//! What time it is for what grows old, where the clocks of those who track may jump.
//!
//! Time is that of the newest entry, so that a store that takes nothing forgets nothing. One entry
//! by a clock that is a year ahead would make all else a year old. So a time that is far ahead is
//! believed only once it has lasted: when entries have come for an hour of their own time, and
//! none by the clock as it was before.

use rusqlite::Connection;

use super::schema;

/// Where it is written down, so that programs that run for a moment each know it too.
const NAME: &str = "believed_time";

const HOUR_MS: i64 = 60 * 60 * 1000;

/// How far ahead of what is believed an entry may be and be believed at once: an installation in
/// which nothing happens on a Sunday does not jump.
const JUMP_MS: i64 = 3 * 24 * HOUR_MS;

/// For how long, by its own entries, a jump has to last.
const LASTING_MS: i64 = HOUR_MS;

/// What is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pace {
    /// The time that is believed.
    pub(super) now: i64,
    /// Since when entries are far ahead of that.
    ahead_since: Option<i64>,
}

impl Pace {
    /// Reads what was believed; at first, what the oldest entry says.
    pub(super) fn read(connection: &Connection, oldest: i64) -> rusqlite::Result<Self> {
        let text = schema::meta(connection, NAME)?;
        let mut numbers = text.split(' ').map(str::parse);
        Ok(match (numbers.next(), numbers.next()) {
            (Some(Ok(now)), since) => Self { now, ahead_since: since.and_then(Result::ok) },
            _ => Self { now: oldest, ahead_since: None },
        })
    }

    /// What is believed once an entry is the newest.
    pub(super) fn at(self, newest: i64) -> Self {
        if newest.saturating_sub(self.now) <= JUMP_MS {
            return Self { now: newest, ahead_since: None };
        }
        let since = self.ahead_since.map_or(newest, |it| it.min(newest));
        if newest.saturating_sub(since) >= LASTING_MS {
            return Self { now: newest, ahead_since: None };
        }
        Self { now: self.now, ahead_since: Some(since) }
    }

    /// Whether this has to be written down over what was; minutes are not worth a write.
    pub(super) fn differs(self, before: Self) -> bool {
        self.ahead_since != before.ahead_since || self.now.abs_diff(before.now) >= HOUR_MS as u64
    }

    pub(super) fn write(self, connection: &Connection) -> rusqlite::Result<()> {
        let since = self.ahead_since.map_or_else(String::new, |it| format!(" {it}"));
        let text = format!("{}{since}", self.now);
        let sql = "INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)";
        connection.execute(sql, [NAME, &text]).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is believed after entries by these hours.
    fn believed(hours: &[i64]) -> i64 {
        let first = Pace { now: hours[0] * HOUR_MS, ahead_since: None };
        hours.iter().fold(first, |pace, hour| pace.at(hour * HOUR_MS)).now / HOUR_MS
    }

    #[test]
    fn a_time_far_ahead_is_believed_once_it_lasts() {
        let year = 365 * 24;
        for (what, hours, expected) in [
            ("time goes on", &[0, 1, 48][..], 48),
            ("a Sunday, and a Monday", &[0, 72], 72),
            ("one entry far ahead", &[0, year], 0),
            ("some far ahead", &[0, year, year, year], 0),
            ("and back again", &[0, year, 1], 1),
            ("now one, now the other", &[0, year, 1, year + 1, 2, year + 2, 3], 3),
            ("it lasts for an hour", &[0, year, year + 1], year + 1),
            ("nothing for a year, and then as before", &[0, year, year + 1, year + 2], year + 2),
            ("one a week", &[0, 168, 336, 504, 672], 672),
            ("the clock was ahead and is set back", &[year, 0, 1], 1),
        ] {
            assert_eq!(believed(hours), expected, "{what}");
        }
    }

    #[test]
    fn what_is_believed_is_read_as_it_was_written() {
        let connection = Connection::open_in_memory().unwrap();
        let table = "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)";
        connection.execute_batch(table).unwrap();
        assert_eq!(Pace::read(&connection, 7).unwrap(), Pace { now: 7, ahead_since: None });
        for pace in [Pace { now: -5, ahead_since: None }, Pace { now: 5, ahead_since: Some(-9) }] {
            pace.write(&connection).unwrap();
            assert_eq!(Pace::read(&connection, 7).unwrap(), pace);
        }
    }
}
