//! Notices that definitions changed, and says what to do about it.

use crate::{Error, Installation, tree};
use internal_events::Catalog;
use internal_events_definitions::{Diagnostic, Severity};
use std::path::PathBuf;

/// Looks whether an installation's definitions are still those that were read.
///
/// Whoever owns it asks now and then; nothing happens in between. What is looked at is when each
/// file last changed, so that asking costs no reading.
#[derive(Debug)]
pub struct Watch<E> {
    root: PathBuf,
    env: E,
    /// What counts now.
    current: Installation,
    /// The files as they were when they were last read.
    read: Option<tree::Stamp>,
    /// The files as they were at the last look.
    seen: Option<tree::Stamp>,
}

/// What a look at changed files found.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "there is one at a time, and it is soon gone")]
pub enum Change {
    /// The definitions are good, or at least no worse than before: these count from now on.
    Replaced(Catalog),
    /// The definitions are worse than before: those from before should go on to count.
    Kept(Kept),
}

/// Why changed definitions should not count.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Kept {
    /// They cannot be read at all.
    #[error("the changed definitions cannot be read")]
    Unreadable(#[from] Error),
    /// There are none left, as while a deployment puts a directory in another's place. Every event
    /// would be unknown, and those kept aside are soon too many.
    #[error("no event is defined any more")]
    Gone,
    /// They have errors that were not there before.
    #[error("{} of the changed definitions' errors are new, the first of them in {}: {}", .n, .first.path, .first.message)]
    Wrong {
        /// How many.
        n: usize,
        /// The first.
        first: Box<Diagnostic>,
    },
}

impl<E: Fn(&str) -> Option<String>> Watch<E> {
    /// Starts to watch what was read; `env` looks up environment variables.
    pub fn new(current: Installation, env: E) -> Self {
        // Files may have changed since they were read, so the first rest reads them again.
        Self { root: current.root().to_owned(), env, current, seen: None, read: None }
    }

    /// The installation as it counts now.
    pub fn current(&self) -> &Installation {
        &self.current
    }

    /// Looks at the files; tells of a change once, and once they have rested from one look to
    /// the next, since an editor or a checkout takes a moment to write what belongs together.
    pub fn look(&mut self) -> Option<Change> {
        let stamp = tree::stamp(&self.root, self.current.settings()).ok();
        let rested = stamp == self.seen;
        self.seen.clone_from(&stamp);
        if !rested || stamp == self.read {
            return None;
        }
        let is_first = self.read.is_none();
        let before = is_first.then(|| self.current.catalog().fingerprint());
        self.read = stamp;
        match self.read_again() {
            Change::Replaced(catalog) if before == Some(catalog.fingerprint()) => None,
            change => Some(change),
        }
    }

    fn read_again(&mut self) -> Change {
        let changed = match Installation::open(&self.root, &self.env) {
            Ok(changed) => changed,
            Err(error) => return Change::Kept(error.into()),
        };
        let before: Vec<&Diagnostic> = errors(&self.current).collect();
        let mut new = errors(&changed).filter(|it| !before.iter().any(|old| is_same(old, it)));
        if let Some(first) = new.next() {
            let first = Box::new(first.clone());
            return Change::Kept(Kept::Wrong { n: 1 + new.count(), first });
        }
        drop(new);
        let catalog = changed.catalog();
        if !has_events(&catalog) && has_events(&self.current.catalog()) {
            return Change::Kept(Kept::Gone);
        }
        self.current = changed;
        Change::Replaced(catalog)
    }
}

fn has_events(catalog: &Catalog) -> bool {
    catalog.events().next().is_some()
}

fn errors(installation: &Installation) -> impl Iterator<Item = &Diagnostic> {
    let found = installation.analysis().diagnostics.iter();
    found.filter(|it| it.severity == Severity::Error)
}

/// Tells whether two findings are the same but for their line, which any edit moves.
fn is_same(a: &Diagnostic, b: &Diagnostic) -> bool {
    (&a.path, a.code, &a.message) == (&b.path, b.code, &b.message)
}
