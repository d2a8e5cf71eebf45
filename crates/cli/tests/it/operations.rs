//! `journal`, `quarantine` and `backup`: looking at a data directory, and looking after it.

use crate::serve::server::Server;
use crate::{Run, run, shop, write};
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

pub(crate) fn run_at(root: &Path, args: &[&str]) -> Run {
    let mut all = args.to_vec();
    all.extend(["--root", root.to_str().expect("UTF-8")]);
    run(&all)
}

pub(crate) fn parsed(run: &Run) -> Value {
    serde_json::from_str(&run.out).unwrap_or_else(|_| panic!("no JSON: {}{}", run.out, run.err))
}

/// A shop with two known events and one that no definition knows.
pub(crate) fn shop_with_events() -> tempfile::TempDir {
    let root = shop();
    for user in ["5", "6"] {
        let run = run_at(root.path(), &["track", "create_order", "--user", user]);
        assert_eq!(run.code, Some(0), "{}", run.err);
    }
    assert_eq!(run_at(root.path(), &["track", "creat_order", "--user", "7"]).code, Some(1));
    root
}

#[test]
fn the_journal_is_listed_shown_and_exported() {
    let root = shop_with_events();
    let list = parsed(&run_at(root.path(), &["journal", "list", "--format", "json"]));
    let entries = list["entries"].as_array().expect("a list");
    assert_eq!(entries.len(), 2);
    assert_eq!(entries[1]["sequence"], 2);
    assert_eq!(entries[1]["event"], json!({ "event": "create_order", "user": 6 }));
    let elements: Vec<&Value> = entries[1]["updates"]
        .as_array()
        .expect("a list")
        .iter()
        .filter_map(|it| it.get("element"))
        .collect();
    assert_eq!(elements, ["6"]);

    let lines = |args: &[&str]| {
        let run = run_at(root.path(), args);
        assert_eq!(run.code, Some(0), "{}", run.err);
        run.out.lines().count()
    };
    assert_eq!(lines(&["journal", "list"]), 2);
    assert_eq!(lines(&["journal", "list", "--limit", "1"]), 1);
    assert_eq!(lines(&["journal", "list", "--after", "1"]), 1);
    assert_eq!(lines(&["journal", "list", "--event", "other"]), 1, "it says that there are none");
    assert_eq!(lines(&["journal", "export"]), 2);
    assert_eq!(lines(&["journal", "export", "--after", "2"]), 0);

    let id = entries[0]["id"].as_str().expect("text");
    let by_id = parsed(&run_at(root.path(), &["journal", "show", id, "--format", "json"]));
    let by_number = parsed(&run_at(root.path(), &["journal", "show", "1", "--format", "json"]));
    assert_eq!(by_id, by_number);
    assert_eq!(by_id["entry"], entries[0]);
    let exported = run_at(root.path(), &["journal", "export"]).out;
    let exported: Vec<Value> =
        exported.lines().map(|it| serde_json::from_str(it).expect("JSON")).collect();
    assert_eq!(&exported, entries);
    for (wanted, message) in [("0", "no entry"), ("3", "no entry"), ("x", "neither the number")] {
        let run = run_at(root.path(), &["journal", "show", wanted]);
        assert_eq!(run.code, Some(2));
        assert!(run.err.contains(message), "{}", run.err);
    }
}

#[test]
fn a_directory_without_a_journal_is_said_and_not_made() {
    let root = shop();
    for args in [&["journal", "list"][..], &["journal", "verify"], &["quarantine", "list"]] {
        let run = run_at(root.path(), args);
        assert_eq!(run.code, Some(2), "{args:?}");
        assert!(!run.err.is_empty());
    }
    assert!(!root.path().join(".internal-events").exists());
}

