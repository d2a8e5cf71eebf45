//! How many connections each client has.

use crate::rate::Client;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

/// The clients that are connected; no more than there are connections.
#[derive(Clone, Debug, Default)]
pub(crate) struct Crowd(Arc<Mutex<HashMap<Client, usize>>>);

/// One connection of a client; it counts until it is dropped. The default counts for nobody.
#[derive(Debug, Default)]
pub(crate) struct Place(Option<(Crowd, Client)>);

impl Crowd {
    /// Counts a further connection, unless the client has as many as it may.
    pub(crate) fn admit(&self, client: Client, at_most: usize) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.get(&client).copied().unwrap_or_default() >= at_most {
            return None;
        }
        *counts.entry(client).or_default() += 1;
        Some(Place(Some((self.clone(), client))))
    }

    fn leave(&self, client: Client) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&client) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&client);
            }
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Some((crowd, client)) = self.0.take() {
            crowd.leave(client);
        }
    }
}

#[cfg(test)]
mod tests;
