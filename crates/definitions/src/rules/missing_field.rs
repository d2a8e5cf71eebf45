//! A required field that is not there.

use super::{Check, Finding, Out, Rule};
use crate::fields::{Condition, Field};
use crate::file::File;
use crate::yaml::Node;

pub(crate) const CODE: &str = "missing-field";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };

/// Reports a field that a mapping must have.
pub(crate) fn report<'n>(file: &'n File<'n>, node: &Node<'n>, field: &Field, out: &mut Out<'n>) {
    let span = node.entries().first().map_or(node.span.clone(), |it| it.key_span.clone());
    let message = format!("the field `{}` is missing", field.name);
    let help = format!("add `{}`: {}", field.name, lower_first(field.doc));
    out.push(Finding::error(CODE, file, &span, message).help(help));
}

/// Reports a field that another one's value demands.
pub(crate) fn report_demand<'n>(
    file: &'n File<'n>,
    condition: &Condition,
    name: &str,
    out: &mut Out<'n>,
) {
    let cause = condition.when.iter().filter_map(|(field, _)| file.mapping()?.entry(field));
    let cause: Vec<_> = cause.collect();
    let Some(first) = cause.first() else { return };
    let said: Vec<_> = cause
        .iter()
        .map(|it| format!("`{}: {}`", it.key, it.value.as_str().unwrap_or_default()))
        .collect();
    let message = format!("{} demands the field `{name}`", said.join(" with "));
    let finding = Finding::error(condition.code, file, &first.value.span, message);
    out.push(finding.help(condition.help));
}

fn lower_first(text: &str) -> String {
    let mut chars = text.chars();
    let first = chars.next().map(|it| it.to_lowercase().to_string()).unwrap_or_default();
    format!("{first}{}", chars.as_str().trim_end_matches('.'))
}
