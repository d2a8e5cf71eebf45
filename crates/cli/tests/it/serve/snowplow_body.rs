//! What the running program sends to Snowplow, read back by programs of other languages.

use super::second_collector::SecondCollector;
use super::server::{Server, TRACK};
use crate::{EVENT, files, program};
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::{Command, Stdio};

/// Reads bodies, one on a line, and prints what they say of each event, one on a line.
const DECODER: &str = r#"
import base64, json, sys

for line in sys.stdin.buffer:
    body = json.loads(line.decode("utf-8"))
    assert list(body) == ["schema", "data"], body
    for event in body["data"]:
        assert all(type(value) is str and value != "" for value in event.values()), event
        contexts = event.pop("cx", None)
        contexts = base64.b64decode(contexts, validate=True) if contexts else event.pop("co")
        contexts = json.loads(contexts)
        assert contexts["schema"] == "iglu:com.snowplowanalytics.snowplow/contexts/jsonschema/1-0-1"
        by_name = {it["schema"].split("/")[1]: it["data"] for it in contexts["data"]}
        assert len(by_name) == len(contexts["data"])
        print(json.dumps([event, by_name]))
"#;

/// Writes the texts of bodies, one on a line, as the tracker of GitLab would, or fails.
///
/// Contexts have to be the bytes that Ruby makes of what they say, and floats those of `to_s`.
const RUBY: &str = r##"
require "base64"
require "json"

STDIN.each_line do |line|
  body = JSON.parse(line)
  abort "not as Ruby writes it: #{line}" unless JSON.generate(body) == line.chomp
  body["data"].each do |event|
    json = Base64.strict_decode64(event["cx"])
    contexts = JSON.parse(json)
    again = Base64.strict_encode64(JSON.generate(contexts))
    abort "not as Ruby writes it: #{json}" unless again == event["cx"]
    value = event["se_va"]
    next unless value
    number = value.match?(/[.e]/) ? value.to_f : value.to_i
    abort "#{value} is not #{number}" unless number.to_s == value
    puts value
  end
end
"##;

/// A number of an event, and how Ruby writes it.
const VALUES: [(&str, &str); 13] = [
    ("0", "0"),
    ("-3", "-3"),
    ("1.5", "1.5"),
    ("-2.25", "-2.25"),
    ("0.1", "0.1"),
    ("0.00001", "1.0e-05"),
    ("1e15", "1.0e+15"),
    ("1e16", "1.0e+16"),
    ("-1.25e20", "-1.25e+20"),
    ("1e300", "1.0e+300"),
    ("9223372036854775807", "9223372036854775807"),
    ("123456789012345.6", "123456789012345.6"),
    ("1234567890123456.5", "1234567890123456.5"),
];

/// Texts that are hard to write.
fn texts() -> [String; 7] {
    let control: String = ('\u{1}'..='\u{1f}').collect();
    ["ünïcode ✓ 🎁", "\"quoted\" \\ / </script>", " ", "\u{7f}\u{85}\u{2028}\u{202e}", "null"]
        .map(str::to_owned)
        .into_iter()
        .chain([control, "ä".repeat(20_000)])
        .collect::<Vec<_>>()
        .try_into()
        .expect("seven")
}

/// What is posted by REST.
fn posted() -> Vec<Value> {
    let bare = json!({ "event": "create_order", "send_to_snowplow": true });
    let with = |name: &str, value: Value| {
        let mut event = bare.clone();
        event[name] = value;
        event
    };
    let properties = |it: Value| with("additional_properties", it);
    let mut events = vec![bare.clone()];
    for user in [json!(5), json!("jane"), json!("5ZdHOXw3WkHmL1SMZ6mPTyoGbASGM7huiDo8bTJvGDE=")] {
        events.push(with("user_id", user));
    }
    events.extend([with("project_id", json!(7)), with("namespace_id", json!(9))]);
    events.push(with("category", json!("Orders::Create")));
    for name in ["label", "property", "key"] {
        events.extend(texts().iter().map(|it| properties(json!({ name: it }))));
    }
    events.push(properties(json!({ "label": "", "property": "" })));
    events.push(properties(json!({ "key": 5, "label": "a", "value": 1 })));
    events.push(properties(json!({ "key": 0.5, "project_id": 8 })));
    events.push(properties(json!({ "feature_enabled_by_namespace_ids": "[1, 2]" })));
    for (number, _) in VALUES {
        let number: Value = serde_json::from_str(number).expect("a number");
        events.push(properties(json!({ "value": number })));
    }
    events
}

