//! Self-describing JSON: the contexts of an event, and what a self-describing event describes.

use super::base64;
use super::document::{Document, Inside};
use super::fault::{Fault, Notes};
use super::form::Known;
use super::json::{self, Reader};
use super::parameters::Parameters;
use serde_json::Value;
use std::borrow::Cow;

/// The two parameters that can carry one document, and what it is wrapped in.
pub(super) struct Wrapped {
    encoded: Known,
    plain: Known,
    wrapper: &'static str,
    expected: &'static str,
}

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
        look: impl FnOnce(&Document<'_>) -> R,
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
        look: impl FnOnce(&Document<'_>) -> R,
    ) -> Result<R, Fault> {
        let mended;
        reader.take_duplicate();
        let document = match Document::read(text, reader) {
            Ok(document) => Ok(document),
            Err(error) => match json::mend(text) {
                None => Err(error),
                Some(it) => {
                    notes.push(Fault::Surrogate { place: parameter });
                    mended = it;
                    reader.take_duplicate();
                    Document::read(&mended, reader)
                }
            },
        };
        let document = document.map_err(|source| Fault::Json { parameter, source })?;
        if let Some(member) = reader.take_duplicate() {
            notes.push(Fault::Duplicate { parameter: format!("{parameter}: {member}") });
        }
        self.check(parameter, &document)?;
        Ok(look(&document))
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

    /// Checks that the wrapper is right, and that all in it describes itself.
    fn check(&self, parameter: &'static str, document: &Document<'_>) -> Result<(), Fault> {
        let wrong = Fault::Wrapper { parameter, expected: self.expected };
        if !document.schema.as_ref().is_some_and(|it| it.is_wrapper(self.wrapper)) {
            return Err(wrong);
        }
        let first_none = match &document.inside {
            Inside::List(list) if self.wrapper == CONTEXTS.wrapper => {
                list.iter().position(Option::is_none)
            }
            Inside::One(it) if self.wrapper == DESCRIBED.wrapper => it.is_none().then_some(0),
            _ => return Err(wrong),
        };
        first_none.map_or(Ok(()), |position| Err(Fault::Entity { parameter, position }))
    }
}
