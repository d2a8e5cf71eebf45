//! What tells a bit that flipped on the disk from one that was written.
//!
//! ```text
//! checksum := hash(column*)      of the row's other columns, in their order, each in eight bytes
//! column   := integer            little-endian; a binary64 by its bits
//!           | hash(byte*)        of text and blobs, little-endian
//! ```
//!
//! The hash is that of the sketches, MurmurHash64A with Redis' seed. Every step of it can be
//! undone, so that a change within eight bytes in a row always changes the sum; any other goes
//! unnoticed once in 2^64. It guards against disks, not against people.

use internal_events_hll::hash;

/// One column of a row.
#[derive(Debug, Clone, Copy)]
pub(super) enum Column<'a> {
    Integer(u64),
    Bytes(&'a [u8]),
}

/// As many columns as the widest table has beside its checksum.
const MOST: usize = 6;

/// Returns the checksum of a row, as SQLite keeps it.
pub(super) fn checksum(columns: &[Column<'_>]) -> i64 {
    let mut bytes = [0; 8 * MOST];
    let used = &mut bytes[..8 * columns.len()];
    let (places, _) = used.as_chunks_mut::<8>();
    for (place, column) in places.iter_mut().zip(columns) {
        *place = match column {
            Column::Integer(number) => *number,
            Column::Bytes(bytes) => hash(bytes),
        }
        .to_le_bytes();
    }
    hash(used).cast_signed()
}

/// Returns whether a row is as it was written. Rows of formats before the third have no checksum.
pub(super) fn is_whole(stored: Option<i64>, columns: &[Column<'_>]) -> bool {
    stored.is_none_or(|it| it == checksum(columns))
}

impl From<u64> for Column<'_> {
    fn from(number: u64) -> Self {
        Self::Integer(number)
    }
}

impl From<u32> for Column<'_> {
    fn from(number: u32) -> Self {
        Self::Integer(number.into())
    }
}

impl From<i64> for Column<'_> {
    fn from(number: i64) -> Self {
        Self::Integer(number.cast_unsigned())
    }
}

impl From<f64> for Column<'_> {
    fn from(number: f64) -> Self {
        Self::Integer(number.to_bits())
    }
}

impl<'a> From<&'a [u8]> for Column<'a> {
    fn from(bytes: &'a [u8]) -> Self {
        Self::Bytes(bytes)
    }
}

impl<'a> From<&'a str> for Column<'a> {
    fn from(text: &'a str) -> Self {
        Self::Bytes(text.as_bytes())
    }
}
