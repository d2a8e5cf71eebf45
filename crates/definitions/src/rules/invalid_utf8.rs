//! Bytes that are no UTF-8.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::yaml::FaultKind;

pub(crate) const CODE: &str = "invalid-utf8";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    for fault in file.faults.iter().filter(|it| it.kind == FaultKind::NotUtf8) {
        let message = format!("the file is not UTF-8 from byte {} on", fault.span.start);
        let finding = Finding::error(CODE, file, &fault.span, message);
        out.push(finding.help("save the file with the encoding UTF-8"));
    }
}
