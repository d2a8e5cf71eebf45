//! How long to wait: for work, after errors, and before entries are given up for good.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The first wait after an error, and the longest.
const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);

/// Waits after errors: longer each time, and at random, so that many processes do not all come
/// back at once.
#[derive(Debug, Default)]
pub(crate) struct BackOff {
    n_errors: u32,
}

impl BackOff {
    /// Says that something went well.
    pub(crate) fn reset(&mut self) {
        self.n_errors = 0;
    }

    /// Says that something went wrong, and returns how long to wait.
    pub(crate) fn next(&mut self, at_least: Option<Duration>, random: f64) -> Duration {
        let longest = FIRST.saturating_mul(1 << self.n_errors.min(16)).min(LONGEST);
        self.n_errors = self.n_errors.saturating_add(1);
        // Half of it for certain, so that a broken destination is left in peace.
        let wait = longest / 2 + (longest / 2).mul_f64(random.clamp(0.0, 1.0));
        wait.max(at_least.unwrap_or_default())
    }
}

/// Entries that took effect lately and may be wanted again.
#[derive(Debug)]
pub(crate) struct Kept {
    window: Duration,
    /// Up to where entries took effect, and when. At most a few marks for each window.
    marks: VecDeque<(u64, Instant)>,
    /// Up to where they are not wanted again.
    after: u64,
}

/// Marks kept for a window, which end it to within a part of it.
const MARKS: u32 = 64;

impl Kept {
    pub(crate) fn new(window: Duration) -> Self {
        Self { window, marks: VecDeque::new(), after: 0 }
    }

    /// Says that entries up to one have taken effect; returns up to where none is wanted again.
    pub(crate) fn mark(&mut self, up_to: u64, now: Instant) -> u64 {
        if self.window.is_zero() {
            return up_to;
        }
        let is_due = |(_, at): &(u64, Instant)| now.duration_since(*at) >= self.window / MARKS;
        if self.marks.back().is_none_or(is_due) {
            self.marks.push_back((up_to, now));
        }
        while let Some(&(seq, at)) = self.marks.front()
            && now.duration_since(at) >= self.window
        {
            self.after = seq;
            self.marks.pop_front();
        }
        self.after
    }

    /// Says that another journal or another process goes on.
    pub(crate) fn forget(&mut self) {
        self.marks.clear();
        self.after = 0;
    }
}

#[cfg(test)]
mod tests;
