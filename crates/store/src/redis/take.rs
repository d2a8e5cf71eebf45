//! Copies counters from and to Redis: all that there are, each once.
//!
//! How much of a total was taken from another place stands in a hash in the slot of its key, and
//! both are changed by one script. So copying the same again, after whatever happened, adds what is
//! new and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::LazyLock;

use ::redis::{Value, cmd, from_redis_value};
use internal_events_hll::Sketch;

use super::error::RedisError;
use super::keys::{
    LIFETIME_SECONDS, group_of, has_slot_mates, is_weekly, positions_key, seed_key, taken_key,
};
use super::link::{Call, Link, Script};
use super::options::RedisOptions;
use super::{GROUPS, Reading, RedisReader};
use crate::counters::{OTHER_VALUES, value_counted};
use crate::taken::Taken;
use crate::{Counter, Kind, Limits};

static TAKE: LazyLock<Script> = LazyLock::new(|| Script::new(include_str!("take.lua")));

/// Where a Redis keeps the name by which it is known as a source.
const ID_KEY: &str = "internal-events:id";

/// Keys that a server looks at for one answer to `SCAN`.
const SCANNED: usize = 1_000;

/// Changes sent at once: a few milliseconds of a server's time, unless all are large sketches.
const CHANGES: usize = 500;

/// How often to look again when somebody else takes from the same source at the same time.
const ATTEMPTS: usize = 10;

/// What is after the id of a source in the hash of positions.
const MARK: &str = ":taken";

/// Copies counters from and to Redis.
pub struct RedisCopier {
    link: Link,
}

impl fmt::Debug for RedisCopier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RedisCopier").field("options", self.link.options()).finish_non_exhaustive()
    }
}

/// One change of a counter, and what is written down of it.
struct Change {
    /// The counter it belongs to, by its place in what was given.
    place: usize,
    verb: &'static str,
    record: Option<Record>,
    amount: Vec<u8>,
    value: Vec<u8>,
}

/// How much was taken of something.
struct Record {
    key: String,
    field: Vec<u8>,
    expected: String,
    new: String,
}

impl RedisCopier {
    /// Does no IO: connects at the first use.
    pub fn new(options: RedisOptions) -> Self {
        Self { link: Link::new(options) }
    }

    /// Returns the name by which this Redis is known as a source; nothing if it has none yet.
    ///
    /// # Errors
    ///
    /// Fails if Redis cannot be asked, as do all methods.
    pub fn id(&mut self) -> Result<Option<String>, RedisError> {
        let answer = self.one(cmd("GET").arg(ID_KEY))?;
        from_redis_value(answer).map_err(|_| self.link.not_understood())
    }

    /// Gives it this name unless it has one; returns the one it has.
    ///
    /// # Errors
    ///
    /// Fails if Redis cannot be asked or takes no writes.
    pub fn name(&mut self, id: &str) -> Result<String, RedisError> {
        self.one(cmd("SET").arg(ID_KEY).arg(id).arg("NX"))?;
        self.id()?.ok_or_else(|| self.link.not_understood())
    }

    /// Returns what was counted there, by the ids of journals, and what was copied there, by the
    /// ids of sources.
    ///
    /// # Errors
    ///
    /// Fails if Redis cannot be asked.
    pub fn sources(&mut self) -> Result<(BTreeSet<String>, BTreeSet<String>), RedisError> {
        let (mut counted, mut taken) = (BTreeSet::new(), BTreeSet::new());
        for group in GROUPS {
            let answer = self.one(cmd("HGETALL").arg(positions_key(group)))?;
            let fields: BTreeMap<String, String> =
                from_redis_value(answer).map_err(|_| self.link.not_understood())?;
            for field in fields.into_keys() {
                match field.strip_suffix(MARK) {
                    Some(source) => drop(taken.insert(source.to_owned())),
                    None if field.contains(':') => {}
                    None => drop(counted.insert(field)),
                }
            }
        }
        Ok((counted, taken))
    }

    /// Finds the keys of counters: those with the usual beginnings, and of `others` all that exist.
    ///
    /// # Errors
    ///
    /// Fails if Redis cannot be asked.
    pub fn keys(&mut self, others: &[(String, Kind)]) -> Result<Vec<(String, Kind)>, RedisError> {
        let mut keys: BTreeMap<String, Kind> = others.iter().cloned().collect();
        for (group, kind) in GROUPS.into_iter().zip([Kind::Total, Kind::Sum, Kind::Unique]) {
            let found = self.link.scan(&format!("{{{group}}}_*"), SCANNED)?;
            keys.extend(found.into_iter().map(|it| (it, kind)));
        }
        Ok(keys.into_iter().collect())
    }

