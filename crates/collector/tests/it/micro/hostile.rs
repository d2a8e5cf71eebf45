//! Nothing that anybody sends keeps the server from answering.

use super::{TP2, event, start, totals};
use crate::server::Server;
use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::sync::OnceLock;

/// One server for all cases: what one of them breaks, the next one notices.
fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(start)
}

/// Sends a body, and expects that the answers are well-formed all the same.
fn survive(query: &str, body: &[u8]) {
    let server = server();
    server.get("/micro/reset");
    let query = form_urlencoded::byte_serialize(query.as_bytes()).collect::<String>();
    assert_eq!(server.post(&format!("{TP2}?aid={query}"), body).status, 200);
    let (good, bad) = totals(server, "");
    assert!(good + bad >= 1, "whatever comes is shown");
    for (page, n) in [("/micro/good", good), ("/micro/bad", bad)] {
        let listed = server.get(page).json();
        assert_eq!(listed.as_array().map(|it| it.len() as u64), Some(n), "{page}");
    }
    server.get("/micro/wait?event=x&timeout=0&count=9999").assert_problem(408, "not_seen");
}

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("iglu:com.gitlab/gitlab_standard/jsonschema/1-1-8")),
        Just(json!("iglu:com.gitlab/gitlab_service_ping/jsonschema/1-0-0")),
        Just(json!("iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0")),
    ];
    let name = prop_oneof![
        Just("schema"),
        Just("data"),
        Just("extra"),
        Just("user_id"),
        Just("environment"),
        Just("event_name"),
        Just("data_source"),
        Just("x"),
    ];
    leaf.prop_recursive(5, 32, 6, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            vec((name.clone(), inner), 0..5).prop_map(|it| {
                Value::Object(it.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            }),
        ]
    })
}

fn members() -> impl Strategy<Value = Value> {
    let name = prop_oneof![
        Just("e"),
        Just("p"),
        Just("tv"),
        Just("co"),
        Just("cx"),
        Just("ue_pr"),
        Just("ue_px"),
        Just("se_ac"),
        Just("se_va"),
        Just("dtm"),
        Just("stm"),
        Just("ttm"),
        Just("res"),
        Just("eid"),
        Just("vid"),
        Just("zzz"),
    ];
    let text = prop_oneof![
        value(),
        value().prop_map(|it| it.to_string().into()),
        value().prop_map(|it| {
            let schema = "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0";
            let list =
                json!([{"schema": "iglu:com.gitlab/gitlab_standard/jsonschema/1-0-0", "data": it}]);
            json!({"schema": schema, "data": list}).to_string().into()
        }),
        Just(json!("create_order")),
        Just(json!("ue")),
        Just(json!("9223372036854775807")),
        Just(json!("253402300799999")),
        Just(json!("1e999")),
    ];
    vec((name, text), 0..6).prop_map(|it| {
        let members = it.into_iter().map(|(name, value)| (name.to_owned(), value));
        event(&Value::Object(members.collect()))
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn any_bytes_are_answered(query in ".{0,40}", body in vec(any::<u8>(), 0..200)) {
        survive(&query, &body);
    }

    #[test]
    fn any_events_are_answered(events in vec(members(), 1..4)) {
        survive("shop", super::body(&events).as_bytes());
    }

    #[test]
    fn any_question_is_answered(query in "[a-z_=&%0-9]{0,40}", body in vec(any::<u8>(), 0..60)) {
        for page in ["all", "good", "bad", "wait"] {
            let path = format!("/micro/{page}?timeout=0&{query}");
            let status = server().get(&path).status;
            prop_assert!(matches!(status, 200 | 400 | 408), "{path}: {status}");
        }
        let status = server().post("/micro/good", &body).status;
        prop_assert!(matches!(status, 200 | 400), "{status}");
    }
}
