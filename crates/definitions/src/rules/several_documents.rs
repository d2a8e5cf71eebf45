//! A file with more than one YAML document.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::yaml::FaultKind;

pub(crate) const CODE: &str = "several-documents";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    for fault in file.faults.iter().filter(|it| it.kind == FaultKind::SeveralDocuments) {
        let message = "a second YAML document starts here, and nobody reads it";
        let finding = Finding::error(CODE, file, &fault.span, message);
        out.push(finding.help("move what follows to a file of its own"));
    }
}
