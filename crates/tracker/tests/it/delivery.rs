//! Destinations beside the counters: each takes every event, however it behaves, and none holds
//! up another.

use crate::PATIENCE;
use internal_events::store::{CursorPlace, Limits, Page, StoredEntry};
use internal_events::testing::definitions;
use internal_events::{
    Catalog, Config, DeliverError, Delivered, DeliveryError, Destination, Resume, Tracker,
};
use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const SHORT: Duration = Duration::from_millis(50);

/// What a destination has seen, kept by the test while trackers come and go.
#[derive(Default)]
struct Seen {
    /// How often each entry took effect.
    entries: Mutex<BTreeMap<u64, u32>>,
    /// The most bytes that were ever handed over at once.
    most_bytes: AtomicUsize,
    n_calls: AtomicUsize,
    /// What ends one that never answers.
    is_over: AtomicBool,
}

impl Seen {
    fn take(&self, entries: &[StoredEntry]) {
        let bytes = entries.iter().map(|it| it.event.len()).sum();
        self.most_bytes.fetch_max(bytes, Ordering::Relaxed);
        self.n_calls.fetch_add(1, Ordering::Relaxed);
        for entry in entries {
            *self
                .entries
                .lock()
                .expect("no test panics with it")
                .entry(entry.sequence)
                .or_default() += 1;
        }
    }

    fn numbers(&self) -> Vec<u64> {
        self.entries.lock().expect("no test panics with it").keys().copied().collect()
    }

    fn is_each_once(&self) -> bool {
        self.entries.lock().expect("no test panics with it").values().all(|it| *it == 1)
    }
}

/// How a destination behaves.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Behaviour {
    Good,
    /// Refuses two of three pages, as a whole.
    FailsOften,
    /// Takes a part of each page and drops every tenth entry.
    TakesParts,
    /// Takes the first page twice: it has forgotten it once.
    Forgets,
    /// Knows more than the journal has, until the journal has another name.
    KnowsMore,
    NeverAnswers,
    Panics,
}

struct Fake {
    behaviour: Behaviour,
    seen: Arc<Seen>,
    first_journal: Option<String>,
    n: usize,
}

impl Destination for Fake {
    fn resume(&mut self, place: &CursorPlace) -> Result<Resume, DeliveryError> {
        let first = self.first_journal.get_or_insert_with(|| place.journal_id.clone());
        match self.behaviour {
            Behaviour::Forgets if self.n == 1 => Ok(Resume::after(0, place)),
            Behaviour::KnowsMore if *first == place.journal_id => Ok(Resume::RenameJournal),
            _ => Ok(Resume::after(place.cursor, place)),
        }
    }

    fn deliver(&mut self, entries: &[StoredEntry]) -> Result<Delivered, DeliveryError> {
        self.n += 1;
        let last = entries.last().expect("a page has an entry").sequence;
        let mut delivered = Delivered { up_to: last, ..Delivered::default() };
        match self.behaviour {
            Behaviour::FailsOften if !self.n.is_multiple_of(3) => {
                return Err(DeliveryError::new("not today"));
            }
            Behaviour::Forgets if self.n == 1 => {
                self.seen.take(entries);
                return Err(DeliveryError::new("was that something?"));
            }
            Behaviour::TakesParts => {
                let (part, _) = entries.split_at(entries.len().div_ceil(2));
                let (bad, good): (Vec<_>, Vec<_>) =
                    part.iter().cloned().partition(|it| it.sequence % 10 == 0);
                self.seen.take(&good);
                delivered.up_to = part.last().expect("it is half of something").sequence;
                delivered.dropped.insert("poison", bad.len() as u64);
                delivered.noted.insert("poisonous".to_owned(), bad.len() as u64);
                return Ok(delivered);
            }
            Behaviour::NeverAnswers => {
                self.seen.take(entries);
                while !self.seen.is_over.load(Ordering::Relaxed) {
                    std::thread::sleep(SHORT);
                }
                return Err(DeliveryError::new("given up"));
            }
            Behaviour::Panics => panic!("this is what it does"),
            _ => {}
        }
        self.seen.take(entries);
        Ok(delivered)
    }

