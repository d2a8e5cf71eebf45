//! Which files are looked at.

use anyhow::{Context as _, bail};
use ignore::WalkBuilder;
use ignore::overrides::OverrideBuilder;
use internal_events_migrate::Language;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// Files that nobody wrote by hand are larger; the largest source file of a large application has
/// a few hundred kilobytes.
pub(super) const MAX_BYTES: u64 = 4 * 1024 * 1024;

/// A file to look at.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    /// Its path for people: from the root, where it is below.
    pub(super) shown: String,
    pub(super) language: Language,
}

/// The files, and whether they are all there are.
#[derive(Debug)]
pub(super) struct Files {
    pub(super) candidates: Vec<Candidate>,
    pub(super) is_whole: bool,
}

/// Finds the files of all languages below the paths; what git ignores is not looked at.
pub(super) fn find(root: &Path, paths: &[PathBuf]) -> anyhow::Result<Files> {
    let is_pattern = |it: &&PathBuf| !it.exists() && is_glob(it);
    let patterns: Vec<&PathBuf> = paths.iter().filter(is_pattern).collect();
    let mut starts: Vec<&Path> =
        paths.iter().filter(|it| !is_pattern(it)).map(PathBuf::as_path).collect();
    if let Some(missing) = starts.iter().find(|it| !it.exists()) {
        bail!("there is no {}", missing.display());
    }
    let root_path = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let is_root = |it: &&Path| it.canonicalize().is_ok_and(|it| root_path.starts_with(it));
    let is_whole = paths.is_empty() || starts.iter().any(is_root);
    let mut found = Vec::new();
    if paths.is_empty() {
        starts.push(root);
    }
    for start in starts {
        walk(&WalkBuilder::new(start), &mut found)?;
    }
    if !patterns.is_empty() {
        let mut builder = OverrideBuilder::new(root);
        for pattern in patterns {
            let relative = pattern.strip_prefix(root).unwrap_or(pattern);
            let text = relative.to_string_lossy();
            let text = text.strip_prefix("./").unwrap_or(&text);
            builder.add(text).with_context(|| format!("`{text}` is no pattern"))?;
        }
        let mut walker = WalkBuilder::new(root);
        walker.overrides(builder.build().context("the patterns cannot be used together")?);
        walk(&walker, &mut found)?;
    }
    let mut candidates: Vec<Candidate> = found
        .into_iter()
        .filter_map(|path| {
            let language = Language::of(&path)?;
            let shown = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            Some(Candidate { path, shown, language })
        })
        .collect();
    candidates.sort_by(|a, b| a.shown.cmp(&b.shown));
    if paths.len() > 1 {
        // One file may be below several paths, and be written in several ways.
        let mut seen = HashSet::new();
        candidates
            .retain(|it| seen.insert(it.path.canonicalize().unwrap_or_else(|_| it.path.clone())));
    }
    Ok(Files { candidates, is_whole })
}

fn is_glob(path: &Path) -> bool {
    path.to_string_lossy().contains(['*', '?', '[', '{'])
}

fn walk(builder: &WalkBuilder, found: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let mut builder = builder.clone();
    // Rules for git hold where there is no git as well: in a copy, or in an image.
    for entry in builder.require_git(false).build() {
        let entry = entry.context("cannot look into a directory")?;
        if entry.file_type().is_some_and(|it| it.is_file()) {
            found.push(entry.into_path());
        }
    }
    Ok(())
}
