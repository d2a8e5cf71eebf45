//! Events put together into requests, and what becomes of each.

use super::client::Verdict;
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

/// So many requests of each at work may be said no to in a row. It takes half of them to find one
/// event among a hundred.
const PATIENCE: usize = 16;

/// After so many, the last event of all is tried: whoever takes that refuses the others for what
/// they are, and not everything.
const LOOKS_ELSEWHERE: usize = 9;

/// After so many failures of a request, each of another delivery, it is looked which event of it
/// makes the collector fail.
const FAILURES: u32 = 3;

/// So often an event makes the collector fail, alone and while others are taken right after it,
/// before it is believed to be the cause.
const STRIKES: u32 = 5;

/// So many failures in a row are enough when it is looked for one event; fewer than halves that
/// lead to one among a hundred, so that a collector which fails for everything is asked less.
const FAILURES_IN_A_ROW: usize = 8;

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

/// Posts bodies of requests.
pub(super) trait Post: Sync {
    /// Posts one, and says what was made of it.
    fn post(&self, body: &str) -> Verdict;
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
    /// Events that were in requests at which the collector failed, by their places.
    troubled: BTreeMap<u64, Trouble>,
}

/// How often a collector has failed at an event.
#[derive(Clone, Copy, Debug, Default)]
struct Trouble {
    failures: u32,
    strikes: u32,
}

impl Trust {
    /// Forgets events before a place, of which all is settled.
    pub(super) fn forget_before(&mut self, place: u64) {
        self.troubled = self.troubled.split_off(&place);
    }
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
    client: &dyn Post,
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
        patience: PATIENCE * n_workers,
        state: Mutex::new(State {
            batches: batches.into_iter().map(Batch::fresh).collect(),
            refused_in_a_row: trust.refused_in_a_row,
            troubled: std::mem::take(&mut trust.troubled),
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
    if let Some(doubt) = state.doubtful.pop() {
        state.why_not_all.get_or_insert(Wait { why: doubt.why, pause: None });
    }
    trust.refused_in_a_row = state.refused_in_a_row;
    trust.troubled = state.troubled;
    if state.why_not_all.is_none() {
        state.why_not_all = state.left;
    }
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

/// What one request is to have.
struct Batch {
    items: Vec<Item>,
    /// Whether this is one event that was said no to before others were taken.
    is_doubted: bool,
}

impl Batch {
    fn fresh(items: Vec<Item>) -> Self {
        Self { items, is_doubted: false }
    }
}

/// One event that was said no to, alone, by somebody who perhaps says no to all.
struct Doubt {
    item: Item,
    why: String,
    /// How many requests had begun by then.
    n_begun: u64,
}

struct Sender<'a> {
    client: &'a dyn Post,
    now: &'a (dyn Fn() -> i64 + Sync),
    started: Instant,
    /// So many noes in a row are enough.
    patience: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    batches: VecDeque<Batch>,
    fates: BTreeMap<u64, Fate>,
    /// Tried once more when something else was taken, which shows that events are welcome; and if
    /// nothing is, later.
    doubtful: Vec<Doubt>,
    why_not_all: Option<Wait>,
    /// Why single events are left for later, while others go on.
    left: Option<Wait>,
    /// Events that were in requests at which the collector failed.
    troubled: BTreeMap<u64, Trouble>,
    n_begun: u64,
    /// Single events that were refused since one was taken.
    refused_in_a_row: usize,
    /// Requests that were said no to since one was taken, by whoever is not believed.
    noes_in_a_row: usize,
}

impl Sender<'_> {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self) {
        while let Some((nth, batch)) = self.next() {
            let verdict = self.client.post(&body(&batch.items, (self.now)()));
            self.settle(nth, batch, verdict);
        }
    }

    fn next(&self) -> Option<(u64, Batch)> {
        let mut state = self.lock();
        if state.why_not_all.is_some() || self.started.elapsed() >= ENOUGH {
            return None;
        }
        let is_front = state.noes_in_a_row < LOOKS_ELSEWHERE;
        let batch = if is_front { state.batches.pop_front() } else { state.probe() }?;
        state.n_begun += 1;
        Some((state.n_begun, batch))
    }