    /// Returns a reader of the counters there.
    pub fn reader(&self) -> RedisReader {
        RedisReader::new(self.link.options().clone(), "")
    }

    /// Takes counters of another place over, or only says what would become of each.
    ///
    /// # Errors
    ///
    /// Fails if Redis cannot be asked or takes no writes. Some counters may have been taken then,
    /// which doing it again finds out.
    pub fn take_over(
        &mut self,
        source: &str,
        counters: &[(String, Counter)],
        is_dry_run: bool,
    ) -> Result<Vec<Taken>, RedisError> {
        let mut taken = self.check(counters)?;
        self.check_sketches(counters, &mut taken)?;
        if !is_dry_run {
            // Said in one place, whichever slots are touched.
            let mark = format!("{source}{MARK}");
            self.one(cmd("HSET").arg(positions_key(GROUPS[0])).arg(mark).arg("1"))?;
        }
        for _ in 0..ATTEMPTS {
            let open: Vec<usize> = (0..counters.len()).filter(|it| taken[*it].is_none()).collect();
            if open.is_empty() {
                break;
            }
            self.attempt(source, (counters, &open), &mut taken, is_dry_run)?;
        }
        let given_up = || Taken::Refused("others copy the same all the time".to_owned());
        Ok(taken.into_iter().map(|it| it.unwrap_or_else(given_up)).collect())
    }

    /// Says of some counters that they cannot be taken.
    fn check(&mut self, counters: &[(String, Counter)]) -> Result<Vec<Option<Taken>>, RedisError> {
        let keys: Vec<(&str, Kind)> =
            counters.iter().map(|(key, it)| (key.as_str(), it.kind())).collect();
        let types: Vec<_> = keys.iter().map(|(key, _)| cmd("TYPE").arg(key).to_owned()).collect();
        let answers = self.link.ask(&types)?;
        let mut checked = Vec::with_capacity(keys.len());
        for ((key, kind), answer) in keys.into_iter().zip(answers) {
            let answer = answer.map_err(|source| self.link.error(source))?;
            let found: String = from_redis_value(answer).map_err(|_| self.link.not_understood())?;
            let expected = if kind == Kind::PerValue { "hash" } else { "string" };
            checked.push(if self.link.is_cluster() && !has_slot_mates(group_of(key)) {
                Some(Taken::Refused("no other key can be in its slot".to_owned()))
            } else if found == "none" || found == expected {
                None
            } else {
                Some(Taken::Refused(format!("it is a {found} there")))
            });
        }
        Ok(checked)
    }

    /// Says of sketches that there is nothing new about them, which `PFMERGE` does not.
    fn check_sketches(
        &mut self,
        counters: &[(String, Counter)],
        taken: &mut [Option<Taken>],
    ) -> Result<(), RedisError> {
        let is_open = |at: &usize| taken[*at].is_none();
        let sketches: Vec<(usize, &String, &Sketch)> = (0..counters.len())
            .filter(is_open)
            .filter_map(|at| match &counters[at] {
                (key, Counter::Unique(sketch)) => Some((at, key, sketch)),
                _ => None,
            })
            .collect();
        let keys: Vec<(&str, Kind)> =
            sketches.iter().map(|(_, key, _)| (key.as_str(), Kind::Unique)).collect();
        let there =
            if keys.is_empty() { Reading::default() } else { self.reader().counters(&keys)? };
        for (at, key, sketch) in sketches {
            taken[at] = match there.counters.get(key) {
                None => continue,
                Some(Counter::Unique(it)) if it.clone().merge(sketch) => continue,
                Some(Counter::Unique(_)) => Some(Taken::Unmoved),
                Some(other) => Some(Taken::wrong_kind(other.kind(), &counters[at].1)),
            };
        }
        for it in there.unreadable {
            if let Some(at) = counters.iter().position(|(key, _)| *key == it.key) {
                taken[at] = Some(Taken::Refused(it.reason));
            }
        }
        Ok(())
    }

    fn attempt(
        &mut self,
        source: &str,
        (counters, open): (&[(String, Counter)], &[usize]),
        taken: &mut [Option<Taken>],
        is_dry_run: bool,
    ) -> Result<(), RedisError> {
        let mut by_group: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for &place in open {
            by_group.entry(group_of(&counters[place].0)).or_default().push(place);
        }
        for (group, places) in by_group {
            let of_group = self.take_group((source, group), (counters, &places), is_dry_run)?;
            for (place, became) in of_group {
                taken[place] = became;
            }
        }
        Ok(())
    }

