//! What an entry of the journal says for analytics, read without copying it.

use super::identity::Salt;
use super::json;
use super::scalar::float;
use internal_events_catalog::Call;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// The event of an entry, and what becomes of it.
#[derive(Debug, Default)]
pub(super) struct Said<'a> {
    /// The destination for which the entry is alone.
    pub(super) to: Option<Given<'a>>,
    /// The Snowplow event as which it came, or that there is to be none.
    pub(super) snowplow: Option<&'a RawValue>,
    pub(super) call: Option<Given<'a>>,
    classification: Option<Given<'a>>,
    event: Option<Given<'a>>,
    category: Option<Given<'a>>,
    user: Option<Given<'a>>,
    project: Option<Given<'a>>,
    namespace: Option<Given<'a>>,
    properties: Pairs<'a>,
    context: Pairs<'a>,
}

impl<'a> Said<'a> {
    /// Reads an entry; `None` where it cannot be read.
    pub(super) fn read(entry: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(entry).ok()
    }

    /// The event's name, without which it is none.
    pub(super) fn name(&self) -> Option<&str> {
        self.event.as_ref().and_then(Given::as_str)
    }

    /// By which call it came; `None` if that is none we know.
    pub(super) fn call(&self) -> Option<Call> {
        match &self.call {
            None => Some(Call::TrackEvent),
            Some(call) => Call::parse(call.as_str()?),
        }
    }

    /// Whether it is classified as `duo`.
    pub(super) fn is_duo(&self) -> bool {
        self.classification.as_ref().and_then(Given::as_str) == Some("duo")
    }

    pub(super) fn category(&self) -> Option<&str> {
        self.category.as_ref().and_then(Given::as_str)
    }

    pub(super) fn user(&self) -> Option<&Given<'a>> {
        self.user.as_ref().filter(|it| it.is_id())
    }

    pub(super) fn project(&self) -> Option<&Given<'a>> {
        self.project.as_ref().filter(|it| it.is_id())
    }

    pub(super) fn namespace(&self) -> Option<&Given<'a>> {
        self.namespace.as_ref().filter(|it| it.is_id())
    }

    /// All additional properties, each name once.
    pub(super) fn properties(&self) -> &[Pair<'a>] {
        &self.properties.0
    }

    /// The value of an additional property; a null is no value.
    pub(super) fn property(&self, name: &str) -> Option<&Given<'a>> {
        self.properties.get(name)
    }

    /// All that is said of the circumstances, each name once.
    pub(super) fn context(&self) -> &[Pair<'a>] {
        &self.context.0
    }

    /// What is said of one of the circumstances; a null says nothing.
    pub(super) fn circumstance(&self, name: &str) -> Option<&Given<'a>> {
        self.context.get(name)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Said<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Members)
    }
}

struct Members;

impl<'de> Visitor<'de> for Members {
    type Value = Said<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event of the journal")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Said<'de>, M::Error> {
        let mut said = Said::default();
        while let Some(Name(name)) = map.next_key()? {
            let scalar = match &*name {
                "to" => &mut said.to,
                "call" => &mut said.call,
                "classification" => &mut said.classification,
                "event" => &mut said.event,
                "category" => &mut said.category,
                "user" => &mut said.user,
                "project" => &mut said.project,
                "namespace" => &mut said.namespace,
                "properties" => {
                    said.properties = map.next_value()?;
                    continue;
                }
                "context" => {
                    said.context = map.next_value()?;
                    continue;
                }
                "snowplow" => {
                    said.snowplow = Some(map.next_value()?);
                    continue;
                }
                _ => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
            };
            *scalar = Some(map.next_value()?);
        }
        Ok(said)
    }
}

/// The name of a member.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// A name and what is given for it.
pub(super) type Pair<'a> = (Cow<'a, str>, Given<'a>);

/// Names and values, each name once.
#[derive(Debug, Default)]
struct Pairs<'a>(Vec<Pair<'a>>);

/// Up to so many names are compared with each other; beyond, a table is quicker.
const FEW: usize = 32;

