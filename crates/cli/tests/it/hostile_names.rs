//! Names and values that would steer a terminal or forge a line of a log are shown, not obeyed.

use crate::{EVENT, TOTAL, USERS, files, run};

/// A title, a cleared screen, red, a line of its own, the same again in eight bits, text that
/// runs the other way, and the end of a line by another name.
pub(crate) const HOSTILE: &str =
    "x\u{1b}]0;t\u{7}\u{1b}[2J\u{1b}[31m\nforged line\r\u{9b}2J\u{85}\u{202e}gpj\u{2066}\u{2028}z";

/// What of it must not be seen.
fn steering(text: &str) -> Vec<char> {
    let marks = "\u{202e}\u{2066}\u{2028}";
    let steers = |it: &char| it.is_control() || marks.contains(*it);
    text.chars().filter(steers).filter(|it| *it != '\n').collect()
}

#[track_caller]
pub(crate) fn assert_shown(what: &str, text: &str) {
    assert_eq!(steering(text), [] as [char; 0], "{what}: {text}");
    assert!(text.lines().all(|it| !it.starts_with("forged")), "{what}: {text}");
}

/// Definitions with hostile names and texts wherever a file can have them.
fn shop() -> tempfile::TempDir {
    let text = serde_json::json!(HOSTILE).to_string();
    let action = |it: &str| it.replace("action: create_order", &format!("action: {text}"));
    let event = |it: &str| it.replace("name: create_order", &format!("name: {text}"));
    let key_path = |it: &str| it.replace("key_path: ", &format!("{text}: {text}\nkey_path: "));
    let per_value = event(TOTAL)
        .replace("count_total_create_order", "per_label")
        .replace("value_type: number", "value_type: object")
        + "  unique: label\n  operator: total\n";
    let path = "config/events/hostile\u{1b}[2J\u{202e}.yml";
    files(&[
        (path, &action(EVENT)),
        ("config/events/create_order.yml", EVENT),
        ("config/metrics/counts_all/count_total_create_order.yml", &key_path(TOTAL)),
        ("config/metrics/counts_all/per_label.yml", &per_value),
        (
            "config/metrics/counts_7d/users.yml",
            &event(USERS).replace("key_path: r", "key_path: \"\\e[31mr\" #"),
        ),
    ])
}

#[test]
fn no_command_prints_what_steers_a_terminal() {
    let shop = shop();
    let root = shop.path().to_str().expect("UTF-8");
    let mut seen = String::new();
    for args in [
        &["check"][..],
        &["check", "--format", "json"],
        &["check", "--format", "sarif"],
        &["check", "--format", "github"],
        &[
            "track",
            HOSTILE,
            "-p",
            &format!("{HOSTILE}={HOSTILE}"),
            "-p",
            &format!("label={HOSTILE}"),
        ],
        &["track", HOSTILE, "--format", "json"],
        &["track", "unknown\u{1b}[2J\nforged", "--user", HOSTILE, "--category", HOSTILE],
        &["track", "create_order", "-p", &format!("{HOSTILE}=1")],
        &["explain", HOSTILE, "-p", &format!("{HOSTILE}={HOSTILE}"), "--user", HOSTILE],
        &["explain", HOSTILE, "--format", "json"],
        &["explain", "unknown\u{1b}[2J\nforged"],
        &["metrics", "--keys", "--include-current-week"],
        &["metrics", "--keys", "--format", "json"],
        &["metrics", HOSTILE],
        &["journal", "list"],
        &["journal", "list", "--format", "json"],
        &["journal", "show", "1"],
        &["journal", "show", "1", "--format", "json"],
        &["journal", "export"],
        &["journal", "verify"],
        &["quarantine", "list"],
        &["quarantine", "list", "--all"],
        &["quarantine", "list", "--format", "json"],
        &["doctor"],
        &["doctor", "--deep", "--format", "json"],
        &["doctor", "--server", HOSTILE, "--listen", HOSTILE],
        &["metrics", "--data", "\u{1b}[2J\u{202e}\nforged"],
        &["generate", "--format", "json", "--event", HOSTILE],
        &["generate", "--event", HOSTILE],
    ] {
        let run = run(&[args, &["--root", root]].concat());
        assert_shown(&format!("{args:?}"), &run.out);
        assert_shown(&format!("{args:?}"), &run.err);
        seen.push_str(&run.out);
        seen.push_str(&run.err);
    }
    for shown in [r"\u{1b}[31m\nforged line", r"\u{202e}gpj", r"\u202egpj", r"\u0085"] {
        assert!(seen.contains(shown), "it is shown as {shown}");
    }
}
