//! `[collector] count_snowplow`: which Snowplow events count.

use serde::Deserialize;
use serde::de::value::SeqAccessDeserializer;
use serde::de::{Deserializer, Error, SeqAccess, Visitor};
use std::fmt;

/// Says of some Snowplow events whether they count; what it does not name may be anything.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CountRule {
    /// The application: `aid`.
    pub app_id: Option<String>,
    /// The tracker: `tna`, or `tv` with its version.
    pub tracker: Option<String>,
    /// The `source` of the standard context.
    pub source: Option<String>,
    /// Whether these events count.
    pub count: bool,
}

/// The rules as written: `true`, `false`, or a list.
#[derive(Debug, Default)]
pub(super) struct CountRules(pub(super) Vec<CountRule>);

impl CountRules {
    pub(super) fn all(count: bool) -> Self {
        Self(vec![CountRule { app_id: None, tracker: None, source: None, count }])
    }
}

impl<'de> Deserialize<'de> for CountRules {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Rules)
    }
}

struct Rules;

impl<'de> Visitor<'de> for Rules {
    type Value = CountRules;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("true, false or a list of rules such as { app_id = \"shop\", count = false }")
    }

    fn visit_bool<E: Error>(self, count: bool) -> Result<CountRules, E> {
        Ok(CountRules::all(count))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<CountRules, A::Error> {
        Deserialize::deserialize(SeqAccessDeserializer::new(items)).map(CountRules)
    }
}
