//! The flag `--micro`.

use super::server::Server;
use crate::shop;

const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

const EVENT: &str = r#"{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
    "data":[{"e":"se","p":"web","tv":"x","se_ca":"c","se_ac":"click"}]}"#;

#[test]
fn events_are_shown_only_where_that_was_asked_for() {
    let root = shop();
    let server = Server::start_micro(root.path());
    let mut connection = server.connect();
    assert_eq!(connection.post(TP2, EVENT).expect("it answers").status, 200);
    let shown = connection.get("/micro/wait?event=click").expect("it answers");
    assert_eq!(shown.json()[0]["event"]["se_action"], "click");
    assert_eq!(connection.get("/micro/ui").expect("it answers").status, 200);
    drop(server);
    let server = Server::start(root.path());
    let answer = server.connect().get("/micro/good").expect("it answers");
    assert_eq!(answer.status, 404);
    assert!(answer.body.contains("--micro"), "{}", answer.body);
}
