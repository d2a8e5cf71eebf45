use super::*;
use std::collections::BTreeSet;
use uuid::Uuid;

#[test]
fn ids_are_uuids_of_version_7_and_differ() {
    let ids = RequestIds::default();
    let others = RequestIds::default();
    let make = |ids: &RequestIds| ids.make(1_795_000_000_000).to_str().unwrap().to_owned();
    let all: BTreeSet<String> = (0..10_000).flat_map(|_| [make(&ids), make(&others)]).collect();
    assert_eq!(all.len(), 20_000);
    for id in all {
        let id = Uuid::parse_str(&id).expect("a UUID");
        assert_eq!(id.get_version_num(), 7);
    }
}

#[test]
fn a_callers_id_is_taken_if_it_is_short_and_plain() {
    let ids = RequestIds::default();
    for (brought, is_taken) in [
        ("abc-1_2.3", true),
        (&"x".repeat(64), true),
        (&"x".repeat(65), false),
        ("", false),
        ("a b", false),
        ("a\tb", false),
        ("{\"a\"}", false),
        ("<script>", false),
        ("a=b", false),
    ] {
        let value = HeaderValue::from_str(brought).expect("a value");
        assert_eq!(ids.give(Some(&value), 0) == value, is_taken, "{brought}");
    }
    let foreign = HeaderValue::from_bytes(b"\xfe\xff").expect("a value");
    assert_ne!(ids.give(Some(&foreign), 0), foreign);
}
