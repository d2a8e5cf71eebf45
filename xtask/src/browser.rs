//! Checks and tests the browser package, whose built script the program carries.

use crate::project::Project;
use anyhow::{Context as _, Result};
use std::collections::BTreeSet;
use std::fs;
use std::process::{Command, Stdio};

/// Debian 12 has an older one.
const LEAST_NODE: u32 = 20;

/// Type-checks the package, proves that its committed script is current, bounds its sizes, and
/// runs its own tests. What it does in a real browser is among the tests of the program.
pub(crate) fn run(project: &Project, skipped: &mut BTreeSet<String>) -> Result<()> {
    if let Some(missing) = missing() {
        skipped.insert(format!("the browser package is neither checked nor tested: {missing}"));
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

/// What the package's tools want and this machine does not have.
fn missing() -> Option<String> {
    let version = |program: &str| {
        let output = Command::new(program).arg("--version").stdin(Stdio::null()).output().ok()?;
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let Some(node) = version("node") else { return Some("there is no node".to_owned()) };
    let major =
        node.trim_start_matches('v').split('.').next().and_then(|it| it.parse::<u32>().ok());
    if major.is_none_or(|it| it < LEAST_NODE) {
        return Some(format!("node is {node}, and its tools want {LEAST_NODE} at least"));
    }
    version("npm").is_none().then(|| "there is no npm".to_owned())
}
