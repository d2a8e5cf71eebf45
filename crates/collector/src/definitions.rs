//! Replaces the definitions while requests are served.

use crate::Listing;
use internal_events::{Catalog, Tracker};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};

/// Tells a collector that definitions changed; cheap to clone.
///
/// No request waits for it: each is routed by the definitions of the moment in which it came.
#[derive(Clone, Debug)]
pub struct Reload {
    tracker: Tracker,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    /// How often definitions were replaced.
    n_replaced: u64,
    /// Why the last change was not taken.
    kept_because: Option<String>,
    listing: Listing,
}

impl Reload {
    pub(crate) fn new(tracker: Tracker) -> Self {
        Self { tracker, state: Arc::default() }
    }

    /// Routes all later events by another catalog, and lists its metrics as this says.
    pub fn replace(&self, catalog: Catalog, listing: Listing) {
        tracing::info!(
            events = catalog.events().count(),
            metrics = catalog.metrics().len(),
            "the definitions changed; these count from now on"
        );
        self.tracker.replace_catalog(catalog);
        self.change(|state| {
            state.n_replaced += 1;
            state.kept_because = None;
            state.listing = listing;
        });
    }

    /// Says that definitions changed, and why those from before go on to count.
    pub fn keep(&self, reason: String) {
        tracing::error!(reason, "the definitions changed; those from before go on to count");
        self.change(|state| state.kept_because = Some(reason));
    }

    /// Lists the metrics of the catalog there is as this says.
    pub(crate) fn list(&self, listing: Listing) {
        self.change(|state| state.listing = listing);
    }

    pub(crate) fn listing(&self) -> Listing {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).listing.clone()
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// How often definitions were replaced, and whether the last change was not taken.
    pub(crate) fn state(&self) -> (u64, bool) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        (state.n_replaced, state.kept_because.is_some())
    }

    /// Says which definitions count, for `/healthz`.
    pub(crate) fn report(&self) -> Value {
        let catalog = self.tracker.catalog();
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        json!({
            "events": catalog.events().count(),
            "metrics": catalog.metrics().len(),
            "replaced": state.n_replaced,
            "kept_because": state.kept_because,
        })
    }
}
