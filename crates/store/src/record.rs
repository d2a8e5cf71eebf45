//! The bytes of one commit group in the journal.
//!
//! ```text
//! stored  := group
//!          | 02 varint byte*                length of the group in bytes, then the group as a block
//!                                           of LZ4
//! group   := 01 record*                     until the bytes end
//! record  := time catalog event updates
//! time    := varint                         milliseconds since the record before (the first: since
//!                                           1970), zigzag: 0, -1, 1, -2, 2 as 0, 1, 2, 3, 4
//! catalog := 00                             that of the record before
//!          | 01 byte[8]                     fingerprint, little-endian; always so in the first
//! event   := varint byte*                   length in bytes, then the event
//! updates := varint update*                 length in bytes, then the updates
//! update  := varint change                  4 · key id + kind
//! change  := varint                         kind 0, total: the amount
//!          | varint byte*                   kind 1, unique: length, then the element
//!          | byte[8]                        kind 2, sum: the amount, binary64, little-endian
//!          | varint byte*                   kind 3, per value: length, then the value
//! varint  := byte{1,10}                     seven bits each, lowest first, high bit: more follow;
//!                                           never longer than needed
//! ```
//!
//! A length stands before the event and before the updates, so that counting skips the event and
//! printing may skip the updates. Nothing here allocates while decoding, whatever the bytes say, but
//! room for a group that is packed. The worked example is in `docs/store-format.md`.

mod packed;

use self::packed::pack;
pub use self::packed::unpack;
use crate::{Change, Entry, Kind};

/// First byte of a group: the version of everything after it.
pub const VERSION: u8 = 1;

const SAME_CATALOG: u8 = 0;
const NEW_CATALOG: u8 = 1;

/// Why bytes are no group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DecodeError {
    /// The first byte names a version this program does not know.
    #[error("unknown version {0} of the record format")]
    Version(u8),
    /// The bytes end in the middle of something.
    #[error("the bytes end too early")]
    Truncated,
    /// What was packed cannot be unpacked.
    #[error("a packed group cannot be unpacked")]
    Packed,
    /// A number is longer than needed or does not fit.
    #[error("a number is badly encoded")]
    Varint,
    /// The marker before a fingerprint is neither 0 nor 1, or the first record has none.
    #[error("the catalog's fingerprint is missing or badly marked")]
    Catalog,
    /// A key has number 0 or one beyond 32 bits.
    #[error("{0} is not the number of a key")]
    Key(u64),
    /// The bytes are not those that were written.
    #[error("the checksum is not that of the bytes")]
    Checksum,
    /// The group has more or fewer entries than the journal says.
    #[error("the group has {found} entries where the journal says {expected}")]
    Count {
        /// What the journal says.
        expected: u64,
        /// What is there.
        found: u64,
    },
}

/// Encodes groups; keeps its buffers.
#[derive(Debug, Default)]
pub struct Encoder {
    group: Vec<u8>,
    updates: Vec<u8>,
    packed: Vec<u8>,
}

impl Encoder {
    /// Encodes the entries of a group; `key_id` gives the stored number of an interned key.
    ///
    /// Numbers of keys start at 1.
    pub fn encode(&mut self, entries: &[Entry<'_>], key_id: impl Fn(crate::Key) -> u32) -> &[u8] {
        self.group.clear();
        self.group.push(VERSION);
        let mut time = 0;
        let mut catalog = None;
        for entry in entries {
            push_varint(&mut self.group, zigzag(entry.accepted_at.wrapping_sub(time)));
            time = entry.accepted_at;
            if catalog == Some(entry.catalog) {
                self.group.push(SAME_CATALOG);
            } else {
                self.group.push(NEW_CATALOG);
                self.group.extend_from_slice(&entry.catalog.to_le_bytes());
                catalog = Some(entry.catalog);
            }
            push_bytes(&mut self.group, entry.event);
            self.updates.clear();
            for update in entry.updates {
                push_update(&mut self.updates, key_id(update.key), &update.change);
            }
            push_bytes(&mut self.group, &self.updates);
        }
        &self.group
    }

    /// Returns what was encoded last.
    pub fn last(&self) -> &[u8] {
        &self.group
    }

    /// Returns what was encoded last as it is stored: packed, where that saves something.
    pub fn stored(&mut self) -> &[u8] {
        if pack(&self.group, &mut self.packed) { &self.packed } else { &self.group }
    }
}

fn push_update(out: &mut Vec<u8>, key_id: u32, change: &Change<'_>) {
    push_varint(out, u64::from(key_id) << 2 | tag(change.kind()));
    match *change {
        Change::Add(amount) => push_varint(out, amount),
        Change::Observe(bytes) | Change::Count(bytes) => push_bytes(out, bytes),
        Change::Sum(amount) => out.extend_from_slice(&amount.to_le_bytes()),
    }
}

fn tag(kind: Kind) -> u64 {
    match kind {
        Kind::Total => 0,
        Kind::Unique => 1,
        Kind::Sum => 2,
        Kind::PerValue => 3,
    }
}

fn push_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    push_varint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

fn push_varint(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(low_seven_bits(number) | 0x80);
        number >>= 7;
    }
    out.push(low_seven_bits(number));
}

