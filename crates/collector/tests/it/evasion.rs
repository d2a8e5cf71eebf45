//! Attempts to get round the rules by how a request is written, over real sockets: each is refused,
//! or read in the one way in which the rules see it.

use crate::server::{METRICS, Server, TRACK, config};
use internal_events_collector::{Collector, Limits, NewToken, Token};
use std::io::{ErrorKind, Read as _, Write as _};
use std::net::Shutdown;

const EVENT: &str = r#"{"event":"create_order"}"#;

/// Sends bytes, and gives the status of each answer until the connection ends.
fn statuses(server: &Server, bytes: impl AsRef<[u8]>) -> Vec<u16> {
    let mut stream = server.connect();
    // Who is refused in the middle of sending may not get to send the rest.
    let _ = stream.write_all(bytes.as_ref());
    let _ = stream.shutdown(Shutdown::Write);
    let mut answers = Vec::new();
    if let Err(error) = stream.read_to_end(&mut answers) {
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{error}");
    }
    let answers = String::from_utf8_lossy(&answers).into_owned();
    let status = |it: &str| it.get(..3)?.parse().ok();
    answers.split("HTTP/1.1 ").skip(1).filter_map(status).collect()
}

/// An event with these lines in its head, of which the first is `Host`.
fn track(lines: &str) -> String {
    format!(
        "POST {TRACK} HTTP/1.1\r\n{lines}Content-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{EVENT}",
        EVENT.len()
    )
}

fn ask(lines: &str) -> String {
    format!("GET {METRICS} HTTP/1.1\r\n{lines}\r\n")
}

/// Ways to write a header that some read as that header, and others as another or none.
fn disguises(name: &str, value: &str) -> Vec<String> {
    let host = "Host: localhost\r\n";
    let (lower, upper) = (name.to_lowercase(), name.to_uppercase());
    let half = value.len() / 2;
    let (first, second) = value.split_at(half);
    vec![
        format!("{host}{name}: {value}\r\n"),
        format!("{host}{lower}:{value}\r\n"),
        format!("{host}{upper}: \t {value} \t\r\n"),
        format!("{host}Connection: close, {name}\r\n{name}: {value}\r\n"),
        // Folded: the value, a part of it, and the whole header as the rest of another.
        format!("{host}{name}:\r\n {value}\r\n"),
        format!("{host}{name}:\r\n\t{value}\r\n"),
        format!("{host}{name}: {first}\r\n {second}\r\n"),
        format!("{host}X: x\r\n {name}: {value}\r\n"),
        format!("Host: localhost\r\n {name}: {value}\r\n"),
        // A name that is not quite that name.
        format!("{host}{name} : {value}\r\n"),
        format!("{host}{name}\t: {value}\r\n"),
        format!(" {name}: {value}\r\n{host}"),
        format!("\t{name}: {value}\r\n{host}"),
        format!("{host}{name}\0: {value}\r\n"),
        format!("{host}\u{b}{name}: {value}\r\n"),
        // Other ends of lines.
        format!("{host}{name}: {value}\n"),
        format!("Host: localhost\n{name}: {value}\n"),
        format!("{host}X: x\n{name}: {value}\r\n"),
        format!("{host}X: x\r{name}: {value}\r\n"),
        format!("{host}X: x\r\r\n{name}: {value}\r\n"),
        format!("{host}{name}: {first}\r{second}\r\n"),
        format!("{host}{name}: {first}\0{second}\r\n"),
    ]
}

#[test]
fn a_header_that_speaks_against_a_request_does_so_however_it_is_written() {
    let server = Server::start();
    for (name, value) in [
        ("Forwarded", "for=192.0.2.1"),
        ("X-Forwarded-For", "192.0.2.1"),
        ("Via", "1.1 proxy"),
        ("Origin", "https://evil.example"),
        ("Sec-Fetch-Site", "cross-site"),
        ("Host", "evil.example"),
    ] {
        for lines in disguises(name, value) {
            for request in [track(&lines), ask(&lines)] {
                let answers = statuses(&server, &request);
                assert!(matches!(answers[..], [400 | 403]), "{request:?}: {answers:?}");
            }
        }
    }
    assert_eq!(server.counts(), (0, 0));
    let good = "Host: localhost\r\nOrigin: http://localhost\r\n";
    assert_eq!(statuses(&server, track(good)), [200], "the same without a disguise is let in");
}

