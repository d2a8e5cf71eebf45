//! Who waits, for how long, and who stands in for whom.

use std::fs::File;
use std::path::Path;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::{Lease, PATIENCE, Writers};
use crate::Error;

const SHORT: Duration = Duration::from_millis(20);
const LONG: Duration = Duration::from_mins(1);

fn lock(dir: &Path) -> File {
    let file = File::open(dir.join("writers")).unwrap();
    file.lock().unwrap();
    file
}

#[test]
fn a_turn_is_given_up_after_a_while_and_had_once_the_line_moves() {
    let dir = tempfile::tempdir().unwrap();
    let writers = Writers::open(dir.path(), SHORT).unwrap();
    drop(writers.wait().unwrap());
    let other = lock(dir.path());
    // More than once: what is given up must not come between later.
    for _ in 0..3 {
        let error = writers.wait().unwrap_err();
        assert!(matches!(error, Error::Busy { waited: SHORT, .. }), "{error}");
    }
    drop(other);
    // The lock that was given up is let go again as soon as it is had.
    let other = lock(dir.path());
    writers.wait().unwrap_err();
    drop(other);
    let patient = Writers::open(dir.path(), LONG).unwrap();
    drop(patient.wait().unwrap());
    let give_up = Instant::now() + LONG;
    while writers.wait().is_err() {
        assert!(Instant::now() < give_up, "whoever gave up gets a turn later");
    }
    drop(patient.wait().unwrap());
}

#[test]
fn turns_exclude_each_other() {
    let dir = tempfile::tempdir().unwrap();
    let n_at_once = AtomicU32::new(0);
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| take_turns(dir.path(), &n_at_once));
        }
    });
}

/// Takes 200 turns; now and then it gives up, which must not let two in.
fn take_turns(dir: &Path, n_at_once: &AtomicU32) {
    let writers = Writers::open(dir, Duration::from_micros(200)).unwrap();
    let mut n_turns = 0;
    while n_turns < 200 {
        let Ok(turn) = writers.wait() else { continue };
        assert_eq!(n_at_once.fetch_add(1, Ordering::Relaxed), 0, "one at a time");
        std::thread::yield_now();
        n_at_once.fetch_sub(1, Ordering::Relaxed);
        drop(turn);
        n_turns += 1;
    }
}

#[test]
fn somebody_stands_in_for_a_holder_that_does_not_move() {
    let dir = tempfile::tempdir().unwrap();
    let mut holder = Lease::open(dir.path()).unwrap();
    assert!(holder.take().unwrap());
    let mut other = Lease::open(dir.path()).unwrap();
    assert!(!other.take().unwrap());
    // Nothing waits for the holder, or it moves: all is well.
    for cursor in [7, 7, 7, 7, 7, 7, 7, 7] {
        assert!(!other.look(cursor, 7));
    }
    for cursor in 0..20 {
        assert!(!other.look(cursor, 100));
    }
    for n_looks in 0..=PATIENCE {
        assert_eq!(other.look(50, 100), n_looks == PATIENCE, "{n_looks}");
    }
    assert!(other.take().unwrap());
    other.step_back();
    assert!(!other.take().unwrap(), "the holder is back");
    drop(holder);
    assert!(other.take().unwrap());
    other.step_back();
    assert!(other.take().unwrap(), "what is held is not given back");
}
