//! `internal-events check`.

use crate::{EVENT, files, run, run_with, shop, write};
use serde_json::{Value, json};

fn check(root: &std::path::Path, more: &[&str]) -> crate::Run {
    let mut args = vec!["check", "--root", root.to_str().expect("UTF-8")];
    args.extend(more);
    run(&args)
}

/// A shop whose metric counts an event that does not exist.
fn misspelt() -> tempfile::TempDir {
    let root = shop();
    let metric = crate::TOTAL.replace("- name: create_order", "- name: creat_order");
    write(root.path(), "config/metrics/counts_all/count_total_create_order.yml", &metric);
    root
}

#[test]
fn good_definitions_give_nothing_and_exit_0() {
    let root = shop();
    let run = check(root.path(), &[]);
    assert_eq!(run.out, "1 event and 2 metrics checked: 0 errors, 0 warnings, 0 notes\n");
    assert_eq!((run.err.as_str(), run.code), ("", Some(0)));
}

#[test]
fn a_finding_shows_its_line_and_what_to_do_and_exits_1() {
    let root = misspelt();
    let run = check(root.path(), &[]);
    assert_eq!(run.code, Some(1));
    for expected in [
        "error[unknown-event]",
        "--> config/metrics/counts_all/count_total_create_order.yml:18:9",
        "18 | - name: creat_order",
        "create_order",
        "1 event and 2 metrics checked: 1 error,",
    ] {
        assert!(run.out.contains(expected), "{expected:?} is not in:\n{}", run.out);
    }
    assert!(!run.out.contains('\u{1b}'), "no colours where nobody looks");
}

#[test]
fn the_shape_of_json_is_stable() {
    let root = misspelt();
    let run = check(root.path(), &["--format", "json"]);
    let json: Value = serde_json::from_str(&run.out).expect("it is JSON");
    assert_eq!(
        (&json["version"], &json["events"], &json["metrics"]),
        (&json!(1), &json!(1), &json!(2))
    );
    let found = &json["diagnostics"][0];
    assert_eq!(found["severity"], "error");
    assert_eq!(found["code"], "unknown-event");
    assert_eq!(found["path"], "config/metrics/counts_all/count_total_create_order.yml");
    assert_eq!((&found["line"], &found["column"]), (&json!(18), &json!(9)));
    assert!(found["message"].is_string() && found["help"].is_string());
    assert_eq!(run.code, Some(1));
}

#[test]
fn other_machines_get_their_own_shapes() {
    let root = misspelt();
    let sarif: Value =
        serde_json::from_str(&check(root.path(), &["--format", "sarif"]).out).expect("JSON");
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    assert_eq!((&result["ruleId"], &result["level"]), (&json!("unknown-event"), &json!("error")));
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startLine"], 18);
    let github = check(root.path(), &["--format", "github"]).out;
    let path = "config/metrics/counts_all/count_total_create_order.yml";
    let expected = format!("::error file={path},line=18,col=9,title=unknown-event::");
    assert!(github.starts_with(&expected), "{github}");
    assert_eq!(github.lines().count(), 1, "a line break inside would end the command");
}

#[test]
fn what_cannot_be_worked_on_exits_2_and_says_why() {
    let empty = tempfile::tempdir().expect("a temporary directory");
    for (root, complaint) in [
        (empty.path().to_str().expect("UTF-8"), "no definitions under"),
        ("/nonexistent/anywhere", "there is no directory /nonexistent/anywhere"),
    ] {
        let run = run(&["check", "--root", root]);
        assert!(run.err.contains(complaint), "{}", run.err);
        assert_eq!((run.out.as_str(), run.code), ("", Some(2)));
    }
    assert_eq!(run(&["check", "--nonsense"]).code, Some(2));
}

#[test]
fn the_root_may_come_from_the_environment() {
    let root = shop();
    let root = root.path().to_str().expect("UTF-8");
    assert_eq!(run_with(&["check"], &[("INTERNAL_EVENTS_ROOT", root)]).code, Some(0));
}

#[test]
fn safe_fixes_keep_comments_and_exit_0() {
    let event = EVENT.replace("milestone: '1.0'", "milestone: 1.0 # the first one");
    let root = files(&[("config/events/create_order.yml", &event)]);
    let before = check(root.path(), &[]);
    assert_eq!(before.code, Some(1), "{}", before.out);
    assert!(before.out.contains("can be fixed with `internal-events check --fix`"));
    let fixed = check(root.path(), &["--fix"]);
    assert_eq!(fixed.code, Some(0), "{}", fixed.out);
    let path = root.path().join("config/events/create_order.yml");
    let text = std::fs::read_to_string(path).expect("it is still there");
    assert!(text.contains("# the first one"), "{text}");
    assert_eq!(text.lines().count(), event.lines().count());
}

#[test]
fn files_that_are_not_text_are_shown_and_do_not_stop_the_rest() {
    let root = shop();
    let path = root.path().join("config/events/broken.yml");
    std::fs::write(path, b"action: \xff\xfe\n").expect("a file");
    let run = check(root.path(), &[]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.contains("config/events/broken.yml"), "{}", run.out);
    assert!(run.out.contains("2 events and 2 metrics checked"), "{}", run.out);
}

#[test]
fn notes_take_a_line_each() {
    let event =
        EVENT.replace("A customer sends an order, whatever the way of payment is", "Ordered");
    let root = files(&[("config/events/create_order.yml", &event)]);
    let run = check(root.path(), &[]);
    let expected = "\
note[short-description]: config/events/create_order.yml:2:14: the description has 7 characters, generators ask for 50

1 event and 0 metrics checked: 0 errors, 0 warnings, 1 note
";
    assert_eq!((run.out.as_str(), run.code), (expected, Some(0)));
}
