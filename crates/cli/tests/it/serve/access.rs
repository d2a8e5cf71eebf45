//! Who is let in, from the configuration to the log and the disk.

use super::server::{Connection, METRICS, Server, TRACK};
use crate::{run, shop};
use serde_json::Value;
use std::io::Read as _;
use std::path::Path;

const TP2: &str = "/com.snowplowanalytics.snowplow/tp2";

/// Makes a token with the program, and gives it with the lines for the configuration.
pub(crate) fn token(name: &str, scopes: &[&str]) -> (String, String) {
    let mut args = vec!["token", "--format", "json", "--name", name];
    args.extend(scopes.iter().flat_map(|it| ["--scope", it]));
    let run = run(&args);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let json: Value = serde_json::from_str(&run.out).expect("JSON");
    let text = |name: &str| json[name].as_str().expect("a text").to_owned();
    (text("token"), text("toml"))
}

fn configure(root: &Path, toml: &str) {
    std::fs::write(root.join("internal-events.toml"), toml).expect("a file");
}

/// Sends a request with these further lines in its head; gives the status.
fn ask(server: &Server, line: &str, lines: &str, body: &str) -> u16 {
    let mut connection = Connection::open(server.address).expect("it takes connections");
    let request = format!(
        "{line} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{lines}\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    );
    connection.send(&request).expect("it reads");
    connection.answer().expect("it answers").status
}

#[test]
fn a_token_that_is_pasted_into_the_configuration_lets_its_owner_in() {
    let shop = shop();
    let (text, toml) = token("the \"web\" shop", &["track", "track", "read_metrics"]);
    configure(shop.path(), &toml);
    let server = Server::start(shop.path());
    let track = format!("POST {TRACK}");
    let order = r#"{"event":"create_order"}"#;
    let shown = format!("PRIVATE-TOKEN: {text}\r\n");
    assert_eq!(ask(&server, &track, "", order), 401);
    assert_eq!(ask(&server, &track, &shown, order), 200);
    assert_eq!(ask(&server, &track, &shown, r#"{"event":"create_order","user_id":5}"#), 403);
    assert_eq!(ask(&server, &format!("GET {METRICS}"), &shown, ""), 200);
    let human = run(&["token", "--name", "x", "--scope", "debug"]);
    assert!(human.out.starts_with("iet_") && human.out.contains("[[collector.tokens]]"));
    for (args, complaint) in [
        (&["token", "--name", "x"][..], "--scope"),
        (&["token", "--name", "x", "--scope", "all"], "track_any_user"),
        (&["token", "--name", "", "--scope", "track"], "no name"),
    ] {
        let run = run(args);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(run.err.contains(complaint), "{args:?}: {}", run.err);
    }
}

#[test]
fn a_wrong_configuration_is_refused_before_anything_is_touched() {
    let shop = shop();
    let root = shop.path().to_str().expect("the path is UTF-8");
    for (toml, complaint) in [
        ("[[collector.tokens]]\nname='web'\nsha256='00'\nscopes=['track']", "`web`"),
        ("[collector]\nrate_limit = { events_per_second = 0 }", "not a valid configuration"),
    ] {
        configure(shop.path(), toml);
        let run = run(&["--root", root, "serve", "--listen", "127.0.0.1:0"]);
        assert_eq!((run.code, run.out.as_str()), (Some(2), ""), "{toml}");
        assert!(run.err.contains(complaint), "{toml}: {}", run.err);
    }
    assert!(!shop.path().join(".internal-events").exists());
}

#[test]
fn with_app_ids_the_server_listens_for_other_machines() {
    let shop = shop();
    configure(shop.path(), "[collector]\napp_ids = ['shop']\n");
    let server = Server::start_at(shop.path(), "0.0.0.0:0");
    for (app_id, n) in [("other", 0), ("shop", 1)] {
        let pixel = format!("GET /i?e=se&se_ac=create_order&aid={app_id}");
        assert_eq!(ask(&server, &pixel, "X-Forwarded-For: 203.0.113.9\r\n", ""), 200);
        assert_eq!(server.metric(super::server::TOTAL), n);
    }
    let track = format!("POST {TRACK}");
    let line = "X-Forwarded-For: 127.0.0.1\r\n";
    assert_eq!(ask(&server, &track, line, r#"{"event":"create_order"}"#), 403);
}

#[test]
fn nothing_of_who_asked_is_kept() {
    const PLANTED: &str = "planted7391";
    let shop = shop();
    let (text, toml) = token("web", &["track"]);
    configure(shop.path(), &format!("[collector]\napp_ids = ['*']\n{toml}"));
    let mut server = Server::start_logged_as(shop.path(), "trace");
    let lines = format!(
        "User-Agent: {PLANTED}\r\nCookie: sp={PLANTED}\r\nX-Forwarded-For: 198.51.100.77\r\n\
         Forwarded: for=198.51.100.77\r\nReferer: https://{PLANTED}/\r\n"
    );
    let order = r#"{"event":"create_order"}"#;
    let wrong = format!("{lines}Authorization: Bearer iet_{PLANTED}\r\n");
    let right = format!("{lines}Authorization: Bearer {text}\r\n");
    let payload = format!(
        r#"{{"schema":"iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4","data":[
        {{"e":"se","p":"web","tv":"x","se_ac":"create_order","ip":"198.51.100.77","ua":"{PLANTED}",
        "url":"https://{PLANTED}","uid":"{PLANTED}","duid":"{PLANTED}"}},
        {{"e":"zz"}}]}}"#
    );
    assert_eq!(ask(&server, &format!("POST {TRACK}?q={PLANTED}"), &wrong, order), 401);
    assert_eq!(ask(&server, &format!("POST {TRACK}?q={PLANTED}"), &right, order), 200);
    assert_eq!(ask(&server, &format!("POST {TP2}"), &wrong, &payload), 200);
    let pixel = format!("GET /i?e=se&se_ac=create_order&ua={PLANTED}&ip=198.51.100.77");
    assert_eq!(ask(&server, &pixel, &lines, ""), 200);
    server.terminate();
    let log = server.log();
    assert!(log.contains("request_id"), "requests are logged: {log}");
    for secret in [PLANTED, "198.51.100.77", &text] {
        assert!(!log.contains(secret), "{secret} in the log: {log}");
        assert!(!holds(&shop.path().join(".internal-events"), secret), "{secret} on the disk");
    }
    assert!(holds(&shop.path().join(".internal-events"), "create_order"), "events are there");
}

/// Tells whether a file below a directory holds a text.
fn holds(directory: &Path, text: &str) -> bool {
    std::fs::read_dir(directory).expect("a directory").any(|entry| {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            return holds(&path, text);
        }
        let mut bytes = Vec::new();
        std::fs::File::open(&path).and_then(|mut it| it.read_to_end(&mut bytes)).expect("a file");
        bytes.windows(text.len()).any(|it| it == text.as_bytes())
    })
}
