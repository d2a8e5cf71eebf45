//! Whatever breaks, each entry is counted once.

use internal_events_store::{Failed, FailureCause, RedisError, RedisNotice, StoredChange};

use super::driver::{Driver, assert_counted};
use super::journal::{counted, entry, random, update};
use super::relay::{Lost, Relay};
use super::server::Server;

#[test]
fn a_connection_cut_at_any_step_counts_nothing_twice() {
    let Some(server) = Server::start() else { return };
    let journal = random(1, 40);
    let expected = counted(&journal);
    let mut plain = server.connect(0);
    for lost in [Lost::Request, Lost::Answer] {
        let mut n_cuts = 0;
        for step in 0.. {
            plain.say::<()>("FLUSHALL");
            let relay = Relay::start(server.port());
            relay.cut(lost, step);
            let mut driver = Driver::new(&relay.url());
            driver.drive(&journal);
            assert_counted(&mut plain, &expected);
            assert_eq!((driver.notices.len(), driver.failed.len()), (0, 0), "{lost:?} {step}");
            if relay.is_whole(lost) {
                break;
            }
            assert_eq!(driver.errors.len(), 1, "{lost:?} {step}");
            n_cuts += 1;
        }
        assert!(n_cuts > 6, "{lost:?}: a page is a step");
    }
}

#[test]
fn a_process_that_begins_again_counts_nothing_twice() {
    let Some(server) = Server::start() else { return };
    let journal = random(2, 60);
    let mut driver = Driver::new(&server.url());
    driver.resume(&journal).unwrap();
    while driver.step(&journal).unwrap() {
        // The cursor of the step before is what was kept.
        let kept = (driver.cursor, driver.state.clone());
        let _is_more = driver.step(&journal).unwrap();
        (driver.cursor, driver.state) = kept;
        driver.start_again(server.options());
        driver.resume(&journal).unwrap();
    }
    assert_counted(&mut server.connect(0), &counted(&journal));
    assert!(driver.notices.is_empty());
}

#[test]
fn a_server_that_comes_back_with_its_data_goes_on() {
    let Some(mut server) = Server::durable() else { return };
    let journal = random(3, 100);
    let mut driver = Driver::new(&server.url());
    for end in [30, 60, 100] {
        driver.drive(&journal[..end]);
        server.kill();
        assert!(matches!(driver.resume(&journal), Err(RedisError::Unreachable { .. })));
        server.start_again();
    }
    driver.drive(&journal);
    assert_counted(&mut server.connect(0), &counted(&journal));
    assert!(driver.notices.is_empty(), "{:?}", driver.notices);
}

#[test]
fn a_server_that_comes_back_empty_is_filled_from_what_the_journal_holds() {
    let Some(mut server) = Server::start() else { return };
    let journal = random(4, 100);
    for (first, is_flushed) in [(1, false), (1, true), (21, true), (81, true)] {
        server.connect(0).say::<()>("FLUSHALL");
        let mut driver = Driver::new(&server.url());
        driver.drive(&journal[..80]);
        if is_flushed {
            server.connect(0).say::<()>("FLUSHALL");
        } else {
            server.kill();
            server.start_again();
        }
        driver.first = first;
        let kept = usize::try_from(first.min(81)).unwrap() - 1;
        driver.drive(&journal);
        let lost: Vec<_> = driver.notices.iter().map(notice).collect();
        let from = (first <= 80).then_some(first);
        assert!(
            lost.iter().all(|(_, entries, refilled, is_all)| {
                *is_all && *entries.start() == 1 && *refilled == from
            }),
            "{lost:?}"
        );
        assert!(lost.iter().any(|(group, ..)| *group == "hll_counters"), "{lost:?}");
        assert_counted(&mut server.connect(0), &counted(&journal[kept..]));
    }
}

#[test]
fn acknowledged_writes_that_are_forgotten_are_made_again() {
    let Some(mut server) = Server::start() else { return };
    let journal = random(7, 100);
    for (saved_at, lost_at) in [(30, 60), (30, 31), (1, 100), (59, 60), (60, 60)] {
        server.connect(0).say::<()>("FLUSHALL");
        let mut driver = Driver::new(&server.url());
        driver.drive(&journal[..saved_at]);
        server.connect(0).say::<()>("SAVE");
        driver.drive(&journal[..lost_at]);
        server.kill();
        server.start_again();
        driver.drive(&journal);
        assert_counted(&mut server.connect(0), &counted(&journal));
        for notice in driver.notices.iter().map(notice) {
            let (group, entries, refilled_from, is_all) = notice;
            assert!(!is_all || saved_at == 1, "{group}");
            assert_eq!(refilled_from, Some(*entries.start()), "{group}");
            assert!(*entries.end() <= lost_at as u64, "{group}");
        }
        assert_eq!(driver.notices.is_empty(), saved_at == lost_at);
    }
}

