//! Compares a tree with a table of fields.
//!
//! This file decides *that* a value does not fit; each rule's module says it in words.

use super::{Condition, Demand, Era, Field, Presence, Shape, Table, find};
use crate::file::File;
use crate::rules::{
    Out, filter_value_type, forbidden_field, invalid_format, legacy_options, missing_field,
    null_properties, outdated_field, repeated_item, unexpected_removal_fields, unknown_field,
    unknown_value, unquoted_milestone, wrong_type,
};
use crate::yaml::{Data, Entry, Node, Text};
use internal_events_catalog::Scalar;

/// A value, what it is called, and the rule wrong values are reported under where it is not the
/// general one.
struct Value<'c, 'n> {
    file: &'n File<'n>,
    name: &'c str,
    node: &'n Node<'n>,
    code: Option<&'static str>,
}

/// Reports everything in a file that does not fit its table.
pub(crate) fn check<'n>(table: &'static Table, file: &'n File<'n>, out: &mut Out<'n>) {
    let Some(root) = file.mapping() else { return };
    for entry in root.entries() {
        let Some(field) = table.field(&entry.key) else {
            unknown_field::report(file, entry, table.fields, out);
            continue;
        };
        if let Era::Past(instead) = field.era {
            outdated_field::report(file, entry, instead, out);
        }
        if entry.key == null_properties::FIELD && entry.value.is_null() {
            null_properties::report(file, entry, out);
            continue;
        }
        let value = Value { file, name: field.name, node: &entry.value, code: None };
        check_shape(&field.shape, &value, out);
    }
    check_presence(table.fields, root, file, out);
    for condition in table.conditions {
        if condition.applies(root) {
            check_condition(condition, root, file, out);
        }
    }
}

/// Reports required fields that are not there.
fn check_presence<'n>(
    fields: &'static [Field],
    node: &'n Node<'n>,
    file: &'n File<'n>,
    out: &mut Out<'n>,
) {
    for field in fields {
        let is_missing = node.entry(field.name).is_none()
            && match field.presence {
                Presence::Required => true,
                Presence::RequiredUnless(older) => node.entry(older).is_none(),
                Presence::Optional => false,
            };
        if is_missing {
            missing_field::report(file, node, field, out);
        }
    }
}

impl Condition {
    fn applies(&self, root: &Node<'_>) -> bool {
        self.when.iter().all(|(field, values)| {
            root.get(field).and_then(Node::as_str).is_some_and(|it| values.contains(&it))
        })
    }
}

fn check_condition<'n>(
    condition: &'static Condition,
    root: &'n Node<'n>,
    file: &'n File<'n>,
    out: &mut Out<'n>,
) {
    let (help, code) = (condition.help, condition.code);
    match &condition.then {
        Demand::Present(name) if root.entry(name).is_none() => {
            missing_field::report_demand(file, condition, name, out);
        }
        Demand::Absent(name) => {
            if let Some(entry) = root.entry(name) {
                forbidden_field::report(file, entry, help, out);
            }
        }
        Demand::Empty(name) => {
            if let Some(entry) = root.entry(name).filter(|it| !it.value.is_null()) {
                unexpected_removal_fields::report(file, entry, help, out);
            }
        }
        Demand::Shaped(name, shape) => {
            if let Some(entry) = root.entry(name) {
                let code = (code == legacy_options::CODE).then_some(code);
                check_shape(shape, &Value { file, name, node: &entry.value, code }, out);
            }
        }
        Demand::Present(_) => {}
    }
}

