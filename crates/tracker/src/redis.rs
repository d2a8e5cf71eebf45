//! Counters in Redis, as one more destination.

use crate::delivery::{Delivered, DeliveryError, Destination, Resume};
use crate::store::{
    Applied, CursorPlace, Failed, JournalPlace, REDIS, RedisCounters, RedisError, RedisNotice,
    RedisOptions, StoredEntry,
};
use std::collections::BTreeMap;
use std::time::Duration;

/// Counts accepted events in Redis.
pub(crate) struct RedisDestination {
    options: RedisOptions,
    /// Made for the journal it was last resumed with.
    counters: Option<(String, RedisCounters)>,
    /// What `resume` found out and the ledger has still to count.
    noted: BTreeMap<String, u64>,
}

impl RedisDestination {
    pub(crate) fn new(options: RedisOptions) -> Self {
        Self { options, counters: None, noted: BTreeMap::new() }
    }

    /// Returns the counters for a journal.
    fn counters(&mut self, journal_id: &str) -> &mut RedisCounters {
        if self.counters.as_ref().is_some_and(|(id, _)| id != journal_id) {
            self.counters = None;
        }
        let options = &self.options;
        let (_, counters) = self.counters.get_or_insert_with(|| {
            (journal_id.to_owned(), RedisCounters::new(options.clone(), journal_id))
        });
        counters
    }

    /// Says which updates Redis refused alone: they are not tried again.
    fn note_failed(&mut self, failed: &[Failed]) {
        for it in failed {
            let cause = it.cause.name();
            *self.noted.entry(format!("failed:{cause}:{REDIS}")).or_default() += it.updates;
        }
        // One line for a page of entries, whatever is wrong with how many keys.
        if let Some(first) = failed.first() {
            tracing::error!(
                key = first.key,
                cause = first.cause.name(),
                keys = failed.len(),
                updates = failed.iter().map(|it| it.updates).sum::<u64>(),
                "Redis refused updates of this key, which are dropped there"
            );
        }
    }

    /// Says what Redis has forgotten, or knows better.
    fn note(&mut self, notice: &RedisNotice) {
        match notice {
            RedisNotice::CountersLost { group, entries, refilled_from, is_all } => {
                *self.noted.entry(format!("counters_lost:{REDIS}")).or_default() += 1;
                tracing::error!(
                    group,
                    from = entries.start(),
                    to = entries.end(),
                    refilled_from,
                    is_all,
                    "counters_lost: Redis has forgotten counters that it had acknowledged; they \
                     are filled again from what the journal still holds"
                );
            }
            RedisNotice::PositionAhead { group, position, last } => {
                tracing::error!(
                    group,
                    position,
                    last,
                    "Redis has counted entries that this journal does not have"
                );
            }
            _ => {}
        }
    }
}

impl Destination for RedisDestination {
    fn resume(&mut self, place: &CursorPlace) -> Result<Resume, DeliveryError> {
        let journal = JournalPlace { cursor: place.cursor, first: place.first, last: place.last };
        let resume = self.counters(&place.journal_id).resume(&journal, &place.state);
        let resume = resume.map_err(failure)?;
        self.note_failed(&resume.failed);
        for notice in &resume.notices {
            self.note(notice);
        }
        let is_ahead =
            resume.notices.iter().any(|it| matches!(it, RedisNotice::PositionAhead { .. }));
        if is_ahead {
            return Ok(Resume::RenameJournal);
        }
        let noted = std::mem::take(&mut self.noted);
        Ok(Resume::After { entry: resume.after, state: resume.state, noted })
    }

    fn deliver(&mut self, entries: &[StoredEntry]) -> Result<Delivered, DeliveryError> {
        let Some((_, counters)) = &mut self.counters else {
            return Err(failure(RedisError::Unsettled));
        };
        let Applied { up_to, state, failed } = counters.apply(entries).map_err(failure)?;
        self.note_failed(&failed);
        let noted = std::mem::take(&mut self.noted);
        Ok(Delivered { up_to, state, noted, ..Delivered::default() })
    }

    fn replay_window(&self) -> Duration {
        self.options.replay_window
    }

    fn look(&mut self) -> Result<Vec<String>, DeliveryError> {
        let Some((_, counters)) = &mut self.counters else { return Ok(Vec::new()) };
        let guards = counters.guards().map_err(failure)?;
        Ok(guards.iter().map(ToString::to_string).collect())
    }
}

fn failure(error: RedisError) -> DeliveryError {
    let retry_after = Some(error.retry_after());
    DeliveryError { source: Box::new(error), retry_after }
}
