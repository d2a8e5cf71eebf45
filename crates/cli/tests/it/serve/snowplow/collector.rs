//! A Snowplow collector that behaves as badly as it is told to.

use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpSocket;

/// Where trackers post.
const PATH: &str = "/com.snowplowanalytics.snowplow/tp2";

/// How long anything may take that waits for something to be over.
const PATIENCE: Duration = Duration::from_mins(2);

/// What becomes of one request.
#[derive(Clone, Debug)]
pub(super) enum Behaviour {
    /// Its events are kept, and it is answered 200.
    Take,
    /// The same, and the answer takes its time.
    TakeSlowly(Duration),
    /// Its events are kept, and nothing is ever answered.
    TakeInSilence,
    /// Its events are kept, and the answer breaks off after its first line.
    TakeAndBreakOff,
    /// The connection is reset before the body was read.
    Reset,
    /// It is answered with a status, and nothing is kept.
    Say(u16),
    /// The same, with a header.
    SayWith(u16, &'static str, String),
    /// It is answered 200 if its events are good, and else with a status.
    SayIfAny(u16, fn(&Value) -> bool),
}

/// What is known of a request before its body is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Head {
    /// How many came before it.
    pub(super) nth: usize,
    /// The length of its body.
    pub(super) bytes: usize,
}

/// A request that was read.
#[derive(Clone, Debug)]
pub(super) struct Seen {
    pub(super) events: usize,
    pub(super) bytes: usize,
    /// What was answered; nothing if nothing was.
    pub(super) status: Option<u16>,
}

type Script = dyn Fn(Head) -> Behaviour + Send + Sync;

/// What a collector has.
#[derive(Debug, Default)]
pub(super) struct Kept {
    /// Requests, in the order in which they came.
    pub(super) requests: Vec<Seen>,
    /// Events by their ids, each without the time of sending, and how often it came.
    pub(super) events: BTreeMap<String, (Value, usize)>,
    /// How many events were kept whose sender was not told so.
    pub(super) untold: usize,
    /// What no tracker may do.
    faults: Vec<String>,
    n_begun: usize,
    streams: Vec<TcpStream>,
}

impl Kept {
    /// How often an event came that was there already.
    pub(super) fn duplicates(&self) -> usize {
        self.events.values().map(|(_, n)| n - 1).sum()
    }

    /// The labels of the events, each with its id; no two ids have the same.
    pub(super) fn labels(&self) -> BTreeMap<String, String> {
        let mut labels = BTreeMap::new();
        for (id, (event, _)) in &self.events {
            let label = event["se_la"].as_str().expect("orders have labels").to_owned();
            let other = labels.insert(label, id.clone());
            assert_eq!(other, None, "two ids for one event: {event}");
        }
        labels
    }

    pub(super) fn assert_no_faults(&self) {
        assert!(self.faults.is_empty(), "{:#?}", self.faults);
    }

    fn keep(&mut self, events: Vec<Value>) {
        for mut event in events {
            let members = event.as_object_mut().expect("an event is an object");
            let has_sent_time = members.remove("stm").is_some();
            let id = event["eid"].as_str().unwrap_or_default().to_owned();
            if id.len() != 36 || !has_sent_time {
                self.faults.push(format!("an id and a time of sending are missing: {event}"));
            }
            let (before, n) = self.events.entry(id).or_insert_with(|| (event.clone(), 0));
            *n += 1;
            if *before != event {
                self.faults.push(format!("the same id for {before} and {event}"));
            }
        }
    }
}

struct Shared {
    script: Mutex<Arc<Script>>,
    kept: Mutex<Kept>,
    changed: Condvar,
    is_up: AtomicBool,
}

impl Shared {
    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A collector; what it keeps stays while it is down.
pub(super) struct Collector {
    address: SocketAddr,
    /// Bound and never listened on, so that nobody else gets the port while this is down.
    _reserved: TcpSocket,
    shared: Arc<Shared>,
    listening: Mutex<Option<JoinHandle<()>>>,
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.down();
    }
}

impl Collector {
    /// Starts one that does as the script says, request by request.
    pub(super) fn start(script: impl Fn(Head) -> Behaviour + Send + Sync + 'static) -> Self {
        let collector = Self::down_at_first(script);
        collector.up();
        collector
    }

    /// Makes one that does not listen yet.
    pub(super) fn down_at_first(
        script: impl Fn(Head) -> Behaviour + Send + Sync + 'static,
    ) -> Self {
        let reserved = reserve().expect("a free port");
        let address = reserved.local_addr().expect("it has an address");
        let shared = Shared {
            script: Mutex::new(Arc::new(script)),
            kept: Mutex::default(),
            changed: Condvar::new(),
            is_up: AtomicBool::new(false),
        };
        Self { address, _reserved: reserved, shared: Arc::new(shared), listening: Mutex::default() }
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// From now on it does something else.
    pub(super) fn now(&self, script: impl Fn(Head) -> Behaviour + Send + Sync + 'static) {
        *self.shared.script.lock().expect("nobody panics with it") = Arc::new(script);
    }

    /// The same, and requests are counted from the beginning.
    pub(super) fn start_over(&self, script: impl Fn(Head) -> Behaviour + Send + Sync + 'static) {
        self.now(script);
        let mut kept = self.kept();
        kept.requests.clear();
        kept.n_begun = 0;
    }

    pub(super) fn kept(&self) -> MutexGuard<'_, Kept> {
        self.shared.kept()
    }

