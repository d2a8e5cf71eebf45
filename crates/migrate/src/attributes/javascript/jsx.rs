//! Attributes of elements in JSX: `<a data-track-action="x">`.

use super::values::literal;
use super::{Reader, bytes, is_action};
use crate::attributes::element::{
    Attribute, Case, Element, Era, Layout, Part, Value, data_meaning, internal_name,
};
use crate::attributes::judge::{quote, refusal};
use crate::attributes::{html, javascript};
use crate::site::{Outcome, Reason};
use oxc_ast::ast::{
    JSXAttribute, JSXAttributeItem, JSXAttributeName, JSXAttributeValue, JSXElementName,
    JSXOpeningElement,
};
use oxc_span::GetSpan as _;

impl Reader<'_, '_, '_> {
    /// Judges an element of JSX.
    pub(super) fn settle_jsx(&mut self, opening: &JSXOpeningElement<'_>) {
        let mut element = Element::new(Layout::Spaced);
        let attributes = opening.attributes.iter().filter_map(|it| match it {
            JSXAttributeItem::Attribute(it) => Some(&**it),
            JSXAttributeItem::SpreadAttribute(_) => None,
        });
        for it in attributes {
            element.attributes.extend(self.jsx_attribute(it));
            element.is_dropdown |= text_of(it, &["data-toggle", "data-bs-toggle"])
                .is_some_and(|it| it == "dropdown")
                || text_of(it, &["className"]).is_some_and(html::is_dropdown);
        }
        if let JSXElementName::Identifier(name) = &opening.name {
            element.has_own_value = matches!(name.name.as_str(), "input" | "select" | "textarea");
        }
        let has_action = element.attributes.iter().any(|it| is_action(it.era, it.part));
        let spread = opening.attributes.iter().find_map(|it| match it {
            JSXAttributeItem::SpreadAttribute(it) => Some(bytes(it.span)),
            JSXAttributeItem::Attribute(_) => None,
        });
        let is_hidden = spread.filter(|it| {
            has_action && self.text[it.clone()].to_ascii_lowercase().contains("track")
        });
        match is_hidden {
            Some(at) => {
                let refused = refusal(
                    Reason::IndirectArguments,
                    format!("more attributes may come from here: `{}`", quote(self.text, &at)),
                    "Write all attributes of tracking on the element.",
                );
                self.work.note(at, Outcome::Refused(refused), None);
            }
            None => self.work.settle(self.text, &element),
        }
    }

    fn jsx_attribute(&self, it: &JSXAttribute<'_>) -> Option<Attribute> {
        let JSXAttributeName::Identifier(name) = &it.name else { return None };
        let (era, part) = data_meaning(&name.name)?;
        let new = internal_name(part, Case::Dashed).map(|it| format!("data-{it}"));
        let (value, literal) = match &it.value {
            Some(JSXAttributeValue::StringLiteral(text)) => {
                let whole = bytes(text.span);
                let inner = whole.start + 1..whole.end - 1;
                let written = self.text.get(inner.clone())?;
                let value = if part == Part::Extra && era == Era::Legacy {
                    javascript::json(written)
                } else {
                    Value::Text(written.to_owned())
                };
                (value, Some(inner))
            }
            Some(JSXAttributeValue::ExpressionContainer(container)) => {
                let expression = container.expression.as_expression()?;
                (self.value(part, expression), literal(self.text, expression))
            }
            Some(other) => {
                let code = quote(self.text, &bytes(other.span()));
                (Value::Computed(code), None)
            }
            None => (Value::Nothing, None),
        };
        Some(Attribute {
            era,
            part,
            range: bytes(it.span),
            rename: new.map(|it| (bytes(name.span), it)).into_iter().collect(),
            value,
            literal,
            load: is_action(era, part).then(|| " data-event-tracking-load=\"true\"".to_owned()),
        })
    }
}

/// The text of an attribute, if it has one of these names.
fn text_of<'a>(it: &'a JSXAttribute<'_>, names: &[&str]) -> Option<&'a str> {
    let JSXAttributeName::Identifier(name) = &it.name else { return None };
    match &it.value {
        Some(JSXAttributeValue::StringLiteral(text)) if names.contains(&name.name.as_str()) => {
            Some(text.value.as_str())
        }
        _ => None,
    }
}
