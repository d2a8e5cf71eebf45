//! An invisible mark at the start of a file.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::yaml::FaultKind;

pub(crate) const CODE: &str = "byte-order-mark";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    for fault in file.faults.iter().filter(|it| it.kind == FaultKind::ByteOrderMark) {
        let message = "the file starts with an invisible byte-order mark";
        let finding = Finding::warning(CODE, file, &fault.span, message);
        let finding = finding.help("remove it: UTF-8 needs none, and some tools read it as text");
        out.push(finding.fix("remove the mark", fault.span.clone(), ""));
    }
}
