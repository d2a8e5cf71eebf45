//! Tests that run at the same time see only events of their own.

use super::{TP2, actions, ask, body, event, list, start, totals, track};
use crate::server::{Answer, Server};
use serde_json::json;

/// Sends an event of a run.
fn track_in(server: &Server, run: &str, action: &str) -> Answer {
    let sent = body(&[event(&json!({ "se_ac": action }))]);
    server.send(format!(
        "POST {TP2} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         X-Internal-Events-Run: {run}\r\nContent-Length: {}\r\n\r\n{sent}",
        sent.len()
    ))
}

#[test]
fn a_run_is_read_and_reset_alone() {
    let server = start();
    for (run, action) in [("one", "a"), ("two", "b"), ("one", "c")] {
        assert_eq!(track_in(&server, run, action).status, 200);
    }
    let pixel = "/i?e=se&p=web&tv=x&se_ac=d";
    assert_eq!(ask(&server, pixel, "X-Internal-Events-Run: two\r\n").status, 200);
    track(&server, &[event(&json!({"se_ac": "e"}))]);
    assert_eq!(actions(&server, "/micro/good"), ["e", "d", "c", "b", "a"]);
    assert_eq!(actions(&server, "/micro/good?run=one"), ["c", "a"]);
    assert_eq!(actions(&server, "/micro/good?run=two&event=b"), ["b"]);
    assert_eq!(actions(&server, "/micro/good?run=three"), [""; 0]);
    let of_two = ask(&server, "/micro/good", "x-internal-events-run: two\r\n");
    assert_eq!(of_two.body, server.get("/micro/good?run=two").body);
    assert_eq!(totals(&server, "?run=two"), (2, 0));

    assert_eq!(server.get("/micro/reset?run=one").json()["total"], 0);
    assert_eq!(actions(&server, "/micro/good"), ["e", "d", "b"]);
    let both = ask(&server, "/micro/reset?run=two", "X-Internal-Events-Run: two\r\n");
    assert_eq!(both.json()["total"], 0);
    assert_eq!(actions(&server, "/micro/good"), ["e"]);
}

#[test]
fn a_name_of_a_run_is_short_and_plain() {
    let server = start();
    let longest = "x".repeat(64);
    for name in ["1", "a-b_c.D", &longest] {
        assert_eq!(track_in(&server, name, "a").status, 200, "{name}");
        assert_eq!(totals(&server, &format!("?run={name}")), (1, 0), "{name}");
    }
    let before = (server.counts(), totals(&server, ""));
    for name in ["", "a b", "a/b", "ü", &"x".repeat(65)] {
        track_in(&server, name, "create_order").assert_problem(400, "invalid_parameter");
        let line = format!("X-Internal-Events-Run: {name}\r\n");
        ask(&server, "/micro/all", &line).assert_problem(400, "invalid_parameter");
    }
    for lines in
        ["X-Internal-Events-Run: a\r\nX-Internal-Events-Run: a\r\n", "X-Internal-Events-Run: a\r\n"]
    {
        ask(&server, "/micro/good?run=b", lines).assert_problem(400, "invalid_parameter");
    }
    assert_eq!((server.counts(), totals(&server, "")), before, "nothing was taken");
}

#[test]
fn without_micro_nobody_looks_at_the_name_of_a_run() {
    let server = Server::start();
    assert_eq!(track_in(&server, "a b", "create_order").status, 200);
    assert_eq!(server.counts(), (1, 1));
}

#[test]
fn pages_of_a_run_may_name_it() {
    let server = start();
    let answer = server.send(format!("OPTIONS {TP2} HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    let allowed = answer.header("access-control-allow-headers");
    assert_eq!(allowed, Some("Content-Type, SP-Anonymous, X-Internal-Events-Run"));
}

#[test]
fn many_runs_at_once_see_each_its_own() {
    let server = start();
    std::thread::scope(|scope| {
        for n in 0..8 {
            let server = &server;
            scope.spawn(move || {
                let run = format!("run-{n}");
                for action in ["a", "b", "c"] {
                    assert_eq!(track_in(server, &run, &format!("{action}{n}")).status, 200);
                }
                let path = format!("/micro/wait?run={run}&count=3");
                assert_eq!(
                    actions(server, &path),
                    [format!("c{n}"), format!("b{n}"), format!("a{n}")]
                );
                server.get(&format!("/micro/reset?run={run}"));
                assert_eq!(list(server, &format!("/micro/good?run={run}")).len(), 0);
            });
        }
    });
    assert_eq!(totals(&server, ""), (0, 0));
}
