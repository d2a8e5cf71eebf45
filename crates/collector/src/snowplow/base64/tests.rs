use super::{decode, decode_slowly};

#[test]
fn many_characters_at_a_time_give_what_one_at_a_time_gives() {
    let letters = "AQz09+/-_bcXYZmnoPQ";
    let long: String = letters.chars().cycle().take(150).collect();
    let mut decoded = vec![1, 2, 3];
    for end in 0..long.len() {
        for odd in ["", "=", "\n", "é", "*", "\u{0}"] {
            for at in [0, end / 2, end] {
                let text = format!("{}{odd}{}", &long[..at], &long[at..end]);
                let mut slowly = Vec::new();
                let expected = decode_slowly(text.as_bytes(), &mut slowly);
                let result = decode(&text, &mut decoded);
                assert_eq!(result, expected, "{text}");
                if result.is_ok() {
                    assert_eq!(decoded, slowly, "{text}");
                }
            }
        }
    }
}
