//! A value that is none of the allowed ones.

use super::wrong_type::visible;
use super::{Check, Finding, Out, Rule, is_bare_word};
use crate::fields::quoted;
use crate::file::File;
use crate::suggest::closest;
use crate::yaml::Node;

pub(crate) const CODE: &str = "unknown-value";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };

/// Reports a text that is not among the allowed ones.
pub(crate) fn report<'n>(
    file: &'n File<'n>,
    name: &str,
    (node, value): (&'n Node<'n>, &str),
    allowed: &[&'static str],
    out: &mut Out<'n>,
) {
    let message = format!("`{name}` cannot be `{value}`");
    let finding = Finding::error(CODE, file, &visible(file, node), message);
    let lower = value.to_lowercase();
    out.push(match closest(&lower, allowed.iter().copied()) {
        Some(meant) => {
            let finding = finding.help(format!("did you mean `{meant}`? Allowed are {}", quoted(allowed)));
            // Only a difference of case is certainly a slip of the pen.
            if meant == lower && is_bare_word(file, node) {
                finding.fix(format!("replace it with `{meant}`"), node.span.clone(), meant)
            } else {
                finding
            }
        }
        None => finding.help(format!("allowed are {}", quoted(allowed))),
    });
}

/// Reports `false` where only `true` has a meaning.
pub(crate) fn report_true<'n>(
    file: &'n File<'n>,
    name: &str,
    node: &'n Node<'n>,
    out: &mut Out<'n>,
) {
    let message = format!("`{name}` cannot be `false`");
    let finding = Finding::error(CODE, file, &node.span, message);
    out.push(finding.help("write `true`, or remove the key"));
}
