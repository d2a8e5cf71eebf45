//! Servers that are killed with -9, or stopped, while events are on their way.

use super::collector::{Behaviour, Collector, Head, Kept};
use super::{BATCH, PAGE, assert_arrived, check_all, labels, look, outbox, rounds, serve};
use super::{shop_for, track, wait_for_delivery, wait_until};
use crate::serve::load::{Told, say, send_again, under_load};
use crate::serve::server::Server;
use crate::serve::stopped::{go_on, stop};
use serde_json::Value;
use std::collections::BTreeSet;
use std::hash::{BuildHasher as _, RandomState};
use std::time::Duration;
use tempfile::TempDir;

/// When a server is killed.
struct Phase {
    name: &'static str,
    events: usize,
    /// What the collector does until then; nothing if nobody listens.
    behaviour: Option<fn(Head) -> Behaviour>,
    /// What it has seen by then.
    is_reached: fn(&Kept) -> bool,
    /// How many events may arrive twice for each kill.
    twice_at_most: usize,
}

fn count(kept: &Kept, status: Option<u16>) -> usize {
    kept.requests.iter().filter(|it| it.status == status).count()
}

const PHASES: [Phase; 7] = [
    Phase {
        name: "before any request",
        events: 300,
        behaviour: None,
        is_reached: |_| true,
        twice_at_most: 0,
    },
    Phase {
        name: "in the middle of a request",
        events: 300,
        behaviour: Some(|_| Behaviour::Reset),
        is_reached: |it| !it.requests.is_empty(),
        // What was on its way is read although its sender is dead.
        twice_at_most: 200,
    },
    Phase {
        name: "after a request was received, before its answer",
        events: 300,
        behaviour: Some(|_| Behaviour::TakeInSilence),
        is_reached: |it| !it.requests.is_empty(),
        // Both requests that are at work.
        twice_at_most: 200,
    },
    Phase {
        name: "after an answer, while another is waited for",
        events: 300,
        behaviour: Some(|head| match head.nth {
            1 => Behaviour::TakeInSilence,
            _ => Behaviour::Take,
        }),
        is_reached: |it| count(it, Some(200)) >= 1 && count(it, None) >= 1,
        twice_at_most: 300,
    },
    Phase {
        name: "after an answer",
        events: 100,
        behaviour: Some(|_| Behaviour::Take),
        is_reached: |it| count(it, Some(200)) >= 1,
        twice_at_most: 100,
    },
    Phase {
        name: "while a part of a page is asked for again, and the rest was taken",
        events: 200,
        behaviour: Some(|_| Behaviour::SayIfAny(503, is_first)),
        // What was taken is noted before the rest is tried again.
        is_reached: |it| {
            let taken = it.requests.iter().filter(|it| it.status == Some(200));
            let since = it.requests.iter().rev().take_while(|it| it.status != Some(200));
            taken.map(|it| it.events).sum::<usize>() == 100 && since.count() >= 2
        },
        twice_at_most: 0,
    },
    Phase {
        name: "between two pages",
        events: 2_500,
        behaviour: Some(|head| match head.nth {
            0..10 => Behaviour::Take,
            _ => Behaviour::Say(503),
        }),
        is_reached: |it| count(it, Some(503)) >= 1,
        twice_at_most: PAGE,
    },
];

fn is_first(event: &Value) -> bool {
    event["se_la"].as_str().is_some_and(|it| it.ends_with("-0"))
}

/// Kills a server in a phase, and lets the next deliver; again and again.
fn check(phase: &Phase) {
    let kills = rounds(2);
    let collector = Collector::down_at_first(|_| Behaviour::Take);
    let shop = shop_for(&collector, "");
    let mut all = Vec::new();
    for kill in 0..kills {
        // Events are accepted before the collector is there, so that pages are full.
        let mut server = serve(&shop);
        let labels = labels(&format!("{}-{kill}", phase.name), phase.events);
        track(&server, &labels);
        all.extend(labels);
        assert_eq!(look(&server).accepted, all.len() as u64);
        if let Some(behaviour) = phase.behaviour {
            collector.start_over(behaviour);
            collector.up();
            collector.wait_until(phase.name, phase.is_reached);
        }
        server.kill();
        collector.now(|_| Behaviour::Take);
        collector.up();
        let server = serve(&shop);
        let look = wait_for_delivery(&server);
        assert_eq!((look.delivered, look.rejected), (all.len() as u64, 0), "{look:?}");
        collector.down();
    }
    assert_arrived(&collector, &all, &[].into());
    let n = collector.kept().duplicates();
    say(&format!("{kills} kills {}: {n} of {} arrived twice", phase.name, all.len()));
    assert!(n <= phase.twice_at_most * usize::try_from(kills).expect("small"), "{n}");
}

#[test]
fn what_was_accepted_arrives_after_kill_9_in_each_phase() {
    check_all(&PHASES, |it| it.name.to_owned(), check);
}