#[test]
fn one_host_is_named_and_it_is_ours() {
    let server = Server::start();
    let get = |target: &str, lines: &str| format!("GET {target} HTTP/1.1\r\n{lines}\r\n");
    let post = |target: &str, lines: &str| track(lines).replacen(TRACK, target, 1);
    let ours = "Host: localhost\r\n";
    let evil = "Host: evil.example\r\n";
    for (target, lines, status) in [
        ("", "", 400),
        ("", "Host:\r\n", 403),
        ("", "Host: localhost\r\nHost: localhost\r\n", 400),
        ("", "Host: localhost\r\nhOST: evil.example\r\n", 400),
        ("", "Host: evil.example\r\nHost: localhost\r\n", 400),
        ("", "Host: localhost, evil.example\r\n", 403),
        ("", "Host: evil.example, localhost\r\n", 403),
        ("", "Host: localhost evil.example\r\n", 403),
        ("", "Host: localhost#@evil.example\r\n", 403),
        ("", "Host: evil.example\r\nX-Host: localhost\r\n", 403),
        ("http://evil.example", ours, 403),
        ("https://evil.example", ours, 403),
        ("HTTP://evil.example", ours, 403),
        ("http://localhost", evil, 403),
        ("http://localhost@evil.example", ours, 403),
        ("http://evil.example:80", ours, 403),
        ("http://localhost:80@evil.example:80", ours, 403),
        ("http://evil.example@localhost", ours, 403),
        ("http://[::1]@evil.example", ours, 403),
        ("http://localhost.evil.example", ours, 403),
        ("//evil.example", ours, 404),
        ("//localhost", evil, 403),
        ("/\\evil.example", ours, 404),
        ("ftp://localhost", evil, 403),
    ] {
        for request in
            [get(&format!("{target}{METRICS}"), lines), post(&format!("{target}{TRACK}"), lines)]
        {
            let answers = statuses(&server, &request);
            let is_refused = answers == [status] || answers == [400];
            assert!(is_refused, "{request:?}: {answers:?}");
        }
    }
    assert_eq!(server.counts(), (0, 0));
    let good = post(&format!("http://localhost:80{TRACK}"), ours);
    assert_eq!(statuses(&server, good), [200], "a target may name our host");
}

