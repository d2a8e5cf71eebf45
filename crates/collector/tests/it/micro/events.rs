//! What is good, what is bad and why, and in which shape it is shown.

use super::{TP2, body, contexts, event, list, start, start_with, totals, track};
use crate::server::{Server, config};
use crate::snowplow::corpus;
use internal_events::testing::definitions;
use internal_events::{Catalog, Config};
use internal_events_collector::{Collector, Limits};
use serde_json::{Value, json};

const STANDARD: &str = "com.gitlab/gitlab_standard/jsonschema/1-1-8";
const PING: &str = "com.gitlab/gitlab_service_ping/jsonschema/1-0-1";
const ID: &str = "0f1a2b3c-4d5e-4f60-8718-293a4b5c6d7e";

/// Contexts of an event that `create_order` needs to count in full.
fn of_user() -> String {
    contexts(&[(STANDARD, json!({"environment": "test", "user_id": 5}))])
}

#[test]
fn a_good_event_is_shown_in_the_shape_of_micro() {
    let server = start();
    let order = json!({
        "se_ac": "create_order", "se_la": "gift", "se_va": "1.50", "eid": ID.to_uppercase(),
        "aid": "shop", "dtm": "1795000000000", "stm": "1795000001000", "res": "800x600",
        "tna": "gl", "uid": "u", "url": "https://shop.example/?a=b", "co": of_user(), "vid": "3",
    });
    track(&server, &[event(&order)]);
    let shown = list(&server, "/micro/good").remove(0);
    let members: Vec<&str> = shown.keys().map(String::as_str).collect();
    let expected = ["rawEvent", "eventType", "schema", "contexts", "event", "incomplete"];
    assert_eq!(members, expected);
    assert_eq!(shown["eventType"], "struct");
    let schema = "iglu:com.google.analytics/event/jsonschema/1-0-0";
    assert_eq!((&shown["schema"], &shown["incomplete"]), (&json!(schema), &json!(false)));
    assert_eq!(shown["contexts"], json!([format!("iglu:{STANDARD}")]));
    let raw = json!({
        "api": {"vendor": "com.snowplowanalytics.snowplow", "version": "tp2"},
        "parameters": event(&order),
        "contentType": "application/json",
        "source": {"name": "internal-events", "encoding": "UTF-8", "hostname": "localhost"},
        "context": {"timestamp": "2026-11-18T00:00:00.000Z", "headers": [], "userId": null},
    });
    assert_eq!(shown["rawEvent"], raw);
    for (column, value) in [
        ("event_id", json!(ID)),
        ("event", json!("struct")),
        ("app_id", json!("shop")),
        ("platform", json!("web")),
        ("collector_tstamp", json!("2026-11-18T00:00:00.000Z")),
        ("derived_tstamp", json!("2026-11-17T23:59:59.000Z")),
        ("dvce_created_tstamp", json!("2026-11-18T11:06:40.000Z")),
        ("dvce_sent_tstamp", json!("2026-11-18T11:06:41.000Z")),
        ("true_tstamp", json!(null)),
        ("name_tracker", json!("gl")),
        ("v_tracker", json!("js-4")),
        ("user_id", json!("u")),
        ("domain_sessionidx", json!(3)),
        ("dvce_screenwidth", json!(800)),
        ("dvce_screenheight", json!(600)),
        ("page_url", json!("https://shop.example/?a=b")),
        ("page_title", json!(null)),
        ("se_category", json!("shop")),
        ("se_action", json!("create_order")),
        ("se_label", json!("gift")),
        ("se_property", json!(null)),
        ("se_value", json!(1.5)),
        ("event_vendor", json!("com.google.analytics")),
        ("event_name", json!("event")),
        ("event_format", json!("jsonschema")),
        ("event_version", json!("1-0-0")),
        ("unstruct_event", json!(null)),
    ] {
        assert_eq!(shown["event"].get(column), Some(&value), "{column}");
    }
    let text = of_user();
    let wrapped: Value = serde_json::from_str(&text).expect("JSON");
    assert_eq!(shown["event"]["contexts"], wrapped);
}

