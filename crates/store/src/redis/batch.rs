//! What a stretch of the journal does to Redis, summed up: one change for each key it moves.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::keys::{LIFETIME_SECONDS, group_of, is_weekly, positions_key, seed_key};
use super::known::Known;
use super::link::Call;
use super::positions::Position;
use crate::counters::{OTHER_VALUES, add};
use crate::{Kind, Limits, StoredChange, StoredUpdate};

/// How much one round may weigh: a change weighs 8, an element one and each of its 64 bytes one
/// more.
///
/// The more events a round has, the fewer commands each of them costs, for a key is touched once.
/// This is a change to each of 3,000 keys and 26,000 elements, most of which turn out to be known,
/// and keeps a server from answering others for about 10 ms.
const FULL: usize = 50_000;

/// Elements for one command, as in GitLab; more would not fit on the stack of a script.
const SLICE: usize = 300;

/// The changes of a stretch, by group.
#[derive(Debug, Default)]
pub(super) struct Batch<'a> {
    pub(super) groups: Vec<GroupBatch<'a>>,
    by_name: HashMap<&'a str, usize>,
    /// Where totals and uniques have their changes, by where the text of the key is in memory:
    /// entries of a page share it, and it is far faster to look up than the text.
    by_address: ByAddress<Place>,
    weight: usize,
}

/// What is looked up by an address. The entries of a batch, and so their keys, are borrowed for as
/// long as there is the batch, so that no other text comes to stand where one was.
pub(super) type ByAddress<T> = HashMap<usize, T, BuildHasherDefault<AddressHasher>>;

/// Where the text of a key is.
pub(super) fn address(key: &Arc<str>) -> usize {
    Arc::as_ptr(key).addr()
}

/// Spreads addresses, which are multiples of eight; nobody outside chooses them.
#[derive(Debug, Default)]
pub(super) struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.write_usize(usize::from(*byte));
        }
    }

    fn write_usize(&mut self, number: usize) {
        let product = (self.0 ^ number as u64).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        self.0 = product ^ product >> 32;
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// Where the change to a key is.
#[derive(Debug, Clone, Copy)]
struct Place {
    kind: Kind,
    group: usize,
    change: usize,
}

/// The changes to the keys of one group, in the order in which they first came.
#[derive(Debug)]
pub(super) struct GroupBatch<'a> {
    pub(super) name: &'a str,
    changes: Vec<Change<'a>>,
    by_target: HashMap<Target<'a>, usize>,
}

/// What a change is added to; a value has a change of its own.
type Target<'a> = (&'a str, Kind, Option<&'a [u8]>);

#[derive(Debug)]
struct Change<'a> {
    key: &'a Arc<str>,
    /// How many updates it stands for.
    updates: u64,
    what: What<'a>,
}

#[derive(Debug)]
enum What<'a> {
    Total(u64),
    Sum(f64),
    Value(&'a [u8], u64),
    Elements(Elements<'a>),
}

/// Elements of a unique key.
#[derive(Debug, Default)]
struct Elements<'a> {
    /// Those that came, with their times, of which nobody has looked which are known.
    came: Vec<(&'a [u8], i64)>,
    new: Vec<&'a [u8]>,
    is_seed_due: bool,
}

/// An update that is to be added to a batch.
pub(super) struct Addition<'a> {
    pub(super) update: &'a StoredUpdate,
    pub(super) accepted_at: i64,
}

impl<'a> Batch<'a> {
    /// Returns whether it is time to send this.
    pub(super) fn is_full(&self) -> bool {
        self.weight >= FULL
    }

    /// Adds one update.
    pub(super) fn add(&mut self, it: Addition<'a>) {
        let key = &it.update.key;
        if let Some(place) = self.by_address.get(&address(key)).copied() {
            let change = &mut self.groups[place.group].changes[place.change];
            match &it.update.change {
                StoredChange::Add(amount) if place.kind == Kind::Total => {
                    change.updates += 1;
                    return change.add_total(*amount);
                }
                StoredChange::Observe(element) if place.kind == Kind::Unique => {
                    change.updates += 1;
                    self.weight += change.add_element(element, it.accepted_at);
                    return;
                }
                _ => {}
            }
        }
        let group_idx = self.group(group_of(key));
        let group = &mut self.groups[group_idx];
        let weight = match &it.update.change {
            StoredChange::Add(amount) => group.total(key, *amount),
            StoredChange::Sum(amount) => group.sum(key, *amount),
            StoredChange::Count(value) => group.value(key, value),
            StoredChange::Observe(element) => group.element(key, element, it.accepted_at),
        };
        self.weight += weight;
        let kind = it.update.change.as_change().kind();
        if let Some(change) = group.by_target.get(&(&**key, kind, None)).copied() {
            self.by_address.insert(address(key), Place { kind, group: group_idx, change });
        }
    }

