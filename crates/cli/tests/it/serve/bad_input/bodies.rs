//! Bodies that are no event, or not quite one.

use super::super::server::TRACK;
use super::{BATCH, Case, check};

fn event(what: &str, body: impl AsRef<[u8]>) -> Case {
    Case::body(what, TRACK, body)
}

#[test]
fn what_is_no_json_is_told() {
    let deep = |open: &str| open.repeat(100_000);
    let bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "{",
        "}",
        "nul",
        "NaN",
        "'a'",
        "{'event':'create_order'}",
        "{event:1}",
        r#"{"event":"create_order",}"#,
        r#"{"event":"create_order"}}"#,
        r#"{"event":"create_order""#,
        r#"{"event":"create_order"}{"event":"create_order"}"#,
        r#"{"event" "create_order"}"#,
        r#"{"event":"create_order","user_id":01}"#,
        r#"{"event":"create_order","user_id":+1}"#,
        r#"{"event":"create_order","user_id":.5}"#,
        r#"{"event":"create_order","user_id":1.}"#,
        r#"{"event":"create_order","user_id":0x5}"#,
        r#"{"event":"create_order","user_id":NaN}"#,
        r#"{"event":"create_order","user_id":Infinity}"#,
        r#"{"event":"create_order","user_id":1e999}"#,
        r#"{"event":"create_order","user_id":-1e999}"#,
        r#"{"event":"create_order" /* no */}"#,
        r#"{"event":"create\_order"}"#,
        r#"{"event":"\ud800"}"#,
        r#"{"event":"\u12"}"#,
        "{\"event\":\"create\norder\"}",
        "{\"event\":\"a\0\"}",
        "\u{feff}{\"event\":\"create_order\"}",
        "event=create_order&user_id=5",
        "--boundary\r\nContent-Disposition: form-data\r\n",
        "<event/>",
        "---\nevent: create_order\n",
    ]
    .iter()
    .map(|it| it.as_bytes().to_vec())
    .chain([
        b"{\"event\":\"\xff\xfe\"}".to_vec(),
        b"{\"event\":\"\xc0\xaf\"}".to_vec(),
        b"{\"event\":\"\xed\xa0\x80\"}".to_vec(),
        b"{\"\xf5\":1}".to_vec(),
        b"\x1f\x8b\x08\0\0\0\0\0".to_vec(),
        "{\"event\":\"create_order\"}".encode_utf16().flat_map(u16::to_le_bytes).collect(),
        deep("{\"a\":").into(),
        format!("{{\"event\":{}", deep("[")).into(),
        format!("{{\"other\":{}", deep("[{\"a\":")).into(),
        format!("{{\"event\":\"a\",\"additional_properties\":{}", deep("{\"a\":")).into(),
    ])
    .collect();
    let mut cases = Vec::new();
    for body in bodies {
        let what = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
        cases.push(event(&what, &body).is(400, "invalid_json"));
        let what = format!("{what} in a batch");
        cases.push(Case::body(what, BATCH, &body).is(400, "invalid_json"));
    }
    check(cases);
}

