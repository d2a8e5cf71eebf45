//! Runs all tests and remembers which of them did not really run, and why those failed that did.

use crate::project::Project;
use anyhow::{Context as _, Result, bail};
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read};
use std::process::{ExitStatus, Stdio};

/// A test that cannot run where it is prints this, followed by the reason, and returns.
const SKIP_MARK: &str = "SKIPPED:";

/// Lines of a panic that are repeated at the end; a log may be cut to its last lines.
const MAX_REASON: usize = 20;

/// How a run of all tests ended.
#[derive(Debug)]
pub(crate) struct Outcome {
    status: ExitStatus,
    /// Each reason given by a test that did not run, once.
    pub(crate) skipped: BTreeSet<String>,
    /// The tests that failed, each with its last panic.
    failed: BTreeMap<String, String>,
}

impl Outcome {
    /// Turns failed tests into an error that names them, after listing what was skipped.
    pub(crate) fn into_result(self) -> Result<()> {
        for reason in &self.skipped {
            println!("{SKIP_MARK} {reason}");
        }
        if self.status.success() {
            return Ok(());
        }
        let failed = self.failed.iter().map(|(test, panic)| format!("\n{test}: {panic}"));
        bail!("{}{}", self.status, failed.collect::<String>());
    }
}

/// What is tested here; examples in the documentation of the code are a run of their own.
const TARGETS: [&str; 4] = ["--lib", "--bins", "--tests", "--examples"];

/// Runs every test of the workspace; end-to-end tests drive the release program.
pub(crate) fn run(project: &Project, environment: &[(&str, String)]) -> Result<Outcome> {
    let mut command = project.cargo();
    // Captured output of a passing test is never shown, so a reason for skipping would be lost.
    command.args(["test", "--workspace", "--locked", "--no-fail-fast"]).args(TARGETS);
    command.args(["--", "--nocapture"]);
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
    let (heard, mut errors) = std::thread::scope(|scope| {
        let errors = scope.spawn(|| relay(stderr, |_| true));
        let heard = relay(stdout, |line| !is_noise(line));
        (heard, errors.join().expect("invariant: relaying a line does not panic"))
    });
    let status = child.wait().context("could not wait for cargo test")?;
    errors.skipped.extend(heard.skipped);
    let mut failed = BTreeMap::new();
    for test in heard.failed {
        let panic = errors.panics.remove(&test).unwrap_or_default();
        failed.insert(test, panic);
    }
    Ok(Outcome { status, skipped: errors.skipped, failed })
}

/// What the tests said in one of their streams.
#[derive(Default)]
struct Heard {
    skipped: BTreeSet<String>,
    failed: BTreeSet<String>,
    /// The last panic in a thread of this name, which is that of its test.
    panics: BTreeMap<String, String>,
}

/// Prints the lines worth reading and returns what was said among all of them.
fn relay(source: impl Read, is_shown: impl Fn(&str) -> bool) -> Heard {
    let mut heard = Heard::default();
    let mut panicking: Option<String> = None;
    for line in BufReader::new(source).split(b'\n') {
        let Ok(bytes) = line else { break };
        let line = String::from_utf8_lossy(&bytes);
        if let Some((_, reason)) = line.split_once(SKIP_MARK) {
            heard.skipped.insert(reason.trim().to_owned());
            continue;
        }
        if is_shown(&line) {
            println!("{line}");
        }
        heard.failed.extend(failed_test(&line).map(str::to_owned));
        if let Some((thread, place)) = panic(&line) {
            heard.panics.insert(thread.to_owned(), place.to_owned());
            panicking = Some(thread.to_owned());
        } else if let Some(thread) = panicking.take().filter(|_| !is_end_of_message(&line)) {
            let said = heard.panics.entry(thread.clone()).or_default();
            said.push('\n');
            said.push_str(&line);
            panicking = (said.lines().count() < MAX_REASON).then_some(thread);
        }
    }
    heard
}

/// The test that this line says has failed.
fn failed_test(line: &str) -> Option<&str> {
    line.strip_prefix("test ")?.strip_suffix(" ... FAILED")
}

/// The thread that panics, by the first line of its message, and where.
fn panic(line: &str) -> Option<(&str, &str)> {
    let (thread, rest) = line.strip_prefix("thread '")?.split_once('\'')?;
    Some((thread, rest.split_once("panicked at ")?.1))
}

/// Whether the message of a panic ended before this line.
fn is_end_of_message(line: &str) -> bool {
    line.is_empty()
        || line == "stack backtrace:"
        || line.starts_with("note: run with `RUST_BACKTRACE")
}

/// Whether a line only says that one test passed.
fn is_noise(line: &str) -> bool {
    line.trim().is_empty() || (line.starts_with("test ") && line.ends_with(" ... ok"))
}

#[cfg(test)]
mod tests {
    use super::relay;

    #[test]
    fn what_failed_is_heard_with_its_last_panic_and_nothing_of_its_stack() {
        let said = "\
thread 'a::b' (7) panicked at src/a.rs:1:2:
caught
stack backtrace:
   0: somewhere

thread 'a::b' (7) panicked at src/a.rs:3:4:
assertion `left == right` failed
  left: 1
 right: 2
stack backtrace:
   0: somewhere
test a::b ... FAILED
test a::c ... ok
SKIPPED: no browser
";
        let heard = relay(said.as_bytes(), |_| false);
        assert_eq!(heard.failed.iter().collect::<Vec<_>>(), ["a::b"]);
        let panic = "src/a.rs:3:4:\nassertion `left == right` failed\n  left: 1\n right: 2";
        assert_eq!(heard.panics["a::b"], panic);
        assert_eq!(heard.skipped.iter().collect::<Vec<_>>(), ["no browser"]);
    }

    #[test]
    fn a_long_panic_is_cut() {
        let said = format!("thread 'a' panicked at b:\n{}", "line\n".repeat(100));
        assert_eq!(
            relay(said.as_bytes(), |_| false).panics["a"].lines().count(),
            super::MAX_REASON
        );
    }
}
