//! Answers as soon as events are there, so that nobody needs to ask again and again.

use super::entry::Entry;
use super::filter::{Filter, Given};
use super::store::Tally;
use super::{Micro, State};
use crate::problem::Problem;
use internal_events::Refusal;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::watch;
use tokio::time::Instant;

/// How long to wait unless told otherwise: a page that is slow to load has sent its events.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bad events, their reasons, and other names that are told to whoever waited in vain: what a
/// person reads.
const TOLD: usize = 5;

/// Bytes of a name or a reason that is told.
const TOLD_BYTES: usize = 160;

/// What is waited for.
pub(super) struct Wanted {
    filter: Filter,
    count: usize,
    timeout: Duration,
}

/// What may be asked of events that are waited for.
const NAMES: &[&str] = &["event_type", "schema", "contexts", "event_id", "event", "app_id", "run"];

impl Wanted {
    pub(super) fn read(
        micro: &Micro,
        mut given: Given,
        headers: &hyper::HeaderMap,
    ) -> Result<Self, Problem> {
        let limits = &micro.0.limits;
        let count = match given.take("count")? {
            None => 1,
            Some(text) => count(&text, limits.micro_events)?,
        };
        let timeout = match given.take("timeout")? {
            None => TIMEOUT.min(limits.micro_wait),
            Some(text) => timeout(&text, limits.micro_wait)?,
        };
        let filter = given.into_filter(NAMES, headers)?;
        Ok(Self { filter, count, timeout })
    }
}

fn count(text: &str, at_most: usize) -> Result<usize, Problem> {
    let count = text.parse().ok().filter(|it| (1..=at_most).contains(it));
    count.ok_or_else(|| {
        let text = shortened(text);
        let detail = format!("count is `{text}`; it should be a number from 1 to {at_most}.");
        Problem::InvalidParameter(detail)
    })
}

fn timeout(text: &str, at_most: Duration) -> Result<Duration, Problem> {
    let seconds = text.parse().ok();
    let timeout = seconds.and_then(|it| Duration::try_from_secs_f64(it).ok());
    timeout.filter(|it| *it <= at_most).ok_or_else(|| {
        let (text, at_most) = (shortened(text), at_most.as_secs());
        let detail = format!("timeout is `{text}`; it should be seconds, from 0 to {at_most}.");
        Problem::InvalidParameter(detail)
    })
}

/// A place among those who wait, until it is dropped.
struct Waiting<'m>(&'m Micro);

impl<'m> Waiting<'m> {
    fn begin(micro: &'m Micro) -> Result<Self, Problem> {
        let most = micro.0.limits.micro_waiters;
        let mut has_place = false;
        // Nobody else needs to wake for that.
        micro.0.state.send_if_modified(|state| {
            has_place = state.n_waiting < most;
            state.n_waiting += usize::from(has_place);
            false
        });
        // Whoever waits keeps a connection that trackers need.
        let later = Problem::RateLimited(Duration::from_secs(1));
        if has_place { Ok(Self(micro)) } else { Err(later) }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.0.state.send_if_modified(|state| {
            state.n_waiting -= 1;
            false
        });
    }
}

impl Micro {
    /// Gives the good events that are wanted, as soon as there are as many.
    pub(super) async fn wait(&self, wanted: &Wanted) -> Result<Vec<Arc<Entry>>, Problem> {
        let _waiting = Waiting::begin(self)?;
        let deadline = Instant::now() + wanted.timeout;
        // Before the first look, so that nothing comes between the look and the wait.
        let mut state = self.0.state.subscribe();
        let mut tally = Tally::default();
        loop {
            let is_closing = state.borrow_and_update().is_closing;
            if let Some(found) = self.look(wanted, &mut tally) {
                return Ok(found);
            }
            if is_closing {
                return Err(Problem::Busy(Refusal::ShutDown));
            }
            if !changes(&mut state, deadline).await {
                return self.look(wanted, &mut tally).ok_or_else(|| self.in_vain(wanted));
            }
        }
    }

    fn look(&self, wanted: &Wanted, tally: &mut Tally) -> Option<Vec<Arc<Entry>>> {
        let store = self.store();
        let n = tally.count(&store, &wanted.filter);
        (n >= wanted.count).then(|| store.find(true, &wanted.filter))
    }

    /// Says what there is instead.
    fn in_vain(&self, wanted: &Wanted) -> Problem {
        let of_run = Filter::of_run(wanted.filter.run.clone());
        let store = self.store();
        let n = store.find(true, &wanted.filter).len();
        let (good, bad) = (store.find(true, &of_run), store.find(false, &of_run));
        drop(store);
        let names: BTreeSet<&str> =
            good.iter().filter_map(|it| it.facts.event.as_deref()).map(shortened).collect();
        let names: Vec<&str> = names.into_iter().take(2 * TOLD).collect();
        let seconds = wanted.timeout.as_secs_f64();
        let mut detail = format!(
            "{n} of {} events came within {seconds} s. There are {} good ones and {} bad ones",
            wanted.count,
            good.len(),
            bad.len(),
        );
        let told: Vec<Value> = bad.iter().take(TOLD).map(|it| told(it)).collect();
        for it in &told {
            let name = it["event"].as_str().unwrap_or("without a name");
            let reasons = it["errors"].as_array().into_iter().flatten();
            let reasons: Vec<&str> = reasons.filter_map(Value::as_str).collect();
            detail.push_str(&format!("; bad is {name}: {}", reasons.join(", ")));
        }
        if names.is_empty() {
            detail.push_str("; no good struct event came");
        } else {
            detail.push_str(&format!("; good are {}", names.join(", ")));
        }
        detail.push('.');
        let seen = json!({ "matching": n, "bad": told, "seen": names });
        Problem::NotSeen { detail, seen }
    }
}

/// Waits for a change; tells whether there was one in time.
async fn changes(state: &mut watch::Receiver<State>, deadline: Instant) -> bool {
    matches!(tokio::time::timeout_at(deadline, state.changed()).await, Ok(Ok(())))
}

/// What is told of a bad event.
fn told(entry: &Entry) -> Value {
    let errors = entry.errors.iter().take(TOLD).map(|it| shortened(it));
    json!({
        "event": entry.facts.event.as_deref().map(shortened),
        "errors": errors.collect::<Vec<_>>(),
    })
}

fn shortened(text: &str) -> &str {
    &text[..text.floor_char_boundary(TOLD_BYTES)]
}
