use super::{visible, visible_json, visible_lines};
use std::borrow::Cow;

#[test]
fn what_steers_is_shown_and_all_else_is_as_it_was() {
    for (text, shown) in [
        ("create_order", "create_order"),
        ("Zahlung: 5 €, 支付, 👩‍🚀", "Zahlung: 5 €, 支付, 👩‍🚀"),
        ("a\nb\r\n\tc", r"a\nb\r\n\tc"),
        ("\u{1b}[31mred\u{1b}[0m", r"\u{1b}[31mred\u{1b}[0m"),
        ("\u{9b}2J\0\u{7f}\u{8}", r"\u{9b}2J\u{0}\u{7f}\u{8}"),
        (
            "safe\u{202e}gpj.exe\u{2066}\u{200f}\u{61c}",
            r"safe\u{202e}gpj.exe\u{2066}\u{200f}\u{61c}",
        ),
        ("one\u{2028}two\u{2029}", r"one\u{2028}two\u{2029}"),
    ] {
        assert_eq!(visible(text), shown);
    }
    assert!(matches!(visible("create_order"), Cow::Borrowed(_)));
}

#[test]
fn lines_stay_lines_and_colours_stay_only_where_there_are_any() {
    for (text, plain, coloured) in [
        ("a\nb\n", "a\nb\n", "a\nb\n"),
        ("\u{1b}[1mx\u{1b}[0m\n", "\\u{1b}[1mx\\u{1b}[0m\n", "\u{1b}[1mx\u{1b}[0m\n"),
        ("\u{1b}[38;5;9mx", "\\u{1b}[38;5;9mx", "\u{1b}[38;5;9mx"),
        ("\u{1b}[2Jx", "\\u{1b}[2Jx", "\\u{1b}[2Jx"),
        ("\u{1b}]0;title\u{7}", "\\u{1b}]0;title\\u{7}", "\\u{1b}]0;title\\u{7}"),
        ("\u{1b}", "\\u{1b}", "\\u{1b}"),
        ("\u{1b}[", "\\u{1b}[", "\\u{1b}["),
        ("é\r\u{1b}[1", "é\\r\\u{1b}[1", "é\\r\\u{1b}[1"),
    ] {
        assert_eq!(visible_lines(text, false), plain);
        assert_eq!(visible_lines(text, true), coloured);
    }
}

#[test]
fn json_means_the_same() {
    let value = serde_json::json!({ "a\u{9b}": "\u{1b}\n\u{7f}\u{202e}é" });
    let text = format!("{value:#}\n");
    let shown = visible_json(&text);
    assert_eq!(shown.chars().filter(|it| it.is_control() && *it != '\n').count(), 0);
    assert!(!shown.contains('\u{202e}'));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).expect("JSON"), value);
}