    /// Waits until what it has is as wished.
    pub(super) fn wait_until(&self, what: &str, mut is_so: impl FnMut(&Kept) -> bool) {
        let waited = self.shared.changed.wait_timeout_while(self.kept(), PATIENCE, |it| !is_so(it));
        let (kept, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        let n = kept.requests.len();
        // Others shall not find it poisoned while this test unwinds.
        drop(kept);
        assert!(!timeout.timed_out(), "in vain: {what}; there were {n} requests");
    }

    /// Listens.
    pub(super) fn up(&self) {
        let mut listening = self.listening.lock().expect("nobody panics with it");
        if listening.is_some() {
            return;
        }
        let listener = TcpListener::bind(self.address).expect("the port is reserved");
        self.shared.is_up.store(true, Ordering::SeqCst);
        let shared = Arc::clone(&self.shared);
        *listening = Some(std::thread::spawn(move || listen(&listener, &shared)));
    }

    /// Closes all connections, and listens no more.
    pub(super) fn down(&self) {
        let mut listening = self.listening.lock().expect("nobody panics with it");
        let Some(thread) = listening.take() else { return };
        self.shared.is_up.store(false, Ordering::SeqCst);
        // Whoever waits for a connection gets one, and looks whether it is still to listen.
        let _ = TcpStream::connect(self.address);
        thread.join().expect("it does not panic");
        for stream in std::mem::take(&mut self.kept().streams) {
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

/// Takes a port that whoever says so may listen on.
fn reserve() -> std::io::Result<TcpSocket> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    Ok(socket)
}

fn listen(listener: &TcpListener, shared: &Arc<Shared>) {
    for stream in listener.incoming() {
        if !shared.is_up.load(Ordering::SeqCst) {
            return;
        }
        let Ok(stream) = stream else { continue };
        let clone = stream.try_clone().expect("it can be cloned");
        shared.kept().streams.push(clone);
        let shared = Arc::clone(shared);
        std::thread::spawn(move || {
            let mut stream = BufReader::new(stream);
            while serve_one(&mut stream, &shared).is_some() {}
            let _ = stream.get_ref().shutdown(Shutdown::Both);
        });
    }
}

/// Reads and answers a request; nothing if the connection is to be closed.
fn serve_one(stream: &mut BufReader<TcpStream>, shared: &Shared) -> Option<()> {
    let (line, bytes) = read_head(stream)?;
    let nth = {
        let mut kept = shared.kept();
        kept.n_begun += 1;
        if line != format!("POST {PATH} HTTP/1.1") {
            kept.faults.push(format!("asked for {line}"));
        }
        kept.n_begun - 1
    };
    let script = Arc::clone(&shared.script.lock().expect("nobody panics with it"));
    let behaviour = script(Head { nth, bytes });
    if matches!(behaviour, Behaviour::Reset) {
        // What is closed with bytes unread is reset.
        note(shared, 0, bytes, None, false);
        return None;
    }
    let mut body = vec![0; bytes];
    stream.read_exact(&mut body).ok()?;
    let Ok(mut body) = serde_json::from_slice::<Value>(&body) else {
        shared.kept().faults.push("a body that is no JSON".to_owned());
        return None;
    };
    let Value::Array(events) = body["data"].take() else {
        shared.kept().faults.push("a body without events".to_owned());
        return None;
    };
    behave(stream, shared, &behaviour, events, bytes)
}

fn behave(
    stream: &mut BufReader<TcpStream>,
    shared: &Shared,
    behaviour: &Behaviour,
    events: Vec<Value>,
    bytes: usize,
) -> Option<()> {
    let n = events.len();
    let (status, header) = match behaviour {
        Behaviour::Say(status) => (*status, String::new()),
        Behaviour::SayWith(status, name, value) => (*status, format!("{name}: {value}\r\n")),
        Behaviour::SayIfAny(status, is_bad) if events.iter().any(is_bad) => {
            (*status, String::new())
        }
        _ => (200, String::new()),
    };
    if status != 200 {
        note(shared, n, bytes, Some(status), false);
        return answer(stream, status, &header).ok();
    }
    shared.kept().keep(events);
    if let Behaviour::TakeSlowly(time) = behaviour {
        std::thread::sleep(*time);
    }
    if matches!(behaviour, Behaviour::TakeInSilence) {
        note(shared, n, bytes, None, true);
        // Until the other side has had enough of it.
        let _ = stream.read(&mut [0]);
        return None;
    }
    if matches!(behaviour, Behaviour::TakeAndBreakOff) {
        note(shared, n, bytes, None, true);
        let _ = stream.get_mut().write_all(b"HTTP/1.1 200 OK\r\n");
        return None;
    }
    let answered = answer(stream, 200, "").ok();
    note(shared, n, bytes, Some(200), answered.is_none());
    answered
}

fn note(shared: &Shared, events: usize, bytes: usize, status: Option<u16>, is_untold: bool) {
    let mut kept = shared.kept();
    kept.requests.push(Seen { events, bytes, status });
    kept.untold += if is_untold { events } else { 0 };
    drop(kept);
    shared.changed.notify_all();
}

fn answer(stream: &mut BufReader<TcpStream>, status: u16, header: &str) -> std::io::Result<()> {
    let body = format!("said {status}");
    let answer = format!(
        "HTTP/1.1 {status} as told\r\nContent-Length: {}\r\n{header}\r\n{body}",
        body.len()
    );
    stream.get_mut().write_all(answer.as_bytes())
}

/// Reads the head of a request: its first line, and the length of its body.
fn read_head(stream: &mut BufReader<TcpStream>) -> Option<(String, usize)> {
    let (mut first, mut bytes) = (None, 0);
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let line = line.trim_end();
        if let Some(it) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            bytes = it.trim().parse().ok()?;
        }
        if line.is_empty() {
            return first.map(|it| (it, bytes));
        }
        first.get_or_insert_with(|| line.to_owned());
    }
}
