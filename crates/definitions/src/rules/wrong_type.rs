//! A value of the wrong type.

use super::{Check, Finding, Out, Rule, in_quotes, is_bare_word};
use crate::fields::Shape;
use crate::file::File;
use crate::yaml::{Data, Node};

pub(crate) const CODE: &str = "wrong-type";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };

/// Reports a value that has another type than its field.
pub(crate) fn report<'n>(
    file: &'n File<'n>,
    name: &str,
    node: &'n Node<'n>,
    expected: &Shape,
    out: &mut Out<'n>,
) {
    let message = format!("`{name}` must be {}, not {}", expected.noun(), described(node));
    let mut finding = Finding::error(CODE, file, &visible(file, node), message);
    let wants_text = matches!(expected, Shape::Text);
    if wants_text && is_bare_word(file, node) && !node.is_null() {
        let text = node.scalar().map_or("", |it| it.text());
        finding = finding
            .help("put it in quotes")
            .fix("put it in quotes", node.span.clone(), in_quotes(text));
    } else {
        finding = finding.help(format!("write {}", expected.noun()));
    }
    out.push(finding);
}

/// What a node is, in words.
pub(crate) fn described(node: &Node<'_>) -> String {
    match &node.data {
        Data::Scalar(it) if it.is_null() => "empty".to_owned(),
        Data::Scalar(it) => {
            let value = it.value();
            let article = if value.kind() == "integer" { "an" } else { "a" };
            format!("{article} {}", value.kind())
        }
        _ => format!("a {}", node.kind()),
    }
}

/// The part of a node to underline: its first line.
pub(crate) fn visible(file: &File<'_>, node: &Node<'_>) -> std::ops::Range<usize> {
    let text = file.text.get(node.span.clone()).unwrap_or_default();
    let first_line = text.lines().next().unwrap_or_default();
    node.span.start..node.span.start + first_line.len()
}
