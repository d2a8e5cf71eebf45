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

/// What is known while the values of a request are read.
#[derive(Debug)]
pub(super) struct Reader {
    n_left: usize,
    duplicate: Option<String>,
}

impl Default for Reader {
    fn default() -> Self {
        Self { n_left: MAX_VALUES, duplicate: None }
    }
}

impl Reader {
    /// Reads a whole text as one value.
    pub(super) fn read<'t>(&mut self, text: &'t str) -> serde_json::Result<Tree<'t>> {
        self.duplicate = None;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let tree = Branch { reader: self, depth: 0 }.deserialize(&mut deserializer)?;
        deserializer.end()?;
        Ok(tree)
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

/// JSON that borrows from its text, with objects as lists: what is read once and thrown away needs
/// neither copies nor hashes.
#[derive(Debug)]
pub(super) enum Tree<'t> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'t, str>),
    List(Vec<Self>),
    Object(Members<'t>),
}

impl Tree<'_> {
    /// A member of an object.
    pub(super) fn get(&self, name: &str) -> Option<&Self> {
        match self {
            Self::Object(members) => members.get(name),
            _ => None,
        }
    }

    pub(super) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(it) => Some(it),
            _ => None,
        }
    }
}

/// The members of an object, each name once, in the order in which they came.
#[derive(Debug, Default)]
pub(super) struct Members<'t> {
    list: Vec<(Cow<'t, str>, Tree<'t>)>,
    /// One bit for some of the names: where it is not set, a name is new.
    seen: u64,
    /// Where names stand once there are many: looking through a long list for each of its
    /// members would give strangers a way to keep us busy.
    places: HashMap<Cow<'t, str>, usize>,
}

/// Members of an object that are looked through; GitLab's contexts have about twenty.
const FEW: usize = 64;

impl<'t> Members<'t> {
    pub(super) fn get(&self, name: &str) -> Option<&Tree<'t>> {
        self.iter().find(|(it, _)| *it == name).map(|(_, value)| value)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &Tree<'t>)> {
        self.list.iter().map(|(name, value)| (name.as_ref(), value))
    }

    /// Adds a member; tells whether there was one of that name, whose value it takes.
    fn insert(&mut self, name: Cow<'t, str>, value: Tree<'t>) -> bool {
        let bit = bit(&name);
        let place = if self.list.len() >= FEW {
            self.place_among_many(&name)
        } else if self.seen & bit == 0 {
            None
        } else {
            self.list.iter().position(|(it, _)| *it == name)
        };
        if let Some(place) = place {
            self.list[place].1 = value;
            return true;
        }
        self.seen |= bit;
        if self.list.len() >= FEW {
            self.places.insert(name.clone(), self.list.len());
        }
        self.list.push((name, value));
        false
    }

    fn place_among_many(&mut self, name: &str) -> Option<usize> {
        if self.places.is_empty() {
            let names = self.list.iter().enumerate();
            self.places = names.map(|(place, (name, _))| (name.clone(), place)).collect();
        }
        self.places.get(name).copied()
    }
}

/// One bit of 64 that depends on a name's length and its ends.
fn bit(name: &str) -> u64 {
    let end = |it: Option<&u8>| it.copied().map_or(0, usize::from);
    let bytes = name.as_bytes();
    1 << ((bytes.len() * 7 + end(bytes.first()) * 3 + end(bytes.last()) * 11) % 64)
}

/// Reads one value as a tree.
struct Branch<'r> {
    reader: &'r mut Reader,
    depth: usize,
}

impl Branch<'_> {
    fn child(&mut self) -> Branch<'_> {
        Branch { reader: self.reader, depth: self.depth + 1 }
    }
}

impl<'de> DeserializeSeed<'de> for Branch<'_> {
    type Value = Tree<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree<'de>, D::Error> {
        self.reader.count(self.depth)?;
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Branch<'_> {
    type Value = Tree<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Tree<'de>, E> {
        Ok(Tree::Null)
    }

    fn visit_bool<E: Error>(self, it: bool) -> Result<Tree<'de>, E> {
        Ok(Tree::Bool(it))
    }

    fn visit_i64<E: Error>(self, it: i64) -> Result<Tree<'de>, E> {
        Ok(Tree::Number(it.into()))
    }

    fn visit_u64<E: Error>(self, it: u64) -> Result<Tree<'de>, E> {
        Ok(Tree::Number(it.into()))
    }

    fn visit_f64<E: Error>(self, it: f64) -> Result<Tree<'de>, E> {
        Ok(Number::from_f64(it).map_or(Tree::Null, Tree::Number))
    }

    fn visit_borrowed_str<E: Error>(self, it: &'de str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(Cow::Borrowed(it)))
    }

    fn visit_str<E: Error>(self, it: &str) -> Result<Tree<'de>, E> {
        Ok(Tree::Text(Cow::Owned(it.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Tree<'de>, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.child())? {
            list.push(item);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut from: A) -> Result<Tree<'de>, A::Error> {
        let mut members = Members::default();
        while let Some(Name(name)) = from.next_key()? {
            let value = from.next_value_seed(self.child())?;
            if self.reader.duplicate.is_some() {
                members.insert(name, value);
            } else {
                let repeated = name.clone();
                if members.insert(name, value) {
                    self.reader.duplicate = Some(repeat(&repeated));
                }
            }
        }
        Ok(Tree::Object(members))
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
