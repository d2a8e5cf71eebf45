//! A collector on a socket of its own, and what is sent to it.

use internal_events::testing::{ManualClock, definitions};
use internal_events::{Catalog, Config, Strictness, Tracker};
use internal_events_collector::{Collector, Limits};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use tokio::sync::oneshot;

pub(crate) const TRACK: &str = "/api/v4/usage_data/track_event";
pub(crate) const BATCH: &str = "/api/v4/usage_data/track_events";
pub(crate) const METRICS: &str = "/api/v4/usage_data/metrics";

/// A collector that serves until it is dropped, on Wednesday 2026-11-18.
pub(crate) struct Server {
    pub(crate) tracker: Tracker,
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Starts a lenient one with the event `create_order`.
    pub(crate) fn start() -> Self {
        Self::start_with(config(), Limits::default())
    }

    pub(crate) fn start_strict() -> Self {
        Self::start_with(config().strictness(Strictness::Strict), Limits::default())
    }

    pub(crate) fn start_with(config: Config, limits: Limits) -> Self {
        Self::start_as(config, |tracker| Collector::new(tracker, limits))
    }

    pub(crate) fn start_as(config: Config, make: impl FnOnce(Tracker) -> Collector) -> Self {
        let tracker = Tracker::open(config).expect("a tracker opens");
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        listener.set_nonblocking(true).expect("a listener that does not block");
        let address = listener.local_addr().expect("an address");
        let collector = make(tracker.clone());
        let (stop, stopped) = oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                let stopped = async { drop(stopped.await) };
                collector.run(listener, stopped).await.expect("it serves");
            });
        });
        Self { tracker, address, stop: Some(stop), thread: Some(thread) }
    }

    /// Sends bytes as they are, and reads one answer.
    pub(crate) fn send(&self, request: impl AsRef<[u8]>) -> Answer {
        let mut stream = TcpStream::connect(self.address).expect("it takes connections");
        stream.write_all(request.as_ref()).expect("it reads");
        read(&stream)
    }

    /// Sends bytes and then nothing more, as a caller does who has died.
    pub(crate) fn send_and_leave(&self, request: &str) -> Answer {
        let mut stream = TcpStream::connect(self.address).expect("it takes connections");
        stream.write_all(request.as_bytes()).expect("it reads");
        stream.shutdown(Shutdown::Write).expect("half of a connection closes");
        read(&stream)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).expect("it takes connections")
    }

    pub(crate) fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.send(post(path, body))
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send(format!("GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }

    /// What `/healthz` says of the events of trackers.
    pub(crate) fn snowplow_health(&self) -> Value {
        self.get("/healthz").json()["snowplow"].clone()
    }

    /// How many events were received and how many accepted.
    pub(crate) fn counts(&self) -> (u64, u64) {
        let health = self.tracker.health();
        (health.received, health.accepted)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        if !std::thread::panicking() {
            ended.expect("it is dropped once").expect("the server does not panic");
        }
    }
}

pub(crate) fn config() -> Config {
    config_of(&["create_order"])
}

/// The configuration of an installation with these events.
pub(crate) fn config_of(events: &[&str]) -> Config {
    let clock = ManualClock::at(jiff::civil::date(2026, 11, 18));
    Config::new(Catalog::new(definitions(events))).clock(Arc::new(clock))
}

/// A request as it is written.
pub(crate) fn post(path: &str, body: impl AsRef<[u8]>) -> Vec<u8> {
    let body = body.as_ref();
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

/// One answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// Names in lower case, as they were sent.
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(it, _)| it == name).map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("answers are JSON: {self:?}"))
    }

    /// Expects a problem in its whole shape.
    #[track_caller]
    pub(crate) fn assert_problem(&self, status: u16, code: &str) -> &Self {
        let body = self.json();
        assert_eq!((self.status, body["code"].as_str()), (status, Some(code)), "{body}");
        assert_eq!(body["status"], status);
        assert_eq!(self.header("content-type"), Some("application/problem+json"));
        let page = body["type"].as_str().expect("a type");
        assert!(page.ends_with(&format!("/docs/http.md#{code}")), "{page}");
        for text in ["title", "detail"] {
            assert!(body[text].as_str().is_some_and(|it| !it.is_empty()), "{body}");
        }
        self
    }
}

/// Reads one answer.
pub(crate) fn read(mut stream: &TcpStream) -> Answer {
    let mut bytes = Vec::new();
    let mut chunk = [0; 4096];
    loop {
        if let Some(answer) = parse(&bytes) {
            return answer;
        }
        let n = stream.read(&mut chunk).expect("it answers");
        let text = String::from_utf8_lossy(&bytes);
        assert!(n > 0, "it hung up after {text:?}");
        bytes.extend_from_slice(&chunk[..n]);
    }
}

fn parse(bytes: &[u8]) -> Option<Answer> {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")?;
    let (head, body) = (&bytes[..end], &bytes[end + 4..]);
    let head = str::from_utf8(head).expect("heads are UTF-8");
    let mut lines = head.split("\r\n");
    let status = lines.next()?.split(' ').nth(1)?.parse().expect("a status");
    let pairs = lines.filter_map(|it| it.split_once(": "));
    let headers: Vec<_> = pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).collect();
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, it)| it.parse().expect("a length"));
    let answer = Answer { status, headers, body: String::from_utf8_lossy(body).into_owned() };
    (body.len() >= length).then_some(answer)
}
