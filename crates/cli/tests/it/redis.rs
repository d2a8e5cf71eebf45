//! A Redis of our own for one test.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server that keeps nothing on disk, until it is dropped.
pub(crate) struct Redis {
    child: Child,
    pub(crate) url: String,
    port: u16,
}

impl Drop for Redis {
    fn drop(&mut self) {
        // It may have ended by itself, which the test has noticed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Redis {
    /// Starts a server; none, loudly, where it is not installed.
    #[expect(clippy::print_stderr, reason = "a skipped test says so")]
    pub(crate) fn start() -> Option<Self> {
        if Command::new("redis-server").arg("--version").output().is_err() {
            assert!(std::env::var_os("CI").is_none(), "redis-server is not installed");
            eprintln!("SKIPPED: redis-server is not installed, counters in it were not tried");
            return None;
        }
        // A port found free may be taken before the server binds it; then the next is tried.
        let started = (0..5).find_map(|_| Self::start_at(free_port(), &["--save", ""]));
        assert!(started.is_some(), "no redis-server started on any of five free ports");
        started
    }

    /// Starts a server at a port; nothing if it ends at once.
    fn start_at(port: u16, arguments: &[&str]) -> Option<Self> {
        let mut command = Command::new("redis-server");
        command.args(["--bind", "127.0.0.1", "--port", &port.to_string()]).args(arguments);
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().ok()?;
        let output = child.stdout.take()?;
        let redis = Self { child, url: format!("redis://127.0.0.1:{port}"), port };
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        if !lines.any(|it| it.contains("Ready to accept")) {
            return None;
        }
        std::thread::spawn(move || lines.for_each(drop));
        Some(redis)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// Ends it as a crash would, and with it all it had.
    pub(crate) fn kill(&mut self) {
        self.child.kill().expect("it runs");
        self.child.wait().expect("it ends");
    }

    /// Starts it again where it was, with nothing.
    pub(crate) fn start_again(&mut self) {
        let again = (0..100).find_map(|_| {
            let started = Self::start_at(self.port, &["--save", ""]);
            if started.is_none() {
                std::thread::sleep(Duration::from_millis(50));
            }
            started
        });
        *self = again.expect("its port is free again");
    }

    /// Runs a command with the client that comes with the server.
    pub(crate) fn say(&self, command: &str) -> String {
        let mut client = Command::new("redis-cli");
        client.args(["-p", &self.port.to_string(), "--raw"]).args(command.split(' '));
        let output = client.output().expect("the client comes with the server");
        String::from_utf8(output.stdout).expect("it is text").trim().to_owned()
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("it has an address").port()
}
