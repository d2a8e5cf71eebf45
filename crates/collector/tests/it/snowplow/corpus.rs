//! Requests that official trackers sent, as bytes.

use super::codes;
use internal_events::{Id, Scalar};
use internal_events_collector::snowplow::{Payload, Tracked, decode_get, decode_post};
use serde_json::Value;
use std::path::{Path, PathBuf};

/// A request's head, as far as decoding needs it, and its body.
pub(crate) struct Request {
    pub(crate) name: String,
    /// All of it, as it came over the wire.
    pub(crate) bytes: Vec<u8>,
    pub(crate) method: String,
    pub(crate) query: String,
    pub(crate) content_type: Option<Vec<u8>>,
    pub(crate) body: Vec<u8>,
    pub(crate) decoded: Option<Value>,
}

fn folder() -> Option<PathBuf> {
    let folder =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus/snowplow-requests");
    if folder.is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: the requests of official trackers are not at {}", folder.display());
    None
}

/// Every request of the corpus, sorted by name.
pub(crate) fn requests() -> Option<Vec<Request>> {
    let entries = std::fs::read_dir(folder()?).unwrap().map(|it| it.unwrap().path());
    let is_http = |it: &PathBuf| it.extension().is_some_and(|it| it == "http");
    let mut paths: Vec<_> = entries.filter(is_http).collect();
    paths.sort();
    Some(paths.iter().map(|it| Request::read(it)).collect())
}

impl Request {
    fn read(path: &Path) -> Self {
        let bytes = std::fs::read(path).unwrap();
        let end = bytes.windows(4).position(|it| it == b"\r\n\r\n").unwrap();
        let head = std::str::from_utf8(&bytes[..end]).unwrap();
        let mut lines = head.split("\r\n");
        let mut first = lines.next().unwrap().split(' ');
        let (method, target) = (first.next().unwrap(), first.next().unwrap());
        let headers = lines.map(|it| it.split_once(':').unwrap());
        let content_type = headers
            .filter(|(name, _)| name.eq_ignore_ascii_case("content-type"))
            .map(|(_, value)| value.trim().as_bytes().to_vec())
            .next();
        let decoded = std::fs::read(path.with_extension("decoded.json")).ok();
        Self {
            name: path.file_stem().unwrap().to_str().unwrap().to_owned(),
            method: method.to_owned(),
            query: target.split_once('?').map_or("", |(_, it)| it).to_owned(),
            content_type,
            body: bytes[end + 4..].to_vec(),
            bytes,
            decoded: decoded.map(|it| serde_json::from_slice(&it).unwrap()),
        }
    }

    /// The events it holds according to whoever captured it.
    pub(crate) fn expected(&self) -> Option<Vec<&Value>> {
        let decoded = self.decoded.as_ref()?;
        match decoded.get("querystring") {
            Some(event) => Some(vec![event]),
            None => Some(decoded["data"].as_array()?.iter().collect()),
        }
    }
}

#[test]
fn official_requests_are_decoded_as_captured() {
    let Some(requests) = requests() else { return };
    let (mut n_requests, mut n_events) = (0, 0);
    for request in &requests {
        let Some(expected) = request.expected() else {
            assert_eq!(request.method, "OPTIONS", "{}", request.name);
            continue;
        };
        let decoded = match request.method.as_str() {
            "GET" => decode_get(&request.query),
            _ => decode_post(request.content_type.as_deref(), &request.query, &request.body),
        };
        assert!(decoded.bad.is_empty(), "{}: {:?}", request.name, decoded.bad);
        assert!(decoded.notes.is_empty(), "{}: {:?}", request.name, decoded.notes);
        assert_eq!(decoded.payloads.len(), expected.len(), "{}", request.name);
        for (payload, expected) in decoded.payloads.iter().zip(expected) {
            same(payload, expected, &request.name);
            n_events += 1;
        }
        n_requests += 1;
    }
    assert_eq!(n_requests, 40, "requests with events");
    assert_eq!(n_events, 64, "events in them");
}

