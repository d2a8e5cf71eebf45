//! A Redis of our own for one test.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::process::{Child, Command, Stdio};

/// A server that keeps nothing on disk, until it is dropped.
pub(crate) struct Redis {
    child: Child,
    pub(crate) url: String,
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
        for _ in 0..5 {
            let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
            let port = listener.local_addr().expect("it has an address").port().to_string();
            drop(listener);
            let mut command = Command::new("redis-server");
            command.args(["--bind", "127.0.0.1", "--save", "", "--port", &port]);
            let Ok(mut child) = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn() else {
                assert!(std::env::var_os("CI").is_none(), "redis-server is not installed");
                eprintln!("SKIPPED: redis-server is not installed, copying to it was not tried");
                return None;
            };
            let output = child.stdout.take().expect("it is piped");
            let redis = Self { child, url: format!("redis://127.0.0.1:{port}") };
            let mut lines = BufReader::new(output).lines().map_while(Result::ok);
            if lines.any(|it| it.contains("Ready to accept")) {
                std::thread::spawn(move || lines.for_each(drop));
                return Some(redis);
            }
        }
        panic!("no redis-server started on any of five free ports");
    }
}
