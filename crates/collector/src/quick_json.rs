//! Reads JSON of which almost always nothing is wrong.
//!
//! Takes what `serde_json` takes and shows it to visitors in the same way, for less: almost no text
//! has anything escaped in it, almost all numbers are whole and short, and such are read here. Any
//! other text or number is given to `serde_json`, as it stands.
//!
//! What is wrong is said by nobody here: whoever wants to know reads once more with `serde_json`.

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::fmt;

/// Lists and objects within each other: as many as `serde_json` takes.
const DEEPEST: usize = 127;

/// Digits of a number that fits into 64 bits, whatever they are.
const DIGITS: usize = 18;

/// It is no JSON, or whoever looked at it refused it.
#[derive(Debug)]
pub(crate) struct Refused;

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("it was refused")
    }
}

impl std::error::Error for Refused {}

impl de::Error for Refused {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self
    }
}

/// Reads a value of a text from its beginning on.
#[derive(Debug)]
pub(crate) struct QuickJson<'t> {
    text: &'t str,
    at: usize,
    depth: usize,
}

impl<'t> QuickJson<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        Self { text, at: 0, depth: 0 }
    }

    /// Makes sure that nothing follows.
    pub(crate) fn end(&mut self) -> Result<(), Refused> {
        if self.peek().is_none() { Ok(()) } else { Err(Refused) }
    }

    /// The next byte that is no space, which is still to be read.
    #[inline]
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.text.as_bytes();
        while let Some(b' ' | b'\n' | b'\t' | b'\r') = bytes.get(self.at) {
            self.at += 1;
        }
        bytes.get(self.at).copied()
    }

    fn word(&mut self, word: &str) -> Result<(), Refused> {
        let has_word = self.text.as_bytes()[self.at..].starts_with(word.as_bytes());
        self.at += word.len();
        if has_word { Ok(()) } else { Err(Refused) }
    }

    /// Reads a text, whose first quote is next.
    #[inline]
    fn string<V: Visitor<'t>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        let start = self.at + 1;
        let end = end_of_plain(self.text.as_bytes(), start);
        if self.text.as_bytes().get(end) != Some(&b'"') {
            return self.escaped(end, visitor);
        }
        self.at = end + 1;
        visitor.visit_borrowed_str(self.text.get(start..end).ok_or(Refused)?)
    }

    /// Reads a text in which something is escaped at a place.
    #[cold]
    fn escaped<V: Visitor<'t>>(&mut self, at: usize, visitor: V) -> Result<V::Value, Refused> {
        let bytes = self.text.as_bytes();
        let mut end = at;
        while let Some(b'\\') = bytes.get(end) {
            end = end_of_plain(bytes, end + 2);
        }
        if bytes.get(end) != Some(&b'"') {
            return Err(Refused);
        }
        self.with_serde_json(end + 1, visitor)
    }

    /// Reads a number.
    #[inline]
    fn number<V: Visitor<'t>>(&mut self, visitor: V) -> Result<V::Value, Refused> {
        let bytes = self.text.as_bytes();
        let is_negative = bytes.get(self.at) == Some(&b'-');
        let start = self.at + usize::from(is_negative);
        let mut end = start;
        let mut number: u64 = 0;
        while let Some(digit) = bytes.get(end).filter(|it| it.is_ascii_digit()) {
            number = number.wrapping_mul(10).wrapping_add(u64::from(digit - b'0'));
            end += 1;
        }
        let is_short = (1..=DIGITS).contains(&(end - start));
        // Nothing begins with a zero but zero, and zero with a sign is no whole number.
        let is_plain = bytes.get(start) != Some(&b'0') || (end - start == 1 && !is_negative);
        if !is_short || !is_plain || matches!(bytes.get(end), Some(b'.' | b'e' | b'E')) {
            let is_part = |it: &&u8| matches!(it, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E');
            let n = bytes[self.at..].iter().take_while(is_part).count();
            return self.with_serde_json(self.at + n, visitor);
        }
        self.at = end;
        if is_negative {
            visitor.visit_i64(-number.cast_signed())
        } else {
            visitor.visit_u64(number)
        }
    }

    /// Has a text or a number read that ends at a place.
    #[cold]
    fn with_serde_json<V: Visitor<'t>>(
        &mut self,
        end: usize,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        let text = self.text.get(self.at..end).ok_or(Refused)?;
        self.at = end;
        let mut deserializer = serde_json::Deserializer::from_str(text);
        let value = deserializer.deserialize_any(visitor).map_err(|_| Refused)?;
        deserializer.end().map_err(|_| Refused)?;
        Ok(value)
    }

    /// Goes into a list or an object, whose first bracket is next, and to its end.
    fn within<T>(
        &mut self,
        close: u8,
        visit: impl FnOnce(&mut Inside<'_, 't>) -> Result<T, Refused>,
    ) -> Result<T, Refused> {
        if self.depth == DEEPEST {
            return Err(Refused);
        }
        self.depth += 1;
        self.at += 1;
        let mut inside = Inside { json: self, close, is_first: true, is_over: false };
        let value = visit(&mut inside)?;
        if inside.goes_on()? {
            return Err(Refused);
        }
        self.depth -= 1;
        Ok(value)
    }
}