    fn group(&mut self, name: &'a str) -> usize {
        let next = self.groups.len();
        let idx = *self.by_name.entry(name).or_insert(next);
        if idx == next {
            self.groups.push(GroupBatch { name, changes: Vec::new(), by_target: HashMap::new() });
        }
        idx
    }
}

impl<'a> GroupBatch<'a> {
    fn total(&mut self, key: &'a Arc<str>, amount: u64) -> usize {
        let (change, weight) = self.change((key, Kind::Total, None), key, || What::Total(0));
        change.add_total(amount);
        weight
    }

    fn sum(&mut self, key: &'a Arc<str>, amount: f64) -> usize {
        // What is no number stays by itself, so that the server refuses it alone.
        let mark: Option<&[u8]> = if amount.is_finite() { None } else { Some(b"") };
        let (change, weight) = self.change((key, Kind::Sum, mark), key, || What::Sum(0.0));
        if let What::Sum(sum) = &mut change.what {
            *sum += amount;
        }
        weight
    }

    fn value(&mut self, key: &'a Arc<str>, value: &'a [u8]) -> usize {
        let fits = value.len() <= Limits::VALUE_BYTES;
        let value = if fits { value } else { OTHER_VALUES.as_bytes() };
        let target = (&**key, Kind::PerValue, Some(value));
        let (change, weight) = self.change(target, key, || What::Value(value, 0));
        if let What::Value(_, count) = &mut change.what {
            *count += 1;
        }
        weight
    }

    fn element(&mut self, key: &'a Arc<str>, element: &'a [u8], accepted_at: i64) -> usize {
        let target = (&**key, Kind::Unique, None);
        let (change, weight) = self.change(target, key, || What::Elements(Elements::default()));
        weight + change.add_element(element, accepted_at)
    }

    /// Returns the change to a target, and what it adds to the weight if it was not there.
    fn change(
        &mut self,
        target: Target<'a>,
        key: &'a Arc<str>,
        make: impl FnOnce() -> What<'a>,
    ) -> (&mut Change<'a>, usize) {
        let next = self.changes.len();
        let idx = *self.by_target.entry(target).or_insert(next);
        let is_first = idx == next;
        if is_first {
            self.changes.push(Change { key, updates: 0, what: make() });
        }
        let change = &mut self.changes[idx];
        change.updates += 1;
        (change, if is_first { 8 } else { 0 })
    }

    /// Returns whether there are elements, which take longest to look through.
    pub(super) fn has_elements(&self) -> bool {
        self.changes.iter().any(|it| matches!(it.what, What::Elements(_)))
    }

    /// Looks which elements Redis is not known to have.
    pub(super) fn observe(&mut self, known: &mut Known, reseed_interval: Duration) {
        for change in &mut self.changes {
            if let What::Elements(it) = &mut change.what {
                it.is_seed_due |= known.observe(change.key, &it.came, reseed_interval, &mut it.new);
                it.came.clear();
            }
        }
    }

    /// Returns whether the server has anything to do for this group.
    pub(super) fn is_empty(&self) -> bool {
        self.changes.iter().all(Change::is_nothing)
    }

    /// Writes the call of the script, and the change that each of its numbers stands for.
    pub(super) fn call(&self, from: Position, to: u64, cx: &Context<'_>) -> (Call, Vec<Sent<'a>>) {
        let mut call = Calling::new(self.name, cx.journal);
        let from = from.map_or_else(String::new, |it| it.to_string());
        let start = [cx.journal, &from, &to.to_string()].map(|it| it.as_bytes().to_vec());
        let bounds = [LIFETIME_SECONDS.to_string(), Limits::VALUES.to_string()];
        call.args.extend(start.into_iter().chain(bounds.map(String::into_bytes)));
        for change in self.changes.iter().filter(|it| !it.is_nothing()) {
            change.write(&mut call, cx.known);
        }
        (Call { keys: call.keys, args: call.args }, call.sent)
    }
}

