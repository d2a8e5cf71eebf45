//! A test double: keeps in memory what Snowplow trackers sent, and shows it as Snowplow Micro does.
//!
//! ```text
//!  request ─► endpoint ─► tracker ─► witness ─► check ─► store ─► /micro/good, bad, all
//!                         journal    decodes    errors   newest ─► /micro/wait
//!                                    again      notes    events
//! ```
//!
//! It is there only where it was asked for, and shows whole events, so its pages need the scope
//! `debug`. What it calls bad is counted as if it did not look: it tells what Snowplow's pipeline
//! would refuse, and what our own definitions do not know. `docs/micro.md` says so for users.

mod check;
mod columns;
mod entry;
mod filter;
mod pages;
mod run;
mod schemas;
mod store;
mod ui;
mod wait;
mod witness;

pub(crate) use pages::answer;
pub(crate) use witness::Witness;

use crate::limits::Limits;
use entry::{Entry, Origin};
use internal_events::Tracker;
use run::Run;
use serde_json::{Map, Value, json};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use store::Store;
use tokio::sync::watch;

/// Shows what was tracked to whoever tests an application; cheap to clone.
#[derive(Clone)]
pub struct Micro(Arc<Inner>);

struct Inner {
    tracker: Tracker,
    limits: Limits,
    store: Mutex<Store>,
    /// Wakes those who wait for events.
    state: watch::Sender<State>,
}

/// What those who wait are told.
#[derive(Clone, Copy, Debug, Default)]
struct State {
    is_closing: bool,
    n_waiting: usize,
}

impl fmt::Debug for Micro {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Micro").finish_non_exhaustive()
    }
}

/// What the bodies of trackers are wrapped in.
const PAYLOAD_DATA: &str = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";

impl Micro {
    pub(crate) fn new(tracker: Tracker, limits: Limits) -> Self {
        let store = Mutex::new(Store::new(limits.micro_events, limits.micro_bytes));
        Self(Arc::new(Inner { tracker, limits, store, state: watch::Sender::default() }))
    }

    /// Shows an event that came by another way than a request of a tracker, as the parameters of
    /// the tracker protocol; it belongs to no run.
    pub fn see(&self, parameters: &[(String, String)]) {
        let members = parameters.iter().map(|(name, text)| (name.clone(), text.as_str().into()));
        let event: Map<String, Value> = members.collect();
        let body = json!({ "schema": PAYLOAD_DATA, "data": [event] }).to_string();
        let origin = Origin::new(self.0.tracker.now_ms(), None);
        self.see_request(&origin, ("", body.as_bytes()), &|_| true);
    }

    /// Shows the events of a request.
    fn see_request(
        &self,
        origin: &Origin<'_>,
        request: (&str, &[u8]),
        takes: &dyn Fn(Option<&str>) -> bool,
    ) {
        let catalog = self.0.tracker.catalog();
        let entries = entry::read(origin, request, &check::Rules { catalog: &catalog, takes });
        self.keep(entries);
    }

    fn keep(&self, entries: Vec<Entry>) {
        let mut store = self.store();
        for entry in entries {
            store.push(entry);
        }
        drop(store);
        self.0.state.send_modify(|_| {});
    }

    fn store(&self) -> MutexGuard<'_, Store> {
        self.0.store.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Forgets the events of a run, or all of them.
    fn reset(&self, run: Option<&Run>) {
        self.store().reset(run);
        self.0.state.send_modify(|_| {});
    }

    /// Sends away all who wait, because the server ends.
    pub(crate) fn close(&self) {
        self.0.state.send_modify(|state| state.is_closing = true);
    }
}
