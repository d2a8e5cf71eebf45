//! What a struct event counts as.

use super::{FLAVOURS, base64, body, codes, contexts, post};
use internal_events::{Event, Id, Scalar};
use internal_events_collector::snowplow::{ContentHash, Payload, Tracked, decode_get};
use serde_json::json;

const STANDARD: &str = "com.gitlab/gitlab_standard/jsonschema/1-1-8";

/// The tracked event of these parameters and contexts, with the codes of its notes.
fn tracked(parameters: &str, list: &[(&str, &str)]) -> (Tracked, Vec<&'static str>) {
    let co = json!(contexts(list));
    let body = body(&format!(
        r#"{{"e":"se","tv":"x","p":"srv","eid":"6C9BAA74-f4e1-4bac-9ec9-7ae11aaf9f37","se_ac":"a",{parameters}"co":{co}}}"#
    ));
    let mut decoded = post(&body);
    assert!(decoded.bad.is_empty(), "{:?}", decoded.bad);
    let payload = decoded.payloads.remove(0);
    (payload.tracked.unwrap(), codes(&payload.notes))
}

#[test]
fn an_event_of_gitlab_is_taken_whole() {
    let hash = "5ZdHOXw3WkHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDE=";
    let standard = format!(
        r#"{{"environment":"self-managed","source":"gitlab-rails","user_id":"{hash}",
            "project_id":278964,"namespace_id":null,"extra":{{"tier":"gold","n":3,"x":1.5,"no":null}}}}"#
    );
    let ping = r#"{"data_source":"redis_hll","event_name":"a"}"#;
    let list =
        [(STANDARD, standard.as_str()), ("com.gitlab/gitlab_service_ping/jsonschema/1-0-1", ping)];
    let (tracked, notes) = tracked(r#""se_ca":"C","se_la":"l","se_pr":"p","se_va":"7","#, &list);
    let expected = Event {
        name: "a".to_owned(),
        category: Some("C".to_owned()),
        user: Some(Id::from(hash)),
        project: Some(Id::Number(278964)),
        namespace: None,
        properties: vec![
            ("tier".to_owned(), "gold".into()),
            ("n".to_owned(), Scalar::Int(3)),
            ("x".to_owned(), Scalar::Float(1.5)),
            ("label".to_owned(), "l".into()),
            ("property".to_owned(), "p".into()),
            ("value".to_owned(), Scalar::Int(7)),
        ],
        ..Event::default()
    };
    assert_eq!(tracked.event, expected);
    assert_eq!(tracked.source.as_deref(), Some("gitlab-rails"));
    assert!(tracked.has_pseudonym && tracked.is_announced);
    assert!(notes.is_empty(), "{notes:?}");
}

