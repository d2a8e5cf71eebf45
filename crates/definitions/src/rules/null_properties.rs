//! `additional_properties:` without a value, which makes GitLab lose the event.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::yaml::Entry;

pub(crate) const CODE: &str = "null-properties";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };

/// The field this is about.
pub(crate) const FIELD: &str = "additional_properties";

/// Reports the key without a value.
pub(crate) fn report<'n>(file: &'n File<'n>, entry: &Entry<'n>, out: &mut Out<'n>) {
    let message = format!("`{FIELD}` has no value; GitLab then loses every call of this event");
    let finding = Finding::error(CODE, file, &entry.key_span, message);
    out.push(finding.help("list the properties, or remove the key"));
}
