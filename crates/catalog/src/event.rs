//! One occurrence of something, as an application reports it.

use crate::Scalar;
use std::fmt;

/// Who or what an event is about.
///
/// The element counted for an identifier is the same bytes at every entrance: a number in
/// decimal, or the text's UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Id {
    /// A numeric id, as databases give them.
    Number(i64),
    /// Any other id.
    Text(String),
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(it) => write!(f, "{it}"),
            Self::Text(it) => f.write_str(it),
        }
    }
}

impl From<i64> for Id {
    fn from(it: i64) -> Self {
        Self::Number(it)
    }
}

impl From<i32> for Id {
    fn from(it: i32) -> Self {
        Self::Number(i64::from(it))
    }
}

impl From<u32> for Id {
    fn from(it: u32) -> Self {
        Self::Number(i64::from(it))
    }
}

impl From<u64> for Id {
    /// Ids beyond the largest `i64` become their decimal text, which is the same element.
    fn from(it: u64) -> Self {
        i64::try_from(it).map_or_else(|_| Self::Text(it.to_string()), Self::Number)
    }
}

impl From<&str> for Id {
    fn from(it: &str) -> Self {
        Self::Text(it.to_owned())
    }
}

impl From<String> for Id {
    fn from(it: String) -> Self {
        Self::Text(it)
    }
}

/// An id that the caller gave, by which an event that is sent again is recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GivenId {
    /// The id: a UUID, or as many bytes of a hash.
    pub id: [u8; 16],
    /// A hash of everything that makes the event the same event; none takes what is journaled.
    pub content: Option<u64>,
}

/// By which call an event came, which decides how much of it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Call {
    /// `track_event`: all that its definition and the metrics say.
    #[default]
    TrackEvent,
    /// `increment_counter`, of the time before internal events: totals only.
    IncrementCounter,
    /// `increment_unique_users`, of that time too: sets of users only.
    IncrementUniqueUsers,
    /// `track_legacy_unique` with a property: the one set of an event by that property.
    TrackLegacyUnique,
}

impl Call {
    /// Its name in the journal and over HTTP.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::TrackEvent => "track_event",
            Self::IncrementCounter => "increment_counter",
            Self::IncrementUniqueUsers => "increment_unique_users",
            Self::TrackLegacyUnique => "track_legacy_unique",
        }
    }

    /// Reads its name.
    pub fn parse(text: &str) -> Option<Self> {
        let calls = [
            Self::TrackEvent,
            Self::IncrementCounter,
            Self::IncrementUniqueUsers,
            Self::TrackLegacyUnique,
        ];
        calls.into_iter().find(|it| it.as_str() == text)
    }
}

/// Which analytics event is sent for an event, beside what it counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Analytics {
    /// The one that GitLab would send, built of what is said here.
    #[default]
    Built,
    /// None.
    Nothing,
    /// The one as which it came: its parameters, as an object of JSON.
    AsItCame(Box<str>),
}

/// What an application says about one occurrence.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Event {
    /// The event's action.
    pub name: String,
    /// Where it happened; analytics destinations have a default for it.
    pub category: Option<String>,
    /// Who did it.
    pub user: Option<Id>,
    /// In which project.
    pub project: Option<Id>,
    /// In which namespace.
    pub namespace: Option<Id>,
    /// Additional properties in the order given; of two with one name the last wins.
    pub properties: Vec<(String, Scalar)>,
    /// What analytics should know of the circumstances, such as the `plan`; it counts nowhere.
    pub context: Vec<(String, Scalar)>,
    /// What is sent for it.
    pub analytics: Analytics,
    /// By which call it came.
    pub call: Call,
    /// The id it was sent with, if its sender may send it again.
    pub given_id: Option<GivenId>,
}

impl Event {
    /// Starts an event with nothing but its name.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }

    /// The value of an additional property; a null is no value.
    pub fn property(&self, name: &str) -> Option<&Scalar> {
        let found = self.properties.iter().rev().find(|(it, _)| it == name);
        found.map(|(_, value)| value).filter(|it| **it != Scalar::Null)
    }
}
