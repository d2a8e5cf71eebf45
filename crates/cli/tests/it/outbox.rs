//! `internal-events outbox`: what a collector would not take, and what becomes of it.

use crate::operations::{parsed, run_at};
use crate::serve::server::{Server, TOTAL, TRACK};
use crate::{program, shop};
use serde_json::Value;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// A collector that refuses requests with a certain user in them, until it is mended.
struct Collector {
    address: SocketAddr,
    is_mended: Arc<AtomicBool>,
    taken: Arc<Mutex<Vec<Value>>>,
}

impl Collector {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
        let address = listener.local_addr().expect("it listens");
        let (is_mended, taken) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::default()));
        let collector = Self { address, is_mended: Arc::clone(&is_mended), taken };
        let taken = Arc::clone(&collector.taken);
        std::thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                let (is_mended, taken) = (Arc::clone(&is_mended), Arc::clone(&taken));
                std::thread::spawn(move || answer_all(connection, &is_mended, &taken));
            }
        });
        collector
    }

    fn actions(&self) -> Vec<String> {
        let taken = self.taken.lock().expect("no test panics with it");
        let action = |it: &Value| it["se_la"].as_str().unwrap_or("-").to_owned();
        taken.iter().map(action).collect()
    }
}

fn answer_all(connection: TcpStream, is_mended: &AtomicBool, taken: &Mutex<Vec<Value>>) {
    let mut reader = BufReader::new(connection);
    while let Some(body) = read_request(&mut reader) {
        let events = body["data"].as_array().cloned().unwrap_or_default();
        let has = |label: &str| events.iter().any(|it| it["se_la"] == label);
        let is_poisoned = has("poison");
        let answer = if has("crash") {
            "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n"
        } else if is_poisoned && !is_mended.load(Ordering::SeqCst) {
            "HTTP/1.1 400 Bad Request\r\ncontent-length: 14\r\n\r\nnot  this one!"
        } else {
            taken.lock().expect("no test panics with it").extend(events);
            "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"
        };
        if reader.get_mut().write_all(answer.as_bytes()).is_err() {
            return;
        }
    }
}

fn read_request(reader: &mut BufReader<TcpStream>) -> Option<Value> {
    let (mut length, mut line) = (0, String::new());
    loop {
        line.clear();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line == "\r\n" {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    serde_json::from_slice(&body).ok()
}

/// Waits until a look shows what is wanted.
fn until(what: &str, mut look: impl FnMut() -> bool) {
    let start = Instant::now();
    while !look() {
        assert!(start.elapsed() < Duration::from_mins(2), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn list(root: &Path) -> Vec<Value> {
    let list = parsed(&run_at(root, &["outbox", "list", "--format", "json"]));
    list["events"].as_array().expect("a list").clone()
}

fn track(server: &Server, label: &str) {
    let body = format!(
        r#"{{"event":"create_order","send_to_snowplow":true,"additional_properties":{{"label":"{label}"}}}}"#
    );
    let answer = server.connect().post(TRACK, &body).expect("it answers");
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// A collector with a bug answers 500 to one event for ever; the others must not wait for that.
#[test]
fn an_event_at_which_the_collector_fails_goes_to_the_outbox_in_the_end() {
    let (root, collector) = (shop(), Collector::start());
    let mut command = program();
    let address = format!("http://{}", collector.address);
    command.env("INTERNAL_EVENTS_SNOWPLOW_COLLECTOR", &address);
    let server = Server::start_as(command, root.path());
    track(&server, "crash");
    let mut n = 0;
    until("it is rejected", || {
        track(&server, "a");
        n += 1;
        !list(root.path()).is_empty()
    });
    let letters = list(root.path());
    assert_eq!(letters.len(), 1);
    let reason = letters[0]["reason"].as_str().expect("text");
    assert!(reason.contains("answered 500, again and again"), "{reason}");
    until("all others are taken", || collector.actions().len() == n);
}

#[test]
fn what_a_collector_refuses_waits_for_a_person_and_blocks_nothing() {
    let (root, collector) = (shop(), Collector::start());
    let root = root.path();
    assert_eq!(run_at(root, &["outbox", "list"]).code, Some(2), "there is no journal yet");
    let mut command = program();
    let address = format!("http://{}", collector.address);
    command.env("INTERNAL_EVENTS_SNOWPLOW_COLLECTOR", &address);
    let server = Server::start_as(command, root);
    for label in ["a", "poison", "b", "poison", "c"] {
        track(&server, label);
    }
    until("all others are taken", || collector.actions().len() == 3);
    until("the two are in the outbox", || list(root).len() == 2);
    let letters = list(root);
    assert_eq!(letters[0]["name"], "create_order");
    assert_eq!(letters[0]["destination"], "snowplow");
    let reason = letters[0]["reason"].as_str().expect("text");
    assert!(reason.contains("answered 400 (not this one!)"), "{reason}");
    let text = run_at(root, &["outbox", "list"]).out;
    assert!(text.contains("create_order") && text.contains("answered 400"), "{text}");
    assert_eq!(run_at(root, &["outbox", "list", "--all"]).out.lines().count(), 2);

    for (args, code) in [
        (&["outbox", "retry", "99"][..], 2),
        (&["outbox", "retry"], 2),
        (&["outbox", "drop", "1"], 2),
        (&["outbox", "drop", "99", "--yes"], 2),
        (&["outbox", "drop", "--event", "other", "--yes"], 0),
    ] {
        assert_eq!(run_at(root, args).code, Some(code), "{args:?}");
    }
    assert_eq!(list(root).len(), 2, "nothing has changed");

    collector.is_mended.store(true, Ordering::SeqCst);
    let first = letters[0]["number"].to_string();
    let run = run_at(root, &["outbox", "retry", &first]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), "1 on its way again\n"), "{}", run.err);
    until("it is taken", || collector.actions().len() == 4);
    let sent = collector.taken.lock().expect("no test panics with it")[3].clone();
    assert_eq!(sent["eid"], letters[0]["id"], "under the id it had");
    let run = run_at(root, &["outbox", "drop", "--all", "--yes"]);
    assert_eq!((run.code, run.out.as_str()), (Some(0), "1 thrown away\n"), "{}", run.err);
    assert_eq!(run_at(root, &["outbox", "list"]).out, "the outbox is empty\n");

    // What was tried again has counted once, and the ledger balances.
    let health = server.connect().get("/healthz").expect("it answers").json();
    let of = &health["events"]["destinations"]["snowplow"];
    let n = |name: &str| of[name].as_u64().expect("a number");
    assert_eq!((n("delivered"), n("pending")), (4, 0), "{of}");
    assert_eq!(of["dropped"]["rejected"], 2, "{of}");
    assert_eq!((&of["noted"]["retried"], &of["noted"]["outbox_by_hand"]), (&1.into(), &1.into()));
    assert_eq!(server.metric(TOTAL), 5);
    let verified = run_at(root, &["journal", "verify"]);
    assert_eq!(verified.code, Some(0), "{}{}", verified.out, verified.err);
}
