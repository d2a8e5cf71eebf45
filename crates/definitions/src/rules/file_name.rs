//! An internal event whose file has another name.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Event;

pub(crate) const CODE: &str = "file-name";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Event(check) };

fn check<'n>(_: &Index<'n>, event: &Event<'n>, out: &mut Out<'n>) {
    let (Some(action), Some(entry)) = (event.action, event.node.entry("action")) else { return };
    if !event.is_internal || event.is_removed || event.file.stem() == action {
        return;
    }
    let message = format!("the file of the event `{action}` is called `{}`", event.file.stem());
    let finding = Finding::warning(CODE, event.file, &entry.value.span, message);
    out.push(finding.help(format!("rename the file to `{action}.yml`, so that people find it")));
}
