//! JSON Schemas for editors, read off the tables of fields.

use crate::fields::{Condition, Demand, EVENT, Era, Field, METRIC, Presence, Shape, Table};
use serde_json::{Map, Value, json};

/// What a schema describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// An event definition.
    Event,
    /// A metric definition.
    Metric,
}

/// Gives the JSON Schema (draft 2020-12) of a kind of definition.
///
/// It accepts what the checks of single fields accept: what is wrong across fields, files and
/// folders only [`analyze`](crate::analyze()) sees.
pub fn schema(kind: Kind) -> Value {
    let table = match kind {
        Kind::Event => &EVENT,
        Kind::Metric => &METRIC,
    };
    let mut schema = object(table.fields);
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": format!("{} definition", table.noun),
    });
    let mut result = head.as_object().cloned().unwrap_or_default();
    result.append(&mut schema);
    let mut all_of = alternatives(table);
    all_of.extend(table.conditions.iter().map(condition));
    result.insert("allOf".to_owned(), Value::Array(all_of));
    Value::Object(result)
}

fn object(fields: &[Field]) -> Map<String, Value> {
    let properties: Map<String, Value> =
        fields.iter().map(|it| (it.name.to_owned(), field(it))).collect();
    let required: Vec<_> =
        fields.iter().filter(|it| is_required(it)).map(|it| json!(it.name)).collect();
    let mut result = Map::new();
    result.insert("type".to_owned(), json!("object"));
    result.insert("properties".to_owned(), Value::Object(properties));
    result.insert("required".to_owned(), Value::Array(required));
    result.insert("additionalProperties".to_owned(), json!(false));
    result
}

fn is_required(field: &Field) -> bool {
    matches!(field.presence, Presence::Required)
}

fn field(field: &Field) -> Value {
    let mut result = shape(&field.shape);
    result.insert("description".to_owned(), json!(field.doc));
    if matches!(field.era, Era::Past(_)) {
        result.insert("deprecated".to_owned(), json!(true));
    }
    Value::Object(result)
}

fn shape(shape: &Shape) -> Map<String, Value> {
    let value = match shape {
        Shape::Any => json!({}),
        Shape::Text => json!({ "type": "string" }),
        Shape::TextOrNumber => json!({ "type": ["string", "number"] }),
        Shape::Number => json!({ "type": "number" }),
        Shape::Bool => json!({ "type": "boolean" }),
        Shape::True => json!({ "const": true }),
        Shape::Matching(it) => json!({ "type": "string", "pattern": it.regex }),
        Shape::OneOf(values) => json!({ "enum": values }),
        Shape::OrNull(it) => json!({ "anyOf": [self::shape(it), { "type": "null" }] }),
        Shape::Either(one, many) => json!({ "anyOf": [self::shape(one), self::shape(many)] }),
        Shape::List(of) => json!({ "type": "array", "items": self::shape(of) }),
        Shape::Set(of) => {
            json!({ "type": "array", "items": self::shape(of), "uniqueItems": true })
        }
        Shape::Object(fields) => Value::Object(object(fields)),
        Shape::MapOf(of) => json!({ "type": "object", "additionalProperties": self::shape(of) }),
        Shape::Filter(known, other) => {
            let known: Map<String, Value> =
                known.iter().map(|it| (it.name.to_owned(), field(it))).collect();
            json!({
                "type": "object",
                "properties": known,
                "additionalProperties": self::shape(other),
            })
        }
        Shape::AnyMap => json!({ "type": "object" }),
    };
    value.as_object().cloned().unwrap_or_default()
}

/// Fields of which the older name serves as well.
fn alternatives(table: &Table) -> Vec<Value> {
    let either = |it: &Field| match it.presence {
        Presence::RequiredUnless(older) => {
            Some(json!({ "anyOf": [{ "required": [it.name] }, { "required": [older] }] }))
        }
        _ => None,
    };
    table.fields.iter().filter_map(either).collect()
}

fn condition(condition: &Condition) -> Value {
    let when: Map<String, Value> = condition
        .when
        .iter()
        .map(|(field, values)| ((*field).to_owned(), json!({ "enum": values })))
        .collect();
    let fields: Vec<_> = condition.when.iter().map(|(field, _)| field).collect();
    let then = match &condition.then {
        Demand::Present(field) => json!({ "required": [field] }),
        Demand::Absent(field) => json!({ "not": { "required": [field] } }),
        Demand::Empty(field) => json!({ "properties": { *field: { "type": "null" } } }),
        Demand::Shaped(field, it) => json!({ "properties": { *field: shape(it) } }),
    };
    json!({ "if": { "properties": when, "required": fields }, "then": then })
}
