//! An internal event with a category, which only legacy events have.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Event;

pub(crate) const CODE: &str = "category-on-internal-event";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Event(check) };

fn check<'n>(_: &Index<'n>, event: &Event<'n>, out: &mut Out<'n>) {
    if !event.is_internal || event.is_removed {
        return;
    }
    if let Some(entry) = event.node.entry("category") {
        let message = "an internal event has no `category`; callers set it";
        let finding = Finding::error(CODE, event.file, &entry.key_span, message);
        out.push(finding.help("remove the key"));
    }
}
