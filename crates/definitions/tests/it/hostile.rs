//! Whatever the bytes are, `analyze` answers, and one broken file hides no other.

use internal_events_definitions::{Severity, Source, Sources, analyze};
use proptest::prelude::*;

const GOOD: &str = "action: edit_document\ninternal_events: true\ntiers: [free]\nmilestone: '17.3'\n\
    description: A person finished editing a document and saved what they wrote\n\
    product_group: editor\nintroduced_by_url: https://example.com/1\n";

fn source(path: &str, bytes: impl Into<Vec<u8>>) -> Source {
    Source { path: path.to_owned(), bytes: bytes.into() }
}

/// Pieces that YAML and definitions are made of, in any order.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "action: ",
        "events:",
        "filter:",
        "- name: a",
        "unique: ",
        "user.id",
        "\n",
        "\n  ",
        "\n- ",
        "[",
        "]",
        "{",
        "}",
        ", ",
        ": ",
        "'",
        "\"",
        "#",
        "&a ",
        "*a",
        "!x ",
        "|\n",
        ">-\n",
        "\t",
        "\r\n",
        "---\n",
        "...\n",
        "? ",
        "~",
        "5",
        "1.5",
        "null",
        "é",
        "\u{feff}",
        "\u{0}",
        "%TAG ! x\n",
        "<<: ",
        "time_frame: [7d, 28d]",
        "key_path: a.b",
        "data_source: internal_events",
        "options:",
        "additional_properties:",
        "status: removed",
    ]);
    prop::collection::vec(piece, 0..60).prop_map(|it| it.concat())
}

proptest! {
    #[test]
    fn any_text_is_answered(event in pieces(), metric in pieces(), table in pieces()) {
        let sources = Sources {
            events: vec![source("config/events/x.yml", event)],
            metrics: vec![source("config/metrics/counts_7d/x.yml", metric)],
            unique_overrides: Some(source("o/hll_redis_key_overrides.yml", table.clone())),
            total_overrides: Some(source("o/total.yml", table.clone())),
            legacy_events: Some(source("o/legacy.yml", table.clone())),
            product_groups: Some(source("o/groups.json", table.clone())),
            feature_categories: Some(source("o/categories.yml", table)),
        };
        let analysis = analyze(&sources);
        for it in &analysis.diagnostics {
            prop_assert!(it.line >= 1 && it.column >= 1 && it.span.start <= it.span.end);
            prop_assert!(!it.message.is_empty() && it.help.is_some(), "{}", it.code);
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let events = vec![source("config/events/x.yml", bytes.clone())];
        let metrics = vec![source("config/metrics/counts_7d/x.yml", bytes)];
        analyze(&Sources { events, metrics, ..Sources::default() });
    }
}

#[test]
fn a_broken_file_hides_no_other() {
    for broken in [&b"a: ["[..], b"\xff\xfe", b"", b"- a", b"a: &a [*a]", b"\0"] {
        let events = vec![
            source("config/events/aaa.yml", broken),
            source("config/events/edit_document.yml", GOOD),
            source("config/events/zzz.yml", broken),
        ];
        let analysis = analyze(&Sources { events, ..Sources::default() });
        assert_eq!(analysis.definitions.events.len(), 1);
        for path in ["config/events/aaa.yml", "config/events/zzz.yml"] {
            let errors = analysis.diagnostics.iter().filter(|it| it.severity == Severity::Error);
            assert!(errors.into_iter().any(|it| it.path == path), "{broken:?}");
        }
        assert!(analysis.diagnostics.iter().all(|it| !it.path.contains("edit_document")));
    }
}

#[test]
fn a_metric_on_an_unreadable_event_is_not_blamed() {
    let metric = "key_path: a.b\ndata_source: internal_events\ntime_frame: 7d\nevents:\n- name: edit_document\n";
    for (path, text) in [
        ("config/events/edit_document.yml", "a: ["),
        ("config/events/other.yml", "action: 'edit_document'\nx: ["),
    ] {
        let sources = Sources {
            events: vec![source(path, text)],
            metrics: vec![source("config/metrics/counts_7d/m.yml", metric)],
            ..Sources::default()
        };
        let analysis = analyze(&sources);
        assert!(analysis.diagnostics.iter().all(|it| it.code != "unknown-event"), "{text}");
    }
}

#[test]
fn a_definition_as_large_as_a_book_is_checked_in_time() {
    let n_rules = 20_000;
    let rules: String =
        (0..n_rules).map(|it| format!("- name: event_{it}\n  uniqe: x\n")).collect();
    let metric =
        format!("key_path: a.b\ndata_source: internal_events\ntime_frame: 7d\nevents:\n{rules}");
    let metrics = vec![source("config/metrics/counts_7d/m.yml", metric)];
    let analysis = analyze(&Sources { metrics, ..Sources::default() });
    assert!(analysis.diagnostics.len() >= 2 * n_rules);
}