#[test]
fn a_token_is_one_header_on_one_line() {
    let NewToken { text, sha256 } = NewToken::generate().expect("random bytes");
    let token = Token::new("web", &sha256, &["track".to_owned()]).expect("a token");
    let server = Server::start_as(config(), |tracker| {
        Collector::new(tracker, Limits::default()).tokens(vec![token])
    });
    let (bearer, wrong) = (format!("Bearer {text}"), "Bearer iet_0");
    let host = "Host: shop.example\r\n";
    for lines in [
        format!("{host}Authorization: {wrong}\r\n {bearer}\r\n"),
        format!("{host}Authorization: {wrong}\r\nAuthorization:\r\n {bearer}\r\n"),
        format!("{host}Authorization: {wrong}\r\nauthorization: {bearer}\r\n"),
        format!("{host}Authorization: {bearer}\r\nPRIVATE-TOKEN: iet_0\r\n"),
        format!("{host}Authorization:\r\n {bearer}\r\n"),
        format!("{host}Authorization: Bearer\r\n\t{text}\r\n"),
        format!("{host}Authorization : {bearer}\r\n"),
        format!("{host}PRIVATE-TOKEN : {text}\r\n"),
        format!("{host}PRIVATE-TOKEN: {text}\0\r\n"),
        format!("{host}X: x\r\n Authorization: {bearer}\r\n"),
        format!("{host}X: x\rAuthorization: {bearer}\r\n"),
        format!("{host}Proxy-Authorization: {bearer}\r\n"),
        format!("{host}Cookie: Authorization={bearer}\r\n"),
        format!("{host}Authorization: {bearer}\r\nOrigin:\r\n https://evil.example\r\n"),
        format!("{host}Authorization: {bearer}\r\nHost: localhost\r\n"),
    ] {
        let answers = statuses(&server, track(&lines));
        assert!(matches!(answers[..], [400 | 401]), "{lines:?}: {answers:?}");
    }
    // What comes after a chunked body is no head.
    let chunked = |trailer: &str| {
        format!(
            "POST {TRACK} HTTP/1.1\r\n{host}Content-Type: application/json\r\n\
             Transfer-Encoding: chunked\r\nTrailer: Authorization\r\n\r\n{:x}\r\n{EVENT}\r\n\
             0\r\n{trailer}\r\n",
            EVENT.len()
        )
    };
    let late = chunked(&format!("Authorization: {bearer}\r\n"));
    assert_eq!(statuses(&server, late), [401]);
    assert_eq!(server.counts(), (0, 0));
    let good = format!("{host}Authorization: {bearer}\r\n");
    assert_eq!(statuses(&server, track(&good)), [200]);
}

#[test]
fn no_other_protocol_is_spoken() {
    let server = Server::start();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".as_slice();
    // Settings, and the head of a request for the metrics, as HTTP/2 writes them.
    let frames = b"\0\0\0\x04\0\0\0\0\0\0\0\x05\x01\x05\0\0\0\x01\x82\x86\x84\x41\x8a";
    let with = |bytes: &[u8]| [preface, frames, bytes].concat();
    for (what, bytes) in [
        ("prior knowledge", with(b"")),
        ("prior knowledge, and then HTTP/1", with(track("Host: localhost\r\n").as_bytes())),
    ] {
        let answers = statuses(&server, bytes);
        assert!(answers.iter().all(|it| *it == 400), "{what}: {answers:?}");
    }
    let upgrade = |to: &str| {
        format!(
            "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: {to}\r\n\
             HTTP2-Settings: AAMAAABkAAQAAP__\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\
             Sec-WebSocket-Version: 13\r\n"
        )
    };
    for to in ["h2c", "h2c, websocket", "websocket", "TLS/1.2, HTTP/1.1", "HTTP/2.0"] {
        let lines = upgrade(to);
        let evil = format!("Host: evil.example\r\n{lines}");
        let foreign = format!("Host: localhost\r\nForwarded: for=192.0.2.1\r\n{lines}");
        for lines in [&evil, &foreign] {
            assert_eq!(statuses(&server, ask(lines)), [403], "{to}");
            // Whoever believes it was taken up sends HTTP/2 next.
            let both = [ask(lines).as_bytes(), &with(b"")].concat();
            let answers = statuses(&server, both);
            assert!(matches!(answers[..], [403] | [403, 400]), "{to}: {answers:?}");
        }
        let ours = format!("Host: localhost\r\n{lines}");
        assert_eq!(statuses(&server, ask(&ours)), [200], "{to}: it is answered in HTTP/1.1");
    }
    assert_eq!(server.counts(), (0, 0));
}

