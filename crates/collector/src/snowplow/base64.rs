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

/// The same for each place in a group of four: the six bits where they belong among 24, or
/// [`NO_BITS`].
static SHIFTED: [[u32; 256]; 4] = [shifted(18), shifted(12), shifted(6), shifted(0)];

const NO_BITS: u32 = 1 << 31;

const fn shifted(by: u32) -> [u32; 256] {
    let mut shifted = [NO_BITS; 256];
    let mut byte = 0;
    while byte < 256 {
        if TABLE[byte] < 64 {
            shifted[byte] = (TABLE[byte] as u32) << by;
        }
        byte += 1;
    }
    shifted
}

/// Decodes `text` in place of what `decoded` had, or says at which byte it stops being base64.
pub(super) fn decode(text: &str, decoded: &mut Vec<u8>) -> Result<(), usize> {
    let (groups, _) = text.as_bytes().as_chunks::<8>();
    decoded.clear();
    decoded.resize(groups.len() * 6, 0);
    let mut n_done = 0;
    // Eight characters at a time, which make 48 bits, as long as each of them stands for six.
    for (group, place) in groups.iter().zip(decoded.as_chunks_mut::<6>().0) {
        let at = |it: usize| SHIFTED[it % 4][usize::from(group[it])];
        let high = at(0) | at(1) | at(2) | at(3);
        let low = at(4) | at(5) | at(6) | at(7);
        if (high | low) & NO_BITS != 0 {
            break;
        }
        let bits = u64::from(high) << 24 | u64::from(low);
        place.copy_from_slice(&bits.to_be_bytes()[2..]);
        n_done += 1;
    }
    decoded.truncate(n_done * 6);
    let done = n_done * 8;
    decode_slowly(&text.as_bytes()[done..], decoded).map_err(|position| done + position)
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
