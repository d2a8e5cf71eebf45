//! The string Redis keeps under the key: read and written.
//!
//! The layout is drawn on the crate's front page. Reading checks everything an estimate or an
//! update relies on, so that no later step can fail.

use std::error::Error;
use std::fmt;

use crate::dense::{DENSE_BYTES, Dense};
use crate::sparse::{Malformed, Sparse};
use crate::{CachedCount, MAX_RANK, REGISTERS, Registers, Sketch};

/// Bytes before the registers.
pub(crate) const HEADER_BYTES: usize = 16;

const MAGIC: [u8; 4] = *b"HYLL";
const DENSE: u8 = 0;
const SPARSE: u8 = 1;

impl Sketch {
    /// Writes the string Redis keeps for this sketch: what `GET` returns and `SET` accepts.
    ///
    /// At most 12,304 bytes, and at most 3,000 while the sketch is sparse.
    pub fn to_bytes(&self) -> Vec<u8> {
        let (encoding, registers) = match &self.registers {
            Registers::Sparse(sparse) => (SPARSE, sparse.opcodes()),
            Registers::Dense(dense) => (DENSE, dense.packed()),
        };
        let mut bytes = Vec::with_capacity(HEADER_BYTES + registers.len());
        bytes.extend_from_slice(&MAGIC);
        bytes.extend_from_slice(&[encoding, 0, 0, 0]);
        bytes.extend_from_slice(&self.cached_count.0.to_le_bytes());
        bytes.extend_from_slice(registers);
        bytes
    }

    /// Reads a string that [`Self::to_bytes`] or Redis wrote.
    ///
    /// What is accepted is kept to the byte: `from_bytes(b)?.to_bytes() == b`. That includes a
    /// cached count, which [`Self::estimate`] never believes.
    ///
    /// # Errors
    ///
    /// Refuses every string whose registers Redis refuses to read, and three kinds that Redis reads
    /// although no command of its own writes them:
    ///
    /// * reserved header bytes that are not zero, for they may mean something one day;
    /// * a dense register above 51, which no hash produces and the estimate leaves out;
    /// * an `XZERO` opcode cut in half by the end of the string, where Redis takes the zero byte
    ///   that follows every string in memory for the other half.
    ///
    /// Redis checks opcodes only when it walks them, so a damaged key may go on answering its
    /// cached count for a while. Here they are checked at once.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let len = bytes.len();
        let (header, registers) =
            bytes.split_first_chunk::<HEADER_BYTES>().ok_or(DecodeError::TooShort { len })?;
        let (magic, rest) = header.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(DecodeError::NotHyll);
        }
        let &[encoding, reserved_1, reserved_2, reserved_3, ref cached @ ..] = rest else {
            return Err(DecodeError::TooShort { len });
        };
        if [reserved_1, reserved_2, reserved_3] != [0; 3] {
            return Err(DecodeError::ReservedBytes);
        }
        let registers = match encoding {
            DENSE => Registers::Dense(read_dense(registers)?),
            SPARSE => Registers::Sparse(Sparse::from_opcodes(registers)?),
            encoding => return Err(DecodeError::UnknownEncoding { encoding }),
        };
        let cached = cached.first_chunk().ok_or(DecodeError::TooShort { len })?;
        Ok(Self { cached_count: CachedCount(u64::from_le_bytes(*cached)), registers })
    }
}

fn read_dense(registers: &[u8]) -> Result<Dense, DecodeError> {
    let packed: &[u8; DENSE_BYTES] = registers
        .try_into()
        .map_err(|_| DecodeError::DenseLength { len: HEADER_BYTES + registers.len() })?;
    Dense::from_packed(packed)
        .map_err(|(register, value)| DecodeError::ImpossibleRegister { register, value })
}

/// Why bytes are not a sketch.
///
/// Nothing here says how to repair them: a sketch keeps no redundancy, so a damaged one is lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum DecodeError {
    /// The string ends within the header.
    TooShort {
        /// Length of the string.
        len: usize,
    },
    /// The string does not begin with `HYLL`.
    NotHyll,
    /// The header names an encoding that is neither dense nor sparse: a newer format.
    UnknownEncoding {
        /// The byte found.
        encoding: u8,
    },
    /// The three reserved bytes are not zero: a newer format, or damage.
    ReservedBytes,
    /// A dense string is not exactly as long as its registers need.
    DenseLength {
        /// Length of the string.
        len: usize,
    },
    /// A dense register holds a value that no element produces.
    ImpossibleRegister {
        /// Number of the register, from 0.
        register: usize,
        /// The value found.
        value: u8,
    },
    /// The last sparse opcode lacks its second byte.
    CutOpcode {
        /// Where in the string the opcode begins.
        offset: usize,
    },
    /// The sparse opcodes go beyond the last register.
    TooManyRegisters {
        /// Where in the string the first opcode beyond begins.
        offset: usize,
    },
    /// The sparse opcodes end before the last register.
    TooFewRegisters {
        /// How many registers are covered.
        registers: usize,
    },
}

impl From<Malformed> for DecodeError {
    fn from(malformed: Malformed) -> Self {
        match malformed {
            Malformed::CutOpcode { offset } => Self::CutOpcode { offset: HEADER_BYTES + offset },
            Malformed::Excess { offset } => {
                Self::TooManyRegisters { offset: HEADER_BYTES + offset }
            }
            Malformed::Missing { registers } => Self::TooFewRegisters { registers },
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::TooShort { len } => {
                write!(f, "a sketch has a header of {HEADER_BYTES} bytes, this string has {len}")
            }
            Self::NotHyll => write!(f, "a sketch begins with `HYLL`, this string does not"),
            Self::UnknownEncoding { encoding } => {
                write!(f, "unknown encoding {encoding}, known are 0 (dense) and 1 (sparse)")
            }
            Self::ReservedBytes => write!(f, "the reserved header bytes 5 to 7 are not zero"),
            Self::DenseLength { len } => {
                let expected = HEADER_BYTES + DENSE_BYTES;
                write!(f, "a dense sketch has {expected} bytes, this string has {len}")
            }
            Self::ImpossibleRegister { register, value } => {
                write!(f, "register {register} holds {value}, the highest possible is {MAX_RANK}")
            }
            Self::CutOpcode { offset } => {
                write!(f, "the opcode at byte {offset} lacks its second byte")
            }
            Self::TooManyRegisters { offset } => {
                write!(f, "the opcode at byte {offset} goes beyond register {}", REGISTERS - 1)
            }
            Self::TooFewRegisters { registers } => {
                write!(f, "the opcodes cover {registers} of {REGISTERS} registers")
            }
        }
    }
}

impl Error for DecodeError {}

#[cfg(test)]
mod tests;
