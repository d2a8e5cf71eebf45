//! A mapping that has one key twice.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::yaml::FaultKind;

pub(crate) const CODE: &str = "duplicate-key";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    for fault in &file.faults {
        if let FaultKind::DuplicateKey { key, first } = &fault.kind {
            let message = format!("the key `{key}` is here a second time");
            let finding = Finding::error(CODE, file, &fault.span, message);
            let finding = finding.help("remove one of the two: only the last one counts");
            out.push(finding.related(format!("`{key}` first stands here"), file, first.start));
        }
    }
}
