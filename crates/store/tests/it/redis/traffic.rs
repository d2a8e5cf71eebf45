//! Redis hears of what changes it, and of little else.

use std::time::Duration;

use internal_events_store::{StoredChange, StoredEntry};

use super::driver::{Driver, assert_counted};
use super::journal::{Random, counted, entry, update};
use super::server::{Plain, Server};

/// Events of users of whom a few do nearly everything.
fn events(len: u64) -> Vec<StoredEntry> {
    let mut random = Random(77);
    let mut user = move || {
        let end = random.below(3_000);
        let end = random.below(1 + end);
        random.below(1 + end).to_string().into_bytes()
    };
    let change = |user| update("{hll_counters}_edit-user-2026-47", StoredChange::Observe(user));
    (1..=len).map(|it| entry(it, vec![change(user())])).collect()
}

/// How often commands were run, and how many bytes came in for them.
fn traffic(plain: &mut Plain) -> (u64, u64) {
    let (commands, stats): (String, String) =
        (plain.say("INFO commandstats"), plain.say("INFO stats"));
    let calls = commands
        .lines()
        .filter(|it| it.starts_with("cmdstat_eval") || it.starts_with("cmdstat_pfadd"))
        .filter_map(|it| it.split_once("calls=")?.1.split(',').next()?.parse::<u64>().ok());
    let bytes = stats.lines().find_map(|it| it.strip_prefix("total_net_input_bytes:"));
    (calls.sum(), bytes.unwrap().trim().parse().unwrap())
}

#[test]
fn commands_and_bytes_per_event_fall_as_events_grow() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    let journal = events(64_000);
    let mut options = server.options();
    options.reseed_interval = Duration::MAX;
    let mut driver = Driver::with(options);
    driver.page = 100;
    let (mut events, mut before) = (1_000, traffic(&mut plain));
    let mut last = (f64::MAX, f64::MAX);
    driver.drive(&journal[..events]);
    while events < journal.len() {
        let stretch = events;
        events *= 4;
        driver.drive(&journal[..events]);
        let now = traffic(&mut plain);
        #[expect(clippy::cast_precision_loss, reason = "small numbers")]
        let per_event = |more: u64| more as f64 / (events - stretch) as f64;
        let (calls, bytes) = (per_event(now.0 - before.0), per_event(now.1 - before.1));
        println!("{stretch} to {events}: {calls:.4} commands and {bytes:.1} bytes an event");
        assert!(calls < last.0 && bytes < last.1, "{events}: {calls} {bytes} after {last:?}");
        (last, before) = ((calls, bytes), now);
    }
    assert_counted(&mut plain, &counted(&journal));
}

#[test]
fn a_key_that_was_lost_or_expires_is_healed_within_the_interval() {
    let Some(server) = Server::start() else { return };
    let mut plain = server.connect(0);
    // A thousand seconds of the same users, and an interval of 100.
    let key = "{hll_counters}_edit-user-2026-47";
    let user = |it: u64| StoredChange::Observe((it % 30).to_string().into_bytes());
    let journal: Vec<_> = (1..=1_000).map(|it| entry(it, vec![update(key, user(it))])).collect();
    let mut options = server.options();
    options.reseed_interval = Duration::from_secs(100);
    let mut driver = Driver::with(options);
    driver.drive(&journal[..310]);
    for (end, harm) in [(500, "DEL"), (700, "EXPIRE"), (900, "DEL"), (1_000, "DEL")] {
        let seconds: &[&[u8]] = if harm == "EXPIRE" { &[b"1000"] } else { &[] };
        plain.run::<()>(&[&[harm.as_bytes(), key.as_bytes()], seconds].concat());
        driver.drive(&journal[..end]);
        assert_counted(&mut plain, &counted(&journal[..end]));
        assert!(plain.run::<i64>(&[b"TTL", key.as_bytes()]) > 3_000_000, "{harm}");
    }
    assert_eq!(driver.errors.len() + driver.notices.len(), 0);
}

#[test]
fn what_is_forgotten_for_want_of_memory_is_sent_again() {
    let Some(server) = Server::start() else { return };
    let mut random = Random(5);
    let journal: Vec<_> = (1..=2_000)
        .map(|it| {
            let key = format!("{{hll_counters}}_e{}-user-2026-47", random.below(40));
            let user = random.below(50).to_string().into_bytes();
            entry(it, vec![update(&key, StoredChange::Observe(user))])
        })
        .collect();
    let mut options = server.options();
    options.known_keys = 10;
    let mut driver = Driver::with(options);
    driver.drive(&journal);
    assert_counted(&mut server.connect(0), &counted(&journal));
}
