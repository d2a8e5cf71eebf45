//! The server ends in order, and answers for itself until then.

use super::server::{Connection, METRICS, Server, TOTAL, TRACK, order, post, signal, value_of};
use crate::{run, shop};

#[test]
fn a_request_that_is_half_sent_is_still_answered_when_the_server_is_told_to_end() {
    let shop = shop();
    let mut server = Server::start(shop.path());
    let mut idle = server.connect();
    assert_eq!(idle.get("/healthz").expect("an answer").status, 200);
    let mut connection = server.connect();
    let request = post(TRACK, &order("5", "last"));
    let (first, second) = request.split_at(request.len() - 10);
    connection.send(first).expect("sent");
    // An answer to a later connection shows that the half request has been read, too.
    assert_eq!(server.connect().get("/healthz").expect("an answer").status, 200);
    server.terminate();
    // Nobody new is let in; when that is so, the server is on its way out.
    while Connection::open(server.address).is_ok() {
        std::thread::yield_now();
    }
    connection.send(second).expect("sent");
    let answer = connection.answer().expect("it is answered");
    assert_eq!((answer.status, answer.body.as_str()), (200, r#"{"status":"accepted"}"#));
    assert_eq!(server.wait().code(), Some(0));
    let server = Server::start(shop.path());
    assert_eq!(server.metric(TOTAL), 1);
}

#[test]
fn an_interrupted_server_ends_well() {
    let shop = shop();
    let mut server = Server::start(shop.path());
    signal("INT", server.id());
    assert_eq!(server.wait().code(), Some(0));
}

#[test]
fn a_server_that_others_could_reach_does_not_start() {
    let shop = shop();
    let root = shop.path().to_str().expect("the path is UTF-8");
    for listen in ["0.0.0.0:0", "[::]:0", "10.1.2.3:80"] {
        let run = run(&["--root", root, "serve", "--listen", listen]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{listen}: {}", run.err);
        assert!(run.err.contains("can be reached from other machines"), "{}", run.err);
    }
    assert!(!shop.path().join(".internal-events").exists(), "and touches nothing");
}

#[test]
fn every_caller_sees_its_own_events_in_the_metrics_at_once() {
    let shop = shop();
    let server = Server::start(shop.path());
    std::thread::scope(|scope| {
        for caller in 0..4 {
            let mut connection = server.connect();
            scope.spawn(move || {
                for n in 1..=25 {
                    let answer = connection.post(TRACK, &order(&format!("{caller}"), "x"));
                    assert_eq!(answer.expect("an answer").status, 200);
                    let report = connection.get(METRICS).expect("an answer").json();
                    assert!(value_of(&report, TOTAL) >= n, "{n} were answered: {report}");
                }
            });
        }
    });
    assert_eq!(server.metric(TOTAL), 100);
}
