//! A filter with a value that no property can have.

use super::wrong_type::{described, visible};
use super::{Check, Finding, Out, Rule};
use crate::fields::Shape;
use crate::file::File;
use crate::yaml::{Entry, Text};
use internal_events_catalog::Scalar;

pub(crate) const CODE: &str = "filter-value-type";
pub(crate) const RULE: Rule = Rule { code: CODE, check: Check::Fields };

/// Reports a filter's value that has another type than its property.
pub(crate) fn check<'n>(
    file: &'n File<'n>,
    entry: &'n Entry<'n>,
    expected: &Shape,
    out: &mut Out<'n>,
) {
    let value = entry.value.scalar().map(Text::value);
    let fits = value.is_some_and(|it| match expected {
        Shape::Text => matches!(it, Scalar::Str(_)),
        Shape::Number => it.is_number(),
        _ => it.is_number() || matches!(it, Scalar::Str(_)),
    });
    if fits {
        return;
    }
    let message = format!(
        "the filter on `{}` compares with {}, but the property is always {}",
        entry.key,
        described(&entry.value).replace("empty", "nothing"),
        expected.noun()
    );
    let help = match expected {
        Shape::Text => "put it in quotes: a filter compares the type as well as the text",
        Shape::Number => "write a number without quotes",
        _ => "write a string or a number; for several values write one rule for each",
    };
    out.push(Finding::error(CODE, file, &visible(file, &entry.value), message).help(help));
}
