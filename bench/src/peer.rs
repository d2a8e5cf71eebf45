//! The peer: a server as Node programs have it, installed as its lock file pins it.

use crate::process;
use anyhow::{Context as _, Result, ensure};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The script, and the package it uses.
const PEER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/peer");

/// Prepares a fastify server that parses what ours does and keeps nothing.
///
/// # Errors
///
/// When Node or npm is not there, or cannot install the package.
pub(crate) fn command() -> Result<Command> {
    let folder = install(Path::new(PEER), "peer")?;
    let mut node = Command::new("node");
    node.arg(Path::new(PEER).join("server.mjs")).current_dir(folder);
    Ok(node)
}

/// Installs what the lock file of `source` says into a folder of this name beside what cargo
/// builds, once; no package runs anything.
///
/// # Errors
///
/// When npm is not there, or cannot install a package.
pub(crate) fn install(source: &Path, name: &str) -> Result<PathBuf> {
    let program = process::ourselves()?;
    let target = program.ancestors().nth(2).context("this program is in no target folder")?;
    let folder = target.join(name);
    let read = |folder: &Path| fs::read(folder.join("package-lock.json")).ok();
    if read(&folder) == read(source) {
        return Ok(folder);
    }
    // What is left half done by an npm that was killed must not look whole.
    let unfinished = tempfile::tempdir_in(target)?;
    for file in ["package.json", "package-lock.json"] {
        fs::copy(source.join(file), unfinished.path().join(file))?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    let output = npm.current_dir(unfinished.path()).output().context("npm cannot be run")?;
    let complaint = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "npm cannot install the packages: {}", complaint.trim());
    let _ = fs::remove_dir_all(&folder);
    fs::rename(unfinished.keep(), &folder).context("the packages cannot be kept")?;
    Ok(folder)
}
