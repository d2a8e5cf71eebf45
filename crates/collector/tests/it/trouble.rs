//! Servers in trouble that cannot be brought about from outside.

use crate::server::{Answer, Server, TRACK, config};
use internal_events::{Event, Limits as TrackerLimits};
use internal_events_collector::Limits;
use std::sync::mpsc;
use std::time::Duration;

/// Answers a request with a queue that is full, for its writer stands still.
pub(crate) fn with_a_full_queue(request: &str) -> Answer {
    let limits = TrackerLimits { queue_events: 1, ..TrackerLimits::default() };
    let server = Server::start_with(config().limits(limits), Limits::default());
    let writer = Held::by(&server);
    server.tracker.submit(vec![Event::new("create_order")], |_| ()).expect("there is room for one");
    let answer = server.send(request);
    writer.go_on();
    answer
}

/// Answers a request whose events are in a group with some whose sender makes the writer panic.
pub(crate) fn with_a_writer_that_dies(request: &str) -> Answer {
    let server = Server::start();
    let writer = Held::by(&server);
    let dies = |_| panic!("the writer dies of this answer");
    server.tracker.submit(vec![Event::new("create_order")], dies).expect("there is room");
    std::thread::scope(|scope| {
        let answer = scope.spawn(|| server.send(request));
        while server.tracker.health().received < 3 {
            std::thread::yield_now();
        }
        // What is counted as received is in the queue a moment later.
        std::thread::sleep(Duration::from_millis(300));
        writer.go_on();
        answer.join().expect("it is answered")
    })
}

/// Answers a request with a data directory whose file somebody has overwritten.
pub(crate) fn with_a_damaged_file(request: &str) -> Answer {
    let data = tempfile::tempdir().expect("a directory");
    let server = Server::start_with(config().data(data.path()), Limits::default());
    // Of a store in which nothing ever was there is nothing to read.
    assert_eq!(server.post(TRACK, r#"{"event":"create_order"}"#).status, 200);
    for name in ["internal-events.db", "internal-events.db-wal"] {
        let path = data.path().join(name);
        let length = std::fs::metadata(&path).expect("it exists").len();
        let garbage = vec![0xA5; usize::try_from(length).expect("it is small")];
        // In place: a new file would be another one.
        let file = std::fs::OpenOptions::new().write(true).open(&path).expect("it opens");
        std::os::unix::fs::FileExt::write_all_at(&file, &garbage, 0).expect("it is written");
    }
    server.send(request)
}

/// Answers a request when the disk has less space than should stay free.
pub(crate) fn with_a_full_disk(request: &str) -> Answer {
    let data = tempfile::tempdir().expect("a directory");
    let mut limits = internal_events::store::Limits::default();
    limits.reserve_bytes = u64::MAX;
    let config = config().data(data.path()).store_limits(limits);
    Server::start_with(config, Limits::default()).send(request)
}

/// The writer of a server, held up inside the answer to an event.
struct Held(mpsc::Sender<()>);

impl Held {
    fn by(server: &Server) -> Self {
        let (go_on, wait) = mpsc::channel::<()>();
        let (started, is_started) = mpsc::channel();
        let hold = move |_| {
            started.send(()).expect("the test waits");
            // The sender is dropped when the test is done.
            let _ = wait.recv();
        };
        server.tracker.submit(vec![Event::new("create_order")], hold).expect("the queue is empty");
        is_started.recv().expect("the writer starts");
        Self(go_on)
    }

    fn go_on(self) {
        drop(self.0);
    }
}
