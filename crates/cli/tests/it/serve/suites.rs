//! The test suites of `examples/micro`, run as a user would run them, again and again.
//!
//! How often each is run is `RUNS`, 20 in CI and once elsewhere. One server takes them all, three
//! at a time, so that runs are kept apart only by what the suites themselves do for it. The first
//! run starts a browser of its own, as the suite does for a user; the others share one, for
//! starting it is half of their time, and they get a profile of their own for each visit.

mod chromium;

use super::browser_tracker::find;
use super::load::say;
use super::npm;
use super::pip;
use super::server::Server;
use crate::program;
use chromium::Chromium;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use tempfile::TempDir;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples");

/// Runs at the same time: one more than there are processors where this has to be quick, so that
/// none of them is idle while a page waits.
const LANES: u64 = 3;

/// How often a suite is run.
fn runs() -> u64 {
    let in_ci = std::env::var("CI").as_deref() == Ok("true");
    let default = if in_ci { 20 } else { 1 };
    std::env::var("RUNS").map_or(default, |it| it.parse().expect("RUNS is a number"))
}

#[test]
fn the_suite_of_the_page_and_the_program_passes_in_each_of_many_runs() {
    let what = "the suite for Node";
    let Some(chromium) = find("chromium") else {
        return npm::skip(what, "chromium is not installed");
    };
    let source = Path::new(EXAMPLES).join("micro/node");
    let packages = match npm::install(&source, "micro-node") {
        Ok(packages) => packages,
        Err(reason) => return npm::skip(what, &reason),
    };
    let shared = (runs() > 1).then(|| Chromium::start(&chromium));
    let suite = Suite::new(source, "  test('");
    let modules = suite.folder.path().join("node_modules");
    std::os::unix::fs::symlink(packages.join("node_modules"), modules).expect("a link");
    check(what, &suite, |run| {
        let mut node = Command::new("node");
        node.args(["--test", "--test-reporter=tap"]).env("CHROMIUM", &chromium);
        if let Some(shared) = shared.as_ref().filter(|_| run > 0) {
            node.env("BROWSER", &shared.address);
        }
        (node, format!("# pass {}\n# fail 0\n# cancelled 0\n# skipped 0\n", suite.n_tests))
    });
}

#[test]
fn the_suite_of_the_python_program_passes_in_each_of_many_runs() {
    let Some(library) = pip::folder_or_skip("snowplow-tracker", "1.1.0") else { return };
    let source = Path::new(EXAMPLES).join("micro/python");
    let required = std::fs::read_to_string(source.join("requirements.txt"));
    assert_eq!(required.expect("readable"), "snowplow-tracker==1.1.0\n", "what is installed here");
    let suite = Suite::new(source, "    def test_");
    check("the suite for Python", &suite, |_| {
        let mut python = Command::new("python3");
        python.args(["-B", "-m", "unittest"]).env("PYTHONPATH", &library);
        (python, format!("Ran {} tests in ", suite.n_tests))
    });
}

/// A suite in a folder of its own, where nobody has installed anything.
struct Suite {
    folder: TempDir,
    n_tests: usize,
}

impl Suite {
    /// Copies the files of a suite, and counts lines that begin a test.
    fn new(source: PathBuf, begin: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let mut n_tests = 0;
        for entry in std::fs::read_dir(source).expect("the suite is there") {
            let path = entry.expect("it is readable").path();
            if path.is_file() {
                let text = std::fs::read_to_string(&path).expect("it is a text");
                n_tests += text.lines().filter(|it| it.starts_with(begin)).count();
                let name = path.file_name().expect("a file has a name");
                std::fs::write(folder.path().join(name), text).expect("a file");
            }
        }
        assert!(n_tests > 10, "the tests are found: {n_tests}");
        Self { folder, n_tests }
    }
}

/// Runs a suite many times, and demands that all of its tests pass each time.
///
/// `command` gives the command of a run, and what it says if all passed.
fn check(what: &str, suite: &Suite, command: impl Fn(u64) -> (Command, String) + Sync) {
    let data = tempfile::tempdir().expect("a temporary directory");
    let mut serve = program();
    serve.env("INTERNAL_EVENTS_DATA", data.path());
    let server = Server::start_micro_as(serve, &Path::new(EXAMPLES).join("bookshop"));
    let address = format!("http://{}", server.address);
    let (next, failed, start) = (AtomicU64::new(0), Mutex::new(Vec::new()), Instant::now());
    let n_runs = runs();
    let run_all = || {
        loop {
            let run = next.fetch_add(1, Ordering::Relaxed);
            if run >= n_runs {
                return;
            }
            let (mut command, passed) = command(run);
            command.current_dir(suite.folder.path()).env("MICRO", &address);
            let output = command.stdin(Stdio::null()).output().expect("the suite starts");
            if let Err(said) = verdict(&output, &passed) {
                // At once: many runs take their time, and nobody should wait for the last.
                let said = format!("run {run} failed: {said}");
                say(&format!("{what}: {said}"));
                failed.lock().expect("nobody panics with it").push(said);
            }
        }
    };
    std::thread::scope(|scope| (0..LANES.min(n_runs)).for_each(|_| drop(scope.spawn(run_all))));
    let failed = failed.into_inner().expect("nobody panics with it");
    let (n_failed, n_tests, time) = (failed.len(), suite.n_tests, start.elapsed().as_secs());
    say(&format!("{what}: {n_runs} runs of {n_tests} tests in {time} s, {n_failed} failed"));
    assert!(
        failed.is_empty(),
        "{what}: {n_failed} of {n_runs} runs failed, the first:\n{}",
        failed[0]
    );
}

fn verdict(output: &Output, passed: &str) -> Result<(), String> {
    let said = [&output.stdout, &output.stderr].map(|it| String::from_utf8_lossy(it));
    let is_complete = said.iter().any(|it| it.contains(passed));
    if output.status.success() && is_complete {
        return Ok(());
    }
    let said = said.join("\n");
    // What came before the first test that failed is of no use to anybody.
    Err(said.find("not ok ").map_or(&*said, |begin| &said[begin..]).to_owned())
}
