//! Counters in Redis or Valkey: GitLab's keys, values and lifetimes, each entry exactly once.
//!
//! The idea: a group of keys that lie in one slot has a *position* beside it, in the same slot, and
//! one script moves both. The script begins with a look at the position: if it is not where the
//! stretch of the journal starts, nothing happens. So an entry counts once, whoever sends it how
//! often, and the position in Redis is the truth that everybody reads again after any trouble.
//!
//! ```text
//!  {hll_counters}_a-user-2026-47 ─┐
//!  {hll_counters}_b-user-2026-47 ─┼─ one slot ── internal-events:{hll_counters}:applied
//!  {hll_counters}_…              ─┘                 <journal id> → last entry that took effect
//!  USAGE_SNIPPET_CREATE          ─── its own ── internal-events:{USAGE_SNIPPET_CREATE}:applied
//! ```
//!
//! * [`RedisCounters`] is what the thread of a destination drives: [`resume`](RedisCounters::resume)
//!   at the start and after every error, [`apply`](RedisCounters::apply) as entries come.
//! * [`RedisReader`] reads counters, whoever wrote them, with the positions beside them, and
//!   [`RedisCounterReader`] adds what a journal has still to count there.
//! * [`RedisOptions`] says where Redis is.
//!
//! Keys, promises and where they end are described in `docs/redis.md`.

mod batch;
mod error;
mod guards;
mod keys;
mod known;
mod link;
mod options;
mod outcome;
mod positions;
mod reader;
mod tailed;
mod take;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use ::redis::{Cmd, cmd, from_redis_value};

pub use error::RedisError;
pub use guards::Guard;
pub use options::{RedisOptions, RedisTls};
pub use outcome::{Applied, Failed, FailureCause, JournalPlace, RedisNotice, Resume};
pub use reader::{Reading, RedisReader, Unreadable};
pub use tailed::{REDIS, RedisCounterReader};
pub use take::RedisCopier;

use crate::StoredEntry;
use batch::{Addition, Batch, ByAddress, Context, GroupBatch, Sent, address};
use keys::{group_of, has_slot_mates, positions_key};
use known::Known;
use link::{Answer, Link, Script};
use outcome::explain;
use positions::{Position, Positions, Standing};

static APPLY: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("redis/apply.lua")));

/// The groups that GitLab's keys are in; others are found in the entries.
const GROUPS: [&str; 3] = ["event_counters", "event_sums", "hll_counters"];

/// Moves counters in Redis as a journal says.
pub struct RedisCounters {
    link: Link,
    journal: String,
    /// None after a start and after every error, until `resume` has read it.
    settled: Option<Settled>,
    known: Known,
}

/// Where Redis stands, as far as this process knows for certain.
#[derive(Debug)]
struct Settled {
    positions: Positions,
    /// The last entry that took effect.
    up_to: u64,
}

/// Where the group of a key stands in a journal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Stands {
    /// It has no slot that a position could share.
    Nowhere,
    /// Before the first entry.
    Before,
    /// After this entry.
    At(u64),
}

impl fmt::Debug for RedisCounters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCounters")
            .field("options", self.link.options())
            .field("journal", &self.journal)
            .finish_non_exhaustive()
    }
}

impl RedisCounters {
    /// Does no IO: connects at the first use.
    pub fn new(options: RedisOptions, journal_id: &str) -> Self {
        Self {
            link: Link::new(options),
            journal: journal_id.to_owned(),
            settled: None,
            known: Known::default(),
        }
    }

