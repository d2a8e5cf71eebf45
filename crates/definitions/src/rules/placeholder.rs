//! A placeholder that somebody still has to fill in.

use super::{Check, Finding, Out, Rule};
use crate::fields::PLACEHOLDER;
use crate::file::{File, Place};
use crate::yaml::{Data, Node};

pub(crate) const CODE: &str = "placeholder";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    if file.place == Place::Table {
        return;
    }
    let mut nodes: Vec<&Node<'_>> = file.mapping().into_iter().collect();
    while let Some(node) = nodes.pop() {
        match &node.data {
            Data::Scalar(it) if it.text() == PLACEHOLDER => {
                let message = format!("`{PLACEHOLDER}` still stands here");
                let finding = Finding::note(CODE, file, &node.span, message);
                out.push(finding.help("replace it before the definition is reviewed"));
            }
            Data::Scalar(_) => {}
            Data::List(items) => nodes.extend(items),
            Data::Map(entries) => nodes.extend(entries.iter().map(|it| &it.value)),
        }
    }
}
