//! A definition that tracking does not know, though it looks as if it should.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Event;

pub(crate) const CODE: &str = "untracked-event";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Event(check) };

/// Categories that the first generators wrote into internal events.
const INTERNAL_CATEGORIES: [&str; 2] = ["InternalEventTracking", "GitlabInternalEvents"];

fn check<'n>(_: &Index<'n>, event: &Event<'n>, out: &mut Out<'n>) {
    let says_otherwise = event.node.entry("internal_events").is_some();
    if event.is_internal || event.is_removed || says_otherwise {
        return;
    }
    let message = match event.category() {
        None => "the event is neither internal nor legacy: nothing tracks it",
        Some(it) if INTERNAL_CATEGORIES.contains(&it) => {
            "the event has the category of internal events, but is not marked as one"
        }
        Some(_) => return,
    };
    let finding = Finding::warning(CODE, event.file, &event.file.first_line(), message);
    out.push(finding.help("add `internal_events: true`, or the `category` of a legacy event"));
}