fn low_seven_bits(number: u64) -> u8 {
    number.to_le_bytes()[0] & 0x7f
}

fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

/// Starts to decode a group.
///
/// # Errors
///
/// Fails if the bytes are of another version or none at all.
pub fn decode(group: &[u8]) -> Result<Records<'_>, DecodeError> {
    match group.split_first() {
        None => Err(DecodeError::Truncated),
        Some((&VERSION, rest)) => Ok(Records { rest: Bytes(rest), time: 0, catalog: None }),
        Some((&version, _)) => Err(DecodeError::Version(version)),
    }
}

/// The records of a group, one after the other; ends at the end or after the first error.
#[derive(Debug, Clone)]
pub struct Records<'a> {
    rest: Bytes<'a>,
    time: i64,
    catalog: Option<u64>,
}

/// One record, borrowed from its group.
#[derive(Debug, Clone)]
pub struct Record<'a> {
    /// When the event was accepted: milliseconds since 1970 in UTC.
    pub accepted_at: i64,
    /// Fingerprint of the catalog that routed it.
    pub catalog: u64,
    /// The event itself.
    pub event: &'a [u8],
    /// What it was routed to.
    pub updates: Updates<'a>,
}

impl<'a> Records<'a> {
    fn record(&mut self) -> Result<Record<'a>, DecodeError> {
        self.time = self.time.wrapping_add(unzigzag(self.rest.varint()?));
        match self.rest.byte()? {
            SAME_CATALOG => {}
            NEW_CATALOG => self.catalog = Some(u64::from_le_bytes(self.rest.array()?)),
            _ => return Err(DecodeError::Catalog),
        }
        let event = self.rest.bytes()?;
        let updates = Updates { rest: Bytes(self.rest.bytes()?) };
        let catalog = self.catalog.ok_or(DecodeError::Catalog)?;
        Ok(Record { accepted_at: self.time, catalog, event, updates })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.0.is_empty() {
            return None;
        }
        let record = self.record();
        if record.is_err() {
            self.rest = Bytes(&[]);
        }
        Some(record)
    }
}

/// The updates of a record, one after the other; ends at the end or after the first error.
#[derive(Debug, Clone)]
pub struct Updates<'a> {
    rest: Bytes<'a>,
}

impl<'a> Updates<'a> {
    #[inline]
    fn update(&mut self) -> Result<(u32, Change<'a>), DecodeError> {
        let key_and_kind = self.rest.varint()?;
        let key_id = key_and_kind >> 2;
        let key_id =
            u32::try_from(key_id).ok().filter(|&it| it > 0).ok_or(DecodeError::Key(key_id))?;
        let change = match key_and_kind & 3 {
            0 => Change::Add(self.rest.varint()?),
            1 => Change::Observe(self.rest.bytes()?),
            2 => Change::Sum(f64::from_le_bytes(self.rest.array()?)),
            _ => Change::Count(self.rest.bytes()?),
        };
        Ok((key_id, change))
    }
}

impl<'a> Iterator for Updates<'a> {
    /// Number of the key, and what happens to its counter.
    type Item = Result<(u32, Change<'a>), DecodeError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.0.is_empty() {
            return None;
        }
        let update = self.update();
        if update.is_err() {
            self.rest = Bytes(&[]);
        }
        Some(update)
    }
}

/// What is left to decode.
#[derive(Debug, Clone, Copy)]
struct Bytes<'a>(&'a [u8]);

impl<'a> Bytes<'a> {
    #[inline]
    fn byte(&mut self) -> Result<u8, DecodeError> {
        let (&byte, rest) = self.0.split_first().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(byte)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (array, rest) = self.0.split_first_chunk().ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(*array)
    }

    #[inline]
    fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let len = usize::try_from(self.varint()?).map_err(|_| DecodeError::Truncated)?;
        let (bytes, rest) = self.0.split_at_checked(len).ok_or(DecodeError::Truncated)?;
        self.0 = rest;
        Ok(bytes)
    }

    #[inline]
    fn varint(&mut self) -> Result<u64, DecodeError> {
        let first = self.byte()?;
        if first < 0x80 {
            return Ok(u64::from(first));
        }
        let mut number = u64::from(first & 0x7f);
        for shift in (7..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                return Err(DecodeError::Varint);
            }
            number |= bits << shift;
            if byte < 0x80 {
                // A last byte without bits says nothing: one number has one encoding.
                return if byte == 0 { Err(DecodeError::Varint) } else { Ok(number) };
            }
        }
        Err(DecodeError::Varint)
    }
}

#[cfg(test)]
mod tests;
