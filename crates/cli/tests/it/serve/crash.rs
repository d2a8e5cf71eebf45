//! What was answered survives `kill -9`, once.

use super::server::{Connection, Server, TOTAL, TRACK, USERS, order};
use crate::shop;
use internal_events::Scalar;
use internal_events::decode_event;
use internal_events::store::{Reader as _, Sqlite, SqliteReader, recount};
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{BuildHasher as _, RandomState};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::mpsc;
use std::time::{Duration, Instant};

/// Callers at a time.
const CONNECTIONS: u64 = 6;

/// Users among whom orders are spread; few enough that most come again.
const N_USERS: u64 = 3_000;

/// Every this many rounds the server lives long enough to write counters down.
const LONG_ROUND: u64 = 5;

#[test]
fn what_was_answered_is_in_the_journal_once_and_counted_once_after_kill_9() {
    let rounds: u64 =
        std::env::var("KILLS").map_or(50, |it| it.parse().expect("KILLS is a number"));
    let shop = shop();
    let random = RandomState::new();
    let mut answered = BTreeSet::new();
    for round in 0..rounds {
        let mut server = Server::start(shop.path());
        let pause = random.hash_one(round) % 200_000;
        let pause = if round % LONG_ROUND == 0 { 900_000 + 3 * pause } else { pause };
        let labels = kill_under_load(&mut server, round, Duration::from_micros(pause));
        let n = labels.len();
        answered.extend(labels);
        eprintln!("round {round}: killed after {pause} µs and {n} answers");
    }
    assert!(answered.len() as u64 > rounds * 10, "there was a load: {}", answered.len());

    let mut reader = Sqlite::reader(&shop.path().join(".internal-events"));
    let reader = reader.as_mut().expect("readable").as_mut().expect("there is a store");
    let (journal, users) = journal(reader);
    for label in &answered {
        let n = journal.get(label).copied().unwrap_or_default();
        assert_eq!(n, 1, "{label} was answered 200 and is in the journal {n} times");
    }
    assert!(journal.values().all(|n| *n == 1), "no event is in the journal twice");
    assert_counters_equal_a_recount(reader);
    assert_metrics_show(shop.path(), journal.len() as u64, users);
}

/// Lets callers call for a while, kills the server, and returns what it had answered.
fn kill_under_load(server: &mut Server, round: u64, pause: Duration) -> Vec<String> {
    let (sender, answered) = mpsc::channel();
    let address = server.address;
    let callers: Vec<_> = (0..CONNECTIONS)
        .map(|caller| {
            let sender = sender.clone();
            std::thread::spawn(move || call(address, &format!("{round}-{caller}"), &sender))
        })
        .collect();
    drop(sender);
    let mut labels = Vec::new();
    let end = Instant::now() + pause;
    while let Some(left) = end.checked_duration_since(Instant::now())
        && let Ok(label) = answered.recv_timeout(left)
    {
        labels.push(label);
    }
    server.kill();
    labels.extend(answered);
    for caller in callers {
        caller.join().expect("a caller only ends when the server does");
    }
    labels
}

/// Tracks events until the server is gone; reports each that was answered 200.
fn call(address: SocketAddr, name: &str, answered: &mpsc::Sender<String>) {
    let Ok(mut connection) = Connection::open(address) else { return };
    let random = RandomState::new();
    for n in 0_u64.. {
        let label = format!("{name}-{n}");
        let user = format!("u{}", random.hash_one(n) % N_USERS);
        let Ok(answer) = connection.post(TRACK, &order(&user, &label)) else { return };
        assert_eq!(answer.status, 200, "{}", answer.body);
        answered.send(label).expect("the test listens");
    }
}

/// How often each label is in the journal, and how many users are.
fn journal(reader: &mut SqliteReader) -> (BTreeMap<String, u32>, u64) {
    let entries = reader.entries(0, usize::MAX).expect("the journal is readable");
    let (mut labels, mut users) = (BTreeMap::new(), BTreeSet::new());
    for entry in entries {
        let event = decode_event(&entry.event).expect("the journal has events");
        users.insert(event.user.as_ref().expect("every event has a user").to_string());
        match event.property("label") {
            Some(Scalar::Str(label)) => *labels.entry(label.clone()).or_default() += 1,
            other => panic!("every event has a label, not {other:?}"),
        }
    }
    (labels, users.len() as u64)
}

fn assert_counters_equal_a_recount(reader: &mut SqliteReader) {
    let cursor = reader.status().expect("readable").cursors.values().copied().max();
    assert!(cursor.unwrap_or_default() > 0, "some counters were written down before a kill");
    let keys = reader.keys().expect("the keys are readable");
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    let kept = reader.counters(&keys).expect("the counters are readable");
    let counted = recount(reader).expect("the journal is readable");
    assert!(!kept.is_empty(), "there are counters");
    assert_eq!(kept, counted.counters, "the counters are those of a recount");
}

/// Starts the server once more, and compares what it answers with what the journal has.
fn assert_metrics_show(root: &Path, events: u64, users: u64) {
    let server = Server::start(root);
    assert_eq!(server.metric(TOTAL), events);
    let estimate = server.metric(USERS);
    // Four standard errors of 0.81 %: one run in 16,000 may fail for want of luck.
    let tolerance = users.div_ceil(31);
    assert!(estimate.abs_diff(users) <= tolerance, "{estimate} users, but {users} in the journal");
}
