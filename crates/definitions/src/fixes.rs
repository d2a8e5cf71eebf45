//! Applies fixes to a text, leaving every byte alone that they do not name.

use crate::yaml::{self, FaultKind};
use crate::{Edit, Fix};

/// Applies fixes to the text of a file and gives the new text.
///
/// A fix that overlaps an earlier one, or points outside the text, is left out; so is one after
/// which the text would no longer be YAML. Run the check again afterwards: one fix may make room
/// for another.
pub fn apply_fixes(text: &str, fixes: &[&Fix]) -> String {
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
    let all_at_once = edited(text, &accepted);
    if is_yaml(&all_at_once) || !is_yaml(text) {
        return all_at_once;
    }
    // One of them breaks the text; what holds alone is kept.
    let mut kept: Vec<&Edit> = Vec::new();
    for edit in accepted {
        kept.push(edit);
        if !is_yaml(&edited(text, &kept)) {
            kept.pop();
        }
    }
    edited(text, &kept)
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
