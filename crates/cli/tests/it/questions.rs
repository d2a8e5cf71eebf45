//! `track`, `metrics` and `explain`: an event goes in, numbers and reasons come out.

use crate::{Run, run, run_with, shop};
use serde_json::{Value, json};
use std::path::Path;

const TOTAL: &str = "counts.count_total_create_order";
const USERS: &str = "redis_hll_counters.count_distinct_user_id_from_create_order";

fn run_at(root: &Path, args: &[&str]) -> Run {
    let mut all = args.to_vec();
    all.extend(["--root", root.to_str().expect("UTF-8")]);
    run(&all)
}

fn value(root: &Path, key_path: &str) -> Value {
    let run = run_at(root, &["metrics", "--include-current-week", "--format", "json", key_path]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    let json: Value = serde_json::from_str(&run.out).expect("it is JSON");
    json["metrics"][0]["value"].clone()
}

/// Where nothing was tracked yet, as it is said.
fn data(root: &Path) -> String {
    root.join(".internal-events").to_str().expect("UTF-8").to_owned()
}

#[test]
fn tracked_events_are_counted_once_per_user() {
    let root = shop();
    for user in ["1", "2", "1"] {
        let run =
            run_at(root.path(), &["track", "create_order", "--user", user, "-p", "label=card"]);
        assert_eq!(
            (run.out.as_str(), run.code),
            ("create_order: accepted\n", Some(0)),
            "{}",
            run.err
        );
    }
    assert_eq!(value(root.path(), TOTAL), json!(3));
    assert_eq!(value(root.path(), USERS), json!(2));
}

#[test]
fn what_was_left_out_is_said() {
    let root = shop();
    let run =
        run_at(root.path(), &["track", "create_order", "-p", "colour=red", "--format", "json"]);
    let json: Value = serde_json::from_str(&run.out).expect("it is JSON");
    assert_eq!(json["status"], "accepted");
    let warnings = json["warnings"].as_array().expect("a list");
    assert!(warnings[0].as_str().expect("text").contains("`colour` is not declared"));
    assert!(warnings[1].as_str().expect("text").contains("`user` is missing"));
}

#[test]
fn an_unknown_event_is_kept_and_exits_1() {
    let root = shop();
    let run = run_at(root.path(), &["track", "creat_order"]);
    assert_eq!(run.code, Some(1));
    assert!(run.out.contains("quarantined"), "{}", run.out);
    assert!(run.out.contains("Did you mean create_order?"), "{}", run.out);
}

#[test]
fn strict_mode_refuses_and_keeps_nothing() {
    let root = shop();
    let root = root.path().to_str().expect("UTF-8");
    let env = [("INTERNAL_EVENTS_STRICT", "true")];
    let run = run_with(&["track", "creat_order", "--root", root], &env);
    assert_eq!(run.code, Some(1));
    assert!(run.out.starts_with("creat_order: refused"), "{}", run.out);
}

#[test]
fn reading_creates_nothing_and_reads_zero() {
    let root = shop();
    assert_eq!(value(root.path(), TOTAL), json!(0));
    assert!(!root.path().join(".internal-events").exists());
}

#[test]
fn values_are_shown_with_their_period_and_error() {
    let root = shop();
    run_at(root.path(), &["track", "create_order", "--user", "1"]);
    let run = run_at(root.path(), &["metrics", "--at", "2026-11-22", "--keys"]);
    let lines: Vec<&str> = run.out.lines().collect();
    assert!(lines[0].starts_with("counts.count_total_create_order "), "{}", run.out);
    assert!(lines[0].ends_with("all   1"), "{}", run.out);
    assert_eq!(lines[1], "    {event_counters}_create_order");
    assert!(lines[2].ends_with("7d    0 ±0.81 %  week 2026-46"), "{}", run.out);
    assert_eq!(lines[3], "    {hll_counters}_create_order-user-2026-46");
}

#[test]
fn a_misspelt_key_path_is_refused_with_a_suggestion() {
    let root = shop();
    let run = run_at(root.path(), &["metrics", "counts.count_total_creat_order"]);
    assert_eq!(run.code, Some(2));
    assert!(run.err.contains("did you mean `counts.count_total_create_order`?"), "{}", run.err);
    let run = run_at(root.path(), &["metrics", "counts.*"]);
    assert_eq!(run.out.lines().filter(|it| it.starts_with("counts.")).count(), 1);
}

#[test]
fn explain_says_which_gate_and_which_rule() {
    let root = shop();
    let run = run_at(root.path(), &["explain", "create_order", "--at", "2026-11-18", "-p", "x=1"]);
    let expected = "\
create_order on 2026-11-18 (week 2026-47)

yes known create_order: defined in config/events/create_order.yml
no  declared x: property `x` is not declared by the event and was left out; it declares `label`

yes {event_counters}_create_order  all time
      goes up by one
      counts.count_total_create_order all from 2026-11-18

yes {event_counters}_create_order-2026-47  per week
      goes up by one
      no metric reads it

no  {hll_counters}_create_order-user-2026-47  per week
      `user` is missing
      redis_hll_counters.count_distinct_user_id_from_create_order 7d from 2026-11-23 until 2026-11-30
";
    let expected = format!("{expected}\nnone of these is counted in {}\n", data(root.path()));
    assert_eq!(run.out, expected);
    assert_eq!(run.code, Some(0));
}

#[test]
fn explain_of_an_unknown_event_exits_1() {
    let root = shop();
    let run = run_at(root.path(), &["explain", "creat_order", "--format", "json"]);
    let json: Value = serde_json::from_str(&run.out).expect("it is JSON");
    assert_eq!((&json["known"], &json["rules"]), (&json!(false), &json!([])));
    let detail = json["gates"][0]["detail"].as_str().expect("text");
    assert!(detail.contains("did you mean `create_order`?"), "{detail}");
    assert_eq!(run.code, Some(1));
}

#[test]
fn explain_and_the_counters_agree() {
    let root = shop();
    let event = ["create_order", "--user", "7", "-p", "label=card"];
    let explain: Vec<&str> =
        ["explain"].iter().chain(&event).chain(&["--format", "json"]).copied().collect();
    let explained: Value =
        serde_json::from_str(&run_at(root.path(), &explain).out).expect("it is JSON");
    let track: Vec<&str> = ["track"].iter().chain(&event).copied().collect();
    run_at(root.path(), &track);
    for rule in explained["rules"].as_array().expect("a list") {
        for metric in rule["metrics"].as_array().expect("a list") {
            let key_path = metric["key_path"].as_str().expect("text");
            let moved = value(root.path(), key_path) != json!(0);
            assert_eq!(rule["moves"], json!(moved), "{key_path}");
        }
    }
}

#[test]
fn switched_off_tracks_nothing_and_says_so() {
    let root = shop();
    let path = root.path().to_str().expect("UTF-8");
    let env = [("INTERNAL_EVENTS_ENABLED", "false")];
    let run = run_with(&["track", "create_order", "--root", path], &env);
    assert_eq!(run.code, Some(2));
    assert!(
        run.err.contains("switched off by the variable INTERNAL_EVENTS_ENABLED"),
        "{}",
        run.err
    );
    assert!(!root.path().join(".internal-events").exists());
}

#[test]
fn wrong_definitions_stop_nothing_else_but_are_mentioned() {
    let root = shop();
    crate::write(root.path(), "config/events/broken.yml", "action: [\n");
    let run = run_at(root.path(), &["track", "create_order", "--user", "1"]);
    assert_eq!((run.out.as_str(), run.code), ("create_order: accepted\n", Some(0)));
    assert!(run.err.contains("`internal-events check` says which"), "{}", run.err);
}

#[test]
fn explain_and_metrics_know_the_counters_from_before() {
    let root = shop();
    crate::write(
        root.path(),
        "config/metrics/counts_7d/git_write_action_weekly.yml",
        "key_path: git_write_action_weekly\ntime_frame: 7d\ndata_source: redis_hll\n\
         status: active\noptions:\n  events: [git_write_action]\n",
    );
    let key = "{hll_counters}_git_write_action-2026-47  per week";
    let metric = "git_write_action_weekly 7d from 2026-11-23 until 2026-11-30";
    let asked = ["explain", "git_write_action", "--user", "5", "--at", "2026-11-18"];
    let by = |call: &[&str]| run_at(root.path(), &[&asked[..], call].concat());
    let head = "git_write_action on 2026-11-18 (week 2026-47)\n\n";
    let tail = format!("\nnone of these is counted in {}\n", data(root.path()));
    let unknown = by(&[]);
    let expected = format!(
        "{head}no  known git_write_action: it is the name of a legacy event, which only \
         `increment_unique_users` takes\n\n\
         no  {key}\n      only `increment_unique_users` moves it\n      {metric}\n{tail}"
    );
    assert_eq!((unknown.out, unknown.code), (expected, Some(1)));
    let known = by(&["--call", "increment_unique_users"]);
    let expected = format!(
        "{head}yes known git_write_action: `increment_unique_users` takes it by its legacy name\n\n\
         yes {key}\n      takes in `5`\n      {metric}\n{tail}"
    );
    assert_eq!((known.out, known.code), (expected, Some(0)));
    let run = run_at(root.path(), &["metrics", "git_write_action_weekly", "--at", "2026-11-22"]);
    let expected = "git_write_action_weekly  7d    0 ±0.81 %  week 2026-46  redis_hll\n";
    assert!(run.out.starts_with(expected), "{}", run.out);
}

#[test]
fn whoever_asks_why_a_metric_did_not_move_is_led_to_the_mistake() {
    let (root, empty, other) = (shop(), crate::files(&[]), crate::files(&[]));
    crate::write(
        root.path(),
        "config/metrics/counts_all/old.yml",
        "key_path: counts.old\ntime_frame: all\ndata_source: internal_events\nstatus: removed\n\
         events:\n- name: create_order\n  filter:\n    label: gift\n",
    );
    let elsewhere = ["--data", other.path().to_str().expect("UTF-8")];
    let track = [&["track", "create_order"][..], &elsewhere].concat();
    assert_eq!(run_at(root.path(), &track).code, Some(0), "it goes into another data directory");
    let off = [("INTERNAL_EVENTS_ENABLED", "false")];
    let here: [(&str, &str); 0] = [];
    let check = |root: &Path, args: &[&str], env: &[(&str, &str)], said: &str| {
        let at = ["--root", root.to_str().expect("UTF-8")];
        let run = run_with(&[args, &at].concat(), env);
        let all = format!("{}{}", run.out, run.err);
        assert!(all.contains(said), "{args:?}: {said}: {all}");
    };
    let root = root.path();
    let here_is_nothing = format!("none of these is counted in {}", data(root));
    let there = format!("counted in {}", other.path().display());
    let of_metric = "this is the key path of a metric; ask about an event that it counts: \
                     `create_order`";
    let explain = ["explain", "create_order"];
    let with = |more: &[&'static str]| [&explain[..], more].concat();
    check(root, &["explain", "creat_order"], &here, "did you mean `create_order`?");
    check(root, &["explain", TOTAL], &here, of_metric);
    check(root, &with(&["-p", "lable=gift"]), &here, "it declares `label`");
    check(root, &with(&["-p", "label=x"]), &here, "its filter wants label = \"gift\", not \"x\"");
    check(root, &explain, &here, "`user` is missing");
    check(root, &explain, &off, "no  enabled create_order: tracking is switched off by the var");
    check(root, &explain, &here, &here_is_nothing);
    check(root, &[&explain[..], &elsewhere].concat(), &here, &there);
    check(root, &["metrics", USERS], &here, "--include-current-week shows");
    check(root, &["metrics", "counts.old"], &here, "(the metric is removed and not reported)");
    check(empty.path(), &["track", "create_order"], &here, "nothing is defined here");
    check(empty.path(), &explain, &here, "no event is defined at all");
    let (asked, old) = (["metrics", "counts.old"], run_at(root, &["metrics", "counts.old"]));
    assert!(!old.out.contains("ISO weeks"), "{asked:?} is no question about weeks: {}", old.out);
    assert_eq!(
        run_with(&[&explain[..], &["--root", root.to_str().expect("UTF-8")]].concat(), &off).code,
        Some(1)
    );
}
