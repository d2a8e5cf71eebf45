//! What drives a destination in these tests: pages in order, and a new start after each error.

use std::collections::BTreeMap;

use internal_events_store::{
    Counter, Failed, JournalPlace, RedisCounters, RedisError, RedisNotice, RedisOptions,
    StoredEntry,
};

use super::server::Plain;

pub(crate) const JOURNAL: &str = "0123456789abcdef0123456789abcdef";

/// A cursor with what is kept beside it.
pub(crate) struct Driver {
    pub(crate) counters: RedisCounters,
    pub(crate) cursor: u64,
    pub(crate) state: String,
    /// The first entry the journal still holds.
    pub(crate) first: u64,
    pub(crate) page: usize,
    pub(crate) notices: Vec<RedisNotice>,
    pub(crate) failed: Vec<Failed>,
    pub(crate) errors: Vec<RedisError>,
}

impl Driver {
    pub(crate) fn new(url: &str) -> Self {
        Self::with(RedisOptions::parse(url).unwrap())
    }

    pub(crate) fn with(options: RedisOptions) -> Self {
        Self::of(options, JOURNAL)
    }

    /// Drives the journal of some node.
    pub(crate) fn of(options: RedisOptions, journal: &str) -> Self {
        Self {
            counters: RedisCounters::new(options, journal),
            cursor: 0,
            state: String::new(),
            first: 1,
            page: 7,
            notices: Vec::new(),
            failed: Vec::new(),
            errors: Vec::new(),
        }
    }

    /// Starts the process again: what it had in memory is gone, the cursor is not.
    pub(crate) fn start_again(&mut self, options: RedisOptions) {
        self.counters = RedisCounters::new(options, JOURNAL);
    }

    pub(crate) fn resume(&mut self, journal: &[StoredEntry]) -> Result<(), RedisError> {
        let last = journal.last().map_or(0, |it| it.sequence);
        let place = JournalPlace { cursor: self.cursor, first: self.first, last };
        let resume = self.counters.resume(&place, &self.state)?;
        self.cursor = resume.after;
        self.state = resume.state;
        self.notices.extend(resume.notices);
        self.failed.extend(resume.failed);
        Ok(())
    }

    fn next_page<'a>(&self, journal: &'a [StoredEntry]) -> &'a [StoredEntry] {
        let after = usize::try_from(self.cursor).unwrap();
        &journal[after..journal.len().min(after + self.page)]
    }

    /// Applies the next page; whether there was one.
    pub(crate) fn step(&mut self, journal: &[StoredEntry]) -> Result<bool, RedisError> {
        let page = self.next_page(journal);
        if page.is_empty() {
            return Ok(false);
        }
        let applied = self.counters.apply(page)?;
        self.cursor = applied.up_to;
        self.state = applied.state;
        self.failed.extend(applied.failed);
        Ok(true)
    }

    /// Goes on until all of the journal was applied, through a bounded number of errors.
    pub(crate) fn drive(&mut self, journal: &[StoredEntry]) {
        let mut is_settled = false;
        for _ in 0..2_000 {
            let step =
                if is_settled { self.step(journal) } else { self.resume(journal).map(|()| true) };
            is_settled = step.is_ok();
            match step {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    assert!(error.is_retryable(), "{error}");
                    self.errors.push(error);
                }
            }
        }
        panic!("never done, {} errors: {:?}", self.errors.len(), self.errors.last());
    }
}

/// Reads everything that is not ours by plain commands.
pub(crate) fn read_all(
    plain: &mut Plain,
    kinds: &BTreeMap<String, Counter>,
) -> BTreeMap<String, Counter> {
    let keys: Vec<String> = plain.say("KEYS *");
    let keys = keys.into_iter().filter(|it| !it.starts_with("internal-events:"));
    keys.map(|key| {
        let bytes = key.as_bytes();
        let counter = match kinds.get(&key) {
            None => panic!("{key} should not be there"),
            Some(Counter::Total(_)) => Counter::Total(plain.run(&[b"GET", bytes])),
            Some(Counter::Sum(_)) => Counter::Sum(plain.run(&[b"GET", bytes])),
            Some(Counter::Unique(_)) => {
                let string: Vec<u8> = plain.run(&[b"GET", bytes]);
                Counter::Unique(internal_events_hll::Sketch::from_bytes(&string).unwrap())
            }
            Some(Counter::PerValue(_)) => Counter::PerValue(plain.run(&[b"HGETALL", bytes])),
        };
        (key, counter)
    })
    .collect()
}

/// Each entry has been counted once, and nothing else is there.
pub(crate) fn assert_counted(plain: &mut Plain, expected: &BTreeMap<String, Counter>) {
    let found = read_all(plain, expected);
    assert_alike(found.iter().map(|(key, it)| (&**key, it)), expected);
}

/// The same keys have the same values.
pub(crate) fn assert_alike<'a>(
    found: impl Iterator<Item = (&'a str, &'a Counter)>,
    expected: &BTreeMap<String, Counter>,
) {
    let found: BTreeMap<&str, &Counter> = found.collect();
    assert!(found.keys().copied().eq(expected.keys().map(String::as_str)), "{found:?}");
    for (key, expected) in expected {
        match (found[&**key], expected) {
            // Redis adds up numbers with more digits than we do.
            (Counter::Sum(a), Counter::Sum(b)) => assert!((a - b).abs() < 1e-6, "{key}: {a} {b}"),
            // The same registers may be written down as runs in more than one way.
            (Counter::Unique(a), Counter::Unique(b)) => {
                let (mut ab, mut ba) = (a.clone(), b.clone());
                assert!(!ab.merge(b) && !ba.merge(a), "{key}");
            }
            (found, expected) => assert_eq!(found, expected, "{key}"),
        }
    }
}
