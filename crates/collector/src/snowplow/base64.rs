//! Base64 as trackers write it: either alphabet, with or without padding.

/// What a byte stands for: below 64 six bits, else one of these.
const FOREIGN: u8 = 255;
const SKIPPED: u8 = 254;
const PADDING: u8 = 253;

const TABLE: [u8; 256] = table();

/// A space stands for the `+` that a query turned into it, and line breaks (as MIME wants them)
/// for nothing.
const fn table() -> [u8; 256] {
    let mut table = [FOREIGN; 256];
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut six_bits = 0;
    while six_bits < 64 {
        #[expect(clippy::cast_possible_truncation, reason = "it is below 64")]
        let value = six_bits as u8;
        table[alphabet[six_bits] as usize] = value;
        six_bits += 1;
    }
    table[b'-' as usize] = 62;
    table[b' ' as usize] = 62;
    table[b'_' as usize] = 63;
    table[b'\r' as usize] = SKIPPED;
    table[b'\n' as usize] = SKIPPED;
    table[b'=' as usize] = PADDING;
    table
}

/// Decodes `text` in place of what `decoded` had, or says at which byte it stops being base64.
pub(super) fn decode(text: &str, decoded: &mut Vec<u8>) -> Result<(), usize> {
    // Almost all are of one alphabet throughout, and are decoded many characters at a time.
    for alphabet in [base64_simd::URL_SAFE_NO_PAD, base64_simd::STANDARD_NO_PAD] {
        decoded.clear();
        if alphabet.decode_append(without_padding(text), decoded).is_ok() {
            return Ok(());
        }
    }
    decoded.clear();
    decode_slowly(text.as_bytes(), decoded)
}

/// Takes the padding off where there is as much of it as there should be.
fn without_padding(text: &str) -> &str {
    match text.len() % 4 {
        0 => text.strip_suffix("==").or_else(|| text.strip_suffix('=')).unwrap_or(text),
        _ => text,
    }
}

/// Decodes what may hold line breaks, padding, and an incomplete end.
fn decode_slowly(bytes: &[u8], decoded: &mut Vec<u8>) -> Result<(), usize> {
    let mut held: u32 = 0;
    let mut n_held = 0;
    let mut is_padded = false;
    for (position, byte) in bytes.iter().enumerate() {
        let value = TABLE[usize::from(*byte)];
        match value {
            SKIPPED => {}
            PADDING if n_held >= 2 || is_padded => is_padded = true,
            0..64 if !is_padded => {
                held = held << 6 | u32::from(value);
                n_held += 1;
                if n_held == 4 {
                    decoded.extend_from_slice(&held.to_be_bytes()[1..]);
                    (held, n_held) = (0, 0);
                }
            }
            _ => return Err(position),
        }
    }
    match n_held {
        0 => {}
        2 => decoded.extend_from_slice(&(held << 12).to_be_bytes()[1..2]),
        3 => decoded.extend_from_slice(&(held << 6).to_be_bytes()[1..3]),
        // One character holds too few bits for a byte: something was cut off.
        _ => return Err(bytes.len()),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
