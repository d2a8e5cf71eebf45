//! JSON of strangers, within bounds.

use super::fault::repeat;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};
use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;

/// Lists and objects within each other: what Snowplow takes, and far from what exhausts a stack
/// when the value is read or written again inside of another.
const MAX_DEPTH: usize = 50;

/// Values in the contexts of one request. A value takes up to 40 times the bytes it was written
/// in, so that bounding the body does not bound them; 50 events with three contexts each have
/// under 10,000.
pub(super) const MAX_VALUES: usize = 200_000;

/// Bytes of text for each value in the contexts of GitLab are a few more than this.
const BYTES_PER_VALUE: usize = 24;

/// Values that room is made for before they are read: what is said of a text is said by strangers.
const MANY: usize = 256;

/// What is known while the values of a request are read.
#[derive(Debug)]
pub(super) struct Reader {
    n_left: usize,
    duplicate: Option<String>,
    /// Room for texts that come encoded.
    pub(super) decoded: Vec<u8>,
}

impl Default for Reader {
    fn default() -> Self {
        Self { n_left: MAX_VALUES, duplicate: None, decoded: Vec::new() }
    }
}

impl Reader {
    /// Reads a whole text as one value.
    pub(super) fn read<'t>(&mut self, text: &'t str) -> serde_json::Result<Tree<'t>> {
        self.duplicate = None;
        let mut values = Vec::with_capacity((text.len() / BYTES_PER_VALUE).min(MANY));
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let name = Cow::Borrowed("");
        Branch { reader: self, values: &mut values, depth: 0, name }
            .deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(Tree { values })
    }

    /// Counts a value before it is read.
    fn count<E: Error>(&mut self, depth: usize) -> Result<(), E> {
        if depth > MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH}")));
        }
        let n_left = self.n_left.checked_sub(1);
        self.n_left = n_left
            .ok_or_else(|| E::custom(format!("more than {MAX_VALUES} values in one request")))?;
        Ok(())
    }

    /// The name that the value read last has twice in one object.
    pub(super) fn take_duplicate(&mut self) -> Option<String> {
        self.duplicate.take()
    }

    /// What reads one value where it stands.
    pub(super) fn node(&mut self) -> Node<'_> {
        Node { reader: self, depth: 0 }
    }
}

/// Reads one value.
pub(super) struct Node<'r> {
    reader: &'r mut Reader,
    depth: usize,
}

impl Node<'_> {
    fn child(&mut self) -> Node<'_> {
        Node { reader: self.reader, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Node<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        self.reader.count(self.depth)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Node<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E: Error>(self, it: bool) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_i64<E: Error>(self, it: i64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_u64<E: Error>(self, it: u64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_f64<E: Error>(self, it: f64) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_str<E: Error>(self, it: &str) -> Result<Value, E> {
        Ok(it.into())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.child())? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(self.child())?;
            match object.entry(name) {
                Entry::Vacant(entry) => {
                    entry.insert(value);
                }
                Entry::Occupied(mut entry) => {
                    self.reader.duplicate.get_or_insert_with(|| repeat(entry.key()));
                    entry.insert(value);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

/// JSON that borrows from its text: what is read once and thrown away needs neither copies nor
/// hashes, and only one allocation.
///
/// Values stand in one list, each before what is in it. There is at least one.
#[derive(Debug)]
pub(super) struct Tree<'t> {
    values: Vec<Placed<'t>>,
}

/// A value at its place in the list.
#[derive(Debug)]
struct Placed<'t> {
    /// Its name, if it is a member of an object.
    name: Cow<'t, str>,
    leaf: Leaf<'t>,
    /// How many of the values after it are in it.
    n_within: usize,
    /// Whether a later member of the same object has the same name.
    is_replaced: bool,
}

#[derive(Debug)]
enum Leaf<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    List,
    Object,
}

impl Tree<'_> {
    /// All of it.
    pub(super) fn root(&self) -> Part<'_> {
        Part { values: &self.values }
    }
}

/// One value of a tree, with what is in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'t> {
    /// The value, those in it, and perhaps others.
    values: &'t [Placed<'t>],
}

