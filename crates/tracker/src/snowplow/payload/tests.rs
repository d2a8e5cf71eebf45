//! Calls and what is sent for them, field by field.

use super::*;
use crate::encode_event;
use crate::payload::encode_duo;
use crate::snowplow::contexts::CONTEXTS;
use crate::snowplow::options::Schemas;
use crate::snowplow::{Salt, batch, destination, parameters};
use crate::store::EventId;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use internal_events_catalog::{Analytics, Call, Event, Id, Scalar};
use serde_json::{Value, json};

/// 2026-11-22T09:06:51.772Z.
const ACCEPTED: i64 = 1_795_338_411_772;

/// The pseudonym of user 1, as GitLab computed it.
const USER_1: &str = "5ZdHOXw3WkHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDE=";

fn options() -> SnowplowOptions {
    let salt = Salt::new("0123456789abcdef0123456789abcdef");
    let mut options = SnowplowOptions::new("http://127.0.0.1:9090", salt);
    options.app_id = Some("gitlab".to_owned());
    options
}

fn entry(event: &Event, is_duo: bool) -> StoredEntry {
    let mut bytes = Vec::new();
    encode_event(event, &mut bytes);
    if is_duo {
        encode_duo(&mut bytes);
    }
    let id = EventId(*uuid::uuid!("0f1a2b3c-4d5e-4f60-8718-293a4b5c6d7e").as_bytes());
    StoredEntry {
        sequence: 1,
        id,
        accepted_at: ACCEPTED,
        catalog: 0,
        event: bytes,
        updates: vec![],
    }
}