#[test]
fn every_kind_of_event_has_its_type_and_its_schema() {
    let described = |name: &str| {
        let wrapper = "iglu:com.snowplowanalytics.snowplow/unstruct_event/jsonschema/1-0-0";
        json!({"schema": wrapper, "data": {"schema": name, "data": {}}}).to_string()
    };
    let viewed = "iglu:com.acme/viewed/jsonschema/1-0-0";
    let snowplow =
        |name: &str| format!("iglu:com.snowplowanalytics.snowplow/{name}/jsonschema/1-0-0");
    for (members, kind, schema) in [
        (json!({"e": "pv"}), "page_view", json!(snowplow("page_view"))),
        (json!({"e": "pp"}), "page_ping", json!(snowplow("page_ping"))),
        (json!({"e": "ue", "ue_pr": described(viewed)}), "unstruct", json!(viewed)),
        (json!({"e": "tr"}), "transaction", json!(snowplow("transaction"))),
        (json!({"e": "ti"}), "transaction_item", json!(snowplow("transaction_item"))),
        (json!({"e": "ev"}), "ev", json!(null)),
        (json!({"e": "ad"}), "ad", json!(null)),
    ] {
        let server = start();
        track(&server, &[event(&members)]);
        let shown = list(&server, &format!("/micro/good?event_type={kind}")).remove(0);
        assert_eq!((&shown["schema"], &shown["event"]["event"]), (&schema, &json!(kind)), "{kind}");
    }
}

/// Expects that an event is bad for exactly these reasons; for none, that it is good.
#[track_caller]
fn check(members: &Value, reasons: &[&str]) {
    let server = start();
    track(&server, &[event(members)]);
    let bad = list(&server, "/micro/bad");
    let errors = bad.iter().filter_map(|it| it["errors"].as_array()).flatten();
    let errors: Vec<&str> = errors.filter_map(Value::as_str).collect();
    assert_eq!(errors, reasons, "{members}");
    let n_bad = u64::from(!reasons.is_empty());
    assert_eq!(totals(&server, ""), (1 - n_bad, n_bad), "{members}");
}

#[test]
fn the_protocol_is_strict() {
    check(&json!({}), &[]);
    check(&json!({"se_va": 5}), &["`se_va` should be text, not a number"]);
    check(&json!({"colour": "red"}), &["`colour` is no parameter of the protocol"]);
    check(&json!({"tv": null}), &["`tv` is missing"]);
    check(&json!({"p": null}), &["`p` is missing"]);
    check(&json!({"e": null}), &["`e` is no type of event: ``"]);
    check(&json!({"se_va": "much"}), &["`se_va` should be a decimal number"]);
    check(&json!({"eid": "5"}), &["`eid` should be a UUID"]);
    check(&json!({"cd": "1234567890123"}), &["`cd` is longer than 12 characters"]);
    check(&json!({"e": "ue"}), &["the self-describing event has neither `ue_px` nor `ue_pr`"]);
    check(
        &json!({"co": "{"}),
        &["`co` is no JSON that can be used: EOF while parsing an object at line 1 column 1"],
    );
    // Snowplow makes an id for an event, and takes one without an action.
    check(&json!({"se_ac": null}), &[]);
}

#[test]
fn contexts_are_checked_by_the_schemas_that_are_built_in() {
    let of = |list: &[(&str, Value)]| json!({ "co": contexts(list) });
    check(&of(&[(STANDARD, json!({"environment": "test", "extra": {"k": "v"}}))]), &[]);
    let at = format!("the context at 0, `iglu:{STANDARD}`, ");
    for (data, what) in [
        (json!({}), "\"environment\" is a required property"),
        (
            json!({"environment": "test", "project_id": "7"}),
            "at /project_id: \"7\" is not of types \"null\", \"integer\"",
        ),
        (
            json!({"environment": "test", "projet_id": 7}),
            "Additional properties are not allowed ('projet_id' was unexpected)",
        ),
    ] {
        check(&of(&[(STANDARD, data)]), &[&format!("{at}{what}")]);
    }
    let unknown = "com.acme/page/jsonschema/1-0-0";
    let of_both = of(&[(unknown, json!(5)), (STANDARD, json!({"environment": 5}))]);
    let error = "at /environment: 5 is not of type \"string\"";
    check(&of_both, &[&format!("{}{error}", at.replace("at 0", "at 1"))]);
}

