use super::DOCUMENT;
use serde_json::Value;
use std::collections::BTreeSet;

fn document() -> Value {
    serde_json::from_str(DOCUMENT).expect("the document is JSON")
}

/// The paths that the sources serve: patterns of a match, and the constants of the trackers.
fn served() -> BTreeSet<&'static str> {
    let patterns = include_str!("../routes.rs").lines();
    let patterns = patterns.chain(include_str!("../micro/pages.rs").lines());
    let patterns = patterns.filter_map(|it| Some(it.trim().split_once(" => ")?.0));
    let constants = include_str!("../endpoint.rs").lines();
    let constants = constants.chain(include_str!("../micro/pages.rs").lines());
    let constants = constants.chain(include_str!("../script.rs").lines());
    let constants = constants.chain(include_str!("../demo.rs").lines());
    let constants = constants.filter_map(|it| it.strip_suffix(';')?.split_once("_PATH: &str = "));
    let quoted = patterns.chain(constants.map(|(_, it)| it));
    let paths = quoted.filter_map(|it| it.strip_prefix("\"")?.strip_suffix('"'));
    // Not those of a pattern with several, each of which has a line of its own elsewhere.
    paths.filter(|it| it.starts_with('/') && !it.contains('"')).collect()
}

#[test]
fn every_path_is_described_and_no_other() {
    let document = document();
    let paths = document["paths"].as_object().expect("paths");
    let described: BTreeSet<&str> = paths.keys().map(String::as_str).collect();
    assert!(described.contains("/i") && described.len() > 10);
    assert_eq!(described, served());
}

#[test]
fn every_problem_is_described_with_its_status_and_no_other() {
    let document = document();
    let responses = document["components"]["responses"].as_object().expect("responses");
    let mut described = BTreeSet::new();
    for response in responses.values() {
        let schema = &response["content"]["application/problem+json"]["schema"]["allOf"][1];
        let status = schema["properties"]["status"]["const"].as_u64().expect("a status");
        let codes = schema["properties"]["code"]["enum"].as_array().expect("codes");
        let codes = codes.iter().filter_map(Value::as_str);
        described.extend(codes.map(|it| (u16::try_from(status).unwrap_or(0), it.to_owned())));
    }
    // A page that does not exist has no place in a list of those that do.
    described.insert((404, "no_such_page".to_owned()));
    let rows = crate::problem::tests::rows();
    assert_eq!(described, rows.into_iter().collect());
}

#[test]
fn every_reference_leads_somewhere() {
    fn check(value: &Value, document: &Value) {
        match value {
            Value::Object(members) => {
                if let Some(Value::String(target)) = members.get("$ref") {
                    let pointer = target.strip_prefix('#').expect("it is in this document");
                    assert!(document.pointer(pointer).is_some(), "{target}");
                }
                members.values().for_each(|it| check(it, document));
            }
            Value::Array(items) => items.iter().for_each(|it| check(it, document)),
            _ => {}
        }
    }
    let document = document();
    check(&document, &document);
}
