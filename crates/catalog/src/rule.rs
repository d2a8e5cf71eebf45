//! Selection rules: which events a metric counts, and how.

use crate::Scalar;
use std::fmt;

/// What a rule does with the events it selects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operator {
    /// `total`: with `unique`, counts occurrences per value.
    Total,
    /// `sum(value)`: adds up the property `value`.
    SumValue,
    /// Anything else; a definition with it is refused, but its key is still known.
    Other(String),
}

impl Operator {
    /// Reads the text of a definition.
    pub fn parse(text: &str) -> Self {
        match text {
            "total" => Self::Total,
            "sum(value)" => Self::SumValue,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Total => "total",
            Self::SumValue => "sum(value)",
            Self::Other(it) => it,
        })
    }
}

/// One entry of a metric's `events`: selects events by name and properties.
#[derive(Clone, Debug, PartialEq)]
pub struct SelectionRule {
    /// The event's action.
    pub name: String,
    /// What is counted distinctly, as written: `user.id`, `label`, a custom property.
    pub unique: Option<String>,
    /// Properties that must have exactly these values; sorted by name.
    pub filter: Vec<(String, Scalar)>,
    /// What to do instead of counting.
    pub operator: Option<Operator>,
}

impl SelectionRule {
    /// Selects every occurrence of an event.
    pub fn total(name: impl Into<String>) -> Self {
        Self { name: name.into(), unique: None, filter: Vec::new(), operator: None }
    }

    /// The identifier or property that is counted: the part of `unique` before the first dot.
    pub fn unique_name(&self) -> Option<&str> {
        self.unique.as_deref().map(|it| it.split('.').next().unwrap_or(it))
    }

    /// The name of the rule's counter without slot and week, before overrides:
    /// `name[-operator:OP][-filter:[k1:v1,k2:v2]][-unique]`.
    pub fn path(&self) -> String {
        let mut path = self.name.clone();
        if let Some(operator) = &self.operator {
            path.push_str(&format!("-operator:{operator}"));
        }
        if !self.filter.is_empty() {
            let pairs: Vec<String> = self.filter.iter().map(|(k, v)| format!("{k}:{v}")).collect();
            path.push_str(&format!("-filter:[{}]", pairs.join(",")));
        }
        if let Some(unique) = self.unique_name() {
            path.push('-');
            path.push_str(unique);
        }
        path
    }

    /// Which kind of counter the rule moves.
    pub fn kind(&self) -> CounterKind {
        match (&self.operator, &self.unique) {
            (Some(Operator::Total), Some(_)) => CounterKind::PerValue,
            (Some(Operator::SumValue), _) => CounterKind::Sum,
            (_, None) => CounterKind::Total,
            (_, Some(_)) => CounterKind::Unique,
        }
    }
}

/// The kinds of counters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CounterKind {
    /// How often something happened.
    Total,
    /// How many distinct elements were seen, estimated.
    Unique,
    /// What the property `value` adds up to.
    Sum,
    /// How often something happened, per value of a property.
    PerValue,
}
