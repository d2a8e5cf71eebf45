//! JSON of strangers, within bounds.

use super::fault::repeat;
use serde::de::{DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::map::Entry;
use serde_json::{Map, Value};
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
    /// Room for texts that come encoded.
    pub(super) decoded: Vec<u8>,
}

impl Default for Reader {
    fn default() -> Self {
        Self { n_left: MAX_VALUES, duplicate: None, decoded: Vec::new() }
    }
}

impl Reader {
    /// Counts a value before it is read.
    pub(super) fn count<E: Error>(&mut self, depth: usize) -> Result<(), E> {
        if depth > MAX_DEPTH {
            return Err(E::custom(format!("nested deeper than {MAX_DEPTH}")));
        }
        let n_left = self.n_left.checked_sub(1);
        self.n_left = n_left
            .ok_or_else(|| E::custom(format!("more than {MAX_VALUES} values in one request")))?;
        Ok(())
    }

    /// How many values may still come.
    pub(super) fn n_left(&self) -> usize {
        self.n_left
    }

    /// Forgets what was read since so many values might come, for it is read once more.
    pub(super) fn start_again(&mut self, n_left: usize) {
        (self.n_left, self.duplicate) = (n_left, None);
    }

    /// Notes a name that an object has twice.
    #[cold]
    pub(super) fn note_duplicate(&mut self, name: &str) {
        self.duplicate.get_or_insert_with(|| repeat(name));
    }

    /// The first name, of all that were read since this was asked, that an object has twice.
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
                    self.reader.note_duplicate(entry.key());
                    entry.insert(value);
                }
            }
        }
        Ok(Value::Object(object))
    }
}

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
