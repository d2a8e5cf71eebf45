//! A version without quotes, which YAML reads as a number: `17.10` becomes 17.1.

use super::{Check, Finding, Out, Rule, in_quotes, is_bare_word};
use crate::fields::{MILESTONE, Pattern};
use crate::file::File;
use crate::yaml::Node;

pub(crate) const CODE: &str = "unquoted-milestone";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };

/// Reports a number in a field for versions; false if quotes would not help.
pub(crate) fn report<'n>(
    file: &'n File<'n>,
    name: &str,
    node: &'n Node<'n>,
    pattern: &'static Pattern,
    out: &mut Out<'n>,
) -> bool {
    let text = node.scalar().map_or("", |it| it.text());
    let is_milestone = std::ptr::eq(pattern, &raw const MILESTONE);
    if !is_milestone || !(pattern.matches)(text) || !is_bare_word(file, node) {
        return false;
    }
    let message = format!("`{name}` is a number without quotes; `17.10` would be read as 17.1");
    let finding = Finding::error(CODE, file, &node.span, message);
    let finding = finding.help(format!("write `'{text}'`"));
    out.push(finding.fix("put it in quotes", node.span.clone(), in_quotes(text)));
    true
}
