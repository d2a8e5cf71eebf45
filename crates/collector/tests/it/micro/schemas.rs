//! The schemas that are built in, as they are served.

use super::start;
use serde_json::json;

#[test]
fn schemas_are_served_by_their_names() {
    let server = start();
    for (name, version) in [
        ("com.gitlab/gitlab_standard/jsonschema/1-1-8", "1-1-8"),
        ("com.gitlab/gitlab_standard/jsonschema/1-0-9", "1-0-9"),
        ("com.gitlab/gitlab_standard/jsonschema/1-1-1", "1-1-1"),
        ("com.gitlab/gitlab_service_ping/jsonschema/1-0-0", "1-0-0"),
        ("com.gitlab/gitlab_service_ping/jsonschema/1-0-1", "1-0-1"),
        ("com.gitlab/ai_context/jsonschema/1-0-2", "1-0-2"),
        ("com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4", "1-0-4"),
        ("com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-0", "1-0-0"),
        ("com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1", "1-0-1"),
    ] {
        let answer = server.get(&format!("/micro/iglu/{name}"));
        assert_eq!(answer.status, 200, "{name}");
        assert_eq!(answer.header("content-type"), Some("application/json"));
        let own = &answer.json()["self"];
        let mut parts = name.split('/');
        let (vendor, short) = (parts.next(), parts.next());
        let expected =
            json!({"vendor": vendor, "name": short, "format": "jsonschema", "version": version});
        assert_eq!(own, &expected, "{name}");
    }
}

#[test]
fn others_are_not_built_in() {
    let server = start();
    for name in [
        "com.gitlab/gitlab_standard/jsonschema/1-1-9",
        "com.gitlab/gitlab_standard/jsonschema/2-0-0",
        "com.gitlab/gitlab_standard/jsonschema/0-0-0",
        "com.gitlab/gitlab_standard/jsonschema/1-1-8-1",
        "com.gitlab/gitlab_standard/jsonschema/1-1",
        "com.gitlab/gitlab_standard/jsonschema/+1-1-8",
        "com.gitlab/gitlab_standard/jsonschema/1-1-8/x",
        "com.gitlab/gitlab_standard/avro/1-1-8",
        "com.gitlab/other/jsonschema/1-0-0",
        "com.acme/gitlab_standard/jsonschema/1-1-8",
        "x",
        "",
    ] {
        let answer = server.get(&format!("/micro/iglu/{name}"));
        answer.assert_problem(404, "no_such_schema");
        let detail = answer.json()["detail"].to_string();
        assert!(detail.contains("com.gitlab/gitlab_standard/jsonschema/1-1-8"), "{detail}");
    }
}