    /// Takes counters of one group; nothing is known yet of those that somebody else took meanwhile.
    fn take_group(
        &mut self,
        (source, group): (&str, &str),
        (counters, places): (&[(String, Counter)], &[usize]),
        is_dry_run: bool,
    ) -> Result<BTreeMap<usize, Option<Taken>>, RedisError> {
        let mut result: BTreeMap<usize, Option<Taken>> =
            places.iter().map(|it| (*it, Some(Taken::Unmoved))).collect();
        let changes = self.changes(source, (counters, places), &mut result)?;
        for changes in changes.chunks(CHANGES) {
            let answers = if is_dry_run {
                vec!["done".to_owned(); changes.len()]
            } else {
                self.send(source, group, counters, changes)?
            };
            for (change, answer) in changes.iter().zip(answers) {
                let became = match &*answer {
                    "done" => Some(Taken::Moved),
                    "changed" => None,
                    error => Some(Taken::Refused(format!("Redis says: {error}"))),
                };
                note(&mut result, change.place, became);
            }
        }
        Ok(result)
    }

    /// Says what is new about counters of one group.
    fn changes(
        &mut self,
        source: &str,
        (counters, places): (&[(String, Counter)], &[usize]),
        result: &mut BTreeMap<usize, Option<Taken>>,
    ) -> Result<Vec<Change>, RedisError> {
        let mut changes = Vec::new();
        let mut amounts: Vec<(usize, &'static str, Record, &[u8], Amount)> = Vec::new();
        for &place in places {
            let (key, counter) = &counters[place];
            let mut amount = |verb, value: &'static [u8], given| {
                amounts.push((place, verb, Record::of(source, key, value), value, given));
            };
            match counter {
                Counter::Total(it) => amount("total", b"", Amount::Whole(*it)),
                Counter::Sum(it) => amount("sum", b"", Amount::Float(*it)),
                Counter::Unique(sketch) => {
                    let (record, amount) = (None, sketch.to_bytes());
                    changes.push(Change {
                        place,
                        verb: "sketch",
                        record,
                        amount,
                        value: Vec::new(),
                    });
                }
                Counter::PerValue(totals) => {
                    for (value, given) in totals {
                        let record = Record::of(source, key, value);
                        amounts.push((place, "value", record, value, Amount::Whole(*given)));
                    }
                }
            }
        }
        let before = self.amounts(amounts.iter().map(|(_, _, record, ..)| record))?;
        for ((place, verb, record, value, given), before) in amounts.into_iter().zip(before) {
            let before = before.unwrap_or_default();
            match given.more_than(&before) {
                Ok(Some(amount)) => {
                    let record = Record { expected: before, new: given.text(), ..record };
                    let value = value_counted(value, false, |_| true).to_vec();
                    let (record, amount) = (Some(record), amount.into_bytes());
                    changes.push(Change { place, verb, record, amount, value });
                }
                Ok(None) => {}
                Err(Behind) => note(result, place, Some(Taken::Behind)),
            }
        }
        Ok(changes)
    }