/// What is sent for an event, having looked at the whole body.
fn sent(event: &Event, is_duo: bool, options: &SnowplowOptions) -> Parameters {
    let entry = entry(event, is_duo);
    let parameters = parameters(&entry, options).unwrap();
    let builder = Builder::new(options);
    let item = destination::item(&entry, &builder, ACCEPTED, options, 0).unwrap();
    let body = batch::body(&[item], ACCEPTED + 5);
    let body: Value = serde_json::from_str(&body).unwrap();
    let rules = include_str!("../../../../../fixtures/snowplow/payload_data.json");
    let rules = jsonschema::validator_for(&serde_json::from_str(rules).unwrap()).unwrap();
    let errors: Vec<_> = rules.iter_errors(&body).map(|it| it.to_string()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let sent = body["data"][0].as_object().unwrap();
    let (sent_at, others) = sent.iter().next_back().map(|last| (last, sent.len() - 1)).unwrap();
    assert_eq!((sent_at.0.as_str(), sent_at.1), ("stm", &json!((ACCEPTED + 5).to_string())));
    assert!(
        sent.iter()
            .map(|(name, it)| (name.as_str(), it.as_str().unwrap()))
            .take(others)
            .eq(parameters.iter())
    );
    assert!(parameters.iter().all(|(_, value)| !value.is_empty()), "{parameters:?}");
    parameters
}

/// The contexts of what is sent, and their schemas.
fn contexts(parameters: &Parameters) -> Vec<(String, Value)> {
    let text = match (parameters.get("cx"), parameters.get("co")) {
        (Some(base64), None) => String::from_utf8(STANDARD.decode(base64).unwrap()).unwrap(),
        (None, Some(json)) => json.to_owned(),
        _ => panic!("contexts come in one form: {parameters:?}"),
    };
    let contexts: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(contexts["schema"], CONTEXTS);
    let contexts = contexts["data"].as_array().unwrap().iter();
    contexts.map(|it| (it["schema"].as_str().unwrap().to_owned(), it["data"].clone())).collect()
}

fn standard(event: &Event, options: &SnowplowOptions) -> Value {
    contexts(&sent(event, false, options)).swap_remove(0).1
}

fn with(name: &str, value: impl Into<Scalar>) -> Event {
    Event { properties: vec![(name.to_owned(), value.into())], ..Event::new("create_order") }
}

#[test]
fn an_event_is_sent_as_gitlab_sends_it() {
    let event = Event {
        category: Some("Users::ActivityService".to_owned()),
        user: Some(Id::Number(1)),
        project: Some(Id::Number(7)),
        namespace: Some(Id::Number(9)),
        properties: vec![
            ("value".to_owned(), Scalar::Float(1.5)),
            ("key".to_owned(), Scalar::from("v")),
            ("property".to_owned(), Scalar::from("blue")),
            ("label".to_owned(), Scalar::from("gift")),
        ],
        ..Event::new("create_order")
    };
    let sent = sent(&event, false, &options());
    let contexts = sent.get("cx").unwrap();
    let names: Vec<_> = sent.iter().collect();
    let expected = [
        ("e", "se"),
        ("se_ca", "Users::ActivityService"),
        ("se_ac", "create_order"),
        ("se_la", "gift"),
        ("se_pr", "blue"),
        ("se_va", "1.5"),
        ("cx", contexts),
        ("p", "srv"),
        ("dtm", "1795338411772"),
        ("tna", "gl"),
        ("tv", "rb-0.8.0"),
        ("aid", "gitlab"),
        ("eid", "0f1a2b3c-4d5e-4f60-8718-293a4b5c6d7e"),
    ];
    assert_eq!(names, expected);
    let json = String::from_utf8(STANDARD.decode(contexts).unwrap()).unwrap();
    let global = options().salt.hash("uuid-not-set1");
    let expected = format!(
        r#"{{"schema":"iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1","data":[{{"schema":"iglu:com.gitlab/gitlab_standard/jsonschema/1-1-8","data":{{"environment":"self-managed","source":"gitlab-rails","correlation_id":"0f1a2b3c4d5e4f608718293a4b5c6d7e","plan":"free","extra":{{"key":"v"}},"user_id":"{USER_1}","global_user_id":"{global}","user_type":null,"is_gitlab_team_member":null,"namespace_id":9,"ultimate_parent_namespace_id":null,"project_id":7,"feature_enabled_by_namespace_ids":null,"realm":"self-managed","deployment_type":"self-managed","instance_id":"uuid-not-set","unique_instance_id":"be119568-9531-562f-8659-771c9c7e26b8","host_name":null,"instance_version":null,"context_generated_at":"2026-11-22T09:06:51.772Z","organization_id":null}}}},{{"schema":"iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-1","data":{{"data_source":"redis_hll","event_name":"create_order"}}}}]}}"#
    );
    assert_eq!(json, expected);
}

#[test]
fn what_says_nothing_is_left_out() {
    let mut options = options();
    options.app_id = None;
    let sent = sent(&Event::new("create_order"), false, &options);
    let names: Vec<_> = sent.iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["e", "se_ca", "se_ac", "cx", "p", "dtm", "tna", "tv", "eid"]);
    assert_eq!(sent.get("se_ca"), Some("InternalEventTracking"));
    let standard = &contexts(&sent)[0].1;
    for name in ["user_id", "global_user_id", "project_id", "namespace_id"] {
        assert_eq!(standard.get(name), Some(&Value::Null), "{name} is null and not absent");
    }
    assert_eq!(standard["extra"], json!({}));
}

