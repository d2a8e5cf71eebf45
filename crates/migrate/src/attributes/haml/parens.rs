//! Attributes as HTML has them: `%a(data-track-action="x" data-track-label=label)`.

use super::Reader;
use crate::attributes::element::{
    Attribute, Case, Element, Layout, Part, Value, data_meaning, internal_name,
};
use crate::attributes::javascript::json;
use crate::haml::braces;
use crate::site::Reason;
use std::ops::Range;

impl Reader<'_, '_, '_> {
    /// Judges a list of attributes, brackets included.
    pub(super) fn parens(&mut self, list: Range<usize>) {
        let mut element = Element::new(Layout::Spaced);
        let mut at = list.start + 1;
        loop {
            let rest = self.text[at..list.end - 1].trim_start();
            at = list.end - 1 - rest.len();
            if rest.is_empty() {
                break;
            }
            let Some(pair) = pair(self.text, at, list.end - 1) else {
                self.unknown(list, Reason::NotUnderstood, "these attributes are not understood");
                return;
            };
            at = pair.value.as_ref().map_or(pair.name.end, |it| it.end);
            let name = &self.text[pair.name.clone()];
            let value = pair.value.as_ref().map(|it| &self.text[it.clone()]);
            element.is_dropdown |= matches!(name, "data-toggle" | "data-bs-toggle")
                && value.is_some_and(|it| it.trim_matches(['"', '\'']) == "dropdown");
            element.attributes.extend(attribute(self.text, &pair));
        }
        self.work.settle(self.text, &element);
    }
}

/// A name and its value, quotes included.
struct Pair {
    name: Range<usize>,
    value: Option<Range<usize>>,
}

fn pair(text: &str, start: usize, end: usize) -> Option<Pair> {
    let is_name = |it: char| it.is_alphanumeric() || "-_:@.".contains(it);
    let rest = &text[start..end];
    let n = rest.find(|it| !is_name(it)).unwrap_or(rest.len());
    if n == 0 {
        return None;
    }
    let name = start..start + n;
    let Some(after) = text[name.end..end].trim_start().strip_prefix('=') else {
        return Some(Pair { name, value: None });
    };
    let after = after.trim_start();
    let from = end - after.len();
    let quote = after.chars().next()?;
    let n = if matches!(quote, '"' | '\'') {
        braces::end(text, from).filter(|it| *it <= end)? - from
    } else {
        let is_variable = |it: char| it.is_alphanumeric() || "_@$".contains(it);
        after.find(|it| !is_variable(it)).unwrap_or(after.len())
    };
    (n > 0).then(|| Pair { name, value: Some(from..from + n) })
}

fn attribute(text: &str, pair: &Pair) -> Option<Attribute> {
    let (era, part) = data_meaning(&text[pair.name.clone()])?;
    let range = pair.name.start..pair.value.as_ref().map_or(pair.name.end, |it| it.end);
    let code = pair.value.as_ref().map(|it| &text[it.clone()]);
    let inner = pair.value.as_ref().filter(|_| code.is_some_and(is_literal));
    let literal = inner.map(|it| it.start + 1..it.end - 1);
    let value = match (code, &literal) {
        (None, _) => Value::Nothing,
        (_, Some(it)) if part == Part::Extra => json(&text[it.clone()]),
        (_, Some(it)) => Value::Text(text[it.clone()].to_owned()),
        (Some(code), None) => Value::Computed(code.to_owned()),
    };
    let new = internal_name(part, Case::Dashed).map(|it| format!("data-{it}"));
    let quote = code.and_then(|it| it.chars().next()).filter(|it| *it == '"').unwrap_or('\'');
    Some(Attribute {
        era,
        part,
        range,
        rename: new.map(|it| (pair.name.clone(), it)).into_iter().collect(),
        value,
        literal,
        load: Some(format!(" data-event-tracking-load={quote}true{quote}")),
    })
}

/// Whether a value is a text without Ruby and escapes.
fn is_literal(code: &str) -> bool {
    code.starts_with(['"', '\'']) && !code.contains("#{") && !code.contains('\\')
}
