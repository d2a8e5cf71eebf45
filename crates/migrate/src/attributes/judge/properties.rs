//! The properties that attributes send.

use super::super::element::{Attribute, Part, Value};
use super::{property, quote, refusal};
use crate::site::{Property, PropertyType, Reason, Refusal};
use std::collections::BTreeMap;

/// Names that internal events do not take as names of properties, or that have attributes of
/// their own, which would be overwritten.
const RESERVED: [&str; 6] = ["label", "property", "value", "user", "project", "namespace"];

/// Tells what the attributes of an element send.
pub(super) fn of<'a>(
    text: &str,
    attributes: impl Iterator<Item = &'a Attribute>,
    notes: &mut Vec<String>,
) -> Result<BTreeMap<String, Property>, Refusal> {
    let mut properties = BTreeMap::new();
    for it in attributes {
        let name = match it.part {
            Part::Label => "label",
            Part::Property => "property",
            Part::Value => "value",
            Part::Extra => {
                extra(text, it, &mut properties, notes)?;
                continue;
            }
            Part::Action | Part::Context | Part::Experiment | Part::Load | Part::Foreign => {
                continue;
            }
        };
        properties.insert(name.to_owned(), simple(text, it, notes));
    }
    Ok(properties)
}

fn simple(text: &str, it: &Attribute, notes: &mut Vec<String>) -> Property {
    let of_type = if it.part == Part::Value { PropertyType::Number } else { PropertyType::Text };
    let (Value::Text(example) | Value::Number(example)) = &it.value else {
        return property(of_type, None);
    };
    if it.part == Part::Value && example.trim().parse::<f64>().is_err() {
        let code = quote(text, &it.range);
        notes.push(format!("`{code}` is no number, so it is not sent, as before"));
    }
    property(of_type, Some(example))
}

fn extra(
    text: &str,
    it: &Attribute,
    properties: &mut BTreeMap<String, Property>,
    notes: &mut Vec<String>,
) -> Result<(), Refusal> {
    let members = match &it.value {
        Value::Object(members) => members,
        Value::Computed(code) => {
            notes.push(format!(
                "the properties in `{code}` are not known: declare each in the event's definition"
            ));
            return Ok(());
        }
        _ => return Err(no_object(text, it)),
    };
    for (name, value) in members {
        if RESERVED.contains(&name.as_str()) {
            return Err(refusal(
                Reason::NotUnderstood,
                format!("`{name}` in `{}`", quote(text, &it.range)),
                "Internal events keep this name for themselves. Give the property another name.",
            ));
        }
        let property = match value {
            Value::Text(it) => property(PropertyType::Text, Some(it)),
            Value::Number(it) => property(PropertyType::Number, Some(it)),
            Value::Computed(_) | Value::OneOf(_) => property(PropertyType::Unknown, None),
            Value::Object(_) | Value::Nothing => return Err(no_object(text, it)),
        };
        properties.insert(name.clone(), property);
    }
    Ok(())
}

fn no_object(text: &str, it: &Attribute) -> Refusal {
    refusal(
        Reason::NotUnderstood,
        format!("no plain object of texts and numbers: `{}`", quote(text, &it.range)),
        "Write a flat JSON object, for example `{\"key\": \"text\", \"count\": 1}`.",
    )
}
