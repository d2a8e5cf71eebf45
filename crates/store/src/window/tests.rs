use std::time::Duration;

use proptest::collection::vec;
use proptest::prelude::*;

use super::Window;
use crate::{Entry, EventId, Limits, Outcome};

const MAX_IDS: usize = 6;
const REACH_MS: i64 = 4;

/// The window as one would write it without thinking of speed.
#[derive(Default, Clone)]
struct Model(Vec<([u8; 16], u64, i64)>);

impl Model {
    fn forget_old(&mut self, now: i64) {
        let first_to_keep = self.0.iter().position(|(.., at)| *at >= now - REACH_MS);
        self.0.drain(..first_to_keep.unwrap_or(self.0.len()));
    }

    fn insert(&mut self, id: EventId, content: u64, at: i64) {
        self.0.push((id.0, content, at));
    }

    fn content(&self, id: EventId) -> Option<u64> {
        self.0.iter().find(|it| it.0 == id.0).map(|it| it.1)
    }
}

fn window() -> Window {
    let limits = Limits {
        window: Duration::from_millis(REACH_MS.unsigned_abs()),
        window_ids: MAX_IDS,
        ..Limits::default()
    };
    Window::new(&limits)
}

fn entry(id: u8, content: Option<u64>, at: i64) -> Entry<'static> {
    let id = EventId([id; 16]);
    Entry { id, accepted_at: at, catalog: 1, event: b"", updates: &[], content }
}

fn outcomes(window: &mut Window, entries: &[Entry<'_>]) -> Vec<Outcome> {
    match window.sift(entries) {
        None => (1..).take(entries.len()).map(|sequence| Outcome::Accepted { sequence }).collect(),
        Some(sifted) => sifted.outcomes(1),
    }
}

proptest! {
    #[test]
    fn a_window_knows_what_the_model_knows(
        groups in vec((0..9_i64, vec((0..9_u8, proptest::option::of(0..3_u64)), 0..5), any::<bool>()), 0..40),
    ) {
        let (mut model, mut window, mut other) = (Model::default(), window(), window());
        let mut has_undone = false;
        for (step, (at, given, is_stored)) in (0..).zip(groups) {
            let at = step / 2 + at;
            let entries: Vec<_> = given.iter().map(|&(id, content)| entry(id, content, at)).collect();
            let before = model.clone();
            let outcomes = outcomes(&mut window, &entries);
            prop_assert_eq!(outcomes.len(), entries.len());
            if entries.iter().any(|it| it.content.is_some()) {
                model.forget_old(at);
            }
            let mut stored = Vec::new();
            for (entry, outcome) in entries.iter().zip(&outcomes) {
                let Some(content) = entry.content else {
                    prop_assert!(matches!(outcome, Outcome::Accepted { .. }), "{:?}", outcome);
                    continue;
                };
                let id = match outcome {
                    Outcome::Duplicate => {
                        prop_assert!(model.content(entry.id).is_some());
                        continue;
                    }
                    Outcome::Accepted { .. } => entry.id,
                    Outcome::Collision { id, .. } => {
                        prop_assert!(model.content(entry.id).is_some_and(|it| it != content));
                        *id
                    }
                };
                prop_assert_eq!(model.content(id), None);
                model.insert(id, content, at);
                stored.push((id.0, content));
            }
            if is_stored {
                window.settle();
                let surplus = model.0.len().saturating_sub(MAX_IDS);
                model.0.drain(..surplus);
                if !stored.is_empty() {
                    other.take(at, stored.into_iter());
                }
            } else {
                window.undo();
                has_undone = true;
                model = before;
                // What is too old is gone all the same.
                if entries.iter().any(|it| it.content.is_some()) {
                    model.forget_old(at);
                }
            }
            let known: Vec<_> = window.seen.iter().map(|it| it.id).collect();
            let expected: Vec<_> = model.0.iter().map(|it| it.0).collect();
            prop_assert_eq!(&known, &expected);
            prop_assert_eq!(window.by_id.len(), known.len());
            prop_assert_eq!(window.runs.iter().map(|it| it.ids).sum::<usize>(), known.len());
        }
        // A handle that only read what was stored knows the same, unless groups that were not
        // stored made this one forget something.
        if has_undone {
            return Ok(());
        }
        for (id, content, _) in &model.0 {
            prop_assert_eq!(other.content(*id), Some(*content));
        }
    }
}

#[test]
fn numbers_wrap_around() {
    let mut window = window();
    window.base = u32::MAX - 2;
    for n in 0..20 {
        let group = [entry(n, Some(1), 0), entry(n, Some(1), 0)];
        assert_eq!(outcomes(&mut window, &group)[1], Outcome::Duplicate);
        window.settle();
    }
    assert_eq!(window.len(), MAX_IDS);
    assert_eq!(outcomes(&mut window, &[entry(14, Some(1), 0)]), [Outcome::Duplicate]);
    assert_eq!(
        outcomes(&mut window, &[entry(13, Some(1), 0)]),
        [Outcome::Accepted { sequence: 1 }]
    );
}
