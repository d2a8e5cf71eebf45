//! Self-describing JSON: the contexts of an event, and what a self-describing event describes.

use super::base64;
use super::fault::{Fault, Notes};
use super::json::{self, Reader};
use super::parameters::Parameters;
use super::schema::Schema;
use serde_json::Value;

/// The two parameters that can carry one document, and what it is wrapped in.
pub(super) struct Wrapped {
    encoded: &'static str,
    plain: &'static str,
    wrapper: &'static str,
    expected: &'static str,
}

pub(super) const CONTEXTS: Wrapped = Wrapped {
    encoded: "cx",
    plain: "co",
    wrapper: "contexts",
    expected: "com.snowplowanalytics.snowplow/contexts 1-0-x with a list",
};

pub(super) const DESCRIBED: Wrapped = Wrapped {
    encoded: "ue_px",
    plain: "ue_pr",
    wrapper: "unstruct_event",
    expected: "com.snowplowanalytics.snowplow/unstruct_event 1-0-x",
};

impl Wrapped {
    /// Reads the document with its wrapper; `None` where the event has none.
    pub(super) fn read(
        &self,
        parameters: &Parameters<'_>,
        reader: &mut Reader,
        notes: &mut Notes,
    ) -> Result<Option<Value>, Fault> {
        let (parameter, value) = match (parameters.get(self.encoded), parameters.get(self.plain)) {
            (Some(encoded), plain) => {
                if plain.is_some() {
                    notes.push(Fault::Both { taken: self.encoded, ignored: self.plain });
                }
                let bytes = base64::decode(encoded);
                let bytes = bytes
                    .map_err(|position| Fault::Base64 { parameter: self.encoded, position })?;
                let text = String::from_utf8(bytes).unwrap_or_else(|error| {
                    notes.push(Fault::Utf8 { place: format!("`{}`", self.encoded) });
                    String::from_utf8_lossy(error.as_bytes()).into_owned()
                });
                (self.encoded, read_json(self.encoded, &text, reader, notes)?)
            }
            (None, Some(plain)) => (self.plain, read_json(self.plain, plain, reader, notes)?),
            (None, None) => return Ok(None),
        };
        self.check(parameter, &value)?;
        Ok(Some(value))
    }

    fn check(&self, parameter: &'static str, value: &Value) -> Result<(), Fault> {
        let wrong = Fault::Wrapper { parameter, expected: self.expected };
        let schema = value.get("schema").and_then(Value::as_str).and_then(Schema::parse);
        if !schema.is_some_and(|it| it.is_wrapper(self.wrapper)) {
            return Err(wrong);
        }
        let entities = match value.get("data") {
            Some(Value::Array(list)) if self.wrapper == CONTEXTS.wrapper => list.as_slice(),
            Some(object @ Value::Object(_)) if self.wrapper == DESCRIBED.wrapper => {
                std::slice::from_ref(object)
            }
            _ => return Err(wrong),
        };
        let is_described = |it: &Value| {
            let schema = it.get("schema").and_then(Value::as_str).and_then(Schema::parse);
            schema.is_some() && it.get("data").is_some()
        };
        match entities.iter().position(|it| !is_described(it)) {
            Some(position) => Err(Fault::Entity { parameter, position }),
            None => Ok(()),
        }
    }
}

fn read_json(
    parameter: &'static str,
    text: &str,
    reader: &mut Reader,
    notes: &mut Notes,
) -> Result<Value, Fault> {
    let value = reader.read(text).or_else(|error| match json::mend(text) {
        None => Err(error),
        Some(mended) => {
            notes.push(Fault::Surrogate { place: parameter });
            reader.read(&mended)
        }
    });
    let value = value.map_err(|source| Fault::Json { parameter, source })?;
    if let Some(member) = reader.take_duplicate() {
        notes.push(Fault::Duplicate { parameter: format!("{parameter}: {member}") });
    }
    Ok(value)
}

/// The parts of a self-describing JSON that was checked.
pub(super) fn entity(value: &Value) -> Option<(&str, &Value)> {
    Some((value.get("schema")?.as_str()?, value.get("data")?))
}
