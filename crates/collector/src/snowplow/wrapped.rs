//! Self-describing JSON: the contexts of an event, and what a self-describing event describes.

use super::base64;
use super::fault::{Fault, Notes};
use super::form::Known;
use super::json::{self, Is, Part, Reader};
use super::parameters::Parameters;
use super::schema::Schema;
use serde_json::Value;
use std::borrow::Cow;

/// The two parameters that can carry one document, and what it is wrapped in.
pub(super) struct Wrapped {
    encoded: Known,
    plain: Known,
    wrapper: &'static str,
    expected: &'static str,
}

/// A context, or what an event describes: the name of its schema, and its data.
pub(super) type Entity<'t> = (Schema<'t>, Part<'t>);

pub(super) const CONTEXTS: Wrapped = Wrapped {
    encoded: Known::named("cx"),
    plain: Known::named("co"),
    wrapper: "contexts",
    expected: "com.snowplowanalytics.snowplow/contexts 1-0-x with a list",
};

pub(super) const DESCRIBED: Wrapped = Wrapped {
    encoded: Known::named("ue_px"),
    plain: Known::named("ue_pr"),
    wrapper: "unstruct_event",
    expected: "com.snowplowanalytics.snowplow/unstruct_event 1-0-x",
};

impl Wrapped {
    /// Reads the document with its wrapper, and lets somebody look at what is wrapped; `None`
    /// where the event has none.
    pub(super) fn read<R>(
        &self,
        parameters: &Parameters<'_>,
        reader: &mut Reader,
        notes: &mut Notes,
        look: impl FnOnce(&[Entity<'_>]) -> R,
    ) -> Result<Option<R>, Fault> {
        // The buffer is the request's: one event after the other is decoded into it.
        let mut decoded = std::mem::take(&mut reader.decoded);
        let found = self.text(parameters, &mut decoded, notes).and_then(|text| {
            let Some((parameter, text)) = text else { return Ok(None) };
            self.read_text((parameter, &text), reader, notes, look).map(Some)
        });
        reader.decoded = decoded;
        found
    }

    fn read_text<R>(
        &self,
        (parameter, text): (&'static str, &str),
        reader: &mut Reader,
        notes: &mut Notes,
        look: impl FnOnce(&[Entity<'_>]) -> R,
    ) -> Result<R, Fault> {
        let mended;
        let tree = match reader.read(text) {
            Ok(tree) => Ok(tree),
            Err(error) => match json::mend(text) {
                None => Err(error),
                Some(it) => {
                    notes.push(Fault::Surrogate { place: parameter });
                    mended = it;
                    reader.read(&mended)
                }
            },
        };
        let tree = tree.map_err(|source| Fault::Json { parameter, source })?;
        if let Some(member) = reader.take_duplicate() {
            notes.push(Fault::Duplicate { parameter: format!("{parameter}: {member}") });
        }
        Ok(look(&self.entities(parameter, tree.root())?))
    }

    /// The document of an event that was taken, as a value of one's own.
    pub(super) fn value(&self, parameters: &Parameters<'_>) -> Option<Value> {
        let mut decoded = Vec::new();
        let (_, text) = self.text(parameters, &mut decoded, &mut Notes::default()).ok()??;
        let value = serde_json::from_str(&text);
        value.or_else(|_| serde_json::from_str(&json::mend(&text).unwrap_or_default())).ok()
    }

    /// The text of the document, and in which parameter it is.
    fn text<'p>(
        &self,
        parameters: &'p Parameters<'_>,
        decoded: &'p mut Vec<u8>,
        notes: &mut Notes,
    ) -> Result<Option<(&'static str, Cow<'p, str>)>, Fault> {
        let (encoded, plain) = (parameters.at(self.encoded), parameters.at(self.plain));
        let Some(encoded) = encoded else {
            return Ok(plain.map(|it| (self.plain.name(), Cow::Borrowed(it))));
        };
        let parameter = self.encoded.name();
        if plain.is_some() {
            notes.push(Fault::Both { taken: parameter, ignored: self.plain.name() });
        }
        base64::decode(encoded, decoded)
            .map_err(|position| Fault::Base64 { parameter, position })?;
        let text = str::from_utf8(decoded).map_or_else(
            |_| {
                notes.push(Fault::Utf8 { place: format!("`{parameter}`") });
                String::from_utf8_lossy(decoded)
            },
            Cow::Borrowed,
        );
        Ok(Some((parameter, text)))
    }

    /// What is wrapped, if the wrapper is right and all in it describes itself.
    fn entities<'t>(
        &self,
        parameter: &'static str,
        root: Part<'t>,
    ) -> Result<Vec<Entity<'t>>, Fault> {
        let wrong = Fault::Wrapper { parameter, expected: self.expected };
        if !schema_of(root).is_some_and(|it| it.is_wrapper(self.wrapper)) {
            return Err(wrong);
        }
        let described = |position: usize, part: Part<'t>| {
            let entity = schema_of(part).zip(part.get("data"));
            entity.ok_or(Fault::Entity { parameter, position })
        };
        match root.get("data").map(|it| (it, it.is())) {
            Some((_, Is::List(list))) if self.wrapper == CONTEXTS.wrapper => {
                list.enumerate().map(|(position, (_, part))| described(position, part)).collect()
            }
            Some((object, Is::Object(_))) if self.wrapper == DESCRIBED.wrapper => {
                Ok(vec![described(0, object)?])
            }
            _ => Err(wrong),
        }
    }
}

fn schema_of(part: Part<'_>) -> Option<Schema<'_>> {
    part.get("schema").and_then(Part::as_text).and_then(Schema::parse)
}
