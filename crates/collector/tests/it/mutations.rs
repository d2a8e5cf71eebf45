//! Requests of official clients and of our own pages, broken in 100,000 ways: each is answered,
//! none with a fault of ours, and the ledger balances after all of them.
//!
//! No socket is between the requests and the collector, so that their number is no question of
//! time. `MUTATIONS` says another number, `SEED` another beginning.

mod json;

use crate::server::{BATCH, TRACK, config};
use crate::snowplow::mutations::mutate;
use crate::snowplow::{Random, corpus};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use internal_events::Tracker;
use internal_events_collector::{Collector, Limits};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

/// A request that would be answered well.
#[derive(Clone, Debug)]
struct Sent {
    path: String,
    query: String,
    content_type: Option<Vec<u8>>,
    body: Vec<u8>,
}

#[test]
fn a_broken_request_is_answered_and_accounted_for() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |it| it.parse().expect("it is a number"))
    };
    let (n_cases, seed) = (number("MUTATIONS", 100_000), number("SEED", 0x5eed_2026));
    eprintln!("{n_cases} requests from SEED={seed}");
    let bases = bases();
    let tracker = Tracker::open(config()).expect("a tracker opens");
    let collector = Collector::new(tracker.clone(), Limits::default());
    let mut random = Random(seed.max(1));
    let mut tally = Tally::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let mut left = n_cases;
        while left > 0 {
            // Many at a time, as many callers would: the journal takes them in groups.
            let n = left.min(64);
            left -= n;
            let sent: Vec<Sent> = (0..n).map(|_| broken(&bases, &mut random)).collect();
            let answers = sent.iter().map(|it| answer(&collector, it));
            let answers = futures(answers).await;
            for (sent, (status, body)) in sent.iter().zip(answers) {
                tally.add(sent, status, &body);
            }
        }
    });
    tracker.flush(Duration::from_mins(1)).expect("it is written");
    tally.compare(&tracker, n_cases);
}

/// What the answers said.
#[derive(Debug, Default)]
struct Tally {
    statuses: BTreeMap<u16, u64>,
    accepted: u64,
    quarantined: u64,
}

impl Tally {
    fn add(&mut self, sent: &Sent, status: u16, body: &str) {
        *self.statuses.entry(status).or_default() += 1;
        let is_ours = status < 500 && (status < 300 || body.contains("\"code\""));
        assert!(is_ours, "{status} {body}\nfor {} {}", sent.path, sent.query);
        let one = |it: &Value| match it["status"].as_str() {
            Some("accepted") => (1, 0),
            Some("quarantined") => (0, 1),
            other => panic!("{other:?} in {body}"),
        };
        let outcomes: Vec<(u64, u64)> = match (sent.path.as_str(), status) {
            (TRACK, 200 | 202) => vec![one(&serde_json::from_str(body).expect("JSON"))],
            (BATCH, 200) => {
                let answer: Value = serde_json::from_str(body).expect("JSON");
                answer["results"].as_array().expect("results").iter().map(one).collect()
            }
            _ => Vec::new(),
        };
        for (accepted, quarantined) in outcomes {
            self.accepted += accepted;
            self.quarantined += quarantined;
        }
    }

    /// Holds what the answers said against what the tracker counted and the journal has.
    fn compare(&self, tracker: &Tracker, n_cases: u64) {
        let health = tracker.health();
        assert_eq!((health.pending, health.refused.len()), (0, 0));
        assert_eq!(health.received, health.accepted + health.duplicate + health.quarantined);
        // Trackers are not told what became of their events.
        assert!(health.accepted + health.duplicate >= self.accepted);
        assert!(health.quarantined >= self.quarantined);
        let status = tracker.read(|it| it.status()).expect("enabled").expect("readable");
        assert_eq!(status.last_sequence, health.accepted, "the journal has what was accepted");
        for (what, n) in [
            ("accepted over REST", self.accepted),
            ("kept aside over REST", self.quarantined),
            ("of trackers", health.accepted + health.duplicate - self.accepted),
            ("kept aside of trackers", health.quarantined - self.quarantined),
            ("refused", self.statuses.get(&400).copied().unwrap_or_default()),
        ] {
            assert!(n > n_cases / 100, "{n} {what}: the mutations reach that far");
        }
    }
}