fn check_shape<'n>(shape: &'static Shape, value: &Value<'_, 'n>, out: &mut Out<'n>) {
    let node = value.node;
    match (shape, &node.data) {
        (Shape::Any, _) => {}
        (Shape::OrNull(_), Data::Scalar(it)) if it.is_null() => {}
        (Shape::OrNull(inner), _) => check_shape(inner, value, out),
        (Shape::Either(_, many), Data::List(_)) => check_shape(many, value, out),
        (Shape::Either(one, _), _) => check_shape(one, value, out),
        (Shape::List(of), Data::List(items)) => check_items(of, items, value, out),
        (Shape::Set(of), Data::List(items)) => {
            check_items(of, items, value, out);
            repeated_item::check(value.file, value.name, items, out);
        }
        (Shape::AnyMap, Data::Map(_)) => {}
        (Shape::Object(fields), Data::Map(entries)) => {
            for entry in entries {
                check_field(fields, entry, value, out);
            }
            for field in *fields {
                if matches!(field.presence, Presence::Required) && node.entry(field.name).is_none()
                {
                    match value.code {
                        Some(_) => legacy_options::missing(value.file, node, field.name, out),
                        None => missing_field::report(value.file, node, field, out),
                    }
                }
            }
        }
        (Shape::MapOf(of), Data::Map(entries)) => {
            for entry in entries {
                check_shape(of, &value.child(&entry.key, &entry.value), out);
            }
        }
        (Shape::Filter(known, other), Data::Map(entries)) => {
            for entry in entries {
                let of = find(known, &entry.key).map_or(*other, |it| &it.shape);
                filter_value_type::check(value.file, entry, of, out);
            }
        }
        (_, Data::Scalar(_)) if is_scalar_shape(shape) => check_scalar(shape, value, out),
        _ => wrong(shape, value, out),
    }
}

fn check_items<'n>(
    of: &'static Shape,
    items: &'n [Node<'n>],
    value: &Value<'_, 'n>,
    out: &mut Out<'n>,
) {
    for item in items {
        check_shape(of, &value.child(value.name, item), out);
    }
}

fn check_field<'n>(
    fields: &'static [Field],
    entry: &'n Entry<'n>,
    parent: &Value<'_, 'n>,
    out: &mut Out<'n>,
) {
    match find(fields, &entry.key) {
        Some(field) => check_shape(&field.shape, &parent.child(field.name, &entry.value), out),
        None if parent.code.is_some() => {
            legacy_options::unknown(parent.file, entry, fields, out);
        }
        None => unknown_field::report(parent.file, entry, fields, out),
    }
}

fn is_scalar_shape(shape: &Shape) -> bool {
    use Shape::{Bool, Matching, Number, OneOf, Text, TextOrNumber, True};
    matches!(shape, Text | TextOrNumber | Number | Bool | True | Matching(_) | OneOf(_))
}

fn check_scalar<'n>(shape: &'static Shape, value: &Value<'_, 'n>, out: &mut Out<'n>) {
    let Value { file, name, node, .. } = value;
    let scalar = node.scalar().map_or(Scalar::Null, Text::value);
    match (shape, &scalar) {
        (Shape::Text | Shape::TextOrNumber, Scalar::Str(_)) => {}
        (Shape::Number | Shape::TextOrNumber, it) if it.is_number() => {}
        (Shape::Bool, Scalar::Bool(_)) | (Shape::True, Scalar::Bool(true)) => {}
        (Shape::True, Scalar::Bool(false)) => unknown_value::report_true(file, name, node, out),
        (Shape::OneOf(values), Scalar::Str(it)) if values.contains(&it.as_str()) => {}
        (Shape::OneOf(values), Scalar::Str(it)) => match value.code {
            Some(_) => legacy_options::value(file, name, node, values, out),
            None => unknown_value::report(file, name, (node, it), values, out),
        },
        (Shape::Matching(pattern), Scalar::Str(it)) => {
            if !(pattern.matches)(it) {
                invalid_format::report(file, name, (node, it), pattern, out);
            }
        }
        (Shape::Matching(pattern), it) if it.is_number() => {
            if !unquoted_milestone::report(file, name, node, pattern, out) {
                wrong(shape, value, out);
            }
        }
        _ => wrong(shape, value, out),
    }
}

fn wrong<'n>(shape: &Shape, value: &Value<'_, 'n>, out: &mut Out<'n>) {
    match value.code {
        Some(_) => legacy_options::wrong(value.file, value.name, value.node, shape, out),
        None => wrong_type::report(value.file, value.name, value.node, shape, out),
    }
}

impl<'c, 'n> Value<'c, 'n> {
    fn child(&self, name: &'c str, node: &'n Node<'n>) -> Self {
        Self { file: self.file, name, node, code: self.code }
    }
}