    fn settle(&self, nth: u64, batch: Batch, verdict: Verdict) {
        let mut state = self.lock();
        let (why, is_about_content) = match verdict {
            Verdict::Taken => return state.take(nth, &batch.items),
            Verdict::Later { why, pause } => {
                state.why_not_all = Some(Wait { why, pause });
                return;
            }
            Verdict::Failed(why) => return state.fail(batch, why),
            Verdict::Refused(why) => (why, true),
            Verdict::Unwelcome(why) => (why, false),
        };
        let is_trusted = is_about_content && state.refused_in_a_row < BELIEVED_IN_A_ROW;
        let is_believed = is_trusted || batch.is_doubted;
        state.noes_in_a_row += usize::from(!is_believed);
        if !is_believed && state.noes_in_a_row > self.patience {
            state.why_not_all = Some(Wait { why, pause: None });
        } else if batch.items.len() > 1 {
            state.part(batch.items);
        } else if is_believed {
            state.reject(&batch.items, &why);
        } else {
            state.doubt(batch.items, &why);
        }
    }
}

impl State {
    /// Takes the last event of all.
    fn probe(&mut self) -> Option<Batch> {
        let mut batch = self.batches.pop_back()?;
        let others = batch.items.len() - 1;
        if others == 0 {
            return Some(batch);
        }
        let last = batch.items.split_off(others);
        self.batches.push_back(batch);
        Some(Batch::fresh(last))
    }

    fn take(&mut self, nth: u64, items: &[Item]) {
        self.refused_in_a_row = 0;
        self.noes_in_a_row = 0;
        self.fates.extend(items.iter().map(|it| (it.sequence, Fate::Delivered)));
        if !self.troubled.is_empty() {
            self.troubled.retain(|place, _| items.iter().all(|it| it.sequence != *place));
        }
        // A request that had begun before says nothing of how things stood after it.
        let (others, again) = std::mem::take(&mut self.doubtful)
            .into_iter()
            .partition::<Vec<_>, _>(|it| it.n_begun >= nth);
        self.doubtful = others;
        for doubt in again.into_iter().rev() {
            self.batches.push_front(Batch { items: vec![doubt.item], is_doubted: true });
        }
    }

    /// Notes that the collector failed at a request. If it has done so before, it is looked which
    /// event makes it fail: the same way as for one that is not welcome, but it has to fail several
    /// times, for a collector may be mended and broken again.
    fn fail(&mut self, batch: Batch, why: String) {
        let failures = |it: &Item| self.troubled.get(&it.sequence).map_or(0, |it| it.failures);
        let is_known = batch.items.iter().any(|it| failures(it) >= FAILURES);
        for it in &batch.items {
            self.troubled.entry(it.sequence).or_default().failures += 1;
        }
        self.noes_in_a_row += 1;
        if !is_known || self.noes_in_a_row > FAILURES_IN_A_ROW {
            self.why_not_all = Some(Wait { why, pause: None });
        } else if batch.items.len() > 1 {
            self.part(batch.items);
        } else if batch.is_doubted {
            self.strike(&batch.items, why);
        } else {
            self.doubt(batch.items, &why);
        }
    }

    /// Holds a failure against single events; often enough, they are rejected.
    fn strike(&mut self, items: &[Item], why: String) {
        for it in items {
            let trouble = self.troubled.entry(it.sequence).or_default();
            trouble.strikes += 1;
            if trouble.strikes < STRIKES {
                continue;
            }
            let reason = format!("{why}, again and again, while other events were taken");
            self.fates.insert(it.sequence, Fate::Rejected(reason));
            self.troubled.remove(&it.sequence);
        }
        self.left.get_or_insert(Wait { why, pause: None });
    }

    /// Parts events, of which one may cost all others of its request.
    fn part(&mut self, mut items: Vec<Item>) {
        let second = items.split_off(items.len() / 2);
        self.batches.push_front(Batch::fresh(second));
        self.batches.push_front(Batch::fresh(items));
    }

    fn reject(&mut self, items: &[Item], why: &str) {
        self.refused_in_a_row += 1;
        let fate = Fate::Rejected(why.to_owned());
        self.fates.extend(items.iter().map(|it| (it.sequence, fate.clone())));
    }

    fn doubt(&mut self, items: Vec<Item>, why: &str) {
        let (why, n_begun) = (why.to_owned(), self.n_begun);
        let doubts = items.into_iter().map(|item| Doubt { item, why: why.clone(), n_begun });
        self.doubtful.extend(doubts);
    }
}

#[cfg(test)]
mod tests;