    /// Reads how much was taken before.
    fn amounts<'a>(
        &mut self,
        records: impl Iterator<Item = &'a Record>,
    ) -> Result<Vec<Option<String>>, RedisError> {
        let commands: Vec<_> =
            records.map(|it| cmd("HGET").arg(&it.key).arg(&it.field).to_owned()).collect();
        let mut amounts = Vec::with_capacity(commands.len());
        for commands in commands.chunks(CHANGES) {
            for answer in self.link.ask(commands)? {
                let answer = answer.map_err(|source| self.link.error(source))?;
                amounts.push(from_redis_value(answer).map_err(|_| self.link.not_understood())?);
            }
        }
        Ok(amounts)
    }

    /// Lets the script make changes, all of one group.
    fn send(
        &mut self,
        source: &str,
        group: &str,
        counters: &[(String, Counter)],
        changes: &[Change],
    ) -> Result<Vec<String>, RedisError> {
        let mut call = Keys::default();
        call.number(positions_key(group).into_bytes());
        call.args.extend([
            format!("{source}{MARK}").into_bytes(),
            LIFETIME_SECONDS.to_string().into_bytes(),
            Limits::VALUES.to_string().into_bytes(),
            OTHER_VALUES.as_bytes().to_vec(),
        ]);
        for change in changes {
            let key = &counters[change.place].0;
            let number = call.number(key.as_bytes().to_vec());
            let weekly = if is_weekly(key) { "weekly" } else { "" };
            let record = change.record.as_ref();
            let record_number = record.map(|it| call.number(it.key.as_bytes().to_vec()));
            let last = match change.verb {
                "sketch" => call.number(seed_key(group, source).into_bytes()).to_string().into(),
                _ => change.value.clone(),
            };
            call.args.extend([
                change.verb.as_bytes().to_vec(),
                number.to_string().into_bytes(),
                weekly.as_bytes().to_vec(),
                record_number.unwrap_or_default().to_string().into_bytes(),
                record.map(|it| it.field.clone()).unwrap_or_default(),
                record.map(|it| it.expected.clone().into_bytes()).unwrap_or_default(),
                record.map(|it| it.new.clone().into_bytes()).unwrap_or_default(),
                change.amount.clone(),
                last,
            ]);
        }
        let answers = self.link.run(&TAKE, &[call.into_call()])?;
        let answer = answers.into_iter().next().ok_or_else(|| self.link.not_understood())?;
        let answer = answer.map_err(|source| self.link.error(source))?;
        let words: Vec<String> =
            from_redis_value(answer).map_err(|_| self.link.not_understood())?;
        if words.len() == changes.len() { Ok(words) } else { Err(self.link.not_understood()) }
    }

    fn one(&mut self, command: &::redis::Cmd) -> Result<Value, RedisError> {
        let answer = self.link.ask(std::slice::from_ref(command))?.pop();
        let answer = answer.ok_or_else(|| self.link.not_understood())?;
        answer.map_err(|source| self.link.error(source))
    }
}

/// Adds what became of one value of a counter to what became of others.
fn note(result: &mut BTreeMap<usize, Option<Taken>>, place: usize, became: Option<Taken>) {
    if let Some(so_far) = result.get_mut(&place) {
        *so_far = so_far.take().zip(became).map(|(so_far, became)| so_far.and(became));
    }
}

impl Record {
    fn of(source: &str, key: &str, value: &[u8]) -> Self {
        let mut field = key.as_bytes().to_vec();
        if !value.is_empty() {
            field.push(b'\n');
            field.extend_from_slice(value);
        }
        let (expected, new) = (String::new(), String::new());
        Self { key: taken_key(group_of(key), source, key), field, expected, new }
    }
}

/// What another place has of a number.
#[derive(Debug, Clone, Copy)]
enum Amount {
    Whole(u64),
    Float(f64),
}

/// It has less than was taken before.
struct Behind;

impl Amount {
    fn text(self) -> String {
        match self {
            Self::Whole(it) => it.to_string(),
            Self::Float(it) => float(it),
        }
    }

    /// How much more it is than what was taken before; nothing if it is as much.
    fn more_than(self, before: &str) -> Result<Option<String>, Behind> {
        match self {
            Self::Whole(given) => {
                let before: u64 = before.parse().unwrap_or_default();
                match given.checked_sub(before) {
                    None => Err(Behind),
                    Some(0) => Ok(None),
                    Some(more) => Ok(Some(more.to_string())),
                }
            }
            Self::Float(given) => {
                let before: f64 = before.parse().unwrap_or_default();
                let more = given - before;
                Ok((more.to_bits() != 0.0_f64.to_bits()).then(|| float(more)))
            }
        }
    }
}

/// A number as Redis reads it: the shortest text that stands for it, without a row of zeros.
fn float(number: f64) -> String {
    let is_plain = number == 0.0 || (1e-5..1e17).contains(&number.abs());
    if is_plain { number.to_string() } else { format!("{number:e}") }
}

/// A call of a script, each of whose keys is listed once.
#[derive(Default)]
struct Keys {
    numbers: BTreeMap<Vec<u8>, usize>,
    list: Vec<Vec<u8>>,
    args: Vec<Vec<u8>>,
}

impl Keys {
    /// The number of a key in the list, from 1.
    fn number(&mut self, key: Vec<u8>) -> usize {
        let next = self.list.len() + 1;
        let number = *self.numbers.entry(key.clone()).or_insert(next);
        if number == next {
            self.list.push(key);
        }
        number
    }

    fn into_call(self) -> Call {
        Call { keys: self.list, args: self.args }
    }
}
