//! Self-describing JSON: the contexts of an event, and what a self-describing event describes.

use super::base64;
use super::fault::{Fault, Notes};
use super::json::{self, Reader, Tree};
use super::parameters::Parameters;
use super::schema::Schema;
use serde_json::Value;
use std::borrow::Cow;

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
    /// Reads the document with its wrapper, and lets somebody look at it; `None` where the event
    /// has none.
    pub(super) fn read<R>(
        &self,
        parameters: &Parameters<'_>,
        reader: &mut Reader,
        notes: &mut Notes,
        look: impl FnOnce(&Tree<'_>) -> R,
    ) -> Result<Option<R>, Fault> {
        let Some((parameter, text)) = self.text(parameters, notes)? else { return Ok(None) };
        let mended;
        let tree = match reader.read(&text) {
            Ok(tree) => Ok(tree),
            Err(error) => match json::mend(&text) {
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
        self.check(parameter, &tree)?;
        Ok(Some(look(&tree)))
    }

    /// The document of an event that was taken, as a value of one's own.
    pub(super) fn value(&self, parameters: &Parameters<'_>) -> Option<Value> {
        let (_, text) = self.text(parameters, &mut Notes::default()).ok()??;
        let value = serde_json::from_str(&text);
        value.or_else(|_| serde_json::from_str(&json::mend(&text).unwrap_or_default())).ok()
    }

    /// The text of the document, and in which parameter it is.
    fn text<'p>(
        &self,
        parameters: &'p Parameters<'_>,
        notes: &mut Notes,
    ) -> Result<Option<(&'static str, Cow<'p, str>)>, Fault> {
        let (encoded, plain) = (parameters.get(self.encoded), parameters.get(self.plain));
        let Some(encoded) = encoded else {
            return Ok(plain.map(|it| (self.plain, Cow::Borrowed(it))));
        };
        if plain.is_some() {
            notes.push(Fault::Both { taken: self.encoded, ignored: self.plain });
        }
        let bytes = base64::decode(encoded)
            .map_err(|position| Fault::Base64 { parameter: self.encoded, position })?;
        let text = String::from_utf8(bytes).unwrap_or_else(|error| {
            notes.push(Fault::Utf8 { place: format!("`{}`", self.encoded) });
            String::from_utf8_lossy(error.as_bytes()).into_owned()
        });
        Ok(Some((self.encoded, Cow::Owned(text))))
    }

    fn check(&self, parameter: &'static str, tree: &Tree<'_>) -> Result<(), Fault> {
        let wrong = Fault::Wrapper { parameter, expected: self.expected };
        let schema = tree.get("schema").and_then(Tree::as_text).and_then(Schema::parse);
        if !schema.is_some_and(|it| it.is_wrapper(self.wrapper)) {
            return Err(wrong);
        }
        let entities = match tree.get("data") {
            Some(Tree::List(list)) if self.wrapper == CONTEXTS.wrapper => list.as_slice(),
            Some(object @ Tree::Object(_)) if self.wrapper == DESCRIBED.wrapper => {
                std::slice::from_ref(object)
            }
            _ => return Err(wrong),
        };
        let is_described = |it: &Tree<'_>| {
            let schema = it.get("schema").and_then(Tree::as_text).and_then(Schema::parse);
            schema.is_some() && it.get("data").is_some()
        };
        match entities.iter().position(|it| !is_described(it)) {
            Some(position) => Err(Fault::Entity { parameter, position }),
            None => Ok(()),
        }
    }
}

/// The contexts of a document that was checked: schema and data of each.
pub(super) fn entities<'t>(tree: &'t Tree<'t>) -> impl Iterator<Item = (&'t str, &'t Tree<'t>)> {
    let list = match tree.get("data") {
        Some(Tree::List(list)) => list.as_slice(),
        _ => &[],
    };
    list.iter().filter_map(|it| Some((it.get("schema")?.as_text()?, it.get("data")?)))
}
