use super::{BUILTINS, Schema, names};
use crate::snowplow::{Fault, decode_get};
use serde_json::{Map, Value, json};

/// Expects that data has so many errors by a schema.
#[track_caller]
fn check(name: &str, data: &Value, n_errors: usize) {
    let schema = Schema::find(name).unwrap_or_else(|| panic!("{name} is built in"));
    let errors = schema.errors(data, 100);
    assert_eq!(errors.len(), n_errors, "{name} {data}: {errors:?}");
}

#[test]
fn all_are_draft_4_and_can_be_compiled() {
    for it in &BUILTINS {
        let schema: Value = serde_json::from_str(it.text).expect("JSON");
        assert!(jsonschema::draft4::meta::is_valid(&schema), "{}", it.name);
        it.validator();
    }
    for name in names() {
        let schema = Schema::find(&name).expect("it is built in");
        let text: Value = serde_json::from_str(&schema.text()).expect("JSON");
        let version = text["self"]["version"].as_str().expect("a version");
        assert!(name.ends_with(version), "{name}");
    }
}

#[test]
fn the_standard_context_of_a_backend_and_of_a_page_is_good() {
    let backend = json!({
        "environment": "development", "source": "gitlab-rails", "correlation_id": "01J",
        "plan": "free", "extra": {}, "user_id": "5ZdHOXw3WkHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDE=",
        "global_user_id": null, "user_type": "human", "is_gitlab_team_member": null,
        "namespace_id": 3, "ultimate_parent_namespace_id": 3, "project_id": null,
        "feature_enabled_by_namespace_ids": null, "realm": "self-managed",
        "deployment_type": "self-managed", "instance_id": "uuid-not-set",
        "unique_instance_id": "be119568-9531-562f-8659-771c9c7e26b8", "host_name": "localhost",
        "instance_version": "18.5.0", "context_generated_at": "2026-11-22 09:06:51 UTC",
        "organization_id": 1,
    });
    let name = "com.gitlab/gitlab_standard/jsonschema/1-1-8";
    check(name, &backend, 0);
    check(name, &json!({"environment": "production", "google_analytics_id": "GA1.1"}), 0);
    for (member, value) in [
        ("environment", json!(null)),
        ("plan", json!("x".repeat(33))),
        ("extra", json!([])),
        ("user_id", json!(1.5)),
        ("project_id", json!("7")),
        ("namespace_id", json!(-1)),
        ("is_gitlab_team_member", json!("yes")),
        ("feature_enabled_by_namespace_ids", json!(["7"])),
        ("realm", json!("elsewhere")),
        ("colour", json!("red")),
    ] {
        let mut wrong = backend.clone();
        wrong[member] = value;
        check(name, &wrong, 1);
    }
}

#[test]
fn other_contexts_are_checked_too() {
    let ping = "com.gitlab/gitlab_service_ping/jsonschema/1-0-";
    for (addition, data, n_errors) in [
        ("0", json!({"data_source": "redis_hll", "event_name": "a"}), 0),
        ("0", json!({"data_source": "redis", "key_path": "counts.a"}), 0),
        ("0", json!({"data_source": "redis", "event_name": "a"}), 1),
        ("0", json!({"data_source": "redis_hll"}), 1),
        ("1", json!({"data_source": "redis_hll", "event_name": "a"}), 0),
        ("1", json!({"data_source": "redis", "event_name": "a"}), 0),
        ("1", json!({"data_source": "redis_hll"}), 1),
        ("1", json!({"data_source": "file", "event_name": ""}), 2),
        ("1", json!({"data_source": "redis_hll", "event_name": "a", "key_path": "b"}), 1),
    ] {
        check(&format!("{ping}{addition}"), &data, n_errors);
    }
    let ai = "com.gitlab/ai_context/jsonschema/1-0-2";
    check(ai, &json!({"session_id": "s", "input_tokens": 5, "model_name": null}), 0);
    check(ai, &json!({"input_tokens": "many", "zzz": 1}), 2);
    for version in ["1-0-0", "1-0-1"] {
        let name = format!("com.snowplowanalytics.snowplow/contexts/jsonschema/{version}");
        let schema = "iglu:com.acme/x-y_z/jsonschema/1-0-0";
        check(&name, &json!([{"schema": schema, "data": {}}]), 0);
        check(&name, &json!([]), 0);
        check(&name, &json!([{"schema": "x", "data": {}}, {"schema": schema}]), 2);
    }
}

#[test]
fn the_parameters_are_those_that_the_decoder_knows() {
    let name = "com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4";
    let schema = Schema::find(name).expect("it is built in");
    let schema: Value = serde_json::from_str(schema.text().as_str()).expect("JSON");
    let properties = schema["items"]["properties"].as_object().expect("properties");
    assert_eq!(properties.len(), 80);
    for parameter in properties.keys() {
        let query = format!("{parameter}=1&e=pv");
        let decoded = decode_get(&query);
        let faults = decoded.payloads.iter().flat_map(|it| &it.notes);
        let faults = faults.chain(decoded.bad.iter().flat_map(|it| &it.reasons));
        let mut unknown = faults.filter(|it| matches!(it, Fault::Unknown { .. }));
        assert!(unknown.next().is_none(), "{parameter}");
    }
    let event: Map<String, Value> =
        properties.keys().map(|it| (it.clone(), Value::from("1"))).collect();
    check(name, &json!([event]), 0);
    for wrong in [json!([]), json!({}), json!([{"p": "web", "tv": "x"}])] {
        check(name, &wrong, 1);
    }
    check(name, &json!([{"p": "web", "tv": "x", "e": 5, "zzz": "1"}]), 2);
}

#[test]
fn an_error_repeats_no_long_value() {
    let name = "com.gitlab/gitlab_standard/jsonschema/1-0-0";
    let schema = Schema::find(name).expect("it is built in");
    let long = "ü".repeat(10_000);
    let errors = schema.errors(&json!({"environment": long, long.as_str(): 5}), 100);
    assert_eq!(errors.len(), 2);
    assert!(errors.iter().all(|it| it.len() < 500), "{errors:?}");
}
