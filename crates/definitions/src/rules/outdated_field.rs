//! A key of earlier years.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::yaml::Entry;

pub(crate) const CODE: &str = "outdated-field";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };

/// Reports a key that today's tools refuse.
pub(crate) fn report<'n>(
    file: &'n File<'n>,
    entry: &Entry<'n>,
    instead: &str,
    out: &mut Out<'n>,
) {
    let message = format!("the field `{}` is of earlier years, and refused today", entry.key);
    let finding = Finding::warning(CODE, file, &entry.key_span, message);
    out.push(finding.help(format!("remove it; {instead} took its place")));
}