#[test]
fn what_the_server_does_after_nobody_waits_for_it_is_done_once() {
    let Some(server) = Server::start() else { return };
    let journal = random(8, 100);
    let mut plain = server.connect(0);
    // The late request arrives before the positions are read, before the same is sent again, and
    // after that: always when the client that sent it is gone.
    for overtaking in 1..=4 {
        for step in 1..12 {
            plain.say::<()>("FLUSHALL");
            let relay = Relay::start(server.port());
            relay.deliver_late(overtaking);
            relay.cut(Lost::Request, step);
            let mut driver = Driver::new(&relay.url());
            driver.drive(&journal);
            assert_counted(&mut plain, &counted(&journal));
            assert!(!relay.is_whole(Lost::Request) && driver.notices.is_empty());
        }
    }
}

#[test]
fn a_server_that_takes_no_writes_has_counted_nothing() {
    let Some(server) = Server::start() else { return };
    let journal = random(10, 60);
    let mut plain = server.connect(0);
    for (refuse, allow) in [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0"),
        ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0"),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE"),
    ] {
        plain.say::<()>("FLUSHALL");
        let mut driver = Driver::new(&server.url());
        driver.drive(&journal[..30]);
        plain.say::<()>(refuse);
        let error = driver.step(&journal).unwrap_err();
        assert!(matches!(error, RedisError::Refused { .. }) && error.is_retryable(), "{error:?}");
        plain.say::<()>(allow);
        assert_counted(&mut plain, &counted(&journal[..30]));
        driver.drive(&journal);
        assert_counted(&mut plain, &counted(&journal));
        assert!(driver.failed.is_empty() && driver.notices.is_empty());
    }
}

#[test]
fn a_journal_that_began_before_this_destination_counts_from_where_it_began() {
    let Some(server) = Server::start() else { return };
    let journal = random(11, 50);
    let mut driver = Driver::new(&server.url());
    driver.cursor = 20;
    driver.drive(&journal);
    server.connect(0).say::<()>("FLUSHALL");
    driver.drive(&journal);
    assert_counted(&mut server.connect(0), &counted(&journal[20..]));
}

type Lostness<'a> = (&'a str, std::ops::RangeInclusive<u64>, Option<u64>, bool);

fn notice(notice: &RedisNotice) -> Lostness<'_> {
    match notice {
        RedisNotice::CountersLost { group, entries, refilled_from, is_all } => {
            (group, entries.clone(), *refilled_from, *is_all)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_of_another_type_is_a_counted_drop_of_its_own() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    for (n, set, change, cause) in [
        (1, "SET k abc", StoredChange::Add(1), FailureCause::WrongType),
        (2, "LPUSH k a", StoredChange::Add(1), FailureCause::WrongType),
        (3, "SET k abc", StoredChange::Sum(1.5), FailureCause::WrongType),
        (4, "LPUSH k a", StoredChange::Sum(1.5), FailureCause::WrongType),
        (5, "SET k abc", StoredChange::Observe(b"a".to_vec()), FailureCause::WrongType),
        (6, "LPUSH k a", StoredChange::Observe(b"a".to_vec()), FailureCause::WrongType),
        (7, "SET k abc", StoredChange::Count(b"a".to_vec()), FailureCause::WrongType),
        (8, "HSET k a b", StoredChange::Count(b"a".to_vec()), FailureCause::WrongType),
        (9, "SET x 1", StoredChange::Sum(f64::NAN), FailureCause::NotANumber),
        (10, "SET x 1", StoredChange::Sum(f64::INFINITY), FailureCause::NotANumber),
    ] {
        let key = "{event_counters}_k";
        plain.say::<()>("FLUSHALL");
        plain.say::<()>(&set.replace(" k ", &format!(" {key} ")));
        let before: Option<Vec<u8>> = plain.run(&[b"DUMP", key.as_bytes()]);
        let other = || update("{event_counters}_other", StoredChange::Add(1));
        let journal: Vec<_> =
            (1..=9).map(|it| entry(it, vec![update(key, change.clone()), other()])).collect();
        let mut driver = Driver::new(&server.url());
        driver.drive(&journal);
        let failed: u64 = driver.failed.iter().map(|it| it.updates).sum();
        assert_eq!(failed, 9, "{n}: {:?}", driver.failed);
        assert!(driver.failed.iter().all(|it| it.key == key && it.cause == cause), "{n}");
        assert_eq!(plain.run::<u64>(&[b"GET", b"{event_counters}_other"]), 9);
        assert_eq!(plain.run::<Option<Vec<u8>>>(&[b"DUMP", key.as_bytes()]), before, "{n}");
        assert!(driver.errors.is_empty());
    }
}

#[test]
fn drops_are_counted_once_although_the_answer_was_lost() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    let key = "{event_counters}_k";
    let journal: Vec<_> =
        (1..=20).map(|it| entry(it, vec![update(key, StoredChange::Add(1))])).collect();
    for step in 0.. {
        plain.say::<()>("FLUSHALL");
        plain.run::<()>(&[b"SET", key.as_bytes(), b"abc"]);
        let relay = Relay::start(server.port());
        relay.cut(Lost::Answer, step);
        let mut driver = Driver::new(&relay.url());
        driver.drive(&journal);
        let failed: u64 = driver.failed.iter().map(|it| it.updates).sum();
        assert_eq!(failed, 20, "{step}: {:?}", driver.failed);
        if relay.is_whole(Lost::Answer) {
            assert!(step > 3, "a page is a step");
            return;
        }
    }
}