/// Finds the end of a text that begins at a place, or what is escaped or forbidden in it.
#[inline]
fn end_of_plain(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(eight) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
        let special = special_in(u64::from_le_bytes(*eight));
        if special != 0 {
            return at + special.trailing_zeros() as usize / 8;
        }
        at += 8;
        if at - start == LONG {
            at = skip_plain(bytes, at);
        }
    }
    let rest = bytes.get(at..).unwrap_or_default();
    at + rest.iter().position(|it| is_special(*it)).unwrap_or(rest.len())
}

/// Bytes after which a text is taken for a long one.
const LONG: usize = 64;

/// Goes on, many bytes at a time, while none of them is special.
fn skip_plain(bytes: &[u8], start: usize) -> usize {
    let (blocks, _) = bytes[start..].as_chunks::<32>();
    let is_plain = |it: &&[u8; 32]| !it.iter().fold(false, |any, it| any | is_special(*it));
    start + blocks.iter().take_while(is_plain).count() * 32
}

/// Ends a text, escapes something in it, or may not be in it.
fn is_special(byte: u8) -> bool {
    byte < b' ' || byte == b'"' || byte == b'\\'
}

/// The highest bit of each special byte among eight; above the lowest of them also of others.
fn special_in(eight: u64) -> u64 {
    const ONES: u64 = u64::MAX / 255;
    const HIGHEST: u64 = ONES << 7;
    let below = |it: u64, bound: u8| it.wrapping_sub(ONES * u64::from(bound)) & !it;
    let is = |byte: u8| below(eight ^ (ONES * u64::from(byte)), 1);
    (below(eight, b' ') | is(b'"') | is(b'\\')) & HIGHEST
}

impl<'t> Deserializer<'t> for &mut QuickJson<'t> {
    type Error = Refused;

    #[inline]
    fn deserialize_any<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.peek() {
            Some(b'"') => self.string(visitor),
            Some(b'{') => self.within(b'}', |it| visitor.visit_map(it)),
            Some(b'[') => self.within(b']', |it| visitor.visit_seq(it)),
            Some(b'-' | b'0'..=b'9') => self.number(visitor),
            Some(b'n') => self.word("null").and_then(|()| visitor.visit_unit()),
            Some(b't') => self.word("true").and_then(|()| visitor.visit_bool(true)),
            Some(b'f') => self.word("false").and_then(|()| visitor.visit_bool(false)),
            _ => Err(Refused),
        }
    }

    fn deserialize_option<V: Visitor<'t>>(self, visitor: V) -> Result<V::Value, Refused> {
        match self.peek() {
            Some(b'n') => self.word("null").and_then(|()| visitor.visit_none()),
            _ => visitor.visit_some(self),
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'t>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Refused> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'t>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// What is in a list or an object.
struct Inside<'q, 't> {
    json: &'q mut QuickJson<'t>,
    close: u8,
    is_first: bool,
    is_over: bool,
}

impl Inside<'_, '_> {
    /// Tells whether there is one more, and goes to where it begins.
    #[inline]
    fn goes_on(&mut self) -> Result<bool, Refused> {
        if self.is_over {
            return Ok(false);
        }
        match self.json.peek() {
            Some(byte) if byte == self.close => {
                self.json.at += 1;
                self.is_over = true;
                return Ok(false);
            }
            Some(b',') if !self.is_first => self.json.at += 1,
            Some(_) if self.is_first => self.is_first = false,
            _ => return Err(Refused),
        }
        Ok(true)
    }
}

impl<'t> MapAccess<'t> for Inside<'_, 't> {
    type Error = Refused;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'t>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, Refused> {
        if !self.goes_on()? {
            return Ok(None);
        }
        if self.json.peek() != Some(b'"') {
            return Err(Refused);
        }
        seed.deserialize(&mut *self.json).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'t>>(&mut self, seed: V) -> Result<V::Value, Refused> {
        if self.json.peek() != Some(b':') {
            return Err(Refused);
        }
        self.json.at += 1;
        seed.deserialize(&mut *self.json)
    }
}

impl<'t> SeqAccess<'t> for Inside<'_, 't> {
    type Error = Refused;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'t>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Refused> {
        if !self.goes_on()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.json).map(Some)
    }
}

#[cfg(test)]
mod tests;
