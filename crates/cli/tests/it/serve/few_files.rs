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