/// An installation whose event may have all of these properties, and has further lines.
fn shop(url: &str, settings: &str, lines: &str) -> tempfile::TempDir {
    let names = [
        "label",
        "property",
        "value",
        "key",
        "session_id",
        "total_tokens",
        "project_id",
        "feature_enabled_by_namespace_ids",
    ];
    let properties = names.map(|it| format!("  {it}:\n    description: Whatever it is\n"));
    let label = "  label:\n    description: The way of payment\n";
    let event = EVENT.replace(label, &properties.concat());
    let settings = format!(
        "[snowplow]\ncollector = '{url}'\n{settings}\n[identity]\n\
         salt = '0123456789abcdef0123456789abcdef'\n"
    );
    let event = format!("{event}{lines}");
    files(&[("config/events/create_order.yml", &event), ("internal-events.toml", &settings)])
}

/// The bodies that a server sends for what is posted to it, in order.
fn bodies(settings: &str) -> Vec<String> {
    let collector = SecondCollector::start();
    // One request at a time keeps the order.
    let root = shop(&collector.url(), &format!("concurrency = 1\n{settings}"), "");
    let server = Server::start(root.path());
    let mut connection = server.connect();
    let events = posted();
    for event in &events {
        let answer = connection.post(TRACK, &event.to_string()).expect("the server answers");
        assert_eq!(
            (answer.status, answer.body.as_str()),
            (200, r#"{"status":"accepted"}"#),
            "{event}"
        );
    }
    collector.bodies(events.len())
}

/// Gives a script lines, and returns those it prints.
fn lines_of(program: &str, arguments: &[&str], bodies: &[String]) -> Vec<String> {
    let mut script = Command::new(program);
    script.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    script.env("LC_ALL", "C.UTF-8");
    let mut script = script.spawn().expect("it starts");
    let mut input = script.stdin.take().expect("it is piped");
    let text = bodies.join("\n");
    // A thread of its own: the script may print more than a pipe holds before it has read all.
    let writer = std::thread::spawn(move || input.write_all(text.as_bytes()));
    let output = script.wait_with_output().expect("it ends");
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{complaint}");
    writer.join().expect("no panic").expect("it reads all");
    let text = String::from_utf8(output.stdout).expect("it prints UTF-8");
    text.lines().map(str::to_owned).collect()
}

/// What a reader of the event should see, by what was posted: parameters and contexts.
fn expected(posted: &Value, pseudonym: &dyn Fn(&Value) -> Value) -> (Value, Value) {
    let properties = posted["additional_properties"].as_object().cloned().unwrap_or_default();
    let category = posted.get("category").cloned().unwrap_or(json!("InternalEventTracking"));
    let mut parameters = json!({ "e": "se", "se_ca": category, "se_ac": "create_order" });
    for (name, parameter) in [("label", "se_la"), ("property", "se_pr")] {
        if let Some(text) = properties.get(name).filter(|it| *it != "") {
            parameters[parameter] = text.clone();
        }
    }
    if let Some(number) = properties.get("value") {
        let of = |text: &str| serde_json::from_str::<Value>(text).expect("a number");
        let known = VALUES.iter().find(|(it, _)| of(it) == *number);
        parameters["se_va"] =
            known.map_or_else(|| number.to_string(), |(_, it)| (*it).into()).into();
    }
    let extra = properties.get("key").map_or(json!({}), |it| json!({ "key": it }));
    let user = posted.get("user_id").map_or(Value::Null, pseudonym);
    let project = properties.get("project_id").or(posted.get("project_id"));
    let ids = properties.get("feature_enabled_by_namespace_ids").map(|_| json!([1, 2]));
    let standard = json!({
        "extra": extra,
        "user_id": user,
        "project_id": project,
        "namespace_id": posted.get("namespace_id"),
        "feature_enabled_by_namespace_ids": ids,
    });
    (parameters, standard)
}

/// Has Python read bodies, and compares what it read with what was posted.
fn check(settings: &str, pseudonym: &dyn Fn(&Value) -> Value) {
    let (posted, read) = (posted(), lines_of("python3", &["-c", DECODER], &bodies(settings)));
    assert_eq!(read.len(), posted.len(), "as many as were posted");
    for (posted, line) in posted.iter().zip(read) {
        let (mut event, contexts): (Value, Value) = serde_json::from_str(&line).expect("JSON");
        let (parameters, standard) = expected(posted, pseudonym);
        for (name, value) in standard.as_object().expect("an object") {
            assert_eq!(&contexts["gitlab_standard"][name], value, "{posted}");
        }
        let service_ping = json!({ "data_source": "redis_hll", "event_name": "create_order" });
        assert_eq!(contexts["gitlab_service_ping"], service_ping);
        assert_eq!(contexts.as_object().map(serde_json::Map::len), Some(2));
        let members = event.as_object_mut().expect("an object");
        for name in ["dtm", "eid", "stm"] {
            assert!(members.remove(name).is_some(), "{name} of {posted}");
        }
        let mut all = json!({ "p": "srv", "tna": "gl", "tv": "rb-0.8.0" });
        all.as_object_mut()
            .expect("an object")
            .extend(parameters.as_object().cloned().expect("one"));
        assert_eq!(event, all, "{posted}");
    }
}

#[test]
fn a_decoder_in_python_reads_what_was_tracked() {
    let salt = internal_events::snowplow::Salt::new("0123456789abcdef0123456789abcdef");
    let pseudonym = |user: &Value| {
        let text = user.as_str().map_or_else(|| user.to_string(), str::to_owned);
        Value::from(salt.pseudonym(&internal_events::Id::Text(text)))
    };
    check("", &pseudonym);
    check("base64 = false", &pseudonym);
    check("pseudonymise = false", &|user| user.clone());
}

#[test]
fn ruby_would_write_the_same_bytes() {
    if !Command::new("ruby").arg("-v").stdout(Stdio::null()).status().is_ok_and(|it| it.success()) {
        let is_ci = std::env::var_os("CI").is_some_and(|it| it == "true");
        assert!(!is_ci, "CI has to have Ruby");
        eprintln!("SKIPPED: there is no Ruby, so nobody compares with what it writes");
        return;
    }
    let written = lines_of("ruby", &["-e", RUBY], &bodies(""));
    let values: Vec<_> = VALUES.iter().map(|(_, it)| (*it).to_owned()).collect();
    assert_eq!(written, [vec!["1".to_owned()], values].concat());
}

#[test]
fn parameters_come_in_the_order_of_gitlab() {
    let collector = SecondCollector::start();
    let root = shop(&collector.url(), "app_id = 'gitlab'", "");
    let mut command = program();
    command.arg("--root").arg(root.path()).args(["track", "create_order", "--user", "1"]);
    command.args(["--property", "label=gift", "--property", "property=blue"]);
    command.args(["--property", "value=0", "--property", "key=v", "--category", "C"]);
    let output = command.output().expect("the program starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    // The process delivers what it has tracked before it ends.
    let events = collector.all();
    let names: Vec<Vec<&str>> =
        events.iter().map(|it| it.keys().map(String::as_str).collect()).collect();
    let order = [
        "e", "se_ca", "se_ac", "se_la", "se_pr", "se_va", "cx", "p", "dtm", "tna", "tv", "aid",
        "eid", "stm",
    ];
    assert_eq!(names, [order]);
}

#[test]
fn an_event_of_duo_has_a_context_for_its_model() {
    for (lines, properties, has_context) in [
        ("classification: duo\n", json!({ "session_id": "s", "total_tokens": 7 }), true),
        ("classification: duo\n", json!({ "label": "s" }), false),
        ("", json!({ "session_id": "s", "total_tokens": 7 }), false),
    ] {
        let collector = SecondCollector::start();
        let root = shop(&collector.url(), "", lines);
        let server = Server::start(root.path());
        let event = json!({
            "event": "create_order",
            "send_to_snowplow": true,
            "additional_properties": properties,
        });
        let answer = server.connect().post(TRACK, &event.to_string()).expect("it answers");
        assert_eq!(answer.status, 200, "{}", answer.body);
        let read = lines_of("python3", &["-c", DECODER], &collector.bodies(1));
        let (_, contexts): (Value, Value) = serde_json::from_str(&read[0]).expect("JSON");
        let ai = contexts.get("ai_context").and_then(Value::as_object);
        assert_eq!(ai.is_some(), has_context, "{lines}{properties}");
        if let Some(ai) = ai {
            assert_eq!(ai.len(), 23, "the others are null");
            assert_eq!((&ai["session_id"], &ai["total_tokens"]), (&json!("s"), &json!(7)));
            assert_eq!(contexts["gitlab_standard"]["extra"], properties, "they stay there too");
        }
    }
}
