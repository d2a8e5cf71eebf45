//! Self-describing JSON, read in one go: its wrapper, what is wrapped, and what of that is counted.
//!
//! ```text
//!  {"schema": wrapper, "data": [{"schema": …, "data": {…}}, …]}      contexts
//!  {"schema": wrapper, "data": {"schema": …, "data": {…}}}           what an event describes
//! ```
//!
//! Nothing is built of what nobody reads. It is looked at all the same: for how deep it is, how
//! many values it has, and whether an object has a name twice; then the last one is taken.

use super::json::Reader;
use super::schema::Schema;
use crate::quick_json::QuickJson;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::marker::PhantomData;

/// A whole document.
#[derive(Debug, Default)]
pub(super) struct Document<'t> {
    pub(super) schema: Option<Schema<'t>>,
    pub(super) inside: Inside<'t>,
    /// The data of the entities, which are large and stay where they are.
    data: Vec<Members<'t>>,
}

/// What is in the wrapper; where an entity should be and is none, there is `None`.
#[derive(Debug, Default)]
pub(super) enum Inside<'t> {
    List(Vec<Option<Entity<'t>>>),
    One(Option<Entity<'t>>),
    #[default]
    Neither,
}

/// A context, or what an event describes.
#[derive(Debug)]
pub(super) struct Entity<'t> {
    schema: Schema<'t>,
    data: Data,
}

/// Where the data of an entity is; nowhere if it is no object.
#[derive(Clone, Copy, Debug)]
struct Data(Option<usize>);

/// What counting reads of the data of an entity, whatever its schema is.
#[derive(Debug, Default)]
pub(super) struct Members<'t> {
    leaves: [Option<Leaf<'t>>; N_MEMBERS],
    pub(super) extra: Option<Extra<'t>>,
}

/// Those whose values have no others in them.
#[derive(Clone, Copy, Debug)]
pub(super) enum Member {
    Source,
    UserId,
    ProjectId,
    NamespaceId,
    EventName,
}

const N_MEMBERS: usize = 5;

impl Member {
    fn find(name: &str) -> Option<Self> {
        Some(match name {
            "source" => Self::Source,
            "user_id" => Self::UserId,
            "project_id" => Self::ProjectId,
            "namespace_id" => Self::NamespaceId,
            "event_name" => Self::EventName,
            _ => return None,
        })
    }
}

impl<'t> Members<'t> {
    pub(super) fn get(&self, member: Member) -> Option<&Leaf<'t>> {
        self.leaves[member as usize].as_ref()
    }

    /// The value if it is a text.
    pub(super) fn text(&self, member: Member) -> Option<&str> {
        if let Leaf::Text(it) = self.get(member)? { Some(it) } else { None }
    }
}

/// Members of the object `extra`, or what it is instead.
#[derive(Debug)]
pub(super) enum Extra<'t> {
    Object(Vec<(Cow<'t, str>, Leaf<'t>)>),
    Null,
    Other,
}

/// A value, of which nothing is known if there are others in it.
#[derive(Debug)]
pub(super) enum Leaf<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    List,
    Object,
}

impl<'t> Leaf<'t> {
    fn into_schema(self) -> Option<Schema<'t>> {
        if let Self::Text(it) = self { Schema::parse(it) } else { None }
    }
}

impl<'t> Document<'t> {
    pub(super) fn read(text: &'t str, reader: &mut Reader) -> serde_json::Result<Self> {
        let n_left = reader.n_left();
        let mut quick = QuickJson::new(text);
        if let Ok(document) = Self::read_by(&mut quick, reader)
            && quick.end().is_ok()
        {
            return Ok(document);
        }
        reader.start_again(n_left);
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let document = Self::read_by(&mut deserializer, reader)?;
        deserializer.end()?;
        Ok(document)
    }

    fn read_by<D: Deserializer<'t>>(
        deserializer: D,
        reader: &mut Reader,
    ) -> Result<Self, D::Error> {
        let (stack, data) = (Vec::with_capacity(A_FEW), Vec::with_capacity(2));
        let mut read = Read { reader, names: stack, data };
        let document: Self = read.value(0).deserialize(deserializer)?;
        Ok(Self { data: read.data, ..document })
    }

    /// What is wrapped: the schema of each, and of its data what counting reads, if it is an
    /// object.
    pub(super) fn entities(&self) -> impl Iterator<Item = (&Schema<'t>, Option<&Members<'t>>)> {
        let entities = match &self.inside {
            Inside::List(list) => list.as_slice(),
            Inside::One(it) => std::slice::from_ref(it),
            Inside::Neither => &[],
        };
        let data = |it: &Entity<'t>| it.data.0.map(|place| &self.data[place]);
        entities.iter().flatten().map(move |it| (&it.schema, data(it)))
    }
}

/// Members of an object that are looked through; GitLab's contexts have about twenty.
pub(super) const A_FEW: usize = 64;

