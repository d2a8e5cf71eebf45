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
//! * [`RedisReader`] reads counters, whoever wrote them, with the positions beside them.
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
mod positions;
mod reader;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::ops::RangeInclusive;
use std::sync::LazyLock;

use ::redis::{Cmd, cmd, from_redis_value};

pub use error::RedisError;
pub use guards::Guard;
pub use options::{RedisOptions, RedisTls};
pub use reader::{Reading, RedisReader, Unreadable};

use crate::StoredEntry;
use batch::{Addition, Batch, Context, Sent};
use keys::{group_of, has_slot_mates, positions_key};
use known::Known;
use link::{Answer, Call, Link, Script};
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

/// Where a journal is, and what it still holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JournalPlace {
    /// The last entry that is known to have taken effect in Redis; where to begin at first.
    pub cursor: u64,
    /// The first entry the journal still holds; one more than the last if it holds none.
    pub first: u64,
    /// The last entry that was ever accepted.
    pub last: u64,
}

/// Where to go on, and what was found out on the way.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resume {
    /// The entry after which to go on. Lower than the cursor if Redis forgot something.
    pub after: u64,
    /// What a person should hear of.
    pub notices: Vec<RedisNotice>,
    /// Updates that failed alone, and whose answer was lost.
    pub failed: Vec<Failed>,
}

/// What a person should hear of.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RedisNotice {
    /// Redis has forgotten what it had acknowledged: it was flushed, or a failover or a restart
    /// lost its last writes.
    CountersLost {
        /// The hash tag of the keys, or the key itself.
        group: String,
        /// Entries whose effect is gone.
        entries: RangeInclusive<u64>,
        /// The first of them that is counted again, if the journal still holds any.
        refilled_from: Option<u64>,
        /// Whether all counters of the group are gone, those of others included.
        is_all: bool,
    },
    /// Redis has counted entries that the journal does not have: it was restored from a backup.
    ///
    /// Entries with their numbers would be taken for them, so the journal needs another id.
    PositionAhead {
        /// The hash tag of the keys, or the key itself.
        group: String,
        /// The entry that Redis has counted.
        position: u64,
        /// The last entry the journal has.
        last: u64,
    },
}

/// What `apply` did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The last entry that took effect, in Redis and for good unless Redis forgets it.
    pub up_to: u64,
    /// What is to be kept together with the cursor, for [`RedisCounters::resume`].
    pub state: String,
    /// Updates that failed alone; they are not tried again.
    pub failed: Vec<Failed>,
}

/// Updates of one key that Redis refused alone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// The key; the name of its group if the answer was lost.
    pub key: String,
    /// Why.
    pub cause: FailureCause,
    /// How many updates.
    pub updates: u64,
}

/// Why Redis refuses a change to one key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum FailureCause {
    /// The key holds something else: another kind of counter, or a value of somebody else's.
    WrongType,
    /// The amount is infinite or not a number, or would make the sum so.
    NotANumber,
    /// The key cannot be in one slot of a Cluster with a position.
    NoSlot,
    /// The server refused for another reason, or the answer that had the reason was lost.
    Refused,
}

