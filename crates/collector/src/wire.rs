//! What callers write: events as JSON, borrowed from the body.
//!
//! Parsing takes any JSON and remembers its shape; [`Draft::into_event`] then says in the caller's
//! words what is wrong with it. So a wrong parameter is told from text that is no JSON, and each
//! by its name.

mod batch;
mod value;

use crate::quick_json::QuickJson;
use crate::snowplow::uuid;
pub(crate) use batch::{Batch, sentence};
use internal_events::{Analytics, Call, Event, GivenId, Id, Scalar};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use sha2::{Digest as _, Sha256};
use std::borrow::Cow;
use std::fmt;
use value::{Number, Property, Text, Value};

use crate::limits::Limits;

/// An event that can be tracked, and what was left out of it.
#[derive(Debug, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) event: Event,
    /// What the caller may not have wanted to lose.
    pub(crate) warnings: Vec<String>,
    /// The first of what strict mode refuses; the tracker never sees it.
    pub(crate) wrong: Option<String>,
}

/// An event as it was written.
#[derive(Debug, Default)]
pub(crate) struct Draft<'a> {
    event: Option<Value<'a>>,
    event_id: Option<Value<'a>>,
    user_id: Option<Value<'a>>,
    project_id: Option<Value<'a>>,
    project_path: Option<Value<'a>>,
    namespace_id: Option<Value<'a>>,
    category: Option<Value<'a>>,
    send_to_snowplow: Option<Value<'a>>,
    properties: Option<Properties<'a>>,
    unknown: Vec<Cow<'a, str>>,
    duplicate: Option<String>,
}

/// What was written as `additional_properties`.
#[derive(Debug)]
enum Properties<'a> {
    Object(Vec<(Cow<'a, str>, Property<'a>)>),
    Other(&'static str),
}

impl Parsed {
    /// Takes the event as that of another call, which reads no more than its name, its user and
    /// its id.
    pub(crate) fn came_by(mut self, call: Call) -> Self {
        if call == Call::TrackEvent {
            return self;
        }
        let event = &mut self.event;
        event.call = call;
        for (name, is_given) in [
            ("category", event.category.take().is_some()),
            ("project_id", event.project.take().is_some()),
            ("namespace_id", event.namespace.take().is_some()),
            ("additional_properties", !std::mem::take(&mut event.properties).is_empty()),
        ] {
            if is_given {
                let warning = format!("parameter `{name}` does not exist here and was ignored");
                self.warnings.push(warning);
            }
        }
        self
    }
}

/// Reads a body, of which almost always nothing is wrong, or says what is.
fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, serde_json::Error> {
    if let Ok(text) = str::from_utf8(body) {
        let mut json = QuickJson::new(text);
        if let Ok(value) = T::deserialize(&mut json)
            && json.end().is_ok()
        {
            return Ok(value);
        }
    }
    serde_json::from_slice(body)
}

impl<'a> Draft<'a> {
    /// Reads one event from a body.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, serde_json::Error> {
        read(body)
    }

    /// Makes an event of it, or says what is wrong.
    pub(crate) fn into_event(self, limits: &Limits) -> Result<Parsed, String> {
        if let Some(name) = self.duplicate {
            return Err(format!("{name} is given twice"));
        }
        let mut warnings = Vec::new();
        let name = text("event", self.event, limits)?.ok_or("event is missing")?;
        if name.is_empty() {
            return Err("event is empty".to_owned());
        }
        if self.project_id.is_some() && self.project_path.is_some() {
            return Err("project_id, project_path are mutually exclusive".to_owned());
        }
        if text("project_path", self.project_path, limits)?.is_some() {
            warnings.push("project_path is not resolved and was ignored".to_owned());
        }
        let is_sent = boolean("send_to_snowplow", self.send_to_snowplow)?;
        let mut event = Event::new(name);
        // As in GitLab, whose pages send their Snowplow events themselves.
        event.analytics = if is_sent { Analytics::Built } else { Analytics::Nothing };
        event.category = text("category", self.category, limits)?.map(Cow::into_owned);
        event.given_id = text("event_id", self.event_id, limits)?.map(|it| given_id(&it));
        event.user = user(self.user_id, limits)?;
        event.project = id("project_id", self.project_id)?;
        event.namespace = id("namespace_id", self.namespace_id)?;
        let mut wrong = None;
        match self.properties {
            None => {}
            Some(Properties::Object(members)) => {
                event.properties = properties(members, limits, &mut wrong)?;
            }
            Some(Properties::Other(kind)) => {
                return Err(format!("additional_properties should be an object, not {kind}"));
            }
        }
        warnings.extend(wrong.clone());
        for name in self.unknown {
            warnings.push(format!("parameter `{name}` does not exist and was ignored"));
        }
        Ok(Parsed { event, warnings, wrong })
    }
}

fn text<'a>(
    name: &str,
    value: Option<Value<'a>>,
    limits: &Limits,
) -> Result<Option<Cow<'a, str>>, String> {
    match value {
        None => Ok(None),
        Some(Value::Text(it)) if it.len() > limits.name_bytes => {
            Err(format!("{name} is longer than {} bytes", limits.name_bytes))
        }
        Some(Value::Text(it)) => Ok(Some(it)),
        Some(other) => Err(format!("{name} should be a string, not {}", other.kind())),
    }
}

