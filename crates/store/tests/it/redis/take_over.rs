//! Counters copied to Redis and back.

use std::collections::BTreeMap;

use internal_events_store::{Counter, Kind, Options, RedisCopier, RedisOptions, Sqlite, Taken};

use super::relay::{Lost, Relay};
use super::server::Server;
use crate::take_over::{all, as_map, given, values};

/// All counters there; `known` are those whose names do not say that they are some.
fn read(options: RedisOptions, known: &[(String, Kind)]) -> BTreeMap<String, Counter> {
    let mut copier = RedisCopier::new(options);
    let keys = copier.keys(known).unwrap();
    let keys: Vec<(&str, Kind)> = keys.iter().map(|(key, kind)| (key.as_str(), *kind)).collect();
    let reading = copier.reader().counters(&keys).unwrap();
    assert_eq!(reading.unreadable, []);
    reading.counters.iter().map(|(key, counter)| (key.to_owned(), counter.clone())).collect()
}

fn known() -> Vec<(String, Kind)> {
    vec![("USAGE_A".to_owned(), Kind::Total)]
}

#[test]
fn from_sqlite_to_redis_and_back_all_is_the_same() {
    let Some(server) = Server::start() else { return };
    let mut copier = RedisCopier::new(server.options());
    let first = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(first.path(), Options::default()).unwrap();
    store.take_over("elsewhere", &given(3), false).unwrap();
    let counters: Vec<(String, Counter)> = all(first.path()).into_iter().collect();
    for is_dry_run in [true, true, false] {
        let taken = copier.take_over("first", &counters, is_dry_run).unwrap();
        assert!(taken.iter().all(|it| *it == Taken::Moved), "{taken:?}");
    }
    let taken = copier.take_over("first", &counters, false).unwrap();
    assert!(taken.iter().all(|it| *it == Taken::Unmoved), "{taken:?}");
    let in_redis = read(server.options(), &known());
    assert_eq!(in_redis, as_map(&counters));
    let second = tempfile::tempdir().unwrap();
    let mut store = Sqlite::open(second.path(), Options::default()).unwrap();
    let in_redis: Vec<(String, Counter)> = in_redis.into_iter().collect();
    store.take_over("redis", &in_redis, false).unwrap();
    assert_eq!(all(second.path()), as_map(&counters));
    let (counted, taken) = copier.sources().unwrap();
    assert!(counted.is_empty() && taken.contains("first"), "{counted:?} {taken:?}");
    // Weekly counters and what is written down of them go together.
    let mut plain = server.connect(0);
    for key in
        ["{event_counters}_a-2026-47", "internal-events:{event_counters}:taken:first-2026-47"]
    {
        let ttl: i64 = plain.say(&format!("TTL {key}"));
        assert!((3_628_000..=3_628_800).contains(&ttl), "{key}: {ttl}");
    }
    assert_eq!(plain.say::<i64>("TTL {event_counters}_a"), -1);
}

#[test]
fn what_grew_is_added_and_what_is_there_stays() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    plain.say::<()>("INCRBY {event_counters}_a 100");
    plain.say::<()>("PFADD {hll_counters}_a-project x y");
    plain.say::<()>("HSET {hll_counters}_a-label gift 5");
    let mut copier = RedisCopier::new(server.options());
    for days in [1, 2, 2, 4] {
        copier.take_over("there", &given(days), false).unwrap();
    }
    let behind = copier.take_over("there", &given(3), false).unwrap();
    assert_eq!(behind[..3], [Taken::Behind, Taken::Behind, Taken::Behind]);
    let found = read(server.options(), &known());
    assert_eq!(found["{event_counters}_a"], Counter::Total(128));
    assert_eq!(found["USAGE_A"], Counter::Total(1 << 54));
    assert_eq!(found["{hll_counters}_a-label"], values(&[(b"gift", 9), (b"\xff\0", 16), (b"", 4)]));
    copier.take_over("another", &given(1), false).unwrap();
    let found = read(server.options(), &known());
    assert_eq!(found["{event_counters}_a"], Counter::Total(135), "each source counts");
}

#[test]
fn a_connection_cut_at_any_step_copies_nothing_twice() {
    let Some(server) = Server::start() else { return };
    let expected = as_map(&given(2));
    let mut n_cuts = 0;
    for lost in [Lost::Request, Lost::Answer] {
        for after in 0.. {
            server.connect(0).say::<()>("FLUSHALL");
            let relay = Relay::start(server.port());
            let options = RedisOptions::parse(&relay.url()).unwrap();
            let mut copier = RedisCopier::new(options);
            relay.cut(lost, after);
            let first = copier.take_over("there", &given(2), false);
            let is_over = relay.is_whole(lost);
            if first.is_err() {
                n_cuts += 1;
            }
            // The cut may still come, but once.
            let second = copier.take_over("there", &given(2), false);
            second.or_else(|_| copier.take_over("there", &given(2), false)).unwrap();
            let found = read(server.options(), &known());
            assert_eq!(found, expected, "{lost:?} after {after}");
            if is_over {
                break;
            }
        }
    }
    assert!(n_cuts > 10, "{n_cuts} cuts");
}

#[test]
fn a_key_of_another_type_is_said_and_all_else_is_copied() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    plain.say::<()>("LPUSH {event_counters}_a x");
    plain.say::<()>("SET {hll_counters}_a-project words");
    plain.say::<()>("SET {event_sums}_a words");
    let mut copier = RedisCopier::new(server.options());
    let taken = copier.take_over("there", &given(1), false).unwrap();
    let refused = |it: &Taken| matches!(it, Taken::Refused(_));
    let which: Vec<usize> = (0..taken.len()).filter(|it| refused(&taken[*it])).collect();
    assert_eq!(which, [0, 3, 6], "{taken:?}");
    plain.say::<()>("DEL {event_counters}_a {event_sums}_a {hll_counters}_a-project");
    copier.take_over("there", &given(1), false).unwrap();
    assert_eq!(read(server.options(), &known()), as_map(&given(1)), "nothing was written down");
}

#[test]
fn a_cluster_is_copied_to_and_from_wherever_its_keys_are() {
    let Some(cluster) = super::cluster::Cluster::start(0) else { return };
    let options = || RedisOptions::parse(&cluster.url()).unwrap();
    let mut copier = RedisCopier::new(options());
    for _ in 0..2 {
        copier.take_over("there", &given(2), false).unwrap();
    }
    assert_eq!(read(options(), &known()), as_map(&given(2)));
    assert_eq!(copier.name("a").unwrap(), "a");
    assert_eq!(copier.name("b").unwrap(), "a");
}
