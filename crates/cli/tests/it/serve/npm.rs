//! Official packages of npm, as their lock file pins them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

/// Scripts, and the packages they use.
const CLIENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/clients");

/// The path of a script that uses the packages.
pub(super) fn script(name: &str) -> PathBuf {
    Path::new(CLIENTS).join(name)
}

/// The folder that the packages are installed in, or a word on why this test does not run.
pub(super) fn packages(what: &str) -> Option<&'static Path> {
    static FOLDER: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    match FOLDER.get_or_init(|| install(Path::new(CLIENTS), "clients")) {
        Ok(folder) => Some(folder),
        Err(reason) => {
            skip(what, reason);
            None
        }
    }
}

/// Says that a test does not run; where all must run it fails.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub(super) fn skip(what: &str, reason: &str) {
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{what}: {reason}");
    eprintln!("SKIPPED: {what}: {reason}");
}

/// Installs what the lock file of `source` says into a folder of its own, once; no package runs
/// anything.
pub(super) fn install(source: &Path, name: &str) -> Result<PathBuf, String> {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let read = |folder: &Path| std::fs::read(folder.join("package-lock.json")).ok();
    if read(&folder) == read(source) {
        return Ok(folder);
    }
    // What is left half done by an npm that was killed must not look whole.
    let unfinished = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"));
    let unfinished = unfinished.map_err(|it| format!("no folder to install into: {it}"))?;
    for name in ["package.json", "package-lock.json"] {
        let copied = std::fs::copy(source.join(name), unfinished.path().join(name));
        copied.map_err(|it| it.to_string())?;
    }
    let mut npm = Command::new("npm");
    npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]);
    let output = npm.current_dir(unfinished.path()).output();
    let output = output.map_err(|it| format!("npm cannot be run: {it}"))?;
    if !output.status.success() {
        let complaint = String::from_utf8_lossy(&output.stderr);
        let first = complaint.lines().find(|it| !it.trim().is_empty()).unwrap_or_default();
        return Err(format!("npm cannot install the packages: {first}"));
    }
    let _ = std::fs::remove_dir_all(&folder);
    match std::fs::rename(unfinished.keep(), &folder) {
        Err(error) if !folder.is_dir() => Err(format!("they cannot be kept: {error}")),
        _ => Ok(folder),
    }
}