/// An id in the sender's words: a UUID is taken as it is, any other text by its hash.
pub(crate) fn given_id(text: &str) -> GivenId {
    let hashed = || {
        let mut id = [0; 16];
        id.copy_from_slice(&Sha256::digest(text)[..16]);
        id
    };
    GivenId { id: uuid(text).unwrap_or_else(hashed), content: None }
}

/// Reads what says yes or no; nothing is no.
fn boolean(name: &str, value: Option<Value<'_>>) -> Result<bool, String> {
    match value {
        None => Ok(false),
        Some(Value::Bool(it)) => Ok(it),
        // As GitLab coerces it.
        Some(Value::Text(it)) if it == "true" || it == "false" => Ok(it == "true"),
        Some(other) => Err(format!("{name} should be true or false, not {}", other.kind())),
    }
}

/// Reads a number that a database gave: 0 or more, as JSON or, as GitLab coerces it, as text.
fn id(name: &str, value: Option<Value<'_>>) -> Result<Option<Id>, String> {
    let number = match value {
        None => return Ok(None),
        Some(Value::Number(Number::Int(it))) => Some(it),
        Some(Value::Text(it)) if it.bytes().all(|byte| byte.is_ascii_digit()) => it.parse().ok(),
        // A number outside of the range, or with a fraction, has its own complaint below.
        Some(Value::Number(Number::Float(it))) => whole(it),
        Some(other) => return Err(format!("{name} should be an integer, not {}", other.kind())),
    };
    match number {
        Some(it) if it >= 0 => Ok(Some(Id::Number(it))),
        _ => Err(format!("{name} should be an integer from 0 to {}", i64::MAX)),
    }
}

/// Takes 5.0 for 5, as JSON means it; not where a float is no longer exact.
#[expect(clippy::cast_possible_truncation, reason = "whole numbers below 2^53 fit")]
fn whole(number: f64) -> Option<i64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    (number.fract() == 0.0 && (0.0..EXACT).contains(&number)).then_some(number as i64)
}

/// Reads a user's id: a number as above, or any other text.
fn user(value: Option<Value<'_>>, limits: &Limits) -> Result<Option<Id>, String> {
    let Some(Value::Text(it)) = value else { return id("user_id", value) };
    if it.is_empty() {
        return Err("user_id is empty".to_owned());
    }
    if let Ok(number) = it.parse::<i64>()
        && number >= 0
        && number.to_string() == it
    {
        return Ok(Some(Id::Number(number)));
    }
    let it = text("user_id", Some(Value::Text(it)), limits)?;
    Ok(it.map(|it| Id::Text(it.into_owned())))
}

/// Hands properties on as they are; which of them an event may have is the tracker's to say, but
/// lists and objects have no shape it knows.
fn properties(
    members: Vec<(Cow<'_, str>, Property<'_>)>,
    limits: &Limits,
    wrong: &mut Option<String>,
) -> Result<Vec<(String, Scalar)>, String> {
    if members.len() > limits.properties {
        return Err(format!("additional_properties has more than {} members", limits.properties));
    }
    for (position, (name, _)) in members.iter().enumerate() {
        if members[..position].iter().any(|(earlier, _)| earlier == name) {
            return Err(format!("additional_properties has `{name}` twice"));
        }
    }
    let mut scalars = Vec::with_capacity(members.len());
    for (name, value) in members {
        match value.0 {
            None => {}
            Some(Value::Other(kind)) => {
                let warning = "should be a string or a number, not";
                wrong
                    .get_or_insert(format!("property `{name}` {warning} {kind}, and was left out"));
            }
            Some(value) => scalars.push((name.into_owned(), value.into_scalar())),
        }
    }
    Ok(scalars)
}

impl<'de: 'a, 'a> Deserialize<'de> for Draft<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(DraftVisitor)
    }
}

struct DraftVisitor;

impl<'de> Visitor<'de> for DraftVisitor {
    type Value = Draft<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object with an `event`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Draft<'de>, A::Error> {
        let mut draft = Draft::default();
        let mut seen = 0_u16;
        while let Some(Text(name)) = members.next_key()? {
            let (bit, slot) = match name.as_ref() {
                "event" => (1, &mut draft.event),
                "event_id" => (256, &mut draft.event_id),
                "user_id" => (2, &mut draft.user_id),
                "project_id" => (4, &mut draft.project_id),
                "project_path" => (8, &mut draft.project_path),
                "namespace_id" => (16, &mut draft.namespace_id),
                "category" => (32, &mut draft.category),
                "send_to_snowplow" => (64, &mut draft.send_to_snowplow),
                "additional_properties" => {
                    draft.properties = members.next_value()?;
                    note(&mut seen, 128, &name, &mut draft.duplicate);
                    continue;
                }
                _ => {
                    let Property(_) = members.next_value()?;
                    if draft.unknown.len() < MENTIONED {
                        draft.unknown.push(name);
                    }
                    continue;
                }
            };
            // A null is as good as nothing.
            *slot = members.next_value::<Property<'de>>()?.0;
            note(&mut seen, bit, &name, &mut draft.duplicate);
        }
        Ok(draft)
    }
}

/// Unknown parameters that are mentioned in an answer; more would only repeat the lesson.
const MENTIONED: usize = 5;

fn note(seen: &mut u16, bit: u16, name: &str, duplicate: &mut Option<String>) {
    if *seen & bit != 0 {
        *duplicate = Some(name.to_owned());
    }
    *seen |= bit;
}

impl<'de: 'a, 'a> Deserialize<'de> for Properties<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(value::Members)
    }
}
