//! Who may write, and who writes counters down.

mod waiter;

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use self::waiter::Waiter;
use super::opened::Opened;
use crate::Error;

/// Makes the data directory, for the owner only, unless it is there.
pub(super) fn create_dir(dir: &Path) -> Result<(), Error> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(dir).map_err(|source| Error::Create { path: dir.to_owned(), source })
}

/// Makes an empty file, for the owner only, unless it is there.
pub(super) fn create_file(path: &Path) -> Result<File, Error> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map_err(|source| Error::Create { path: path.to_owned(), source })
}

/// Makes an empty file, for the owner only, unless it is there; one that is there is not opened.
///
/// Closing a file gives up all locks that the process has on it, whoever asked for them. SQLite's
/// are gone then as well, and the next stranger who closes the database believes to be the last,
/// and deletes the log that we go on to write.
pub(super) fn create_unopened(path: &Path) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::Create { path: path.to_owned(), source: error })
        }
        _ => Ok(()),
    }
}

/// The line in which writers wait before they ask SQLite.
///
/// SQLite's own waiting sleeps and tries again: with eight writers one of them committed 6 times
/// in 8 s while another did so 7,427 times. The operating system's lock wakes who waited.
#[derive(Debug)]
pub(super) struct Writers {
    path: PathBuf,
    file: Arc<File>,
    /// Waits on our behalf once somebody else was first; most handles never need it.
    waiter: OnceLock<Waiter>,
    patience: Duration,
    /// What whoever waits here is about to write into.
    opened: Opened,
}

/// The head of the line; dropped, it lets the next writer go.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a File);

impl Writers {
    pub(super) fn open(dir: &Path, patience: Duration) -> Result<Self, Error> {
        let path = dir.join("writers");
        let file = Arc::new(create_file(&path)?);
        Ok(Self { file, path, waiter: OnceLock::new(), patience, opened: Opened::default() })
    }

    /// From now on makes sure at each turn that the database is where it was opened.
    pub(super) fn watch(&mut self, database: &Path) {
        self.opened = Opened::with_log(database);
    }

    /// Waits for our turn; gives up when somebody who is stopped, say, stands in front for long,
    /// and when what we are about to write into is not there any more.
    pub(super) fn wait(&self) -> Result<Turn<'_>, Error> {
        let turn = self.wait_in_line()?;
        self.opened.check()?;
        Ok(turn)
    }

    fn wait_in_line(&self) -> Result<Turn<'_>, Error> {
        let failed = |source| Error::Lock { path: self.path.clone(), source };
        if !self.waiter.get().is_some_and(Waiter::is_in_line) {
            match self.file.try_lock() {
                Ok(()) => return Ok(Turn(&self.file)),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(failed(source)),
            }
        }
        let waiter = match self.waiter.get() {
            Some(waiter) => waiter,
            None => {
                let waiter = Waiter::start(Arc::clone(&self.file)).map_err(failed)?;
                self.waiter.get_or_init(|| waiter)
            }
        };
        if waiter.wait(self.patience).map_err(failed)? {
            return Ok(Turn(&self.file));
        }
        Err(Error::Busy { path: self.path.clone(), waited: self.patience })
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Unlocking fails only for a file that is not open; then nobody waits for it either.
        let _ = self.0.unlock();
    }
}

/// The right to do the work of a destination; held until the handle is closed or its process ends.
///
/// It keeps handles from doing the same work, and no more: that each entry is counted once is
/// held by the cursor, which moves only from where a handle has found it. So another handle may
/// stand in for one that has the lease and does not move, because its process is stopped.
#[derive(Debug)]
pub(super) struct Lease {
    path: PathBuf,
    file: File,
    patience: u32,
    is_held: bool,
    stands_in: bool,
    /// What the last look at the holder's work has shown, and how many looks have shown it.
    stuck: (u64, u32),
    /// How often this handle has said that it is there.
    beats: u64,
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.is_held {
            // Closing is not enough while a child that is just being started still has the file.
            let _ = self.file.unlock();
        }
    }
}

/// Looks, about a second apart, at which a cursor may stand still though entries wait for it.
pub(super) const PATIENCE: u32 = 5;

impl Lease {
    /// Opens the lease for writing counters down.
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        Self::open_file(dir.join("lease"), PATIENCE)
    }

    /// Opens the lease of another destination, whose holder may do nothing for so many looks.
    pub(super) fn of(dir: &Path, destination: &str, patience: u32) -> Result<Self, Error> {
        Self::open_file(path_of(dir, destination), patience)
    }

    fn open_file(path: PathBuf, patience: u32) -> Result<Self, Error> {
        Ok(Self {
            file: create_file(&path)?,
            path,
            patience,
            is_held: false,
            stands_in: false,
            stuck: (0, 0),
            beats: 0,
        })
    }

    /// Takes the lease if it is free, and returns whether this handle does the work.
    pub(super) fn take(&mut self) -> Result<bool, Error> {
        if !self.is_held {
            self.is_held = match self.file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(source)) => return Err(self.failed(source)),
            };
        }
        Ok(self.is_held || self.stands_in)
    }

    /// Looks whether the holder does its work; returns whether this handle is to stand in.
    ///
    /// A holder works if `done` changes, or if there is no more `to_do` than that.
    pub(super) fn look(&mut self, done: u64, to_do: u64) -> bool {
        let n_looks = if self.stuck.0 == done && done < to_do { self.stuck.1 + 1 } else { 0 };
        self.stuck = (done, n_looks);
        self.stands_in = n_looks >= self.patience;
        self.stands_in
    }

    /// Leaves the work to whoever has moved the cursor meanwhile, unless this handle has the lease.
    pub(super) fn step_back(&mut self) {
        self.stands_in = false;
        self.stuck = (0, 0);
    }

    /// Takes the lease or looks after its holder, who says now and then that it is there.
    ///
    /// A destination may be away for hours, and its cursor stand still; so the holder counts its
    /// own looks in the file of the lease.
    pub(super) fn take_or_look(&mut self) -> Result<bool, Error> {
        if self.take()? && self.is_held {
            self.beats += 1;
            self.write_beat().map_err(|source| self.failed(source))?;
            return Ok(true);
        }
        let beats = self.read_beat().map_err(|source| self.failed(source))?;
        Ok(self.look(beats, u64::MAX))
    }

    fn write_beat(&mut self) -> io::Result<()> {
        self.file.rewind()?;
        self.file.write_all(&self.beats.to_le_bytes())
    }

    /// Reads how often the holder has said that it is there; nothing if it never has.
    fn read_beat(&mut self) -> io::Result<u64> {
        let mut bytes = [0; 8];
        self.file.rewind()?;
        match self.file.read_exact(&mut bytes) {
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error),
            _ => Ok(u64::from_le_bytes(bytes)),
        }
    }

    fn failed(&self, source: io::Error) -> Error {
        Error::Lock { path: self.path.clone(), source }
    }
}

/// Returns whether some handle has the lease of a destination.
pub(super) fn is_taken(dir: &Path, destination: &str) -> bool {
    let file = File::open(path_of(dir, destination));
    file.is_ok_and(|it| matches!(it.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

fn path_of(dir: &Path, destination: &str) -> PathBuf {
    dir.join(format!("lease-{destination}"))
}

#[cfg(test)]
mod tests;
