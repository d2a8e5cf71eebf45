//! What is an event, and what becomes of it.

use crate::server::{BATCH, Server, TRACK};
use internal_events::{Analytics, Event, Scalar, decode_event};
use serde_json::{Value, json};

/// Sends bodies that are each answered as given and accepted as the given number of events.
fn check(path: &str, cases: &[(&str, u16, Value, u64)]) {
    let server = Server::start();
    for (body, status, expected, more) in cases {
        let (_, before) = server.counts();
        let answer = server.post(path, body);
        assert_eq!((answer.status, answer.json()), (*status, expected.clone()), "{body}");
        assert_eq!(answer.header("content-type"), Some("application/json"), "{body}");
        assert_eq!(server.counts().1 - before, *more, "{body}");
    }
}

/// Sends bodies that are no events; each is answered 400 with this code and this in its detail.
fn refuse(path: &str, cases: &[(&str, &str, &str)]) {
    let server = Server::start();
    for (body, code, detail) in cases {
        let answer = server.post(path, body);
        answer.assert_problem(400, code);
        let body_of_it = answer.json();
        let said = body_of_it["detail"].as_str().expect("a detail");
        assert!(said.contains(detail), "{body}: {said}");
    }
    assert_eq!(server.counts(), (0, 0), "nothing was tracked");
}

