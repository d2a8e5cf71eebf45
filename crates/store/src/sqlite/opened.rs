//! Whether the names of a handle's files still lead to the files that it has open.
//!
//! Whoever deletes a data directory, moves it, or puts a backup in its place does not disturb
//! those who have it open: the operating system lets them go on writing into files that have no
//! name any more, or another one. Nobody would find there what was accepted.

use std::path::{Path, PathBuf};

use super::look::beside;
use crate::Error;

/// What the system tells files apart by; it is not given to another while the file is open.
#[cfg(unix)]
type Identity = (u64, u64);
#[cfg(not(unix))]
type Identity = ();

/// The files of a database, as a handle has opened them.
#[derive(Debug, Default)]
pub(super) struct Opened(Vec<(PathBuf, Option<Identity>)>);

impl Opened {
    /// Remembers the database alone.
    pub(super) fn database(path: &Path) -> Self {
        Self(vec![(path.to_owned(), identity(path))])
    }

    /// Remembers the database and the two files that SQLite keeps beside it while it is open.
    pub(super) fn with_log(path: &Path) -> Self {
        let mut opened = Self::database(path);
        let log = ["-wal", "-shm"].map(|suffix| beside(path, suffix));
        opened.0.extend(log.into_iter().map(|it| (it.clone(), identity(&it))));
        opened
    }

    /// Fails if one of the names leads elsewhere or nowhere.
    pub(super) fn check(&self) -> Result<(), Error> {
        match self.0.iter().find(|(path, id)| identity(path) != *id) {
            Some((path, _)) => Err(Error::Replaced { path: path.clone() }),
            None => Ok(()),
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Option<Identity> {
    use std::os::unix::fs::MetadataExt as _;
    path.metadata().ok().map(|it| (it.dev(), it.ino()))
}

/// Elsewhere a file that is open can be neither moved nor deleted.
#[cfg(not(unix))]
fn identity(_path: &Path) -> Option<Identity> {
    Some(())
}