#[test]
fn texts_and_numbers_are_written_as_ruby_writes_them() {
    let long = "ä".repeat(20_000);
    for (name, value, parameter, expected) in [
        ("label", Scalar::from("gift"), "se_la", Some("gift")),
        ("label", Scalar::from(""), "se_la", None),
        ("label", Scalar::Null, "se_la", None),
        ("label", Scalar::from(" "), "se_la", Some(" ")),
        ("label", Scalar::from("ünï 🎁 \u{202e}"), "se_la", Some("ünï 🎁 \u{202e}")),
        ("label", Scalar::from("\"\\\n\t\u{0}\u{7f}</>"), "se_la", Some("\"\\\n\t\u{0}\u{7f}</>")),
        ("label", Scalar::from(long.as_str()), "se_la", Some(long.as_str())),
        ("property", Scalar::from("blue"), "se_pr", Some("blue")),
        ("property", Scalar::from(""), "se_pr", None),
        ("value", Scalar::Int(0), "se_va", Some("0")),
        ("value", Scalar::Float(0.0), "se_va", Some("0.0")),
        ("value", Scalar::Int(-3), "se_va", Some("-3")),
        ("value", Scalar::Float(-2.25), "se_va", Some("-2.25")),
        ("value", Scalar::Float(0.1), "se_va", Some("0.1")),
        ("value", Scalar::Float(3.0), "se_va", Some("3.0")),
        ("value", Scalar::Int(i64::MAX), "se_va", Some("9223372036854775807")),
        ("value", Scalar::Int(i64::MIN), "se_va", Some("-9223372036854775808")),
        ("value", Scalar::Float(1e300), "se_va", Some("1.0e+300")),
        ("value", Scalar::Float(1e-7), "se_va", Some("1.0e-07")),
        ("value", Scalar::Float(f64::NAN), "se_va", None),
        ("value", Scalar::Float(f64::INFINITY), "se_va", None),
        ("value", Scalar::Null, "se_va", None),
    ] {
        let event = with(name, value);
        let sent = sent(&event, false, &options());
        assert_eq!(sent.get(parameter), expected, "{:?}", event.properties);
        assert_eq!(contexts(&sent)[0].1["extra"], json!({}), "{name} is no custom property");
    }
}

#[test]
fn of_two_properties_with_one_name_the_last_counts() {
    let twice = |name: &str| Event {
        properties: ["a", "b"].map(|it| (name.to_owned(), Scalar::from(it))).to_vec(),
        ..Event::new("create_order")
    };
    assert_eq!(sent(&twice("label"), false, &options()).get("se_la"), Some("b"));
    assert_eq!(standard(&twice("key"), &options())["extra"], json!({ "key": "b" }));
}

#[test]
fn custom_properties_are_extra_each_as_what_it_is() {
    let long = "x".repeat(40_000);
    for (value, expected) in [
        (Scalar::from("v"), json!("v")),
        (Scalar::from(""), json!("")),
        (Scalar::from("\"\\\u{1}🎁"), json!("\"\\\u{1}🎁")),
        (Scalar::from(long.as_str()), json!(long)),
        (Scalar::Int(5), json!(5)),
        (Scalar::Int(i64::MIN), json!(i64::MIN)),
        (Scalar::Float(0.5), json!(0.5)),
        (Scalar::Float(2.0), json!(2.0)),
        (Scalar::Float(1e300), json!(1e300)),
        (Scalar::Bool(true), json!(true)),
        (Scalar::Bool(false), json!(false)),
        (Scalar::Null, Value::Null),
    ] {
        for base64 in [true, false] {
            let options = SnowplowOptions { base64, ..options() };
            let standard = standard(&with("key", value.clone()), &options);
            assert_eq!(standard["extra"], json!({ "key": expected }));
        }
    }
}

#[test]
fn some_custom_properties_take_the_place_of_a_member() {
    for (name, value, expected) in [
        ("project_id", Scalar::Int(8), json!(8)),
        ("project_id", Scalar::from("g/p"), json!("g/p")),
        ("project_id", Scalar::Null, json!(7)),
        ("feature_enabled_by_namespace_ids", Scalar::from("[1, 2]"), json!([1, 2])),
        ("feature_enabled_by_namespace_ids", Scalar::from("1,2"), json!([1, 2])),
        ("feature_enabled_by_namespace_ids", Scalar::from("3"), json!([3])),
        ("feature_enabled_by_namespace_ids", Scalar::from("[]"), json!([])),
        ("feature_enabled_by_namespace_ids", Scalar::from("all"), json!("all")),
        ("feature_enabled_by_namespace_ids", Scalar::Int(3), json!([3])),
        ("feature_enabled_by_namespace_ids", Scalar::Null, Value::Null),
    ] {
        let event = Event { project: Some(Id::Number(7)), ..with(name, value) };
        let standard = standard(&event, &options());
        assert_eq!(standard[name], expected, "{:?}", event.properties);
        assert_eq!(standard["extra"], json!({}), "{name} is in one place");
    }
}

