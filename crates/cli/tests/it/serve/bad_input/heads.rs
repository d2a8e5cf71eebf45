//! Heads that are no HTTP, or HTTP that somebody hopes is read in two ways.

use super::super::server::{TRACK, order};
use super::{Case, check};

const JSON: &str = "Host: localhost\r\nContent-Type: application/json\r\n";

/// A request with these lines in its head and this after it.
fn lines(what: &str, lines: &str, rest: &str) -> Case {
    Case::new(what, format!("POST {TRACK} HTTP/1.1\r\n{JSON}{lines}\r\n{rest}"))
}

/// A good event, and as one chunk.
fn good() -> (String, String) {
    let event = order("5", "x");
    let chunked = format!("{:x}\r\n{event}\r\n0\r\n\r\n", event.len());
    (event, chunked)
}

#[test]
fn a_length_is_read_in_one_way_only() {
    let (event, chunked) = good();
    let n = event.len();
    let smuggled = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
    let both = format!("{chunked}{smuggled}");
    let twice = format!("Content-Length: {n}\r\nContent-Length: {}\r\n", n + smuggled.len());
    let same = format!("Content-Length: {n}\r\nContent-Length: {n}\r\n");
    let te = "Transfer-Encoding: chunked\r\n";
    let broken = |what: &str, rest: &str| lines(what, te, rest).is(400, "broken_body").closes();
    let bare = |what: &str, head: &str, rest: &str| lines(what, head, rest).is(400, "").closes();
    check(vec![
        // Chunks win, and nothing after them is believed.
        lines("length, chunks", &format!("Content-Length: 5\r\n{te}"), &both)
            .is(200, "accepted")
            .closes()
            .accepted(1),
        lines("chunks, length", &format!("{te}Content-Length: {n}\r\n"), &both)
            .is(200, "accepted")
            .closes()
            .accepted(1),
        lines("two lengths that are the same", &same, &event).is(200, "accepted").accepted(1),
        bare("two lengths", &twice, &format!("{event}{smuggled}")),
        bare("a list of lengths", &format!("Content-Length: {n}, {n}\r\n"), &event),
        bare("a length with a sign", &format!("Content-Length: +{n}\r\n"), &event),
        bare("a length below 0", "Content-Length: -1\r\n", &event),
        bare("a length in hex", "Content-Length: 0x20\r\n", &event),
        bare("a length of nothing", "Content-Length:\r\n", &event),
        bare("a length beyond 64 bits", "Content-Length: 99999999999999999999\r\n", &event),
        bare("another coding", "Transfer-Encoding: xchunked\r\n", &chunked),
        bare("a coding before chunks ends", "Transfer-Encoding: chunked, gzip\r\n", &chunked),
        bare("identity", "Transfer-Encoding: identity\r\n", &event),
        bare("a space before the colon", "Transfer-Encoding : chunked\r\n", &chunked),
        bare(
            "chunks twice",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
            &chunked,
        ),
        broken("a size that is no hex", "zz\r\nabc\r\n0\r\n\r\n"),
        broken("a size below 0", "-1\r\nabc\r\n0\r\n\r\n"),
        broken("a size beyond 64 bits", "fffffffffffffffff\r\nabc\r\n0\r\n\r\n"),
        broken("a chunk that is longer than it says", &format!("1\r\n{event}\r\n0\r\n\r\n")),
        broken("a size of nothing", "\r\n\r\n"),
        Case::new(
            "chunks over HTTP/1.0",
            format!("POST {TRACK} HTTP/1.0\r\n{JSON}{te}\r\n{chunked}"),
        )
        .is(400, "")
        .closes(),
    ]);
}

