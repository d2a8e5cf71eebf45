//! The newest events, within bounds.

mod left;

use super::entry::Entry;
use super::filter::Filter;
use super::run::Run;
use left::Left;
use std::collections::VecDeque;
use std::sync::Arc;

/// Events in the order in which they came.
#[derive(Debug)]
pub(super) struct Store {
    entries: VecDeque<Arc<Entry>>,
    /// What the entries take in memory, about.
    bytes: usize,
    most_events: usize,
    most_bytes: usize,
    /// What left because of younger ones.
    left: Left,
    /// The number of the next entry; they are never used again.
    next: u64,
    n_resets: u64,
}

/// How many events there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Totals {
    pub(super) good: usize,
    pub(super) bad: usize,
    /// How many left because of younger ones.
    pub(super) left: u64,
}

impl Store {
    pub(super) fn new(most_events: usize, most_bytes: usize) -> Self {
        let entries = VecDeque::new();
        Self {
            entries,
            bytes: 0,
            most_events,
            most_bytes,
            left: Left::default(),
            next: 0,
            n_resets: 0,
        }
    }

    /// Adds an event, and lets the oldest go for which there is no room any more.
    pub(super) fn push(&mut self, mut entry: Entry) {
        entry.number = self.next;
        self.next += 1;
        self.bytes += entry.bytes();
        self.entries.push_back(Arc::new(entry));
        while self.entries.len() > self.most_events || self.bytes > self.most_bytes {
            let Some(oldest) = self.entries.pop_front() else { break };
            self.bytes -= oldest.bytes();
            self.left.add(oldest.run.as_ref(), self.most_events);
        }
    }

    pub(super) fn reset(&mut self, run: Option<&Run>) {
        self.n_resets += 1;
        match run {
            Some(run) => self.entries.retain(|it| it.run.as_ref() != Some(run)),
            None => self.entries.clear(),
        }
        self.left.forget(run);
        self.bytes = self.entries.iter().map(|it| it.bytes()).sum();
        // What ten thousand events took is of no use to the few of the next test.
        self.entries.shrink_to(self.entries.len() * 2);
    }

    pub(super) fn totals(&self, run: Option<&Run>) -> Totals {
        let mut totals = Totals { left: self.left.of(run), ..Totals::default() };
        for entry in self.entries.iter().filter(|it| it.is_of(run)) {
            *(if entry.is_good() { &mut totals.good } else { &mut totals.bad }) += 1;
        }
        totals
    }

    /// Lists what is good, or what is bad, the newest first.
    pub(super) fn find(&self, is_good: bool, filter: &Filter) -> Vec<Arc<Entry>> {
        let newest_first = self.entries.iter().rev();
        let fitting = newest_first.filter(|it| it.is_good() == is_good && filter.fits(it));
        fitting.take(filter.limit.unwrap_or(usize::MAX)).cloned().collect()
    }
}

/// The good events that fit a filter, counted without looking at any of them twice.
#[derive(Debug, Default)]
pub(super) struct Tally {
    /// The numbers of those that fit.
    numbers: VecDeque<u64>,
    /// The number of the first entry that was not looked at.
    next: u64,
    n_resets: u64,
}

impl Tally {
    /// Looks at what came since the last time; gives how many fit and are still there.
    pub(super) fn count(&mut self, store: &Store, filter: &Filter) -> usize {
        if self.n_resets != store.n_resets {
            *self = Self { n_resets: store.n_resets, ..Self::default() };
        }
        let oldest = store.entries.front().map_or(store.next, |it| it.number);
        while self.numbers.front().is_some_and(|it| *it < oldest) {
            self.numbers.pop_front();
        }
        let new = store.entries.iter().rev().take_while(|it| it.number >= self.next);
        let n_before = self.numbers.len();
        self.numbers.extend(new.filter(|it| it.is_good() && filter.fits(it)).map(|it| it.number));
        // They came the newest first, and those that leave are the oldest.
        self.numbers.make_contiguous()[n_before..].reverse();
        self.next = store.next;
        self.numbers.len()
    }
}

#[cfg(test)]
mod tests;
