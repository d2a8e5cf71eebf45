//! What is to become of a site, before it is known whether those it depends on can be rewritten.

use crate::edit::Edits;
use crate::site::{Found, Kind, Outcome, Reason, Refusal, Rewrite, Site};
use std::collections::BTreeSet;
use std::ops::Range;

/// How a site is rewritten.
#[derive(Debug, Default)]
pub(crate) struct Planned {
    pub(crate) edits: Edits,
    pub(crate) found: Vec<Found>,
    pub(crate) notes: Vec<String>,
    /// Where names stood that an import had bound, and that the edits take away.
    pub(crate) frees: Vec<usize>,
    /// Whether `InternalEvents` has to be imported for it.
    pub(crate) needs_import: bool,
    /// Whether the import of the helper of specs has to be changed for it.
    pub(crate) needs_helper: bool,
    /// Whether there is nothing to do.
    pub(crate) is_already: bool,
}

/// A site, and how it is rewritten, or why not.
#[derive(Debug)]
pub(crate) struct Attempt {
    pub(crate) kind: Kind,
    pub(crate) range: Range<usize>,
    pub(crate) event: Option<String>,
    pub(crate) planned: Result<Planned, Refusal>,
}

/// Makes a refusal.
pub(crate) fn refusal(
    reason: Reason,
    what: impl Into<String>,
    advice: impl Into<String>,
) -> Refusal {
    Refusal { reason, what: what.into(), advice: advice.into() }
}

/// Refuses all of a group if one of it cannot be rewritten: a mixin is never half changed.
pub(crate) fn together(mut group: Vec<Attempt>) -> Vec<Attempt> {
    let first = group.iter().find_map(|it| it.planned.as_ref().err().cloned());
    let Some(first) = first else { return group };
    for attempt in &mut group {
        let is_open = attempt.planned.as_ref().is_ok_and(|it| !it.is_already);
        if is_open {
            attempt.planned = Err(refusal(
                Reason::PartOfMore,
                format!("it belongs to what cannot be rewritten: {}", first.what),
                "Change the other place as its own refusal says, then migrate again",
            ));
        }
    }
    group
}

/// Refuses all that would be rewritten.
pub(crate) fn refuse_all(attempts: &mut [Attempt], refusal: &Refusal) {
    for attempt in attempts {
        if attempt.planned.as_ref().is_ok_and(|it| it.needs_import) {
            attempt.planned = Err(refusal.clone());
        }
    }
}

/// What the rewritten sites mean for imports.
#[derive(Debug, Default)]
pub(crate) struct Freed {
    /// Where bound names are gone.
    pub(crate) at: BTreeSet<usize>,
    pub(crate) needs_import: bool,
    pub(crate) needs_helper: bool,
}

/// Tells what the rewritten sites mean for imports.
pub(crate) fn freed(attempts: &[Attempt]) -> Freed {
    let mut freed = Freed::default();
    for planned in attempts.iter().filter_map(|it| it.planned.as_ref().ok()) {
        freed.at.extend(&planned.frees);
        freed.needs_import |= planned.needs_import;
        freed.needs_helper |= planned.needs_helper;
    }
    freed
}

/// Makes sites and edits of attempts.
pub(crate) fn settle(mut attempts: Vec<Attempt>) -> Rewrite {
    attempts.sort_by_key(|it| (it.range.start, it.range.end));
    let mut rewrite = Rewrite::default();
    for Attempt { kind, range, event, planned } in attempts {
        let outcome = match planned {
            Ok(planned) if planned.is_already => Outcome::Already,
            Ok(planned) => {
                rewrite.edits.extend(planned.edits);
                rewrite.found.extend(planned.found);
                Outcome::Rewritten { notes: planned.notes }
            }
            Err(refusal) => Outcome::Refused(refusal),
        };
        rewrite.sites.push(Site { kind, range, outcome, event });
    }
    rewrite
}
