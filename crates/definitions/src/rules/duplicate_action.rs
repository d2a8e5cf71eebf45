//! Two internal events with one name.

use super::{Check, Finding, Out, Rule};
use crate::file::Place;
use crate::index::Index;
use std::collections::HashMap;

pub(crate) const CODE: &str = "duplicate-action";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Whole(check) };

/// Legacy events share names with each other, and only there it is harmless.
fn check<'n>(index: &Index<'n>, out: &mut Out<'n>) {
    let mut first_of: HashMap<&str, &_> = HashMap::new();
    let loaded = index.events.iter().filter(|it| it.file.place == Place::Event);
    for event in loaded {
        let Some(action) = event.action else { continue };
        let Some(first) = first_of.get(action) else {
            first_of.insert(action, event);
            continue;
        };
        if !event.is_internal && !first.is_internal {
            continue;
        }
        let Some(entry) = event.node.entry("action") else { continue };
        let message = format!("the event `{action}` is already defined in `{}`", first.file.path);
        let offset = first.node.entry("action").map_or(0, |it| it.value.span.start);
        out.push(
            Finding::error(CODE, event.file, &entry.value.span, message)
                .help("rename one of the two, or remove this file: only the first is used")
                .related("first defined here", first.file, offset),
        );
    }
}
