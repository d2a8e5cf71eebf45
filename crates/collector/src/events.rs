//! Shows single events: what was accepted, and which counters each of them moved.

use crate::Collector;
use crate::answer::{Answer, json};
use crate::limits::Limits;
use crate::problem::Problem;
use hyper::StatusCode;
use internal_events::store::{Error, Page, StoredEntry};
use internal_events::{Tracker, entry_json, event_json};
use std::collections::VecDeque;

/// Answers with entries of the journal, in the shape of `internal-events journal list`.
pub(crate) async fn list(collector: &Collector, query: &str) -> Result<Answer, Problem> {
    let question = Question::parse(query, &collector.limits)?;
    let (tracker, limits) = (collector.tracker.clone(), collector.limits);
    // Reading the journal is disk work; it must not hold up those who track.
    let found = tokio::task::spawn_blocking(move || {
        let search = Search { tracker: &tracker, question: &question, limits: &limits };
        search.run()
    });
    match found.await {
        Ok(Ok(found)) => Ok(json(StatusCode::OK, found.into_json())),
        Ok(Err(error)) => Err(Problem::Unreadable(error)),
        Err(_) => Err(Problem::Interrupted),
    }
}

/// What is asked for.
#[derive(Debug, PartialEq)]
struct Question {
    /// Only entries with higher numbers, and of those the first; without it, the newest.
    after: Option<u64>,
    limit: usize,
    event: Option<String>,
}

impl Question {
    fn parse(query: &str, limits: &Limits) -> Result<Self, Problem> {
        let mut question = Self { after: None, limit: limits.events_usually, event: None };
        let mut seen: Vec<String> = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            if seen.iter().any(|it| *it == name) {
                return Err(Problem::InvalidParameter(format!("{name} is given twice.")));
            }
            match name.as_ref() {
                "after" => question.after = Some(number(&value)?),
                "limit" => question.limit = limit(&value, limits.events_at_most)?,
                "event" => question.event = Some(value.into_owned()),
                _ => {
                    let expected = "`after`, `limit` and `event`";
                    let detail = format!("There is no parameter `{name}`, only {expected}.");
                    return Err(Problem::InvalidParameter(detail));
                }
            }
            seen.push(name.into_owned());
        }
        Ok(question)
    }
}

fn number(value: &str) -> Result<u64, Problem> {
    // The journal counts in integers of 64 bits with a sign, as its file does.
    let number = value.parse::<i64>().ok().and_then(|it| u64::try_from(it).ok());
    number.ok_or_else(|| {
        let detail = format!("after is `{value}`; it should be the number of an entry, or 0.");
        Problem::InvalidParameter(detail)
    })
}

fn limit(value: &str, at_most: usize) -> Result<usize, Problem> {
    value.parse().ok().filter(|it| (1..=at_most).contains(it)).ok_or_else(|| {
        let detail = format!("limit is `{value}`; it should be from 1 to {at_most}.");
        Problem::InvalidParameter(detail)
    })
}

/// One look through the journal.
struct Search<'a> {
    tracker: &'a Tracker,
    question: &'a Question,
    limits: &'a Limits,
}

