//! Which files are looked at.

use anyhow::{Context as _, bail};
use ignore::WalkBuilder;
use ignore::overrides::{Override, OverrideBuilder};
use internal_events_migrate::{Language, first_legacy_word, longest_legacy_word};
use std::collections::HashSet;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

/// Files that nobody wrote by hand are larger; the largest source file of a large application has
/// a few hundred kilobytes.
const MAX_BYTES: usize = 4 * 1024 * 1024;

/// What most files fit into.
const USUAL_BYTES: usize = 64 * 1024;

/// A file to look at.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) language: Language,
}

impl Candidate {
    /// Its path for people: from the root, where it is below. Few files are ever spoken of.
    pub(super) fn shown(&self, root: &Path) -> String {
        self.path.strip_prefix(root).unwrap_or(&self.path).display().to_string()
    }
}

/// The files, and whether they are all there are.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) candidates: Vec<Candidate>,
    pub(super) is_whole: bool,
}

/// Finds the files of all languages below the paths; what git ignores is not looked at.
pub(super) fn find(root: &Path, paths: &[PathBuf]) -> anyhow::Result<Files> {
    let paths: Vec<PathBuf> = paths.iter().map(|it| found_from(root, it)).collect();
    let is_pattern = |it: &&PathBuf| !it.exists() && is_glob(it);
    let patterns: Vec<&PathBuf> = paths.iter().filter(is_pattern).collect();
    let mut starts: Vec<&Path> =
        paths.iter().filter(|it| !is_pattern(it)).map(PathBuf::as_path).collect();
    if let Some(missing) = starts.iter().find(|it| !it.exists()) {
        bail!("there is no {}, neither here nor below {}", missing.display(), root.display());
    }
    let root_path = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let is_root = |it: &&Path| it.canonicalize().is_ok_and(|it| root_path.starts_with(it));
    let texts: Vec<String> = patterns.into_iter().map(|it| pattern(root, it)).collect();
    let (without, with): (Vec<String>, Vec<String>) =
        texts.iter().cloned().partition(|it| it.starts_with('!'));
    let mut candidates = Vec::new();
    let is_whole = paths.is_empty() || without.is_empty() && starts.iter().any(is_root);
    if with.is_empty() && starts.is_empty() {
        starts.push(root);
    }
    for start in starts {
        let mut walker = WalkBuilder::new(start);
        walker.overrides(chosen(root, &without)?);
        walk(&walker, &mut candidates)?;
    }
    if !with.is_empty() {
        let mut walker = WalkBuilder::new(root);
        walker.overrides(chosen(root, &texts)?);
        walk(&walker, &mut candidates)?;
        for text in &with {
            let only = chosen(root, std::slice::from_ref(text))?;
            if !candidates.iter().any(|it| only.matched(&it.path, false).is_whitelist()) {
                bail!(
                    "no file that is looked at matches `{text}`; patterns begin at the root, {}",
                    root.display()
                );
            }
        }
    }
    candidates.sort_unstable_by(|a, b| a.path.as_os_str().cmp(b.path.as_os_str()));
    if paths.len() > 1 {
        // One file may be below several paths, and be written in several ways.
        let mut seen = HashSet::new();
        candidates
            .retain(|it| seen.insert(it.path.canonicalize().unwrap_or_else(|_| it.path.clone())));
    }
    Ok(Files { candidates, is_whole })
}

/// A pattern from the root.
fn pattern(root: &Path, path: &Path) -> String {
    let relative = path.strip_prefix(root).unwrap_or(path).to_string_lossy();
    relative.strip_prefix("./").unwrap_or(&relative).to_owned()
}

/// What patterns choose.
fn chosen(root: &Path, patterns: &[String]) -> anyhow::Result<Override> {
    let mut builder = OverrideBuilder::new(root);
    for it in patterns {
        builder.add(it).with_context(|| format!("`{it}` is no pattern"))?;
    }
    builder.build().context("the patterns cannot be used together")
}

/// A path from where we are, or else from the root, as people write it who name a root.
fn found_from(root: &Path, path: &Path) -> PathBuf {
    let below = root.join(path);
    if !path.exists() && below.exists() { below } else { path.to_owned() }
}

fn is_glob(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '[', '{'])
}

fn walk(builder: &WalkBuilder, found: &mut Vec<Candidate>) -> anyhow::Result<()> {
    let mut builder = builder.clone();
    // Rules for git hold where there is no git as well: in a copy, or in an image.
    for entry in builder.require_git(false).build() {
        let entry = entry.context(
            "cannot look into a directory; name the paths to look at, or put it into .gitignore",
        )?;
        if let Some(language) = Language::of(entry.path())
            && entry.file_type().is_some_and(|it| it.is_file())
        {
            found.push(Candidate { path: entry.into_path(), language });
        }
    }
    Ok(())
}

/// Reads files one after the other into the same memory: most are thrown away at once.
#[derive(Debug, Default)]
pub(super) struct Reader {
    buffer: Vec<u8>,
}

impl Reader {
    /// Reads a file; none if it is too large.
    pub(super) fn read(&mut self, path: &Path) -> std::io::Result<Option<&[u8]>> {
        let mut file = File::open(path)?;
        let mut length = 0;
        loop {
            if length == self.buffer.len() {
                if length > MAX_BYTES {
                    return Ok(None);
                }
                self.buffer.resize((2 * length).clamp(USUAL_BYTES, MAX_BYTES + 1), 0);
            }
            match file.read(&mut self.buffer[length..]) {
                Ok(0) => return Ok(Some(&self.buffer[..length])),
                Ok(n) => length += n,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Where a file that is too large to be held has the first word of legacy tracking: line and
/// column in bytes, from 1.
pub(super) fn first_word_of_large(path: &Path) -> std::io::Result<Option<(usize, usize)>> {
    first_word(File::open(path)?, USUAL_BYTES)
}

fn first_word(
    mut from: impl std::io::Read,
    at_once: usize,
) -> std::io::Result<Option<(usize, usize)>> {
    let (mut line, mut column) = (1, 1);
    let mut part = Vec::new();
    loop {
        let n = from.by_ref().take(at_once as u64).read_to_end(&mut part)?;
        let word = first_legacy_word(&part);
        // A word may go on in the next part.
        let end = word.unwrap_or_else(|| part.len().saturating_sub(longest_legacy_word()));
        for byte in part.drain(..end) {
            (line, column) = if byte == b'\n' { (line + 1, 1) } else { (line, column + 1) };
        }
        if word.is_some() || n == 0 {
            return Ok(word.map(|_| (line, column)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::first_word;

    #[test]
    fn a_word_is_found_wherever_the_parts_of_a_file_end() {
        let text = b"# \xe9\n  # \xe9 Tracking.event\n# mockTracking\n";
        for at_once in 1..text.len() + 2 {
            let found = first_word(&text[..], at_once).expect("no failure");
            assert_eq!(found, Some((2, 7)), "{at_once}");
            assert_eq!(first_word(&text[..10], at_once).expect("no failure"), None, "{at_once}");
        }
    }
}
