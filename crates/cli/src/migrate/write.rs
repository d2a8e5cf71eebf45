//! Writes what changes: each file at once, or not at all.

use super::outcome::Whole;
use crate::interruption;
use anyhow::{Context as _, bail};
use std::io::Write as _;
use std::path::Path;
use std::sync::atomic::Ordering;

/// Writes all files: definitions and tables first, so that no call is without a definition.
///
/// If one was changed by somebody else since it was read, nothing is written. A wish to end is
/// heeded before the first file and after the last: half of them would be a state that nobody
/// wanted.
pub(super) fn write(root: &Path, whole: &Whole) -> anyhow::Result<()> {
    let is_told_to_end = interruption::noted()?;
    let mut n_done = 0;
    let written = unchanged_all(root, whole).and_then(|()| {
        if is_told_to_end.load(Ordering::Relaxed) {
            bail!("it was interrupted");
        }
        replace_all(root, whole, &mut n_done)
    });
    written.with_context(|| match n_done {
        0 => "nothing was written".to_owned(),
        1 => "one file was written, others were not; run this again once it is mended".to_owned(),
        n => format!("{n} files were written, others were not; run this again once it is mended"),
    })
}

fn unchanged_all(root: &Path, whole: &Whole) -> anyhow::Result<()> {
    for change in &whole.changes {
        unchanged(&root.join(&change.path), change.before.as_deref())?;
    }
    for (looked, _) in whole.changed_sources() {
        unchanged(&looked.path, Some(&looked.text))?;
    }
    Ok(())
}

fn replace_all(root: &Path, whole: &Whole, n_done: &mut usize) -> anyhow::Result<()> {
    for change in &whole.changes {
        let Some(after) = &change.after else { continue };
        replace(&root.join(&change.path), change.before.as_deref(), after)?;
        *n_done += 1;
    }
    for (looked, after) in whole.changed_sources() {
        replace(&looked.path, Some(&looked.text), &after)?;
        *n_done += 1;
    }
    for change in whole.changes.iter().filter(|it| it.after.is_none()) {
        let path = root.join(&change.path);
        std::fs::remove_file(&path).with_context(|| format!("cannot remove {}", path.display()))?;
        *n_done += 1;
    }
    Ok(())
}

/// Fails if a file is not what it was when it was read.
fn unchanged(path: &Path, before: Option<&str>) -> anyhow::Result<()> {
    let now = match std::fs::read(path) {
        Ok(it) => Some(it),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read {}", path.display()));
        }
    };
    if now.as_deref() != before.map(str::as_bytes) {
        bail!("{} was changed by somebody else meanwhile; run this again", path.display());
    }
    Ok(())
}

/// Replaces a file at once: readers see the old text or the new, never half of it.
fn replace(path: &Path, before: Option<&str>, after: &str) -> anyhow::Result<()> {
    let shown = path.display();
    let failed = || format!("cannot write {shown}");
    // Through a link, the file it leads to is replaced and not the link.
    let path = &path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).with_context(failed)?;
    let is_there = path.symlink_metadata().is_ok();
    unchanged(path, before)?;
    let mut file = tempfile::Builder::new()
        .prefix(".migrate-")
        .suffix(".tmp")
        .make_in(folder, |it| std::fs::File::create_new(it))
        .with_context(failed)?;
    file.write_all(after.as_bytes()).with_context(failed)?;
    if is_there {
        let rights = std::fs::metadata(path).with_context(failed)?.permissions();
        file.as_file().set_permissions(rights).with_context(failed)?;
    }
    file.as_file().sync_all().with_context(failed)?;
    file.persist(path).map_err(|it| it.error).with_context(failed)?;
    Ok(())
}
