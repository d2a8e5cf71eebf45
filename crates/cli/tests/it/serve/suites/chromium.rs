//! A browser that several runs of a test suite use, one after the other and at the same time.

use crate::serve::server::signal;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread::JoinHandle;
use tempfile::TempDir;

/// As drivers of browsers start it for tests: without a window, a sandbox (which root has not)
/// and a network, and pages that nobody looks at are as fast as others.
const FLAGS: &[&str] = &[
    "--headless",
    "--no-sandbox",
    "--no-first-run",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-background-timer-throttling",
    "--disable-backgrounding-occluded-windows",
    "--disable-renderer-backgrounding",
    "--remote-debugging-port=0",
];

/// What it says once it can be driven.
const READY: &str = "DevTools listening on ";

/// A running Chromium; ends when dropped.
pub(super) struct Chromium {
    child: Child,
    log: Option<JoinHandle<()>>,
    /// Where it is driven from.
    pub(super) address: String,
    _profile: TempDir,
}

impl Drop for Chromium {
    fn drop(&mut self) {
        // Asked to end it takes its own processes along.
        signal("TERM", self.child.id());
        let _ = self.child.wait();
        if let Some(log) = self.log.take() {
            let _ = log.join();
        }
    }
}

impl Chromium {
    pub(super) fn start(program: &Path) -> Self {
        let profile = tempfile::tempdir().expect("a temporary directory");
        let mut command = Command::new(program);
        command.args(FLAGS).arg(format!("--user-data-dir={}", profile.path().display()));
        command.arg("about:blank").stdin(Stdio::null()).stdout(Stdio::null());
        let mut child = command.stderr(Stdio::piped()).spawn().expect("chromium starts");
        let mut log = BufReader::new(child.stderr.take().expect("its log is piped")).lines();
        let address = log
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.split_once(READY).map(|(_, address)| address.trim().to_owned()));
        let address = address.expect("it says from where it is driven");
        // It goes on to complain, and must never wait for a reader.
        let log = Some(std::thread::spawn(move || log.map_while(Result::ok).for_each(drop)));
        Self { child, log, address, _profile: profile }
    }
}
