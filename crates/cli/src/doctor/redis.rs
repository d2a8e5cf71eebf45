//! Redis, if counters are kept there: whether it can be reached, and what endangers them.

use super::{Findings, Level};
use crate::output::{counted, with_causes};
use internal_events::store::{REDIS, Reader as _, RedisCounters, Sqlite};
use internal_events_installation::Installation;
use std::path::Path;

const CODE: &str = "redis";

pub(super) fn look(installation: &Installation, data: &Path, findings: &mut Findings) {
    let options = match installation.redis() {
        Ok(Some(options)) => options,
        Ok(None) => return,
        Err(error) => {
            let advice = "correct `[redis] url` or INTERNAL_EVENTS_REDIS_URL";
            return findings.add(Level::Error, CODE, error.to_string(), advice);
        }
    };
    let address = options.address();
    // Damage of the data is said where the data are looked at.
    let status = Sqlite::reader(data).ok().flatten().and_then(|mut it| it.status().ok());
    let journal = status.as_ref().map_or("doctor", |it| &it.journal_id);
    match RedisCounters::new(options, journal).guards() {
        Ok(guards) if guards.is_empty() => {
            findings.ok(CODE, format!("Redis at {address} takes counters and keeps them"));
        }
        Ok(guards) => {
            for guard in guards {
                let level = if guard.is_fatal() { Level::Error } else { Level::Warning };
                let advice = "docs/redis.md says what the server needs; until then events stay in \
                              the journal, within its bounds";
                findings.add(level, CODE, guard.to_string(), advice);
            }
        }
        Err(error) => {
            let advice = "events are accepted meanwhile, and counted in Redis when it is back, as \
                          long as the journal may hold them";
            findings.add(Level::Error, CODE, with_causes(&error), advice);
        }
    }
    let noted = status.and_then(|mut it| it.deliveries.remove(REDIS)).map(|it| it.noted);
    for (what, n) in noted.unwrap_or_default() {
        let what = match what.strip_prefix("failed:") {
            Some(cause) => {
                format!("Redis has refused {} by now ({cause})", counted(n, "update", "updates"))
            }
            None => {
                format!("`{what}` was noted of Redis {} by now", counted(n, "time", "times"))
            }
        };
        let advice = "the log of that time names the keys; docs/redis.md says what it means";
        findings.add(Level::Note, CODE, what, advice);
    }
}
