//! Callers that are slow, go away, or send too much.

use super::super::server::{Server, TRACK, order, post};
use super::{BATCH, Case, TP2, check, exchange, health, number};
use crate::shop;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;

const LARGE: usize = 3_000_000;

#[test]
fn a_body_that_is_too_large_is_told_however_it_comes() {
    let head = |path: &str, lines: &str| {
        format!(
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{lines}\r\n"
        )
    };
    let spaces = " ".repeat(LARGE);
    let chunk = " ".repeat(65_536);
    let chunks = format!("10000\r\n{chunk}\r\n").repeat(46) + "0\r\n\r\n";
    let mut cases = Vec::new();
    for path in [TRACK, BATCH, TP2] {
        let is = |what: &str, bytes: String| {
            Case::new(format!("{what} to {path}"), bytes).is(413, "large_body")
        };
        let length = format!("Content-Length: {LARGE}\r\n");
        cases.push(is("3 MB", head(path, &length) + &spaces));
        cases.push(is("chunks", head(path, "Transfer-Encoding: chunked\r\n") + &chunks));
        cases.push(
            is("a question first", head(path, &format!("{length}Expect: 100-continue\r\n")))
                .closes(),
        );
        let expects = head(path, "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n");
        cases.push(is("a question before chunks", expects + &chunks));
        cases.push(
            is(
                "a terabyte, it says",
                head(path, "Content-Length: 1000000000000\r\nExpect: 100-continue\r\n"),
            )
            .closes(),
        );
    }
    let gzip = b"\x1f\x8b\x08\0\0\0\0\0\x02\xff\xed\xc1\x01\x01\0\0\0\x80\x90\xfe\xaf\xee\x08\x0a"
        .as_slice();
    for coding in
        ["gzip", "deflate", "br", "zstd", "gzip, gzip", "x-nonsense", "identity, gzip", ""]
    {
        let lines = format!("Content-Encoding: {coding}\r\nContent-Length: {}\r\n", gzip.len());
        for path in [TRACK, BATCH] {
            let bytes = [head(path, &lines).as_bytes(), gzip].concat();
            cases.push(
                Case::new(format!("a body in {coding} to {path}"), bytes).is(415, "wrong_encoding"),
            );
        }
        let bytes = [head(TP2, &lines).as_bytes(), gzip].concat();
        cases.push(
            Case::new(format!("a body in {coding} of a tracker"), bytes).is(200, "").bad("body"),
        );
    }
    let event = order("5", "x");
    let lines = format!("Content-Encoding: Identity\r\nContent-Length: {}\r\n", event.len());
    cases.push(
        Case::new("a body as it is", head(TRACK, &lines) + &event).is(200, "accepted").accepted(1),
    );
    check(cases);
}

#[test]
fn half_a_request_is_no_request() {
    let request = post(TRACK, &order("5", "x"));
    let head = request.find("\r\n\r\n").expect("a head") + 4;
    let tracker = request.replace(TRACK, TP2);
    let chunks = format!(
        "POST {TRACK} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{{\"eve"
    );
    let mut cases = vec![
        Case::new("nothing", "").ends().closes(),
        Case::new("one byte", "P").ends().closes(),
        Case::new("half a head", &request.as_bytes()[..head - 10]).ends().closes(),
        Case::new("a head alone", &request.as_bytes()[..head])
            .ends()
            .is(400, "broken_body")
            .closes(),
        Case::new("all but a byte", &request.as_bytes()[..request.len() - 1])
            .ends()
            .is(400, "broken_body")
            .closes(),
        Case::new("all but a byte of a tracker", &tracker.as_bytes()[..tracker.len() - 1])
            .ends()
            .is(400, "broken_body")
            .closes(),
        Case::new("half a chunk", chunks).ends().is(400, "broken_body").closes(),
        Case::new("all of it, and then no more", request.clone())
            .ends()
            .is(200, "accepted")
            .closes()
            .accepted(1),
        Case::new("line breaks before it", format!("\r\n\r\n{request}"))
            .is(200, "accepted")
            .accepted(1),
        Case::new("ten at once", request.repeat(10)).all_accepted(10).accepted(10),
        Case::new("two and a half", request.repeat(2) + &request[..request.len() - 5])
            .ends()
            .all_accepted(2)
            .is(400, "broken_body")
            .closes()
            .accepted(2),
        Case::new("a good one and nonsense", format!("{request}\0\0\0\0"))
            .is(200, "accepted")
            .is(400, "")
            .closes()
            .accepted(1),
        Case::new("more than it says", format!("{request}}}"))
            .ends()
            .is(200, "accepted")
            .is(400, "")
            .closes()
            .accepted(1),
    ];
    let refused = post(TRACK, "{");
    cases.push(
        Case::new(
            "bad and good in turn",
            [refused.as_str(), &request, &refused, &request].concat(),
        )
        .is(400, "invalid_json")
        .is(200, "accepted")
        .is(400, "invalid_json")
        .is(200, "accepted")
        .accepted(2),
    );
    check(cases);
}

