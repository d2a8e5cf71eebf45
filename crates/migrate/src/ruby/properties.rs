//! Label, property, value and custom fields: additional properties of internal events.

use super::file::{File, New, refusal};
use super::model::{Arg, Shape, Value};
use crate::edit::Edits;
use crate::site::{Property, PropertyType, Reason, Refusal};

impl File<'_> {
    /// Makes an argument an additional property, or drops it if properties are not kept.
    pub(super) fn add_property(&self, arg: &Arg, new: &mut New) -> Result<(), Refusal> {
        let Some((key, value)) = arg.keyword() else { return Ok(()) };
        if matches!(value.shape, Shape::Nil) {
            new.notes.push(format!("`{key}` was always empty and is gone."));
            return Ok(());
        }
        if self.drops_properties() {
            new.notes
                .push(format!("`{key}` is not tracked any more: `{}`.", self.short(&value.range)));
            return Ok(());
        }
        let of_type = type_of(value);
        self.fits(key, value, of_type, arg)?;
        new.properties.push(self.property(arg));
        new.has_short |= arg.is_short();
        let example = example(value, self.code(&value.range));
        new.found.properties.insert(key.to_owned(), Property { of_type, example });
        Ok(())
    }

    /// A property as it is written: symbols become text, which internal events ask for.
    pub(super) fn property(&self, arg: &Arg) -> String {
        let mut edits = Edits::default();
        if let Some((_, value)) = arg.keyword() {
            symbols_to_text(value, arg.range.start, &mut edits);
        }
        edits.apply(self.code(&arg.range))
    }

    /// Whether internal events take such a value.
    fn fits(
        &self,
        key: &str,
        value: &Value,
        of_type: PropertyType,
        arg: &Arg,
    ) -> Result<(), Refusal> {
        let written = self.short(&arg.range);
        let refuse = |what: &str, advice: &str| {
            let what = format!("`{written}` is {what}");
            Err(refusal(Reason::UnknownArgument, what, advice))
        };
        if matches!(key, "user" | "project" | "namespace") {
            return refuse("no property", "These names are those of identifiers.");
        }
        match &value.shape {
            Shape::Boolean => refuse(
                "neither text nor a number",
                "Internal events take text and numbers only: write `'true'` or `'false'`.",
            ),
            Shape::Array(_) | Shape::Hash | Shape::Lambda | Shape::Own => refuse(
                "neither text nor a number",
                "Internal events take text and numbers only: make one property of each of its \
                 parts, or leave it out.",
            ),
            _ => match (key, of_type) {
                ("label" | "property", PropertyType::Number) => {
                    refuse("a number", "Internal events take text here: add `.to_s`.")
                }
                ("value", PropertyType::Text) => {
                    refuse("text", "Internal events take a number here: use `property` for text.")
                }
                _ => Ok(()),
            },
        }
    }
}

/// A text in single quotes, if it can be.
pub(super) fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('\'', "\\'");
    format!("'{escaped}'")
}

fn symbols_to_text(value: &Value, start: usize, edits: &mut Edits) {
    match &value.shape {
        Shape::Symbol(it) => {
            edits.replace(value.range.start - start..value.range.end - start, quoted(it));
        }
        Shape::Either(two) => two.iter().for_each(|it| symbols_to_text(it, start, edits)),
        _ => {}
    }
}

fn type_of(value: &Value) -> PropertyType {
    match &value.shape {
        Shape::Text(_) | Shape::Symbol(_) | Shape::Interpolated => PropertyType::Text,
        Shape::Number => PropertyType::Number,
        Shape::Either(two) => match (type_of(&two[0]), type_of(&two[1])) {
            (one, other) if one == other => one,
            _ => PropertyType::Unknown,
        },
        Shape::Call(it) => match it.name.as_str() {
            "to_s" | "name" | "humanize" | "underscore" | "parameterize" => PropertyType::Text,
            "to_i" | "to_f" | "count" | "size" | "length" | "id" => PropertyType::Number,
            _ => PropertyType::Unknown,
        },
        _ => PropertyType::Unknown,
    }
}

fn example(value: &Value, written: &str) -> Option<String> {
    match &value.shape {
        Shape::Number => Some(written.to_owned()),
        _ => value.literal().map(str::to_owned),
    }
}