#[test]
fn values_are_numbers_as_they_are_written() {
    #[track_caller]
    fn check(written: &str, expected: Option<Scalar>) {
        let (tracked, notes) = tracked(&format!(r#""se_va":"{written}","#), &[]);
        assert_eq!(tracked.event.property("value"), expected.as_ref(), "{written}");
        let is_noted = !written.is_empty() && expected.is_none() && !written.contains("e9");
        assert_eq!(notes == ["form"], is_noted, "{written}: {notes:?}");
    }
    check("7", Some(Scalar::Int(7)));
    check("+7", Some(Scalar::Int(7)));
    check("-7", Some(Scalar::Int(-7)));
    check("0", Some(Scalar::Int(0)));
    check("7.0", Some(Scalar::Float(7.0)));
    check("12.5", Some(Scalar::Float(12.5)));
    check(".5", Some(Scalar::Float(0.5)));
    check("5.", Some(Scalar::Float(5.0)));
    check("1e3", Some(Scalar::Float(1000.0)));
    check("-1.5E-3", Some(Scalar::Float(-0.0015)));
    check("9223372036854775807", Some(Scalar::Int(i64::MAX)));
    check("9223372036854775808", Some(Scalar::Float(9_223_372_036_854_775_808.0)));
    check("1e999", None);
    for not_a_number in ["abc", "1,5", "NaN", "inf", "0x10", "1_000", " 1", "1e", ".", "-", "++1"] {
        check(not_a_number, None);
    }
    check("", None);
}

#[test]
fn identifiers_come_as_they_are() {
    #[track_caller]
    fn check(written: &str, expected: Option<Id>, notes: &[&str]) {
        let standard = format!(r#"{{"project_id":{written}}}"#);
        let (tracked, given) = tracked("", &[(STANDARD, &standard)]);
        assert_eq!(tracked.event.project, expected, "{written}");
        assert_eq!(given, notes, "{written}");
    }
    check("5", Some(Id::Number(5)), &[]);
    check("-5", Some(Id::Number(-5)), &[]);
    check(r#""5""#, Some(Id::from("5")), &[]);
    check(r#""g/ü""#, Some(Id::from("g/ü")), &[]);
    check("18446744073709551615", Some(Id::from("18446744073709551615")), &[]);
    check("null", None, &[]);
    check(r#""""#, None, &[]);
    for (wrong, note) in
        [("1.5", "member"), ("true", "member"), ("[1]", "member"), ("{}", "member")]
    {
        check(wrong, None, &[note]);
    }
    check(&format!("\"{}\"", "x".repeat(255)), Some(Id::from("x".repeat(255))), &[]);
    check(&format!("\"{}\"", "x".repeat(256)), None, &["member"]);
}

#[test]
fn only_a_hash_is_a_pseudonym() {
    #[track_caller]
    fn check(user: &str, expected: bool) {
        let standard = format!(r#"{{"user_id":{user}}}"#);
        assert_eq!(tracked("", &[(STANDARD, &standard)]).0.has_pseudonym, expected, "{user}");
    }
    check(r#""5ZdHOXw3WkHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDE=""#, true);
    check(r#""5ZdHOXw3WkHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDE""#, false);
    check(r#""5ZdHOXw3WkHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDEE""#, false);
    check(r#""5ZdHOXw3 kHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDE=""#, false);
    check("42", false);
    check("null", false);
}

#[test]
fn the_first_standard_context_of_a_known_version_counts() {
    let of = |version: &str| format!("com.gitlab/gitlab_standard/jsonschema/{version}");
    for version in ["1-0-8", "1-1-8", "1-9-0"] {
        let (tracked, notes) = tracked("", &[(&of(version), r#"{"project_id":1}"#)]);
        assert_eq!(tracked.event.project, Some(Id::Number(1)), "{version}");
        assert!(notes.is_empty());
    }
    let list = [
        (&*of("2-0-0"), r#"{"project_id":2}"#),
        (STANDARD, "[]"),
        (STANDARD, r#"{"project_id":1}"#),
        (&*of("1-0-8"), r#"{"project_id":3}"#),
        ("com.acme/gitlab_standard/jsonschema/1-0-0", r#"{"project_id":4}"#),
    ];
    let (tracked, notes) = tracked("", &list);
    assert_eq!(tracked.event.project, Some(Id::Number(1)));
    assert_eq!(notes, ["standard-context"; 3]);
}

#[test]
fn custom_properties_are_scalars_and_few() {
    let (event, notes) = tracked("", &[(STANDARD, r#"{"extra":{"a":[1],"b":{},"c":true}}"#)]);
    assert_eq!(event.event.properties, [("c".to_owned(), Scalar::Bool(true))]);
    assert_eq!(notes, ["member"; 2]);

    let many: Vec<_> = (0..101).map(|it| format!(r#""k{it}":1"#)).collect();
    let standard = format!(r#"{{"extra":{{{}}}}}"#, many.join(","));
    let (event, notes) = tracked("", &[(STANDARD, &standard)]);
    assert_eq!(event.event.properties.len(), 100);
    assert_eq!(notes, ["member"]);

    let (event, notes) = tracked("", &[(STANDARD, r#"{"extra":"x"}"#)]);
    assert!(event.event.properties.is_empty());
    assert_eq!(notes, ["member"]);
}

#[test]
fn what_announces_another_event_announces_nothing() {
    let ping = r#"{"data_source":"redis_hll","event_name":"b"}"#;
    let (event, _) = tracked("", &[("com.gitlab/gitlab_service_ping/jsonschema/1-0-1", ping)]);
    assert!(!event.is_announced);
}

#[test]
fn the_same_event_sent_again_has_the_same_key() {
    fn key_of(secret: &[u8], query: &str) -> u64 {
        let decoded = decode_get(query);
        let payload: &Payload<'_> = &decoded.payloads[0];
        ContentHash::new(secret).of(&payload.parameters)
    }
    let key = |query: &str| key_of(b"secret", query);
    let first = key("e=se&se_ac=a&p=web&tv=x&eid=1&stm=1");
    // It outlives a restart, so it never changes.
    assert_eq!(format!("{first:016x}"), "1259ff8b7dd2c96c");
    assert_eq!(first, key("e=se&se_ac=a&p=web&tv=x&eid=1&stm=2"), "sent later");
    assert_eq!(first, key("e=se&se_ac=a&p=web&tv=x&eid=1"), "never said when");
    assert_eq!(first, key("stm=1&eid=1&tv=x&p=web&se_ac=%61&e=se"), "in another order");
    assert_ne!(first, key("e=se&se_ac=a&p=web&tv=x&eid=2&stm=1"), "another id");
    assert_ne!(first, key("e=se&se_ac=a&p=web&tv=x&eid=1&stm=1&dtm=1"), "something more");
    assert_ne!(first, key("e=se&se_ac=ap&=web&tv=x&eid=1&stm=1"), "cut elsewhere");
    assert_ne!(first, key_of(b"other", "e=se&se_ac=a&p=web&tv=x&eid=1&stm=1"), "another journal");
    // What the protocol does not know is sorted among the rest.
    let unknown = key("e=se&se_ac=a&p=web&tv=x&zz=1&aa=2");
    assert_eq!(unknown, key("aa=2&zz=1&tv=x&p=web&se_ac=a&e=se&stm=3"), "in another order");
    assert_ne!(unknown, key("e=se&se_ac=a&p=web&tv=x&zz=2&aa=1"), "exchanged");
}

#[test]
fn every_flavour_of_base64_is_read() {
    // The text has bytes whose base64 ends in each way, and needs both special characters.
    for tail in ["", "?", "??", "ü>", "???>>>"] {
        let plain = contexts(&[(STANDARD, &format!(r#"{{"source":"{tail}"}}"#))]);
        let plain_event = json!({"e":"se","se_ac":"a","p":"web","tv":"x","co":plain}).to_string();
        let plain_body = body(&plain_event);
        let expected = post(&plain_body).payloads[0].contexts();
        for flavour in FLAVOURS {
            let cx = base64(plain.as_bytes(), flavour);
            // In a query, an unescaped `+` is a space.
            let query = format!("e=se&se_ac=a&p=web&tv=x&cx={cx}");
            let from_get = decode_get(&query);
            assert_eq!(from_get.payloads[0].contexts(), expected, "{flavour:?} {tail}");
            let wrapped: Vec<_> = cx.as_bytes().chunks(76).map(String::from_utf8_lossy).collect();
            for cx in [cx.clone(), wrapped.join("\r\n"), wrapped.join("\n") + "\n"] {
                let event = json!({"e":"se","se_ac":"a","p":"web","tv":"x","cx":cx}).to_string();
                let body = body(&event);
                let from_post = post(&body);
                assert_eq!(from_post.payloads[0].contexts(), expected, "{flavour:?} {tail}");
            }
        }
    }
}
