use super::{pick_apart, pick_at_once};

const TYPE: Option<&[u8]> = Some(b"application/json");

/// Two events as trackers write them, in an envelope with a member that nobody knows.
const BODY: &str = r#"{"more":[1,{}],"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[
{"e":"se","se_ac":"a\u00fc","se_la":null,"p":"web","zz":"1","zz":"2","tv":"x","se_va":1.50,
"co":"{\"schema\":\"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0\",\"data\":[{\"schema\":\"iglu:com.gitlab/gitlab_standard/jsonschema/1-0-0\",\"data\":{\"user_id\":5,\"user_id\":6,\"extra\":{\"a\":[1]}}}]}"},
{"e":"ue","p":"x","tv":"y","eid":"6c9baa74-f4e1-4bac-9ec9-7ae11aaf9f37","dtm":"-1","vid":{"a":[true]},
"ue_px":"eyJzY2hlbWEiOiJpZ2x1OmNvbS5zbm93cGxvd2FuYWx5dGljcy5zbm93cGxvdy91bnN0cnVjdF9ldmVudC9qc29uc2NoZW1hLzEtMC0wIiwiZGF0YSI6eyJzY2hlbWEiOiJpZ2x1OmEvYi9jLzEtMC0wIiwiZGF0YSI6e319fQ"}]}"#;

/// Decodes in both ways, which must not differ; tells whether one go sufficed.
fn check(query: &str, body: &str) -> bool {
    let Some(decoded) = pick_at_once(TYPE, query, body, &mut |it| it) else { return false };
    let apart = pick_apart(TYPE, query, body, &mut |it| it);
    assert_eq!(format!("{decoded:?}"), format!("{apart:?}"), "{query} {body}");
    true
}

#[test]
fn a_body_read_in_one_go_is_read_as_its_events_are() {
    for query in ["", "aid=que+ry&zz=3&e=se", "%zz=1&%ff"] {
        assert!(check(query, BODY), "{query}");
    }
    for (part, other) in [
        ("\"p\":\"web\"", "\"p\":{}"),
        ("{\"more\"", " \t\n{\"schem\""),
        ("se_la\":null", "data\":[[]]"),
        ("\"dtm\":\"-1\"", "\"a\":1,\"a\":2,\"a\":null"),
    ] {
        assert!(check("", &BODY.replacen(part, other, 1)), "{part}");
    }
    // What is bad is kept as it came, and one go does not know how it came.
    for (part, other) in [
        ("1-0-4", "2-0-4"),
        ("\"data\":[", "\"data\":[5,"),
        ("\"more\"", "\"schema\""),
        ("\"more\"", "\"data\""),
        ("\"e\":\"se\"", "\"e\":\"xx\""),
        ("\\u00fc", "\\ud83d"),
        ("1.50", "1e999"),
        ("ue_px\":\"ey", "ue_px\":\"*"),
    ] {
        assert!(!check("", &BODY.replacen(part, other, 1)), "{part}");
    }
    assert!(pick_at_once(Some(b"text/plain"), "", BODY, &mut |it| it).is_none());
    let long = "zz=".to_owned() + &"x".repeat(super::MERGED_BYTES / 2 + 1);
    assert!(pick_at_once(TYPE, &long, BODY, &mut |it| it).is_none());
}

#[test]
fn a_broken_body_is_read_in_one_go_as_its_events_are_or_not_at_all() {
    let mut random = 0x5eed_2026_u64;
    let mut below = |bound: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random >> 40).unwrap() % bound
    };
    let words =
        ["\"", "\\", "{", "}", "[", "]", ",", ":", "1", "e", "null", "\"x\":5,", "{},", " "];
    let mut n_at_once = 0;
    for _ in 0..4_000 {
        let mut body = BODY.to_owned();
        let (start, n) = (below(BODY.len()), below(3));
        let end = BODY.len().min(start + n);
        body.replace_range(start..end, words[below(words.len())]);
        n_at_once += usize::from(check("", &body));
    }
    assert!((500..3_900).contains(&n_at_once), "{n_at_once}");
}