    /// Reads where Redis stands, and says after which entry to go on.
    ///
    /// Comes first and after every error of [`apply`](Self::apply). `state` is what was returned
    /// last by either, or nothing if neither ever was called. Coming at other times too, it finds out that
    /// Redis forgot something although there is nothing to apply.
    ///
    /// # Errors
    ///
    /// Fails if Redis cannot be asked, or if `state` is no such text.
    pub fn resume(&mut self, journal: &JournalPlace, state: &str) -> Result<Resume, RedisError> {
        let before = self.settled.take();
        let known = std::mem::take(&mut self.known);
        let kept = match state {
            "" => Positions::new(journal.cursor),
            _ => Positions::from_text(state)?,
        };
        let mut groups: BTreeMap<&str, Standing> = kept.groups().into_iter().collect();
        for group in GROUPS {
            groups.entry(group).or_default();
        }
        let names: Vec<&str> = groups.keys().copied().collect();
        let found = self.read(&names)?;
        let mut resume = Resume::at(journal.cursor, state);
        let mut positions = Positions::new(kept.start);
        for ((group, kept), found) in groups.into_iter().zip(found) {
            resume.compare(group, kept.position, found.position, (journal, positions.start));
            positions.set(group, found.since(kept, group, &mut resume.failed));
        }
        // What is skipped as counted would be lost: the journal has to take another id first.
        if resume.notices.iter().any(|it| matches!(it, RedisNotice::PositionAhead { .. })) {
            return Ok(resume);
        }
        // Writes that are forgotten take their positions with them. If all positions are where
        // this process left them, Redis still has all that it acknowledged.
        if before.is_some_and(|it| positions.has_all_of(&it.positions)) {
            self.known = known;
        }
        resume.state = positions.to_text();
        self.settled = Some(Settled { positions, up_to: resume.after });
        Ok(resume)
    }

    /// Applies entries: consecutive, in order, after the last that was applied.
    ///
    /// When this returns, each of them has taken effect once, whatever happened before.
    ///
    /// # Errors
    ///
    /// Fails if Redis cannot be asked or takes no writes, or if somebody else moved a position.
    /// Some of the entries may have taken effect then, and [`resume`](Self::resume) finds out
    /// which.
    pub fn apply(&mut self, entries: &[StoredEntry]) -> Result<Applied, RedisError> {
        // Both are put back when everything was acknowledged, and not before.
        let mut settled = self.settled.take().ok_or(RedisError::Unsettled)?;
        let mut known = std::mem::take(&mut self.known);
        let mut failed = Vec::new();
        self.read_new_groups(entries, &mut settled.positions, &mut failed)?;
        let standings = self.standings(entries, &settled.positions);
        let mut batch = Batch::default();
        for entry in entries {
            Self::add(entry, &standings, &mut batch, &mut failed);
            settled.up_to = entry.sequence;
            if batch.is_full() {
                let batch = std::mem::take(&mut batch);
                failed.extend(self.send(batch, &mut settled, &mut known)?);
            }
        }
        failed.extend(self.send(batch, &mut settled, &mut known)?);
        known.trim(self.link.options());
        settled.positions.trim();
        let applied = Applied { up_to: settled.up_to, state: settled.positions.to_text(), failed };
        (self.known, self.settled) = (known, Some(settled));
        Ok(applied)
    }

    /// Looks for what endangers counters there, or keeps them from being counted.
    ///
    /// Worth asking at the start and now and then; nothing depends on it.
    ///
    /// # Errors
    ///
    /// Fails if Redis cannot be asked.
    pub fn guards(&mut self) -> Result<Vec<Guard>, RedisError> {
        guards::look(&mut self.link, &self.journal)
    }

