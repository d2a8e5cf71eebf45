//! Whatever a caller writes, the collector answers, and never with a fault of its own.
//!
//! The first byte chooses the page, the lines up to an empty one are the query and the head, all
//! after it is the body. Tracking is switched off, so that all is read and checked but nothing
//! kept.

#![no_main]

use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use internal_events::testing::definitions;
use internal_events::{Catalog, Config, Tracker};
use internal_events_collector::{Collector, Limits, Token};
use libfuzzer_sys::fuzz_target;
use std::net::IpAddr;
use std::sync::LazyLock;

const PAGES: [(&str, &str); 12] = [
    ("POST", "/api/v4/usage_data/track_event"),
    ("POST", "/api/v4/usage_data/track_events"),
    ("POST", "/api/v4/usage_data/increment_counter"),
    ("POST", "/api/v4/usage_data/increment_unique_users"),
    ("POST", "/com.snowplowanalytics.snowplow/tp2"),
    ("GET", "/com.snowplowanalytics.snowplow/tp2"),
    ("GET", "/i"),
    ("OPTIONS", "/i"),
    ("GET", "/api/v4/usage_data/metrics"),
    ("GET", "/api/v4/usage_data/metric_definitions"),
    ("GET", "/healthz"),
    ("GET", "/metrics"),
];

/// The names that mean something in a head; a line chooses one by its first byte.
const HEADERS: [&str; 16] = [
    "host",
    "content-type",
    "authorization",
    "private-token",
    "idempotency-key",
    "origin",
    "forwarded",
    "x-forwarded-for",
    "x-forwarded-proto",
    "via",
    "content-encoding",
    "sp-anonymous",
    "sec-gpc",
    "sec-fetch-site",
    "if-none-match",
    "accept",
];

static COLLECTOR: LazyLock<Collector> = LazyLock::new(|| {
    let catalog = Catalog::new(definitions(&["create_order", "e"]));
    let tracker = Tracker::open(Config::new(catalog).disabled()).expect("nothing is opened");
    let scopes = ["track".to_owned(), "read_metrics".to_owned()];
    let token = Token::new("fuzz", &"5".repeat(64), &scopes).expect("it is a token");
    let collector = Collector::new(tracker, Limits::default()).tokens(vec![token]);
    collector.trusted_proxies(&["10.0.0.0/8".to_owned()]).expect("it is a network")
});

fuzz_target!(|bytes: &[u8]| {
    let Some((choice, rest)) = bytes.split_first() else { return };
    let (method, path) = PAGES[usize::from(*choice) % PAGES.len()];
    let end = rest.windows(2).position(|it| it == b"\n\n").unwrap_or(rest.len());
    let body = rest.get(end + 2..).unwrap_or_default().to_vec();
    let mut lines = rest[..end].split(|it| *it == b'\n');
    let query = String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let mut request = Request::builder().method(method).uri(format!("{path}?{query}"));
    if choice & 0x80 == 0 {
        // Most callers get as far as this.
        request = request.header("host", "localhost").header("content-type", "application/json");
    }
    for line in lines {
        let Some((name, value)) = line.split_first() else { continue };
        request = request.header(HEADERS[usize::from(*name) % HEADERS.len()], value);
    }
    let Ok(request) = request.body(Full::new(Bytes::from(body))) else { return };
    let peer = if choice & 0x40 == 0 { [127, 0, 0, 1] } else { [10, 1, 2, 3] };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(async {
        let answer = COLLECTOR.answer(IpAddr::from(peer), request).await;
        let status = answer.status().as_u16();
        let body = answer.into_body().collect().await.expect("it is whole").to_bytes();
        let text = std::str::from_utf8(&body).unwrap_or_default();
        if status >= 400 {
            let problem: serde_json::Value = serde_json::from_str(text).expect("a problem is JSON");
            assert_eq!(problem["status"], status);
            let is_ours = status >= 500 && problem["code"] != "disabled";
            assert!(!is_ours, "{text}");
            assert!(text.len() < 10_000, "a problem is short");
        }
    });
});
