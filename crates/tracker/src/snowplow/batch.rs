//! Events put together into requests, and what becomes of each.

use super::client::{Client, Verdict};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// What a request's body begins and ends with.
const HEAD: &str =
    r#"{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":["#;
const TAIL: &str = "]}";

/// After so long no further request is begun: the journal waits to be told how far it got, and
/// others stand in for whoever is not heard of for half a minute.
const ENOUGH: Duration = Duration::from_secs(8);

/// So many refusals in a row, of single events and with none taken between, are believed. Whoever
/// refuses more is asked again later: it is misconfigured and not that many events are wrong.
const BELIEVED_IN_A_ROW: usize = 100;

/// So many requests may be said no to in one go while none is taken.
const PATIENCE: usize = 16;

/// One event, ready to be sent.
#[derive(Debug)]
pub(super) struct Item {
    /// Its place in the journal.
    pub(super) sequence: u64,
    /// Its parameters as an object of JSON, without the brace at the end.
    pub(super) json: String,
    /// Whether the time of sending is among them.
    pub(super) has_sent_time: bool,
}

/// What became of one event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    /// The collector has it.
    Delivered,
    /// It was not meant for the collector.
    Skipped(&'static str),
    /// The collector refuses it, and will do so again.
    Rejected(String),
}

/// How refusals have gone so far, from one delivery to the next.
#[derive(Debug, Default)]
pub(super) struct Trust {
    /// Single events that were refused since one was taken.
    refused_in_a_row: usize,
}

/// Puts events together by number and bytes; one that is too large goes alone.
pub(super) fn batches(items: Vec<Item>, most: usize, bytes: usize) -> VecDeque<Vec<Item>> {
    let mut batches: VecDeque<Vec<Item>> = VecDeque::new();
    let mut in_batch = 0;
    for item in items {
        let of_item = item.json.len() + 32;
        match batches.back_mut() {
            Some(batch) if batch.len() < most && in_batch + of_item <= bytes => {
                in_batch += of_item;
                batch.push(item);
            }
            _ => {
                in_batch = HEAD.len() + TAIL.len() + of_item;
                batches.push_back(vec![item]);
            }
        }
    }
    batches
}

pub(super) fn body(items: &[Item], now: i64) -> String {
    let bytes: usize = items.iter().map(|it| it.json.len() + 32).sum();
    let mut body = String::with_capacity(HEAD.len() + bytes + TAIL.len());
    body.push_str(HEAD);
    for (position, item) in items.iter().enumerate() {
        if position > 0 {
            body.push(',');
        }
        body.push_str(&item.json);
        if !item.has_sent_time {
            let _ = write!(body, ",\"stm\":\"{now}\"");
        }
        body.push('}');
    }
    body.push_str(TAIL);
    body
}

/// Sends batches, some at a time, and says what became of each event of which that is known, and
/// why others have to wait.
pub(super) fn send_all(
    client: &Client,
    batches: VecDeque<Vec<Item>>,
    concurrency: usize,
    trust: &mut Trust,
    now: &(dyn Fn() -> i64 + Sync),
) -> Sent {
    let n_workers = concurrency.clamp(1, batches.len().max(1));
    let sender = Sender {
        client,
        now,
        started: Instant::now(),
        state: Mutex::new(State {
            batches,
            refused_in_a_row: trust.refused_in_a_row,
            ..State::default()
        }),
    };
    if n_workers == 1 {
        sender.work();
    } else {
        std::thread::scope(|scope| {
            for _ in 0..n_workers {
                scope.spawn(|| sender.work());
            }
        });
    }
    let mut state = sender.state.into_inner().unwrap_or_else(PoisonError::into_inner);
    state.judge_doubtful();
    trust.refused_in_a_row = state.refused_in_a_row;
    Sent { fates: state.fates, why_not_all: state.why_not_all }
}

/// What became of events.
#[derive(Debug, Default)]
pub(super) struct Sent {
    pub(super) fates: BTreeMap<u64, Fate>,
    pub(super) why_not_all: Option<Wait>,
}

/// Why events have to wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) why: String,
    pub(super) pause: Option<Duration>,
}

struct Sender<'a> {
    client: &'a Client,
    now: &'a (dyn Fn() -> i64 + Sync),
    started: Instant,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    batches: VecDeque<Vec<Item>>,
    fates: BTreeMap<u64, Fate>,
    /// Single events that were said no to, while none had been taken that would show that others
    /// are welcome.
    doubtful: Vec<(u64, String)>,
    why_not_all: Option<Wait>,
    is_any_taken: bool,
    refused_in_a_row: usize,
    n_refusals: usize,
}

impl Sender<'_> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some(batch) = self.next() {
            let verdict = self.client.post(&body(&batch, (self.now)()));
            self.settle(batch, verdict);
        }
    }

    fn next(&self) -> Option<Vec<Item>> {
        let mut state = self.lock();
        if state.why_not_all.is_some() || self.started.elapsed() >= ENOUGH {
            return None;
        }
        state.batches.pop_front()
    }

    fn settle(&self, mut batch: Vec<Item>, verdict: Verdict) {
        let mut state = self.lock();
        let (why, is_about_content) = match verdict {
            Verdict::Taken => return state.take(&batch),
            Verdict::Later { why, pause } => {
                state.why_not_all = Some(Wait { why, pause });
                return;
            }
            Verdict::Refused(why) => (why, true),
            Verdict::Unwelcome(why) => (why, false),
        };
        state.n_refusals += 1;
        if !state.is_any_taken && state.n_refusals > PATIENCE && !is_about_content {
            state.why_not_all = Some(Wait { why, pause: None });
            return;
        }
        if batch.len() > 1 {
            // One event may cost all others of its request; which one shows when they are parted.
            let second = batch.split_off(batch.len() / 2);
            state.batches.push_front(second);
            state.batches.push_front(batch);
            return;
        }
        let Some(item) = batch.pop() else { return };
        if is_about_content && state.refused_in_a_row < BELIEVED_IN_A_ROW {
            state.refused_in_a_row += 1;
            state.fates.insert(item.sequence, Fate::Rejected(why));
        } else if state.is_any_taken {
            state.fates.insert(item.sequence, Fate::Rejected(why));
        } else {
            state.doubtful.push((item.sequence, why.clone()));
            if state.n_refusals > PATIENCE {
                state.why_not_all = Some(Wait { why, pause: None });
            }
        }
    }
}

impl State {
    fn take(&mut self, batch: &[Item]) {
        self.is_any_taken = true;
        self.refused_in_a_row = 0;
        self.fates.extend(batch.iter().map(|it| (it.sequence, Fate::Delivered)));
    }

    /// Believes that single events are at fault if others were taken meanwhile.
    fn judge_doubtful(&mut self) {
        for (sequence, why) in std::mem::take(&mut self.doubtful) {
            if self.is_any_taken {
                self.fates.insert(sequence, Fate::Rejected(why));
            } else {
                self.why_not_all.get_or_insert(Wait { why, pause: None });
            }
        }
    }
}

#[cfg(test)]
mod tests;
