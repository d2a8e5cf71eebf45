//! Several events in one body.

use super::value::{Property, Text};
use super::{Draft, DraftVisitor, Parsed};
use crate::limits::Limits;
use crate::problem::Problem;
use serde::Deserialize;
use serde::de::{Deserializer, Error, MapAccess, SeqAccess, Visitor};
use std::borrow::Cow;
use std::fmt;

/// `{"events": [ … ]}` as it was written.
#[derive(Debug, Default)]
pub(crate) struct Batch<'a> {
    events: Option<Events<'a>>,
    is_given_twice: bool,
}

#[derive(Debug)]
enum Events<'a> {
    List(Vec<Element<'a>>),
    Other,
}

/// One event, which GitLab also takes as text that is JSON.
#[derive(Debug)]
enum Element<'a> {
    Object(Box<Draft<'a>>),
    Text(Cow<'a, str>),
    Other,
}

impl<'a> Batch<'a> {
    /// Reads a batch from a body.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, serde_json::Error> {
        super::read(body)
    }

    /// Makes events of it; if one of them is none, there are none at all.
    pub(crate) fn into_events(self, limits: &Limits) -> Result<Vec<Parsed>, Problem> {
        let invalid = |detail: String| Problem::InvalidParameter(sentence(&detail));
        if self.is_given_twice {
            return Err(invalid("events is given twice".to_owned()));
        }
        let elements = match self.events {
            None => return Err(invalid("events is missing".to_owned())),
            Some(Events::Other) => return Err(invalid("events should be a list".to_owned())),
            Some(Events::List(elements)) => elements,
        };
        if elements.len() > limits.batch_events {
            return Err(Problem::TooManyEvents { at_most: limits.batch_events });
        }
        let events = elements.into_iter().enumerate().map(|(position, element)| {
            let event = element.into_event(limits);
            event.map_err(|detail| invalid(format!("events[{position}]: {detail}")))
        });
        events.collect()
    }
}

impl Element<'_> {
    fn into_event(self, limits: &Limits) -> Result<Parsed, String> {
        match self {
            Self::Object(draft) => draft.into_event(limits),
            Self::Text(text) => match Draft::parse(text.as_bytes()) {
                Ok(draft) => draft.into_event(limits),
                Err(error) => Err(format!("the text is not valid JSON: {error}")),
            },
            Self::Other => Err("an event should be an object".to_owned()),
        }
    }
}

/// Ends a detail as a sentence ends.
pub(crate) fn sentence(detail: &str) -> String {
    format!("{detail}.")
}

impl<'de: 'a, 'a> Deserialize<'de> for Batch<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(BatchVisitor)
    }
}

struct BatchVisitor;

impl<'de> Visitor<'de> for BatchVisitor {
    type Value = Batch<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with a list of `events`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Batch<'de>, A::Error> {
        let mut batch = Batch::default();
        while let Some(Text(name)) = members.next_key()? {
            if name == "events" {
                batch.is_given_twice = batch.events.replace(members.next_value()?).is_some();
            } else {
                let Property(_) = members.next_value()?;
            }
        }
        Ok(batch)
    }
}

/// Implements the visits that end in something useless.
macro_rules! otherwise {
    ($other:expr) => {
        fn visit_unit<E: Error>(self) -> Result<Self::Value, E> {
            Ok($other)
        }

        fn visit_bool<E: Error>(self, _: bool) -> Result<Self::Value, E> {
            Ok($other)
        }

        fn visit_i64<E: Error>(self, _: i64) -> Result<Self::Value, E> {
            Ok($other)
        }

        fn visit_u64<E: Error>(self, _: u64) -> Result<Self::Value, E> {
            Ok($other)
        }

        fn visit_f64<E: Error>(self, _: f64) -> Result<Self::Value, E> {
            Ok($other)
        }
    };
}

impl<'de: 'a, 'a> Deserialize<'de> for Events<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(EventsVisitor)
    }
}

struct EventsVisitor;

impl<'de> Visitor<'de> for EventsVisitor {
    type Value = Events<'de>;

    otherwise!(Events::Other);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<Self::Value, E> {
        Ok(Events::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = items.next_element()? {
            elements.push(element);
        }
        Ok(Events::List(elements))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        while let Some((Text(_), Property(_))) = members.next_entry()? {}
        Ok(Events::Other)
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Element<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ElementVisitor)
    }
}

struct ElementVisitor;

impl<'de> Visitor<'de> for ElementVisitor {
    type Value = Element<'de>;

    otherwise!(Element::Other);

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an event")
    }

    fn visit_borrowed_str<E: Error>(self, it: &'de str) -> Result<Self::Value, E> {
        Ok(Element::Text(Cow::Borrowed(it)))
    }

    fn visit_str<E: Error>(self, it: &str) -> Result<Self::Value, E> {
        Ok(Element::Text(Cow::Owned(it.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while let Some(Property(_)) = items.next_element()? {}
        Ok(Element::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        Ok(Element::Object(Box::new(DraftVisitor.visit_map(members)?)))
    }
}
