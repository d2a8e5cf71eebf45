//! An additional property whose name means the object itself.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::model::Event;
use internal_events_catalog::RESERVED_PROPERTIES;

pub(crate) const CODE: &str = "reserved-property";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Event(check) };

fn check<'n>(_: &Index<'n>, event: &Event<'n>, out: &mut Out<'n>) {
    let declared = event.properties().iter();
    for entry in declared.filter(|it| RESERVED_PROPERTIES.contains(&it.key.as_ref())) {
        let name = &entry.key;
        let message = format!("a property cannot be called `{name}`; it is ignored");
        let finding = Finding::warning(CODE, event.file, &entry.key_span, message);
        out.push(finding.help(format!("choose another name, or list `{name}` under `identifiers`")));
    }
}
