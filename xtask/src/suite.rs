//! Runs all tests and remembers which of them did not really run.

use crate::project::Project;
use anyhow::{Context as _, Result, bail};
use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader, Read};
use std::process::{ExitStatus, Stdio};

/// A test that cannot run where it is prints this, followed by the reason, and returns.
const SKIP_MARK: &str = "SKIPPED:";

/// How a run of all tests ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    status: ExitStatus,
    /// Each reason given by a test that did not run, once.
    pub(crate) skipped: BTreeSet<String>,
}

impl Outcome {
    /// Turns failed tests into an error, after listing what was skipped.
    pub(crate) fn into_result(self) -> Result<()> {
        for reason in &self.skipped {
            println!("{SKIP_MARK} {reason}");
        }
        if !self.status.success() {
            bail!("tests failed");
        }
        Ok(())
    }
}

/// Runs every test of the workspace; end-to-end tests drive the release program.
pub(crate) fn run(project: &Project, environment: &[(&str, String)]) -> Result<Outcome> {
    let mut command = project.cargo();
    // Captured output of a passing test is never shown, so a reason for skipping would be lost.
    command.args(["test", "--workspace", "--locked", "--no-fail-fast", "--", "--nocapture"]);
    command.env("INTERNAL_EVENTS_BIN", project.program());
    command.envs(environment.iter().map(|(name, value)| (*name, value.as_str())));
    println!("$ {}", project.show(&command));
    let mut child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .context("could not start cargo test")?;
    let stdout = child.stdout.take().expect("invariant: stdout is piped");
    let stderr = child.stderr.take().expect("invariant: stderr is piped");
    let skipped = std::thread::scope(|scope| {
        let errors = scope.spawn(|| relay(stderr, |_| true));
        let mut skipped = relay(stdout, |line| !is_noise(line));
        skipped.extend(errors.join().expect("invariant: relaying a line does not panic"));
        skipped
    });
    let status = child.wait().context("could not wait for cargo test")?;
    Ok(Outcome { status, skipped })
}

/// Prints the lines worth reading and returns the reasons found among all of them.
fn relay(source: impl Read, is_shown: impl Fn(&str) -> bool) -> BTreeSet<String> {
    let mut skipped = BTreeSet::new();
    for line in BufReader::new(source).split(b'\n') {
        let Ok(bytes) = line else { break };
        let line = String::from_utf8_lossy(&bytes);
        if let Some((_, reason)) = line.split_once(SKIP_MARK) {
            skipped.insert(reason.trim().to_owned());
        } else if is_shown(&line) {
            println!("{line}");
        }
    }
    skipped
}

/// Whether a line only says that one test passed.
fn is_noise(line: &str) -> bool {
    line.trim().is_empty() || (line.starts_with("test ") && line.ends_with(" ... ok"))
}
