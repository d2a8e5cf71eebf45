//! Reads counters, together with how far a journal has been counted in them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::LazyLock;

use ::redis::{Value, from_redis_value};
use internal_events_hll::Sketch;

use super::error::RedisError;
use super::keys::{group_of, has_slot_mates, positions_key};
use super::link::{Call, Link, Script};
use super::options::RedisOptions;
use crate::{Counter, Counters, Kind, StoredEntry};

static READ: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("read.lua")));

/// Keys read at once: as many full sketches are an answer of 4 MB.
const KEYS: usize = 300;

/// Reads counters in Redis, whoever wrote them.
pub struct RedisReader {
    link: Link,
    journal: String,
}

/// Counters as they are in Redis, each with how far a journal has been counted in it.
///
/// Counters of one slot that are read at once are of one moment; others may be of different ones.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Reading {
    /// What was found. A key that does not exist is absent and reads as nothing.
    pub counters: Counters,
    /// Keys that hold something that is no counter.
    pub unreadable: Vec<Unreadable>,
    positions: BTreeMap<String, u64>,
}

/// A key that holds something that is no counter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The key.
    pub key: String,
    /// What is wrong with it, in words.
    pub reason: String,
}

impl fmt::Debug for RedisReader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisReader").field("options", self.link.options()).finish_non_exhaustive()
    }
}

impl RedisReader {
    /// Does no IO: connects at the first use.
    pub fn new(options: RedisOptions, journal_id: &str) -> Self {
        Self { link: Link::new(options), journal: journal_id.to_owned() }
    }

    /// Reads counters of the kinds that whoever asks expects.
    ///
    /// Redis does not know kinds: `3` may be a total and a sum. A key is read as the kind it was
    /// asked for if it can be, and otherwise as the kind it looks like, so that the getters of
    /// [`Counters`] say what is wrong.
    ///
    /// # Errors
    ///
    /// Fails if Redis cannot be asked.
    pub fn counters(&mut self, keys: &[(&str, Kind)]) -> Result<Reading, RedisError> {
        let mut groups: BTreeMap<&str, Vec<(&str, Kind)>> = BTreeMap::new();
        for &(key, kind) in keys {
            groups.entry(group_of(key)).or_default().push((key, kind));
        }
        let asked: Vec<(&str, &[(&str, Kind)])> = groups
            .iter()
            .flat_map(|(group, keys)| keys.chunks(KEYS).map(|it| (*group, it)))
            .collect();
        let mut reading = Reading::default();
        // A few large answers are read before the next are asked for.
        for asked in asked.chunks(8) {
            let calls: Vec<Call> = asked.iter().map(|(group, it)| self.call(group, it)).collect();
            let answers = self.link.run_again(&READ, &calls)?;
            for ((_, keys), answer) in asked.iter().zip(answers) {
                let answer = answer.map_err(|source| self.link.error(source))?;
                reading.take(keys, answer).ok_or_else(|| self.link.not_understood())?;
            }
        }
        Ok(reading)
    }

    fn call(&self, group: &str, keys: &[(&str, Kind)]) -> Call {
        let mut call = Call::default();
        call.args.push(self.journal.as_bytes().to_vec());
        for (key, kind) in keys {
            call.keys.push(key.as_bytes().to_vec());
            call.args.push(match kind {
                Kind::PerValue => b"hash".to_vec(),
                Kind::Total | Kind::Unique | Kind::Sum => b"string".to_vec(),
            });
        }
        if has_slot_mates(group) {
            call.keys.push(positions_key(group).into_bytes());
        }
        call
    }
}

impl Reading {
    /// Returns the last entry of the journal that has been counted in a key that was asked for.
    pub fn position(&self, key: &str) -> u64 {
        self.positions.get(key).copied().unwrap_or_default()
    }

    /// Counts what the journal holds beyond what Redis has counted of it.
    ///
    /// With all entries after the lowest [`position`](Self::position) of the keys asked for, the
    /// totals are exact: an entry that a key has counted is not counted in it again.
    pub fn add_tail(&mut self, entries: &[StoredEntry]) {
        for entry in entries {
            for update in &entry.updates {
                let Some(position) = self.positions.get(&*update.key) else { continue };
                if entry.sequence <= *position {
                    continue;
                }
                let change = update.change.as_change();
                let by_key = &mut self.counters.by_key;
                let counter = by_key
                    .entry(update.key.to_string())
                    .or_insert_with(|| Counter::empty(change.kind()));
                // A key of another kind takes no change here either.
                counter.apply(change);
            }
        }
    }

    /// Takes the answer for some keys of one slot; nothing if it is not understood.
    fn take(&mut self, keys: &[(&str, Kind)], answer: Value) -> Option<()> {
        let Value::Array(answer) = answer else { return None };
        let mut answer = answer.into_iter();
        let position: String = from_redis_value(answer.next()?).ok()?;
        let position = if position.is_empty() { 0 } else { position.parse().ok()? };
        for (key, kind) in keys {
            self.positions.insert((*key).to_owned(), position);
            let found: String = from_redis_value(answer.next()?).ok()?;
            let content = answer.next()?;
            let counter = match &*found {
                "none" => continue,
                "hash" => per_value(content),
                "string" => from_string(&from_redis_value::<Vec<u8>>(content).ok()?, *kind),
                _ => Err("it holds neither a string nor a hash".to_owned()),
            };
            match counter {
                Ok(counter) => drop(self.counters.by_key.insert((*key).to_owned(), counter)),
                Err(reason) => {
                    self.unreadable.push(Unreadable { key: (*key).to_owned(), reason });
                }
            }
        }
        Some(())
    }
}

fn per_value(content: Value) -> Result<Counter, String> {
    from_redis_value(content)
        .map(Counter::PerValue)
        .map_err(|_| "it is a hash with values that are no whole numbers".to_owned())
}

/// Reads a string as the kind it was asked for, or else as what it looks like.
fn from_string(bytes: &[u8], wanted: Kind) -> Result<Counter, String> {
    if bytes.starts_with(b"HYLL") {
        return Sketch::from_bytes(bytes).map(Counter::Unique).map_err(|it| it.to_string());
    }
    let text = std::str::from_utf8(bytes).unwrap_or_default();
    let total = || text.parse().ok().map(Counter::Total);
    let sum = || text.parse().ok().filter(|it: &f64| it.is_finite()).map(Counter::Sum);
    let number = if wanted == Kind::Sum { sum() } else { total().or_else(sum) };
    number.ok_or_else(|| "it is a string that is neither a number nor a sketch".to_owned())
}
