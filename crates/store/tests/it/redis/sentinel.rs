//! A pair of servers with a Sentinel, and failovers.

use std::time::Duration;

use internal_events_store::{RedisError, RedisNotice, RedisOptions};

use super::driver::{Driver, assert_counted};
use super::journal::{counted, random};
use super::server::Server;

/// A primary, a replica that has caught up, and a Sentinel that knows both.
fn pair() -> Option<(Server, Server, Server)> {
    let primary = Server::start()?;
    let port = primary.port().to_string();
    let replica = Server::with(&["--save", "", "--replicaof", "127.0.0.1", &port])?;
    let sentinel = Server::sentinel(&primary)?;
    let mut plain = sentinel.connect(0);
    wait_until(|| plain.say::<Vec<Vec<String>>>("SENTINEL REPLICAS counters").len() == 1);
    let mut plain = replica.connect(0);
    wait_until(|| plain.say::<String>("INFO replication").contains("master_link_status:up"));
    Some((primary, replica, sentinel))
}

/// Looks again and again, until it is so or far too much time has passed.
pub(crate) fn wait_until(mut is_so: impl FnMut() -> bool) {
    for _ in 0..600 {
        if is_so() {
            return;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    panic!("not in half a minute");
}

fn url(sentinel: &Server) -> String {
    format!("redis+sentinel://127.0.0.1:{}/counters", sentinel.port())
}

#[test]
fn a_failover_that_loses_the_last_writes_loses_no_count() {
    let Some((mut primary, replica, sentinel)) = pair() else { return };
    let journal = random(41, 120);
    let mut driver = Driver::new(&url(&sentinel));
    driver.drive(&journal[..40]);
    let mut of_primary = primary.connect(0);
    assert_eq!(of_primary.say::<u64>("WAIT 1 10000"), 1);
    // The replica hears no more, and nobody notices: what comes now is lost with the primary.
    sentinel.signal("STOP");
    replica.connect(0).say::<()>("REPLICAOF NO ONE");
    driver.drive(&journal[..80]);
    assert!(driver.errors.is_empty() && driver.notices.is_empty());
    primary.kill();
    assert!(matches!(driver.step(&journal), Err(RedisError::Unreachable { .. })));
    sentinel.signal("CONT");
    wait_until(|| driver.resume(&journal).is_ok());
    driver.drive(&journal);
    assert_counted(&mut replica.connect(0), &counted(&journal));
    assert!(!driver.notices.is_empty());
    for notice in &driver.notices {
        let RedisNotice::CountersLost { entries, refilled_from, is_all: false, .. } = notice else {
            panic!("{notice:?}")
        };
        assert_eq!(*refilled_from, Some(*entries.start()));
        assert!(*entries.end() <= 80);
    }
}

#[test]
fn a_planned_failover_in_the_middle_loses_no_count() {
    let Some((primary, replica, sentinel)) = pair() else { return };
    let journal = random(42, 600);
    let mut driver = Driver::new(&url(&sentinel));
    driver.drive(&journal[..30]);
    assert_eq!(primary.connect(0).say::<u64>("WAIT 1 10000"), 1);
    sentinel.connect(0).say::<()>("SENTINEL FAILOVER counters");
    // For a moment both take writes, and what the old one takes then will be lost.
    driver.drive(&journal[..300]);
    // A server that changes its role ends all connections.
    let has_role = |server: &Server, role: &str| {
        let info = server.connect(0).try_run::<String>(&[b"INFO", b"replication"]);
        info.is_ok_and(|it| it.contains(role))
    };
    wait_until(|| has_role(&replica, "role:master") && has_role(&primary, "role:slave"));
    driver.drive(&journal);
    assert_counted(&mut replica.connect(0), &counted(&journal));
}

#[test]
fn a_name_that_no_sentinel_knows_is_named() {
    let Some((_primary, _replica, sentinel)) = pair() else { return };
    let other = RedisOptions::parse(&url(&sentinel).replace("/counters", "/conters")).unwrap();
    let error = Driver::with(other).resume(&[]).unwrap_err();
    assert!(matches!(error, RedisError::NoPrimary { .. }), "{error:?}");
    assert!(error.to_string().contains("`conters`"), "{error}");
}
