//! A milestone that nobody knew.

use super::{Check, Finding, Out, Rule};
use crate::file::{File, Place};

pub(crate) const CODE: &str = "default-milestone";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

/// What the generator writes when there is neither a `VERSION` nor a definition.
pub(crate) const UNKNOWN: &str = "0.0";

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    if !matches!(file.place, Place::Event | Place::Metric) {
        return;
    }
    let Some(node) = file.mapping().and_then(|it| it.get("milestone")) else { return };
    if node.as_str() == Some(UNKNOWN) {
        let message = format!("the milestone is `{UNKNOWN}`, the generator's when it knows none");
        let finding = Finding::note(CODE, file, &node.span, message);
        out.push(finding.help("write the version that will bring it, in quotes"));
    }
}
