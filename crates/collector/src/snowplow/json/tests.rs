use super::{FEW, Is, Reader};

#[test]
fn of_members_with_one_name_the_last_is_taken_however_many_there_are() {
    for n in [1, 2, FEW - 1, FEW, FEW + 1, 3 * FEW] {
        let round = |value: i32| (0..n).map(move |it| format!(r#""m{it}": [{value}, {{"x": 5}}]"#));
        let members: Vec<_> = round(0).chain(round(1)).chain(round(2)).collect();
        let text = format!("{{{}}}", members.join(", "));
        let tree = Reader::default().read(&text).expect("it is JSON");
        let Is::Object(members) = tree.root().is() else { panic!("it is an object") };
        assert_eq!(members.clone().count(), n);
        for (it, (name, value)) in members.enumerate() {
            assert_eq!(name, format!("m{it}"));
            let Is::List(mut items) = value.is() else { panic!("{name} of {n} is a list") };
            let first = items.next().expect("it has two items").1.is();
            assert!(matches!(first, Is::Number(it) if it.as_i64() == Some(2)), "{name} of {n}");
            let second = items.next().and_then(|(_, it)| it.get("x"));
            assert!(second.is_some() && items.next().is_none(), "{name} of {n}");
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
