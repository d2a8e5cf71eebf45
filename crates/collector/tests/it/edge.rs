//! Who is let in from where, and attempts to get round it: peers of all kinds, through
//! `Collector::answer`, which is all that stands behind a connection.

use crate::server::{METRICS, TRACK, config};
use http_body_util::{BodyExt as _, Full};
use hyper::Request;
use hyper::body::Bytes;
use internal_events::Tracker;
use internal_events_collector::{Collector, Limits, NewToken, Rate, Token};
use serde_json::{Value, json};
use std::net::IpAddr;

pub(crate) const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";
const ORDER: &str = r#"{"event":"create_order"}"#;
const USERS_ORDER: &str = r#"{"event":"create_order","user_id":5}"#;

/// Another machine.
const FAR: &str = "203.0.113.9";
/// This one.
const HERE: &str = "127.0.0.1";

/// A collector, and somebody who asks.
struct Edge {
    collector: Collector,
    tracker: Tracker,
    runtime: tokio::runtime::Runtime,
}

struct Reply {
    status: u16,
    code: String,
    headers: hyper::HeaderMap,
    body: String,
}

impl Edge {
    fn new(make: impl FnOnce(Collector) -> Collector) -> Self {
        Self::with(Limits::default(), make)
    }

    fn with(limits: Limits, make: impl FnOnce(Collector) -> Collector) -> Self {
        let tracker = Tracker::open(config()).expect("a tracker opens");
        let collector = make(Collector::new(tracker.clone(), limits));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        Self { collector, tracker, runtime: runtime.expect("a runtime") }
    }

    /// Sends a request whose head has these further lines.
    fn ask(&self, peer: &str, line: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let (method, uri) = line.split_once(' ').expect("a method and a target");
        let mut request = Request::builder().method(method).uri(uri);
        let has_host = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
        if !has_host {
            request = request.header("host", "localhost");
        }
        if !body.is_empty() {
            request = request.header("content-type", "application/json");
        }
        for (name, value) in headers {
            request = request.header(*name, value.as_bytes());
        }
        let request = request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request");
        let peer: IpAddr = peer.parse().expect("an address");
        self.runtime.block_on(async {
            let (head, body) = self.collector.answer(peer, request).await.into_parts();
            let body = body.collect().await.expect("a body").to_bytes();
            let body = String::from_utf8_lossy(&body).into_owned();
            let problem: Value = serde_json::from_str(&body).unwrap_or_default();
            let code = problem["code"].as_str().unwrap_or_default().to_owned();
            Reply { status: head.status.as_u16(), code, headers: head.headers, body }
        })
    }

    fn track(&self, peer: &str, headers: &[(&str, &str)], body: &str) -> (u16, String) {
        let reply = self.ask(peer, &format!("POST {TRACK}"), headers, body);
        (reply.status, reply.code)
    }

    fn accepted(&self) -> u64 {
        self.tracker.health().accepted
    }
}

