//! YAML that definitions cannot use: foreign tags, keys that are no text, aliases without end.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::yaml::FaultKind;

pub(crate) const CODE: &str = "unsupported-yaml";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    for fault in &file.faults {
        let finding = match &fault.kind {
            FaultKind::Unsupported(problem) => {
                Finding::error(CODE, file, &fault.span, problem.clone())
            }
            FaultKind::Alias => {
                let message = "Ruby's safe reader refuses a file with an alias";
                Finding::warning(CODE, file, &fault.span, message)
            }
            _ => continue,
        };
        out.push(finding.help("write it out as plain keys, values and lists"));
    }
}
