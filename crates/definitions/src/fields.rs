//! The tables of fields: the single source of truth for what a definition may contain.
//!
//! The checks in [`check`] and the JSON Schemas of [`schema`](crate::schema()) are both read off
//! these tables, so an editor and `check` never disagree. A new field is one row.

pub(crate) mod check;
mod event;
mod metric;
mod pattern;

pub(crate) use event::EVENT;
pub(crate) use metric::METRIC;
pub(crate) use pattern::{MILESTONE, PLACEHOLDER, Pattern};

/// A kind of definition: its fields, and what they demand of each other.
#[derive(Debug)]
pub(crate) struct Table {
    /// What one calls such a definition.
    pub(crate) noun: &'static str,
    /// Its fields, in the order in which tools write them.
    pub(crate) fields: &'static [Field],
    /// What some values demand of other fields.
    pub(crate) conditions: &'static [Condition],
}

/// One field.
#[derive(Debug)]
pub(crate) struct Field {
    /// The key.
    pub(crate) name: &'static str,
    /// What it is for, for people and editors.
    pub(crate) doc: &'static str,
    /// Whether it must be there.
    pub(crate) presence: Presence,
    /// What its value looks like.
    pub(crate) shape: Shape,
    /// Whether today's definitions still have it.
    pub(crate) era: Era,
}

/// Whether a field must be there.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Presence {
    /// Always.
    Required,
    /// Unless the field that it replaced is there.
    RequiredUnless(&'static str),
    /// Never.
    Optional,
}

/// When a field was in use.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Era {
    /// Still.
    Today,
    /// Between 2021 and 2024; today's tools refuse it. Says what took its place.
    Past(&'static str),
}

/// What a value looks like.
#[derive(Debug)]
pub(crate) enum Shape {
    /// Anything.
    Any,
    /// A string.
    Text,
    /// A string or a number.
    TextOrNumber,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// Only `true`.
    True,
    /// A string that matches a pattern.
    Matching(&'static Pattern),
    /// One of some strings.
    OneOf(&'static [&'static str]),
    /// The same, or nothing.
    OrNull(&'static Self),
    /// The first for a single value, the second for a list.
    Either(&'static Self, &'static Self),
    /// A list.
    List(&'static Self),
    /// A list without repetition.
    Set(&'static Self),
    /// A mapping with these fields and no others.
    Object(&'static [Field]),
    /// A mapping with any keys.
    MapOf(&'static Self),
    /// A selection rule's filter: some known properties, and others of one shape.
    Filter(&'static [Field], &'static Self),
    /// Any mapping.
    AnyMap,
}

/// A demand that depends on other fields.
#[derive(Debug)]
pub(crate) struct Condition {
    /// All of these fields have one of their values.
    pub(crate) when: &'static [(&'static str, &'static [&'static str])],
    /// What follows.
    pub(crate) then: Demand,
    /// The rule it is reported under.
    pub(crate) code: &'static str,
    /// Why, and what to do.
    pub(crate) help: &'static str,
}

/// What a condition demands.
#[derive(Debug)]
pub(crate) enum Demand {
    /// The field is there, possibly without a value.
    Present(&'static str),
    /// The field is not there.
    Absent(&'static str),
    /// The field is not there, or has no value.
    Empty(&'static str),
    /// The field, where it is there, looks like this.
    Shaped(&'static str, Shape),
}

impl Table {
    /// The field of a name.
    pub(crate) fn field(&self, name: &str) -> Option<&'static Field> {
        find(self.fields, name)
    }
}

/// The field of a name.
pub(crate) fn find(fields: &'static [Field], name: &str) -> Option<&'static Field> {
    fields.iter().find(|it| it.name == name)
}

impl Shape {
    /// Names the shape in the words of messages.
    pub(crate) fn noun(&self) -> String {
        match self {
            Self::Any => "anything".to_owned(),
            Self::Text | Self::Matching(_) => "a string".to_owned(),
            Self::TextOrNumber => "a string or a number".to_owned(),
            Self::Number => "a number".to_owned(),
            Self::Bool => "`true` or `false`".to_owned(),
            Self::True => "`true`".to_owned(),
            Self::OneOf(values) => format!("one of {}", quoted(values)),
            Self::OrNull(it) => it.noun(),
            Self::Either(one, many) => format!("{} or {}", one.noun(), many.noun()),
            Self::List(_) | Self::Set(_) => "a list".to_owned(),
            Self::Object(_) | Self::MapOf(_) | Self::Filter(..) | Self::AnyMap => {
                "a mapping".to_owned()
            }
        }
    }
}

/// Names in backticks, separated by commas.
pub(crate) fn quoted(names: &[&str]) -> String {
    names.iter().map(|it| format!("`{it}`")).collect::<Vec<_>>().join(", ")
}

const fn required(name: &'static str, doc: &'static str, shape: Shape) -> Field {
    Field { name, doc, presence: Presence::Required, shape, era: Era::Today }
}

const fn optional(name: &'static str, doc: &'static str, shape: Shape) -> Field {
    Field { name, doc, presence: Presence::Optional, shape, era: Era::Today }
}

const fn past(name: &'static str, instead: &'static str, shape: Shape) -> Field {
    Field {
        name,
        doc: "Written between 2021 and 2024; today's tools refuse it.",
        presence: Presence::Optional,
        shape,
        era: Era::Past(instead),
    }
}
