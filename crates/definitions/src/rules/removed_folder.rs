//! An event whose status and folder contradict each other.

use super::{Check, Finding, Out, Rule};
use crate::file::Place;
use crate::index::Index;
use crate::model::{self, Event};

pub(crate) const CODE: &str = "removed-folder";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Event(check) };

fn check<'n>(_: &Index<'n>, event: &Event<'n>, out: &mut Out<'n>) {
    let says_removed = model::text(event.node, "status") == Some("removed");
    let (message, help) = match event.file.place {
        Place::Event if says_removed => (
            "the event is removed, but its file is not in `removed/`: tracking still takes it",
            "move the file to the folder `removed/`",
        ),
        Place::RemovedEvent if !says_removed => (
            "the file is in `removed/`, but the event does not say `status: removed`",
            "set `status: removed` with `milestone_removed` and `removed_by_url`, or move the file back",
        ),
        _ => return,
    };
    let entry = event.node.entry("status");
    let span = entry.map_or(event.file.first_line(), |it| it.value.span.clone());
    out.push(Finding::warning(CODE, event.file, &span, message).help(help));
}
