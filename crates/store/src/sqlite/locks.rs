//! Who may write, and who writes counters down.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

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

/// The line in which writers wait before they ask SQLite.
///
/// SQLite's own waiting sleeps and tries again: with eight writers one of them committed 6 times
/// in 8 s while another did so 7,427 times. The operating system's lock wakes who waited.
#[derive(Debug)]
pub(super) struct Writers {
    path: PathBuf,
    file: File,
}

/// The head of the line; dropped, it lets the next writer go.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a File);

impl Writers {
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        let path = dir.join("writers");
        Ok(Self { file: create_file(&path)?, path })
    }

    pub(super) fn wait(&self) -> Result<Turn<'_>, Error> {
        loop {
            match self.file.lock() {
                Ok(()) => return Ok(Turn(&self.file)),
                // A signal of the host's, Ruby's for example, is no reason to lose the place.
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(source) => return Err(Error::Lock { path: self.path.clone(), source }),
            }
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // Unlocking fails only for a file that is not open; then nobody waits for it either.
        let _ = self.0.unlock();
    }
}

/// The right to write counters down; held until the handle is closed or its process ends.
#[derive(Debug)]
pub(super) struct Lease {
    path: PathBuf,
    file: File,
    is_held: bool,
}

impl Lease {
    pub(super) fn open(dir: &Path) -> Result<Self, Error> {
        let path = dir.join("lease");
        Ok(Self { file: create_file(&path)?, path, is_held: false })
    }

    /// Takes the lease if it is free, and returns whether this handle has it.
    pub(super) fn take(&mut self) -> Result<bool, Error> {
        if !self.is_held {
            self.is_held = match self.file.try_lock() {
                Ok(()) => true,
                Err(TryLockError::WouldBlock) => false,
                Err(TryLockError::Error(source)) => {
                    return Err(Error::Lock { path: self.path.clone(), source });
                }
            };
        }
        Ok(self.is_held)
    }
}
