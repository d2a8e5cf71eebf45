//! Any JSON value, as far as an event can use it.

use super::Properties;
use internal_events::Scalar;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// A value that is not null.
#[derive(Debug, PartialEq)]
pub(super) enum Value<'a> {
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    /// What it is, in words: a list or an object.
    Other(&'static str),
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    Int(i64),
    /// A number with a fraction, or one that is too large to be exact.
    Float(f64),
}

impl Value<'_> {
    /// What it is, in words.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Number(_) => "a number",
            Self::Text(_) => "a string",
            Self::Other(kind) => kind,
        }
    }

    pub(super) fn into_scalar(self) -> Scalar {
        match self {
            Self::Bool(it) => Scalar::Bool(it),
            Self::Number(Number::Int(it)) => Scalar::Int(it),
            Self::Number(Number::Float(it)) => Scalar::Float(it),
            Self::Text(it) => Scalar::Str(it.into_owned()),
            Self::Other(_) => Scalar::Null,
        }
    }
}

/// A value, or nothing for a null.
#[derive(Debug)]
pub(super) struct Property<'a>(pub(super) Option<Value<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for Property<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor)
    }
}

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = Property<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E: Error>(self) -> Result<Property<'de>, E> {
        Ok(Property(None))
    }

    fn visit_bool<E: Error>(self, it: bool) -> Result<Property<'de>, E> {
        Ok(Property(Some(Value::Bool(it))))
    }

    fn visit_i64<E: Error>(self, it: i64) -> Result<Property<'de>, E> {
        Ok(Property(Some(Value::Number(Number::Int(it)))))
    }

    #[expect(clippy::cast_precision_loss, reason = "the nearest number is the best there is")]
    fn visit_u64<E: Error>(self, it: u64) -> Result<Property<'de>, E> {
        let number = i64::try_from(it).map_or(Number::Float(it as f64), Number::Int);
        Ok(Property(Some(Value::Number(number))))
    }

    fn visit_f64<E: Error>(self, it: f64) -> Result<Property<'de>, E> {
        Ok(Property(Some(Value::Number(Number::Float(it)))))
    }

    fn visit_borrowed_str<E: Error>(self, it: &'de str) -> Result<Property<'de>, E> {
        Ok(Property(Some(Value::Text(Cow::Borrowed(it)))))
    }

    fn visit_str<E: Error>(self, it: &str) -> Result<Property<'de>, E> {
        Ok(Property(Some(Value::Text(Cow::Owned(it.to_owned())))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Property<'de>, A::Error> {
        skip_items(items)?;
        Ok(Property(Some(Value::Other("a list"))))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Property<'de>, A::Error> {
        // Reading what is skipped as any value, and not with the parser's own skipping, keeps
        // the parser's bound on nesting.
        while let Some((Text(_), Property(_))) = members.next_entry()? {}
        Ok(Property(Some(Value::Other("an object"))))
    }
}

fn skip_items<'de, A: SeqAccess<'de>>(mut items: A) -> Result<(), A::Error> {
    while let Some(Property(_)) = items.next_element()? {}
    Ok(())
}

/// A name, borrowed where it has no escapes.
#[derive(Debug)]
pub(super) struct Text<'a>(pub(super) Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, it: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(it)))
    }

    fn visit_str<E: Error>(self, it: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(it.to_owned())))
    }
}

/// Visits what was written as `additional_properties`.
pub(super) struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Properties<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Properties<'de>, A::Error> {
        let mut object = Vec::with_capacity(4);
        while let Some((Text(name), value)) = members.next_entry()? {
            object.push((name, value));
        }
        Ok(Properties::Object(object))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<Properties<'de>, E> {
        Ok(Properties::Other("a boolean"))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<Properties<'de>, E> {
        Ok(Properties::Other("a number"))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<Properties<'de>, E> {
        Ok(Properties::Other("a number"))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<Properties<'de>, E> {
        Ok(Properties::Other("a number"))
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Properties<'de>, E> {
        Ok(Properties::Other("a string"))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Properties<'de>, A::Error> {
        skip_items(items)?;
        Ok(Properties::Other("a list"))
    }
}
