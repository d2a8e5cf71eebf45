//! A server that the system lets open few files.

use super::server::{Connection, Server, TRACK, order};
use crate::{program, shop};
use std::process::Command;

/// Files that the server may open; it needs some twenty for itself.
const FILES: &str = "48";

#[test]
fn idle_callers_make_room_though_files_are_few_and_the_log_stays_short() {
    let shop = shop();
    let mut limited = Command::new("sh");
    let with = format!("ulimit -n {FILES} && exec \"$0\" \"$@\"");
    limited.args(["-c", &with]).arg(program().get_program());
    let mut server = Server::start_logged_from(limited, shop.path());
    // Each of them has asked, and then keeps its connection for nothing.
    let mut idle: Vec<Connection> = Vec::new();
    for n in 0..60 {
        let mut caller = server.connect();
        let answer = caller.post(TRACK, &order("u1", &format!("{n}"))).expect("it is served");
        assert_eq!(answer.status, 200, "{n}");
        idle.push(caller);
    }
    server.terminate();
    let log = server.log();
    assert!(log.contains("takes fewer connections at a time"), "{log}");
    assert!(!log.contains("cannot take connections"), "{log}");
}

#[test]
fn a_server_that_gets_too_little_memory_says_so() {
    let shop = shop();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = taken.local_addr().expect("it has one").to_string();
    // Where there is enough it finds the port taken, so that it ends in either case.
    let (mut n_short, mut n_enough) = (0, 0);
    for kibibytes in (60_000..240_000).step_by(4_000) {
        let with = format!("ulimit -v {kibibytes} && exec \"$0\" \"$@\"");
        let mut limited = Command::new("sh");
        limited.args(["-c", &with]).arg(program().get_program()).current_dir(shop.path());
        let run = limited.args(["serve", "--listen", &address]).output().expect("it runs");
        let err = String::from_utf8_lossy(&run.stderr);
        assert!(!err.contains("panicked"), "{kibibytes}: {err}");
        if err.contains("cannot listen on") {
            n_enough += 1;
            continue;
        }
        n_short += 1;
        // With hardly any it does not come so far as to say anything.
        let is_said = err.lines().any(|it| it.starts_with("error: "));
        assert!(!is_said || err.contains("help: "), "{kibibytes}: {err}");
    }
    assert!(n_short > 0 && n_enough > 0, "{n_short} {n_enough}");
}
