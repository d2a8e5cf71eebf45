//! The tables of key overrides, and the list of legacy events.

use super::lines::line;
use crate::edit::Edits;
use internal_events_definitions::generate::scalar;
use internal_events_definitions::yaml::{self, Data, Node};
use std::collections::{BTreeMap, BTreeSet};

/// Adds entries to a table: in order where it is in order, at its end where it is not.
///
/// # Errors
///
/// Why the table cannot be changed.
pub(super) fn with_entries(
    text: Option<&str>,
    entries: &BTreeMap<String, String>,
) -> Result<String, String> {
    let end = if text.is_some_and(|it| it.contains("\r\n")) { "\r\n" } else { "\n" };
    let written =
        |(key, legacy): (&String, &String)| format!("{}: {}{end}", scalar(key), scalar(legacy));
    let Some(text) = text else {
        return Ok(format!("---\n{}", entries.iter().map(written).collect::<String>()));
    };
    let root = read(text)?;
    let known = match &root {
        None => &[][..],
        Some(it) if it.is_null() => &[][..],
        Some(it) if matches!(it.data, Data::Map(_)) => it.entries(),
        Some(_) => return Err("it is no table".to_owned()),
    };
    if known.iter().any(|it| line(text, it.key_span.start).start != it.key_span.start) {
        return Err("its entries do not stand at the beginning of lines".to_owned());
    }
    if known.is_empty() && root.as_ref().is_some_and(|it| !it.span.is_empty()) {
        return Err("it is an empty table in braces".to_owned());
    }
    let is_sorted = known.is_sorted_by(|a, b| a.key <= b.key);
    let mut edits = Edits::default();
    let mut inserted: BTreeMap<usize, String> = BTreeMap::new();
    for entry in entries {
        let before = known.iter().rfind(|it| !is_sorted || it.key.as_ref() < entry.0.as_str());
        let at = match (before, known.first()) {
            (Some(it), _) => line(text, it.value.span.end.max(it.key_span.end)).end,
            (None, Some(first)) => first.key_span.start,
            (None, None) => text.len(),
        };
        inserted.entry(at).or_default().push_str(&written(entry));
    }
    for (at, new) in inserted {
        let is_line = at == 0 || text[..at].ends_with('\n');
        edits.replace(at..at, if is_line { new } else { format!("{end}{new}") });
    }
    edits.applied(text).ok_or_else(|| "its entries do not stand on lines of their own".to_owned())
}

/// Removes names from a list.
///
/// # Errors
///
/// Why the list cannot be changed.
pub(super) fn without(text: &str, names: &BTreeSet<String>) -> Result<String, String> {
    let Some(root) = read(text)? else { return Ok(text.to_owned()) };
    let items = root.items();
    let is_gone = |it: &Node<'_>| it.scalar().is_some_and(|it| names.contains(it.text()));
    let gone: Vec<&Node<'_>> = items.iter().filter(|it| is_gone(it)).collect();
    let mut edits = Edits::default();
    for item in &gone {
        let lines = line(text, item.span.start);
        let before = text[lines.start..item.span.start].trim();
        if before != "-" {
            return Err("its items do not stand on lines of their own".to_owned());
        }
        edits.replace(lines, "");
    }
    let applied = edits.applied(text);
    let mut changed = applied.ok_or("its items do not stand on lines of their own")?;
    if !gone.is_empty() && gone.len() == items.len() {
        changed.push_str("[]\n");
    }
    Ok(changed)
}

fn read(text: &str) -> Result<Option<Node<'_>>, String> {
    let (root, faults) = yaml::read(text);
    match faults.first() {
        Some(_) => Err("it is no plain YAML; see `internal-events check`".to_owned()),
        None => Ok(root),
    }
}