#[test]
fn a_user_leaves_as_a_hash_unless_it_is_allowed_to_leave() {
    let options = options();
    let hash = |text: &str| json!(options.salt.hash(text));
    for (user, hashed, raw) in [
        (Id::Number(1), json!(USER_1), json!(1)),
        (Id::Number(-1), hash("-1"), json!(-1)),
        (Id::Number(i64::MAX), hash("9223372036854775807"), json!(i64::MAX)),
        (Id::Text("1".to_owned()), json!(USER_1), json!("1")),
        (
            Id::Text("jörg@example.com".to_owned()),
            hash("jörg@example.com"),
            json!("jörg@example.com"),
        ),
        (Id::Text(USER_1.to_owned()), json!(USER_1), json!(USER_1)),
    ] {
        let event = Event { user: Some(user.clone()), ..Event::new("create_order") };
        for (pseudonymise, expected) in [(true, &hashed), (false, &raw)] {
            let options = SnowplowOptions { pseudonymise, ..options.clone() };
            let standard = standard(&event, &options);
            assert_eq!(&standard["user_id"], expected, "{user:?}");
            assert_eq!(standard["global_user_id"], hash(&format!("uuid-not-set{user}")));
        }
        let plain = SnowplowOptions { base64: false, ..options.clone() };
        let sent = sent(&event, false, &plain);
        let is_name = raw.is_string() && raw != hashed && user != Id::Text("1".to_owned());
        let is_said = sent.iter().any(|(_, value)| value.contains(&user.to_string()));
        assert!(!(is_name && is_said), "{user:?} has leaked: {sent:?}");
    }
}

#[test]
fn other_ids_are_sent_as_what_they_are() {
    for (id, expected) in [
        (Id::Number(0), json!(0)),
        (Id::Number(i64::MAX), json!(i64::MAX)),
        (Id::Text("gitlab-org/gitlab".to_owned()), json!("gitlab-org/gitlab")),
    ] {
        let (project, namespace) = (Some(id.clone()), Some(id));
        let event = Event { project, namespace, ..Event::new("create_order") };
        let standard = standard(&event, &options());
        assert_eq!((&standard["project_id"], &standard["namespace_id"]), (&expected, &expected));
    }
}

#[test]
fn a_caller_says_more_of_the_circumstances() {
    for (name, value, expected) in [
        ("plan", Scalar::from("ultimate"), json!("ultimate")),
        ("plan", Scalar::Null, json!("free")),
        ("source", Scalar::from("gitlab-javascript"), json!("gitlab-javascript")),
        ("correlation_id", Scalar::from("01H"), json!("01H")),
        ("user_type", Scalar::from("human"), json!("human")),
        ("is_gitlab_team_member", Scalar::Bool(true), json!(true)),
        ("ultimate_parent_namespace_id", Scalar::Int(3), json!(3)),
        ("realm", Scalar::from("saas"), json!("saas")),
        ("deployment_type", Scalar::from(".com"), json!(".com")),
        ("organization_id", Scalar::Int(4), json!(4)),
        ("feature_enabled_by_namespace_ids", Scalar::from("1,2"), json!([1, 2])),
        // GitLab has further members, and may have more.
        ("client_name", Scalar::from("vscode"), json!("vscode")),
        // Who a user is comes by one way only, on which it is hashed; the rest is not the caller's.
        ("user_id", Scalar::from("5"), Value::Null),
        ("global_user_id", Scalar::from("5"), Value::Null),
        ("project_id", Scalar::Int(5), Value::Null),
        ("environment", Scalar::from("production"), json!("self-managed")),
        ("extra", Scalar::from("x"), json!({})),
        ("instance_id", Scalar::from("x"), json!("uuid-not-set")),
    ] {
        let context = vec![(name.to_owned(), value)];
        let event = Event { context, ..Event::new("create_order") };
        let standard = standard(&event, &options());
        assert_eq!(standard[name], expected, "{:?}", event.context);
        let n = if name == "client_name" { 22 } else { 21 };
        assert_eq!(standard.as_object().unwrap().len(), n);
    }
}

