use super::QuickJson;
use proptest::prelude::*;
use serde::Deserialize as _;
use serde_json::Value;

/// Reads a text here and with `serde_json`, which must give the same or both nothing.
fn check(text: &str) {
    let mut json = QuickJson::new(text);
    let quickly = Value::deserialize(&mut json).ok().filter(|_| json.end().is_ok());
    let expected: Option<Value> = serde_json::from_str(text).ok();
    let bits = |it: &Option<Value>| it.as_ref().and_then(Value::as_f64).map(f64::to_bits);
    assert_eq!(quickly, expected, "{text:?}");
    assert_eq!(bits(&quickly), bits(&expected), "{text:?}");
}

/// What there is in JSON, and what looks like it, between bars.
const PIECES: &str = "{|}|[|]|:|,|\"|\\|\\\"|\\u00e9|\\ud83d\\ude00|\\ud800|\\x|é|😀|\u{0}|\u{1f}|\
    \u{7f}| |\n|\t\r|\u{a0}|null|nul|true|false|0|-|1|-1|00|12345678901234567890|1.5|e3|E+3|.|\"a\"|\
    \"a\":1|/*|a long text without any end to it, ";

fn piece() -> impl Strategy<Value = &'static str> {
    prop::sample::select(PIECES.split('|').collect::<Vec<_>>())
}

#[test]
fn what_is_read_is_what_serde_json_reads() {
    for text in [
        "",
        " ",
        "null",
        " null ",
        "nullx",
        "nul",
        "true",
        "false",
        "\"\"",
        "\"a\"",
        "\"a",
        "a",
        "{}",
        "[]",
        "{ }",
        "[ ]",
        "[,]",
        "[1,]",
        "[1 2]",
        "[1,,2]",
        "{\"a\"}",
        "{\"a\":}",
        "{,}",
        "{\"a\":1,}",
        "{\"a\":1 \"b\":2}",
        "{1:2}",
        "{\"a\":1,\"a\":2}",
        "[1}",
        "{\"a\":1]",
        "1 2",
        "\"\u{1f}\"",
        "\"\\\u{1f}\"",
        "\"\\é\"",
        "\"\\",
        "\"\\u12\"4\"",
        "\"\\ud800\"",
        "[\"\\n\"]",
        "\"\\\\\"",
        "\"\\\\\\\"\"",
        "{\"\\u0061\":\"\\u0062\"}",
        "\u{feff}1",
    ] {
        check(text);
    }
}

#[test]
fn numbers_are_those_of_serde_json() {
    for digits in ["0", "00", "01", "7", "10", "999999999999999999", "9223372036854775807"] {
        for more in ["", "8", "00", "0000000000000000000000"] {
            for end in ["", ".", ".0", ".5", "e", "e2", "E-2", "e+", "-1", "+1", "x", " ", ".5.5"] {
                for sign in ["", "-", "+", "--"] {
                    check(&format!("{sign}{digits}{more}{end}"));
                    check(&format!("[{sign}{digits}{more}{end}]"));
                }
            }
        }
    }
    check("-");
    check("[-]");
    check("-a");
}

#[test]
fn a_text_ends_where_it_ends_however_long_it_is() {
    for n in 0..200 {
        for odd in ["", "\"", "\\n", "\\", "\u{1f}", "\u{20}", "\u{7f}", "é", "!", "#", "[", "]"] {
            for after in [0, 1, 7, 40] {
                let text = format!("\"{}{odd}{}\"", "x".repeat(n), "y".repeat(after));
                check(&text);
                check(&format!("[{text},{text}]"));
            }
        }
    }
}

#[test]
fn nesting_is_taken_as_deep_as_serde_json_takes_it() {
    for n in [1, 2, 50, 126, 127, 128, 129, 100_000] {
        check(&format!("{}{}", "[".repeat(n), "]".repeat(n)));
        check(&format!("{}1{}", "{\"a\":".repeat(n), "}".repeat(n)));
    }
}

proptest! {
    #[test]
    fn pieces_in_any_order_are_read_as_by_serde_json(
        pieces in prop::collection::vec(piece(), 0..30),
    ) {
        check(&pieces.concat());
    }

    #[test]
    fn mutated_json_is_read_as_by_serde_json(at in 0_usize..200, piece in piece()) {
        let text = r#"{"event":"a_b","user_id":5,"list":[1,-2.5,null,{"a":"\n"}],"text":"é😀 and more",
            "wide": { "x" : [ ] , "y" : { } }, "long":"0123456789012345678901234567890123456789"}"#;
        let at = text.floor_char_boundary(at.min(text.len()));
        check(text);
        check(&format!("{}{piece}{}", &text[..at], &text[at..]));
        check(&text[..at]);
    }
}
