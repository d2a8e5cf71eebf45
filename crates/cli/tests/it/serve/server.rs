//! A running server, and callers of it.

use crate::program;
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;
use std::time::Duration;

/// Tracks one event.
pub(crate) const TRACK: &str = "/api/v4/usage_data/track_event";

/// Reads all metrics, the running week included.
pub(crate) const METRICS: &str = "/api/v4/usage_data/metrics?include_current_week=true";

/// Metrics of the shop.
pub(crate) const TOTAL: &str = "counts.count_total_create_order";
pub(crate) const USERS: &str = "redis_hll_counters.count_distinct_user_id_from_create_order";

/// A running server; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: SocketAddr,
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Server {
    pub(crate) fn start(root: &Path) -> Self {
        Self::start_as(program(), root)
    }

    /// Starts a server whose log can be read when it has ended.
    pub(crate) fn start_logged(root: &Path) -> Self {
        Self::spawn(program(), root, Stdio::piped(), "127.0.0.1:0")
    }

    /// Starts one that logs as much as it is told to.
    pub(crate) fn start_logged_as(root: &Path, filter: &str) -> Self {
        let mut command = program();
        command.env("INTERNAL_EVENTS_LOG", filter);
        Self::spawn(command, root, Stdio::piped(), "127.0.0.1:0")
    }

    /// Starts `command serve`, and keeps what it logs.
    pub(crate) fn start_logged_from(command: Command, root: &Path) -> Self {
        Self::spawn(command, root, Stdio::piped(), "127.0.0.1:0")
    }

    /// Starts one that logs JSON.
    pub(crate) fn start_logging_json(root: &Path) -> Self {
        let mut command = program();
        command.env("INTERNAL_EVENTS_LOG_FORMAT", "json");
        Self::spawn(command, root, Stdio::piped(), "127.0.0.1:0")
    }

    /// Starts one that logs all it can.
    pub(crate) fn start_tracing(root: &Path, format: &str) -> Self {
        let mut command = program();
        command.env("INTERNAL_EVENTS_LOG", "trace").env("INTERNAL_EVENTS_LOG_FORMAT", format);
        Self::spawn(command, root, Stdio::piped(), "127.0.0.1:0")
    }

    /// Reads the log while it is written, so that no length of it keeps the server waiting.
    pub(crate) fn drain_log(&mut self) -> JoinHandle<String> {
        let mut piped = self.child.stderr.take().expect("the log is piped");
        std::thread::spawn(move || {
            let mut log = String::new();
            piped.read_to_string(&mut log).expect("it is UTF-8");
            log
        })
    }

    /// Starts one that listens elsewhere.
    pub(crate) fn start_at(root: &Path, listen: &str) -> Self {
        Self::spawn(program(), root, Stdio::null(), listen)
    }

    /// Starts `command serve`, and waits until it is ready.
    pub(crate) fn start_as(command: Command, root: &Path) -> Self {
        Self::spawn(command, root, Stdio::null(), "127.0.0.1:0")
    }

    /// Starts one that shows events.
    pub(crate) fn start_micro(root: &Path) -> Self {
        Self::start_micro_as(program(), root)
    }

    /// Starts `command serve` as one that shows events.
    pub(crate) fn start_micro_as(command: Command, root: &Path) -> Self {
        Self::spawn_with(command, root, Stdio::null(), &["--listen", "127.0.0.1:0", "--micro"])
    }

    /// Starts one with a page to try out how events are sent, whose log can be read.
    pub(crate) fn start_dev(root: &Path) -> Self {
        Self::spawn_with(program(), root, Stdio::piped(), &["--listen", "127.0.0.1:0", "--dev"])
    }

    /// Starts one with every page there is.
    pub(crate) fn start_whole(root: &Path) -> Self {
        let flags = ["--listen", "127.0.0.1:0", "--micro", "--dev"];
        Self::spawn_with(program(), root, Stdio::null(), &flags)
    }

    fn spawn(command: Command, root: &Path, log: Stdio, listen: &str) -> Self {
        Self::spawn_with(command, root, log, &["--listen", listen])
    }

    fn spawn_with(mut command: Command, root: &Path, log: Stdio, flags: &[&str]) -> Self {
        command.arg("--root").arg(root).arg("serve").args(flags);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(log);
        let mut child = command.spawn().expect("the server starts");
        let mut line = String::new();
        let out = child.stdout.as_mut().expect("its output is piped");
        BufReader::new(out).read_line(&mut line).expect("it prints a line");
        let address = line.trim_end().strip_prefix("listening on ");
        let address = address.and_then(|it| Some(it.split_once("://")?.1));
        let address = address.unwrap_or_else(|| panic!("it prints where it listens, not {line:?}"));
        Self { child, address: address.parse().expect("an address") }
    }

    /// Kills it as `kill -9` does.
    pub(crate) fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end.
    pub(crate) fn terminate(&self) {
        signal("TERM", self.child.id());
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().expect("it ends")
    }

    /// Reads the log to its end, which is that of the server.
    pub(crate) fn log(&mut self) -> String {
        let mut log = String::new();
        let piped = self.child.stderr.as_mut().expect("the log is piped");
        piped.read_to_string(&mut log).expect("it is UTF-8");
        log
    }

    /// Reads the log up to a line with this text, and gives that line.
    pub(crate) fn log_up_to(&mut self, text: &str) -> String {
        let piped = self.child.stderr.as_mut().expect("the log is piped");
        // Byte by byte, so that what follows is left to the next who reads.
        let mut line = Vec::new();
        for byte in BufReader::with_capacity(1, piped).bytes() {
            line.push(byte.expect("it is read"));
            if line.ends_with(b"\n") {
                let whole = String::from_utf8_lossy(&line).into_owned();
                if whole.contains(text) {
                    return whole;
                }
                line.clear();
            }
        }
        panic!("the log ends without `{text}`");
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address).expect("the server takes connections")
    }

    /// The value of a metric, as the server answers it.
    pub(crate) fn metric(&self, key_path: &str) -> u64 {
        let answer = self.connect().get(METRICS).expect("the server answers");
        assert_eq!(answer.status, 200, "{}", answer.body);
        value_of(&answer.json(), key_path)
    }
}

