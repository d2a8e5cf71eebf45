//! Text that is no YAML.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::yaml::FaultKind;

pub(crate) const CODE: &str = "yaml-syntax";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    for fault in &file.faults {
        if let FaultKind::Syntax(problem) = &fault.kind {
            let message = format!("this is not YAML: {problem}");
            let finding = Finding::error(CODE, file, &fault.span, message);
            out.push(finding.help("nothing of this file is read until it is valid YAML"));
        }
    }
}