#[test]
fn our_own_definitions_have_the_last_word() {
    let ping = |name: &str| (PING, json!({"data_source": "redis_hll", "event_name": name}));
    let standard = |extra: Value| {
        let data = json!({"environment": "test", "user_id": 5, "extra": extra});
        (STANDARD, data)
    };
    let order = |list: &[(&str, Value)]| json!({"se_ac": "create_order", "co": contexts(list)});
    check(&order(&[standard(json!({}))]), &[]);
    check(
        &order(&[standard(json!({"colour": "red"}))]),
        &["property `colour` is not declared by the event and was left out"],
    );
    check(
        &order(&[standard(json!({"label": 5}))]),
        &["property `label` should be a string, not integer, and was left out"],
    );
    check(
        &json!({"se_ac": "create_order"}),
        &["`user` is missing, so the metrics that count it did not move"],
    );
    let announced = json!({"se_ac": "create_ordr", "co": contexts(&[ping("create_ordr")])});
    check(
        &announced,
        &["no definition knows the event `create_ordr`; did you mean `create_order`?"],
    );
    let announced = json!({"se_ac": "zzz", "co": contexts(&[ping("zzz")])});
    check(&announced, &["no definition knows the event `zzz`"]);
    // Who does not say that it is ours may send what it likes.
    check(&json!({"se_ac": "create_ordr"}), &[]);
}

#[test]
fn reasons_of_all_three_come_in_this_order() {
    let server = start();
    let list_of = [(STANDARD, json!({"environment": 5, "user_id": 5, "extra": {"a": 1}}))];
    let members = json!({"se_ac": "create_order", "colour": "red", "co": contexts(&list_of)});
    track(&server, &[event(&members)]);
    let errors = list(&server, "/micro/bad").remove(0)["errors"].to_string();
    let places: Vec<_> = ["`colour` is no parameter", "/environment", "property `a`"]
        .iter()
        .map(|it| errors.find(it))
        .collect();
    assert!(places.iter().all(Option::is_some) && places.is_sorted(), "{errors}");
}

#[test]
fn a_bad_event_costs_no_other_and_is_counted_as_before() {
    let server = start();
    let order = json!({"se_ac": "create_order", "colour": "red", "eid": ID, "aid": "shop"});
    track(&server, &[event(&json!({})), event(&order), event(&json!({"e": "zzz"}))]);
    assert_eq!(totals(&server, ""), (1, 2));
    assert_eq!(server.counts().1, 1, "what Micro calls bad is counted");
    let bad = list(&server, "/micro/bad");
    for it in &bad {
        let members: Vec<&str> = it.keys().map(String::as_str).collect();
        let expected = ["collectorPayload", "rawEvent", "errors"];
        assert_eq!(members[..3], expected, "{it:?}");
        assert_eq!(it["collectorPayload"]["api"]["version"], "tp2");
    }
    // The newest first: what cannot be decoded comes last of its request.
    assert_eq!(bad[0]["rawEvent"], json!(null));
    let text = bad[0]["collectorPayload"]["body"].as_str().expect("a text");
    assert_eq!(serde_json::from_str::<Value>(text).ok(), Some(event(&json!({"e": "zzz"}))));
    assert_eq!(bad[1]["rawEvent"]["parameters"], event(&order));
}