impl Search<'_> {
    fn run(&self) -> Result<Found, Error> {
        match self.question.after {
            Some(after) => self.first(after),
            None => self.newest(),
        }
    }

    /// The first entries after a number.
    fn first(&self, after: u64) -> Result<Found, Error> {
        let mut found = Found { last: after, ..Found::default() };
        let mut budget = Budget::new(self.limits);
        while !budget.is_spent() {
            let entries = self.read(found.last)?;
            if entries.is_empty() {
                break;
            }
            for entry in entries {
                budget.spend(&entry);
                if !self.takes(&entry, &mut found) {
                    return Ok(found);
                }
                found.last = entry.sequence;
            }
        }
        Ok(found)
    }

    /// Takes an entry if it is wanted; false where there is no room for it.
    fn takes(&self, entry: &StoredEntry, found: &mut Found) -> bool {
        if found.events.len() >= self.question.limit {
            return false;
        }
        if self.is_wanted(entry) {
            let event = entry_json(entry).to_string();
            // One is always taken, so that whoever asks gets on.
            if found.bytes > 0 && found.bytes + event.len() > self.limits.answer_bytes {
                return false;
            }
            found.push(event);
        }
        true
    }

    /// The last entries, in order. Looks from the end, so that a long journal costs no more.
    fn newest(&self) -> Result<Found, Error> {
        let last = self.tracker.read(|it| it.status()).transpose()?;
        let last = last.map_or(0, |it| it.last_sequence);
        let mut found = Found { last, ..Found::default() };
        let mut budget = Budget::new(self.limits);
        let mut end = last;
        while end > 0 && found.events.len() < self.question.limit && !budget.is_spent() {
            let start = end.saturating_sub(self.at_once() as u64);
            let earlier = self.between(start, end, &mut budget)?;
            for event in earlier.into_iter().rev() {
                let is_full = found.bytes + event.len() > self.limits.answer_bytes;
                if found.events.len() >= self.question.limit || is_full && found.bytes > 0 {
                    return Ok(found);
                }
                found.push_before(event);
            }
            end = start;
        }
        Ok(found)
    }

    /// The entries of a stretch that are wanted; the last of them, where they are too large.
    fn between(
        &self,
        start: u64,
        end: u64,
        budget: &mut Budget,
    ) -> Result<VecDeque<String>, Error> {
        let mut stretch = Found { last: start, ..Found::default() };
        while stretch.last < end {
            let entries = self.read(stretch.last)?;
            if entries.is_empty() {
                break;
            }
            for entry in entries.iter().take_while(|it| it.sequence <= end) {
                budget.spend(entry);
                if self.is_wanted(entry) {
                    stretch.push(entry_json(entry).to_string());
                    stretch.forget_beyond(self.limits.answer_bytes);
                }
            }
            stretch.last = entries.last().map_or(end, |it| it.sequence);
        }
        Ok(stretch.events)
    }

    /// Reads a page; the reader is free for others between two of them.
    fn read(&self, after: u64) -> Result<Vec<StoredEntry>, Error> {
        let page = Page { entries: self.at_once(), bytes: self.limits.page_bytes };
        self.tracker.read(|it| it.page(after, page)).unwrap_or_else(|| Ok(Vec::new()))
    }

    /// Entries to look at before it is asked whether these are enough.
    fn at_once(&self) -> usize {
        // Those of one name may stand far apart.
        let has_name = self.question.event.is_some();
        if has_name { self.limits.events_at_most } else { self.question.limit }
    }

    fn is_wanted(&self, entry: &StoredEntry) -> bool {
        self.question.event.as_ref().is_none_or(|it| event_json(entry)["event"] == **it)
    }
}

/// How much may still be looked at.
struct Budget {
    entries: usize,
    bytes: usize,
}

impl Budget {
    fn new(limits: &Limits) -> Self {
        Self { entries: limits.entries_looked_at, bytes: limits.bytes_looked_at }
    }

    fn spend(&mut self, entry: &StoredEntry) {
        self.entries = self.entries.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(entry.event.len());
    }

    fn is_spent(&self) -> bool {
        self.entries == 0 || self.bytes == 0
    }
}

/// Entries as the text of JSON, in order.
#[derive(Default)]
struct Found {
    /// The number to ask after for what follows.
    last: u64,
    events: VecDeque<String>,
    bytes: usize,
}

impl Found {
    fn push(&mut self, event: String) {
        self.bytes += event.len();
        self.events.push_back(event);
    }

    fn push_before(&mut self, event: String) {
        self.bytes += event.len();
        self.events.push_front(event);
    }

    /// Forgets the first ones that are too much, but never the last of all.
    fn forget_beyond(&mut self, bytes: usize) {
        while self.bytes > bytes && self.events.len() > 1 {
            self.bytes -= self.events.pop_front().map_or(0, |it| it.len());
        }
    }

    fn into_json(self) -> String {
        let events: Vec<String> = self.events.into();
        format!(r#"{{"version":1,"last":{},"events":[{}]}}"#, self.last, events.join(","))
    }
}