/// What a call is written with.
pub(super) struct Context<'a> {
    pub(super) journal: &'a str,
    pub(super) known: &'a Known,
}

/// What one change of a call stands for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sent<'a> {
    pub(super) key: &'a str,
    pub(super) updates: u64,
    /// Whether what is added is a number, or there is nothing to add.
    pub(super) is_number: bool,
}

/// A call while it is written.
struct Calling<'a> {
    keys: Vec<Vec<u8>>,
    numbers: HashMap<&'a str, String>,
    seed: Option<String>,
    args: Vec<Vec<u8>>,
    sent: Vec<Sent<'a>>,
    group: &'a str,
    journal: String,
}

impl<'a> Calling<'a> {
    fn new(group: &'a str, journal: &str) -> Self {
        Self {
            keys: vec![positions_key(group).into_bytes()],
            numbers: HashMap::new(),
            seed: None,
            args: Vec::new(),
            sent: Vec::new(),
            group,
            journal: journal.to_owned(),
        }
    }

    /// Returns the number a key has in this call; Lua counts from one.
    fn number(&mut self, key: &'a str) -> String {
        let keys = &mut self.keys;
        let number = self.numbers.entry(key).or_insert_with(|| {
            keys.push(key.as_bytes().to_vec());
            keys.len().to_string()
        });
        number.clone()
    }

    fn seed(&mut self) -> String {
        let (keys, group, journal) = (&mut self.keys, self.group, &self.journal);
        let number = self.seed.get_or_insert_with(|| {
            keys.push(seed_key(group, journal).into_bytes());
            keys.len().to_string()
        });
        number.clone()
    }

    fn push(&mut self, verb: &str, sent: Sent<'a>, args: Vec<Vec<u8>>) {
        let number = self.number(sent.key);
        let weekly = if is_weekly(sent.key) { "weekly" } else { "" };
        let head = [verb, &number, weekly, &sent.updates.to_string(), &args.len().to_string()];
        self.args.extend(head.map(|it| it.as_bytes().to_vec()));
        self.args.extend(args);
        self.sent.push(sent);
    }
}

impl<'a> Change<'a> {
    fn add_total(&mut self, amount: u64) {
        if let What::Total(total) = &mut self.what {
            *total = add(*total, amount);
        }
    }

    /// Adds an element; returns what it weighs if it turns out to be new.
    fn add_element(&mut self, element: &'a [u8], accepted_at: i64) -> usize {
        if let What::Elements(it) = &mut self.what {
            it.came.push((element, accepted_at));
        }
        1 + element.len() / 64
    }

    fn is_nothing(&self) -> bool {
        match &self.what {
            What::Total(amount) => *amount == 0,
            What::Elements(it) => it.new.is_empty() && !it.is_seed_due,
            What::Sum(_) | What::Value(..) => false,
        }
    }

    fn write(&self, call: &mut Calling<'a>, known: &Known) {
        let is_number = !matches!(self.what, What::Sum(amount) if !amount.is_finite());
        let mut sent = Sent { key: self.key, updates: self.updates, is_number };
        match &self.what {
            What::Total(amount) => call.push("total", sent, vec![amount.to_string().into_bytes()]),
            What::Sum(amount) => call.push("sum", sent, vec![amount.to_string().into_bytes()]),
            What::Value(value, count) => {
                let count = count.to_string().into_bytes();
                let other = OTHER_VALUES.as_bytes().to_vec();
                call.push("value", sent, vec![value.to_vec(), count, other]);
            }
            What::Elements(it) => {
                for elements in it.new.chunks(SLICE) {
                    call.push("elements", sent, elements.iter().map(|it| it.to_vec()).collect());
                    // Whatever befalls the key is counted once.
                    sent.updates = 0;
                }
                if let (true, Some(sketch)) = (it.is_seed_due, known.seed(self.key)) {
                    let number = call.seed().into_bytes();
                    call.push("sketch", sent, vec![number, sketch]);
                }
            }
        }
    }
}
