//! What Snowplow trackers would never send: answered alike, counted as bad, and kept aside.

use super::{Case, TP2, check};

const SCHEMA: &str = "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";

fn body(events: &str) -> String {
    format!(r#"{{"schema":"{SCHEMA}","data":[{events}]}}"#)
}

/// An order, with these members besides.
fn order(rest: &str) -> String {
    format!(r#"{{"e":"se","p":"web","tv":"x","se_ac":"create_order"{rest}}}"#)
}

/// A body that is answered as all are.
fn sent(what: &str, body: impl AsRef<[u8]>) -> Case {
    Case::body(what, TP2, body).is(200, "")
}

/// An order with these members besides; counted if there is no code for what is bad about it.
fn with(rest: &str, code: &'static str) -> Case {
    let what = &rest[..rest.floor_char_boundary(60)];
    let case = sent(what, body(&order(rest)));
    if code.is_empty() { case.accepted(1) } else { case.bad(code) }
}

#[test]
fn a_body_that_is_none() {
    let good = order("");
    let (schema, data) = (format!(r#""schema":"{SCHEMA}""#), format!(r#""data":[{good}]"#));
    let deep = "[".repeat(100_000);
    let deep_and_whole = format!("{deep}{}", "]".repeat(100_000));
    check(vec![
        sent("a good one", body(&good)).accepted(1),
        sent("bytes that are no UTF-8", b"\xff\xfe{}").bad("body"),
        sent("deep", &deep).bad("envelope"),
        sent("deep data", body(&deep)).bad("body"),
        sent("deep and whole", body(&deep_and_whole)).bad("event"),
        sent("5,001 events", body(&vec!["{}"; 5_001].join(","))).bad("too-many-events"),
        sent("schema twice", format!("{{{schema},{schema},{data}}}")).bad("envelope"),
        sent("data twice", format!("{{{schema},{data},{data}}}")).bad("envelope"),
        sent("a list", "[]").bad("envelope"),
        sent("no data", format!("{{{schema}}}")).bad("no-events"),
        sent("empty data", body("")).bad("no-events"),
        sent("another schema", r#"{"schema":"iglu:a/b/c/1-0-0","data":[{}]}"#)
            .bad("envelope-schema"),
        Case::get("an empty query", "/i").is(200, "").bad("empty"),
        Case::get("a query of nonsense", "/i?%zz=%ff&&&=&e").is(200, "").bad("event-type"),
        Case::get("a query with a NUL", "/i?e=se&p=web&tv=x&se_ac=create_order&se_la=%00")
            .is(200, "")
            .accepted(1),
    ]);
    let other = |content_type: &str| {
        let case = sent(content_type, body(&good));
        let text = String::from_utf8(case.bytes).expect("it is text");
        let bytes = text.replacen("application/json", content_type, 1).into();
        Case { bytes, ..sent(content_type, "") }
    };
    check(vec![
        other("application/json;;;").accepted(1),
        other("text/plain").bad("content-type"),
        other("application/json; charset=latin1").bad("content-type"),
        other("multipart/form-data; boundary=application/json").bad("content-type"),
    ]);
}

#[test]
fn an_event_that_is_none() {
    let members = |n: u32| -> Vec<String> { (0..n).map(|it| format!(r#","k{it}":"""#)).collect() };
    let nested = |depth: usize| format!(r#","co":"{}""#, "[".repeat(depth));
    check(vec![
        sent("a number", body("5")).bad("event"),
        sent("a kind there is not", body(r#"{"e":"zzz"}"#)).bad("event-type"),
        sent("nothing described", body(r#"{"e":"ue","tv":"x"}"#)).bad("nothing-described"),
        with(&members(170).concat(), "too-many-parameters"),
        with(r#","se_ac":"create_order""#, ""),
        with(r#","se_va":"NaN""#, ""),
        with(r#","se_va":"1e999""#, ""),
        with(r#","se_va":[[]],"se_la":{"a":null}"#, ""),
        with(r#","eid":"../../etc/passwd","dtm":"-1","p":"\u001b[2J""#, ""),
        with(r#","co":"{}""#, "wrapper"),
        with(r#","co":"{""#, "json"),
        with(r#","co":[]"#, "wrapper"),
        with(&nested(60), "json"),
        with(&nested(100_000), "json"),
    ]);
}

#[test]
fn text_that_is_no_base64_or_nothing_good_in_base64() {
    let cx = |text: &str, code| with(&format!(r#","cx":"{text}""#), code);
    let no_base64 =
        ["%%%", "=", "====", "A", "AAAAA", "A=AA", "eyJ=zY2hl", "e\\u0000yJ", "💥", "eyJz*"];
    let no_json = ["AA==", "AA", "__8", "//8=", "AAAA", "e3\\r\\n"];
    let no_contexts = ["e30", "e30=", "e30=\\n", "bnVsbA"];
    let mut cases = vec![cx("", "")];
    cases.extend(no_base64.map(|it| cx(it, "base64")));
    cases.extend(no_json.map(|it| cx(it, "json")));
    cases.extend(no_contexts.map(|it| cx(it, "wrapper")));
    check(cases);
}
