//! How many events left because of younger ones, of each run and of all.

use crate::micro::run::Run;
use std::collections::HashMap;

/// What left, since it was forgotten last.
///
/// Names of runs have no end. They are kept in two halves, of which the older one goes when the
/// younger is full: a run is forgotten once events of so many others have left after its own.
#[derive(Debug, Default)]
pub(super) struct Left {
    all: u64,
    recent: HashMap<Run, u64>,
    before: HashMap<Run, u64>,
}

impl Left {
    /// Notes that an event left; `most_runs` is what either half has room for.
    pub(super) fn add(&mut self, run: Option<&Run>, most_runs: usize) {
        self.all += 1;
        let Some(run) = run else { return };
        if self.recent.len() >= most_runs && !self.recent.contains_key(run) {
            self.before = std::mem::take(&mut self.recent);
        }
        // So that a run of which events go on to leave is not forgotten.
        let known = self.before.remove(run).unwrap_or_default();
        *self.recent.entry(run.clone()).or_default() += 1 + known;
    }

    /// How many left, of one run or of all.
    pub(super) fn of(&self, run: Option<&Run>) -> u64 {
        let Some(run) = run else { return self.all };
        [&self.recent, &self.before].iter().filter_map(|it| it.get(run)).sum()
    }

    /// Forgets what left of one run, or of all.
    pub(super) fn forget(&mut self, run: Option<&Run>) {
        let Some(run) = run else {
            *self = Self::default();
            return;
        };
        for half in [&mut self.recent, &mut self.before] {
            if let Some(n) = half.remove(run) {
                self.all -= n;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Left;
    use crate::micro::run::Run;

    fn run(name: &str) -> Run {
        Run::parse(name.as_bytes()).expect("a name")
    }

    #[test]
    fn a_run_is_forgotten_when_events_of_many_others_left_after_its_own() {
        // What left, and what is known of the run `a` then, with room for two runs in a half.
        let cases = [
            ("", 0, 0),
            ("a", 1, 1),
            ("aab", 2, 3),
            ("-a-", 1, 3),
            ("aabc", 2, 4),
            ("aabcd", 2, 5),
            ("aabcde", 0, 6),
            ("aabcade", 3, 7),
            ("aabcadefg", 0, 9),
        ];
        for (events, of_run, of_all) in cases {
            let mut left = Left::default();
            for name in events.split("").filter(|it| !it.is_empty()) {
                left.add((name != "-").then(|| run(name)).as_ref(), 2);
            }
            assert_eq!((left.of(Some(&run("a"))), left.of(None)), (of_run, of_all), "{events}");
            left.forget(Some(&run("a")));
            assert_eq!((left.of(Some(&run("a"))), left.of(None)), (0, of_all - of_run), "{events}");
            left.forget(None);
            assert_eq!(left.of(None), 0, "{events}");
        }
    }
}