#[test]
fn an_event_is_answered_with_what_became_of_it() {
    let accepted = || json!({ "status": "accepted" });
    let warned = |it: &str| json!({ "status": "accepted", "warnings": [it] });
    let missing = "`user` is missing, so the metrics that count it did not move";
    check(
        TRACK,
        &[
            (r#"{"event":"create_order","user_id":5}"#, 200, accepted(), 1),
            (r#"{"event":"create_order","user_id":"5"}"#, 200, accepted(), 1),
            (r#"{"event":"create_order","user_id":"ann"}"#, 200, accepted(), 1),
            (r#"{"event":"create_order"}"#, 200, warned(missing), 1),
            (r#"{"event":"create_order","user_id":null}"#, 200, warned(missing), 1),
            (
                r#" {"category":"Shop","namespace_id":"3","project_id":7,"user_id":5,
                 "event":"create_order","send_to_snowplow":true,"additional_properties":
                 {"label":"gift","property":"card","value":2.5}} "#,
                200,
                accepted(),
                1,
            ),
            (
                r#"{"event":"create_order","user_id":5,"additional_properties":null,
                 "category":null,"send_to_snowplow":null,"project_path":null,"project_id":1}"#,
                200,
                accepted(),
                1,
            ),
            (
                r#"{"event":"create_order","user_id":5,"additional_properties":{"label":null}}"#,
                200,
                accepted(),
                1,
            ),
        ],
    );
}

#[test]
fn what_is_left_out_of_an_event_is_said() {
    let warned = |it: &str| json!({ "status": "accepted", "warnings": [it] });
    check(
        TRACK,
        &[
            (
                r#"{"event":"create_order","user_id":5,"additional_properties":{"colour":"red"}}"#,
                200,
                warned("property `colour` is not declared by the event and was left out"),
                1,
            ),
            (
                r#"{"event":"create_order","user_id":5,"additional_properties":{"label":true}}"#,
                200,
                warned("property `label` should be a string, not boolean, and was left out"),
                1,
            ),
            (
                r#"{"event":"create_order","user_id":5,"additional_properties":{"label":[1]}}"#,
                200,
                warned(
                    "property `label` should be a string or a number, not a list, and was left out",
                ),
                1,
            ),
            (
                r#"{"event":"create_order","user_id":5,"project_path":"a/b"}"#,
                200,
                warned("project_path is not resolved and was ignored"),
                1,
            ),
            (
                r#"{"event":"create_order","user_id":5,"usr":{"a":[1,2.5,null]}}"#,
                200,
                warned("parameter `usr` does not exist and was ignored"),
                1,
            ),
            (
                r#"{"event":"create_ordr","user_id":5}"#,
                202,
                json!({
                    "status": "quarantined",
                    "reason": "Unknown event: create_ordr. Did you mean create_order?",
                }),
                0,
            ),
        ],
    );
}

#[test]
fn what_is_no_event_is_refused_by_the_name_of_what_is_wrong() {
    refuse(
        TRACK,
        &[
            ("", "invalid_json", "EOF"),
            ("{", "invalid_json", "EOF"),
            ("event=create_order", "invalid_json", "line 1 column 1"),
            ("\u{feff}{}", "invalid_json", "line 1"),
            (r#"{"event":"create_order"} x"#, "invalid_json", "trailing"),
            (r#"{"event":"create_order","user_id":NaN}"#, "invalid_json", "column"),
            (r#"{"event":"create_order","user_id":1e999}"#, "invalid_json", "out of range"),
            (r#"{"event":"create_order","user_id":05}"#, "invalid_json", "column"),
            ("[]", "invalid_parameter", "an object"),
            ("5", "invalid_parameter", "an object"),
            ("null", "invalid_parameter", "an object"),
            ("{}", "invalid_parameter", "event is missing"),
            (r#"{"event":null}"#, "invalid_parameter", "event is missing"),
            (r#"{"event":""}"#, "invalid_parameter", "event is empty"),
            (r#"{"event":5}"#, "invalid_parameter", "event should be a string, not a number"),
            (r#"{"event":["a"]}"#, "invalid_parameter", "event should be a string, not a list"),
            (r#"{"event":"a","event":"b"}"#, "invalid_parameter", "event is given twice"),
            (r#"{"event":"a","event":null}"#, "invalid_parameter", "event is given twice"),
            (r#"{"event":"a","user_id":[]}"#, "invalid_parameter", "user_id should be"),
            (r#"{"event":"a","user_id":1.5}"#, "invalid_parameter", "user_id should be"),
            (r#"{"event":"a","user_id":-1}"#, "invalid_parameter", "from 0 to"),
            (r#"{"event":"a","user_id":9223372036854775808}"#, "invalid_parameter", "from 0 to"),
            (r#"{"event":"a","user_id":""}"#, "invalid_parameter", "user_id is empty"),
            (r#"{"event":"a","project_id":"b"}"#, "invalid_parameter", "project_id should be"),
            (r#"{"event":"a","project_id":""}"#, "invalid_parameter", "project_id should be"),
            (r#"{"event":"a","project_id":"-5"}"#, "invalid_parameter", "project_id should be"),
            (r#"{"event":"a","namespace_id":true}"#, "invalid_parameter", "namespace_id should be"),
            (r#"{"event":"a","category":5}"#, "invalid_parameter", "category should be a string"),
            (r#"{"event":"a","send_to_snowplow":1}"#, "invalid_parameter", "true or false"),
            (r#"{"event":"a","additional_properties":[]}"#, "invalid_parameter", "an object"),
            (r#"{"event":"a","additional_properties":"x"}"#, "invalid_parameter", "an object"),
            (
                r#"{"event":"a","additional_properties":{"label":"x","label":"y"}}"#,
                "invalid_parameter",
                "`label` twice",
            ),
            (
                r#"{"event":"a","project_id":1,"project_path":"a/b"}"#,
                "invalid_parameter",
                "mutually exclusive",
            ),
        ],
    );
}

#[test]
fn deep_nesting_and_broken_text_are_refused_wherever_they_stand() {
    let server = Server::start();
    for depth in [200, 100_000] {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        for body in [
            format!("{open}{close}"),
            format!(r#"{{"event":{open}{close}}}"#),
            format!(r#"{{"event":"create_order","other":{open}{close}}}"#),
            format!(r#"{{"event":"a","additional_properties":{{"a":{open}{close}}}}}"#),
            format!(r#"{{"event":"a","additional_properties":{}1"#, r#"{"a":"#.repeat(depth)),
        ] {
            assert_eq!(server.post(TRACK, &body).status, 400, "{}", &body[..100]);
        }
    }
    for body in [
        &b"{\"event\":\"\xff\"}"[..],
        b"{\"event\":\"a\",\"\xc3\x28\":1}",
        b"{\"event\":\"a\",\"other\":\"\xed\xa0\x80\"}",
        br#"{"event":"\ud800"}"#,
        b"{\"event\":\"a\0b\"}",
        b"\0\0\0",
    ] {
        server.post(TRACK, body).assert_problem(400, "invalid_json");
    }
    assert_eq!(server.counts(), (0, 0));
}

#[test]
fn a_batch_is_answered_event_by_event_in_order() {
    let accepted = || json!({ "status": "accepted" });
    let ok = r#"{"event":"create_order","user_id":5}"#;
    let as_text = r#""{\"event\":\"create_order\",\"user_id\":5}""#;
    let unknown = r#"{"event":"zzz"}"#;
    let quarantined = || json!({ "status": "quarantined", "reason": "Unknown event: zzz" });
    check(
        BATCH,
        &[
            (r#"{"events":[]}"#, 200, json!({ "results": [] }), 0),
            (
                &format!(r#"{{"events":[{ok},{unknown},{as_text}],"more":1}}"#),
                200,
                json!({ "results": [accepted(), quarantined(), accepted()] }),
                2,
            ),
            (
                r#"{"events":[{"event":"create_order","user_id":5,
                 "additional_properties":{"a":1,"label":"x"}}]}"#,
                200,
                json!({ "results": [{
                    "status": "accepted",
                    "warnings": ["property `a` is not declared by the event and was left out"],
                }] }),
                1,
            ),
        ],
    );
}

#[test]
fn a_batch_with_something_that_is_no_event_is_refused_as_a_whole() {
    let ok = r#"{"event":"create_order","user_id":5}"#;
    refuse(
        BATCH,
        &[
            ("{}", "invalid_parameter", "events is missing"),
            (r#"{"events":null}"#, "invalid_parameter", "events should be a list"),
            (r#"{"events":{}}"#, "invalid_parameter", "events should be a list"),
            (r#"{"events":"x"}"#, "invalid_parameter", "events should be a list"),
            (r#"{"events":[],"events":[]}"#, "invalid_parameter", "events is given twice"),
            (&format!(r#"{{"events":[{ok},5]}}"#), "invalid_parameter", "events[1]"),
            (&format!(r#"{{"events":[{ok},null]}}"#), "invalid_parameter", "events[1]"),
            (&format!(r#"{{"events":[{ok},[]]}}"#), "invalid_parameter", "events[1]"),
            (&format!(r#"{{"events":[{ok},"x"]}}"#), "invalid_parameter", "not valid JSON"),
            (&format!(r#"{{"events":[{ok},{{}}]}}"#), "invalid_parameter", "event is missing"),
            (&format!(r#"{{"events":[{ok},"#), "invalid_json", "EOF"),
        ],
    );
}

#[test]
fn strict_mode_refuses_what_lenient_mode_leaves_out() {
    let server = Server::start_strict();
    for body in [
        r#"{"event":"create_ordr"}"#,
        r#"{"event":"create_order","additional_properties":{"colour":"red"}}"#,
        r#"{"event":"create_order","additional_properties":{"label":5}}"#,
        r#"{"event":"create_order","additional_properties":{"label":{}}}"#,
    ] {
        server.post(TRACK, body).assert_problem(422, "refused");
    }
    assert_eq!(server.counts().1, 0);
    let ok = r#"{"event":"create_order","user_id":5}"#;
    assert_eq!(server.post(TRACK, ok).status, 200);
    let answer = server.post(BATCH, format!(r#"{{"events":[{ok},{{"event":"zzz"}}]}}"#));
    answer.assert_problem(422, "refused");
    let results = json!([
        { "status": "accepted" },
        { "status": "refused", "reason": "Unknown event: zzz" },
    ]);
    assert_eq!(answer.json()["results"], results);
}

#[test]
fn an_event_reaches_the_journal_as_it_was_meant() {
    let server = Server::start();
    let body = r#"{"event":"create\u005forder","user_id":"a\"b","project_id":"007","namespace_id":0,
        "category":"Sh\u00f6p","additional_properties":{"label":"\u00e9\n","value":1e2,
        "property":null}}"#;
    assert_eq!(server.post(TRACK, body).status, 200);
    let entries = server.tracker.read(|it| it.entries(0, 10)).expect("enabled").expect("readable");
    let event = decode_event(&entries[0].event).expect("an event");
    let expected = Event {
        name: "create_order".to_owned(),
        category: Some("Shöp".to_owned()),
        user: Some("a\"b".into()),
        project: Some(7.into()),
        namespace: Some(0.into()),
        properties: vec![
            ("label".to_owned(), Scalar::from("é\n")),
            ("value".to_owned(), Scalar::Float(100.0)),
        ],
        // Over REST nothing is sent unless it is asked for.
        analytics: Analytics::Nothing,
        ..Event::default()
    };
    assert_eq!(event, expected);
}