/// What has been read of a document.
struct Read<'r, 't> {
    reader: &'r mut Reader,
    /// The names in the objects that are open, each object's after those of the one it is in.
    names: Vec<Cow<'t, str>>,
    data: Vec<Members<'t>>,
}

impl<'r, 't> Read<'r, 't> {
    /// What reads one value as something.
    fn value<T: Shape<'t>>(&mut self, depth: usize) -> Place<'_, 'r, 't, T> {
        Place { read: self, depth, shape: PhantomData }
    }

    /// Goes through an object; returns whether it has a name twice.
    fn walk<A: MapAccess<'t>>(
        &mut self,
        mut members: A,
        mut take: impl FnMut(&mut Self, &Cow<'t, str>, &mut A) -> Result<(), A::Error>,
    ) -> Result<bool, A::Error> {
        let mut own = Own { first: self.names.len(), seen: 0, many: None };
        let mut is_twice = false;
        while let Some(Name(name)) = members.next_key()? {
            take(self, &name, &mut members)?;
            if own.has(&self.names, &name) {
                is_twice = true;
                self.reader.note_duplicate(&name);
            }
            self.names.push(name);
        }
        self.names.truncate(own.first);
        Ok(is_twice)
    }
}

/// Text that borrows where nothing in it is escaped.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Which of the names are those of one object.
struct Own<'t> {
    first: usize,
    /// One bit for some of the names: where it is not set, a name is new.
    seen: u64,
    /// All of them once there are many: looking through a long list for each member would give
    /// strangers a way to keep us busy.
    many: Option<HashSet<Cow<'t, str>>>,
}

impl<'t> Own<'t> {
    /// Tells whether a name was there before.
    #[expect(clippy::ptr_arg, reason = "it is kept where there are many")]
    fn has(&mut self, stack: &[Cow<'t, str>], name: &Cow<'t, str>) -> bool {
        let bit = bit(name);
        let may_have = self.seen & bit != 0;
        self.seen |= bit;
        let names = &stack[self.first..];
        if names.len() < A_FEW {
            return may_have && names.contains(name);
        }
        let many = self.many.get_or_insert_with(|| names.iter().cloned().collect());
        !many.insert(name.clone())
    }
}

/// One bit of 64 that depends on a name's length and its ends.
fn bit(name: &str) -> u64 {
    let end = |it: Option<&u8>| it.copied().map_or(0, usize::from);
    let bytes = name.as_bytes();
    1 << ((bytes.len() * 7 + end(bytes.first()) * 3 + end(bytes.last()) * 11) % 64)
}

/// What a value is read as.
trait Shape<'t>: Sized {
    /// Makes it of a value that has no others in it, or whose others nobody reads.
    fn of(leaf: Leaf<'t>) -> Self;

    fn list<A: SeqAccess<'t>>(
        read: &mut Read<'_, 't>,
        depth: usize,
        mut items: A,
    ) -> Result<Self, A::Error> {
        while items.next_element_seed(read.value::<()>(depth))?.is_some() {}
        Ok(Self::of(Leaf::List))
    }

    fn object<A: MapAccess<'t>>(
        read: &mut Read<'_, 't>,
        depth: usize,
        members: A,
    ) -> Result<Self, A::Error> {
        read.walk(members, |read, _, members| members.next_value_seed(read.value::<()>(depth)))?;
        Ok(Self::of(Leaf::Object))
    }
}

/// What nobody reads.
impl Shape<'_> for () {
    fn of(_: Leaf<'_>) {}
}

impl<'t> Shape<'t> for Leaf<'t> {
    fn of(leaf: Self) -> Self {
        leaf
    }
}

impl<'t> Shape<'t> for Extra<'t> {
    fn of(leaf: Leaf<'t>) -> Self {
        if let Leaf::Null = leaf { Self::Null } else { Self::Other }
    }

    fn object<A: MapAccess<'t>>(
        read: &mut Read<'_, 't>,
        depth: usize,
        members: A,
    ) -> Result<Self, A::Error> {
        let mut list = Vec::new();
        let is_twice = read.walk(members, |read, name, members| {
            let leaf = members.next_value_seed(read.value(depth))?;
            list.push((name.clone(), leaf));
            Ok(())
        })?;
        if is_twice {
            keep_the_last(&mut list);
        }
        Ok(Self::Object(list))
    }
}

/// Takes out every member after which there is another with the same name.
#[cold]
fn keep_the_last(list: &mut Vec<(Cow<'_, str>, Leaf<'_>)>) {
    let names = list.iter().map(|(name, _)| name.clone());
    let last: HashMap<_, usize> = names.enumerate().map(|(at, name)| (name, at)).collect();
    let mut at = 0;
    list.retain(|(name, _)| {
        at += 1;
        last.get(name) == Some(&(at - 1))
    });
}

