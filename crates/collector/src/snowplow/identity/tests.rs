use super::{ContentHash, MODULUS, reduce};
use crate::snowplow::form::{Known, N_KNOWN};

/// The hash of some texts as its definition has it: one coefficient after the other.
fn slowly(point: u64, texts: &[&str]) -> u64 {
    let modulus = u128::from(MODULUS);
    texts.iter().fold(1, |hash, text| {
        let bytes = text.as_bytes().chunks(7);
        let numbers = bytes.map(|it| it.iter().rev().fold(0, |all, it| all << 8 | u64::from(*it)));
        std::iter::once(text.len() as u64).chain(numbers).fold(hash, |hash, number| {
            let next = (u128::from(hash) * u128::from(point) + u128::from(number)) % modulus;
            u64::try_from(next).expect("it is below the modulus")
        })
    })
}

#[test]
fn the_hash_is_the_polynomial_at_the_point() {
    let long = "\u{fffd}\0x".repeat(300);
    for secret in ["", "a", "b"] {
        let hash = ContentHash::new(secret.as_bytes());
        let point = hash.powers[1];
        for end in (0..90).chain([1_000, 1_500]) {
            let text = &long[..long.floor_char_boundary(end)];
            for texts in [[text, ""], ["", text], [text, text], ["se_ac", text]] {
                let given = texts.iter().fold(1, |so_far, it| hash.add(so_far, it)) % MODULUS;
                assert_eq!(given, slowly(point, &texts), "{secret} {end}");
            }
        }
    }
}

#[test]
fn what_is_reduced_has_the_same_rest_and_leaves_room() {
    let most = u128::from(u64::MAX >> 2);
    for number in [0, 1, most, most * most, (1 << 126) - 1, 1 << 122, u128::from(MODULUS)] {
        let reduced = reduce(number);
        assert!(reduced <= u64::MAX >> 2, "{number}");
        assert_eq!(u128::from(reduced) % u128::from(MODULUS), number % u128::from(MODULUS));
    }
}

#[test]
fn a_parameter_of_the_protocol_is_hashed_as_two_texts() {
    let hash = ContentHash::new(b"a");
    let long = "\u{fffd}\0x".repeat(30);
    for known in (0..N_KNOWN).filter_map(Known::at) {
        for (before, end) in [1, 12_345, MODULUS - 1].into_iter().cycle().zip(0..130) {
            let value = &long[..long.floor_char_boundary(end)];
            let at_once = hash.add_parameter(before, known, value);
            let slowly = hash.add(hash.add(before, known.name()), value);
            assert_eq!(at_once % MODULUS, slowly % MODULUS, "{} {end}", known.name());
        }
    }
}
