//! Values of Ruby as values of the core.

use internal_events::{Id, Scalar};
use magnus::r_hash::ForEach;
use magnus::value::{ReprValue as _, Value};
use magnus::{Error, Float, Integer, RHash, RString, Symbol};

/// What stands for a value that is neither text nor number: no property may be a boolean, so the
/// core leaves it out and counts it as one of the wrong type.
const NO_SCALAR: Scalar = Scalar::Bool(true);

/// The id that a number or a text is; nothing for what is neither.
pub(crate) fn id(value: Value) -> Option<Id> {
    if let Some(integer) = Integer::from_value(value) {
        // An id beyond 64 bits is its decimal text, which is the same element.
        return Some(integer.to_i64().map_or_else(|_| integer.to_string().into(), Id::Number));
    }
    text(value).map(Id::Text)
}

/// A text in UTF-8, if it is one.
pub(crate) fn text(value: Value) -> Option<String> {
    RString::from_value(value)?.to_string().ok()
}

/// The pairs of a hash, if it is one.
pub(crate) fn scalars(value: Value) -> Result<Vec<(String, Scalar)>, Error> {
    let Some(hash) = RHash::from_value(value) else { return Ok(Vec::new()) };
    let mut scalars = Vec::with_capacity(hash.len());
    hash.foreach(|name: Value, value: Value| {
        scalars.push((key(name), scalar(value)));
        Ok(ForEach::Continue)
    })?;
    Ok(scalars)
}

fn key(name: Value) -> String {
    let symbol = Symbol::from_value(name).and_then(|it| it.name().ok());
    let name = symbol.map(std::borrow::Cow::into_owned).or_else(|| text(name));
    name.unwrap_or_else(|| "(neither a Symbol nor text)".to_owned())
}

fn scalar(value: Value) -> Scalar {
    if value.is_nil() {
        Scalar::Null
    } else if let Some(integer) = Integer::from_value(value) {
        // A number beyond 64 bits is the nearest float, as over HTTP.
        let float = || integer.to_string().parse().map_or(NO_SCALAR, Scalar::Float);
        integer.to_i64().map_or_else(|_| float(), Scalar::Int)
    } else if let Some(float) = Float::from_value(value) {
        Scalar::Float(float.to_f64())
    } else {
        text(value).map_or(NO_SCALAR, Scalar::Str)
    }
}
