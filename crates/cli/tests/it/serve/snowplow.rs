//! Servers that send events to a Snowplow collector too, while that and they fail in every way.
//!
//! At every look the ledger balances; at the end each accepted event has arrived at least once,
//! under one id, or is in the outbox with the status that put it there.

mod answers;
mod collector;
mod crash;
mod faults;
mod many;
mod refusals;

use super::server::{Connection, Server};
use crate::{program, shop, write};
use collector::Collector;
use internal_events::store::{Reader as _, Sqlite, StoredDeadLetter};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// How long anything may take that waits for something to be over.
const PATIENCE: Duration = Duration::from_mins(2);

/// Events of one request of ours, at most.
const BATCH: usize = 50;

/// Entries that a process may have sent without having noted it when it is killed.
const PAGE: usize = 1_000;

/// An installation whose events go to a collector.
fn shop_for(collector: &Collector, settings: &str) -> TempDir {
    let shop = shop();
    let url = collector.url();
    let settings = format!("[snowplow]\ncollector = \"{url}\"\n{settings}\n");
    write(shop.path(), "internal-events.toml", &settings);
    shop
}

fn serve(shop: &TempDir) -> Server {
    Server::start_as(program(), shop.path())
}

/// What a server says of the collector.
#[derive(Debug)]
struct Look {
    accepted: u64,
    delivered: u64,
    pending: u64,
    rejected: u64,
    skipped: u64,
    /// Since when the oldest waits.
    oldest_pending: Option<String>,
    last_error: Option<String>,
}

/// Looks how the collector is doing; the ledger balances whenever that is done.
fn look(server: &Server) -> Look {
    let health = server.connect().get("/healthz").expect("the server answers").json();
    let destinations = &health["events"]["destinations"];
    let n = |it: &Value| it.as_u64().unwrap_or_else(|| panic!("a number, in {health}"));
    let sum = |it: &Value| it.as_object().into_iter().flatten().map(|it| n(it.1)).sum::<u64>();
    let text = |it: &Value| it.as_str().map(str::to_owned);
    let (counters, there) = (&destinations["counters"], &destinations["snowplow"]);
    let look = Look {
        accepted: n(&counters["delivered"]) + n(&counters["pending"]),
        delivered: n(&there["delivered"]),
        pending: n(&there["pending"]),
        rejected: sum(&there["dropped"]),
        skipped: sum(&there["skipped"]),
        oldest_pending: text(&there["oldest_pending"]),
        last_error: text(&there["last_error"]),
    };
    let sum = look.delivered + look.pending + look.rejected + look.skipped;
    assert_eq!(sum, look.accepted, "{health}");
    assert_eq!(look.rejected, there["dropped"]["rejected"].as_u64().unwrap_or(0), "{health}");
    assert_eq!(look.pending > 0, look.oldest_pending.is_some(), "{health}");
    look
}

/// Waits until what the server says is as wished, and returns it; as long as something changes.
fn wait_until(server: &Server, what: &str, is_so: impl Fn(&Look) -> bool) -> Look {
    let (mut since, mut before) = (Instant::now(), u64::MAX);
    loop {
        let look = look(server);
        if is_so(&look) {
            return look;
        }
        if look.pending != before {
            (since, before) = (Instant::now(), look.pending);
        }
        assert!(since.elapsed() < PATIENCE, "in vain: {what}; {look:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn wait_for_delivery(server: &Server) -> Look {
    wait_until(server, "everything is delivered", |it| it.pending == 0)
}

/// Labels of orders.
fn labels(name: &str, n: usize) -> Vec<String> {
    (0..n).map(|it| format!("{name}-{it}")).collect()
}

/// Tracks an order with each of the labels; all are accepted.
fn track<S: AsRef<str>>(server: &Server, labels: &[S]) {
    let mut connection = server.connect();
    for labels in labels.chunks(BATCH) {
        post(&mut connection, labels);
    }
}

fn post<S: AsRef<str>>(connection: &mut Connection, labels: &[S]) {
    let order = |label: &S| {
        json!({
            "event": "create_order",
            "user_id": 1,
            "send_to_snowplow": true,
            "additional_properties": {"label": label.as_ref()},
        })
    };
    let body = json!({"events": labels.iter().map(order).collect::<Vec<_>>()}).to_string();
    let answer = connection.post("/api/v4/usage_data/track_events", &body).expect("an answer");
    assert_eq!(answer.status, 200, "{}", answer.body);
    let results = answer.json();
    let results = results["results"].as_array().expect("there are results");
    assert!(results.iter().all(|it| it["status"] == "accepted"), "{}", answer.body);
}

/// What the data directory keeps of what the collector would not take.
fn outbox(root: &Path) -> Vec<StoredDeadLetter> {
    let mut reader = Sqlite::reader(&root.join(".internal-events"));
    let reader = reader.as_mut().expect("readable").as_mut().expect("there is a store");
    reader.dead_letters(0, usize::MAX >> 1).expect("it is readable")
}

/// The labels of what is in the outbox; each has a reason that names the status.
fn rejected(root: &Path, status: u16) -> BTreeSet<String> {
    let label = |it: StoredDeadLetter| {
        assert_eq!(it.destination, "snowplow");
        let is_named = it.reason.contains(&format!("answered {status} (said {status})"));
        assert!(is_named, "{}", it.reason);
        let event = internal_events::decode_event(&it.event).expect("it is an event");
        let label = event.property("label").map(ToString::to_string);
        label.expect("orders have labels").trim_matches('"').to_owned()
    };
    outbox(root).into_iter().map(label).collect()
}

/// Holds what the collector has against what was accepted and not rejected.
fn assert_arrived<S: AsRef<str>>(collector: &Collector, labels: &[S], rejected: &BTreeSet<String>) {
    let kept = collector.kept();
    let there: BTreeSet<String> = kept.labels().into_keys().collect();
    kept.assert_no_faults();
    drop(kept);
    let accepted = labels.iter().map(|it| it.as_ref().to_owned());
    let expected: BTreeSet<String> = accepted.filter(|it| !rejected.contains(it)).collect();
    let missing: Vec<_> = expected.difference(&there).collect();
    assert!(missing.is_empty(), "{} never arrived: {missing:?}", missing.len());
    let strange: Vec<_> = there.difference(&expected).collect();
    assert!(strange.is_empty(), "nobody was told of these: {strange:?}");
}

/// Runs cases at the same time, for each of them mostly waits; all are run though one fails.
fn check_all<C: Sync>(cases: &[C], name: fn(&C) -> String, check: fn(&C)) {
    std::thread::scope(|scope| {
        let threads = cases.iter().map(|case| (name(case), scope.spawn(|| check(case))));
        let threads: Vec<_> = threads.collect();
        let failed =
            threads.into_iter().filter_map(|(name, it)| it.join().is_err().then_some(name));
        let failed: Vec<String> = failed.collect();
        assert!(failed.is_empty(), "these failed: {failed:?}");
    });
}

/// How often what is done at random is done: a tenth of the kills that are asked for.
fn rounds(usual: u64) -> u64 {
    let kills = std::env::var("KILLS").ok().map(|it| it.parse::<u64>().expect("it is a number"));
    kills.map_or(usual, |it| it.div_ceil(10).max(usual))
}
