//! Packages of Python, each installed once into a folder of its own.

use std::path::{Path, PathBuf};
use std::process::Command;

/// Installs a package of one version; the folder goes into `PYTHONPATH`.
pub(super) fn install(package: &str, version: &str) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{package}-{version}"));
    if folder.is_dir() {
        return Ok(folder);
    }
    // What is left half done by a pip that was killed must not look whole.
    let unfinished = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let unfinished = unfinished.map_err(|it| format!("no folder to install it into: {it}"))?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"]);
    pip.arg(unfinished.path()).arg(format!("{package}=={version}"));
    let output = pip.output().map_err(|it| format!("python3 cannot be run: {it}"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let last = complaint.lines().rfind(|it| !it.trim().is_empty()).unwrap_or_default();
        return Err(format!("pip cannot install {package}: {last}"));
    }
    match std::fs::rename(unfinished.keep(), &folder) {
        Err(error) if !folder.is_dir() => Err(format!("{package} cannot be kept: {error}")),
        _ => Ok(folder),
    }
}

/// The folder of a package, unless the test cannot run here, which it says.
///
/// # Panics
///
/// In CI, where every test has to run.
#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
pub(super) fn folder_or_skip(package: &str, version: &str) -> Option<PathBuf> {
    match install(package, version) {
        Ok(folder) => Some(folder),
        Err(reason) => {
            assert!(std::env::var("CI").as_deref() != Ok("true"), "{reason}");
            eprintln!("SKIPPED: {package}: {reason}");
            None
        }
    }
}