#[test]
fn what_is_kept_aside_is_counted_once_a_definition_knows_it() {
    let root = shop_with_events();
    let replay = |which: &str, code: i32, out: &str| {
        let run = run_at(root.path(), &["quarantine", "replay", which]);
        assert_eq!((run.code, run.out.as_str()), (Some(code), out), "{which}: {}", run.err);
    };
    replay("--all", 1, "0 replayed\n1 stays: no definition knows it\n");
    let events = root.path().join("config/events");
    let known = fs::read_to_string(events.join("create_order.yml")).expect("it is there");
    let misspelt = known.replace("create_order", "creat_order");
    fs::write(events.join("creat_order.yml"), misspelt).expect("it is written");
    replay("1", 0, "1 replayed\n");
    replay("--all", 0, "0 replayed\n");
    let list = parsed(&run_at(root.path(), &["journal", "list", "--format", "json"]));
    assert_eq!(list["entries"][2]["event"], json!({ "event": "creat_order", "user": 7 }));
    assert_eq!(run_at(root.path(), &["quarantine", "list"]).out, "nothing is kept aside\n");
}

/// A metric of the source before internal events: calls with `snippet_create` move it.
const SNIPPETS: &str = "---
key_path: counts.snippet_create
description: Total count of snippets since the shop was opened for business
product_group: checkout
value_type: number
status: active
milestone: '1.0'
introduced_by_url: https://example.com/snippets/1
time_frame: all
data_source: redis
data_category: optional
instrumentation_class: RedisMetric
options:
  prefix: snippet
  event: create
tiers:
- free
- premium
- ultimate
";

#[test]
fn what_came_by_a_legacy_call_is_known_by_its_legacy_name() {
    let root = shop();
    let mut server = Server::start(root.path());
    for call in ["increment_counter", "increment_unique_users", "track_event"] {
        let path = format!("/api/v4/usage_data/{call}");
        let body = r#"{"event":"snippet_create","user_id":5}"#;
        let answer = server.connect().post(&path, body).expect("it answers");
        assert_eq!(answer.status, 202, "{call}: {}", answer.body);
    }
    server.kill();
    let known = || {
        let list = parsed(&run_at(root.path(), &["quarantine", "list", "--format", "json"]));
        let events = list["events"].as_array().expect("a list").iter();
        events.map(|it| it["known"].as_bool().expect("yes or no")).collect::<Vec<_>>()
    };
    assert_eq!(known(), [false, false, false]);
    write(root.path(), "config/metrics/counts_all/snippet_create.yml", SNIPPETS);
    assert_eq!(run_at(root.path(), &["check"]).code, Some(0));
    // That metric is a total, which only one of the calls moves.
    assert_eq!(known(), [true, false, false]);
    let groups = run_at(root.path(), &["quarantine", "list"]).out;
    let line = |n: &str, what: &str| {
        groups.lines().any(|it| it.trim_start().starts_with(n) && it.contains(what))
    };
    assert!(line("1 ", "today's definitions know it") && line("2 ", "unknown"), "{groups}");
    let replay = run_at(root.path(), &["quarantine", "replay", "--all"]);
    assert!(replay.out.starts_with("1 replayed\n2 stay"), "as it was listed: {}", replay.out);
    assert_eq!(known(), [false, false]);
}

#[test]
fn what_is_kept_aside_is_listed_and_thrown_away_only_on_demand() {
    let root = shop_with_events();
    let list = run_at(root.path(), &["quarantine", "list"]);
    assert!(list.out.contains("did you mean create_order?"), "{}", list.out);
    let json = parsed(&run_at(root.path(), &["quarantine", "list", "--format", "json"]));
    assert_eq!(json["events"][0]["name"], "creat_order");
    assert_eq!(json["events"][0]["known"], false);

    let unasked = run_at(root.path(), &["quarantine", "drop", "--all"]);
    assert_eq!(unasked.code, Some(2));
    assert!(unasked.err.contains("--yes"), "{}", unasked.err);
    let wrong = run_at(root.path(), &["quarantine", "drop", "99", "--yes"]);
    assert_eq!(wrong.code, Some(2), "{}", wrong.out);
    let other = run_at(root.path(), &["quarantine", "drop", "--event", "other", "--yes"]);
    assert!(other.out.contains("nothing of that kind"), "{}", other.out);
    let dropped = run_at(root.path(), &["quarantine", "drop", "--event", "creat_order", "--yes"]);
    assert_eq!(dropped.out, "1 thrown away\n", "{}", dropped.err);
    assert_eq!(run_at(root.path(), &["quarantine", "list"]).out, "nothing is kept aside\n");
}

