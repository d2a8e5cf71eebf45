//! A process that is about to fork holds no handle to its data, whatever a destination is doing.

use crate::{PATIENCE, clock};
use internal_events::store::StoredEntry;
use internal_events::testing::definitions;
use internal_events::{
    Catalog, Config, Delivered, DeliveryError, Destination, Refusal, Tracker, Window,
};
use jiff::civil::date;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// Says when it is asked to deliver, and answers when it is told to.
struct Slow {
    asked: Sender<usize>,
    may_answer: Arc<Mutex<Receiver<()>>>,
}

impl Destination for Slow {
    fn deliver(&mut self, entries: &[StoredEntry]) -> Result<Delivered, DeliveryError> {
        let failed = |it: &dyn std::fmt::Display| DeliveryError::new(it.to_string());
        self.asked.send(entries.len()).map_err(|it| failed(&it))?;
        let may_answer = self.may_answer.lock().map_err(|it| failed(&it))?;
        may_answer.recv().map_err(|it| failed(&it))?;
        let up_to = entries.last().map_or(0, |it| it.sequence);
        Ok(Delivered { up_to, ..Delivered::default() })
    }
}

/// Opens a tracker with a slow destination; gives what it says, and what lets it answer.
fn open(data: &Path) -> (Tracker, Receiver<usize>, Sender<()>) {
    let (asked, asks) = channel();
    let (answer, may_answer) = channel();
    let may_answer = Arc::new(Mutex::new(may_answer));
    let config = Config::new(Catalog::new(definitions(&["e"]))).clock(clock()).data(data);
    let config = config.destination("slow", move || {
        Box::new(Slow { asked: asked.clone(), may_answer: Arc::clone(&may_answer) })
    });
    (Tracker::open(config).expect("a tracker opens"), asks, answer)
}

/// How many files of a directory this process has open.
#[cfg(target_os = "linux")]
fn open_files(directory: &Path) -> usize {
    let open = std::fs::read_dir("/proc/self/fd").expect("Linux shows open files").flatten();
    let targets = open.filter_map(|it| std::fs::read_link(it.path()).ok());
    targets.filter(|it| it.starts_with(directory)).count()
}

fn total(tracker: &Tracker) -> u64 {
    let window = Window { today: date(2026, 11, 18), include_current_week: true };
    let report = tracker.metrics(&["counts.count_total_e"], window).expect("it is readable");
    report.metrics[0].value.as_ref().expect("it has a value").as_u64().expect("it is a number")
}

#[test]
#[cfg(target_os = "linux")]
fn no_file_stays_open_while_a_destination_does_not_answer() {
    let home = tempfile::tempdir().unwrap();
    let (tracker, asks, answer) = open(home.path());
    for user in 0..10 {
        tracker.track_event("e").user(user).send();
    }
    tracker.flush(PATIENCE).unwrap();
    asks.recv_timeout(PATIENCE).expect("the destination is asked");
    assert!(open_files(home.path()) > 0);

    tracker.track_event("e").user(10).send();
    let start = Instant::now();
    assert!(tracker.let_go(PATIENCE));
    assert!(start.elapsed() < Duration::from_secs(10), "{:?}", start.elapsed());
    assert_eq!(open_files(home.path()), 0);
    assert_eq!(
        tracker.submit(vec![internal_events::Event::new("e")], |_| {}),
        Err(Refusal::ShutDown)
    );
    drop(tracker);

    // Another handle goes on, and what was under way is delivered again.
    let (tracker, asks, answers) = open(home.path());
    assert_eq!(total(&tracker), 11);
    assert_eq!(asks.recv_timeout(PATIENCE), Ok(11));
    answers.send(()).unwrap();
    tracker.deliver(PATIENCE).unwrap();
    drop(answer);
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_is_delivered_twice_if_the_destination_answers_in_time() {
    let home = tempfile::tempdir().unwrap();
    let (tracker, asks, answer) = open(home.path());
    tracker.track_event("e").user(1).send();
    tracker.flush(PATIENCE).unwrap();
    asks.recv_timeout(PATIENCE).expect("the destination is asked");
    answer.send(()).unwrap();
    tracker.deliver(PATIENCE).unwrap();
    assert!(tracker.let_go(PATIENCE));
    assert_eq!(open_files(home.path()), 0);
    drop(tracker);
    let (tracker, asks, _answer) = open(home.path());
    tracker.track_event("e").user(2).send();
    tracker.flush(PATIENCE).unwrap();
    assert_eq!(asks.recv_timeout(PATIENCE), Ok(1), "only the new one");
}
