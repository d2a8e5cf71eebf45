//! The body of a POST: `{"schema": "…/payload_data/jsonschema/1-0-4", "data": [{…}, …]}`.

use super::fault::{Fault, Notes, repeat};
use super::json::{self, Reader};
use super::parameters::Parameters;
use super::schema::Schema;
use crate::quick_json::QuickJson;
use serde::Deserialize;
use serde::de::{
    DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor, value,
};
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::fmt;

/// Events in one request. A full body of 2 MiB has about 4,000 ordinary ones; a list of empty
/// objects could have 700,000.
pub(super) const MAX_EVENTS: usize = 5_000;

/// What a body is wrapped in.
const WRAPPER: &str = "payload_data";

/// Takes a body apart into the texts of its events.
pub(super) fn parse(body: &str) -> Result<Vec<&str>, Fault> {
    let envelope: Envelope<'_> = serde_json::from_str(body).map_err(|error| {
        if error.is_data() { Fault::Envelope(error) } else { Fault::Body(error) }
    })?;
    if body.trim_ascii_start().starts_with('[') {
        // What serde derives also takes the members of an object as a list.
        return Err(Fault::Envelope(serde_json::Error::custom("expected an object, not a list")));
    }
    let schema = envelope.schema.unwrap_or_default();
    if !Schema::parse(schema.as_str()).is_some_and(|it| it.is_wrapper(WRAPPER)) {
        return Err(Fault::EnvelopeSchema { given: repeat(&schema) });
    }
    match envelope.data {
        Some(Items { n, .. }) if n > MAX_EVENTS => {
            Err(Fault::TooManyEvents { given: n, at_most: MAX_EVENTS })
        }
        Some(Items { list, .. }) if !list.is_empty() => {
            Ok(list.into_iter().map(RawValue::get).collect())
        }
        _ => Err(Fault::NoEvents),
    }
}

#[derive(Deserialize)]
struct Envelope<'a> {
    schema: Option<String>,
    #[serde(borrow)]
    data: Option<Items<'a>>,
}

/// The first items of a list, and how many there are.
struct Items<'a> {
    list: Vec<&'a RawValue>,
    n: usize,
}

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ItemsVisitor)
    }
}

struct ItemsVisitor;

impl<'de> Visitor<'de> for ItemsVisitor {
    type Value = Items<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Items<'de>, A::Error> {
        let mut list = Vec::new();
        while list.len() < MAX_EVENTS {
            let Some(item) = items.next_element()? else { break };
            list.push(item);
        }
        let mut n = list.len();
        if n == MAX_EVENTS {
            while items.next_element::<IgnoredAny>()?.is_some() {
                n += 1;
            }
        }
        Ok(Items { list, n })
    }
}

/// Reads a body in one go and hands out one event after the other; `None` if anything in it is
/// wrong, or handed back as wrong.
///
/// Then [`parse`] and [`read_event`] say what: they know the text of each event, which costs a
/// second look at all of it.
pub(super) fn read_at_once<'a>(
    body: &'a str,
    reader: &mut Reader,
    take: &mut impl FnMut(Parameters<'a>, Notes, &mut Reader) -> Option<()>,
) -> Option<()> {
    let mut json = QuickJson::new(body);
    json.deserialize_map(WholeVisitor { reader, take }).ok()?;
    json.end().ok()
}

/// Reads the text of one event.
pub(super) fn read_event<'a>(
    text: &'a str,
    reader: &mut Reader,
    notes: &mut Notes,
) -> Result<Parameters<'a>, Fault> {
    let error = match members(text, reader) {
        Ok(members) => return members.into_parameters(notes),
        Err(error) => error,
    };
    let Some(mended) = json::mend(text) else { return Err(Fault::Event(error)) };
    notes.push(Fault::Surrogate { place: "the event" });
    let members = members(&mended, reader).map_err(Fault::Event)?;
    Ok(members.into_parameters(notes)?.into_owned())
}

/// The members of an event.
#[derive(Default)]
struct Members<'a> {
    n: usize,
    parameters: Parameters<'a>,
    /// What is odd about their names.
    notes: Notes,
    /// What is no text.
    not_text: Notes,
    /// Why there are no parameters.
    fault: Option<Fault>,
}

impl<'a> Members<'a> {
    fn add(&mut self, name: Cow<'a, str>, (value, kind): Found<'a>) {
        self.n += 1;
        if let Some(kind) = kind {
            self.not_text.push(Fault::NotText { parameter: repeat(&name), kind });
        }
        if self.fault.is_none() {
            self.fault = self.parameters.add(name, value, &mut self.notes).err();
        }
    }

    fn into_parameters(self, notes: &mut Notes) -> Result<Parameters<'a>, Fault> {
        if self.n > MAX_MEMBERS {
            return Err(Fault::TooManyParameters { at_most: MAX_MEMBERS });
        }
        notes.append(self.not_text);
        notes.append(self.notes);
        self.fault.map_or(Ok(self.parameters), Err)
    }
}

/// Members of an event, those that are given twice included.
const MAX_MEMBERS: usize = 2 * super::parameters::MAX_PARAMETERS;

fn members<'a>(text: &'a str, reader: &mut Reader) -> serde_json::Result<Members<'a>> {
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let mut members = Members::default();
    // Its end was found when the body was taken apart.
    deserializer.deserialize_map(MembersVisitor { reader, members: &mut members })?;
    Ok(members)
}

