//! A list that says the same twice.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::yaml::Node;
use std::collections::HashMap;

pub(crate) const CODE: &str = "repeated-item";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };

/// Reports items that stand in a list before.
pub(crate) fn check<'n>(
    file: &'n File<'n>,
    name: &str,
    items: &'n [Node<'n>],
    out: &mut Out<'n>,
) {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    for item in items {
        let Some(text) = item.as_str() else { continue };
        if let Some(first) = seen.get(text) {
            let message = format!("`{name}` has `{text}` twice");
            let finding = Finding::error(CODE, file, &item.span, message);
            let finding = finding.help("remove one of the two");
            out.push(finding.related("it first stands here", file, *first));
        } else {
            seen.insert(text, item.span.start);
        }
    }
}