#[test]
fn a_request_that_is_no_payload_is_one_bad_event() {
    for (sent, error) in [
        ("{", "the body is no JSON: "),
        ("[]", "the body is no `payload_data`: "),
        (r#"{"schema":"x","data":[{}]}"#, "the body's schema should be `payload_data` 1-0-x"),
    ] {
        let server = start();
        assert_eq!(server.post(TP2, sent).status, 200);
        let bad = list(&server, "/micro/bad");
        assert_eq!(bad.len(), 1, "{sent}");
        let first = bad[0]["errors"][0].as_str().expect("a text");
        assert!(first.starts_with(error), "{first}");
        assert_eq!(bad[0]["collectorPayload"]["body"], sent);
    }
}

#[test]
fn what_is_odd_but_no_error_is_noted() {
    let server = start();
    let answer = server.get("/i?e=se&p=web&tv=x&se_ac=a&colour=red&se_la=%zz");
    assert_eq!(answer.status, 200);
    let shown = list(&server, "/micro/good").remove(0);
    let notes = json!([
        "`colour` is no parameter of the protocol",
        "`se_la` has a percent sign that escapes nothing",
        "`eid` is missing",
    ]);
    assert_eq!(shown["notes"], notes, "a query may have any parameter");
    assert_eq!(shown["rawEvent"]["api"]["version"], "tp1");
    let unknown = contexts(&[("com.acme/page/jsonschema/1-0-0", json!(5))]);
    track(&server, &[event(&json!({"co": unknown, "eid": ID}))]);
    let shown = list(&server, "/micro/good").remove(0);
    let note =
        "the context at 0 was not checked: no schema for `iglu:com.acme/page/jsonschema/1-0-0`";
    assert_eq!((&shown["notes"], &shown["incomplete"]), (&json!([note]), &json!(false)));
}

#[test]
fn an_application_that_is_not_listed_is_told_so() {
    let server = Server::start_as(config(), |tracker| {
        Collector::new(tracker, Limits::default()).app_ids(&["shop".to_owned()]).with_micro()
    });
    track(&server, &[event(&json!({"aid": "shop"})), event(&json!({"aid": "other"}))]);
    assert_eq!(totals(&server, ""), (1, 1));
    let error = list(&server, "/micro/bad").remove(0)["errors"][0].to_string();
    assert!(error.contains("`other`") && error.contains("app_ids"), "{error}");
}

#[test]
fn a_counted_property_that_is_missing_is_named() {
    let mut definitions = definitions(&["create_order"]);
    definitions.metrics[1].rules[0].unique = Some("label".to_owned());
    let server = start_with(Config::new(Catalog::new(definitions)), Limits::default());
    track(&server, &[event(&json!({"se_ac": "create_order", "se_la": "gift"}))]);
    track(&server, &[event(&json!({"se_ac": "create_order"}))]);
    let errors = list(&server, "/micro/bad").remove(0)["errors"].clone();
    assert_eq!(errors, json!(["`label` is missing, so the metrics that count it did not move"]));
}

#[test]
fn requests_of_official_trackers_are_all_good() {
    let Some(requests) = corpus::requests() else { return };
    let server = Server::start_as(config(), |tracker| {
        let collector = Collector::new(tracker, Limits::default()).with_micro();
        collector.paths(&["/com.acme/track".to_owned()]).expect("it is a path")
    });
    let mut n = 0;
    for request in &requests {
        assert_eq!(server.send(&request.bytes).status, 200, "{}", request.name);
        let expected = request.expected().unwrap_or_default();
        n += expected.len() as u64;
        assert_eq!(totals(&server, ""), (n, 0), "{}", request.name);
        let shown = list(&server, &format!("/micro/good?limit={}", expected.len()));
        for (shown, expected) in shown.iter().rev().zip(expected) {
            for (column, parameter) in [
                ("event_id", "eid"),
                ("app_id", "aid"),
                ("se_action", "se_ac"),
                ("name_tracker", "tna"),
                ("page_url", "url"),
            ] {
                let given = expected.get(parameter).unwrap_or(&Value::Null);
                assert_eq!(&shown["event"][column], given, "{} {column}", request.name);
            }
        }
    }
    assert_eq!(n, 64);
}

#[test]
fn nobody_is_named_who_sent_an_event() {
    let server = start();
    let sent = body(&[event(&json!({}))]);
    let answer = server.send(format!(
        "POST {TP2} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n\
         Cookie: sp=secret-cookie\r\nAuthorization: Bearer secret-token\r\n\
         User-Agent: secret-agent\r\nReferer: http://secret-page\r\n\
         Content-Length: {}\r\n\r\n{sent}",
        sent.len()
    ));
    assert_eq!(answer.status, 200);
    server.post(TP2, "{");
    for page in ["/micro/good", "/micro/bad"] {
        let text = server.get(page).body;
        assert!(
            text.len() > 2 && !text.contains("secret") && !text.contains("127.0.0.1"),
            "{text}"
        );
    }
}
