//! Override entries that lead different counters into one.

use super::{Check, Finding, Out, Rule};
use crate::file::File;
use crate::index::Index;
use crate::yaml::{Entry, Node};
use std::collections::HashMap;

pub(crate) const CODE: &str = "override-collision";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Whole(check) };

/// Several paths may feed one legacy counter on purpose, if they count the same kind of element;
/// totals that share a key would be counted by both.
fn check<'n>(index: &Index<'n>, out: &mut Out<'n>) {
    if let Some(file) = &index.tables.unique {
        check_table(file, |a, b| identifier(a) != identifier(b), out);
    }
    if let Some(file) = &index.tables.total {
        check_table(file, |_, _| true, out);
    }
}

fn check_table<'n>(
    file: &'n File<'n>,
    collide: impl Fn(&str, &str) -> bool,
    out: &mut Out<'n>,
) {
    let mut first_of: HashMap<&str, &Entry<'n>> = HashMap::new();
    for entry in file.mapping().map_or(&[][..], Node::entries) {
        let Some(name) = entry.value.as_str() else { continue };
        let Some(first) = first_of.get(name) else {
            first_of.insert(name, entry);
            continue;
        };
        if first.key != entry.key && collide(&first.key, &entry.key) {
            let message = format!("`{}` and `{}` are both kept as `{name}`", first.key, entry.key);
            out.push(
                Finding::error(CODE, file, &entry.key_span, message)
                    .help("their counts get mixed; give each its own legacy name")
                    .related("the other entry", file, first.key_span.start),
            );
        }
    }
}

/// What a path counts: the part after its last hyphen.
fn identifier(path: &str) -> &str {
    path.rsplit('-').next().unwrap_or(path)
}
