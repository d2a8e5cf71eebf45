//! Applies fixes to a text, leaving every byte alone that they do not name.

use crate::yaml::{self, FaultKind};
use crate::{Edit, Fix};

/// Applies fixes to the text of a file and gives the new text.
///
/// A fix that overlaps an earlier one, or points outside the text, is left out; so is one after
/// which the text would no longer be YAML. Run the check again afterwards: one fix may make room
/// for another.
pub fn apply_fixes(text: &str, fixes: &[&Fix]) -> String {
    let all_at_once = edited(text, &accepted(text, fixes));
    if is_yaml(&all_at_once) || !is_yaml(text) {
        return all_at_once;
    }
    // One of them breaks the text; the others are kept.
    let mut kept: Vec<&Fix> = Vec::new();
    for fix in fixes {
        kept.push(fix);
        if !is_yaml(&edited(text, &accepted(text, &kept))) {
            kept.pop();
        }
    }
    edited(text, &accepted(text, &kept))
}

/// The edits of those fixes that lie in the text and overlap no earlier one.
fn accepted<'f>(text: &str, fixes: &[&'f Fix]) -> Vec<&'f Edit> {
    let mut accepted: Vec<&Edit> = Vec::new();
    for fix in fixes {
        let fits = fix.edits.iter().all(|edit| {
            let in_text = text.get(edit.range.clone()).is_some();
            in_text && !accepted.iter().any(|it| overlap(it, edit))
        });
        if fits {
            accepted.extend(&fix.edits);
        }
    }
    accepted
}

fn overlap(a: &Edit, b: &Edit) -> bool {
    a.range == b.range || (a.range.start < b.range.end && b.range.start < a.range.end)
}

fn edited(text: &str, edits: &[&Edit]) -> String {
    let mut edits = edits.to_vec();
    edits.sort_by_key(|it| (it.range.start, it.range.end));
    let mut result = String::with_capacity(text.len() + 16 * edits.len());
    let mut at = 0;
    for edit in edits {
        result.push_str(&text[at..edit.range.start]);
        result.push_str(&edit.text);
        at = edit.range.end;
    }
    result.push_str(&text[at..]);
    result
}

fn is_yaml(text: &str) -> bool {
    !yaml::read(text).1.iter().any(|it| matches!(it.kind, FaultKind::Syntax(_)))
}
