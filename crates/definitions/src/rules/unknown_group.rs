//! A product group that the list of groups does not have.

use super::{Check, Finding, Out, Rule};
use crate::index::Index;
use crate::suggest::closest;

pub(crate) const CODE: &str = "unknown-group";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Whole(check) };

fn check<'n>(index: &Index<'n>, out: &mut Out<'n>) {
    let Some(known) = &index.tables.product_groups else { return };
    for (file, node) in index.definitions() {
        let Some(entry) = node.entry("product_group") else { continue };
        let Some(group) = entry.value.as_str().filter(|it| !known.contains(*it)) else { continue };
        let message = format!("there is no product group `{group}`");
        let finding = Finding::error(CODE, file, &entry.value.span, message);
        out.push(finding.help(match closest(group, known.iter().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "use a group of the list, or add it there".to_owned(),
        }));
    }
}
