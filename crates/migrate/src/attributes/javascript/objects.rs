//! Objects with attributes as members: `{ 'data-track-action': 'x' }`.

use super::values::{literal, quote_of};
use super::{Reader, bytes, is_action};
use crate::attributes::element::{
    Attribute, Case, Element, Era, Layout, Part, data_meaning, internal_name, meaning,
};
use crate::attributes::judge::{quote, refusal};
use crate::site::{Outcome, Reason};
use oxc_ast::AstKind;
use oxc_ast::ast::{Expression, ObjectExpression, ObjectProperty, ObjectPropertyKind, PropertyKey};
use oxc_span::GetSpan as _;
use std::ops::Range;

impl Reader<'_, '_, '_> {
    /// Judges an object whose members are attributes.
    pub(super) fn settle_object(&mut self, object: &ObjectExpression<'_>) {
        self.note_datasets(object);
        let is_dataset = self.datasets.contains(&bytes(object.span));
        let members = object.properties.iter().map(|it| bytes(it.span())).collect();
        let mut element = Element::new(Layout::Listed(members));
        for property in properties(object) {
            if let Some(it) = self.member(property, is_dataset) {
                self.settled.push(bytes(property.key.span()));
                element.attributes.push(it);
            } else if is_dropdown(property) {
                element.is_dropdown = true;
            }
        }
        match self.hidden(object, &element) {
            Some((it, what)) => {
                let refused = refusal(
                    Reason::IndirectArguments,
                    format!("{what}: `{}`", quote(self.text, &it)),
                    "Write all attributes of tracking into one object, then run this once more.",
                );
                self.work.note(it, Outcome::Refused(refused), None);
            }
            None => self.work.settle(self.text, &element),
        }
        if !is_dataset {
            self.refuse_bare_names(object);
        }
    }

    /// What may have more attributes of an object with an action: they would stay legacy. An
    /// object without one may get it from what is spread into it, or from what it is spread into.
    fn hidden(
        &self,
        object: &ObjectExpression<'_>,
        element: &Element,
    ) -> Option<(Range<usize>, &'static str)> {
        let legacy = element.attributes.iter().find(|it| it.era == Era::Legacy)?;
        let has_action = element.attributes.iter().any(|it| is_action(it.era, it.part));
        let mut spread = object.properties.iter().filter_map(|it| match it {
            ObjectPropertyKind::SpreadProperty(it) => Some(it),
            ObjectPropertyKind::ObjectProperty(_) => None,
        });
        if let Some(it) = spread.find(|it| self.may_track(&it.argument)) {
            return Some((bytes(it.span), "more attributes may come from here"));
        }
        let is_shared = has_action && self.is_shared(object);
        is_shared.then(|| (legacy.range.clone(), "others may add attributes to these"))
    }

    /// Whether an expression may give attributes of tracking.
    fn may_track(&self, it: &Expression<'_>) -> bool {
        let mentions = |it: &str| it.to_ascii_lowercase().contains("track");
        if mentions(self.code(it.span())) {
            return true;
        }
        let Expression::Identifier(name) = it.get_inner_expression() else {
            // What else computes them stands in this file as well, as a rule.
            return self.has_stray && !matches!(it, Expression::ObjectExpression(_));
        };
        let symbol = self.script.symbol(name);
        let init = symbol.and_then(|it| self.script.constant(it)).and_then(|it| it.init.as_ref());
        init.map_or(self.has_stray, |it| mentions(self.code(it.span())))
    }

    /// Whether an object is a constant that others spread into theirs.
    fn is_shared(&self, object: &ObjectExpression<'_>) -> bool {
        let parent = self.script.parent(object.node_id.get());
        let AstKind::VariableDeclarator(it) = parent.kind() else { return false };
        if self.script.is_exported(parent.id()) {
            return true;
        }
        let symbol = it.id.get_binding_identifier().and_then(|it| it.symbol_id.get());
        symbol.is_some_and(|it| {
            let uses = self.script.uses(it);
            uses.iter()
                .any(|it| matches!(self.script.parent(it.id()).kind(), AstKind::SpreadElement(_)))
        })
    }

    /// Members named `dataset` hold attributes without the word `data`.
    fn note_datasets(&mut self, object: &ObjectExpression<'_>) {
        for property in properties(object) {
            if let (Some((name, _)), Expression::ObjectExpression(it)) =
                (key(self.text, property), &property.value)
                && name == "dataset"
            {
                self.datasets.push(bytes(it.span));
            }
        }
    }

    fn member(&self, property: &ObjectProperty<'_>, is_dataset: bool) -> Option<Attribute> {
        let (name, range) = key(self.text, property)?;
        let (era, part, new) = if is_dataset {
            let (era, part) = meaning(&name, Case::Camel)?;
            (era, part, internal_name(part, Case::Camel))
        } else {
            let (era, part) = data_meaning(&name)?;
            (era, part, internal_name(part, Case::Dashed).map(|it| format!("data-{it}")))
        };
        let load = is_action(era, part).then(|| self.load(property, &range, is_dataset));
        Some(Attribute {
            era,
            part,
            range: bytes(property.span),
            rename: new.map(|it| (range, it)).into_iter().collect(),
            value: self.value(part, &property.value),
            literal: literal(self.text, &property.value),
            load,
        })
    }

    /// A member like this one that has the event sent at once.
    fn load(&self, property: &ObjectProperty<'_>, name: &Range<usize>, is_dataset: bool) -> String {
        let whole = bytes(property.span);
        let before = &self.text[whole.start..name.start];
        let between = &self.text[name.end..property.value.span().start as usize];
        let name = if is_dataset { "eventTrackingLoad" } else { "data-event-tracking-load" };
        let quote = quote_of(self.text, &property.value);
        format!(", {before}{name}{between}{quote}true{quote}")
    }

    /// Names without `data-`: whether they become attributes is not seen here.
    fn refuse_bare_names(&mut self, object: &ObjectExpression<'_>) {
        for property in properties(object) {
            let Some((name, _)) = key(self.text, property) else { continue };
            let is_bare = meaning(&name, Case::Dashed).or_else(|| meaning(&name, Case::Snake));
            if is_bare != Some((Era::Legacy, Part::Action)) || name.contains("event") {
                continue;
            }
            let range = bytes(property.span);
            let refused = refusal(
                Reason::IndirectArguments,
                format!(
                    "it is not seen whether this becomes an attribute: `{}`",
                    quote(self.text, &range)
                ),
                "Write the attributes with their full names where the element is made, or change \
                 this by hand together with the code that reads it.",
            );
            self.work.note(range, Outcome::Refused(refused), None);
        }
    }
}

fn properties<'a, 'b>(
    object: &'a ObjectExpression<'b>,
) -> impl Iterator<Item = &'a ObjectProperty<'b>> {
    object.properties.iter().filter_map(|it| match it {
        ObjectPropertyKind::ObjectProperty(it) => Some(&**it),
        ObjectPropertyKind::SpreadProperty(_) => None,
    })
}

/// The name of a member, and its bytes without quotes.
fn key(text: &str, property: &ObjectProperty<'_>) -> Option<(String, Range<usize>)> {
    if property.computed || property.method || property.shorthand {
        return None;
    }
    match &property.key {
        PropertyKey::StaticIdentifier(it) => Some((it.name.to_string(), bytes(it.span))),
        PropertyKey::StringLiteral(it) => {
            let inner = it.span.start as usize + 1..(it.span.end as usize).checked_sub(1)?;
            (text.get(inner.clone())? == it.value).then(|| (it.value.to_string(), inner))
        }
        _ => None,
    }
}

fn is_dropdown(property: &ObjectProperty<'_>) -> bool {
    matches!(&property.key, PropertyKey::StringLiteral(it) if it.value == "data-toggle")
        && matches!(&property.value, Expression::StringLiteral(it) if it.value == "dropdown")
}
