//! Servers of our own for one test.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Once;
use std::{env, io};

use ::redis::{Client, Connection, FromRedisValue, cmd};
use internal_events_store::RedisOptions;
use tempfile::TempDir;

/// A running server. Dropping it stops it, also in a panic.
pub(crate) struct Server {
    child: Child,
    directory: TempDir,
    port: u16,
    arguments: Vec<String>,
}

impl Server {
    /// Starts a server that keeps nothing on disk.
    pub(crate) fn start() -> Option<Self> {
        Self::with(&["--save", "", "--appendonly", "no"])
    }

    /// Starts a server that has everything on disk before it answers.
    pub(crate) fn durable() -> Option<Self> {
        Self::with(&["--save", "", "--appendonly", "yes", "--appendfsync", "always"])
    }

    /// Starts a Sentinel that watches this server by the name of `counters`.
    pub(crate) fn sentinel(primary: &Self) -> Option<Self> {
        let lines = format!(
            "sentinel monitor counters 127.0.0.1 {} 1\n\
             sentinel down-after-milliseconds counters 300\n\
             sentinel failover-timeout counters 1000\n",
            primary.port
        );
        // A Sentinel writes down what it finds out.
        let prepare = |it: &Path| std::fs::write(it.join("sentinel.conf"), &lines).unwrap();
        Self::prepared(prepare, &["sentinel.conf", "--sentinel"])
    }

    /// Starts a server with these arguments.
    pub(crate) fn with(arguments: &[&str]) -> Option<Self> {
        Self::prepared(|_| {}, arguments)
    }

    /// Starts a server, or says loudly that the test is skipped because there is none.
    ///
    /// On a CI machine a missing server is a failure: a proof that never runs is none.
    fn prepared(prepare: impl Fn(&Path), arguments: &[&str]) -> Option<Self> {
        // A port found free may be taken before the server binds it; then the next is tried.
        for _ in 0..5 {
            let directory = tempfile::tempdir().unwrap();
            prepare(directory.path());
            let arguments: Vec<String> = arguments.iter().map(|&it| it.to_owned()).collect();
            let port = free_port();
            match start(directory.path(), port, &arguments) {
                Ok(Some(child)) => return Some(Self { child, directory, port, arguments }),
                Ok(None) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    assert!(env::var_os("CI").is_none(), "redis-server is not installed");
                    report_skip("redis-server is not installed, counters in Redis were not tried");
                    return None;
                }
                Err(error) => panic!("cannot start redis-server: {error}"),
            }
        }
        panic!("no redis-server started on any of five free ports");
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Says to our own client where the server is.
    pub(crate) fn options(&self) -> RedisOptions {
        RedisOptions::parse(&self.url()).unwrap()
    }

    /// Connects to one of the databases, for plain commands.
    pub(crate) fn connect(&self, database: u8) -> Plain {
        let client = Client::open(format!("{}/{database}", self.url())).unwrap();
        Plain(client.get_connection().unwrap())
    }

    /// Ends the server as a power cut would.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Stops the process, or lets it go on: `STOP`, `CONT`.
    pub(crate) fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &id]).status().unwrap().success());
    }

    /// Starts the server again, with what it has on disk.
    pub(crate) fn start_again(&mut self) {
        let child = start(self.directory.path(), self.port, &self.arguments).unwrap();
        self.child = child.expect("the port is still free");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing can be done about a failure here, and a second panic would hide the first.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A connection for commands as anybody would send them.
pub(crate) struct Plain(pub(crate) Connection);

impl Plain {
    /// Runs a command of words.
    pub(crate) fn run<T: FromRedisValue>(&mut self, words: &[&[u8]]) -> T {
        self.try_run(words).unwrap()
    }

    pub(crate) fn try_run<T: FromRedisValue>(
        &mut self,
        words: &[&[u8]],
    ) -> ::redis::RedisResult<T> {
        let mut command = cmd(&String::from_utf8_lossy(words[0]));
        for word in &words[1..] {
            command.arg(*word);
        }
        command.query(&mut self.0)
    }

    /// Runs a command of words without blanks.
    pub(crate) fn say<T: FromRedisValue>(&mut self, line: &str) -> T {
        let words: Vec<&[u8]> = line.split(' ').map(str::as_bytes).collect();
        self.run(&words)
    }
}

/// Starts a server and waits until it says that it is ready; `None` if it ended before.
fn start(directory: &Path, port: u16, arguments: &[String]) -> io::Result<Option<Child>> {
    // The tests run against a Valkey as well, or another version, if this names its program.
    let program = env::var_os("REDIS_SERVER").unwrap_or_else(|| "redis-server".into());
    let mut child = Command::new(program)
        // A file of settings comes first.
        .args(arguments)
        .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let output = BufReader::new(child.stdout.take().expect("the output is piped"));
    let mut lines = output.lines().map_while(Result::ok);
    let is_ready = lines.any(|line| {
        line.contains("Ready to accept connections") || line.contains("Sentinel ID is")
    });
    // The pipe must stay open and must not fill up.
    std::thread::spawn(move || lines.for_each(drop));
    if !is_ready {
        child.wait()?;
    }
    Ok(is_ready.then_some(child))
}

/// Writes past the harness, which shows what a test prints only if the test fails.
pub(crate) fn report_skip(reason: &str) {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| io::stderr().write_all(format!("SKIPPED: {reason}\n").as_bytes()).unwrap());
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}
