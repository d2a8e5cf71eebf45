//! How many files the system lets the server open, each connection being one.
//!
//! Many systems begin with 1,024 for a process, which it may raise by itself. Where it may not,
//! fewer connections are taken at a time: callers who ask for nothing then make room for others as
//! ever, which they would not if the files ended first.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Files that are no connections: the data, definitions as they are read, and what events are
/// delivered over.
const OWN: u64 = 128;

/// Sees to it that there are files for so many connections, and returns for how many there are.
pub(super) fn connections(wanted: usize) -> usize {
    let needed = wanted as u64 + OWN;
    let has = raised_to(needed);
    let left = within(has, wanted);
    if left < wanted {
        tracing::warn!(
            files = has,
            connections = left,
            "the system lets this process open few files, so it takes fewer connections at a \
             time; raise the limit that `ulimit -Hn` shows to {needed}"
        );
    }
    left
}

/// Raises the limit as far as is needed and allowed, and returns how many files there may be.
fn raised_to(needed: u64) -> u64 {
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current.unwrap_or(u64::MAX);
    let possible = limit.maximum.unwrap_or(u64::MAX).min(needed);
    let raised = Rlimit { current: Some(possible), maximum: limit.maximum };
    if current < possible && setrlimit(Resource::Nofile, raised).is_ok() {
        return possible;
    }
    current
}

/// How many connections are taken where there are so many files.
fn within(files: u64, wanted: usize) -> usize {
    // Of very few a quarter is still some; the system has the last word.
    let left = files.saturating_sub(OWN).max(files / 4).max(1);
    usize::try_from(left).unwrap_or(usize::MAX).min(wanted)
}