#[test]
fn an_event_of_duo_has_the_ai_context_if_it_has_custom_properties() {
    let schemas = |event: &Event, is_duo| {
        let contexts = contexts(&sent(event, is_duo, &options()));
        contexts.into_iter().map(|(schema, _)| schema).collect::<Vec<_>>()
    };
    let ai = "iglu:com.gitlab/ai_context/jsonschema/1-0-2";
    for (event, is_duo, expected) in [
        (with("session_id", "s"), true, true),
        (with("key", "v"), true, true),
        (with("session_id", "s"), false, false),
        (with("label", "v"), true, false),
        (with("project_id", 5), true, false),
        (Event::new("create_order"), true, false),
    ] {
        let schemas = schemas(&event, is_duo);
        assert_eq!(schemas.len(), if expected { 3 } else { 2 }, "{:?}", event.properties);
        assert_eq!(schemas.get(2).is_some_and(|it| it == ai), expected);
    }
    let mut event = with("total_tokens", 7);
    event.properties.push(("session_id".to_owned(), Scalar::from("s")));
    event.properties.push(("key".to_owned(), Scalar::from("v")));
    let mut contexts = contexts(&sent(&event, true, &options()));
    let expected = r#"{"session_id":"s","workflow_id":null,"flow_type":null,"item_type":null,"item_version":null,"item_schema_version":null,"flow_name":null,"component_name":null,"agent_name":null,"agent_type":null,"custom_item_id":null,"input_tokens":null,"output_tokens":null,"total_tokens":7,"ephemeral_5m_input_tokens":null,"ephemeral_1h_input_tokens":null,"cache_read":null,"cache_creation":null,"model_engine":null,"model_name":null,"model_provider":null,"flow_version":null,"flow_registry_version":null}"#;
    assert_eq!(contexts.remove(2).1.to_string(), expected);
    let extra = json!({ "total_tokens": 7, "session_id": "s", "key": "v" });
    assert_eq!(contexts[0].1["extra"], extra, "they stay in the standard context");
}

#[test]
fn names_and_versions_are_those_of_the_configuration() {
    let mut options = options();
    options.base64 = false;
    options.tracker_name = "shop".to_owned();
    options.tracker_version = "rust-1".to_owned();
    options.schemas = Schemas {
        vendor: "com.acme".to_owned(),
        standard: "2-0-0".to_owned(),
        service_ping: "3-0-0".to_owned(),
        ai: "4-0-0".to_owned(),
    };
    options.instance.version = Some("19.3.0".to_owned());
    options.instance.host_name = Some("gitlab.example.com".to_owned());
    options.instance.id = "b0a7".to_owned();
    let sent = sent(&with("key", "v"), true, &options);
    assert_eq!((sent.get("tna"), sent.get("tv")), (Some("shop"), Some("rust-1")));
    let contexts = contexts(&sent);
    let schemas: Vec<_> = contexts.iter().map(|(schema, _)| schema.as_str()).collect();
    let expected = [
        "iglu:com.acme/gitlab_standard/jsonschema/2-0-0",
        "iglu:com.acme/gitlab_service_ping/jsonschema/3-0-0",
        "iglu:com.acme/ai_context/jsonschema/4-0-0",
    ];
    assert_eq!(schemas, expected);
    let standard = &contexts[0].1;
    assert_eq!(standard["instance_version"], "19.3.0");
    assert_eq!(standard["host_name"], "gitlab.example.com");
    assert_eq!(standard["instance_id"], "b0a7");
}

#[test]
fn what_is_not_meant_for_analytics_is_not_sent() {
    let event = Event::new("create_order");
    let nothing = Event { analytics: Analytics::Nothing, ..event.clone() };
    let legacy = Event { call: Call::IncrementCounter, ..event.clone() };
    for (event, expected) in [(nothing, "not_requested"), (legacy, "legacy_call")] {
        assert_eq!(parameters(&entry(&event, false), &options()), Err(expected.to_owned()));
    }
    let broken = StoredEntry { event: b"{".to_vec(), ..entry(&event, false) };
    assert!(parameters(&broken, &options()).unwrap_err().contains("cannot be read"));
}
