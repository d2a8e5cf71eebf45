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

/// Three primaries that share the slots.
pub(crate) struct Cluster {
    nodes: Vec<Redis>,
    pub(crate) url: String,
    _directory: tempfile::TempDir,
}

impl Cluster {
    pub(crate) fn start() -> Option<Self> {
        // What can be skipped is, before more of them are started.
        drop(Redis::start()?);
        // Each node writes down whom it knows.
        let directory = tempfile::tempdir().ok()?;
        let dir = directory.path().to_string_lossy().into_owned();
        let node = || {
            let bus = free_port().to_string();
            let file = format!("nodes-{bus}.conf");
            let own = ["--dir", &dir, "--cluster-port", &bus, "--cluster-config-file", &file];
            let all = ["--save", "", "--cluster-enabled", "yes"];
            Redis::start_at(free_port(), &[&all[..], &own[..]].concat())
        };
        let nodes: Option<Vec<Redis>> = (0..3).map(|_| (0..5).find_map(|_| node())).collect();
        assert!(nodes.is_some(), "no node started on any of five free ports");
        let nodes = nodes?;
        let addresses: Vec<String> =
            nodes.iter().map(|it| format!("127.0.0.1:{}", it.port)).collect();
        let mut create = Command::new("redis-cli");
        create.args(["--cluster", "create"]).args(&addresses).arg("--cluster-yes");
        let created = create.output().ok()?;
        let output = String::from_utf8_lossy(&created.stdout).into_owned();
        assert!(created.status.success(), "{output}");
        let url = format!("redis+cluster://{}", addresses.join(","));
        let cluster = Self { nodes, url, _directory: directory };
        let is_whole = |it: &Redis| it.say("CLUSTER INFO").contains("cluster_state:ok");
        for _ in 0..200 {
            if cluster.nodes.iter().all(is_whole) {
                return Some(cluster);
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("the nodes do not come together");
    }

    /// Runs a command wherever its key is.
    pub(crate) fn say(&self, command: &str) -> String {
        let mut client = Command::new("redis-cli");
        client.args(["-c", "--raw", "-p", &self.nodes[0].port.to_string()]);
        let output = client.args(command.split(' ')).output().expect("the client is there");
        String::from_utf8(output.stdout).expect("it is text").trim().to_owned()
    }
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a free port");
    listener.local_addr().expect("it has an address").port()
}
