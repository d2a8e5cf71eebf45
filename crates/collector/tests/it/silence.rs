//! Callers that connect and ask for nothing, over real sockets: they keep nobody else out.

use crate::server::{Server, TRACK, config, post, read};
use internal_events_collector::Limits;
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

const OK: &str = r#"{"event":"create_order"}"#;
const GET: &str = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";

/// Long enough that nobody leaves for want of time.
const NEVER: Duration = Duration::from_hours(1);

/// Limits by which only whoever makes room for others leaves.
fn seats(connections: usize) -> Limits {
    let silence = Duration::from_millis(50);
    // Nor for the time of a body.
    let body_time = NEVER;
    Limits {
        connections,
        body_time,
        silence,
        head_time: NEVER,
        first_head_time: NEVER,
        ..Limits::default()
    }
}

/// Connects, sends this much and no more.
fn connect(server: &Server, bytes: impl AsRef<[u8]>) -> TcpStream {
    let mut stream = server.connect();
    stream.set_read_timeout(Some(Duration::from_mins(1))).expect("a limit");
    stream.write_all(bytes.as_ref()).expect("the system takes it");
    stream
}

/// Expects that the server ends a connection without an answer.
#[track_caller]
fn assert_ended(mut stream: TcpStream) {
    match stream.read(&mut [0; 64]) {
        Ok(n) => assert_eq!(n, 0, "it ends without an answer"),
        // What was sent and not read makes the end a reset.
        Err(error) => assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}"),
    }
}

/// A request, as its head and its body.
fn head_and_body() -> (Vec<u8>, Vec<u8>) {
    let mut head = post(TRACK, OK);
    let body = head.split_off(head.len() - OK.len());
    (head, body)
}

/// How often a connection ended for another's sake, or for want of a request.
fn n_ended(server: &Server) -> u64 {
    let health = read(&connect(server, GET)).json();
    health["turned_away"]["no_request"].as_u64().unwrap_or_default()
}

#[test]
fn an_honest_caller_is_served_though_silent_ones_hold_every_place() {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let files = limits.lines().find_map(|it| it.strip_prefix("Max open files"));
    let files = files.and_then(|it| it.split_whitespace().next()?.parse::<usize>().ok());
    let connections = Limits::default().connections;
    if files.is_none_or(|it| it < 3 * connections + 500) {
        let _ = writeln!(std::io::stderr(), "SKIPPED: one process may not open enough files");
        return;
    }
    let server = Server::start_with(config(), seats(connections));
    let request = String::from_utf8(post(TRACK, OK)).expect("requests are UTF-8");
    let half = request.find("Content-Length").expect("a head");
    // Nothing, one byte, half a head; more of them than there are places.
    let parts = ["", &request[..1], &request[..half]];
    let silent: Vec<TcpStream> =
        (0..connections + 100).map(|n| connect(&server, parts[n % parts.len()])).collect();
    for _ in 0..3 {
        assert_eq!(read(&connect(&server, &request)).status, 200, "its turn comes");
    }
    assert_eq!(server.counts(), (3, 3));
    assert!(n_ended(&server) >= 100, "those who came first made room");
    drop(silent);
}

#[test]
fn those_who_never_asked_go_before_those_who_have() {
    let server = Server::start_with(config(), seats(4));
    let mut idle = connect(&server, GET);
    assert_eq!(read(&idle).status, 200);
    let silent = [connect(&server, ""), connect(&server, &GET[..20])];
    let (head, body) = head_and_body();
    let mut asking = connect(&server, head);
    // Each of these stays, so each needs the place of another: both of those who never asked.
    let later: Vec<TcpStream> = (0..2).map(|_| connect(&server, GET)).collect();
    for it in &later {
        assert_eq!(read(it).status, 200);
    }
    silent.into_iter().for_each(assert_ended);
    idle.write_all(GET.as_bytes()).expect("it is still there");
    assert_eq!(read(&idle).status, 200);
    // Now the one that waits longest is among those who have asked; who is asking stays.
    let newest: Vec<TcpStream> = (0..3).map(|_| connect(&server, GET)).collect();
    for it in &newest {
        assert_eq!(read(it).status, 200);
    }
    later.into_iter().for_each(assert_ended);
    assert_ended(idle);
    asking.write_all(&body).expect("it is still there");
    assert_eq!(read(&asking).status, 200);
    assert_eq!(server.counts(), (1, 1));
}

#[test]
fn those_whose_bodies_come_slowly_make_room_when_nobody_else_can() {
    let server = Server::start_with(config(), seats(3));
    let (head, body) = head_and_body();
    let mut first = connect(&server, &head);
    let second = connect(&server, &head);
    let idle = connect(&server, GET);
    assert_eq!(read(&idle).status, 200);
    // The first is not the oldest any more once its body has come.
    first.write_all(&body).expect("it is still there");
    assert_eq!(read(&first).status, 200);
    first.write_all(&head).expect("it is still there");
    let later: Vec<TcpStream> = (0..2)
        .map(|_| {
            let it = connect(&server, &head);
            std::thread::sleep(Duration::from_millis(200));
            it
        })
        .collect();
    assert_ended(idle);
    assert_ended(second);
    let mut newest = connect(&server, post(TRACK, OK));
    assert_eq!(read(&newest).status, 200, "its request is whole");
    assert_ended(first);
    newest.write_all(GET.as_bytes()).expect("it is still there");
    let health = read(&newest).json();
    assert_eq!(health["turned_away"]["slow_body"], 2, "{health}");
    assert_eq!(server.counts(), (2, 2), "nothing of what ended is counted");
    drop(later);
}

#[test]
fn a_normal_caller_is_served_beside_hundreds_who_send_byte_by_byte() {
    const SLOW: usize = 200;
    let server = Server::start_with(config(), seats(64));
    let (head, body) = head_and_body();
    let mut slow: Vec<TcpStream> = (0..SLOW).map(|_| connect(&server, &head)).collect();
    let mut waited = Vec::new();
    for byte in &body[..4] {
        // Those whose connection was ended connect anew, as who wants to be in the way does.
        for it in &mut slow {
            if it.write_all(&[*byte]).is_err() {
                *it = connect(&server, &head);
            }
        }
        let started = std::time::Instant::now();
        assert_eq!(read(&connect(&server, post(TRACK, OK))).status, 200, "its turn comes");
        waited.push(started.elapsed());
    }
    assert_eq!(server.counts(), (4, 4));
    let longest = waited.iter().max().expect("it waited");
    // Ahead of it are 200 who get 64 places for 50 ms each: some 150 ms on an idle machine.
    assert!(*longest < Duration::from_secs(30), "it waited {longest:?}");
    drop(slow);
}

#[test]
fn a_connection_has_to_ask_for_something_soon_and_may_then_be_idle() {
    let first_head_time = Duration::from_millis(200);
    let limits = Limits { first_head_time, head_time: NEVER, ..Limits::default() };
    let server = Server::start_with(config(), limits);
    let mut idle = connect(&server, GET);
    assert_eq!(read(&idle).status, 200);
    let (head, body) = head_and_body();
    let mut slow = connect(&server, head);
    for part in ["", "G", &GET[..20]] {
        assert_ended(connect(&server, part));
    }
    assert_eq!(n_ended(&server), 3);
    idle.write_all(GET.as_bytes()).expect("it is still there");
    assert_eq!(read(&idle).status, 200);
    slow.write_all(&body).expect("its body has a time of its own");
    assert_eq!(read(&slow).status, 200);
}
