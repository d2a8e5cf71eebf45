//! Writes several files as one: all of them, or none.
//!
//! Every file is first written in full beside its place, under a name no definition has. Only
//! when all are on disk do they get their names, one by one, and never over a file we have not
//! been told to replace. Whatever fails undoes what came before it: new files and folders go
//! away, replaced files come back as they were, down to the inode.

use anyhow::Context as _;
use internal_events_definitions::generate::{Existing, PlannedFile};
use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use tempfile::{NamedTempFile, TempPath};

/// Why nothing was written.
#[derive(Debug)]
pub(super) enum Failure {
    /// A file has appeared where we wanted to create one.
    Exists(String),
    /// The user, or the system, wants the program to end.
    Interrupted,
    /// The file system refused.
    Io(anyhow::Error),
}

impl From<anyhow::Error> for Failure {
    fn from(err: anyhow::Error) -> Self {
        Self::Io(err)
    }
}

/// Writes all files, or none.
///
/// Looks between any two steps whether it is to stop.
pub(super) fn write(
    root: &Path,
    files: &[PlannedFile],
    policy: Existing,
    is_interrupted: &dyn Fn() -> bool,
) -> Result<(), Failure> {
    let go_on = || if is_interrupted() { Err(Failure::Interrupted) } else { Ok(()) };
    let mut change = Change::default();
    let mut staged = Vec::new();
    for file in files {
        go_on()?;
        let path = root.join(&file.path);
        let temporary = change
            .stage(&path, &file.text)
            .with_context(|| format!("cannot write {}", path.display()))?;
        staged.push((file, temporary));
    }
    for (file, temporary) in staged {
        go_on()?;
        let path = root.join(&file.path);
        change.name(temporary, &path, policy).map_err(|err| match err.kind() {
            io::ErrorKind::AlreadyExists => Failure::Exists(file.path.clone()),
            _ => {
                let context = format!("cannot write {}", path.display());
                Failure::Io(anyhow::Error::new(err).context(context))
            }
        })?;
    }
    go_on()?;
    change.keep();
    Ok(())
}

/// What has been done so far; undone when dropped, unless kept.
#[derive(Default)]
struct Change {
    folders: Vec<PathBuf>,
    named: Vec<Named>,
}

/// A file that has its name, and what had the name before.
struct Named {
    path: PathBuf,
    before: Option<TempPath>,
}

impl Change {
    /// Writes a file in full, under another name in the same folder.
    fn stage(&mut self, path: &Path, text: &str) -> io::Result<NamedTempFile> {
        let folder = path.parent().expect("invariant: a planned file is below the root");
        self.create_folders(folder)?;
        let mut temporary = unnamed(folder, |it| fs::File::create_new(it))?;
        temporary.write_all(text.as_bytes())?;
        temporary.as_file().sync_all()?;
        Ok(temporary)
    }

    fn create_folders(&mut self, folder: &Path) -> io::Result<()> {
        let missing: Vec<&Path> = folder.ancestors().take_while(|it| !is_there(it)).collect();
        for &it in missing.iter().rev().filter(|it| !it.as_os_str().is_empty()) {
            match fs::create_dir(it) {
                Ok(()) => self.folders.push(it.to_owned()),
                // Somebody else was faster; the folder is theirs.
                Err(err) if err.kind() == io::ErrorKind::AlreadyExists => {}
                Err(err) => return Err(err),
            }
        }
        Ok(())
    }

    /// Gives a staged file its name.
    fn name(&mut self, temporary: NamedTempFile, path: &Path, policy: Existing) -> io::Result<()> {
        if policy != Existing::Replace || !is_there(path) {
            temporary.persist_noclobber(path).map_err(|it| it.error)?;
            self.named.push(Named { path: path.to_owned(), before: None });
            return Ok(());
        }
        let folder = path.parent().expect("invariant: a planned file is below the root");
        // A second name keeps the old file as it is; where there are no links a copy has to do.
        let before = unnamed(folder, |it| {
            fs::hard_link(path, it).or_else(|_| fs::copy(path, it).map(|_| ()))
        })?;
        temporary.persist(path).map_err(|it| it.error)?;
        let before = Some(before.into_temp_path());
        self.named.push(Named { path: path.to_owned(), before });
        Ok(())
    }

    /// Makes the change final.
    fn keep(mut self) {
        self.folders.clear();
        self.named.clear();
    }
}

impl Drop for Change {
    fn drop(&mut self) {
        for Named { path, before } in self.named.drain(..).rev() {
            // There is nobody left to tell: the first failure is already on its way to the user.
            let _ = match before {
                Some(before) => before.persist(&path).map_err(|it| it.error),
                None => fs::remove_file(&path),
            };
        }
        for folder in self.folders.drain(..).rev() {
            let _ = fs::remove_dir(folder);
        }
    }
}

fn is_there(path: &Path) -> bool {
    path.symlink_metadata().is_ok()
}

/// Makes something under a free name that no reader of definitions looks at.
fn unnamed<R>(
    folder: &Path,
    make: impl FnMut(&Path) -> io::Result<R>,
) -> io::Result<NamedTempFile<R>> {
    tempfile::Builder::new().prefix(".generate-").suffix(".tmp").make_in(folder, make)
}

#[cfg(test)]
mod tests;
