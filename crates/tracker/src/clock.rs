//! Time as an argument.

use std::fmt;
use std::sync::Mutex;
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use uuid::{ContextV7, Timestamp, Uuid};

/// Tells the time; tests bring their own.
pub trait Clock: Send + Sync + fmt::Debug {
    /// Milliseconds since 1970 in UTC; with a minus from a clock that shows a time before, by which
    /// nothing is accepted.
    fn now_ms(&self) -> i64;
}

/// The machine's clock.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> i64 {
        let whole = |it: Duration| i64::try_from(it.as_millis()).unwrap_or(i64::MAX);
        match SystemTime::now().duration_since(UNIX_EPOCH) {
            Ok(since) => whole(since),
            // At least one, so that half a millisecond before 1970 is not 1970.
            Err(before) => -whole(before.duration()).max(1),
        }
    }
}

/// Makes ids of the same moment different, and later ones greater.
static IDS: Mutex<ContextV7> = Mutex::new(ContextV7::new());

/// Makes an id that nobody has, whatever the machine's clock shows: `Uuid::now_v7` panics where it
/// shows a time before 1970.
pub fn new_id() -> Uuid {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Uuid::new_v7(Timestamp::from_unix(&IDS, since.as_secs(), since.subsec_nanos()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_and_grow() {
        let ids: Vec<Uuid> = std::iter::repeat_with(new_id).take(10_000).collect();
        assert!(ids.is_sorted_by(|one, next| one < next), "each is greater than the one before");
        assert!(ids.iter().all(|it| it.get_version_num() == 7));
    }
}
