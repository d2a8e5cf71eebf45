//! Checks and tests the browser package, whose built script the program carries.

use crate::project::Project;
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

/// Type-checks the package, proves that its committed script is current, bounds its sizes, and
/// runs its own tests. What it does in a real browser is among the tests of the program.
pub(crate) fn run(project: &Project, skipped: &mut BTreeSet<String>) -> Result<()> {
    let npm = Command::new("npm").arg("--version").stdout(Stdio::null()).status();
    if !npm.is_ok_and(|it| it.success()) {
        skipped.insert("the browser package is neither checked nor tested: there is no npm".into());
        return Ok(());
    }
    let folder = project.root.join("packages/browser");
    let npm = |args: &[&str]| {
        let mut npm = project.command("npm");
        npm.current_dir(&folder).args(args);
        npm
    };
    // npm writes down what it installed; `npm ci` begins by throwing all of it away.
    let time = |name: &str| fs::metadata(folder.join(name)).and_then(|it| it.modified());
    let wanted = time("package-lock.json").context("the package has no lock file")?;
    if !time("node_modules/.package-lock.json").is_ok_and(|it| it >= wanted) {
        project.run(&mut npm(&["ci", "--no-audit", "--no-fund", "--loglevel=error"]))?;
    }
    project.run(&mut npm(&["run", "check"]))?;
    project.run(&mut npm(&["test"]))
}