#[test]
fn a_damaged_event_is_named_and_keeps_no_other_from_being_replayed() {
    let root = shop_with_events();
    for user in ["8", "9"] {
        let run = run_at(root.path(), &["track", "creat_order", "--user", user]);
        assert_eq!(run.code, Some(1), "{}", run.err);
    }
    // A bit of the second of three.
    let file = root.path().join(".internal-events/internal-events.db");
    let mut bytes = fs::read(&file).expect("the database");
    let kept = br#"{"event":"creat_order","user":8}"#;
    let at = bytes.windows(kept.len()).position(|it| it == kept).expect("it is kept aside");
    bytes[at + 10] ^= 1;
    fs::write(&file, bytes).expect("a file");

    let list = run_at(root.path(), &["quarantine", "list"]);
    assert_eq!(list.code, Some(0), "{}", list.err);
    assert!(list.out.contains("quarantine drop 2`"), "{}", list.out);
    let list = parsed(&run_at(root.path(), &["quarantine", "list", "--format", "json"]));
    assert_eq!((list["events"].as_array().map(Vec::len), &list["damaged"]), (Some(2), &json!([2])));

    write(root.path(), "config/events/creat_order.yml", &renamed_order(root.path()));
    let replayed = run_at(root.path(), &["quarantine", "replay", "--all"]);
    assert_eq!(replayed.code, Some(0), "{}", replayed.err);
    assert!(replayed.out.starts_with("2 replayed\n"), "{}", replayed.out);
    assert!(replayed.out.contains("quarantine drop 2`"), "{}", replayed.out);
    let again = run_at(root.path(), &["quarantine", "replay", "2"]);
    assert_eq!(again.code, Some(1), "{}", again.out);
    let dropped = run_at(root.path(), &["quarantine", "drop", "2", "--yes"]);
    assert_eq!(
        (dropped.code, dropped.out.as_str()),
        (Some(0), "1 thrown away\n"),
        "{}",
        dropped.err
    );
    let verified = run_at(root.path(), &["journal", "verify"]);
    assert_eq!(verified.code, Some(0), "{}", verified.out);
}

/// The definition of the shop's event under the name of the unknown one.
fn renamed_order(root: &Path) -> String {
    let known = fs::read_to_string(root.join("config/events/create_order.yml")).expect("a file");
    known.replace("create_order", "creat_order")
}