#[test]
fn a_body_ends_in_one_place_or_the_connection_does() {
    let server = Server::start();
    // Whoever reads the body as longer or shorter than we do sees another request here.
    let hidden = ask("Host: localhost\r\nX-Forwarded-For: 192.0.2.1\r\n");
    let chunk = format!("{:x}\r\n{EVENT}\r\n0\r\n\r\n", EVENT.len());
    let n = EVENT.len();
    let head = |lines: &str| {
        format!(
            "POST {TRACK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
             {lines}\r\n"
        )
    };
    let te = |value: &str| head(&format!("Transfer-Encoding: {value}\r\n"));
    let mut n_accepted = 0;
    for (what, head, body, is_accepted) in [
        ("chunks", te("chunked"), &chunk, true),
        ("chunks twice in a list", te("chunked, chunked"), &chunk, false),
        ("chunks twice", te("chunked\r\nTransfer-Encoding: chunked"), &chunk, false),
        ("identity", te("identity"), &chunk, false),
        ("identity before chunks", te("identity, chunked"), &chunk, false),
        ("chunks before identity", te("chunked, identity"), &chunk, false),
        ("identity, then chunks", te("identity\r\nTransfer-Encoding: chunked"), &chunk, false),
        ("chunks, then identity", te("chunked\r\nTransfer-Encoding: identity"), &chunk, false),
        ("gzip before chunks", te("gzip, chunked"), &chunk, false),
        ("a parameter", te("chunked;q=1"), &chunk, false),
        ("a quoted word", te("\"chunked\""), &chunk, false),
        ("a prefix", te("xchunked"), &chunk, false),
        ("a vertical tab", te("\u{b}chunked"), &chunk, false),
        ("nothing", te(""), &chunk, false),
        ("folded", te("\r\n chunked"), &chunk, false),
        (
            "folded after a length",
            head(&format!("Content-Length: {n}\r\n Transfer-Encoding: chunked\r\n")),
            &chunk,
            false,
        ),
        ("a space before the colon", head("Transfer-Encoding : chunked\r\n"), &chunk, false),
        ("a bare CR", head("X: x\rTransfer-Encoding: chunked\r\n"), &chunk, false),
        ("length and chunks", te(&format!("chunked\r\nContent-Length: {n}")), &chunk, true),
        ("length 0 and chunks", te("chunked\r\nContent-Length: 0"), &chunk, true),
        ("an underscore", head("Transfer_Encoding: chunked\r\n"), &chunk, false),
        (
            "two lengths",
            head(&format!("Content-Length: {n}\r\nContent-Length: 0\r\n")),
            &chunk,
            false,
        ),
    ] {
        let request = format!("{head}{body}{hidden}");
        let answers = statuses(&server, &request);
        n_accepted += u64::from(is_accepted);
        assert_eq!(server.counts().1, n_accepted, "{what}: {answers:?}");
        let is_clear = what == "chunks";
        let is_right = match answers[..] {
            [200, 403] => is_clear,
            [200] => is_accepted && !is_clear,
            // Without a length that counts there is no body: what comes is no request either.
            [400] | [400, 400] => !is_accepted,
            _ => false,
        };
        assert!(is_right, "{what}: {answers:?}");
    }
}

#[test]
fn the_end_of_a_line_may_be_short_but_hides_nothing() {
    let server = Server::start();
    let short = |request: String| request.replace("\r\n", "\n");
    for (lines, status) in [
        ("Host: localhost\r\n", 200),
        ("Host: evil.example\r\n", 403),
        ("Host: localhost\r\nVia: 1.1 proxy\r\n", 403),
        ("Host: localhost\r\nOrigin: https://evil.example\r\n", 403),
        ("Host: localhost\r\nHost: evil.example\r\n", 400),
    ] {
        assert_eq!(statuses(&server, short(track(lines))), [status], "{lines:?}");
        assert_eq!(statuses(&server, short(ask(lines))), [status], "{lines:?}");
    }
    // A line that ends early does not end the head for one reader and go on for another.
    for (request, expected) in [
        (format!("GET {METRICS} HTTP/1.1\nHost: localhost\r\nVia: 1.1 proxy\n\r\n"), 403),
        (format!("GET {METRICS} HTTP/1.1\r\nHost: localhost\n\r\nVia: 1.1 proxy\r\n\r\n"), 200),
    ] {
        let answers = statuses(&server, &request);
        assert_eq!(answers.first(), Some(&expected), "{request:?}: {answers:?}");
        assert!(answers[1..].iter().all(|it| *it == 400), "{request:?}: {answers:?}");
    }
    assert_eq!(server.counts(), (1, 1));
}