/// Waits for all of them at once.
async fn futures<T>(all: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut pending: Vec<_> = all.map(|it| (Box::pin(it), None)).collect();
    std::future::poll_fn(|cx| {
        let mut is_ready = true;
        for (future, output) in pending.iter_mut().filter(|(_, output)| output.is_none()) {
            match future.as_mut().poll(cx) {
                std::task::Poll::Ready(it) => *output = Some(it),
                std::task::Poll::Pending => is_ready = false,
            }
        }
        if is_ready { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    pending.into_iter().map(|(_, output)| output.expect("all are ready")).collect()
}

async fn answer(collector: &Collector, sent: &Sent) -> (u16, String) {
    let target = match sent.query.as_str() {
        "" => sent.path.clone(),
        query => format!("{}?{query}", sent.path),
    };
    let method = if sent.body.is_empty() && sent.path != TRACK { "GET" } else { "POST" };
    let mut request = Request::builder().method(method).uri(target).header("host", "localhost");
    if let Some(it) = &sent.content_type {
        request = request.header("content-type", it.as_slice());
    }
    let request = request.body(Full::new(Bytes::from(sent.body.clone())));
    let request = request.expect("what is no HTTP does not come as far as this");
    let answer = collector.answer(IpAddr::V4(Ipv4Addr::LOCALHOST), request).await;
    let status = answer.status().as_u16();
    let body = answer.into_body().collect().await.expect("answers are whole").to_bytes();
    (status, String::from_utf8_lossy(&body).into_owned())
}

/// Breaks a request in some places: in its bytes, or in what they mean.
fn broken(bases: &[Sent], random: &mut Random) -> Sent {
    let mut sent = bases[random.below(bases.len())].clone();
    for _ in 0..=random.below(3) {
        match random.below(8) {
            0..4 if !sent.body.is_empty() => json::mutate(&mut sent.body, random),
            4..7 if !sent.body.is_empty() => mutate(&mut sent.body, random),
            7 if random.below(4) == 0 => sent.content_type = content_type(random),
            _ if !sent.query.is_empty() => {
                let mut query = sent.query.into_bytes();
                mutate(&mut query, random);
                sent.query = escaped(&query);
            }
            _ => {}
        }
    }
    sent
}

fn content_type(random: &mut Random) -> Option<Vec<u8>> {
    let mut value = b"application/json; charset=utf-8".to_vec();
    mutate(&mut value, random);
    let is_sendable = value.iter().all(|it| *it >= b' ' && *it != 0x7f);
    is_sendable.then_some(value)
}

/// Escapes what cannot stand in a target at all.
fn escaped(query: &[u8]) -> String {
    let mut text = String::new();
    for byte in query {
        match byte {
            b'!' | b'$'..=b';' | b'=' | b'?'..=b'Z' | b'_' | b'a'..=b'z' | b'~' => {
                text.push(char::from(*byte));
            }
            _ => text.push_str(&format!("%{byte:02x}")),
        }
    }
    text
}

/// What official trackers sent, and what our own pages show.
fn bases() -> Vec<Sent> {
    let mut bases = Vec::new();
    for example in crate::pages::bodies() {
        let (path, body) = example;
        bases.push(Sent {
            path,
            query: String::new(),
            content_type: Some(b"application/json".to_vec()),
            body: body.into(),
        });
    }
    assert!(bases.len() >= 5, "the pages have bodies");
    let whole = bases.clone();
    // Half of all requests come over REST, as far as there are trackers to send the others.
    for request in corpus::requests().unwrap_or_default() {
        if request.method == "OPTIONS" {
            continue;
        }
        bases.push(whole[bases.len() % whole.len()].clone());
        let query = request.query.clone();
        let path = if request.method == "GET" { "/i" } else { TP2 };
        // The events are ours, so that they go on to be counted.
        let body = String::from_utf8(request.body.clone()).expect("they are text");
        let body = json::with_plain_contexts(&body).replace("\"se_ac\":\"", ACTION);
        bases.push(Sent {
            path: path.to_owned(),
            query: query.replace("se_ac=", "se_ac=create_order&x="),
            content_type: request.content_type.clone(),
            body: body.into(),
        });
    }
    bases
}

const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

/// Makes any struct event one of ours.
const ACTION: &str = "\"se_ac\":\"create_order\",\"x\":\"";
