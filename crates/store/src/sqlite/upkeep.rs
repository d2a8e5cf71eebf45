//! What is done now and then: when counters are to be written down, and what has grown old.

use std::ops::Range;

use super::keys::KeyRow;
use super::options::Options;
use super::pace::Pace;
use super::{Sqlite, keys, retention, rows};
use crate::{Error, Group};

/// How often expired counters are looked for, and how many go at once.
const EXPIRE_AFTER_MS: u64 = 60 * 60 * 1000;
const EXPIRE_STEP: usize = 256;

/// What happened since the last checkpoint.
#[derive(Debug, Default)]
pub(super) struct SinceCheckpoint {
    entries: u64,
    /// Times of acceptance: of the first entry after the checkpoint, and of the newest.
    from: Option<i64>,
    newest: i64,
}

impl SinceCheckpoint {
    pub(super) fn note(&mut self, group: &Group<'_>, range: &Range<u64>) {
        if let (Some(first), Some(last)) = (group.entries.first(), group.entries.last()) {
            self.from.get_or_insert(first.accepted_at);
            self.newest = last.accepted_at;
            self.entries += range.end - range.start;
        }
    }

    pub(super) fn is_due(&self, options: &Options) -> bool {
        // A clock that was set back counts as time that passed.
        let passed_ms = self.from.map_or(0, |from| self.newest.abs_diff(from));
        self.entries >= options.checkpoint_after_entries
            || u128::from(passed_ms) >= options.checkpoint_after.as_millis() && self.entries > 0
    }

    pub(super) fn restart(&mut self) {
        self.entries = 0;
        self.from = self.from.map(|_| self.newest);
    }
}

impl Sqlite {
    /// Takes some of what is beyond the limits out, in steps between which others may write.
    pub(super) fn prune(&mut self) -> Result<(), Error> {
        let Some(now) = self.believed_time()? else { return Ok(()) };
        for _ in 0..retention::STEPS {
            if !retention::is_due(&self.connection, &self.options.limits, now)? {
                break;
            }
            let line = self.writers.wait()?;
            retention::step(&self.connection, &self.options.limits, now)?;
            drop(line);
        }
        self.expire(now)
    }

    /// Returns the time by which things are old; nothing while there is no entry.
    fn believed_time(&self) -> Result<Option<i64>, Error> {
        let Some((oldest, newest)) = retention::times(&self.connection)? else { return Ok(None) };
        let before = Pace::read(&self.connection, oldest).map_err(Error::Read)?;
        let pace = before.at(newest);
        if pace.differs(before) {
            let line = self.writers.wait()?;
            pace.write(&self.connection).map_err(Error::Checkpoint)?;
            drop(line);
        }
        Ok(Some(pace.now))
    }

    /// Takes out counters that are read no more, about once an hour of the entries' own time.
    fn expire(&mut self, now: i64) -> Result<(), Error> {
        let Some(has_expired) = self.options.has_expired else { return Ok(()) };
        if self.expired_at.is_some_and(|it| now.abs_diff(it) < EXPIRE_AFTER_MS) {
            return Ok(());
        }
        let expired = keys::read_all(&self.connection)?.into_iter().filter(|it| {
            let is_live = self.tally.as_ref().is_some_and(|tally| tally.is_live(it.id));
            it.rows != Some(0) && !is_live && has_expired(&it.text, now)
        });
        let expired: Vec<KeyRow> = expired.collect();
        // A step keeps writers waiting for some milliseconds.
        for step in expired.chunks(EXPIRE_STEP) {
            let line = self.writers.wait()?;
            rows::remove(&self.connection, step).map_err(Error::Checkpoint)?;
            drop(line);
        }
        self.expired_at = Some(now);
        Ok(())
    }
}
