use super::{FEW, Members, Reader, Tree};
use serde_json::Number;

#[test]
fn of_members_with_one_name_the_last_is_taken_however_many_there_are() {
    for n in [1, 2, FEW - 1, FEW, FEW + 1, 3 * FEW] {
        let mut members = Members::default();
        for round in 0..2_i64 {
            for it in 0..n {
                let value = Tree::Number(Number::from(round));
                assert_eq!(
                    members.insert(format!("m{it}").into(), value),
                    round > 0,
                    "{it} of {n}"
                );
            }
        }
        assert_eq!(members.iter().count(), n);
        for (it, (name, value)) in members.iter().enumerate() {
            assert_eq!(name, format!("m{it}"));
            assert!(matches!(value, Tree::Number(it) if it.as_i64() == Some(1)), "{name} of {n}");
        }
    }
}

#[test]
fn a_duplicate_is_told_from_a_name_with_the_same_ends() {
    for (text, duplicate) in [
        (r#"{"axb": 1, "ayb": 2}"#, None),
        (r#"{"axb": 1, "ayb": 2, "axb": 3}"#, Some("axb")),
        (r#"{"": 1, "": 2}"#, Some("")),
        (r#"[{"a": 1}, {"a": 2}]"#, None),
        (r#"[{"a": {"b": 1, "b": 2}}]"#, Some("b")),
        (r#"{"a": 1, "\u0061": 2}"#, Some("a")),
    ] {
        let mut reader = Reader::default();
        reader.read(text).expect("it is JSON");
        assert_eq!(reader.take_duplicate().as_deref(), duplicate, "{text}");
    }
}
