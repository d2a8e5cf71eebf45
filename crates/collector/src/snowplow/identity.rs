//! What makes two events the same.

use super::parameters::Parameters;
use sha2::{Digest as _, Sha256};

/// Hashes all that an event says but `stm`, the time of sending.
///
/// A tracker that got no answer sends the same event again with a new `stm`, and nothing else
/// changed. The order of parameters makes no difference. The key is the same on every machine
/// and in every version, for it outlives a restart: the first 16 bytes of the SHA-256 over name
/// and value of each parameter, sorted by name, each text after its length in eight bytes, the
/// lowest first.
pub fn content_key(parameters: &Parameters<'_>) -> [u8; 16] {
    let sorted = parameters.sorted().into_iter().filter(|(name, _)| *name != "stm");
    let mut hash = Sha256::new();
    for text in sorted.flat_map(|(name, value)| [name, value]) {
        hash.update((text.len() as u64).to_le_bytes());
        hash.update(text);
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hash.finalize()[..16]);
    key
}