#[test]
fn totals_stop_at_the_largest_number() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    let largest = i64::MAX.unsigned_abs();
    let journal = vec![
        entry(1, vec![update("{event_counters}_k-2026-47", StoredChange::Add(largest - 1))]),
        entry(2, vec![update("{event_counters}_k-2026-47", StoredChange::Add(7))]),
        entry(3, vec![update("{event_counters}_k-2026-47", StoredChange::Add(u64::MAX))]),
        entry(4, vec![update("{event_counters}_j", StoredChange::Add(u64::MAX))]),
    ];
    let mut driver = Driver::new(&server.url());
    driver.page = 1;
    driver.drive(&journal);
    assert_eq!(plain.say::<u64>("GET {event_counters}_k-2026-47"), largest);
    assert_eq!(plain.say::<u64>("GET {event_counters}_j"), largest);
    assert!(plain.say::<i64>("TTL {event_counters}_k-2026-47") > 0);
    assert_eq!(driver.failed, Vec::<Failed>::new());
}

#[test]
fn of_two_holders_the_stale_one_changes_nothing() {
    let Some(server) = Server::start() else { return };
    let journal = random(5, 60);
    let (mut a, mut b) = (Driver::new(&server.url()), Driver::new(&server.url()));
    b.page = 5;
    a.resume(&journal).unwrap();
    b.resume(&journal).unwrap();
    assert!(a.step(&journal).unwrap());
    let first = b.step(&journal).unwrap_err();
    assert!(matches!(first, RedisError::Stale { expected: None, found: Some(7), .. }), "{first}");
    assert!(matches!(b.step(&journal), Err(RedisError::Unsettled)));
    assert_counted(&mut server.connect(0), &counted(&journal[..7]));
    // By turns, each with the cursor it has.
    for _ in 0..10 {
        for it in [&mut a, &mut b] {
            if it.step(&journal).is_err() {
                it.resume(&journal).unwrap();
            }
        }
    }
    a.drive(&journal);
    b.drive(&journal);
    assert_counted(&mut server.connect(0), &counted(&journal));
    assert!(a.notices.is_empty() && b.notices.is_empty());
}

#[test]
fn a_journal_from_a_backup_is_noticed() {
    let Some(server) = Server::start() else { return };
    let journal = random(6, 50);
    Driver::new(&server.url()).drive(&journal);
    let mut driver = Driver::new(&server.url());
    driver.resume(&journal[..30]).unwrap();
    assert!(!driver.notices.is_empty());
    for notice in &driver.notices {
        let RedisNotice::PositionAhead { position: 50, last: 30, .. } = notice else {
            panic!("{notice:?}")
        };
    }
    assert!(matches!(driver.step(&journal[..40]), Err(RedisError::Unsettled)));
}