/// Does this and that, and what it ought to most of the time.
fn moody(head: Head) -> Behaviour {
    match head.nth % 11 {
        2 => Behaviour::Say(503),
        4 => Behaviour::TakeAndBreakOff,
        6 => Behaviour::Reset,
        8 => Behaviour::TakeInSilence,
        9 => Behaviour::TakeSlowly(Duration::from_millis(40)),
        _ => Behaviour::Take,
    }
}

/// Holds what the collector has against what callers were told.
fn assert_told(collector: &Collector, told: &Told, shop: &TempDir) {
    assert!(told.in_doubt.is_empty() && told.refused.is_empty() && told.kept_aside.is_empty());
    let accepted: Vec<&String> = told.accepted.iter().collect();
    assert_arrived(collector, &accepted, &BTreeSet::new());
    assert!(outbox(shop.path()).is_empty());
}

#[test]
fn what_was_accepted_arrives_though_servers_are_killed_at_random_under_load() {
    let kills = rounds(5);
    let collector = Collector::start(moody);
    let shop = shop_for(&collector, "timeout = \"300ms\"");
    let random = RandomState::new();
    let mut told = Told::default();
    for kill in 0..kills {
        let mut server = serve(&shop);
        send_again(server.address, &mut told);
        let address = server.address;
        let (more, ()) = under_load(&[address], 3, &format!("k{kill}"), || {
            std::thread::sleep(Duration::from_millis(50 + random.hash_one(kill) % 400));
            look(&server);
            server.kill();
        });
        told.add(more);
    }
    let server = serve(&shop);
    send_again(server.address, &mut told);
    collector.now(|_| Behaviour::Take);
    let look = wait_for_delivery(&server);
    let accepted = told.accepted.len();
    assert!(accepted as u64 > 10 * kills, "there was a load: {accepted}");
    assert_eq!((look.delivered, look.rejected), (accepted as u64, 0));
    assert_told(&collector, &told, &shop);
    let kept = collector.kept();
    let (n, untold) = (kept.duplicates(), kept.untold);
    say(&format!("{kills} kills: {n} of {accepted} arrived twice, of {untold} nobody was told"));
    let bound = untold + PAGE * usize::try_from(kills).expect("small");
    assert!(n <= bound, "{n} of {bound}");
}

/// Two processes share a directory; whoever delivers is killed, and started again.
#[test]
fn another_process_delivers_when_the_one_that_did_is_killed() {
    let kills = rounds(4);
    let collector = Collector::start(|_| Behaviour::Take);
    let shop = shop_for(&collector, "");
    let mut servers = [serve(&shop), serve(&shop)];
    let mut all = Vec::new();
    for kill in 0..kills {
        let labels = labels(&format!("two-{kill}"), BATCH);
        let [first, second] = &servers;
        track(first, &labels[..BATCH / 2]);
        track(second, &labels[BATCH / 2..]);
        all.extend(labels);
        // The one that has delivered longest.
        servers[0].kill();
        wait_for_delivery(&servers[1]);
        servers.swap(0, 1);
        servers[1] = serve(&shop);
    }
    let look = wait_for_delivery(&servers[0]);
    assert_eq!((look.delivered, look.rejected), (all.len() as u64, 0));
    assert_arrived(&collector, &all, &[].into());
    // Of each kill one page that was sent and not noted.
    let n = collector.kept().duplicates();
    say(&format!("{kills} kills of two: {n} of {} arrived twice", all.len()));
    assert!(n <= BATCH * usize::try_from(kills).expect("small"), "{n}");
}

/// A process is stopped in the middle of a request for longer than others are patient, and goes
/// on: it finds that its place was taken, and loses nothing.
#[test]
fn another_process_stands_in_for_one_that_is_stopped_while_it_delivers() {
    let collector = Collector::down_at_first(|_| Behaviour::TakeInSilence);
    let shop = shop_for(&collector, "");
    let [first, second]: [Server; 2] = [serve(&shop), serve(&shop)];
    let mut all = labels("stopped", 150);
    track(&first, &all);
    wait_until(&first, "it delivers", |it| it.last_error.is_some());
    collector.up();
    collector.wait_until("it waits for an answer", |it| !it.requests.is_empty());
    stop(first.id());
    collector.now(|_| Behaviour::Take);
    let more = labels("meanwhile", 100);
    track(&second, &more);
    all.extend(more);
    let look = wait_for_delivery(&second);
    assert_eq!((look.delivered, look.rejected), (all.len() as u64, 0));
    go_on(first.id());
    let more = labels("after", 100);
    track(&first, &more);
    all.extend(more);
    let look = wait_for_delivery(&second);
    assert_eq!((look.delivered, look.rejected), (all.len() as u64, 0));
    assert_arrived(&collector, &all, &[].into());
    // What the first had sent in one go, and what it sends once more before it looks.
    let n = collector.kept().duplicates();
    say(&format!("one that was stopped: {n} of {} arrived twice", all.len()));
    assert!(n <= all.len(), "{n}");
}
