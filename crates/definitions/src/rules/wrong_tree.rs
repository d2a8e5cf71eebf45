//! A definition in the tree of other tiers than its own.

use super::{Check, Finding, Out, Rule};
use crate::file::{File, Place};
use crate::model;
use crate::yaml::Node;

pub(crate) const CODE: &str = "wrong-tree";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

/// Only a note: a definition may stay where it was when its tiers change.
fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    let Some(root) = file.mapping().filter(|_| matches!(file.place, Place::Event | Place::Metric)) else {
        return;
    };
    let tiers = model::items(root, "tiers");
    let is_free = tiers.iter().filter_map(Node::as_str).any(|it| it == "free");
    let Some(entry) = root.entry("tiers").filter(|_| !tiers.is_empty()) else { return };
    let (message, help) = match (file.is_ee(), is_free) {
        (true, true) => ("the free tier has this, but the file is in `ee/`", "move the file out of `ee/`"),
        (false, false) => ("the free tier lacks this, but the file is not in `ee/`", "move the file to `ee/`"),
        _ => return,
    };
    out.push(Finding::note(CODE, file, &entry.key_span, message).help(help));
}
