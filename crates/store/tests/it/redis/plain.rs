//! What we leave in Redis is what GitLab's own commands would have left.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use internal_events_store::{StoredChange, StoredEntry};

use super::driver::Driver;
use super::journal::{counted, random};
use super::server::{Plain, Server};

/// Sends what GitLab would, one command after the other.
pub(crate) fn send_plainly(plain: &mut Plain, entries: &[StoredEntry]) {
    for update in entries.iter().flat_map(|it| &it.updates) {
        let key = update.key.as_bytes();
        let is_weekly = update.key.contains("-2026-");
        let slides = matches!(update.change, StoredChange::Observe(_));
        match &update.change {
            StoredChange::Add(amount) => {
                plain.run::<()>(&[b"INCRBY", key, amount.to_string().as_bytes()]);
            }
            StoredChange::Sum(amount) => {
                plain.run::<()>(&[b"INCRBYFLOAT", key, amount.to_string().as_bytes()]);
            }
            StoredChange::Count(value) => plain.run::<()>(&[b"HINCRBY", key, value, b"1"]),
            StoredChange::Observe(element) => plain.run::<()>(&[b"PFADD", key, element]),
        }
        if is_weekly && (slides || plain.run::<i64>(&[b"TTL", key]) <= 0) {
            plain.run::<()>(&[b"EXPIRE", key, b"3628800"]);
        }
    }
}

/// What is under each key: type, bytes or fields, and time to live.
#[derive(Debug, PartialEq)]
enum Content {
    /// A string with the bytes that are no cached count.
    Sketch(Vec<u8>),
    Number(String),
    Fields(BTreeMap<String, String>),
}

fn contents(plain: &mut Plain) -> BTreeMap<String, (Content, i64)> {
    let keys: Vec<String> = plain.say("KEYS *");
    let keys = keys.into_iter().filter(|it| !it.starts_with("internal-events:"));
    keys.map(|key| {
        let ttl: i64 = plain.run(&[b"TTL", key.as_bytes()]);
        let kind: String = plain.run(&[b"TYPE", key.as_bytes()]);
        let content = match &*kind {
            "hash" => Content::Fields(plain.run(&[b"HGETALL", key.as_bytes()])),
            "string" => {
                let bytes: Vec<u8> = plain.run(&[b"GET", key.as_bytes()]);
                match bytes.strip_prefix(b"HYLL") {
                    Some(rest) => Content::Sketch([&rest[..4], &rest[12..]].concat()),
                    None => Content::Number(String::from_utf8(bytes).unwrap()),
                }
            }
            other => panic!("{key} is a {other}"),
        };
        (key, (content, ttl))
    })
    .collect()
}

/// Lifetimes are the same but for the time the test takes.
fn assert_alike(ours: &mut Plain, theirs: &mut Plain) {
    let (ours, theirs) = (contents(ours), contents(theirs));
    assert!(!theirs.is_empty());
    assert!(ours.keys().eq(theirs.keys()), "{:?} {:?}", ours.keys(), theirs.keys());
    for ((key, (ours, our_ttl)), (their, their_ttl)) in ours.iter().zip(theirs.values()) {
        match (ours, their) {
            (Content::Number(a), Content::Number(b)) if key.contains("sum(value)") => {
                let (a, b): (f64, f64) = (a.parse().unwrap(), b.parse().unwrap());
                assert!((a - b).abs() < 1e-9, "{key}: {a} {b}");
            }
            _ => assert_eq!(ours, their, "{key}"),
        }
        assert!(our_ttl.abs_diff(*their_ttl) < 300, "{key}: {our_ttl} {their_ttl}");
    }
}

#[test]
fn keys_values_and_lifetimes_are_those_of_plain_commands() {
    let Some(server) = Server::start() else { return };
    let (mut ours, mut theirs) = (server.connect(0), server.connect(1));
    for seed in 1..=8 {
        ours.say::<()>("FLUSHALL");
        let journal = random(seed, 300);
        let mut driver = Driver::new(&server.url());
        driver.page = usize::try_from(seed * seed).unwrap();
        driver.drive(&journal[..150]);
        send_plainly(&mut theirs, &journal[..150]);
        assert_alike(&mut ours, &mut theirs);
        // Later writes renew what slides and leave the rest: both have less time to live now.
        for plain in [&mut ours, &mut theirs] {
            let keys: Vec<String> = plain.say("KEYS *-2026-*");
            for key in keys.iter().filter(|it| !it.contains("-user-")) {
                plain.run::<()>(&[b"EXPIRE", key.as_bytes(), b"100000"]);
            }
        }
        driver.drive(&journal);
        send_plainly(&mut theirs, &journal[150..]);
        assert_alike(&mut ours, &mut theirs);
        assert_eq!((driver.errors.len(), driver.failed.len()), (0, 0));
    }
}

#[test]
fn no_key_is_touched_but_those_of_the_entries_and_ours() {
    let Some(server) = Server::start() else { return };
    let journal = random(9, 200);
    let monitor = Monitor::start(&server);
    let mut options = server.options();
    options.reseed_interval = Duration::from_secs(10);
    let mut driver = Driver::with(options);
    driver.drive(&journal);
    let expected = counted(&journal);
    let mut n_keys = 0;
    for line in monitor.stop(&server) {
        let words: Vec<&str> = line.split('"').skip(1).step_by(2).collect();
        let [verb, key, ..] = words[..] else { panic!("{line}") };
        if line.contains(" lua] ") {
            n_keys += 1;
            let is_ours = key.starts_with("internal-events:{");
            assert!(is_ours || expected.contains_key(key), "{line}");
        } else {
            assert!(matches!(verb, "HMGET" | "EVALSHA" | "EVAL"), "{line}");
        }
    }
    assert!(n_keys > 1_000, "{n_keys}");
    // What is there for a moment only has been there.
    let mut plain = server.connect(0);
    let ours: Vec<String> = plain.say("KEYS internal-events:*");
    assert!(ours.iter().all(|it| it.ends_with("}:applied")), "{ours:?}");
    assert!(plain.say::<String>("INFO commandstats").contains("cmdstat_pfmerge"));
}

/// What a server says it is told.
struct Monitor(BufReader<TcpStream>);

impl Monitor {
    fn start(server: &Server) -> Self {
        let mut stream = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        stream.write_all(b"MONITOR\r\n").unwrap();
        let mut lines = BufReader::new(stream);
        lines.read_line(&mut String::new()).unwrap();
        Self(lines)
    }

    fn stop(self, server: &Server) -> Vec<String> {
        let mut other = TcpStream::connect(("127.0.0.1", server.port())).unwrap();
        other.write_all(b"ECHO enough\r\n").unwrap();
        let lines = self.0.lines().map_while(Result::ok);
        lines.take_while(|it| !it.ends_with("\"ECHO\" \"enough\"")).collect()
    }
}