/// Sends a signal by name; the shell has a `kill` of its own wherever there is a shell.
pub(crate) fn signal(name: &str, process: u32) {
    let status = Command::new("sh").arg("-c").arg(format!("kill -{name} {process}")).status();
    assert!(status.expect("a shell").success());
}

/// The value of one metric in a report.
pub(crate) fn value_of(report: &Value, key_path: &str) -> u64 {
    let metrics = report["metrics"].as_array().expect("a report has metrics");
    let metric = metrics.iter().find(|it| it["key_path"] == key_path).expect("the metric exists");
    metric["value"].as_u64().unwrap_or_else(|| panic!("a count, not {metric}"))
}

/// One connection of a caller.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    /// After how many seconds to send again.
    pub(crate) retry_after: Option<u64>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("answers are JSON")
    }
}

impl Connection {
    pub(crate) fn open(address: SocketAddr) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        // Nothing takes as long; a test that waits for a stopped server fails instead.
        stream.set_read_timeout(Some(Duration::from_mins(1)))?;
        Ok(Self { stream: BufReader::new(stream) })
    }

    pub(crate) fn post(&mut self, path: &str, body: &str) -> std::io::Result<Answer> {
        self.send(&post(path, body))?;
        self.answer()
    }

    pub(crate) fn get(&mut self, path: &str) -> std::io::Result<Answer> {
        self.send(&format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))?;
        self.answer()
    }

    pub(crate) fn send(&mut self, text: &str) -> std::io::Result<()> {
        self.stream.get_mut().write_all(text.as_bytes())
    }

    pub(crate) fn answer(&mut self) -> std::io::Result<Answer> {
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|it| it.parse().ok());
        let status = status.ok_or(std::io::ErrorKind::UnexpectedEof)?;
        let (mut length, mut retry_after) = (0, None);
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            match line.trim_end().split_once(": ") {
                Some(("content-length", it)) => length = it.parse().map_err(no_answer)?,
                Some(("retry-after", it)) => retry_after = it.parse().ok(),
                Some(_) => {}
                None if line == "\r\n" => break,
                None => return Err(std::io::ErrorKind::UnexpectedEof.into()),
            }
        }
        let mut body = vec![0; length];
        self.stream.read_exact(&mut body)?;
        // Trackers that ask for an image get one, which is no text.
        let body = String::from_utf8_lossy(&body).into_owned();
        Ok(Answer { status, retry_after, body })
    }
}

fn no_answer(error: impl std::error::Error + Send + Sync + 'static) -> std::io::Error {
    std::io::Error::new(std::io::ErrorKind::InvalidData, error)
}

/// A request as it is written.
pub(crate) fn post(path: &str, body: &str) -> String {
    format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

/// An order of a user, with a label that tells it from all others.
pub(crate) fn order(user: &str, label: &str) -> String {
    format!(
        r#"{{"event":"create_order","user_id":"{user}","additional_properties":{{"label":"{label}"}}}}"#
    )
}