fn refusal(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

const OK: fn() -> (u16, String) = || refusal(200, "");

pub(crate) fn token(name: &str, scopes: &[&str]) -> (String, Token) {
    let NewToken { text, sha256 } = NewToken::generate().expect("random bytes");
    let scopes: Vec<String> = scopes.iter().map(|it| (*it).to_owned()).collect();
    (text, Token::new(name, &sha256, &scopes).expect("a token"))
}

#[test]
fn with_a_token_anybody_may_and_without_one_nobody() {
    let (text, token) = token("web", &["track", "read_metrics"]);
    let edge = Edge::new(|it| it.tokens(vec![token]));
    let bearer = format!("Bearer {text}");
    for peer in [HERE, FAR, "2001:db8::1"] {
        for shown in [
            ("authorization", bearer.as_str()),
            ("Authorization", &format!("bEARER  {text}")),
            ("private-token", &text),
        ] {
            assert_eq!(edge.track(peer, &[shown], ORDER), OK(), "{shown:?}");
            // A proxy may stand before it, under any name.
            let through = [shown, ("x-forwarded-for", "1.1.1.1"), ("host", "events.example")];
            assert_eq!(edge.track(peer, &through, ORDER), OK(), "{shown:?}");
            let reply = edge.ask(peer, &format!("GET {METRICS}"), &[shown], "");
            assert_eq!(reply.status, 200, "{}", reply.body);
        }
        let reply = edge.ask(peer, &format!("POST {TRACK}"), &[], ORDER);
        assert_eq!((reply.status, reply.code.as_str()), (401, "no_token"));
        assert!(reply.headers["www-authenticate"].to_str().unwrap().starts_with("Bearer "));
    }
    assert_eq!(edge.accepted(), 18);
}

#[test]
fn only_the_very_token_is_one() {
    let (text, known) = token("web", &["track"]);
    let limits =
        Limits { wrong_tokens: Rate { events_per_second: 1, burst: 1_000 }, ..Limits::default() };
    let edge = Edge::with(limits, |it| it.tokens(vec![known]));
    let (other, _) = token("other", &["track"]);
    let basic = format!("Basic {text}");
    let quoted = format!("Bearer \"{text}\"");
    for wrong in [
        &format!("Bearer {other}"),
        &format!("Bearer {}", &text[..text.len() - 1]),
        &format!("Bearer {text}0"),
        &format!("Bearer {}", text.to_uppercase()),
        &format!("Bearer {text}, {text}"),
        &format!("Bearer {text} x"),
        &format!("Bearer{text}"),
        &format!("Token {text}"),
        &basic,
        &quoted,
        &text,
        "Bearer",
        "Bearer ",
        "",
    ] {
        let headers = [("authorization", wrong)];
        assert_eq!(edge.track(HERE, &headers, ORDER), refusal(401, "unknown_token"), "{wrong}");
        let beside = [("authorization", wrong), ("private-token", text.as_str())];
        assert_eq!(edge.track(HERE, &beside, ORDER), refusal(401, "unknown_token"), "{wrong}");
    }
    let bearer = format!("Bearer {text}");
    let twice = [("authorization", bearer.as_str()), ("authorization", bearer.as_str())];
    assert_eq!(edge.track(HERE, &twice, ORDER), refusal(401, "unknown_token"));
    // What is in a query ends up in logs, and what is in a cookie is sent by every page.
    for (query, cookie) in [
        (format!("?private_token={text}"), String::new()),
        (format!("?access_token={text}&PRIVATE-TOKEN={text}"), String::new()),
        (String::new(), format!("private_token={text}")),
    ] {
        let reply = edge.ask(HERE, &format!("POST {TRACK}{query}"), &[("cookie", &cookie)], ORDER);
        assert_eq!((reply.status, reply.code.as_str()), (401, "no_token"));
    }
    assert_eq!(edge.accepted(), 0);
}

#[test]
fn a_token_does_what_its_scopes_say() {
    for (scopes, tracks, tracks_users, reads) in [
        (&["track"][..], 200, 403, 403),
        (&["track", "track_any_user"], 200, 200, 403),
        (&["track_any_user"], 403, 403, 403),
        (&["read_metrics"], 403, 403, 200),
        (&["debug"], 403, 403, 403),
        (&["track", "track_any_user", "read_metrics", "debug"], 200, 200, 200),
    ] {
        let (text, token) = token("web", scopes);
        let edge = Edge::new(|it| it.tokens(vec![token]));
        let shown = [("private-token", text.as_str())];
        let batch = format!(r#"{{"events":[{ORDER},{USERS_ORDER}]}}"#);
        let as_text = json!({"events": [USERS_ORDER]}).to_string();
        assert_eq!(edge.track(FAR, &shown, ORDER).0, tracks, "{scopes:?}");
        assert_eq!(edge.track(FAR, &shown, USERS_ORDER).0, tracks_users, "{scopes:?}");
        for body in [&batch, &as_text] {
            let before = edge.accepted();
            let reply = edge.ask(FAR, &format!("POST {TRACK}s"), &shown, body);
            assert_eq!(reply.status, tracks_users, "{scopes:?}: {}", reply.body);
            assert!(tracks_users == 200 || edge.accepted() == before, "none of them is tracked");
        }
        for page in [METRICS, "/api/v4/usage_data/metric_definitions", "/metrics"] {
            let reply = edge.ask(FAR, &format!("GET {page}"), &shown, "");
            assert_eq!(reply.status, reads, "{scopes:?} {page}: {}", reply.body);
        }
        let sees = if scopes.contains(&"debug") { 200 } else { 403 };
        let reply = edge.ask(FAR, "GET /api/v4/usage_data/events", &shown, "");
        assert_eq!(reply.status, sees, "{scopes:?}: {}", reply.body);
        let health = edge.ask(FAR, "GET /healthz", &shown, "");
        assert_eq!((health.status, health.body.contains("events")), (200, reads == 200));
    }
}

#[test]
fn without_tokens_only_this_machine_is_let_in() {
    let edge = Edge::new(|it| it);
    for (peer, expected) in [
        (HERE, OK()),
        ("127.200.0.1", OK()),
        ("::1", OK()),
        ("::ffff:127.0.0.1", OK()),
        (FAR, refusal(403, "not_local")),
        ("10.0.0.1", refusal(403, "not_local")),
        ("::ffff:10.0.0.1", refusal(403, "not_local")),
        ("::127.0.0.1", refusal(403, "not_local")),
        ("fe80::1", refusal(403, "not_local")),
    ] {
        assert_eq!(edge.track(peer, &[], USERS_ORDER), expected, "{peer}");
    }
    assert_eq!(edge.accepted(), 4);
    // Nobody becomes local by what is said about it.
    for header in ["x-forwarded-for", "forwarded", "x-real-ip", "x-original-host", "client-ip"] {
        let reply = edge.track(FAR, &[(header, "127.0.0.1")], ORDER);
        assert_eq!(reply, refusal(403, "not_local"), "{header}");
    }
    let invented = [("authorization", "Bearer iet_x")];
    assert_eq!(edge.track(FAR, &invented, ORDER), refusal(403, "not_local"));
}

#[test]
fn health_is_said_to_all_but_in_a_word_to_strangers() {
    let edge = Edge::new(|it| it);
    for page in ["/healthz", "/readyz"] {
        let line = format!("GET {page}");
        assert!(edge.ask(HERE, &line, &[], "").body.contains("accepted"));
        for (peer, headers) in [
            (FAR, &[][..]),
            (HERE, &[("x-forwarded-for", "1.1.1.1")]),
            (HERE, &[("host", "evil.example")]),
            (HERE, &[("origin", "https://evil.example")]),
        ] {
            let reply = edge.ask(peer, &line, headers, "");
            assert_eq!((reply.status, reply.body.as_str()), (200, r#"{"status":"ok"}"#));
        }
    }
    assert_eq!(edge.ask(HERE, "GET /metrics", &[], "").status, 200);
    assert_eq!(edge.ask(FAR, "GET /metrics", &[], "").code, "not_local");
    let (_, token) = token("web", &["track"]);
    let edge = Edge::new(|it| it.tokens(vec![token]));
    assert_eq!(edge.ask(HERE, "GET /metrics", &[], "").status, 200);
    assert_eq!(edge.ask(FAR, "GET /metrics", &[], "").code, "no_token");
    let wrong = [("private-token", "iet_x")];
    assert_eq!(edge.ask(FAR, "GET /healthz", &wrong, "").code, "unknown_token");
}

/// A body of Snowplow events that say they are of these applications.
fn events(app_ids: &[Option<&str>]) -> String {
    let event = |app_id: Option<&str>| {
        let mut event = json!({"e":"se","p":"web","tv":"js-4","se_ca":"c","se_ac":"create_order"});
        if let Some(app_id) = app_id {
            event["aid"] = json!(app_id);
        }
        event
    };
    let schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";
    json!({"schema": schema, "data": app_ids.iter().copied().map(event).collect::<Vec<_>>()})
        .to_string()
}

#[test]
fn from_elsewhere_only_listed_applications_move_counters() {
    let post = format!("POST {TP2}");
    for (listed, n_taken) in [(None, 0), (Some("shop"), 2), (Some("*"), 9), (Some(""), 0)] {
        let edge = Edge::new(|it| match listed {
            Some(app_id) => it.app_ids(&[app_id.to_owned()]),
            None => it,
        });
        let given = [
            Some("shop"),
            Some("Shop"),
            Some("shop "),
            Some(" shop"),
            Some("shop2"),
            Some("sho"),
            Some("*"),
            None,
        ];
        let reply = edge.ask(FAR, &post, &[("host", "events.example")], &events(&given));
        // A query wins over the body, for the check as for the event.
        let by_query = edge.ask(FAR, &format!("{post}?aid=shop"), &[], &events(&[Some("x")]));
        if listed.is_none() {
            assert_eq!((reply.code, by_query.code), ("not_local".into(), "not_local".into()));
            continue;
        }
        assert_eq!((reply.status, reply.body.as_str()), (200, "ok"), "as the protocol demands");
        assert_eq!(edge.accepted(), n_taken, "{listed:?}");
        let health: Value = serde_json::from_str(&edge.ask(HERE, "GET /healthz", &[], "").body)
            .expect("health is JSON");
        let bad = health["snowplow"]["bad"]["app-id"].as_u64().unwrap_or_default();
        assert_eq!(bad, 9 - n_taken, "{health}");
        let hidden = edge.ask(FAR, "GET /i?e=se&se_ac=create_order&aid=evil&aid=shop", &[], "");
        assert_eq!(hidden.status, 200);
        // It opens nothing else.
        assert_eq!(edge.track(FAR, &[], ORDER), refusal(403, "not_local"));
        for headers in [
            &[("origin", "https://evil.example")][..],
            &[("origin", "null")],
            &[("sec-fetch-site", "cross-site")],
        ] {
            let reply = edge.ask(FAR, "GET /i?e=se&aid=shop", headers, "");
            assert_eq!(reply.code, "foreign_origin", "{headers:?}");
        }
    }
}

#[test]
fn what_is_bad_is_kept_only_of_listed_applications() {
    let schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";
    let body = |event: &str| format!(r#"{{"schema":"{schema}","data":[{event}]}}"#);
    // What is wrong with each is another thing; whose it is can be read of some.
    let broken = |aid: &str| body(&format!(r#"{{"e":"zzz","p":"web","tv":"js-4"{aid}}}"#));
    let post = format!("POST {TP2}");
    let (named, named_otherwise) = (format!("{post}?aid=shop"), format!("{post}?aid=evil"));
    let cases = [
        (post.as_str(), broken(""), false),
        (&post, broken(r#","aid":"evil""#), false),
        (&post, broken(r#","aid":["shop"]"#), false),
        (&post, broken(r#","aid":"shop","aid":"evil""#), false),
        (&post, broken(r#","aid":"Shop""#), false),
        (&post, body(r#""shop""#), false),
        (&post, "aid=shop".to_owned(), false),
        (&post, "{\"aid\":\"shop".to_owned(), false),
        (&named_otherwise, broken(r#","aid":"shop""#), false),
        ("GET /i?e=zzz", String::new(), false),
        ("GET /i?e=zzz&aid=shop&aid=evil", String::new(), false),
        (&post, broken(r#","aid":"shop""#), true),
        (&post, broken(r#","aid":"sh\u006fp""#), true),
        (&named, broken(r#","aid":"evil""#), true),
        (&named, "no JSON".to_owned(), true),
        ("GET /i?e=zzz&aid=shop", String::new(), true),
    ];
    for (listed, keeps) in [(Some("shop"), false), (Some("*"), true), (None, true)] {
        let edge = Edge::new(|it| match listed {
            Some(app_id) => it.app_ids(&[app_id.to_owned()]),
            None => it,
        });
        for (line, body, is_named) in &cases {
            let before = edge.tracker.health().quarantined;
            let reply = edge.ask(HERE, line, &[], body);
            assert_eq!(reply.status, 200, "{line} {body}: {}", reply.body);
            let n_kept = edge.tracker.health().quarantined - before;
            let expected = u64::from(keeps || *is_named);
            assert_eq!(n_kept, expected, "{listed:?}: {line} {body}");
        }
        let health = edge.ask(HERE, "GET /healthz", &[], "").body;
        let health: Value = serde_json::from_str(&health).expect("health is JSON");
        let bad = health["snowplow"]["bad"].as_object().expect("counts by cause");
        let n_bad: u64 = bad.values().filter_map(Value::as_u64).sum();
        assert_eq!(n_bad, cases.len() as u64, "each is counted: {health}");
    }
}

/// Limits of five events, and then almost none.
fn five() -> Limits {
    Limits { rate: Rate { events_per_second: 1, burst: 5 }, ..Limits::default() }
}

#[test]
fn a_client_sends_no_more_than_it_may_however_it_sends() {
    let pixel = "GET /i?e=se&se_ac=create_order&aid=shop";
    let post = format!("POST {TP2}");
    let edge = || Edge::with(five(), |it| it.app_ids(&["shop".to_owned()]));
    let limited = edge();
    let sent = |edge: &Edge, peers: &dyn Fn(u32) -> String, headers: &[(&str, &str)]| {
        (0..20).filter(|n| edge.ask(&peers(*n), pixel, headers, "").status == 200).count()
    };
    // By one request after another, and from all addresses of its network.
    assert_eq!(sent(&limited, &|_| FAR.to_owned(), &[]), 5);
    assert_eq!(sent(&limited, &|n| format!("2001:db8::{n:x}"), &[]), 5);
    assert_eq!(sent(&limited, &|n| format!("2001:db8:0:{n:x}::"), &[]), 19, "one each");
    // By batches: the first is paid for afterwards, the second finds nothing left.
    let batch = events(&[Some("shop"); 50]);
    let edge_of_batches = edge();
    assert_eq!(edge_of_batches.ask(FAR, &post, &[], &batch).status, 200);
    let reply = edge_of_batches.ask(FAR, &post, &[], &batch);
    assert_eq!((reply.status, reply.code.as_str()), (429, "rate_limited"));
    let seconds: u64 = reply.headers["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((40..=50).contains(&seconds), "{seconds}");
    assert_eq!(edge_of_batches.accepted(), 50);
    // By what it says of itself, to a server that trusts no proxy.
    let spoofing = edge();
    let n = (0..20)
        .filter(|n| {
            let address = format!("9.9.9.{n}");
            let headers = [("x-forwarded-for", address.as_str()), ("forwarded", "for=1.2.3.4")];
            spoofing.ask(FAR, pixel, &headers, "").status == 200
        })
        .count();
    assert_eq!(n, 5);
    // By events that are worth nothing.
    let worthless = edge();
    let n = (0..20).filter(|_| worthless.ask(FAR, &post, &[], "{").status == 200).count();
    assert_eq!(n, 5);
    // By a program on this machine, which is trusted.
    assert_eq!(sent(&edge(), &|_| HERE.to_owned(), &[]), 20);
    let strict = Edge::with(Limits { rate_on_loopback: true, ..five() }, |it| it);
    assert_eq!(sent(&strict, &|_| HERE.to_owned(), &[]), 5);
}

#[test]
fn a_limit_holds_with_a_token_too() {
    let (text, token) = token("web", &["track"]);
    let edge = Edge::with(five(), |it| it.tokens(vec![token]));
    let shown = [("private-token", text.as_str())];
    let n = (0..20).filter(|_| edge.track(FAR, &shown, ORDER).0 == 200).count();
    assert_eq!((n, edge.accepted()), (5, 5));
    let batch = format!(r#"{{"events":[{}]}}"#, [ORDER; 50].join(","));
    let path = format!("POST {TRACK}s");
    assert_eq!(edge.ask("203.0.113.10", &path, &shown, &batch).status, 200);
    assert_eq!(edge.ask("203.0.113.10", &path, &shown, &batch).status, 429);
    assert_eq!(edge.accepted(), 55);
}

#[test]
fn behind_a_trusted_proxy_the_client_is_whom_it_names() {
    let proxy = "10.0.0.1";
    let edge = Edge::with(five(), |it| {
        let it = it.app_ids(&["shop".to_owned()]);
        it.trusted_proxies(&["10.0.0.0/8".to_owned(), HERE.to_owned()]).expect("networks")
    });
    let pixel = "GET /i?e=se&se_ac=create_order&aid=shop";
    let n_taken = |forwarded: &dyn Fn(u32) -> String| {
        let taken = |n| edge.ask(proxy, pixel, &[("x-forwarded-for", &forwarded(n))], "").status;
        (0..20).filter(|n| taken(*n) == 200).count()
    };
    assert_eq!(n_taken(&|n| format!("1.1.1.{n}")), 20, "clients have limits of their own");
    assert_eq!(n_taken(&|n| format!("6.6.6.{n}, 2.2.2.2")), 5, "what a client claims is nothing");
    assert_eq!(n_taken(&|n| format!("6.6.6.{n}, 3.3.3.3, 10.9.9.9")), 5);
    assert_eq!(n_taken(&|n| format!("6.6.6.{n}, junk")), 5, "one limit for all that is unclear");
    // A proxy on this machine makes nobody local, trusted or not.
    let through = [("x-forwarded-for", HERE)];
    assert_eq!(edge.track(HERE, &through, ORDER), refusal(403, "not_local"));
    assert_eq!(edge.track(proxy, &through, ORDER), refusal(403, "not_local"));
    assert_eq!(edge.track(HERE, &[], ORDER), OK(), "a program here is still one");
}

#[test]
fn whoever_tries_many_tokens_is_told_to_slow_down_and_others_are_not() {
    let (text, token) = token("web", &["track"]);
    let edge = Edge::new(|it| it.tokens(vec![token]));
    let codes: Vec<u16> =
        (0..50).map(|n| edge.track(FAR, &[("private-token", &format!("{n}"))], ORDER).0).collect();
    assert_eq!(codes.iter().filter(|it| **it == 401).count(), 20);
    assert_eq!(codes.iter().filter(|it| **it == 429).count(), 30);
    assert_eq!(edge.track(FAR, &[("private-token", &text)], ORDER), OK(), "the right one counts");
    let health: Value =
        serde_json::from_str(&edge.ask(HERE, "GET /healthz", &[], "").body).expect("JSON");
    assert_eq!(health["turned_away"], json!({"rate_limited": 30, "unknown_token": 20}));
}

#[test]
fn pages_of_allowed_origins_may_ask_and_read_the_answer() {
    let (text, token) = token("web", &["track"]);
    let shop = ["https://shop.example".to_owned()];
    let edge = Edge::new(|it| it.tokens(vec![token]).origins(&shop).expect("an origin"));
    let asks = [
        ("origin", "https://shop.example"),
        ("access-control-request-method", "POST"),
        ("access-control-request-headers", "authorization,content-type"),
    ];
    let reply = edge.ask(FAR, &format!("OPTIONS {TRACK}"), &asks, "");
    assert_eq!(reply.status, 204);
    assert_eq!(reply.headers["access-control-allow-origin"], "https://shop.example");
    assert!(!reply.headers.contains_key("access-control-allow-credentials"));
    let shown = [asks[0], ("private-token", text.as_str())];
    let reply = edge.ask(FAR, &format!("POST {TRACK}"), &shown, ORDER);
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers["access-control-allow-origin"], "https://shop.example");
    let reply = edge.ask(FAR, &format!("POST {TRACK}"), &asks[..1], ORDER);
    assert_eq!(reply.code, "no_token", "an origin is no token");
    assert_eq!(reply.headers["access-control-allow-origin"], "https://shop.example");
    for origin in ["https://shop.example.evil.com", "http://shop.example", "null", "*"] {
        let asks = [("origin", origin), asks[1]];
        let reply = edge.ask(FAR, &format!("OPTIONS {TRACK}"), &asks, "");
        assert_eq!(reply.code, "foreign_origin", "{origin}");
        assert!(!reply.headers.contains_key("access-control-allow-origin"));
        let shown = [("origin", origin), ("private-token", text.as_str())];
        assert_eq!(edge.track(FAR, &shown, ORDER), refusal(403, "foreign_origin"), "{origin}");
    }
    // A preflight from elsewhere learns nothing where there are no tokens.
    let bare = Edge::new(|it| it.origins(&shop).expect("an origin"));
    assert_eq!(bare.ask(FAR, &format!("OPTIONS {TRACK}"), &asks, "").code, "not_local");
    assert_eq!(bare.track(HERE, &asks[..1], USERS_ORDER), OK());
}

#[test]
fn a_path_or_a_method_in_disguise_is_not_another() {
    let (_, token) = token("web", &["track"]);
    let edge = Edge::new(|it| it.tokens(vec![token]).app_ids(&["shop".to_owned()]));
    for line in [
        "POST //api/v4/usage_data/track_event",
        "POST /api/v4/usage_data/%74rack_event",
        "POST /api/v4/usage_data/%2574rack_event",
        "POST /i/../api/v4/usage_data/track_event",
        "POST /%2e%2e/api/v4/usage_data/track_event",
        "POST /com.snowplowanalytics.snowplow/tp2/../../api/v4/usage_data/track_event",
        "POST /api/v4/usage_data/track_event/",
        "POST /API/v4/usage_data/track_event",
        "GET /metrics/",
        "GET //metrics",
        "GET /%6detrics",
        "TRACE /metrics",
        "POST http://evil.example/api/v4/usage_data/track_event",
    ] {
        for headers in [
            &[][..],
            &[("x-http-method-override", "POST")],
            &[("x-original-url", "/i"), ("x-rewrite-url", "/healthz")],
            &[("connection", "Upgrade"), ("upgrade", "websocket")],
        ] {
            let reply = edge.ask(FAR, line, headers, ORDER);
            assert!(matches!(reply.status, 401 | 405), "{line}: {}", reply.status);
        }
    }
    let overridden = [("x-http-method-override", "POST")];
    let reply = edge.ask(FAR, &format!("GET {TRACK}"), &overridden, ORDER);
    assert_eq!(reply.code, "no_token");
    assert_eq!(edge.accepted(), 0);
}

#[test]
fn each_answer_has_the_requests_id() {
    let edge = Edge::new(|it| it);
    let id = |headers: &[(&str, &str)]| {
        let reply = edge.ask(HERE, "GET /healthz", headers, "");
        reply.headers["x-request-id"].to_str().expect("text").to_owned()
    };
    assert_eq!(id(&[("x-request-id", "abc-1")]), "abc-1");
    assert_eq!(id(&[]).len(), 36);
    assert_ne!(id(&[]), id(&[]));
    assert_eq!(id(&[("x-request-id", "a b")]).len(), 36);
    let reply = edge.ask(FAR, &format!("POST {TRACK}"), &[("x-request-id", "abc-2")], ORDER);
    assert_eq!((reply.status, &reply.headers["x-request-id"]), (403, &"abc-2".parse().unwrap()));
}