/// What a value is.
#[derive(Clone, Debug)]
pub(super) enum Is<'t> {
    Null,
    Bool(bool),
    Number(&'t Number),
    Text(&'t str),
    List(Parts<'t>),
    Object(Parts<'t>),
}

impl<'t> Part<'t> {
    pub(super) fn is(self) -> Is<'t> {
        let (first, others) = self.values.split_first().expect("invariant: a part has a value");
        let within = || Parts { values: &others[..first.n_within] };
        match &first.leaf {
            Leaf::Null => Is::Null,
            Leaf::Bool(it) => Is::Bool(*it),
            Leaf::Number(it) => Is::Number(it),
            Leaf::Text(it) => Is::Text(it),
            Leaf::List => Is::List(within()),
            Leaf::Object => Is::Object(within()),
        }
    }

    /// A member of an object.
    pub(super) fn get(self, name: &str) -> Option<Self> {
        match self.is() {
            Is::Object(mut members) => members.find(|(it, _)| *it == name).map(|(_, part)| part),
            _ => None,
        }
    }

    pub(super) fn as_text(self) -> Option<&'t str> {
        match self.is() {
            Is::Text(it) => Some(it),
            _ => None,
        }
    }
}

/// The items of a list, or the members of an object with their names; of several with one name
/// the last.
#[derive(Clone, Debug)]
pub(super) struct Parts<'t> {
    values: &'t [Placed<'t>],
}

impl<'t> Iterator for Parts<'t> {
    type Item = (&'t str, Part<'t>);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let values = self.values;
            let first = values.first()?;
            self.values = &values[1 + first.n_within..];
            if !first.is_replaced {
                return Some((&first.name, Part { values }));
            }
        }
    }
}

/// The names of an object while it is read.
#[derive(Debug, Default)]
struct Names<'t> {
    n: usize,
    /// One bit for some of the names: where it is not set, a name is new.
    seen: u64,
    /// Where names stand once there are many: looking through a long list for each of its
    /// members would give strangers a way to keep us busy.
    places: Option<HashMap<Cow<'t, str>, usize>>,
}

/// Members of an object that are looked through; GitLab's contexts have about twenty.
const FEW: usize = 64;