impl<'a> Pairs<'a> {
    fn get(&self, name: &str) -> Option<&Given<'a>> {
        let found = self.0.iter().find(|(it, _)| it == name);
        found.map(|(_, value)| value).filter(|it| !matches!(it, Given::Null))
    }

    /// Of two with one name the last counts, in the place of the first.
    fn distinct(self) -> Self {
        let mut distinct: Vec<Pair<'a>> = Vec::with_capacity(self.0.len());
        let is_many = self.0.len() > FEW;
        let mut places = HashMap::new();
        for (name, value) in self.0 {
            let place = if is_many {
                places.get(&name).copied()
            } else {
                distinct.iter().position(|(it, _)| *it == name)
            };
            if is_many && place.is_none() {
                places.insert(name.clone(), distinct.len());
            }
            match place {
                Some(place) => distinct[place].1 = value,
                None => distinct.push((name, value)),
            }
        }
        Self(distinct)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Pairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        if !text.starts_with('{') {
            return Ok(Self::default());
        }
        serde_json::from_str::<AllPairs<'_>>(text)
            .map(|it| Self(it.0).distinct())
            .map_err(serde::de::Error::custom)
    }
}

/// Names and values as they stand.
struct AllPairs<'a>(Vec<Pair<'a>>);

impl<'de: 'a, 'a> Deserialize<'de> for AllPairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Each;
        impl<'de> Visitor<'de> for Each {
            type Value = AllPairs<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<AllPairs<'de>, M::Error> {
                let mut pairs = Vec::new();
                while let Some((Name(name), value)) = map.next_entry()? {
                    pairs.push((name, value));
                }
                Ok(AllPairs(pairs))
            }
        }
        deserializer.deserialize_map(Each)
    }
}

/// A value that a caller gave, as it stands in the journal.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given<'a> {
    Null,
    Bool(bool),
    Int(i64),
    Float(f64),
    Str(Cow<'a, str>),
}

impl Given<'_> {
    pub(super) fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(it) => Some(it),
            _ => None,
        }
    }

    fn is_id(&self) -> bool {
        matches!(self, Self::Int(_) | Self::Str(_))
    }

    /// Its text, as Ruby's `to_s` writes it.
    pub(super) fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Null => "".into(),
            Self::Bool(it) => it.to_string().into(),
            Self::Int(it) => it.to_string().into(),
            Self::Float(it) => float(*it).into(),
            Self::Str(it) => Cow::Borrowed(it),
        }
    }

    /// Appends its JSON.
    pub(super) fn write(&self, out: &mut String) {
        match self {
            Self::Null => out.push_str("null"),
            Self::Bool(it) => out.push_str(if *it { "true" } else { "false" }),
            Self::Int(it) => json::write_int(*it, out),
            Self::Float(it) => json::write_float(*it, out),
            Self::Str(it) => json::write_text(it, out),
        }
    }

    /// Appends the pseudonym of a user, as JSON; one that is given already stays.
    pub(super) fn write_pseudonym(&self, salt: &Salt, out: &mut String) {
        let text = self.to_text();
        out.push('"');
        if self.as_str().is_some_and(super::is_pseudonym) {
            out.push_str(&text);
        } else {
            salt.write_hash(&[&text], out);
        }
        out.push('"');
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Given<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Given<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Given<'de>, E> {
        Ok(Given::Null)
    }

    fn visit_bool<E>(self, it: bool) -> Result<Given<'de>, E> {
        Ok(Given::Bool(it))
    }

    fn visit_i64<E>(self, it: i64) -> Result<Given<'de>, E> {
        Ok(Given::Int(it))
    }

    #[expect(clippy::cast_precision_loss, reason = "what does not fit is a float, as for JSON")]
    fn visit_u64<E>(self, it: u64) -> Result<Given<'de>, E> {
        Ok(i64::try_from(it).map_or(Given::Float(it as f64), Given::Int))
    }

    fn visit_f64<E>(self, it: f64) -> Result<Given<'de>, E> {
        Ok(Given::Float(it))
    }

    fn visit_borrowed_str<E>(self, it: &'de str) -> Result<Given<'de>, E> {
        Ok(Given::Str(it.into()))
    }

    fn visit_str<E>(self, it: &str) -> Result<Given<'de>, E> {
        Ok(Given::Str(it.to_owned().into()))
    }

    // A list or an object is no scalar, and none is ever written.

    fn visit_seq<S: SeqAccess<'de>>(self, mut seq: S) -> Result<Given<'de>, S::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Given::Null)
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Given<'de>, M::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(Given::Null)
    }
}
