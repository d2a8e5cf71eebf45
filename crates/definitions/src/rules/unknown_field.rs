//! A key that no definition has.

use super::{Check, Finding, Out, Rule};
use crate::fields::{Era, Field, quoted};
use crate::file::File;
use crate::suggest::closest;
use crate::yaml::Entry;

pub(crate) const CODE: &str = "unknown-field";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };

/// Reports a key that is not among the known fields.
pub(crate) fn report<'n>(
    file: &'n File<'n>,
    entry: &Entry<'n>,
    known: &'static [Field],
    out: &mut Out<'n>,
) {
    let key = &entry.key;
    let finding =
        Finding::error(CODE, file, &entry.key_span, format!("there is no field `{key}`"));
    let today = known.iter().filter(|it| matches!(it.era, Era::Today)).map(|it| it.name);
    let names: Vec<_> = today.collect();
    let Some(meant) = closest(key, names.iter().copied()) else {
        out.push(finding.help(format!("remove it; known here are {}", quoted(&names))));
        return;
    };
    let finding = finding.help(format!("did you mean `{meant}`?"));
    let is_free = file.mapping().is_none_or(|it| it.entry(meant).is_none());
    let is_as_written = file.text.get(entry.key_span.clone()) == Some(key.as_ref());
    out.push(if is_free && is_as_written {
        finding.fix(format!("rename it to `{meant}`"), entry.key_span.clone(), meant)
    } else {
        finding
    });
}
