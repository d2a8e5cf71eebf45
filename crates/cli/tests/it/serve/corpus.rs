//! Requests that official trackers once sent, byte for byte, to the running program.

use super::server::Server;
use crate::{EVENT, files};
use internal_events::store::{Reader as _, Sqlite, StoredEntry};
use internal_events::{Event, Scalar, decode_event};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What whoever captured an event says it is.
pub(super) type Captured = Map<String, Value>;

#[test]
fn what_official_trackers_sent_is_in_the_journal_as_it_was_captured() {
    let Some(requests) = requests_or_skip() else { return };
    assert_eq!(requests.len(), 45, "requests");
    let captured: Vec<_> = requests.iter().flat_map(|it| events(it)).collect();
    assert_eq!(captured.len(), 64, "events in them");
    let orders: Vec<_> = captured.iter().filter(|it| it["e"] == "se").collect();
    let root = shop_of_all(&captured);
    let server = Server::start(root.path());
    for request in &requests {
        let text = std::fs::read_to_string(request).expect("it is readable");
        let mut connection = server.connect();
        connection.send(&text).expect("it is sent");
        let answer = connection.answer().expect("it is answered");
        assert_eq!(answer.status, 200, "{}: {}", request.display(), answer.body);
    }

    // One request of two events is another that was answered 503 on purpose, sent again.
    let by_id: BTreeMap<&str, &Captured> =
        orders.iter().map(|it| (it["eid"].as_str().expect("trackers give ids"), *it)).collect();
    assert_eq!(by_id.len() + 2, orders.len());
    let mut journal = journal(root.path());
    for (id, captured) in by_id {
        let entry = journal.remove(id);
        let entry = entry.unwrap_or_else(|| panic!("{id} is not in the journal"));
        same(&entry, captured);
    }
    assert!(journal.is_empty(), "nobody sent {journal:?}");
}

/// All requests, sorted by name, unless they are not there, which it says.
#[expect(clippy::print_stderr, reason = "a test that is skipped says why")]
pub(super) fn requests_or_skip() -> Option<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = folder.join("../../../shared/corpus/snowplow-requests");
    if !folder.is_dir() {
        eprintln!("SKIPPED: the requests of official trackers are not at {}", folder.display());
        return None;
    }
    Some(requests(&folder))
}

fn requests(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).expect("it is readable");
    let paths = entries.map(|it| it.expect("it is readable").path());
    let mut paths: Vec<_> =
        paths.filter(|it| it.extension().is_some_and(|it| it == "http")).collect();
    paths.sort();
    paths
}

/// The events of a request; questions that browsers ask before they send have none.
pub(super) fn events(request: &Path) -> Vec<Captured> {
    let Ok(text) = std::fs::read(request.with_extension("decoded.json")) else { return Vec::new() };
    let mut decoded: Value = serde_json::from_slice(&text).expect("a capture is JSON");
    let events = match decoded["querystring"].take() {
        Value::Null => decoded["data"].take(),
        event => Value::Array(vec![event]),
    };
    serde_json::from_value(events).expect("events are objects")
}

/// An installation that defines all structured events among these.
pub(super) fn shop_of_all(captured: &[Captured]) -> tempfile::TempDir {
    let orders = captured.iter().filter(|it| it["e"] == "se");
    shop_of(&orders.filter_map(|it| it["se_ac"].as_str()).collect())
}

/// An installation that defines these events, with every property that the captured ones have.
fn shop_of(names: &BTreeSet<&str>) -> tempfile::TempDir {
    let settings = "[collector]\npaths = [\"/com.acme/track\"]\n".to_owned();
    let mut written = vec![("internal-events.toml".to_owned(), settings)];
    for name in names {
        let properties = ["label", "property", "value", "k"];
        let properties = properties.map(|it| format!("  {it}:\n    description: Whatever it is\n"));
        let event = EVENT.replace("action: create_order", &format!("action: \"{name}\""));
        let event =
            event.replace("  label:\n    description: The way of payment\n", &properties.concat());
        written.push((format!("config/events/{name}.yml"), event));
    }
    files(&written.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>())
}

/// The journal by the ids of its events.
fn journal(root: &Path) -> BTreeMap<String, Event> {
    let reader = Sqlite::reader(&root.join(".internal-events"));
    let mut reader = reader.expect("readable").expect("there is a store");
    let entries = reader.entries(0, usize::MAX).expect("the journal is readable");
    let n = entries.len();
    let event = |it: &StoredEntry| decode_event(&it.event).expect("the journal has events");
    let by_id: BTreeMap<_, _> = entries.iter().map(|it| (it.id.to_string(), event(it))).collect();
    assert_eq!(by_id.len(), n, "no id is in the journal twice");
    by_id
}

/// Compares what the journal keeps with what was captured.
fn same(event: &Event, captured: &Captured) {
    let text = |name: &str| captured.get(name).and_then(Value::as_str).map(str::to_owned);
    assert_eq!(Some(&event.name), text("se_ac").as_ref());
    assert_eq!(event.category, text("se_ca"), "{captured:?}");
    let contexts = captured.get("cx(decoded)").or(captured.get("co(decoded)"));
    let contexts = contexts.and_then(|it| it["data"].as_array()).into_iter().flatten();
    let is_standard = |it: &&Value| it["schema"].to_string().contains("gitlab_standard");
    let standard = contexts.filter(is_standard).map(|it| &it["data"]).next();
    let member = |name: &str| standard.and_then(|it| it.get(name)).map(ToString::to_string);
    let ids = [&event.user, &event.project, &event.namespace];
    let ids = ids.map(|it| it.as_ref().map(ToString::to_string));
    assert_eq!(ids, ["user_id", "project_id", "namespace_id"].map(member), "{captured:?}");

    let extra = standard.and_then(|it| it["extra"].as_object()).into_iter().flatten();
    let mut expected: BTreeMap<_, _> = extra
        .map(|(name, it)| (name.clone(), Scalar::from(it.as_str().expect("a text"))))
        .collect();
    for (name, parameter) in [("label", "se_la"), ("property", "se_pr")] {
        expected.extend(text(parameter).map(|it| (name.to_owned(), Scalar::from(it.as_str()))));
    }
    expected.extend(text("se_va").map(|it| ("value".to_owned(), number(&it))));
    let kept: BTreeMap<_, _> = event.properties.iter().cloned().collect();
    assert_eq!(kept, expected, "{captured:?}");
}

fn number(text: &str) -> Scalar {
    match text.parse() {
        Ok(whole) => Scalar::Int(whole),
        Err(_) => Scalar::Float(text.parse().expect("a number")),
    }
}
