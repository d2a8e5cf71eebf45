//! Scalars that Ruby reads differently.

use super::{Check, Finding, Out, Rule, in_quotes, is_bare_word};
use crate::file::File;
use crate::yaml::{Data, Node, psych_reading};
use internal_events_catalog::Scalar;

pub(crate) const CODE: &str = "ambiguous-scalar";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::File(check) };

fn check<'n>(file: &'n File<'n>, out: &mut Out<'n>) {
    let mut nodes: Vec<&Node<'_>> = file.root.iter().collect();
    while let Some(node) = nodes.pop() {
        match &node.data {
            Data::Scalar(_) => check_scalar(file, node, out),
            Data::List(items) => nodes.extend(items),
            Data::Map(entries) => nodes.extend(entries.iter().map(|it| &it.value)),
        }
    }
}

fn check_scalar<'n>(file: &'n File<'n>, node: &'n Node<'n>, out: &mut Out<'n>) {
    let Some(scalar) = node.scalar().filter(|it| it.is_plain()) else { return };
    let Some(reading) = psych_reading(scalar.text()) else { return };
    let ours = match scalar.value() {
        Scalar::Str(_) => "text".to_owned(),
        it => format!("the {} {it}", it.kind()),
    };
    let text = scalar.text();
    let message = format!("`{text}` is {ours} in YAML 1.2, but {reading} to Ruby");
    let mut finding = Finding::warning(CODE, file, &node.span, message)
        .help("put it in quotes if it is text, or write it so that both agree");
    // Quotes keep our meaning only where it is text to us.
    if scalar.as_str().is_some() && is_bare_word(file, node) {
        finding = finding.fix("put it in quotes", node.span.clone(), in_quotes(text));
    }
    out.push(finding);
}