impl<'t> Shape<'t> for Data {
    fn of(_: Leaf<'t>) -> Self {
        Self(None)
    }

    fn object<A: MapAccess<'t>>(
        read: &mut Read<'_, 't>,
        depth: usize,
        from: A,
    ) -> Result<Self, A::Error> {
        let place = read.data.len();
        read.data.push(Members::default());
        read.walk(from, |read, name, from| {
            if name == "extra" {
                let extra = from.next_value_seed(read.value(depth))?;
                read.data[place].extra = Some(extra);
            } else if let Some(member) = Member::find(name) {
                let leaf = from.next_value_seed(read.value(depth))?;
                read.data[place].leaves[member as usize] = Some(leaf);
            } else {
                from.next_value_seed(read.value::<()>(depth))?;
            }
            Ok(())
        })?;
        Ok(Self(Some(place)))
    }
}

impl<'t> Shape<'t> for Option<Entity<'t>> {
    fn of(_: Leaf<'t>) -> Self {
        None
    }

    fn object<A: MapAccess<'t>>(
        read: &mut Read<'_, 't>,
        depth: usize,
        from: A,
    ) -> Result<Self, A::Error> {
        let (mut schema, mut data) = (None, None);
        read.walk(from, |read, name, from| {
            match name.as_ref() {
                "schema" => {
                    schema = from.next_value_seed(read.value::<Leaf<'_>>(depth))?.into_schema();
                }
                "data" => data = Some(from.next_value_seed(read.value(depth))?),
                _ => from.next_value_seed(read.value::<()>(depth))?,
            }
            Ok(())
        })?;
        Ok(schema.zip(data).map(|(schema, data)| Entity { schema, data }))
    }
}

impl<'t> Shape<'t> for Inside<'t> {
    fn of(_: Leaf<'t>) -> Self {
        Self::Neither
    }

    fn list<A: SeqAccess<'t>>(
        read: &mut Read<'_, 't>,
        depth: usize,
        mut items: A,
    ) -> Result<Self, A::Error> {
        let mut list = Vec::new();
        while let Some(entity) = items.next_element_seed(read.value(depth))? {
            list.push(entity);
        }
        Ok(Self::List(list))
    }

    fn object<A: MapAccess<'t>>(
        read: &mut Read<'_, 't>,
        depth: usize,
        from: A,
    ) -> Result<Self, A::Error> {
        Shape::object(read, depth, from).map(Self::One)
    }
}

impl<'t> Shape<'t> for Document<'t> {
    fn of(_: Leaf<'t>) -> Self {
        Self::default()
    }

    fn object<A: MapAccess<'t>>(
        read: &mut Read<'_, 't>,
        depth: usize,
        from: A,
    ) -> Result<Self, A::Error> {
        let mut document = Self::default();
        read.walk(from, |read, name, from| {
            match name.as_ref() {
                "schema" => {
                    let schema: Leaf<'_> = from.next_value_seed(read.value(depth))?;
                    document.schema = schema.into_schema();
                }
                "data" => document.inside = from.next_value_seed(read.value(depth))?,
                _ => from.next_value_seed(read.value::<()>(depth))?,
            }
            Ok(())
        })?;
        Ok(document)
    }
}

/// Where a value stands that is read as `T`.
struct Place<'p, 'r, 't, T> {
    read: &'p mut Read<'r, 't>,
    depth: usize,
    shape: PhantomData<T>,
}

impl<'de, T: Shape<'de>> DeserializeSeed<'de> for Place<'_, '_, 'de, T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        self.read.reader.count(self.depth)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de, T: Shape<'de>> Visitor<'de> for Place<'_, '_, 'de, T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<T, E> {
        Ok(T::of(Leaf::Null))
    }

    fn visit_bool<E: Error>(self, it: bool) -> Result<T, E> {
        Ok(T::of(Leaf::Bool(it)))
    }

    fn visit_i64<E: Error>(self, it: i64) -> Result<T, E> {
        Ok(T::of(Leaf::Number(it.into())))
    }

    fn visit_u64<E: Error>(self, it: u64) -> Result<T, E> {
        Ok(T::of(Leaf::Number(it.into())))
    }

    fn visit_f64<E: Error>(self, it: f64) -> Result<T, E> {
        Ok(T::of(Number::from_f64(it).map_or(Leaf::Null, Leaf::Number)))
    }

    fn visit_borrowed_str<E: Error>(self, it: &'de str) -> Result<T, E> {
        Ok(T::of(Leaf::Text(Cow::Borrowed(it))))
    }

    fn visit_str<E: Error>(self, it: &str) -> Result<T, E> {
        Ok(T::of(Leaf::Text(Cow::Owned(it.to_owned()))))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, items: A) -> Result<T, A::Error> {
        T::list(self.read, self.depth + 1, items)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<T, A::Error> {
        T::object(self.read, self.depth + 1, members)
    }
}

#[cfg(test)]
mod tests;
