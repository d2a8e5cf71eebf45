//! Who or what an event is about: a record with an id, or the id itself.

use crate::convert::{id, text};
use crate::installation::error_class;
use internal_events::Id;
use magnus::value::{LazyId, ReprValue as _, Value};
use magnus::{Error, Integer, IntoValue as _, RString, Ruby, Symbol};

static ID: LazyId = LazyId::new("id");

/// Why something gives no id.
pub(crate) enum Unfit {
    /// It is none and has none; said so that it goes on after a name.
    NoId(String),
    /// The application raised this when it was asked.
    Raised(Error),
}

/// Finds the id of something; nothing for what has none yet.
///
/// # Errors
///
/// If it can have none, or raises when it is asked.
pub(crate) fn of(ruby: &Ruby, value: Value) -> Result<Option<Id>, Unfit> {
    if value.is_nil() {
        return Ok(None);
    }
    if let Some(id) = plain(value) {
        return id.map(Some);
    }
    let found: Value =
        value.funcall_public(*ID, ()).map_err(|it| unless_it_has_none(ruby, it, value))?;
    if found.is_nil() {
        return Ok(None);
    }
    let unfit = || {
        let [found, value] = [found, value].map(|it| it.class().to_string());
        let why = "should have an id that is an Integer or a String, got";
        Err(Unfit::NoId(format!("{why} {found} of a {value}")))
    };
    plain(found).unwrap_or_else(unfit).map(Some)
}

/// The same for Ruby: nil, an Integer or a String.
pub(crate) fn for_ruby(ruby: &Ruby, value: Value) -> Result<Value, Error> {
    match of(ruby, value) {
        Ok(None) => Ok(ruby.qnil().as_value()),
        Ok(Some(Id::Number(it))) => Ok(it.into_value_with(ruby)),
        Ok(Some(Id::Text(it))) => Ok(it.into_value_with(ruby)),
        Err(Unfit::NoId(why)) => {
            Err(Error::new(error_class(ruby, "InvalidPropertyTypeError"), why))
        }
        Err(Unfit::Raised(error)) => Err(error),
    }
}

/// What is an id already, if it is one.
fn plain(value: Value) -> Option<Result<Id, Unfit>> {
    if Integer::from_value(value).is_some() {
        return id(value).map(Ok);
    }
    let string = RString::from_value(value)?;
    let unfit = || Unfit::NoId("should be an id, got text that is no valid UTF-8".to_owned());
    Some(text(string.as_value()).map(Id::Text).ok_or_else(unfit))
}

/// What was raised, or that there was nobody to raise: a thing without an `id`.
fn unless_it_has_none(ruby: &Ruby, error: Error, value: Value) -> Unfit {
    let is_missing = error.is_kind_of(ruby.exception_no_method_error())
        && error
            .value()
            .and_then(|it| it.funcall::<_, _, Symbol>("name", ()).ok())
            .is_some_and(|it| it == *ID);
    if is_missing {
        return Unfit::NoId(format!("should be an id, or have one, got {}", value.class()));
    }
    Unfit::Raised(error)
}