#[test]
fn a_damaged_counter_is_repaired_when_a_person_says_so() {
    let root = shop_with_events();
    let repair = |args: &[&str]| {
        let args = [&["journal", "repair", "--format", "json"], args].concat();
        let run = run_at(root.path(), &args);
        let parsed = parsed(&run);
        (run.code, parsed)
    };
    let nothing = |is_written| json!({ "version": 1, "written": is_written, "log_kept_as": null, "counters": [] });
    assert_eq!(repair(&[]), (Some(0), nothing(false)));
    assert_eq!(repair(&["--write"]), (Some(0), nothing(true)));

    let database = root.path().join(".internal-events/internal-events.db");
    let open = || rusqlite::Connection::open(&database).expect("the database");
    open().execute_batch("UPDATE totals SET value = value + 1").expect("a change");
    let value = || {
        let args = ["metrics", "counts.count_total_create_order", "--format", "json"];
        parsed(&run_at(root.path(), &args))["metrics"][0].clone()
    };
    let reason = value()["reason"].to_string();
    assert!(reason.contains("journal repair"), "{reason}");
    let verified = run_at(root.path(), &["journal", "verify"]);
    assert!(verified.out.contains("journal repair"), "{}", verified.out);
    let before = fs::read(&database).expect("a file");
    let (code, said) = repair(&[]);
    assert_eq!((code, &said["written"]), (Some(1), &json!(false)));
    let counters = said["counters"].as_array().expect("a list").clone();
    assert!(!counters.is_empty());
    for it in &counters {
        assert_eq!((&it["remedy"], &it["value"]), (&json!("recounted"), &json!(2)), "{it}");
    }
    let human = run_at(root.path(), &["journal", "repair"]);
    assert!(human.out.ends_with("Nothing was changed; --write does this.\n"), "{}", human.out);
    assert!(fs::read(&database).expect("a file") == before, "a preview changes nothing");

    let (code, done) = repair(&["--write"]);
    assert_eq!((code, done["counters"].as_array()), (Some(0), Some(&counters)));
    assert_eq!(value()["value"], 2);
    assert_eq!(repair(&[]), (Some(0), nothing(false)));
    assert_eq!(run_at(root.path(), &["journal", "verify"]).code, Some(0));

    // Without its first entry, the journal cannot say what a counter was.
    let without_the_first =
        "UPDATE totals SET value = value + 1; DELETE FROM journal WHERE seq = 1";
    open().execute_batch(without_the_first).expect("a change");
    let human = run_at(root.path(), &["journal", "repair"]);
    for what in ["from entry 2 on", "is lost", "restore it instead", "Nothing was changed"] {
        assert!(human.out.contains(what), "{what}: {}", human.out);
    }
    assert!(value()["value"].is_null(), "and nobody sees another number until somebody says so");
    let human = run_at(root.path(), &["journal", "repair", "--write"]);
    assert_eq!(human.code, Some(0), "{}", human.err);
    assert!(human.out.contains("`set_aside`"), "{}", human.out);
    assert_eq!(value()["value"], 1);
    let doctor = run_at(root.path(), &["doctor"]);
    assert!(doctor.out.contains("began anew"), "{}", doctor.out);
}

#[test]
fn a_backup_is_a_data_directory_of_its_own() {
    let root = shop_with_events();
    let copy = root.path().join("copy");
    let copy = copy.to_str().expect("UTF-8");
    let run = run_at(root.path(), &["backup", copy]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.out.ends_with("2 entries, verified\n"), "{}", run.out);
    let metric = |data: &[&str]| {
        let mut args = vec!["metrics", "counts.count_total_create_order", "--format", "json"];
        args.extend(data);
        parsed(&run_at(root.path(), &args))["metrics"][0]["value"].clone()
    };
    assert_eq!(metric(&["--data", copy]), json!(2));
    let again = run_at(root.path(), &["backup", copy]);
    assert_eq!(again.code, Some(2), "a backup never overwrites: {}", again.out);
    // The original goes on, and the copy stays as it was.
    assert_eq!(run_at(root.path(), &["track", "create_order"]).code, Some(0));
    assert_eq!((metric(&[]), metric(&["--data", copy])), (json!(3), json!(2)));
}

#[test]
fn damage_is_found_and_nothing_is_made_worse() {
    let root = shop_with_events();
    let verify = |root: &Path| run_at(root, &["journal", "verify", "--format", "json"]);
    let sound = verify(root.path());
    assert_eq!(sound.code, Some(0), "{}{}", sound.out, sound.err);
    assert_eq!(parsed(&sound)["findings"], json!([]));
    let file = root.path().join(".internal-events/internal-events.db");
    let whole = fs::read(&file).expect("the database");
    let (mut flipped, half) = (whole.clone(), &whole[..whole.len() / 2]);
    flipped[whole.len() / 3..whole.len() / 3 + 2_000].iter_mut().for_each(|it| *it ^= 0x55);
    for (name, bytes) in [("half of it", half), ("flipped", &flipped), ("text", b"hello, world")] {
        fs::write(&file, bytes).expect("a file");
        let run = verify(root.path());
        assert!(matches!(run.code, Some(1 | 2)), "{name}: {}{}", run.out, run.err);
        assert!(!run.err.contains("panicked"), "{name}: {}", run.err);
        assert_eq!(fs::read(&file).expect("a file"), bytes, "{name}: a look changes nothing");
    }
}