/// Compares a payload with what the capture says: every parameter, context and value.
fn same(payload: &Payload<'_>, expected: &Value, name: &str) {
    let members = expected.as_object().unwrap();
    let is_decoded = |it: &str| it.ends_with("(decoded)");
    let plain = members.iter().filter(|(name, _)| !is_decoded(name));
    let plain: Vec<_> = plain.map(|(name, it)| (name.as_str(), it.as_str().unwrap())).collect();
    let given: Vec<_> = payload.parameters.iter().collect();
    assert_eq!(given, plain, "{name}");

    let contexts = members.get("cx(decoded)").or(members.get("co(decoded)"));
    assert_eq!(payload.contexts().as_ref(), contexts, "{name}");
    let described = members.get("ue_px(decoded)").or(members.get("ue_pr(decoded)"));
    assert_eq!(payload.described().as_ref(), described, "{name}");
    assert!(codes(&payload.notes).is_empty(), "{name}: {:?}", payload.notes);

    assert_eq!(payload.app_id(), expected["aid"].as_str());
    assert_eq!(payload.tracker(), expected.get("tna").and_then(Value::as_str));
    assert_eq!(payload.tracker_version(), expected["tv"].as_str());
    assert_eq!(payload.platform(), expected["p"].as_str());
    let millis = |name: &str| expected.get(name)?.as_str()?.parse::<i64>().ok();
    assert_eq!(payload.created_ms(), millis("dtm"));
    assert_eq!(payload.sent_ms(), millis("stm"));
    assert_eq!(payload.true_ms(), millis("ttm"));
    let id = payload.id.unwrap().iter().map(|it| format!("{it:02x}")).collect::<Vec<_>>().concat();
    assert_eq!(id, expected["eid"].as_str().unwrap().replace('-', ""));

    match (&payload.tracked, expected["e"].as_str()) {
        (Some(tracked), Some("se")) => same_tracked(tracked, expected, contexts, name),
        (tracked, e) => assert!(tracked.is_none() && e != Some("se"), "{name}"),
    }
}

fn same_tracked(tracked: &Tracked, expected: &Value, contexts: Option<&Value>, name: &str) {
    let text = |name: &str| expected.get(name).and_then(Value::as_str).map(str::to_owned);
    let event = &tracked.event;
    assert_eq!(Some(&event.name), text("se_ac").as_ref(), "{name}");
    assert_eq!(event.category, text("se_ca"), "{name}");
    assert_eq!(event.property("label"), text("se_la").map(Scalar::Str).as_ref(), "{name}");
    assert_eq!(event.property("property"), text("se_pr").map(Scalar::Str).as_ref(), "{name}");
    let value = text("se_va").map(|it| match it.parse::<i64>() {
        Ok(it) => Scalar::Int(it),
        Err(_) => Scalar::Float(it.parse().unwrap()),
    });
    assert_eq!(event.property("value"), value.as_ref(), "{name}");

    let entities = contexts.map(|it| it["data"].as_array().unwrap().as_slice()).unwrap_or_default();
    let is_standard = |it: &&Value| it["schema"].as_str().unwrap().contains("gitlab_standard");
    let standard = entities.iter().find(is_standard).map(|it| &it["data"]);
    let member = |name: &str| standard.and_then(|it| it.get(name));
    let id = |name: &str| member(name).and_then(Value::as_i64).map(Id::Number);
    assert_eq!(event.project, id("project_id"), "{name}");
    assert_eq!(event.namespace, id("namespace_id"), "{name}");
    assert_eq!(event.user, id("user_id"), "{name}");
    assert_eq!(tracked.source.as_deref(), member("source").and_then(Value::as_str), "{name}");
    for (key, value) in member("extra").and_then(Value::as_object).into_iter().flatten() {
        assert_eq!(event.property(key), Some(&Scalar::from(value.as_str().unwrap())), "{name}");
    }
    assert!(!tracked.has_pseudonym && !tracked.is_announced, "{name}");
}
