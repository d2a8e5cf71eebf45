//! Whether everything is committed: what a program changes must be possible to undo.

use anyhow::bail;
use std::path::Path;
use std::process::Command;

const WAY_OUT: &str = "or pass `--allow-dirty`";

/// Refuses a tree with changes that are not committed, and one without git.
pub(super) fn refuse_dirty(root: &Path) -> anyhow::Result<()> {
    let status = Command::new("git")
        .arg("-C")
        .arg(root)
        .args(["status", "--porcelain"])
        .stdin(std::process::Stdio::null())
        .output();
    match status {
        Ok(it) if it.status.success() && it.stdout.is_empty() => Ok(()),
        Ok(it) if it.status.success() => {
            let lines = String::from_utf8_lossy(&it.stdout);
            let first: Vec<&str> =
                lines.lines().take(3).map(|it| it.get(3..).unwrap_or(it)).collect();
            bail!(
                "{} has changes that are not committed ({}); commit or stash them first, so that \
                 you can undo what is written here, {WAY_OUT}",
                root.display(),
                first.join(", ")
            )
        }
        _ => bail!(
            "{} is not kept in git, so what is written here could not be undone; put it into git, \
             {WAY_OUT}",
            root.display()
        ),
    }
}
