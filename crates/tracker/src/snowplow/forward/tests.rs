//! What came as a Snowplow event, and as what it is handed on.

use super::*;
use crate::store::EventId;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE, URL_SAFE_NO_PAD};
use proptest::prelude::*;
use serde_json::json;

const ACCEPTED: i64 = 1_795_338_411_772;

/// The pseudonym of user 1, as GitLab computed it.
const USER_1: &str = "5ZdHOXw3WkHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDE=";

fn options() -> SnowplowOptions {
    let salt = Salt::new("0123456789abcdef0123456789abcdef");
    SnowplowOptions::new("http://127.0.0.1:9090", salt)
}

fn entry() -> StoredEntry {
    let id = EventId(*uuid::uuid!("0f1a2b3c-4d5e-4f60-8718-293a4b5c6d7e").as_bytes());
    let (event, updates) = (Vec::new(), Vec::new());
    StoredEntry { sequence: 1, id, accepted_at: ACCEPTED, catalog: 0, event, updates }
}

fn handed_on(
    came: &[(&str, &str)],
    now: i64,
    options: &SnowplowOptions,
) -> Result<Vec<(String, String)>, String> {
    let came = came.iter().map(|(name, value)| ((*name).to_owned(), (*value).into())).collect();
    forward(&entry(), &came, now, options).map(|it| it.0)
}

/// What is handed on beside what every event needs.
fn beside(came: &[(&str, &str)]) -> Vec<(String, String)> {
    let needed = [("e", "se"), ("p", "web"), ("tv", "js-4.0.0"), ("eid", "0f1a")];
    let came = [&needed, came].concat();
    let all = handed_on(&came, ACCEPTED, &options()).unwrap();
    let (needed_came_out, others) = all.split_at(needed.len());
    assert!(needed_came_out.iter().map(|(a, b)| (a.as_str(), b.as_str())).eq(needed));
    others.to_vec()
}

fn owned(parameters: &[(&str, &str)]) -> Vec<(String, String)> {
    parameters.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect()
}

