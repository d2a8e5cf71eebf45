//! What no tracker should send: nothing panics, nothing is lost, and each problem has its name.

use super::{FLAVOURS, JSON, base64, body, codes, contexts, post};
use internal_events_collector::snowplow::{ContentHash, Decoded, decode_get, decode_post};
use serde_json::json;

/// Says in one line what became of a request: `ok(notes)` or `bad(reasons)` for each event.
fn summary(decoded: &Decoded<'_>) -> String {
    let notes = Some(format!("all({})", codes(&decoded.notes).join(" ")));
    let notes = notes.filter(|_| !decoded.notes.is_empty());
    let good = decoded.payloads.iter().map(|it| format!("ok({})", codes(&it.notes).join(" ")));
    let bad = decoded.bad.iter().map(|it| format!("bad({})", codes(&it.reasons).join(" ")));
    notes.into_iter().chain(good).chain(bad).collect::<Vec<_>>().join(" ")
}

/// An event with nothing odd about it, but for what is added.
fn event(more: &str) -> String {
    let id = "6c9baa74-f4e1-4bac-9ec9-7ae11aaf9f37";
    format!(r#"{{"e":"se","se_ac":"a","p":"web","tv":"x","eid":"{id}"{more}}}"#)
}

#[track_caller]
fn check_body(body: &str, expected: &str) {
    assert_eq!(summary(&post(body)), expected, "{body:.300}");
}

/// What becomes of an event with these members added.
#[track_caller]
fn check(more: &str, expected: &str) {
    check_body(&body(&event(more)), expected);
}

#[test]
fn bodies_that_hold_no_events_are_kept_whole() {
    let schema = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";
    for (body, expected) in [
        ("", "bad(empty)"),
        (" \r\n", "bad(empty)"),
        ("{", "bad(body)"),
        ("e=se&se_ac=a", "bad(body)"),
        ("{}", "bad(envelope-schema)"),
        ("[]", "bad(envelope)"),
        ("null", "bad(envelope)"),
        ("5", "bad(envelope)"),
        (r#"{"data":[{}]}"#, "bad(envelope-schema)"),
        (r#"{"schema":5,"data":[{}]}"#, "bad(envelope)"),
        (&format!(r#"{{"schema":"{schema}"}}"#), "bad(no-events)"),
        (&format!(r#"{{"schema":"{schema}","data":null}}"#), "bad(no-events)"),
        (&format!(r#"{{"schema":"{schema}","data":[]}}"#), "bad(no-events)"),
        (&format!(r#"{{"schema":"{schema}","data":{{}}}}"#), "bad(envelope)"),
        (&format!(r#"{{"schema":"{schema}","data":[],"data":[{{}}]}}"#), "bad(envelope)"),
        (&format!(r#"{{"schema":"{schema}","data":[{{}}]}} x"#), "bad(body)"),
        (&"[".repeat(2 << 20), "bad(envelope)"),
        (&format!(r#"["{schema}",[{{}}]]"#), "bad(envelope)"),
        (&format!(r#"{{"schema":"{schema}","data":{}"#, "[".repeat(2 << 20)), "bad(body)"),
    ] {
        check_body(body, expected);
        assert_eq!(post(body).bad[0].body, if expected == "bad(empty)" { "" } else { body });
    }
}

#[test]
fn any_version_1_0_of_the_envelope_is_read() {
    let good = event("");
    for (schema, expected) in [
        ("iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-0", "ok()"),
        ("iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-99", "ok()"),
        (
            "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-1-0",
            "bad(envelope-schema)",
        ),
        (
            "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/2-0-0",
            "bad(envelope-schema)",
        ),
        (
            "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4-1",
            "bad(envelope-schema)",
        ),
        (
            "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-+4",
            "bad(envelope-schema)",
        ),
        ("iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0", "bad(envelope-schema)"),
        ("iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0", "bad(envelope-schema)"),
        ("iglu:com.acme/payload_data/jsonschema/1-0-4", "bad(envelope-schema)"),
        ("com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "bad(envelope-schema)"),
        ("", "bad(envelope-schema)"),
    ] {
        // The order of the two members makes no difference.
        check_body(&format!(r#"{{"data":[{good}],"schema":"{schema}","more":[1]}}"#), expected);
    }
}

#[test]
fn a_body_says_that_it_is_json() {
    let body = body(&event(""));
    for (content_type, expected) in [
        (Some("application/json"), "ok()"),
        (Some("application/json; charset=utf-8"), "ok()"),
        (Some("application/json; charset=UTF-8"), "ok()"),
        (Some("Application/JSON;charset=\"utf-8\" ; x=y"), "ok()"),
        (Some("application/json; charset=iso-8859-1"), "bad(content-type)"),
        (Some("application/jsonp"), "bad(content-type)"),
        (Some("text/plain"), "bad(content-type)"),
        (Some(""), "bad(content-type)"),
        (None, "bad(content-type)"),
    ] {
        let content_type = content_type.map(str::as_bytes);
        let decoded = decode_post(content_type, "", body.as_bytes());
        assert_eq!(summary(&decoded), expected, "{content_type:?}");
    }
    assert_eq!(summary(&decode_post(Some(b"\xff"), "", body.as_bytes())), "bad(content-type)");
}

#[test]
fn one_bad_event_costs_no_other() {
    let good = event("");
    let list = format!(
        r#"{good},5,null,"x",[],{{}},{{"e":"xx"}},{{"e":1e999}},{good},{{"e":"se","co":"{{"}},{good}"#
    );
    let expected = "ok() ok() ok() bad(event) bad(event) bad(event) bad(event) \
        bad(event-type missing missing) bad(event-type missing missing) bad(event) \
        bad(json missing missing)";
    check_body(&body(&list), expected);
    let body = body(&list);
    let kept: Vec<_> = post(&body).bad.into_iter().map(|it| it.body.into_owned()).collect();
    let sent = [
        "5",
        "null",
        "\"x\"",
        "[]",
        "{}",
        r#"{"e":"xx"}"#,
        r#"{"e":1e999}"#,
        r#"{"e":"se","co":"{"}"#,
    ];
    assert_eq!(kept, sent);
}

#[test]
fn odd_parameters_are_noted_and_kept() {
    for (more, expected) in [
        ("", "ok()"),
        (r#","se_va":5"#, "ok(not-text)"),
        (r#","se_va":12.5"#, "ok(not-text)"),
        (r#","se_va":-1e21"#, "ok(not-text)"),
        (r#","se_la":null"#, "ok(not-text)"),
        (r#","se_la":true"#, "ok(not-text)"),
        (r#","se_la":[1,{"a":2}]"#, "ok(not-text)"),
        (r#","se_la":"","se_la2":"x""#, "ok(unknown)"),
        (r#","":"x""#, "ok(unknown)"),
        (r#","p":"web""#, "ok(duplicate)"),
        (r#","zz":"1","zz":"2""#, "ok(unknown duplicate)"),
        (r#","dtm":"-1""#, "ok(form)"),
        (r#","dtm":"1.5""#, "ok(form)"),
        (r#","dtm":"253402300799999""#, "ok()"),
        (r#","dtm":"253402300800000""#, "ok(form)"),
        (r#","stm":"99999999999999999999""#, "ok(form)"),
        (
            r#","cookie":"true","vid":"x","res":"800","pp_mix":"12.5","sid":"1""#,
            "ok(form form form form form)",
        ),
        (r#","res":"800x600","vid":"-3","cookie":"0""#, "ok()"),
        (r#","se_la":"\ud83d""#, "ok(surrogate)"),
        (r#","se_la":"\ud83d\ude00""#, "ok()"),
        (r#","se_la":"\u0000\t\\ud83d""#, "ok()"),
        (r#","se_la":"\ude00\ud83d\ud83d\ude00""#, "ok(surrogate)"),
    ] {
        check(more, expected);
    }
    check(&format!(r#","se_pr":"{}""#, "ü".repeat(1000)), "ok()");
    check(&format!(r#","se_pr":"{}""#, "ü".repeat(1001)), "ok(too-long)");
    // An emoji is two UTF-16 units.
    check(&format!(r#","se_pr":"{}""#, "😀".repeat(501)), "ok(too-long)");
    check_body(&body(r#"{"e":"pv"}"#), "ok(missing missing missing)");
    check_body(&body(r#"{"e":"se","p":"x","tv":"x","eid":"x"}"#), "ok(form form missing)");
}

#[test]
fn values_that_are_no_text_become_text() {
    let event = event(r#","se_va":12.5,"se_la":null,"se_pr":{"a":[true]},"vid":7"#);
    let body = body(&event);
    let decoded = post(&body);
    let parameters = &decoded.payloads[0].parameters;
    let given: Vec<_> = parameters.iter().skip(5).collect();
    let expected = [("se_va", "12.5"), ("se_la", ""), ("se_pr", r#"{"a":[true]}"#), ("vid", "7")];
    assert_eq!(given, expected);
    assert_eq!(parameters.get("se_la"), None, "empty is as good as absent");
}

#[test]
fn the_last_of_two_is_taken() {
    let body = body(&event(r#","se_la":"1","zz":"1","se_la":"2","zz":"2""#));
    let decoded = post(&body);
    let parameters = &decoded.payloads[0].parameters;
    assert_eq!((parameters.get("se_la"), parameters.get("zz")), (Some("2"), Some("2")));
    assert_eq!(parameters.len(), 7);
}

#[test]
fn contexts_that_cannot_be_read_cost_the_event() {
    let wrapped = |data: &str| {
        let schema = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0";
        format!(r#"{{"schema":"{schema}","data":{data}}}"#)
    };
    let deep = |depth: usize| {
        let nested = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
        contexts(&[("com.acme/x/jsonschema/1-0-0", &nested)])
    };
    for (co, expected) in [
        (wrapped("[]"), "ok()"),
        (contexts(&[("com.acme/x/jsonschema/1-0-0", "null")]), "ok()"),
        ("{".to_owned(), "bad(json)"),
        ("5".to_owned(), "bad(wrapper)"),
        ("{}".to_owned(), "bad(wrapper)"),
        ("[]".to_owned(), "bad(wrapper)"),
        (wrapped("{}"), "bad(wrapper)"),
        (wrapped("null"), "bad(wrapper)"),
        (wrapped("[5]"), "bad(entity)"),
        (wrapped(r#"[{"schema":"iglu:a/b/c/1-0-0"}]"#), "bad(entity)"),
        (wrapped(r#"[{"schema":"a/b/c/1-0-0","data":{}}]"#), "bad(entity)"),
        (wrapped(r#"[{"data":{}}]"#), "bad(entity)"),
        (wrapped("[]").replace("1-0-0", "1-1-0"), "bad(wrapper)"),
        (wrapped("[]").replace("contexts", "unstruct_event"), "bad(wrapper)"),
        (contexts(&[("com.acme/x/jsonschema/1-0-0", r#"{"a":1,"a":2}"#)]), "ok(duplicate)"),
        (contexts(&[("com.acme/x/jsonschema/1-0-0", r#""\ud83d""#)]), "ok(surrogate)"),
        (contexts(&[("com.acme/x/jsonschema/1-0-0", "1e999")]), "bad(json)"),
        (deep(48), "ok()"),
        (deep(49), "bad(json)"),
        (deep(100_000), "bad(json)"),
    ] {
        check(&format!(r#","co":{}"#, json!(co)), expected);
        for flavour in FLAVOURS {
            check(&format!(r#","cx":"{}""#, base64(co.as_bytes(), flavour)), expected);
        }
    }
    check(&format!(r#","co":{}"#, wrapped("[]")), "ok(not-text)");
    check(&format!(r#","co":{}"#, "[".repeat(200) + &"]".repeat(200)), "bad(event)");
    let both = json!(wrapped("[]"));
    let cx = base64(wrapped("[]").as_bytes(), FLAVOURS[0]);
    check(&format!(r#","co":{both},"cx":"{cx}""#), "ok(both)");
}

#[test]
fn text_that_is_no_base64_costs_the_event() {
    for cx in ["A", "QQ==QQ==", "Q=", "=", "QUJD*", "ü", "QUJDR", "QU=JD"] {
        check(&format!(r#","cx":"{cx}""#), "bad(base64)");
    }
    check(r#","cx":"QUJD""#, "bad(json)");
    check(r#","cx":"\n""#, "bad(json)");
    check(r#","cx":"""#, "ok()");
    // Bytes that are no UTF-8, within what else is right.
    let co = contexts(&[("com.acme/x/jsonschema/1-0-0", r#""~""#)]);
    let bytes: Vec<u8> = co.bytes().map(|it| if it == b'~' { 0xFF } else { it }).collect();
    check(&format!(r#","cx":"{}""#, base64(&bytes, FLAVOURS[3])), "ok(utf-8)");
}

#[test]
fn a_self_describing_event_describes_something() {
    let described = |data: &str| {
        let schema = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0";
        json!(format!(r#"{{"schema":"{schema}","data":{data}}}"#)).to_string()
    };
    let good = described(r#"{"schema":"iglu:com.acme/x/jsonschema/1-0-0","data":{}}"#);
    for (more, expected) in [
        (String::new(), "bad(nothing-described)"),
        (format!(r#","ue_pr":{good}"#), "ok()"),
        (format!(r#","ue_pr":{}"#, described("[]")), "bad(wrapper)"),
        (format!(r#","ue_pr":{}"#, described("{}")), "bad(entity)"),
        (format!(r#","ue_px":{good}"#), "bad(base64)"),
        (r#","ue_pr":"x","co":"x""#.to_owned(), "bad(json json)"),
    ] {
        let event = event(&more).replacen("\"se\"", "\"ue\"", 1);
        check_body(&body(&event), expected);
    }
}

#[test]
fn queries_are_unescaped_and_odd_ones_noted() {
    let good = "e=se&se_ac=a&p=web&tv=x&eid=6c9baa74-f4e1-4bac-9ec9-7ae11aaf9f37";
    for (more, expected) in [
        ("", "ok()"),
        ("&&", "ok()"),
        ("&se_la", "ok()"),
        ("&se_la=a=b", "ok()"),
        ("&%73e_la=%41", "ok()"),
        ("&=x", "ok(unknown)"),
        ("&u=https://example.com", "ok(unknown)"),
        ("&se_la=%zz", "ok(percent-escape)"),
        ("&se_la=%", "ok(percent-escape)"),
        ("&se_la=%c", "ok(percent-escape)"),
        ("&se_la=%+1", "ok(percent-escape)"),
        ("&se_la=%ff", "ok(utf-8)"),
        ("&se_la=%00", "ok()"),
        ("&e=pv&e=se", "ok(duplicate duplicate)"),
    ] {
        assert_eq!(summary(&decode_get(&format!("{good}{more}"))), expected, "{more}");
    }
    assert_eq!(summary(&decode_get("")), "bad(empty)");
    assert_eq!(summary(&decode_get("&")), "bad(empty)");
    assert_eq!(summary(&decode_get("x=1")), "bad(event-type unknown missing missing)");
    let kept = decode_get("x=%zz").bad.remove(0);
    assert_eq!((kept.query.as_ref(), kept.body.as_ref()), ("x=%zz", ""));
}

#[test]
fn parameters_of_the_query_win_in_every_event() {
    let body = body(&format!("{},{}", event(r#","aid":"body""#), event(r#","tna":"t""#)));
    let decoded = decode_post(JSON, "aid=que+ry&zz=1&e=se", body.as_bytes());
    assert_eq!(summary(&decoded), "all(unknown) ok() ok()");
    for payload in &decoded.payloads {
        assert_eq!(payload.app_id(), Some("que ry"));
        assert_eq!(payload.parameters.get("zz"), Some("1"));
    }
    let hash = ContentHash::new(b"");
    let keys: Vec<_> = decoded.payloads.iter().map(|it| hash.of(&it.parameters)).collect();
    assert_ne!(keys[0], keys[1]);
    // A body is not needed at all.
    let only_query = decode_post(None, "e=pv&p=web&tv=x", b"");
    assert_eq!(summary(&only_query), "ok(missing)");
}

#[test]
fn bytes_that_are_no_utf_8_are_replaced() {
    let body = body(&event(r#","se_la":"~""#)).replace('~', "\u{1}").into_bytes();
    let bytes: Vec<u8> = body.into_iter().map(|it| if it == 1 { 0xFF } else { it }).collect();
    let decoded = decode_post(JSON, "", &bytes);
    assert_eq!(summary(&decoded), "all(utf-8) ok()");
    assert_eq!(decoded.payloads[0].parameters.get("se_la"), Some("\u{FFFD}"));
    assert_eq!(summary(&decode_post(JSON, "", b"\xff\xfe")), "all(utf-8) bad(body)");
}

#[test]
fn everything_has_a_bound() {
    let good = event("");
    let events = |n: usize| body(&vec![good.as_str(); n].join(","));
    assert_eq!(post(&events(5_000)).payloads.len(), 5_000);
    check_body(&events(5_001), "bad(too-many-events)");

    let members =
        |n: usize| (0..n).map(|it| format!(r#","k{it}":"""#)).collect::<Vec<_>>().concat();
    let body_of = |n: usize| body(&event(&members(n)));
    assert_eq!(post(&body_of(155)).payloads.len(), 1);
    assert_eq!(codes(&post(&body_of(156)).bad[0].reasons)[0], "too-many-parameters");
    assert_eq!(codes(&post(&body_of(100_000)).bad[0].reasons), ["too-many-parameters"]);
    let many_twice = event(&r#","p":"web""#.repeat(1_000));
    assert_eq!(codes(&post(&body(&many_twice)).bad[0].reasons), ["too-many-parameters"]);
    let query: String = members(161).replace(",\"", "&").replace("\":\"\"", "=");
    assert_eq!(summary(&decode_get(&query)), "bad(too-many-parameters)");

    let notes = post(&body_of(155)).payloads.remove(0).notes;
    assert_eq!((notes.len(), notes[20].to_string()), (21, "135 more".to_owned()));

    // A query is copied into each event; contexts take more memory than the text they came in.
    let long = format!("zz={}", "x".repeat(10_000));
    let two_hundred = events(210);
    let decoded = decode_post(JSON, &long, two_hundred.as_bytes());
    assert_eq!(summary(&decoded), "bad(query-too-long)");
    let zeros =
        contexts(&[("com.acme/x/jsonschema/1-0-0", &format!("[{}0]", "0,".repeat(120_000)))]);
    let large = event(&format!(r#","co":{}"#, json!(zeros)));
    check_body(&body(&format!("{large},{large},{good}")), "ok() ok() bad(json)");
}

#[test]
fn what_is_repeated_is_short_and_on_one_line() {
    let name = format!("\\n\\u001b[31m{}", "x".repeat(500));
    let body = body(&event(&format!(r#","{name}":"1""#)));
    let note = post(&body).payloads[0].notes[0].to_string();
    assert!(note.len() < 200 && !note.contains(['\n', '\u{1b}']), "{note}");
}
