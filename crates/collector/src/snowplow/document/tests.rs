use super::{A_FEW, Document, Extra, Inside};
use crate::snowplow::json::Reader;

/// A document with one context, whose `extra` is this.
fn with_extra(extra: &str) -> String {
    let data =
        format!(r#"{{"schema": "iglu:a/b/jsonschema/1-0-0", "data": {{"extra": {extra}}}}}"#);
    format!(r#"{{"schema": "iglu:a/b/jsonschema/1-0-0", "data": [{data}]}}"#)
}

#[test]
fn of_members_with_one_name_the_last_is_taken_however_many_there_are() {
    for n in [1, 2, A_FEW - 1, A_FEW, A_FEW + 1, 3 * A_FEW] {
        let round = |value: i32| (0..n).map(move |it| format!(r#""m{it}": {value}"#));
        let members: Vec<_> = round(0).chain(round(1)).chain(round(2)).collect();
        let text = with_extra(&format!("{{{}}}", members.join(", ")));
        let mut reader = Reader::default();
        let document = Document::read(&text, &mut reader).expect("it is JSON");
        assert_eq!(reader.take_duplicate().as_deref(), Some("m0"));
        let (_, data) = document.entities().next().expect("it has one context");
        let data = data.expect("it is an object");
        let Some(Extra::Object(extra)) = &data.extra else { panic!("it is an object") };
        let extra: Vec<String> = extra.iter().map(|it| format!("{it:?}")).collect();
        let expected = (0..n).map(|it| format!(r#"("m{it}", Number(Number(2)))"#));
        assert_eq!(extra, expected.collect::<Vec<_>>(), "{n}");
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
        (r#"{"a": {"c": 1}, "c": 2}"#, None),
        (r#"{"c": {"c": 1}}"#, None),
        (r#"{"a": 1, "b": {"a": 1, "c": 1}, "a": 2}"#, Some("a")),
    ] {
        let mut reader = Reader::default();
        for text in [text, &with_extra(text), &with_extra(&format!("[{text}]"))] {
            Document::read(text, &mut reader).expect("it is JSON");
            assert_eq!(reader.take_duplicate().as_deref(), duplicate, "{text}");
        }
    }
}

#[test]
fn the_last_wrapper_schema_and_data_count_in_any_order() {
    let schema = r#""schema": "iglu:com.x/y/jsonschema/1-0-0""#;
    for (entity, is_one) in [
        (format!(r#"{{{schema}, "data": {{}}}}"#), true),
        (format!(r#"{{"data": {{}}, {schema}}}"#), true),
        (format!(r#"{{"schema": 5, "data": [], {schema}, "other": [{{}}]}}"#), true),
        (format!(r#"{{{schema}, "data": {{}}, "schema": 5}}"#), false),
        (format!("{{{schema}}}"), false),
        (r#"{"data": {}}"#.to_owned(), false),
        ("5".to_owned(), false),
        ("[]".to_owned(), false),
    ] {
        let text = format!(r#"{{"data": [0], "data": [{entity}]}}"#);
        let document = Document::read(&text, &mut Reader::default()).expect("it is JSON");
        let Inside::List(list) = document.inside else { panic!("it is a list") };
        assert_eq!(list.len(), 1, "{text}");
        assert_eq!(list[0].is_some(), is_one, "{text}");
    }
}