    fn page(&self) -> Page {
        Page { entries: 7, bytes: 4_000 }
    }
}

fn config(data: Option<&Path>) -> Config {
    let config = Config::new(Catalog::new(definitions(&["e"])));
    match data {
        Some(data) => config.data(data),
        None => config,
    }
}

fn with(config: Config, name: &'static str, behaviour: Behaviour, seen: &Arc<Seen>) -> Config {
    let seen = Arc::clone(seen);
    config.destination(name, move || {
        Box::new(Fake { behaviour, seen: Arc::clone(&seen), first_journal: None, n: 0 })
    })
}

fn track(tracker: &Tracker, n: usize) {
    for _ in 0..n {
        tracker.track_event("e").property("label", noise(500)).send();
    }
}

/// Letters that no packing makes fewer, for bounds are about bytes on the disk.
fn noise(n: usize) -> String {
    let random = RandomState::new();
    (0..n).map(|it| char::from(b'0' + (random.hash_one(it) % 43).to_le_bytes()[0])).collect()
}

#[test]
fn every_destination_takes_every_event_however_it_behaves() {
    for data in [None, Some(tempfile::tempdir().expect("a disk"))] {
        let (good, often, parts, forgets) =
            (Arc::default(), Arc::default(), Arc::default(), Arc::default());
        let config = config(data.as_ref().map(tempfile::TempDir::path));
        let config = with(config, "good", Behaviour::Good, &good);
        let config = with(config, "fails-often", Behaviour::FailsOften, &often);
        let config = with(config, "takes-parts", Behaviour::TakesParts, &parts);
        let config = with(config, "forgets", Behaviour::Forgets, &forgets);
        let tracker = Tracker::open(config).expect("the data directory is usable");
        track(&tracker, 25);
        tracker.deliver(PATIENCE).expect("all of them answer in the end");
        let all: Vec<u64> = (1..=25).collect();
        let not_dropped: Vec<u64> = (1..=25).filter(|it| it % 10 != 0).collect();
        for (seen, expected) in [(&good, &all), (&often, &all), (&parts, &not_dropped)] {
            assert_eq!(seen.numbers(), **expected);
            assert!(seen.is_each_once());
        }
        assert_eq!(forgets.numbers(), all);
        let health = tracker.destinations().expect("the status is readable");
        for (name, it) in &health {
            let n_dropped: u64 = it.delivery.dropped.values().sum();
            let sum = it.delivery.delivered + it.delivery.pending + n_dropped;
            assert_eq!((sum, it.delivery.pending), (25, 0), "{name}");
            assert!(it.last_error.is_none() || name == "counters", "{name}");
        }
        assert_eq!(health["takes-parts"].delivery.dropped, [("poison".to_owned(), 2)].into());
        assert!(good.most_bytes.load(Ordering::Relaxed) < 4_000 + 600, "a page is bounded");
    }
}

#[test]
fn one_that_never_answers_or_panics_holds_up_nobody_and_is_named() {
    let (good, never, panics) = (Arc::default(), Arc::<Seen>::default(), Arc::default());
    let config = with(config(None), "good", Behaviour::Good, &good);
    let config = with(config, "never", Behaviour::NeverAnswers, &never);
    let config = with(config, "panics", Behaviour::Panics, &panics);
    let tracker = Tracker::open(config).expect("memory needs no more than threads");
    track(&tracker, 200);
    tracker.flush(PATIENCE).expect("the journal waits for no destination");
    while good.numbers().len() < 200 {
        std::thread::sleep(SHORT);
    }
    let error = tracker.deliver(SHORT).expect_err("two of them do not answer");
    let DeliverError::Timeout { destination, pending, .. } = error else { panic!("{error}") };
    assert_eq!((destination.as_str(), pending), ("never", 200));
    // It has one page in its hands, and no more is read for it.
    assert_eq!(never.n_calls.load(Ordering::Relaxed), 1);
    assert!(never.most_bytes.load(Ordering::Relaxed) < 4_000 + 600);
    let error_of = |name: &str| {
        let health = tracker.destinations().expect("the status is readable");
        health[name].last_error.clone()
    };
    while error_of("panics").is_none() {
        std::thread::sleep(SHORT);
    }
    assert_eq!(error_of("good"), None);
    let health = tracker.destinations().expect("the status is readable");
    assert_eq!((health["never"].delivery.delivered, health["never"].delivery.pending), (0, 200));
    assert!(health["never"].delivery.oldest_pending.is_some());
    never.is_over.store(true, Ordering::Relaxed);
}

