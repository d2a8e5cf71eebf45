//! A text that does not look as its field demands.

use super::wrong_type::visible;
use super::{Check, Finding, Out, Rule};
use crate::fields::Pattern;
use crate::file::File;
use crate::yaml::Node;

pub(crate) const CODE: &str = "invalid-format";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };

/// Reports a text that does not match its field's pattern.
pub(crate) fn report<'n>(
    file: &'n File<'n>,
    name: &str,
    (node, value): (&'n Node<'n>, &str),
    pattern: &Pattern,
    out: &mut Out<'n>,
) {
    let message = format!("`{name}` must be {}, not `{value}`", pattern.rule);
    out.push(Finding::error(CODE, file, &visible(file, node), message).help(pattern.help));
}