impl FailureCause {
    /// Returns the name under which this is counted.
    pub fn name(self) -> &'static str {
        match self {
            Self::WrongType => "wrong_type",
            Self::NotANumber => "not_a_number",
            Self::NoSlot => "no_slot",
            Self::Refused => "refused",
        }
    }

    /// Reads what the server said about one command of the script.
    fn of(error: &str, sent: &Sent<'_>) -> Self {
        let has = |part| error.contains(part);
        if !sent.is_number || has("NaN or Infinity") {
            Self::NotANumber
        } else if has("WRONGTYPE") || has("INVALIDOBJ") || has("not an integer") || has("float") {
            Self::WrongType
        } else {
            Self::Refused
        }
    }
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
    /// Comes first and after every error of [`apply`](Self::apply). `state` is what `apply`
    /// returned last, or nothing if it never did. Coming at other times too, it finds out that
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
        let mut resume = Resume { after: journal.cursor, notices: Vec::new(), failed: Vec::new() };
        let mut positions = Positions::new(kept.start);
        for ((group, kept), found) in groups.into_iter().zip(found) {
            resume.compare(group, kept.position, found.position, (journal, positions.start));
            positions.set(group, found.since(kept, group, &mut resume.failed));
        }
        // Writes that are forgotten take their positions with them. If all positions are where
        // this process left them, Redis still has all that it acknowledged.
        if before.is_some_and(|it| positions.has_all_of(&it.positions)) {
            self.known = known;
        }
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
        let mut batch = Batch::default();
        for entry in entries {
            self.add(entry, &settled.positions, (&mut batch, &mut known), &mut failed);
            settled.up_to = entry.sequence;
            if batch.is_full() {
                let batch = std::mem::take(&mut batch);
                failed.extend(self.send(&batch, &mut settled, &mut known)?);
            }
        }
        failed.extend(self.send(&batch, &mut settled, &mut known)?);
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
        &self,
        entry: &'a StoredEntry,
        positions: &Positions,
        (batch, known): (&mut Batch<'a>, &mut Known),
        failed: &mut Vec<Failed>,
    ) {
        for update in &entry.updates {
            let group = group_of(&update.key);
            if self.link.is_cluster() && !has_slot_mates(group) {
                let key = update.key.to_string();
                failed.push(Failed { key, cause: FailureCause::NoSlot, updates: 1 });
                continue;
            }
            let position = positions.get(group).and_then(|it| it.position);
            if position.is_none_or(|it| it < entry.sequence) {
                let addition = Addition { update, accepted_at: entry.accepted_at };
                batch.add(addition, known, self.link.options());
            }
        }
    }

    /// Reads the positions of groups that have not been met before.
    fn read_new_groups(
        &mut self,
        entries: &[StoredEntry],
        positions: &mut Positions,
        failed: &mut Vec<Failed>,
    ) -> Result<(), RedisError> {
        let groups = entries.iter().flat_map(|it| &it.updates).map(|it| group_of(&it.key));
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
        batch: &Batch<'_>,
        settled: &mut Settled,
        known: &mut Known,
    ) -> Result<Vec<Failed>, RedisError> {
        let (positions, to) = (&mut settled.positions, settled.up_to);
        let groups: Vec<_> = batch.groups.iter().filter(|it| !it.is_empty()).collect();
        let cx = Context { journal: &self.journal, known };
        let (calls, sent): (Vec<Call>, Vec<Vec<Sent<'_>>>) = groups
            .iter()
            .map(|it| {
                let position = positions.get(it.name).and_then(|it| it.position);
                it.call(position, to, &cx)
            })
            .unzip();
        let answers = self.link.run(&APPLY, &calls)?;
        let mut failed = Vec::new();
        for ((group, sent), answer) in groups.iter().zip(sent).zip(answers) {
            let before = positions.get(group.name).unwrap_or_default();
            let (done, failures) = self.settle(group.name, before.position, to, answer)?;
            let more = done.reported.saturating_sub(before.reported);
            failed.extend(explain(&sent, failures, (group.name, more), known));
            let reported = before.reported.max(done.reported);
            positions.set(group.name, Standing { position: done.position, reported });
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

/// Says which changes failed alone, and has Redis told their elements again.
///
/// `more` is by how much the number of failed updates that Redis keeps is beyond what was reported:
/// entries that are counted again after Redis forgot them are not reported again.
fn explain(
    sent: &[Sent<'_>],
    failures: Vec<String>,
    (group, more): (&str, u64),
    known: &mut Known,
) -> Vec<Failed> {
    let mut left = more;
    let mut failed = Vec::new();
    for [number, error] in failures.as_chunks().0 {
        let Some(sent) = number.parse().ok().and_then(|it: usize| sent.get(it)) else { continue };
        known.forget(sent.key);
        let updates = sent.updates.min(left);
        left -= updates;
        if updates > 0 {
            let cause = FailureCause::of(error, sent);
            failed.push(Failed { key: sent.key.to_owned(), cause, updates });
        }
    }
    failed.extend(Failed::unexplained(group, left));
    failed
}

impl Failed {
    /// Says that updates failed although nobody heard which.
    fn unexplained(group: &str, updates: u64) -> Option<Self> {
        let key = group.to_owned();
        (updates > 0).then_some(Self { key, cause: FailureCause::Refused, updates })
    }
}

impl Standing {
    /// Returns this as what is known from now on, and says what failed since what was known.
    fn since(self, before: Self, group: &str, failed: &mut Vec<Failed>) -> Self {
        failed.extend(Failed::unexplained(group, self.reported.saturating_sub(before.reported)));
        Self { position: self.position, reported: self.reported.max(before.reported) }
    }
}

impl Resume {
    /// Compares where a group was left with where it stands.
    fn compare(
        &mut self,
        group: &str,
        left: Position,
        found: Position,
        (journal, start): (&JournalPlace, u64),
    ) {
        let group = group.to_owned();
        if let Some(position) = found.filter(|it| *it > journal.last) {
            self.notices.push(RedisNotice::PositionAhead { group, position, last: journal.last });
            return;
        }
        let (Some(left), now) = (left, found.unwrap_or(start)) else { return };
        if left <= now {
            return;
        }
        let from = now.max(journal.first.saturating_sub(1));
        self.after = self.after.min(from);
        self.notices.push(RedisNotice::CountersLost {
            group,
            entries: now + 1..=left,
            refilled_from: (from < left).then_some(from + 1),
            is_all: found.is_none(),
        });
    }
}
