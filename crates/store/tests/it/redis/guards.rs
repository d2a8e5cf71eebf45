//! What is wrong with a server is found before it does harm.

use internal_events_store::{Guard, RedisCounters, RedisOptions};

use super::driver::JOURNAL;
use super::server::Server;

fn guards(url: &str) -> Vec<Guard> {
    RedisCounters::new(RedisOptions::parse(url).unwrap(), JOURNAL).guards().unwrap()
}

#[test]
fn a_server_as_it_should_be_has_nothing_wrong() {
    let Some(server) = Server::start() else { return };
    assert_eq!(guards(&server.url()), []);
    assert_eq!(server.connect(0).say::<Vec<String>>("KEYS *"), Vec::<String>::new());
}

#[test]
fn what_endangers_counters_is_said_in_words() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    let user = |rest: &str| format!("ACL SETUSER u reset on >p ~* {rest}");
    for (lines, login, words, is_fatal) in [
        (
            &[
                "CONFIG SET maxmemory 1000000000".to_owned(),
                "CONFIG SET maxmemory-policy allkeys-lru".to_owned(),
            ][..],
            "",
            "set maxmemory-policy to noeviction",
            false,
        ),
        (&["CONFIG SET maxmemory 0".to_owned(), user("+@all -pfmerge")], "u:p@", "PFMERGE: ", true),
        (&[user("+@all -expire -ttl")], "u:p@", "TTL: ", true),
        (&[user("+@all"), "REPLICAOF 127.0.0.1 1".to_owned()], "", "is a replica", true),
    ] {
        for line in lines {
            plain.say::<()>(line);
        }
        let guards = guards(&server.url().replace("//", &format!("//{login}")));
        let shown: Vec<String> = guards.iter().map(Guard::to_string).collect();
        assert!(matches!(&shown[..], [it] if it.contains(words)), "{words}: {shown:?}");
        assert_eq!(guards[0].is_fatal(), is_fatal, "{shown:?}");
    }
}
