//! What anybody wrote is read, and what we wrote is extended by anybody.

use internal_events_store::{Counter, Kind, Reading, RedisReader};

use super::driver::{Driver, JOURNAL, assert_alike, assert_counted};
use super::journal::{counted, random};
use super::plain::send_plainly;
use super::server::Server;

fn reader(server: &Server) -> RedisReader {
    RedisReader::new(server.options(), JOURNAL)
}

/// Asks for all keys that the counters have, and for one that nobody has.
fn read(reader: &mut RedisReader, expected: &[(&str, Kind)]) -> Reading {
    let mut keys = expected.to_vec();
    keys.push(("{hll_counters}_nobody-2026-47", Kind::Unique));
    reader.counters(&keys).unwrap()
}

#[test]
fn both_sides_read_and_extend_what_the_other_wrote() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    let journal = random(21, 400);
    let mut driver = Driver::new(&server.url());
    let mut reader = reader(&server);
    // By turns: plain commands, ours, and plain commands again on the same keys.
    send_plainly(&mut plain, &journal[..100]);
    driver.cursor = 100;
    for end in [100, 200, 300, 400] {
        if end == 200 || end == 400 {
            driver.drive(&journal[..end]);
        } else if end == 300 {
            send_plainly(&mut plain, &journal[200..300]);
            driver.cursor = 300;
        }
        let expected = counted(&journal[..end]);
        let kinds: Vec<_> = expected.iter().map(|(key, it)| (&**key, it.kind())).collect();
        let reading = read(&mut reader, &kinds);
        assert_alike(reading.counters.iter(), &expected);
        assert_counted(&mut plain, &expected);
        assert!(reading.unreadable.is_empty());
    }
}

#[test]
fn with_the_tail_of_its_journal_a_reader_is_ahead_of_redis_and_exact() {
    let Some(server) = Server::start() else { return };
    let journal = random(22, 300);
    let expected = counted(&journal);
    let kinds: Vec<_> = expected.iter().map(|(key, it)| (&**key, it.kind())).collect();
    let mut reader = reader(&server);
    let mut driver = Driver::new(&server.url());
    for end in [0, 1, 150, 299, 300] {
        driver.drive(&journal[..end]);
        let mut reading = read(&mut reader, &kinds);
        let lowest = kinds.iter().map(|(key, _)| reading.position(key)).min().unwrap();
        reading.add_tail(&journal[usize::try_from(lowest).unwrap()..]);
        assert_alike(reading.counters.iter(), &expected);
    }
}

#[test]
fn a_key_is_read_as_what_it_was_asked_for_or_as_what_it_is() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    for line in [
        "SET int 3",
        "SET float 2.5",
        "SET word abc",
        "HSET hash a 1",
        "HSET odd a b",
        "LPUSH list a",
        "SET negative -1",
        "SET empty_bytes HYLL",
        "PFADD sketch a b",
    ] {
        plain.say::<()>(line);
    }
    let mut reader = reader(&server);
    let mut ask = |key: &str, kind| {
        let reading = reader.counters(&[(key, kind)]).unwrap();
        assert_eq!(reading.counters.len() + reading.unreadable.len(), 1, "{key}");
        reading.counters.get(key).map(Counter::kind)
    };
    for (key, wanted, found) in [
        ("int", Kind::Total, Some(Kind::Total)),
        ("int", Kind::Sum, Some(Kind::Sum)),
        ("int", Kind::Unique, Some(Kind::Total)),
        ("int", Kind::PerValue, Some(Kind::Total)),
        ("float", Kind::Total, Some(Kind::Sum)),
        ("negative", Kind::Total, Some(Kind::Sum)),
        ("sketch", Kind::Total, Some(Kind::Unique)),
        ("sketch", Kind::Unique, Some(Kind::Unique)),
        ("hash", Kind::Total, Some(Kind::PerValue)),
        ("hash", Kind::PerValue, Some(Kind::PerValue)),
        ("odd", Kind::PerValue, None),
        ("word", Kind::Total, None),
        ("list", Kind::Total, None),
        ("list", Kind::PerValue, None),
        ("empty_bytes", Kind::Unique, None),
    ] {
        assert_eq!(ask(key, wanted), found, "{key} as {wanted}");
    }
}

#[test]
fn a_reader_reads_on_after_its_server_was_away() {
    let Some(mut server) = Server::durable() else { return };
    server.connect(0).say::<()>("SET {event_counters}_a 3");
    let mut reader = reader(&server);
    for _ in 0..3 {
        let reading = reader.counters(&[("{event_counters}_a", Kind::Total)]).unwrap();
        assert_eq!(reading.counters.total("{event_counters}_a"), Ok(3));
        server.kill();
        server.start_again();
    }
}
