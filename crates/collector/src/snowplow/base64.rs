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

/// Decodes `text`, or says at which byte it stops being base64.
pub(super) fn decode(text: &str) -> Result<Vec<u8>, usize> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len() / 4 * 3 + 3);
    let mut quads = bytes.chunks_exact(4);
    let mut done = 0;
    for quad in quads.by_ref() {
        let [a, b, c, d] = [quad[0], quad[1], quad[2], quad[3]].map(|it| TABLE[usize::from(it)]);
        if (a | b | c | d) >= 64 {
            break;
        }
        decoded.extend_from_slice(&[a << 2 | b >> 4, b << 4 | c >> 2, c << 6 | d]);
        done += 4;
    }
    decode_slowly(&bytes[done..], &mut decoded).map_err(|position| done + position)?;
    Ok(decoded)
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
