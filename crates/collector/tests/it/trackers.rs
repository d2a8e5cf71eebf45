//! What Snowplow trackers send to a running server, what it answers, and what is counted.

use crate::server::{Answer, Server, TRACK, config, post};
use crate::snowplow::corpus;
use internal_events::testing::{ManualClock, definitions};
use internal_events::{Catalog, Config, Strictness};
use internal_events_collector::{Collector, CountRule, Limits};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::time::Duration;

const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

/// An event of a struct kind, as text of JSON.
pub(crate) fn order(rest: &str) -> String {
    format!(r#"{{"e":"se","p":"web","tv":"js-4","se_ca":"c","se_ac":"create_order"{rest}}}"#)
}

/// Contexts as a member of an event.
pub(crate) fn context(name: &str, data: &Value) -> String {
    let wrapper = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1";
    let schema = format!("iglu:com.gitlab/{name}/jsonschema/1-0-0");
    let contexts = json!({"schema": wrapper, "data": [{"schema": schema, "data": data}]});
    format!(r#","co":{}"#, Value::String(contexts.to_string()))
}

pub(crate) fn body(events: &[String]) -> String {
    let schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";
    format!(r#"{{"schema":"{schema}","data":[{}]}}"#, events.join(","))
}

/// Sends events with these lines in the head.
fn send(server: &Server, path: &str, lines: &str, body: &str) -> Answer {
    server.send(format!(
        "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{lines}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    ))
}

fn health(tracked: u64, ignored: u64, bad: &Value) -> Value {
    json!({ "tracked": tracked, "ignored": ignored, "not_counted": 0, "forwarded": 0, "both_ways": 0, "bad": bad })
}

#[test]
fn a_tracker_is_answered_in_its_protocol_once_its_events_are_accepted() {
    let server = Server::start();
    let answer = server.post(TP2, body(&[order(""), order(r#","se_la":"gift""#)]));
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert_eq!(answer.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(answer.header("set-cookie"), None);
    assert_eq!(server.counts(), (2, 2));
    for path in ["/i", TP2] {
        let answer = server.get(&format!("{path}?e=se&se_ac=create_order&p=web&tv=x"));
        assert_eq!(answer.status, 200);
        assert!(answer.body.starts_with("GIF89a"), "{answer:?}");
        assert_eq!(answer.header("content-type"), Some("image/gif"));
        let never = "no-cache, no-store, must-revalidate";
        assert_eq!(answer.header("cache-control"), Some(never));
    }
    assert_eq!(server.counts(), (4, 4));
    assert_eq!(server.snowplow_health(), health(4, 0, &json!({})));
}

#[test]
fn what_is_no_internal_event_is_answered_alike_and_not_counted() {
    let server = Server::start();
    let announced = context("gitlab_service_ping", &json!({"event_name": "new_event"}));
    let announced = order(&announced).replace("create_order", "new_event");
    let events = [
        order(""),
        order("").replace("create_order", "click"),
        order("").replace(r#""e":"se""#, r#""e":"pv""#),
        announced,
        order("").replace(r#""e":"se""#, r#""e":"zzz""#),
        order(r#","cx":"%%%""#),
    ];
    let answer = server.post(TP2, body(&events));
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    let bad = json!({"base64": 1, "event-type": 1});
    assert_eq!(server.snowplow_health(), health(2, 2, &bad));
    let events = server.tracker.health();
    assert_eq!((events.received, events.accepted, events.quarantined), (4, 1, 3));
    for (body, code) in
        [("{", "body"), ("[]", "envelope"), (r#"{"schema":"x"}"#, "envelope-schema")]
    {
        let answer = server.post(TP2, body);
        assert_eq!(answer.status, 200, "{body}");
        let health = server.snowplow_health();
        assert_eq!(health["bad"][code], 1, "{body}: {health}");
    }
    assert_eq!(server.get("/i").status, 200);
    assert_eq!(server.snowplow_health()["bad"]["empty"], 1);
}

/// Reason and content of all that is kept aside.
fn kept(server: &Server) -> Vec<(String, Value)> {
    let kept = server.tracker.read(|it| it.quarantined(100)).expect("enabled").expect("readable");
    let json = |event: &[u8]| serde_json::from_slice(event).expect("it is JSON");
    kept.iter().map(|it| (it.reason.clone(), json(&it.event))).collect()
}

#[test]
fn what_is_bad_is_kept_with_its_reasons_beside_the_good_events_of_its_request() {
    let server = Server::start();
    let bad = order(r#","cx":"%%%""#).replace(r#""e":"se""#, r#""e":"zzz""#);
    assert_eq!(
        server.post(&format!("{TP2}?aid=shop"), body(&[order(""), bad.clone()])).status,
        200
    );
    let reasons = json!([
        { "code": "event-type", "reason": "`e` is no type of event: `zzz`" },
        { "code": "base64", "reason": "`cx` is no base64 from byte 0 on" },
        { "code": "missing", "reason": "`eid` is missing" },
    ]);
    let (reason, content) = kept(&server).remove(0);
    assert_eq!(reason, "snowplow:event-type");
    assert_eq!(
        content["reasons"].as_array().map(|it| &it[..2]),
        reasons.as_array().map(|it| &it[..2])
    );
    assert_eq!((&content["query"], &content["body"]), (&json!("aid=shop"), &json!(bad)));
    let health = server.tracker.health();
    assert_eq!((health.received, health.accepted, health.quarantined), (2, 1, 1));

    // What is long is cut between characters, and what is anonymous leaves its reasons only.
    let long = format!("{{{}", "ü".repeat(8 << 10));
    assert_eq!(server.post(TP2, &long).status, 200);
    assert_eq!(send(&server, TP2, "SP-Anonymous: *\r\n", "{").status, 200);
    let kept = kept(&server);
    let text = kept[1].1["body"].as_str().expect("a text");
    assert_eq!((text.len(), &kept[1].1["cut"]), ((8 << 10) - 1, &json!(true)));
    assert_eq!(kept[2].1["anonymous"], true);
    assert_eq!((kept[2].1.get("query"), kept[2].1.get("body")), (None, None));
    assert_eq!(kept[2].0, "snowplow:body");
}

#[test]
fn many_bad_events_and_one_good_balance() {
    let server = Server::start();
    let mut events = vec![order(r#","cx":"%%%""#); 500];
    events.push(order(""));
    assert_eq!(server.post(TP2, body(&events)).status, 200);
    let health = server.tracker.health();
    assert_eq!((health.received, health.quarantined, health.accepted), (501, 500, 1));
}

#[test]
fn a_tracker_need_not_keep_what_a_switched_off_server_will_never_take() {
    let server = Server::start_with(config().disabled(), Limits::default());
    let answer = server.post(TP2, body(&[order(""), order(r#","cx":"%%%""#)]));
    assert_eq!((answer.status, answer.body.as_str()), (200, "ok"));
    assert_eq!(server.get("/i?e=se&se_ac=create_order&p=web&tv=x").status, 200);
    let events = server.get("/healthz").json()["events"].clone();
    assert_eq!((&events["received"], &events["refused"]), (&json!(3), &json!({ "disabled": 3 })));
}

#[test]
fn the_first_rule_that_fits_says_whether_an_event_counts() {
    let rule = |app_id: Option<&str>, tracker: Option<&str>, source: Option<&str>, count| {
        let own = |it: Option<&str>| it.map(str::to_owned);
        CountRule { app_id: own(app_id), tracker: own(tracker), source: own(source), count }
    };
    let rules = vec![
        rule(Some("shop"), Some("js-*"), None, true),
        rule(None, None, Some("gitlab-javascript"), false),
        rule(None, Some("old"), None, false),
        rule(Some("test-*"), None, None, false),
    ];
    let server = Server::start_as(config(), |tracker| {
        Collector::new(tracker, Limits::default()).count_snowplow(rules)
    });
    let from = |source: &str| context("gitlab_standard", &json!({ "source": source }));
    let page = from("gitlab-javascript");
    for (rest, is_counted) in [
        (String::new(), true),
        (page.clone(), false),
        (format!(r#","aid":"shop"{page}"#), true),
        (format!(r#","aid":"shopping"{page}"#), false),
        (from("gitlab-rails"), true),
        (r#","tna":"old""#.to_owned(), false),
        (r#","tna":"older""#.to_owned(), true),
        (r#","aid":"test-1""#.to_owned(), false),
        (r#","aid":"test""#.to_owned(), true),
    ] {
        let before = server.counts();
        assert_eq!(server.post(TP2, body(&[order(&rest)])).status, 200);
        let n = u64::from(is_counted);
        assert_eq!(server.counts(), (before.0 + n, before.1 + n), "{rest}");
    }
    // What is ignored anyway is not among them.
    let view = order(&page).replace(r#""e":"se""#, r#""e":"pv""#);
    assert_eq!(server.post(TP2, body(&[view])).status, 200);
    let health = server.snowplow_health();
    assert_eq!((&health["tracked"], &health["not_counted"]), (&json!(5), &json!(4)), "{health}");
    assert_eq!(health["ignored"], 1);
}

#[test]
fn an_event_that_comes_by_both_ways_is_noticed() {
    let clock = std::sync::Arc::new(ManualClock::at(jiff::civil::date(2026, 11, 18)));
    let server = Server::start_with(config().clock(clock.clone()), Limits::default());
    let rest = |user: u64, id: &str| {
        let body = format!(r#"{{"event":"create_order","user_id":{user}{id}}}"#);
        assert_eq!(server.post(TRACK, body).status, 200);
    };
    let page = |user: u64| {
        let user = context("gitlab_standard", &json!({ "user_id": user }));
        assert_eq!(server.post(TP2, body(&[order(&user)])).status, 200);
    };
    let noticed = || server.snowplow_health()["both_ways"].as_u64().expect("a number");
    page(1);
    rest(1, "");
    assert_eq!(noticed(), 1, "one after the other");
    rest(2, "");
    clock.advance(Duration::from_secs(10));
    page(2);
    assert_eq!(noticed(), 2, "in the other order, and not at once");
    rest(3, "");
    clock.advance(Duration::from_secs(11));
    page(3);
    rest(4, "");
    rest(4, "");
    page(5);
    page(5);
    rest(6, r#","event_id":"own""#);
    page(6);
    assert_eq!(noticed(), 2, "late, by one way, or with an id");
}

#[test]
fn users_are_counted_by_the_standard_context_unless_they_ask_not_to_be() {
    let server = Server::start();
    let standard = context("gitlab_standard", &json!({"user_id": 5, "project_id": 7}));
    let body = body(&[order(&standard)]);
    for (lines, n_without_user) in [
        ("", 0),
        ("SP-Anonymous: *\r\n", 1),
        ("sp-anonymous:\r\n", 2),
        ("Sec-GPC: 1\r\n", 3),
        ("Sec-GPC: 0\r\n", 3),
        ("DNT: 1\r\n", 3),
    ] {
        assert_eq!(send(&server, TP2, lines, &body).status, 200, "{lines}");
        let omitted = server.tracker.health().omitted;
        let n = omitted.get("missing_identifier").copied().unwrap_or_default();
        assert_eq!(n, n_without_user, "{lines}: {omitted:?}");
    }
    assert_eq!(server.counts(), (6, 6), "each of them is counted");
}

#[test]
fn pages_of_allowed_origins_may_send_and_others_may_not() {
    let shop = ["https://shop.example".to_owned()];
    let make = |tracker| {
        let collector = Collector::new(tracker, Limits::default());
        collector.origins(&shop).expect("it is an origin")
    };
    let (default, listed) = (Server::start(), Server::start_as(config(), make));
    let body = body(&[order("")]);
    for (server, origin, may) in [
        (&default, "http://127.0.0.1:3000", true),
        (&default, "https://shop.example", false),
        (&default, "null", false),
        (&listed, "https://shop.example", true),
        (&listed, "http://127.0.0.1:3000", false),
        (&listed, "https://shop.example\r\nOrigin: https://evil.example", false),
    ] {
        let line = format!("Origin: {origin}\r\n");
        let asks = format!(
            "OPTIONS {TP2} HTTP/1.1\r\nHost: localhost\r\n{line}\
             Access-Control-Request-Method: POST\r\n\
             Access-Control-Request-Headers: content-type,sp-anonymous\r\n\r\n"
        );
        let before = server.counts().1;
        for answer in [server.send(asks), send(server, TP2, &line, &body)] {
            if !may {
                answer.assert_problem(403, "foreign_origin");
                assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
                continue;
            }
            assert_eq!(answer.status, 200, "{origin}");
            assert_eq!(answer.header("access-control-allow-origin"), Some(origin));
            assert_eq!(answer.header("access-control-allow-credentials"), Some("true"));
            assert_eq!(answer.header("vary"), Some("Origin"));
        }
        assert_eq!(server.counts().1, before + u64::from(may), "{origin}");
        // The other pages have the same rule.
        let rest = format!(
            "POST {TRACK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{line}\
             Content-Length: 2\r\n\r\n{{}}"
        );
        let (status, code) = if may { (400, "invalid_parameter") } else { (403, "foreign_origin") };
        server.send(rest).assert_problem(status, code);
    }
}

#[test]
fn a_preflight_allows_the_headers_that_trackers_send() {
    let server = Server::start();
    for path in ["/i", TP2] {
        let ask = format!("OPTIONS {path} HTTP/1.1\r\nHost: localhost\r\n\r\n");
        let answer = server.send(ask);
        assert_eq!(answer.status, 200);
        let allowed = answer.header("access-control-allow-headers");
        assert_eq!(allowed, Some("Content-Type, SP-Anonymous"));
        assert_eq!(answer.header("access-control-max-age"), Some("3600"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
}

#[test]
fn nobody_gets_round_the_door_by_way_of_the_trackers() {
    let server = Server::start();
    let body = body(&[order("")]);
    for (line, code) in [
        ("X-Forwarded-For: 127.0.0.1\r\n", "not_local"),
        ("Forwarded: for=127.0.0.1\r\n", "not_local"),
        ("Via: 1.1 proxy\r\n", "not_local"),
        // An image in a page of a stranger.
        ("Sec-Fetch-Site: cross-site\r\n", "foreign_origin"),
    ] {
        send(&server, TP2, line, &body).assert_problem(403, code);
        let get =
            format!("GET /i?e=se&se_ac=create_order HTTP/1.1\r\nHost: localhost\r\n{line}\r\n");
        server.send(get).assert_problem(403, code);
    }
    let get = "GET /i?e=se&se_ac=create_order HTTP/1.1\r\nHost: example.com\r\n\r\n";
    server.send(get).assert_problem(403, "not_local");
    // A page could send these without being asked who it is; so they are bad, not counted.
    let plain = String::from_utf8(post(TP2, &body)).expect("it is text");
    let plain = plain.replace("application/json", "text/plain");
    assert_eq!(server.send(plain).status, 200);
    assert_eq!(server.snowplow_health(), health(0, 0, &json!({"content-type": 1})));
    assert_eq!(server.counts(), (1, 0), "it is kept aside");
}

#[test]
fn other_paths_are_served_if_they_are_configured() {
    let paths = ["/com.acme/track".to_owned()];
    let server = Server::start_as(config(), |tracker| {
        Collector::new(tracker, Limits::default()).paths(&paths).expect("it is a path")
    });
    let body = body(&[order("")]);
    assert_eq!(server.post("/com.acme/track", &body).status, 200);
    assert_eq!(server.post(TP2, &body).status, 200);
    server.post("/com.acme/other", &body).assert_problem(404, "no_such_page");
    server.post("/i", &body).assert_problem(405, "wrong_method");
    let put = server.send(format!("PUT {TP2} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    let allowed = put.assert_problem(405, "wrong_method").header("allow");
    assert_eq!(allowed, Some("GET, HEAD, OPTIONS, POST"));
    assert_eq!(server.counts(), (2, 2));
}

#[test]
fn only_what_may_be_better_later_is_answered_with_a_problem() {
    let server = Server::start_with(config().strictness(Strictness::Strict), Limits::default());
    let announced = context("gitlab_service_ping", &json!({"event_name": "new_event"}));
    let announced = order(&announced).replace("create_order", "new_event");
    assert_eq!(server.post(TP2, body(&[announced])).status, 200, "strict or not");
    assert_eq!(server.tracker.health().refused.get("strict"), Some(&1));
    assert!(server.tracker.shut_down(Duration::from_secs(30)));
    let answer = server.post(TP2, body(&[order("")]));
    answer.assert_problem(503, "shutting_down");
    assert_eq!(answer.header("retry-after"), Some("5"));
}

#[test]
fn requests_of_official_trackers_are_answered_and_their_events_counted_once() {
    let Some(requests) = corpus::requests() else { return };
    let events = requests.iter().filter_map(corpus::Request::expected).flatten();
    let actions: Vec<&str> = events.filter_map(|it| it["se_ac"].as_str()).collect();
    let mut names = actions.clone();
    names.sort_unstable();
    names.dedup();
    let paths = ["/com.acme/track".to_owned()];
    let defined = Config::new(Catalog::new(definitions(&names)));
    let server = Server::start_as(defined, |tracker| {
        Collector::new(tracker, Limits::default()).paths(&paths).expect("it is a path")
    });
    let mut n_struct = 0;
    let mut sent = BTreeSet::new();
    for request in &requests {
        let answer = server.send(&request.bytes);
        assert_eq!(answer.status, 200, "{}: {answer:?}", request.name);
        match request.method.as_str() {
            "GET" => assert!(answer.body.starts_with("GIF89a"), "{}", request.name),
            "POST" => assert_eq!(answer.body, "ok", "{}", request.name),
            _ => assert_eq!(answer.body, "", "{}", request.name),
        }
        for event in request.expected().into_iter().flatten().filter(|it| it["e"] == "se") {
            n_struct += 1;
            // One capture is the resend of another, which was answered 503 on purpose.
            let other = if event["eid"].is_null() { json!(n_struct) } else { event["eid"].clone() };
            sent.insert(other.to_string());
        }
        let n = sent.len() as u64;
        assert_eq!(server.counts().1, n, "{}", request.name);
    }
    assert_eq!(n_struct, actions.len());
    assert_eq!(server.tracker.health().duplicate, (n_struct - sent.len()) as u64);
    let ignored = 64 - n_struct as u64;
    assert_eq!(server.snowplow_health(), health(n_struct as u64, ignored, &json!({})));
}