#[test]
fn what_is_no_http_is_told_so() {
    let get = |line: &str| format!("GET /healthz HTTP/1.1\r\nHost: localhost\r\n{line}\r\n\r\n");
    let bare = |what: &str, bytes: &[u8]| Case::new(what, bytes).is(400, "").closes();
    let many = "x: 1\r\n".repeat(10_000);
    let hundred = "x: 1\r\n".repeat(101);
    let hello = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03abcdefghijklmnopqrstuvwxyz012345 ";
    let cases = vec![
        bare("HTTP/0.9", b"GET /healthz\r\n\r\n"),
        Case::new(
            "HTTP/2 with prior knowledge",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0",
        )
        .closes(),
        bare("HTTP/3.7", b"GET /healthz HTTP/3.7\r\nHost: localhost\r\n\r\n"),
        bare("a hello of TLS", hello),
        bare("SSH", b"SSH-2.0-OpenSSH_9.9\r\n"),
        bare("zeros", &[0; 512]),
        bare("a method with a space", b"G ET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        bare("a NUL in a header", get("X: a\0b").as_bytes()),
        bare("a NUL in a name", get("X\0: a").as_bytes()),
        bare("a header without a colon", get("nonsense").as_bytes()),
        bare("a folded header", get("X: a\r\n b").as_bytes()),
        bare("a bare CR in a header", get("X: a\rX-Forwarded-For: b").as_bytes()),
        bare(
            "a control character in the target",
            b"GET /health\x01z HTTP/1.1\r\nHost: localhost\r\n\r\n",
        ),
        bare("a space in the target", b"GET /health z HTTP/1.1\r\nHost: localhost\r\n\r\n"),
        Case::new("a large header", get(&format!("X: {}", "x".repeat(200_000))))
            .is(431, "")
            .closes(),
        Case::new("101 headers", get(&hundred)).is(431, "").closes(),
        Case::new("10,000 headers", get(&many)).is(431, "").closes(),
        Case::new(
            "a very long target",
            get("").replace("/healthz", &format!("/{}", "a".repeat(200_000))),
        )
        .is(431, "")
        .closes(),
        Case::new(
            "bytes beyond ASCII in a header",
            [b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: \xff\xfe\r\n\r\n".as_slice()]
                .concat(),
        )
        .is(200, "ok"),
        Case::new("line breaks without a CR", "GET /healthz HTTP/1.1\nHost: localhost\n\n")
            .is(200, "ok"),
        Case::new("an upgrade", get("Connection: Upgrade\r\nUpgrade: h2c")).is(200, "ok"),
        Case::new("another tunnel", "CONNECT localhost:22 HTTP/1.1\r\nHost: localhost:22\r\n\r\n")
            .is(404, "no_such_page"),
        Case::new(
            "a trace",
            "TRACE /healthz HTTP/1.1\r\nHost: localhost\r\nCookie: secret\r\n\r\n",
        )
        .is(405, "wrong_method"),
        Case::new("a method of one's own", "BREW /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .is(405, "wrong_method"),
        Case::new("no host", "GET /api/v4/usage_data/metrics HTTP/1.1\r\n\r\n")
            .is(400, "unclear_host"),
        Case::new("HTTP/1.0 without a host", "GET /api/v4/usage_data/metrics HTTP/1.0\r\n\r\n")
            .is(400, "unclear_host")
            .closes(),
        Case::new(
            "a host of bytes",
            b"GET /api/v4/usage_data/metrics HTTP/1.1\r\nHost: \xff\r\n\r\n".as_slice(),
        )
        .is(400, "unclear_host"),
    ];
    check(cases);
}

#[test]
fn a_path_is_what_it_says_and_nothing_else() {
    let nothing = |target: &str| Case::get(target, target).is(404, "no_such_page");
    let mut cases: Vec<Case> = [
        "/",
        "//",
        "/healthz/",
        "//healthz",
        "/./healthz",
        "/x/../healthz",
        "/%2e/healthz",
        "/healthz%00",
        "/healthz%2f",
        "/%68ealthz",
        "/api%2Fv4%2Fusage_data%2Fmetrics",
        "/../../../../etc/passwd",
        "/..%2f..%2fetc%2fpasswd",
        "/%5c..%5cwindows",
        "/healthz;a=b",
        "/HEALTHZ",
        "/i/",
        "/i%00",
        "/com.snowplowanalytics.snowplow/tp2/",
        "/com.snowplowanalytics.snowplow%2ftp2",
        "/com.snowplowanalytics.snowplow//tp2",
        "/com.snowplowanalytics.snowplow/../com.snowplowanalytics.snowplow/tp2",
        "/%E2%80%AE",
        "/\u{202e}",
    ]
    .map(nothing)
    .into();
    cases.push(nothing(&format!("/{}", "a/".repeat(7_000))));
    cases.push(Case::get("a tag", "/<script>").is(400, "").closes());
    cases.push(Case::get("all of it", "*").is(404, "no_such_page"));
    let metrics = "/api/v4/usage_data/metrics";
    let definitions = "/api/v4/usage_data/metric_definitions";
    for (query, status, code) in [
        ("?key_path=counts.count_total_create_order%00", 404, "no_such_metric"),
        ("?key_path=%ff", 404, "no_such_metric"),
        ("?key_path=..%2f..%2fetc%2fpasswd", 404, "no_such_metric"),
        ("?key_path=", 404, "no_such_metric"),
        ("?key_path", 404, "no_such_metric"),
        ("?key_path=%1b%5b2J%e2%80%ae", 404, "no_such_metric"),
        ("?key_path=counts.*", 404, "no_such_metric"),
        ("?at=2026-13-01", 400, "invalid_parameter"),
        ("?at=9999999-01-01", 400, "invalid_parameter"),
        ("?at=-9999-01-01", 400, "invalid_parameter"),
        ("?at=", 400, "invalid_parameter"),
        ("?at=now", 400, "invalid_parameter"),
        ("?include_current_week=1", 400, "invalid_parameter"),
        ("?include_current_week=TRUE", 400, "invalid_parameter"),
        ("?unknown=1", 400, "invalid_parameter"),
        ("?=", 400, "invalid_parameter"),
        ("?at=9999-12-31", 200, ""),
        ("?at=-009999-01-01", 200, ""),
        ("?at=0000-01-01&include_current_week=true", 200, ""),
        ("?&&&", 200, ""),
    ] {
        cases.push(Case::get(query, &format!("{metrics}{query}")).is(status, code));
    }
    let long = format!("{metrics}?key_path={}", "a".repeat(15_000));
    cases.push(Case::get("a key path of 15,000 bytes", &long).is(404, "no_such_metric"));
    let thousands =
        format!("{metrics}?{}", "key_path=counts.count_total_create_order&".repeat(300));
    cases.push(Case::get("one metric 300 times", &thousands).is(200, ""));
    cases.push(
        Case::get("paths of files", &format!("{definitions}?include_paths=/etc"))
            .is(400, "invalid_parameter"),
    );
    check(cases);
}