#[test]
fn the_parameters_that_pass_are_those_of_the_protocol() {
    let rules = include_str!("../../../../../fixtures/snowplow/payload_data.json");
    let rules: Value = serde_json::from_str(rules).unwrap();
    let items = &rules["properties"]["data"]["items"];
    let names: BTreeSet<&str> =
        items["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names.len(), 80);
    assert_eq!(*ALLOWED_NAMES, names);
    assert_eq!(items["required"], json!(["tv", "p", "e"]));
    assert_eq!(BTreeSet::from(REQUIRED), BTreeSet::from(["tv", "p", "e"]));
}

#[test]
fn what_a_collector_takes_goes_as_it_came_and_in_its_order() {
    for (came, expected) in [
        (&[("dtm", "1"), ("ttm", "2"), ("tz", "Europe/London")][..], None),
        (
            &[("url", "https://a.example/?q=ü 🎁"), ("aid", "shop"), ("co", r#"{"data": [ ]}"#)],
            None,
        ),
        (&[("cx", "eyJkYXRhIjpbXX0"), ("se_va", "01.50")], None),
        (&[("duid", "d"), ("nuid", "n"), ("ip", "192.0.2.1"), ("ua", "x"), ("sid", "s")], None),
        (
            &[("u", "https://a.example"), ("aid", "a"), ("cv", "x"), ("E", "x")],
            Some(&[("aid", "a")][..]),
        ),
        (&[("aid", ""), ("se_la", "x")], Some(&[("se_la", "x")])),
    ] {
        assert_eq!(beside(came), owned(expected.unwrap_or(came)), "{came:?}");
    }
}

#[test]
fn what_a_collector_would_refuse_is_kept_back_and_said() {
    let all = [("e", "se"), ("p", "web"), ("tv", "js-4.0.0")];
    for missing in ["e", "p", "tv"] {
        for is_empty in [false, true] {
            let mut came = all.to_vec();
            came.retain(|(name, _)| *name != missing);
            if is_empty {
                came.push((missing, ""));
            }
            let error = handed_on(&came, ACCEPTED, &options()).unwrap_err();
            assert!(error.contains(&format!("`{missing}` is missing")), "{error}");
        }
    }
    let mut came = json!({ "e": "se", "p": "web", "tv": 5 });
    let came = came.as_object_mut().unwrap();
    assert!(forward(&entry(), came, ACCEPTED, &options()).is_err(), "a number is no text");
}

#[test]
fn an_event_without_an_id_gets_that_of_the_journal() {
    let came = [("e", "pv"), ("p", "web"), ("tv", "js-4.0.0")];
    let handed_on = handed_on(&came, ACCEPTED, &options()).unwrap();
    let id = ("eid".to_owned(), "0f1a2b3c-4d5e-4f60-8718-293a4b5c6d7e".to_owned());
    assert_eq!(handed_on.last(), Some(&id));
}

#[test]
fn the_time_of_sending_moves_only_if_an_event_was_held_up() {
    for (held_up, sent, expected) in [
        (0, "1000", "1000"),
        (60_000, "1000", "1000"),
        (60_001, "1000", "61001"),
        (86_400_000, "1000", "86401000"),
        (-5, "1000", "1000"),
        (60_001, "soon", "soon"),
        (60_001, "9223372036854775807", "9223372036854775807"),
    ] {
        let came =
            [("e", "se"), ("p", "web"), ("tv", "js"), ("eid", "1"), ("stm", sent), ("dtm", "9")];
        let out = handed_on(&came, ACCEPTED + held_up, &options()).unwrap();
        assert_eq!(out[4].1, expected, "{held_up}");
        assert_eq!(out[5].1, "9", "the time when it happened stays");
    }
}

#[test]
fn the_id_of_a_user_is_hashed_and_a_hash_stays() {
    let salt = options().salt;
    for (uid, expected) in [
        ("1", USER_1.to_owned()),
        (USER_1, USER_1.to_owned()),
        ("jörg@example.com", salt.hash("jörg@example.com")),
        (" ", salt.hash(" ")),
    ] {
        assert_eq!(beside(&[("uid", uid)]), owned(&[("uid", &expected)]));
        let raw = SnowplowOptions { pseudonymise: false, ..options() };
        let came = [("e", "se"), ("p", "web"), ("tv", "js"), ("eid", "1"), ("uid", uid)];
        assert_eq!(handed_on(&came, ACCEPTED, &raw).unwrap(), owned(&came));
    }
}

/// Reads either alphabet, padded or not: a short text shows no sign of which it is.
fn decoded(base64: &str) -> String {
    let standard = base64.trim_end_matches('=').replace('-', "+").replace('_', "/");
    String::from_utf8(STANDARD_NO_PAD.decode(standard).unwrap()).unwrap()
}

/// Contexts in which a member of a standard context stands.
fn contexts(user_id: &str) -> String {
    format!(
        r#"{{ "schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0", "data":[{{"schema":"iglu:a/web_page/jsonschema/1-0-0","data":{{"user_id":1,"n":1.50e3}}}}, {{"data":{{"user_id":{user_id},"extra":{{"user_id":1, "n":12345678901234567890123}},"x":"\ud83d"}},"schema":"iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7"}}]}}"#
    )
}

#[test]
fn in_contexts_nothing_changes_but_the_user() {
    let salt = options().salt;
    for (user, expected) in [
        ("1", Some(USER_1.to_owned())),
        (r#""1""#, Some(USER_1.to_owned())),
        (r#""jörg""#, Some(salt.hash("jörg"))),
        ("18446744073709551615", Some(salt.hash("18446744073709551615"))),
        ("1.5", Some(salt.hash("1.5"))),
        (r#"["jörg"]"#, Some(salt.hash(r#"["jörg"]"#))),
        ("true", Some(salt.hash("true"))),
        ("null", None),
        (r#""""#, None),
        (&format!(r#""{USER_1}""#), None),
    ] {
        let came = contexts(user);
        // An object that is written anew has no blanks between its members; all else stays.
        let expected = expected.map(|it| {
            contexts(&format!(r#""{it}""#))
                .replace("{ ", "{")
                .replace(", \"data\":[", ",\"data\":[")
                .replace("}, {\"data\":{\"user", "},{\"data\":{\"user")
        });
        let expected = expected.as_ref().unwrap_or(&came);
        assert_eq!(&beside(&[("co", &came)])[0].1, expected, "{user}");
        for engine in [&STANDARD, &URL_SAFE, &URL_SAFE_NO_PAD] {
            let encoded = engine.encode(&came);
            let out = beside(&[("cx", &encoded)]).remove(0).1;
            if expected == &came {
                assert_eq!(out, encoded, "not a byte changes");
            }
            assert_eq!(&decoded(&out), expected, "{user}: {encoded}");
            let has = |text: &str, signs: [char; 2]| text.contains(signs);
            let is_alike = |one, other| !(has(&encoded, one) && has(&out, other));
            assert!(
                is_alike(['+', '/'], ['-', '_']) && is_alike(['-', '_'], ['+', '/']),
                "{encoded} -> {out}"
            );
            assert!(!encoded.ends_with('=') || out.len().is_multiple_of(4), "{encoded} -> {out}");
        }
        let raw = SnowplowOptions { pseudonymise: false, ..options() };
        let came = [("e", "se"), ("p", "web"), ("tv", "js"), ("eid", "1"), ("co", &came)];
        assert_eq!(handed_on(&came, ACCEPTED, &raw).unwrap(), owned(&came));
    }
}

#[test]
fn a_user_that_is_there_twice_does_not_slip_through() {
    let standard = r#""schema":"iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7""#;
    for co in [
        format!(r#"{{"data":[{{{standard},"data":{{"user_id":"jane","user_id":null}}}}]}}"#),
        format!(r#"{{"data":[{{{standard},"data":{{"user_id":"jane"}},"data":{{}}}}]}}"#),
        format!(r#"{{"data":[{{{standard},"data":{{"user_id":"jane"}}}}],"data":[]}}"#),
        format!(r#"{{"data":[{{"schema":"x",{standard},"data":{{"user_id":"jane"}}}}]}}"#),
        format!(r#"{{"data":[{{{standard},"schema":"x","data":{{"user_id":"jane"}}}}]}}"#),
        format!(r#"{{"data":[{{{standard},"data":{{"user\u005fid":"jane"}}}}]}}"#),
    ] {
        let out = beside(&[("co", &co)]).remove(0).1;
        assert!(!out.contains("jane"), "{out}");
        let mut parameters = json!({ "co": co });
        without_user(parameters.as_object_mut().unwrap());
        assert!(!parameters.to_string().contains("jane"), "{parameters}");
    }
}

#[test]
fn contexts_that_nobody_can_read_are_kept_back() {
    let not_utf8 = STANDARD.encode(b"{\"data\":[\xff]}");
    for (name, value) in [
        ("cx", "%"),
        ("cx", "e30"),
        ("cx", not_utf8.as_str()),
        ("co", "e30="),
        ("co", "{"),
        ("co", r#"{"data":5}"#),
        ("co", r#"{"data":[}"#),
        ("co", "{}"),
    ] {
        let came = [("e", "se"), ("p", "web"), ("tv", "js"), (name, value)];
        let error = handed_on(&came, ACCEPTED, &options()).unwrap_err();
        assert!(error.contains("contexts cannot be read"), "{name}={value}: {error}");
        let raw = SnowplowOptions { pseudonymise: false, ..options() };
        assert!(handed_on(&came, ACCEPTED, &raw).is_ok(), "then they may leave");
        let mut parameters = json!({ "e": "se", name: value });
        without_user(parameters.as_object_mut().unwrap());
        assert_eq!(parameters, json!({ "e": "se", name: "" }), "a request that stays anonymous");
    }
}

#[test]
fn an_anonymous_request_says_nothing_of_who_sends_it() {
    let session = r#"{"schema":"iglu:com.snowplowanalytics.snowplow/client_session/jsonschema/1-0-2","data":{"userId":"u"}}"#;
    let page = r#"{"schema":"iglu:a/web_page/jsonschema/1-0-0","data":{"id":1.0}}"#;
    let standard = |user: &str, rest: &str| {
        format!(
            r#"{{"schema":"iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7","data":{{"user_id":{user},"global_user_id":{user},"user_type":{user},{rest}}}}}"#
        )
    };
    let rest = r#""project_id":7,"extra":{"k":1.50}"#;
    let co = |contexts: &[&str]| format!(r#"{{"data":[{}]}}"#, contexts.join(","));
    for (came, expected) in [
        (co(&[session, page, &standard("5", rest)]), co(&[page, &standard("null", rest)])),
        (co(&[&standard("null", rest), page]), co(&[&standard("null", rest), page])),
        (co(&[]), co(&[])),
    ] {
        for (name, value) in [("co", came.clone()), ("cx", STANDARD.encode(&came))] {
            let mut parameters = json!({
                "e": "pv", "uid": "5", "duid": "d", "nuid": "n", "tnuid": "t", "sid": "s",
                "vid": "3", "ip": "192.0.2.1", "fp": "f", "ad_uid": "a", "url": "https://a.example",
                "dtm": "1", name: value,
            });
            without_user(parameters.as_object_mut().unwrap());
            let left = parameters.as_object_mut().unwrap();
            let text = left.remove(name).unwrap().as_str().unwrap().to_owned();
            let text = if name == "cx" { decoded(&text) } else { text };
            assert_eq!(text, expected);
            let others = json!({ "e": "pv", "url": "https://a.example", "dtm": "1" });
            assert_eq!(parameters, others);
        }
    }
}

fn any_name() -> impl Strategy<Value = String> {
    let known: Vec<&str> = ALLOWED.split_whitespace().collect();
    prop_oneof![4 => prop::sample::select(known).prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    let name = prop_oneof![
        Just("user_id".to_owned()),
        Just("data".to_owned()),
        Just("schema".to_owned()),
        any::<String>()
    ];
    leaf.prop_recursive(4, 24, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((name.clone(), inner), 0..4)
                .prop_map(|it| Value::Object(it.into_iter().collect())),
        ]
    })
}

/// A context, of GitLab's or of somebody else.
fn any_context() -> impl Strategy<Value = Value> {
    let schema = prop_oneof![
        Just("iglu:com.gitlab/gitlab_standard/jsonschema/1-1-7"),
        Just("iglu:com.acme/shop/jsonschema/1-0-0")
    ];
    prop_oneof![
        4 => (schema, any_json()).prop_map(|(schema, data)| json!({ "schema": schema, "data": data })),
        1 => any_json(),
    ]
}

/// Takes the users out of standard contexts, in the plainest way.
fn without_users(contexts: &mut Value) {
    for context in contexts["data"].as_array_mut().into_iter().flatten() {
        let schema = context.get("schema").and_then(Value::as_str).unwrap_or_default();
        if schema.contains("/gitlab_standard/")
            && let Some(data) = context.get_mut("data").and_then(Value::as_object_mut)
            && let Some(user) = data.get_mut("user_id")
        {
            *user = Value::Null;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_comes_only_what_is_allowed_goes(
        came in prop::collection::vec((any_name(), any::<String>()), 0..20),
        is_complete in any::<bool>(),
        pseudonymise in any::<bool>(),
    ) {
        let needed = [("e", "se"), ("p", "web"), ("tv", "js")];
        let needed = needed.map(|(name, value)| (name.to_owned(), Value::from(value)));
        let came: Map<_, _> =
            came.into_iter().map(|(name, value)| (name, value.into()))
                .chain(needed.into_iter().filter(|_| is_complete)).collect();
        let options = SnowplowOptions { pseudonymise, ..options() };
        if let Ok(parameters) = forward(&entry(), &came, ACCEPTED, &options) {
            for (name, value) in parameters.iter() {
                prop_assert!(ALLOWED_NAMES.contains(name));
                prop_assert!(!value.is_empty());
                prop_assert!(came.contains_key(name) || name == "eid");
            }
            prop_assert!(REQUIRED.iter().all(|it| parameters.get(it).is_some()));
        }
        let mut anonymous = came;
        without_user(&mut anonymous);
        prop_assert!(PERSONAL.iter().all(|it| !anonymous.contains_key(*it)));
    }

    #[test]
    fn rewriting_contexts_keeps_everything_but_the_user(
        contexts in prop::collection::vec(any_context(), 0..5),
        is_base64 in any::<bool>(),
    ) {
        let mut contexts = json!({ "schema": "s", "data": contexts });
        let text = contexts.to_string();
        let (name, value) = if is_base64 { ("cx", STANDARD.encode(&text)) } else { ("co", text) };
        let out = beside(&[(name, &value)]).remove(0).1;
        let out = if is_base64 { decoded(&out) } else { out };
        let mut out: Value = serde_json::from_str(&out).unwrap();
        for context in out["data"].as_array().unwrap() {
            let schema = context.get("schema").and_then(Value::as_str).unwrap_or_default();
            let user = context.get("data").and_then(|it| it.get("user_id"));
            if schema.contains("/gitlab_standard/") && let Some(user) = user {
                let text = user.as_str().unwrap_or("?");
                prop_assert!(user.is_null() || text.is_empty() || is_pseudonym(text), "{}", user);
            }
        }
        without_users(&mut contexts);
        without_users(&mut out);
        prop_assert_eq!(contexts, out);
    }

    #[test]
    fn no_text_makes_a_rewrite_panic(name in "cx|co", value in any::<String>(), json in any_json()) {
        for value in [value, json.to_string()] {
            let mut parameters = json!({ name.as_str(): value });
            let parameters = parameters.as_object_mut().unwrap();
            let _ = forward(&entry(), parameters, ACCEPTED, &options());
            without_user(parameters);
        }
    }
}
