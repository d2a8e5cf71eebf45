//! The keys one handle has seen, and what it knows of them.

use std::collections::HashMap;
use std::sync::Arc;

use crate::{Key, Kind};

/// The interned keys of one handle: text to [`Key`], and [`Key`] to what is known of it.
#[derive(Debug, Default)]
pub(crate) struct Names {
    by_text: HashMap<Arc<str>, Key>,
    names: Vec<Name>,
}

/// What a handle knows of one key.
#[derive(Debug)]
pub(crate) struct Name {
    pub(crate) text: Arc<str>,
    /// Number and kind that the store gave the key at its first use; none before.
    pub(crate) stored: Option<Stored>,
}

/// What a store has decided about a key. It never changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) id: u32,
    pub(crate) kind: Kind,
}

impl Names {
    pub(crate) fn intern(&mut self, text: &str) -> Key {
        if let Some(&key) = self.by_text.get(text) {
            return key;
        }
        let key = u32::try_from(self.names.len())
            .map(Key)
            .expect("invariant: a process does not use four billion keys");
        let text = Arc::<str>::from(text);
        self.by_text.insert(Arc::clone(&text), key);
        self.names.push(Name { text, stored: None });
        key
    }

    /// Returns what is known of `key`.
    #[inline]
    pub(crate) fn get(&self, key: Key) -> &Name {
        self.names.get(key.index()).expect("invariant: a key is used with the handle that made it")
    }

    pub(crate) fn set_stored(&mut self, key: Key, stored: Option<Stored>) {
        self.names[key.index()].stored = stored;
    }
}