    /// Adds what an entry does to the groups that have not counted it.
    fn add<'a>(
        entry: &'a StoredEntry,
        standings: &ByAddress<Stands>,
        batch: &mut Batch<'a>,
        failed: &mut Vec<Failed>,
    ) {
        for update in &entry.updates {
            let stands = standings[&address(&update.key)];
            if stands == Stands::Nowhere {
                let key = update.key.to_string();
                failed.push(Failed { key, cause: FailureCause::NoSlot, updates: 1 });
            } else if stands < Stands::At(entry.sequence) {
                batch.add(Addition { update, accepted_at: entry.accepted_at });
            }
        }
    }

    /// Says where the groups of all keys stand before some entries, by the addresses of the keys.
    fn standings(&self, entries: &[StoredEntry], positions: &Positions) -> ByAddress<Stands> {
        let mut standings = ByAddress::default();
        for update in entries.iter().flat_map(|it| &it.updates) {
            standings.entry(address(&update.key)).or_insert_with(|| {
                let group = group_of(&update.key);
                if self.link.is_cluster() && !has_slot_mates(group) {
                    return Stands::Nowhere;
                }
                let position = positions.get(group).and_then(|it| it.position);
                position.map_or(Stands::Before, Stands::At)
            });
        }
        standings
    }

    /// Reads the positions of groups that have not been met before.
    fn read_new_groups(
        &mut self,
        entries: &[StoredEntry],
        positions: &mut Positions,
        failed: &mut Vec<Failed>,
    ) -> Result<(), RedisError> {
        let keys: ByAddress<&str> = entries
            .iter()
            .flat_map(|it| &it.updates)
            .map(|it| (address(&it.key), &*it.key))
            .collect();
        let groups = keys.into_values().map(group_of);
        let new: BTreeSet<&str> = groups.filter(|it| positions.get(it).is_none()).collect();
        let new: Vec<&str> = new.into_iter().collect();
        for (group, found) in new.iter().zip(self.read(&new)?) {
            positions.set(group, found.since(Standing::default(), group, failed));
        }
        Ok(())
    }

    /// Reads where Redis stands in some groups.
    fn read(&mut self, groups: &[&str]) -> Result<Vec<Standing>, RedisError> {
        let drops = format!("{}:dropped", self.journal);
        let commands: Vec<Cmd> = groups
            .iter()
            .map(|it| cmd("HMGET").arg(positions_key(it)).arg(&self.journal).arg(&drops).to_owned())
            .collect();
        let answers = self.link.ask(&commands)?;
        answers
            .into_iter()
            .map(|answer| {
                let answer = answer.map_err(|source| self.link.error(source))?;
                let (position, drops): (Option<u64>, Option<u64>) =
                    from_redis_value(answer).map_err(|_| self.link.not_understood())?;
                Ok(Standing { position, reported: drops.unwrap_or_default() })
            })
            .collect()
    }

    /// Sends a batch, and takes note of the answers of all groups before it fails with one.
    fn send(
        &mut self,
        batch: Batch<'_>,
        settled: &mut Settled,
        known: &mut Known,
    ) -> Result<Vec<Failed>, RedisError> {
        let (positions, to) = (&mut settled.positions, settled.up_to);
        let reseed_interval = self.link.options().reseed_interval;
        let mut groups = batch.groups;
        // What is sent first the server works on while elements are looked through.
        groups.sort_by_key(GroupBatch::has_elements);
        let mut sent: Vec<(&str, Vec<Sent<'_>>)> = Vec::new();
        let calls = groups.into_iter().filter_map(|mut group| {
            group.observe(known, reseed_interval);
            if group.is_empty() {
                return None;
            }
            let position = positions.get(group.name).and_then(|it| it.position);
            let cx = Context { journal: &self.journal, known };
            let (call, of_call) = group.call(position, to, &cx);
            sent.push((group.name, of_call));
            Some(call)
        });
        let answers = self.link.run_as_made(&APPLY, calls)?;
        let mut failed = Vec::new();
        for ((group, sent), answer) in sent.into_iter().zip(answers) {
            let before = positions.get(group).unwrap_or_default();
            let (done, failures) = self.settle(group, before.position, to, answer)?;
            let more = done.reported.saturating_sub(before.reported);
            failed.extend(explain(&sent, failures, (group, more), known));
            let reported = before.reported.max(done.reported);
            positions.set(group, Standing { position: done.position, reported });
        }
        Ok(failed)
    }

    /// Reads what the script answered for one group.
    fn settle(
        &self,
        group: &str,
        expected: Position,
        to: u64,
        answer: Answer,
    ) -> Result<(Standing, Vec<String>), RedisError> {
        let answer = answer.map_err(|source| self.link.error(source))?;
        let words: Vec<String> =
            from_redis_value(answer).map_err(|_| self.link.not_understood())?;
        let number = |idx: usize| words.get(idx).and_then(|it| it.parse::<u64>().ok());
        let position = Some(to);
        match words.first().map(String::as_str) {
            Some("done") => {
                let reported = number(1).ok_or_else(|| self.link.not_understood())?;
                Ok((Standing { position, reported }, words.into_iter().skip(2).collect()))
            }
            // The connection was made anew on the way, and the script sent twice.
            Some("found") if number(1) == position => {
                Ok((Standing { position, reported: number(2).unwrap_or_default() }, Vec::new()))
            }
            Some("found") => {
                Err(RedisError::Stale { group: group.to_owned(), expected, found: number(1) })
            }
            _ => Err(self.link.not_understood()),
        }
    }
}