impl Case {
    fn all_accepted(mut self, n: usize) -> Self {
        self.answers.extend(vec![(200, "accepted"); n]);
        self
    }
}

#[test]
fn a_slow_body_is_given_up_and_nobody_waits_for_it() {
    let shop = shop();
    let server = Server::start(shop.path());
    let request = post(TRACK, &order("5", "slow"));
    // One has stopped in the middle, the other goes on, but not fast enough.
    let (mut stopped, mut slow) = (connect(&server), connect(&server));
    let half = request.len() - 40;
    for stream in [&mut stopped, &mut slow] {
        stream.write_all(&request.as_bytes()[..half]).expect("it reads");
    }
    let mut n_good = 0;
    for byte in request[half..].bytes() {
        let good = server.connect().post(TRACK, &order("5", "good")).expect("it answers");
        assert_eq!(good.status, 200, "others are served meanwhile");
        n_good += 1;
        if slow.write_all(&[byte]).is_err() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(400));
    }
    for mut stream in [stopped, slow] {
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers, and ends the connection");
        let ((status, code), _) = super::parse(&answer).expect("an answer");
        assert_eq!((status, code.as_str()), (408, "slow_body"));
    }
    let events = &health(&server)["events"];
    assert_eq!((number(&events["received"]), number(&events["accepted"])), (n_good, n_good));
}

fn connect(server: &Server) -> TcpStream {
    let stream = TcpStream::connect(server.address).expect("it takes connections");
    stream.set_read_timeout(Some(super::PATIENCE)).expect("a time is set");
    stream
}

#[test]
fn callers_that_go_away_in_the_middle_leave_nothing_behind() {
    let shop = shop();
    let mut server = Server::start(shop.path());
    let request = post(TRACK, &order("5", "gone"));
    let head = request.find("\r\n\r\n").expect("a head") + 4;
    let (asks, body) = request.split_at(head);
    let asks = asks.replacen("\r\n", "\r\nExpect: 100-continue\r\n", 1);
    for n in 0..300 {
        let mut stream = connect(&server);
        stream.write_all(asks.as_bytes()).expect("it reads");
        let goes_on = stream.peek(&mut [0]).expect("it says that it waits for the body");
        assert_eq!(goes_on, 1);
        stream.write_all(&body.as_bytes()[..n % body.len()]).expect("it reads");
        // What came and was not read makes the connection end with a reset.
    }
    let good = Case::new("a good one", request).is(200, "accepted");
    assert_eq!(exchange(&server, &good).1, [(200, "accepted".to_owned())]);
    let events = health(&server)["events"].clone();
    assert_eq!((number(&events["received"]), number(&events["accepted"])), (1, 1), "{events}");
    server.terminate();
    assert_eq!(server.wait().code(), Some(0));
}
