//! A collector of somebody else's, to which the running program sends.

use serde_json::{Map, Value};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long a test waits for what takes milliseconds.
const PATIENCE: Duration = Duration::from_mins(1);

/// The rules that every body has to keep.
const RULES: &str = include_str!("../../../../../fixtures/snowplow/payload_data.json");

/// An event as it arrived.
pub(crate) type Arrived = Map<String, Value>;

/// Takes all that comes until the test ends.
pub(crate) struct SecondCollector {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    bodies: Mutex<Vec<String>>,
    has_come: Condvar,
}

impl SecondCollector {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let state = Arc::new(State::default());
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || shared.serve(stream));
            }
        });
        Self { address, state }
    }

    /// Its address as it is configured.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All bodies, as soon as there are so many events in them.
    pub(crate) fn bodies(&self, n_events: usize) -> Vec<String> {
        let bodies = self.state.bodies.lock().unwrap_or_else(PoisonError::into_inner);
        let too_few =
            |it: &mut Vec<String>| it.iter().map(|it| events(it).len()).sum::<usize>() < n_events;
        let waited = self.state.has_come.wait_timeout_while(bodies, PATIENCE, too_few);
        let (bodies, waited) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!waited.timed_out(), "{n_events} events have not come, but {bodies:?}");
        bodies.clone()
    }

    /// All events, as soon as there are so many.
    pub(crate) fn events(&self, n: usize) -> Vec<Arrived> {
        self.bodies(n).iter().flat_map(|it| events(it)).collect()
    }

    /// All events that have come by now.
    pub(crate) fn all(&self) -> Vec<Arrived> {
        self.events(0)
    }
}

impl State {
    /// Answers requests of one connection, and looks at each.
    fn serve(&self, stream: TcpStream) {
        let mut stream = BufReader::new(stream);
        while let Some(body) = read(&mut stream) {
            self.bodies.lock().unwrap_or_else(PoisonError::into_inner).push(body);
            self.has_come.notify_all();
            let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
            if stream.get_mut().write_all(answer).is_err() {
                return;
            }
        }
    }
}

/// Reads one request as a collector reads it; nothing when the caller is gone.
fn read(stream: &mut BufReader<TcpStream>) -> Option<String> {
    let (mut line, mut length, mut head) = (String::new(), 0, Vec::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let text = line.trim_end().to_ascii_lowercase();
        if let Some(it) = text.strip_prefix("content-length:") {
            length = it.trim().parse().ok()?;
        }
        if text.is_empty() {
            break;
        }
        head.push(text);
    }
    assert_eq!(head[0], "post /com.snowplowanalytics.snowplow/tp2 http/1.1");
    let content_type = "content-type: application/json; charset=utf-8".to_owned();
    assert!(head.contains(&content_type), "{head:?}");
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    String::from_utf8(body).ok()
}

/// The events of a body, which keeps the rules.
fn events(body: &str) -> Vec<Arrived> {
    let mut json: Value = serde_json::from_str(body).expect("a body is JSON");
    let rules = serde_json::from_str(RULES).expect("the rules are JSON");
    let rules = jsonschema::validator_for(&rules).expect("the rules are a schema");
    let errors: Vec<String> = rules.iter_errors(&json).map(|it| it.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?} in {body}");
    serde_json::from_value(json["data"].take()).expect("events are objects")
}