/// Reads members to where they stay, for together they are large.
struct MembersVisitor<'r, 'a> {
    reader: &'r mut Reader,
    members: &'r mut Members<'a>,
}

impl<'de> Visitor<'de> for MembersVisitor<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object of texts")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let Self { reader, members } = self;
        members.parameters.reserve();
        while let Some(Text(name)) = from.next_key()? {
            if members.n < MAX_MEMBERS {
                let found = from.next_value_seed(Given(reader))?;
                members.add(name, found);
            } else {
                members.n = MAX_MEMBERS + 1;
                from.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

/// Reads a whole body, of which nothing may be wrong.
struct WholeVisitor<'r, T> {
    reader: &'r mut Reader,
    take: &'r mut T,
}

impl<'de, T> Visitor<'de> for WholeVisitor<'_, T>
where
    T: FnMut(Parameters<'de>, Notes, &mut Reader) -> Option<()>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("`payload_data`")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut from: A) -> Result<(), A::Error> {
        let (mut has_schema, mut has_data) = (false, false);
        while let Some(Text(name)) = from.next_key()? {
            match name.as_ref() {
                "schema" if !has_schema => {
                    let Text(schema) = from.next_value()?;
                    has_schema =
                        Schema::parse(schema.as_ref()).is_some_and(|it| it.is_wrapper(WRAPPER));
                    if !has_schema {
                        return Err(A::Error::custom("another schema"));
                    }
                }
                "data" if !has_data => {
                    let (reader, take) = (&mut *self.reader, &mut *self.take);
                    from.next_value_seed(EventsVisitor { reader, take })?;
                    has_data = true;
                }
                "schema" | "data" => return Err(A::Error::custom("given twice")),
                _ => drop(from.next_value::<IgnoredAny>()?),
            }
        }
        if has_schema && has_data { Ok(()) } else { Err(A::Error::custom("something is missing")) }
    }
}

/// Reads the list of events of such a body.
struct EventsVisitor<'r, T> {
    reader: &'r mut Reader,
    take: &'r mut T,
}

impl<'de, T> DeserializeSeed<'de> for EventsVisitor<'_, T>
where
    T: FnMut(Parameters<'de>, Notes, &mut Reader) -> Option<()>,
{
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, T> Visitor<'de> for EventsVisitor<'_, T>
where
    T: FnMut(Parameters<'de>, Notes, &mut Reader) -> Option<()>,
{
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of events")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        let mut n = 0;
        let mut members = Members::default();
        let reader = self.reader;
        while items.next_element_seed(MembersVisitor { reader, members: &mut members })?.is_some() {
            let mut notes = Notes::default();
            let members = std::mem::take(&mut members);
            let parameters = members.into_parameters(&mut notes).map_err(A::Error::custom)?;
            n += 1;
            if n > MAX_EVENTS || (self.take)(parameters, notes, reader).is_none() {
                return Err(A::Error::custom("something is wrong"));
            }
        }
        if n == 0 { Err(A::Error::custom("no events")) } else { Ok(()) }
    }
}

impl<'de> DeserializeSeed<'de> for MembersVisitor<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

/// Text that borrows from the body where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Reads a value as text; where it is something else, also says what.
///
/// A null is as good as an empty text, as GitLab's forwarding makes it. A list or an object is
/// its JSON: contexts that somebody forgot to write as text can so be read all the same.
struct Given<'r>(&'r mut Reader);

type Found<'de> = (Cow<'de, str>, Option<&'static str>);

impl<'de> DeserializeSeed<'de> for Given<'_> {
    type Value = Found<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Found<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Given<'_> {
    type Value = Found<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_borrowed_str<E: Error>(self, it: &'de str) -> Result<Found<'de>, E> {
        Ok((Cow::Borrowed(it), None))
    }

    fn visit_str<E: Error>(self, it: &str) -> Result<Found<'de>, E> {
        Ok((Cow::Owned(it.to_owned()), None))
    }

    fn visit_unit<E: Error>(self) -> Result<Found<'de>, E> {
        Ok((Cow::Borrowed(""), Some("null")))
    }

    fn visit_bool<E: Error>(self, it: bool) -> Result<Found<'de>, E> {
        Ok((Cow::Borrowed(if it { "true" } else { "false" }), Some("a boolean")))
    }

    fn visit_i64<E: Error>(self, it: i64) -> Result<Found<'de>, E> {
        Ok((Cow::Owned(it.to_string()), Some("a number")))
    }

    fn visit_u64<E: Error>(self, it: u64) -> Result<Found<'de>, E> {
        Ok((Cow::Owned(it.to_string()), Some("a number")))
    }

    fn visit_f64<E: Error>(self, it: f64) -> Result<Found<'de>, E> {
        Ok((Cow::Owned(serde_json::Value::from(it).to_string()), Some("a number")))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<Found<'de>, A::Error> {
        let value = self.0.node().deserialize(value::SeqAccessDeserializer::new(items))?;
        Ok((Cow::Owned(value.to_string()), Some("a list")))
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Found<'de>, A::Error> {
        let value = self.0.node().deserialize(value::MapAccessDeserializer::new(members))?;
        Ok((Cow::Owned(value.to_string()), Some("an object")))
    }
}
