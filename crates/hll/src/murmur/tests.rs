use super::*;

/// MurmurHash64A as published, one step a line and one byte at a time.
fn as_published(element: &[u8]) -> u64 {
    let mut h = SEED ^ (element.len() as u64).wrapping_mul(MULTIPLIER);
    for bytes in element.chunks(8) {
        let mut k = 0;
        for (n, byte) in bytes.iter().enumerate() {
            k |= u64::from(*byte) << (8 * n);
        }
        if bytes.len() == 8 {
            k = k.wrapping_mul(MULTIPLIER);
            k ^= k >> SHIFT;
            k = k.wrapping_mul(MULTIPLIER);
        }
        h ^= k;
        h = h.wrapping_mul(MULTIPLIER);
    }
    h ^= h >> SHIFT;
    h = h.wrapping_mul(MULTIPLIER);
    h ^ (h >> SHIFT)
}

#[test]
fn every_length_and_alignment_hashes_as_published() {
    let bytes: Vec<u8> = (0..200_u8).map(|n| n.wrapping_mul(167).wrapping_add(201)).collect();
    for start in 0..8 {
        for end in start..bytes.len() {
            let element = &bytes[start..end];
            assert_eq!(hash(element), as_published(element), "{start}..{end}");
        }
    }
}
