use super::encode_str;

#[test]
fn texts_are_written_as_serde_json_writes_them_wherever_something_is_escaped() {
    for n in 0..80 {
        for odd in ["", "\"", "\\", "\n", "\u{0}", "\u{1f}", " ", "!", "\u{7f}", "é", "\u{2028}"] {
            for at in [0, n / 2, n] {
                let text = format!("{}{odd}{}", "x".repeat(at), "y".repeat(n - at));
                let mut written = b"before".to_vec();
                encode_str(&text, &mut written);
                let expected = format!("before{}", serde_json::Value::from(text));
                assert_eq!(written, expected.as_bytes());
            }
        }
    }
}