impl<'t> Names<'t> {
    /// Adds the name of the value at a place; tells where the one stands that had it before.
    fn add(&mut self, values: &[Placed<'t>], object: usize, place: usize) -> Option<usize> {
        let name = &values[place].name;
        let bit = bit(name);
        let is_new = self.seen & bit == 0;
        self.seen |= bit;
        self.n += 1;
        if self.n > FEW {
            self.add_to_many(values, object, place)
        } else if is_new {
            None
        } else {
            members(values, object, place).find(|it| values[*it].name == *name)
        }
    }

    #[cold]
    fn add_to_many(&mut self, values: &[Placed<'t>], object: usize, place: usize) -> Option<usize> {
        let name = |place: usize| values[place].name.clone();
        let places = self.places.get_or_insert_with(|| {
            members(values, object, place).map(|it| (name(it), it)).collect()
        });
        places.insert(name(place), place)
    }
}

/// Where the members of an object stand that are before a place and not replaced.
fn members(values: &[Placed<'_>], object: usize, end: usize) -> impl Iterator<Item = usize> {
    let next = |it: &usize| Some(*it + 1 + values[*it].n_within);
    std::iter::successors(Some(object + 1), next)
        .take_while(move |it| *it < end)
        .filter(|it| !values[*it].is_replaced)
}

/// One bit of 64 that depends on a name's length and its ends.
fn bit(name: &str) -> u64 {
    let end = |it: Option<&u8>| it.copied().map_or(0, usize::from);
    let bytes = name.as_bytes();
    1 << ((bytes.len() * 7 + end(bytes.first()) * 3 + end(bytes.last()) * 11) % 64)
}

/// Adds one value to the list of a tree.
struct Branch<'r, 't> {
    reader: &'r mut Reader,
    values: &'r mut Vec<Placed<'t>>,
    depth: usize,
    name: Cow<'t, str>,
}

impl<'t> Branch<'_, 't> {
    fn child(&mut self, name: Cow<'t, str>) -> Branch<'_, 't> {
        Branch { reader: self.reader, values: self.values, depth: self.depth + 1, name }
    }

    /// Adds the value; tells where it stands.
    fn add(&mut self, leaf: Leaf<'t>) -> usize {
        let name = std::mem::take(&mut self.name);
        self.values.push(Placed { name, leaf, n_within: 0, is_replaced: false });
        self.values.len() - 1
    }
}

impl<'de> DeserializeSeed<'de> for Branch<'_, 'de> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        self.reader.count(self.depth)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Branch<'_, 'de> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(mut self) -> Result<(), E> {
        self.add(Leaf::Null);
        Ok(())
    }

    fn visit_bool<E: Error>(mut self, it: bool) -> Result<(), E> {
        self.add(Leaf::Bool(it));
        Ok(())
    }

    fn visit_i64<E: Error>(mut self, it: i64) -> Result<(), E> {
        self.add(Leaf::Number(it.into()));
        Ok(())
    }

    fn visit_u64<E: Error>(mut self, it: u64) -> Result<(), E> {
        self.add(Leaf::Number(it.into()));
        Ok(())
    }

    fn visit_f64<E: Error>(mut self, it: f64) -> Result<(), E> {
        self.add(Number::from_f64(it).map_or(Leaf::Null, Leaf::Number));
        Ok(())
    }

    fn visit_borrowed_str<E: Error>(mut self, it: &'de str) -> Result<(), E> {
        self.add(Leaf::Text(Cow::Borrowed(it)));
        Ok(())
    }

    fn visit_str<E: Error>(mut self, it: &str) -> Result<(), E> {
        self.add(Leaf::Text(Cow::Owned(it.to_owned())));
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<(), A::Error> {
        let list = self.add(Leaf::List);
        while items.next_element_seed(self.child(Cow::Borrowed("")))?.is_some() {}
        self.values[list].n_within = self.values.len() - list - 1;
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut from: A) -> Result<(), A::Error> {
        let object = self.add(Leaf::Object);
        let mut names = Names::default();
        while let Some(Name(name)) = from.next_key()? {
            let place = self.values.len();
            from.next_value_seed(self.child(name))?;
            if let Some(earlier) = names.add(self.values, object, place) {
                self.values[earlier].is_replaced = true;
                let name = &self.values[place].name;
                self.reader.duplicate.get_or_insert_with(|| repeat(name));
            }
        }
        self.values[object].n_within = self.values.len() - object - 1;
        Ok(())
    }
}

/// Text that borrows where nothing in it is escaped.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

/// Replaces escaped halves of surrogate pairs; `None` where there are none.
///
/// `JSON.stringify` writes them for a text that was cut within an emoji, and no parser that
/// wants Unicode takes them; the other events of a batch should not be lost for it.
pub(super) fn mend(text: &str) -> Option<String> {
    let mut mended = String::new();
    let mut copied = 0;
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|it| it.find('\\')) {
        let start = at + found;
        // A backslash and what it escapes are at least two bytes, the second perhaps not ASCII.
        at = start + 2;
        while at < text.len() && !text.is_char_boundary(at) {
            at += 1;
        }
        match (escaped(text, start), escaped(text, start + 6)) {
            (Some(0xD800..0xDC00), Some(0xDC00..0xE000)) => at = start + 12,
            (Some(0xD800..0xE000), _) => {
                mended.push_str(&text[copied..start]);
                mended.push_str("\\ufffd");
                at = start + 6;
                copied = at;
            }
            _ => {}
        }
    }
    if copied == 0 {
        return None;
    }
    mended.push_str(&text[copied..]);
    Some(mended)
}

/// The number after `\u` at `start`.
fn escaped(text: &str, start: usize) -> Option<u32> {
    let digits = text.get(start..start + 6)?.strip_prefix("\\u")?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    u32::from_str_radix(digits, 16).ok().filter(|_| is_hex)
}

#[cfg(test)]
mod tests;
