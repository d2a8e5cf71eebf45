//! Statements that set attributes: `element.dataset.trackAction = 'x'`, `setAttribute`, `attr`.

use super::values::literal;
use super::{Reader, bytes, is_dataset};
use crate::attributes::element::{
    Attribute, Case, Element, Layout, Meaning, Part, Value, data_meaning, internal_name, meaning,
};
use oxc_ast::ast::{
    Argument, AssignmentExpression, AssignmentOperator, AssignmentTarget, CallExpression,
    Expression, Statement,
};
use oxc_span::{GetSpan as _, Span};
use std::collections::BTreeMap;
use std::ops::Range;

impl Reader<'_, '_, '_> {
    /// Judges what the statements of one block set, for each object by itself.
    pub(super) fn settle_statements(&mut self, statements: &[Statement<'_>]) {
        let mut elements: BTreeMap<String, Element> = BTreeMap::new();
        for statement in statements {
            let Statement::ExpressionStatement(it) = statement else { continue };
            let mut found = Vec::new();
            match &it.expression {
                Expression::AssignmentExpression(set) => {
                    found.extend(self.assignment(set, it.span));
                }
                Expression::CallExpression(call) => self.calls(call, it.span, &mut found),
                _ => {}
            }
            for (target, attribute) in found {
                let new = || Element::new(Layout::Statements);
                elements.entry(target).or_insert_with(new).attributes.push(attribute);
            }
        }
        for element in elements.values() {
            self.settled.extend(element.attributes.iter().map(|it| it.range.clone()));
            self.work.settle(self.text, element);
        }
    }

    /// `x.dataset.trackAction = …`, `x.dataset['trackAction'] = …`, `data['track-action'] = …`
    fn assignment(
        &self,
        set: &AssignmentExpression<'_>,
        statement: Span,
    ) -> Option<(String, Attribute)> {
        if set.operator != AssignmentOperator::Assign {
            return None;
        }
        let (object, name, case) = match &set.left {
            AssignmentTarget::StaticMemberExpression(it) if is_dataset(&it.object) => {
                (&it.object, bytes(it.property.span), Case::Camel)
            }
            AssignmentTarget::ComputedMemberExpression(it) => {
                let name = literal(self.text, &it.expression)?;
                let is_dashed = self.text[name.clone()].contains('-');
                let case = if is_dataset(&it.object) { Case::Camel } else { Case::Dashed };
                // Only what is called data is known to hold attributes without that word.
                let is_known = is_dataset(&it.object)
                    || is_dashed
                        && (self.is_data(&it.object)
                            || data_meaning(&self.text[name.clone()]).is_some());
                if !is_known {
                    return None;
                }
                (&it.object, name, case)
            }
            _ => return None,
        };
        let old = &self.text[name.clone()];
        let prefix = if old.starts_with("data-") { "data-" } else { "" };
        let (era, part) = meaning(old.strip_prefix("data-").unwrap_or(old), case)?;
        let new = internal_name(part, case).map(|it| (name, format!("{prefix}{it}")));
        let attribute = self.attribute((era, part), bytes(statement), new, &set.right);
        Some((self.code(object.span()).to_owned(), attribute))
    }

    /// `data`, `attributes.data`
    fn is_data(&self, object: &Expression<'_>) -> bool {
        let code = self.code(object.span());
        code == "data" || code.strip_suffix("data").is_some_and(|it| it.ends_with('.'))
    }

    /// `x.setAttribute('data-track-action', …)`, and chains of `.attr('data-track-action', …)`.
    fn calls(
        &self,
        call: &CallExpression<'_>,
        statement: Span,
        found: &mut Vec<(String, Attribute)>,
    ) {
        let mut links = Vec::new();
        let mut next = Some(call);
        let mut target = String::new();
        while let Some(it) = next {
            let Expression::StaticMemberExpression(callee) = &it.callee else { break };
            self.code(callee.object.span()).clone_into(&mut target);
            let object = bytes(callee.object.span());
            links.push((it, &*callee.property.name, object.end..bytes(it.span).end));
            next = match &callee.object {
                Expression::CallExpression(it) => Some(it),
                _ => None,
            };
        }
        let is_single = links.len() == 1;
        for (it, method, link) in links.into_iter().rev() {
            let whole = if is_single { bytes(statement) } else { link };
            if let Some(attribute) = self.call(it, method, whole) {
                found.push((target.clone(), attribute));
            }
        }
    }

    fn call(
        &self,
        it: &CallExpression<'_>,
        method: &str,
        range: Range<usize>,
    ) -> Option<Attribute> {
        let [name, set] = it.arguments.as_slice() else { return None };
        if !matches!(method, "setAttribute" | "attr") {
            return None;
        }
        let name = literal(self.text, name.as_expression()?)?;
        let (era, part) = data_meaning(&self.text[name.clone()])?;
        let new = internal_name(part, Case::Dashed).map(|it| (name, format!("data-{it}")));
        Some(self.attribute((era, part), range, new, Argument::as_expression(set)?))
    }

    fn attribute(
        &self,
        (era, part): Meaning,
        range: Range<usize>,
        rename: Option<(Range<usize>, String)>,
        set: &Expression<'_>,
    ) -> Attribute {
        Attribute {
            era,
            part,
            range,
            rename: rename.into_iter().collect(),
            value: match self.value(part, set) {
                Value::Text(it) if part == Part::Extra => super::json(&it),
                it => it,
            },
            literal: literal(self.text, set),
            load: None,
        }
    }
}
