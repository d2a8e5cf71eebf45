//! Secrets, sent wherever something can be sent, and a log that has everything but them.

use super::server::{Server, TRACK};
use crate::{run, shop, write};
use serde_json::{Value, json};
use std::path::Path;

const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

/// A password in an address, and credentials as a header has them.
const ADDRESS: &str = "https://admin:hunter2hunter2@db.example";
const BASIC: &str = "Basic YWRtaW46aHVudGVyMmh1bnRlcjI=";

/// What of these nobody may read.
const HIDDEN: [&str; 2] = ["hunter2hunter2", "YWRtaW46aHVudGVyMmh1bnRlcjI"];

/// A token with every right, and the lines of the configuration that make it one.
fn token() -> (String, String) {
    let scopes = ["track", "track_any_user", "read_metrics"].map(|it| ["--scope", it]);
    let args = [&["token", "--name", "web", "--format", "json"][..], &scopes.concat()].concat();
    let made: Value = serde_json::from_str(&run(&args).out).expect("JSON");
    let text = |name: &str| made[name].as_str().expect("text").to_owned();
    let lines = format!(
        "[[collector.tokens]]\nname = \"web\"\nsha256 = \"{}\"\n\
         scopes = [\"track\", \"track_any_user\", \"read_metrics\"]\n",
        text("sha256")
    );
    (text("token"), lines)
}

/// Requests that have a secret in one place each, or in many.
fn requests(secret: &str, right: &str) -> Vec<String> {
    let escaped = secret.replace(' ', "%20");
    let encoded = escaped.replace(':', "%3A").replace('/', "%2F").replace('@', "%40");
    let request = |line: &str, head: &str, body: &str| {
        format!(
            "{line} HTTP/1.1\r\nHost: localhost\r\n{head}Content-Type: application/json\r\n\
             Content-Length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let mut requests = Vec::new();
    for name in [
        "Authorization",
        "Proxy-Authorization",
        "PRIVATE-TOKEN",
        "Cookie",
        "Origin",
        "Referer",
        "User-Agent",
        "X-Forwarded-For",
        "Forwarded",
        "X-Request-Id",
        "Idempotency-Key",
        "Content-Encoding",
        "Expect",
        "Upgrade",
        "Trailer",
    ] {
        for scheme in ["", "Bearer "] {
            let head = format!("{name}: {scheme}{secret}\r\n");
            requests.push(request(&format!("POST {TRACK}"), &head, "{}"));
            requests.push(request(&format!("POST {TP2}"), &head, "{}"));
        }
    }
    for target in [
        format!("/{escaped}"),
        format!("/{encoded}"),
        format!("/healthz/{encoded}"),
        format!("{TRACK}/{escaped}"),
        format!("{TRACK}?private_token={encoded}"),
        format!("/i?e=zz&aid={encoded}&url={encoded}"),
        format!("/api/v4/usage_data/metrics?key_path={encoded}"),
        format!("/api/v4/usage_data/metrics?{encoded}=1"),
        format!("http://admin:hunter2hunter2@localhost{TRACK}"),
    ] {
        let head = format!("PRIVATE-TOKEN: {right}\r\n");
        requests.push(request(&format!("GET {target}"), &head, ""));
        requests.push(request(&format!("GET {target}"), "", ""));
    }
    let known = json!({
        "event": "create_order", "user_id": secret, "category": secret, "event_id": secret,
        "project_path": secret, "additional_properties": { secret: secret, "label": secret },
    });
    let tracker = json!({
        "schema": "iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4",
        "data": [{ "e": "zz", "aid": secret, "url": secret, "ua": secret }],
    });
    for (path, body) in [
        (TRACK, json!({ "event": secret }).to_string()),
        (TRACK, known.to_string()),
        (TRACK, format!("{{\"{secret}\"")),
        (TRACK, json!({ "event": secret, "user_id": [secret] }).to_string()),
        (TP2, tracker.to_string()),
        (TP2, secret.to_owned()),
    ] {
        let head = format!("Authorization: Bearer {right}\r\n");
        requests.push(request(&format!("POST {path}"), &head, &body));
    }
    // What is no HTTP.
    requests.push(format!("{secret}\r\n\r\n"));
    requests.push(format!("GET / HTTP/1.1\r\n{secret}\r\n\r\n"));
    requests
}

/// The whole log of a server that logs all it can, and is sent all of that.
fn log_of(root: &Path, format: &str, right: &str) -> String {
    let wrong = format!("iet_{}", "fedcba9876543210".repeat(4));
    let mut server = Server::start_tracing(root, format);
    let log = server.drain_log();
    for secret in [right, &wrong, ADDRESS, BASIC] {
        for request in requests(secret, right) {
            // Whatever is answered, and whether anything is.
            let mut connection = server.connect();
            connection.send(&request).expect("it reads");
            let _ = connection.answer();
        }
    }
    server.terminate();
    server.wait();
    let log = log.join().expect("it is read");
    for hidden in [&right[4..], &wrong[4..], HIDDEN[0], HIDDEN[1]] {
        let line = log.lines().find(|it| it.contains(hidden));
        assert_eq!(line, None, "{hidden} is in the log");
    }
    log
}

#[test]
fn no_secret_is_in_the_log_wherever_it_was_sent() {
    let shop = shop();
    let (right, lines) = token();
    let settings = format!("[collector]\napp_ids = [\"*\"]\n{lines}");
    write(shop.path(), "internal-events.toml", &settings);
    for format in ["text", "json"] {
        let log = log_of(shop.path(), format, &right);
        // Paths are mentioned, but for what is hidden in them.
        for mentioned in ["unknown_token", "no_such_page", "iet_…", "://…@db.example", "/Basic%20…"]
        {
            assert!(log.contains(mentioned), "{mentioned}: {log}");
        }
    }
}

#[test]
fn no_secret_is_in_an_error() {
    let shop = shop();
    let root = shop.path().to_str().expect("UTF-8");
    let settings = format!("enabled = \"{ADDRESS}\"\n");
    write(shop.path(), "internal-events.toml", &settings);
    for args in [&["metrics", "--root", root][..], &["doctor", "--root", root]] {
        let run = run(args);
        assert_eq!(run.code, Some(2), "{args:?}: {}", run.out);
        assert!(run.err.contains("://…@db.example"), "{args:?}: {}", run.err);
        assert!(!run.err.contains(HIDDEN[0]), "{args:?}: {}", run.err);
    }
}
