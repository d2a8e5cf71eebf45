//! YAML that definitions cannot use: foreign tags, keys that are no text, aliases without end.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::yaml::FaultKind;

pub(crate) const CODE: &str = "unsupported-yaml";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    for fault in &file.faults {
        if let FaultKind::Unsupported(problem) = &fault.kind {
            let finding = Finding::error(CODE, file, &fault.span, problem.clone());
            out.push(finding.help("write it out as plain keys, values and lists"));
        }
    }
}
