//! Who is let in, and attempts to get round it.

use crate::server::{METRICS, Server, TRACK};

const OK: &str = r#"{"event":"create_order","user_id":5}"#;

/// Sends an event with these lines as its head.
fn track(server: &Server, target: &str, lines: &str) -> crate::server::Answer {
    server
        .send(format!("POST {target} HTTP/1.1\r\n{lines}Content-Length: {}\r\n\r\n{OK}", OK.len()))
}

/// Expects that with this line neither an event nor a question is let in.
fn refused(server: &Server, line: &str, code: &str) {
    let json = "Content-Type: application/json\r\n";
    let head = format!("Host: localhost\r\n{json}{line}\r\n");
    track(server, TRACK, &head).assert_problem(403, code);
    let get = format!("GET {METRICS} HTTP/1.1\r\nHost: localhost\r\n{line}\r\n\r\n");
    server.send(get).assert_problem(403, code);
}

#[test]
fn only_programs_on_this_machine_may_ask() {
    let server = Server::start();
    let json = "Content-Type: application/json\r\n";
    for host in ["localhost", "LOCALHOST:80", "127.0.0.1", "127.8.9.1:80", "[::1]:80"] {
        let answer = track(&server, TRACK, &format!("Host: {host}\r\n{json}"));
        assert_eq!(answer.status, 200, "{host}");
    }
    let (_, before) = server.counts();
    for host in [
        "example.com",
        "localhost.example.com",
        "localhost.evil",
        "localhost.",
        "127.0.0.1.nip.io",
        "0.0.0.0",
        "localhost@example.com",
        "user@localhost",
        "localhost:80@evil.com",
        "localhost, evil.com",
        "localhost:evil.com",
        "[::2]",
        "[::ffff:127.0.0.1]",
        "[::1%lo]",
        "0x7f.1",
        "127.1",
    ] {
        track(&server, TRACK, &format!("Host: {host}\r\n{json}")).assert_problem(403, "not_local");
    }
    for line in [
        "Forwarded: for=127.0.0.1",
        "FORWARDED: for=127.0.0.1",
        "X-Forwarded-For: 127.0.0.1",
        "x-forwarded-host: localhost",
        "X-Forwarded-Anything:",
        "Via: 1.1 proxy",
        "X-Real-IP: 127.0.0.1",
        "True-Client-IP: 127.0.0.1",
    ] {
        refused(&server, line, "not_local");
    }
    for line in [
        "Origin: https://shop.example",
        "Origin: null",
        "Origin: http://localhost.evil.com",
        "Origin: http://localhost\r\nOrigin: http://localhost",
        "Origin: http://localhost@evil.com",
        "Origin: http://localhost/../evil",
        "Origin:",
        "Sec-Fetch-Site: cross-site",
    ] {
        refused(&server, line, "foreign_origin");
    }
    // A target may name a host of its own, and a proxy would believe it.
    let target = format!("http://example.com{TRACK}");
    track(&server, &target, &format!("Host: localhost\r\n{json}")).assert_problem(403, "not_local");
    for hosts in ["", "Host: localhost\r\nHost: example.com\r\n"] {
        let answer = track(&server, TRACK, &format!("{hosts}{json}"));
        assert_eq!(answer.status, 400, "{hosts}");
    }
    assert_eq!(server.counts().1, before, "none of them moved a counter");
}

#[test]
fn only_json_is_taken_so_that_no_form_of_a_page_can_track() {
    let server = Server::start();
    for (value, status) in [
        ("application/json", 200),
        ("Application/JSON", 200),
        ("application/json; charset=utf-8", 200),
        ("application/json ;x", 200),
        ("text/plain", 415),
        ("application/x-www-form-urlencoded", 415),
        ("multipart/form-data; boundary=application/json", 415),
        ("application/jsonp", 415),
        ("application/problem+json", 415),
        ("", 415),
        ("text/plain, application/json", 415),
    ] {
        let answer =
            track(&server, TRACK, &format!("Host: localhost\r\nContent-Type: {value}\r\n"));
        assert_eq!(answer.status, status, "{value}");
        if status == 415 {
            answer.assert_problem(415, "wrong_type");
        }
    }
    track(&server, TRACK, "Host: localhost\r\n").assert_problem(415, "wrong_type");
    assert_eq!(server.counts(), (4, 4));
}

#[test]
fn other_pages_and_methods_do_not_exist() {
    let server = Server::start();
    for path in
        ["/", "/api/v4/usage_data", "/api/v4/usage_data/track_event/", "/HEALTHZ", "//healthz"]
    {
        server.get(path).assert_problem(404, "no_such_page");
    }
    for (method, path, allowed) in [
        ("GET", TRACK, "POST"),
        ("PUT", TRACK, "POST"),
        ("OPTIONS", TRACK, "POST"),
        ("DELETE", "/healthz", "GET, HEAD"),
        ("POST", METRICS, "GET, HEAD"),
    ] {
        let answer = server.send(format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
        answer.assert_problem(405, "wrong_method");
        assert_eq!(answer.header("allow"), Some(allowed), "{method} {path}");
    }
}