#[test]
fn what_was_not_delivered_is_delivered_by_whoever_comes_next_and_by_one_at_a_time() {
    let data = tempfile::tempdir().expect("a disk");
    let seen = Arc::<Seen>::default();
    let never = Arc::<Seen>::default();
    never.is_over.store(true, Ordering::Relaxed);
    let broken = with(config(Some(data.path())), "there", Behaviour::NeverAnswers, &never);
    let tracker = Tracker::open(broken).expect("the data directory is usable");
    track(&tracker, 10);
    tracker.flush(PATIENCE).expect("the journal waits for no destination");
    let error = || tracker.destinations().expect("readable")["there"].last_error.clone();
    while error().is_none() {
        std::thread::sleep(SHORT);
    }
    drop(tracker);
    let open = || {
        let config = with(config(Some(data.path())), "there", Behaviour::Good, &seen);
        Tracker::open(config).expect("the data directory is usable")
    };
    let trackers = [open(), open(), open()];
    for tracker in &trackers {
        track(tracker, 10);
    }
    for tracker in &trackers {
        tracker.deliver(PATIENCE).expect("one of them delivers");
    }
    assert_eq!(seen.numbers(), (1..=40).collect::<Vec<u64>>());
    assert!(seen.is_each_once());
    let leads = |it: &Tracker| it.destinations().expect("readable")["there"].is_leading;
    assert_eq!(trackers.iter().filter(|it| leads(it)).count(), 1);
}

#[test]
fn a_journal_that_the_destination_knows_better_goes_on_under_another_name() {
    let data = tempfile::tempdir().expect("a disk");
    let tracker = Tracker::open(config(Some(data.path()))).expect("usable");
    track(&tracker, 5);
    tracker.flush(PATIENCE).expect("durable");
    drop(tracker);
    let seen = Arc::<Seen>::default();
    let config = with(config(Some(data.path())), "there", Behaviour::KnowsMore, &seen);
    let tracker = Tracker::open(config).expect("the data directory is usable");
    while !tracker.destinations().expect("readable")["there"].is_leading {
        std::thread::sleep(SHORT);
    }
    track(&tracker, 5);
    tracker.deliver(PATIENCE).expect("it goes on");
    // Events that came before it had another name may have been taken for known ones.
    let numbers = seen.numbers();
    assert!(numbers.ends_with(&[10]) || numbers.is_empty(), "{numbers:?}");
    track(&tracker, 5);
    tracker.deliver(PATIENCE).expect("it goes on");
    assert!(seen.numbers().ends_with(&[11, 12, 13, 14, 15]));
}

#[test]
fn what_never_answers_holds_back_a_bounded_part_of_the_journal() {
    let mut limits = Limits::default();
    limits.max_pending_bytes = 200_000;
    limits.journal_keep_bytes = 50_000;
    let data = tempfile::tempdir().expect("a disk");
    let never = Arc::<Seen>::default();
    let config = with(config(Some(data.path())), "never", Behaviour::NeverAnswers, &never);
    let tracker = Tracker::open(config.store_limits(limits)).expect("usable");
    let delivery = || {
        let mut health = tracker.destinations().expect("the status is readable");
        health.remove("never").expect("it is configured").delivery
    };
    for round in 1..=20 {
        track(&tracker, 100);
        tracker.flush(PATIENCE).expect("the journal waits for no destination");
        let it = delivery();
        let dropped = it.dropped.get("backlog").copied().unwrap_or_default();
        assert_eq!(it.delivered + it.pending + dropped, round * 100);
    }
    while !delivery().dropped.contains_key("backlog") {
        std::thread::sleep(SHORT);
    }
    let first = tracker.read(|it| it.entries(0, 1)).expect("enabled").expect("readable");
    assert!(first[0].sequence > 1, "what was dropped has left the journal");
    never.is_over.store(true, Ordering::Relaxed);
}
