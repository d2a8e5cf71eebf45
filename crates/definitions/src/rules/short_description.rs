//! A description too short to say anything.

use super::wrong_type::visible;
use super::{Check, Finding, Out, Rule};
use crate::file::{File, Place};

pub(crate) const CODE: &str = "short-description";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

/// What GitLab's generator asks for.
const MIN_LENGTH: usize = 50;

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    if !matches!(file.place, Place::Event | Place::Metric) {
        return;
    }
    let Some(node) = file.mapping().and_then(|it| it.get("description")) else { return };
    let Some(length) = node.as_str().map(|it| it.chars().count()) else { return };
    if length < MIN_LENGTH {
        let message = format!("the description has {length} characters, generators ask for {MIN_LENGTH}");
        let finding = Finding::note(CODE, file, &visible(file, node), message);
        out.push(finding.help("say what happened, when and by whom"));
    }
}