#[test]
fn what_is_no_event_is_told() {
    let wrong = |what: &str| event(what, what).is(400, "invalid_parameter");
    let mut cases: Vec<Case> =
        ["[]", "5", "null", "true", r#""create_order""#, "{}", r#"{"event":""}"#].map(wrong).into();
    cases.push(event("100,000 lists", "[".repeat(100_000)).is(400, "invalid_parameter"));
    let kinds = ["5", "-0", "1.5", "true", "[]", "{}", r#"["create_order"]"#];
    for kind in kinds {
        cases.push(wrong(&format!(r#"{{"event":{kind}}}"#)));
        cases.push(wrong(&format!(r#"{{"event":"create_order","category":{kind}}}"#)));
        cases.push(wrong(&format!(r#"{{"event":"create_order","event_id":{kind}}}"#)));
        cases.push(wrong(&format!(r#"{{"event":"create_order","project_path":{kind}}}"#)));
    }
    for id in ["user_id", "project_id", "namespace_id"] {
        for value in [
            "-1",
            "1.5",
            "9223372036854775808",
            "1e300",
            "-9223372036854775809",
            "true",
            "[5]",
            "{}",
            r#""""#,
        ] {
            cases.push(wrong(&format!(r#"{{"event":"create_order","{id}":{value}}}"#)));
        }
    }
    for value in
        [r#""-5""#, r#""5a""#, r#""5.0""#, r#""٥""#, r#""99999999999999999999""#, r#"" 5""#]
    {
        cases.push(wrong(&format!(r#"{{"event":"create_order","project_id":{value}}}"#)));
    }
    for value in ["5", r#""yes""#, "[]", "{}"] {
        cases.push(wrong(&format!(r#"{{"event":"create_order","send_to_snowplow":{value}}}"#)));
    }
    for value in
        ["5", "true", r#""label=x""#, "[]", r#"[{"label":"x"}]"#, r#"{"label":1,"label":2}"#]
    {
        cases
            .push(wrong(&format!(r#"{{"event":"create_order","additional_properties":{value}}}"#)));
    }
    for name in [
        "event",
        "event_id",
        "user_id",
        "project_id",
        "project_path",
        "namespace_id",
        "category",
        "send_to_snowplow",
        "additional_properties",
    ] {
        cases.push(wrong(&format!(r#"{{"event":"create_order","{name}":null,"{name}":null}}"#)));
        let hidden = format!("\\u{:04x}{}", u32::from(name.as_bytes()[0]), &name[1..]);
        cases.push(wrong(&format!(r#"{{"event":"create_order","{name}":null,"{hidden}":null}}"#)));
    }
    let long = "x".repeat(256);
    for name in ["event", "event_id", "user_id", "project_path", "category"] {
        let body = if name == "event" {
            format!(r#"{{"event":"{long}"}}"#)
        } else {
            format!(r#"{{"event":"create_order","{name}":"{long}"}}"#)
        };
        cases.push(event(&format!("{name} of 256 bytes"), body).is(400, "invalid_parameter"));
    }
    check(cases);
}

#[test]
fn what_is_odd_about_an_event_costs_no_more_than_its_place() {
    let taken = |what: &str| event(what, what).is(200, "accepted").accepted(1);
    let mut cases: Vec<Case> = [
        r#"{"event":"create_order","user_id":"\u0000"}"#,
        r#"{"event":"create_order","user_id":"' OR 1=1; --"}"#,
        r#"{"event":"create_order","user_id":"\u202e\u001b[2J"}"#,
        r#"{"event":"create_order","user_id":9223372036854775807,"project_id":"0","namespace_id":"007"}"#,
        r#"{"event":"create_order","category":"../../etc/passwd"}"#,
        r#"{"event":"create_order","additional_properties":{"undeclared":"x","":1,"__proto__":{}}}"#,
        r#"{"event":"create_order","additional_properties":{"label":1e308}}"#,
        r#"{"event":"create_order","additional_properties":{"label":-0.0,"value":-0}}"#,
        r#"{"event":"create_order","additional_properties":{"label":[[[[]]]],"property":{"a":{}}}}"#,
        r#"{"event":"create_order","__proto__":{"user_id":5},"constructor":[],"":null,"event ":"x"}"#,
        r#"{"event":"create_order","user_id":null,"project_id":null,"additional_properties":null}"#,
        r#"{"event":"create_order","user_id":-0,"project_id":5.0,"namespace_id":1e2}"#,
        " \r\n\t{\"event\":\"create_order\"}\r\n ",
    ]
    .map(taken)
    .into();
    for name in [
        "create_ordr",
        "Create_Order",
        " create_order",
        "create_order\\u0000",
        "\\u202eredro_etaerc",
        "\\u001b[2J\\n",
        "*",
        "../create_order",
        "💥",
        "count(*)",
    ] {
        let body =
            format!(r#"{{"event":"{name}","user_id":5,"additional_properties":{{"a":1e3}}}}"#);
        cases.push(event(name, body).is(202, "quarantined").quarantined(1));
    }
    let many: Vec<String> = (0..101).map(|it| format!(r#""p{it}":1"#)).collect();
    let body = |n: usize| {
        format!(r#"{{"event":"create_order","additional_properties":{{{}}}}}"#, many[..n].join(","))
    };
    cases.push(event("100 properties", body(100)).is(200, "accepted").accepted(1));
    cases.push(event("101 properties", body(101)).is(400, "invalid_parameter"));
    check(cases);
}

#[test]
fn a_batch_is_taken_whole_or_not_at_all() {
    let good = r#"{"event":"create_order","user_id":5}"#;
    let batch = |events: &[&str]| format!(r#"{{"events":[{}]}}"#, events.join(","));
    let refused =
        |what: &str, body: &str| Case::body(what, BATCH, body).is(400, "invalid_parameter");
    let mut cases = vec![
        Case::body("50 events", BATCH, batch(&[good; 50])).is(200, "").accepted(50),
        Case::body("51 events", BATCH, batch(&[good; 51])).is(400, "too_many_events"),
        Case::body("20,000 events", BATCH, batch(&[good; 20_000])).is(400, "too_many_events"),
        Case::body("a million nulls", BATCH, batch(&vec!["{}"; 600_000]))
            .is(400, "too_many_events"),
        Case::body("none", BATCH, batch(&[])).is(200, ""),
        Case::body("an unknown one", BATCH, batch(&[good, r#"{"event":"zzz"}"#, good]))
            .is(200, "")
            .accepted(2)
            .quarantined(1),
    ];
    for wrong in [
        "5",
        "null",
        "[]",
        "{}",
        r#""x""#,
        r#""""#,
        r#"{"event":5}"#,
        r#"{"event":"a","event":"b"}"#,
        r#""{\"event\":5}""#,
        r#""\"{}\"""#,
        r#"{"event":"create_order","user_id":-1}"#,
        r#"{"events":[]}"#,
    ] {
        cases.push(refused(&format!("{wrong} among good ones"), &batch(&[good, wrong, good])));
    }
    let nested = format!("\"{}\"", "[".repeat(100_000));
    cases.push(refused("deep nesting in an event that is text", &batch(&[good, &nested])));
    for body in [
        "{}",
        r#"{"events":null}"#,
        r#"{"events":{}}"#,
        r#"{"events":5}"#,
        r#"{"events":"[]"}"#,
        r#"{"events":[],"events":[]}"#,
        r#"{"Events":[]}"#,
        "[]",
    ] {
        cases.push(refused(body, body));
    }
    check(cases);
}
