//! An override table or list that is not what it should be.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::index::Index;
use crate::yaml::{Data, Node};

pub(crate) const CODE: &str = "unreadable-table";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Whole(check) };

fn check<'n>(index: &Index<'n>, out: &mut Out<'n>) {
    for file in [&index.tables.unique, &index.tables.total].into_iter().flatten() {
        let Some(root) = content(file) else { continue };
        let Data::Map(entries) = &root.data else {
            out.push(wrong(file, root, "a mapping of new names to legacy names"));
            continue;
        };
        for entry in entries.iter().filter(|it| it.value.as_str().is_none()) {
            let message = format!("the legacy name of `{}` must be a string", entry.key);
            let finding = Finding::error(CODE, file, &entry.value.span, message);
            out.push(finding.help("write the legacy name as text"));
        }
    }
    let Some(file) = &index.tables.legacy_events else { return };
    let Some(root) = content(file) else { return };
    let Data::List(items) = &root.data else {
        out.push(wrong(file, root, "a list of event names"));
        return;
    };
    for item in items.iter().filter(|it| it.as_str().is_none()) {
        let finding = Finding::error(CODE, file, &item.span, "an event's name must be a string");
        out.push(finding.help("write the name as text"));
    }
}

/// What a table consists of; an empty one has nothing wrong.
fn content<'n>(file: &'n File<'n>) -> Option<&'n Node<'n>> {
    file.root.as_ref().filter(|it| !it.is_null())
}

fn wrong<'n>(file: &'n File<'n>, root: &Node<'n>, expected: &str) -> Finding<'n> {
    let message = format!("this file must be {expected}, not a {}", root.kind());
    Finding::error(CODE, file, &file.first_line(), message).help("nothing of it is used until then")
}
