//! Many nodes, many values, many updates at once.

use std::collections::BTreeMap;

use internal_events_store::{Limits, OTHER_VALUES, StoredChange, StoredEntry};

use super::driver::{Driver, assert_counted};
use super::journal::{Random, counted, entry, random, update};
use super::relay::{Lost, Relay};
use super::server::Server;

#[test]
fn nodes_with_journals_of_their_own_count_together() {
    let Some(server) = Server::start() else { return };
    let journals: Vec<_> = (61..65).map(|seed| random(seed, 120)).collect();
    let mut nodes: Vec<Driver> =
        (0..4).map(|it| Driver::of(server.options(), &format!("node {it}"))).collect();
    let mut turns = Random(3);
    for (node, journal) in nodes.iter_mut().zip(&journals) {
        node.resume(journal).unwrap();
        node.page = 3;
    }
    for _ in 0..200 {
        let idx = usize::try_from(turns.below(4)).unwrap();
        let _is_more = nodes[idx].step(&journals[idx]).unwrap();
        if turns.below(9) == 0 {
            nodes[idx] = Driver {
                counters: Driver::of(server.options(), &format!("node {idx}")).counters,
                ..std::mem::replace(&mut nodes[idx], Driver::new("redis://nobody"))
            };
            nodes[idx].resume(&journals[idx]).unwrap();
        }
    }
    nodes.iter_mut().zip(&journals).for_each(|(node, journal)| node.drive(journal));
    assert_counted(&mut server.connect(0), &counted(&journals.concat()));
    assert!(nodes.iter().all(|it| it.errors.is_empty() && it.notices.is_empty()));
}

/// Entries with so many updates each that a page of them goes in several parts.
fn wide(len: u64) -> Vec<StoredEntry> {
    let mut random = Random(9);
    let mut updates = |sequence| {
        let key = format!("{{hll_counters}}_wide_{}-user-2026-47", sequence % 8);
        // Long ones, so that there need not be many.
        let users = (0..300).map(|_| {
            let user = format!("{:0600}", random.below(1_000_000)).into_bytes();
            update(&key, StoredChange::Observe(user))
        });
        let mut updates: Vec<_> = users.collect();
        for key in 0..30 {
            let key = format!("{{event_counters}}_wide_{key}-2026-47");
            updates.push(update(&key, StoredChange::Add(1)));
        }
        updates
    };
    (1..=len).map(|it| entry(it, updates(it))).collect()
}

#[test]
fn a_page_that_goes_in_parts_and_is_cut_between_them_counts_once() {
    let Some(server) = Server::start() else { return };
    let journal = wide(40);
    let expected = counted(&journal);
    // A large request comes through the relay in many pieces.
    for (lost, stride) in [(Lost::Request, 23), (Lost::Answer, 1)] {
        let mut n_steps = 0;
        for step in (0..).step_by(stride) {
            server.connect(0).say::<()>("FLUSHALL");
            let relay = Relay::start(server.port());
            relay.cut(lost, step);
            let mut driver = Driver::new(&relay.url());
            driver.page = journal.len();
            driver.drive(&journal);
            assert_counted(&mut server.connect(0), &expected);
            if relay.is_whole(lost) {
                break;
            }
            n_steps += 1;
        }
        assert!(n_steps > 3, "{lost:?}: {n_steps}");
    }
}

#[test]
fn of_too_many_values_the_later_ones_count_as_other() {
    let Some(server) = Server::start() else { return };
    let key = "{hll_counters}_e-operator:total-label-2026-47";
    let value = |it: usize| StoredChange::Count(it.to_string().into_bytes());
    let n = Limits::VALUES + 500;
    let mut updates: Vec<_> = (0..n).map(|it| update(key, value(it))).collect();
    // Those that are there go on under their own names, and long ones never had one.
    updates.extend([update(key, value(7)), update(key, value(n - 1))]);
    updates.push(update(key, StoredChange::Count(vec![b'x'; Limits::VALUE_BYTES + 1])));
    let journal: Vec<_> = (1..)
        .zip(updates.chunks(100))
        .map(|(sequence, updates)| entry(sequence, updates.to_vec()))
        .collect();
    let mut driver = Driver::new(&server.url());
    driver.drive(&journal);
    let found: BTreeMap<String, u64> = server.connect(0).run(&[b"HGETALL", key.as_bytes()]);
    assert_eq!(found.len(), Limits::VALUES + 1);
    assert_eq!((found["7"], found["0"]), (2, 1));
    assert_eq!(found[OTHER_VALUES], 502);
    assert_eq!(found.values().sum::<u64>(), n as u64 + 3);
}
