//! A definition file that is empty or no mapping.

use super::{Check, Finding, Out, Rule};
use crate::file::{File, Place};

pub(crate) const CODE: &str = "not-a-mapping";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    if matches!(file.place, Place::Table | Place::Aggregate) || file.is_unreadable() {
        return;
    }
    let message = match &file.root {
        Some(_) if file.mapping().is_some() => return,
        Some(it) if !it.is_null() => format!("a definition must be a mapping, this is a {}", it.kind()),
        _ => "the file is empty".to_owned(),
    };
    let finding = Finding::error(CODE, file, &file.first_line(), message);
    out.push(finding.help("write `key: value` pairs, or remove the file"));
}
