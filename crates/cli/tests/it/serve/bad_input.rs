//! Whatever comes over the wire: a clear answer, nothing lost, nothing counted that should not
//! be, and the next caller served as if nothing had been.

mod bodies;
mod connections;
mod heads;
mod trackers;

use super::server::{Server, TOTAL, TRACK, order, post};
use crate::shop;
use internal_events::decode_event;
use internal_events::store::{Reader as _, Sqlite};
use serde_json::Value;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::{Shutdown, TcpStream};
use std::time::Duration;

const BATCH: &str = "/api/v4/usage_data/track_events";
const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

/// Long enough for any answer that comes, a slow body's included.
const PATIENCE: Duration = Duration::from_secs(30);

/// Something that is sent, and what comes of it.
struct Case {
    what: String,
    bytes: Vec<u8>,
    /// The sender says that it has no more to say.
    ends: bool,
    /// Status and code of the problem of each answer; the code of a success is what it says.
    answers: Vec<(u16, &'static str)>,
    /// The server ends the connection after its last answer.
    closes: bool,
    accepted: u64,
    quarantined: u64,
    bad: &'static str,
}

impl Case {
    fn new(what: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self {
            what: what.into(),
            bytes: bytes.into(),
            ends: false,
            answers: Vec::new(),
            closes: false,
            accepted: 0,
            quarantined: 0,
            bad: "",
        }
    }

    /// A body for one of the paths.
    fn body(what: impl Into<String>, path: &str, body: impl AsRef<[u8]>) -> Self {
        let head = post(path, "").replace("Content-Length: 0", "Content-Length: ");
        let head = head.trim_end();
        let body = body.as_ref();
        let head = format!("{head} {}\r\n\r\n", body.len());
        Self::new(what, [head.as_bytes(), body].concat())
    }

    /// A request without a body.
    fn get(what: impl Into<String>, target: &str) -> Self {
        Self::new(what, format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n"))
    }

    fn is(mut self, status: u16, code: &'static str) -> Self {
        self.answers.push((status, code));
        self
    }

    fn closes(self) -> Self {
        Self { closes: true, ..self }
    }

    fn ends(self) -> Self {
        Self { ends: true, ..self }
    }

    fn accepted(self, n: u64) -> Self {
        Self { accepted: n, ..self }
    }

    fn quarantined(self, n: u64) -> Self {
        Self { quarantined: n, ..self }
    }

    /// It is counted as bad and kept aside.
    fn bad(self, code: &'static str) -> Self {
        Self { bad: code, quarantined: 1, ..self }
    }
}

/// Sends each case to a running server and looks at everything that should, and should not, come
/// of it.
fn check(cases: Vec<Case>) {
    let shop = shop();
    let mut server = Server::start(shop.path());
    let (mut accepted, mut quarantined) = (0, 0);
    let mut wrong = Vec::new();
    for case in cases {
        let before = health(&server);
        let answers = exchange(&server, &case);
        let after = health(&server);
        let more = |name: &str| number(&after["events"][name]) - number(&before["events"][name]);
        let bad = |it: &Value| number(&it["snowplow"]["bad"][case.bad]);
        let n_bad = bad(&after) - bad(&before);
        let seen = (answers, more("accepted"), more("quarantined"), n_bad);
        let is_bad = u64::from(!case.bad.is_empty());
        let closed = (case.closes, case.answers.as_slice());
        let expected = (closed, case.accepted, case.quarantined, is_bad);
        let seen_answers: Vec<_> = seen.0.1.iter().map(|(a, b)| (*a, b.as_str())).collect();
        if ((seen.0.0, seen_answers.as_slice()), seen.1, seen.2, seen.3) != expected {
            wrong.push(format!("{}: {seen:?} instead of {expected:?}", case.what));
        }
        assert_eq!(more("received"), case.accepted + case.quarantined, "{}", case.what);
        // Others are served as if nothing had been.
        let good = server.connect().post(TRACK, &order("5", "good")).expect("it answers");
        assert_eq!(good.status, 200, "{}: {}", case.what, good.body);
        accepted += case.accepted + 1;
        quarantined += case.quarantined;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!(server.metric(TOTAL), accepted);
    let ends = health(&server);
    assert_eq!(ends["events"]["pending"], 0);
    assert_eq!(ends["events"]["refused"], serde_json::json!({}));
    server.terminate();
    assert_eq!(server.wait().code(), Some(0));
    let mut reader = Sqlite::reader(&shop.path().join(".internal-events"));
    let reader = reader.as_mut().expect("readable").as_mut().expect("there is a store");
    let entries = reader.entries(0, usize::MAX).expect("the journal is readable");
    assert_eq!(entries.len() as u64, accepted);
    assert!(entries.iter().all(|it| decode_event(&it.event).is_some()));
    let kept = reader.quarantined(usize::MAX).expect("the quarantine is readable");
    assert_eq!(kept.len() as u64, quarantined);
}

fn health(server: &Server) -> Value {
    server.connect().get("/healthz").expect("it answers").json()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or_default()
}

type Answers = (bool, Vec<(u16, String)>);

/// Sends what is to be sent, and reads as many answers as are expected.
fn exchange(server: &Server, case: &Case) -> Answers {
    let mut stream = TcpStream::connect(server.address).expect("it takes connections");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time is set");
    // It may have answered, and closed, before it has seen all; the answer is there all the same.
    let _ = stream.write_all(&case.bytes);
    if case.ends {
        let _ = stream.shutdown(Shutdown::Write);
    }
    let mut bytes = Vec::new();
    let mut answers = Vec::new();
    let mut is_open = true;
    while is_open && (answers.len() < case.answers.len() || case.closes) {
        let mut chunk = [0; 4096];
        match stream.read(&mut chunk) {
            Ok(n) => {
                is_open = n > 0;
                bytes.extend_from_slice(&chunk[..n]);
            }
            Err(error) if error.kind() == ErrorKind::ConnectionReset => is_open = false,
            Err(error) => panic!("{}: {error} after {answers:?}", case.what),
        }
        while let Some((answer, n)) = parse(&bytes) {
            answers.push(answer);
            bytes.drain(..n);
        }
    }
    assert!(is_open || bytes.is_empty(), "{}: half an answer: {bytes:?}", case.what);
    (!is_open, answers)
}

/// Takes one answer from the start of what has come.
fn parse(bytes: &[u8]) -> Option<((u16, String), usize)> {
    let end = bytes.windows(4).position(|it| it == b"\r\n\r\n")? + 4;
    let head = str::from_utf8(&bytes[..end]).expect("heads are UTF-8");
    let status: u16 = head.split(' ').nth(1)?.parse().expect("a status");
    if status == 100 {
        let (answer, n) = parse(&bytes[end..])?;
        return Some((answer, end + n));
    }
    let length = head.lines().find_map(|it| it.strip_prefix("content-length: "));
    let length: usize = length.map_or(0, |it| it.parse().expect("a length"));
    let body = bytes.get(end..end + length)?;
    Some(((status, said(status, body)), end + length))
}

/// What an answer says in one word: the code of a problem, or the status of an event.
fn said(status: u16, body: &[u8]) -> String {
    let json: Value = serde_json::from_slice(body).unwrap_or_default();
    if status >= 400 && !body.is_empty() {
        assert_eq!(json["status"], status, "{json}");
        assert!(json["detail"].as_str().is_some_and(|it| it.len() < 1_000), "{json}");
    }
    let word = json["code"].as_str().or(json["status"].as_str());
    word.unwrap_or_default().to_owned()
}
