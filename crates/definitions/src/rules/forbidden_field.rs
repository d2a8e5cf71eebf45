//! A field that another one's value rules out.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::yaml::Entry;

pub(crate) const CODE: &str = "forbidden-field";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };

/// Reports a field that must not be there.
pub(crate) fn report<'n>(
    file: &'n File<'n>,
    entry: &'n Entry<'n>,
    help: &str,
    out: &mut Out<'n>,
) {
    let message = format!("the field `{}` is not allowed here", entry.key);
    out.push(Finding::error(CODE, file, &entry.key_span, message).help(help));
}
