//! What was answered survives `kill -9`, once: of one server, of one whose definitions change, of
//! two with different definitions on one data directory.
//!
//! One server is killed `KILLS` times, 50 by default; the others, and those of `stopped`, have a
//! share of that beside it.

use super::audit::{audit, catalogs};
use super::load::{Told, say, send_again, under_load};
use super::server::Server;
use crate::{EVENT, USERS, program, shop, write};
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::time::Duration;

/// Every this many rounds servers live long enough to write counters down.
const LONG_ROUND: u64 = 5;

/// Callers at a time.
const CALLERS: usize = 6;

/// How many times a test kills, of a hundred of one server.
pub(super) fn kills(percent: u64) -> u64 {
    let kills = std::env::var("KILLS").map_or(50, |it| it.parse().expect("KILLS is a number"));
    (kills * percent).div_ceil(100)
}

/// A random time before a kill.
fn pause(random: &RandomState, round: u64) -> Duration {
    let pause = random.hash_one(round) % 200_000;
    let pause = if round.is_multiple_of(LONG_ROUND) { 900_000 + 3 * pause } else { pause };
    Duration::from_micros(pause)
}

/// Lets callers call for a while, kills the server, and notes what it had answered.
fn kill_under_load(server: &mut Server, round: u64, pause: Duration, told: &mut Told) {
    let address = server.address;
    let (more, ()) = under_load(&[address], CALLERS, &round.to_string(), || {
        std::thread::sleep(pause);
        server.kill();
    });
    let n = more.accepted.len();
    say(&format!("round {round}: killed after {} ms and {n} answers", pause.as_millis()));
    told.add(more);
}

#[test]
fn what_was_answered_is_in_the_journal_once_and_counted_once_after_kill_9() {
    let rounds = kills(100);
    let shop = shop();
    let random = RandomState::new();
    let mut told = Told::default();
    for round in 0..rounds {
        let mut server = Server::start(shop.path());
        // What the one before had taken and not answered comes again, as callers send it again.
        send_again(server.address, &mut told);
        kill_under_load(&mut server, round, pause(&random, round), &mut told);
    }
    let server = Server::start(shop.path());
    send_again(server.address, &mut told);
    let accepted = told.accepted.len() as u64;
    assert!(accepted > rounds * 10, "there was a load: {accepted}");
    assert_eq!((told.kept_aside.len(), told.refused.len()), (0, 0));
    let audited = audit(&shop.path().join(".internal-events"), &told, &catalogs([shop.path()]));
    // Each order was answered at last, so that there is nothing in the journal beside them.
    assert_eq!(audited.events, accepted);
    assert!(audited.cursor > 0, "some counters were written down before a kill");
    audited.assert_shown_by(&server);
}

const CREATE: &str = "config/events/create_order.yml";
const METRIC: &str = "config/metrics/counts_7d/count_distinct_user_id_from_create_order.yml";

/// What the definitions become, one after the other.
fn edits() -> [(&'static str, String); 6] {
    let by_label = USERS.replace("unique: user.id", "unique: label");
    let broken = "---\nkey_path: [".to_owned();
    [
        (METRIC, by_label.clone()),
        (METRIC, broken),
        (METRIC, USERS.to_owned()),
        (CREATE, "---\naction: [".to_owned()),
        (CREATE, EVENT.to_owned()),
        (METRIC, by_label),
    ]
}

/// Replaces a file at once, as editors do.
fn edit(root: &Path, n: u64) {
    let edits = edits();
    let (path, text) = &edits[usize::try_from(n).expect("it is small") % edits.len()];
    write(root, "edited", text);
    std::fs::rename(root.join("edited"), root.join(path)).expect("it is renamed");
}

#[test]
fn what_was_answered_counts_as_it_was_routed_though_definitions_change_under_load() {
    let rounds = kills(30);
    let shop = shop();
    let data = shop.path().join(".internal-events");
    let random = RandomState::new();
    let (mut told, mut n_edits) = (Told::default(), 0);
    for round in 0..rounds {
        let mut server = Server::start(shop.path());
        let address = server.address;
        let is_long = round % 8 == 7;
        let (more, ()) = under_load(&[address], CALLERS, &round.to_string(), || {
            // A change counts when it has rested for a second, so long rounds see several.
            for _ in 0..if is_long { 3 } else { 1 } {
                let rest = random.hash_one(n_edits) % if is_long { 2_500 } else { 150 };
                std::thread::sleep(Duration::from_millis(rest));
                edit(shop.path(), n_edits);
                n_edits += 1;
            }
            server.kill();
        });
        told.add(more);
    }
    // Whatever the last edit was, the last server has the definitions of the shop.
    write(shop.path(), CREATE, EVENT);
    write(shop.path(), METRIC, USERS);
    let variants = edits().map(|(path, text)| {
        let root = crate::shop();
        write(root.path(), path, &text);
        root
    });
    let roots = variants.iter().map(tempfile::TempDir::path).chain([shop.path()]);
    let audited = audit(&data, &told, &catalogs(roots));
    eprintln!("{n_edits} edits: {:?}, {} kept aside", audited.by_catalog, told.kept_aside.len());
    assert!(audited.by_catalog.len() > 1, "the same event was routed in several ways");
    assert!(!told.kept_aside.is_empty(), "some came while nobody knew the event");
    assert_eq!(Server::start(shop.path()).metric(super::server::TOTAL), audited.events);
}

/// Starts a server on a data directory that is not below its root.
pub(super) fn start_on(root: &Path, data: &Path) -> Server {
    let mut program = program();
    program.env("INTERNAL_EVENTS_DATA", data);
    Server::start_as(program, root)
}

/// An installation with the same event as the shop and another metric.
pub(super) fn other_shop() -> tempfile::TempDir {
    let root = shop();
    write(root.path(), METRIC, &USERS.replace("unique: user.id", "unique: label"));
    root
}

#[test]
fn two_servers_with_different_definitions_share_a_data_directory_and_are_killed() {
    let rounds = kills(28);
    let (one, two) = (shop(), other_shop());
    let data = tempfile::tempdir().expect("a temporary directory");
    let random = RandomState::new();
    let mut told = Told::default();
    let start = |n: u64| start_on(if n == 0 { one.path() } else { two.path() }, data.path());
    let mut servers = [start(0), start(1)];
    for round in 0..rounds {
        // The other, or neither, lives on; whoever has the lease is as likely to go.
        let victims = random.hash_one((round, "who")) % 3;
        let addresses = servers.each_ref().map(|it| it.address);
        let (more, ()) = under_load(&addresses, CALLERS / 2, &round.to_string(), || {
            std::thread::sleep(pause(&random, round));
            for (n, server) in (0..).zip(&mut servers) {
                if victims == n || victims == 2 {
                    server.kill();
                    *server = start(n);
                }
            }
        });
        told.add(more);
    }
    let accepted = told.accepted.len() as u64;
    assert!(accepted > rounds * 10, "there was a load: {accepted}");
    assert_eq!((told.kept_aside.len(), told.refused.len()), (0, 0));
    let audited = audit(data.path(), &told, &catalogs([one.path(), two.path()]));
    eprintln!("{rounds} rounds: {:?}", audited.by_catalog);
    assert_eq!(audited.by_catalog.len(), 2, "both have tracked");
    assert_eq!(servers[0].metric(super::server::TOTAL), audited.events);
}
