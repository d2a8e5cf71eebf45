//! Counters copied from place to place, with a real Redis that these tests start and stop.

use crate::redis::{Cluster, Redis};
use crate::{program, run, shop};
use internal_events::counter_keys;
use internal_events::store::{Counter, Kind, Options, Reader as _, Sqlite};
use internal_events_installation::Installation;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

fn counters(root: &Path, args: &[&str]) -> crate::Run {
    let mut all = vec!["counters"];
    all.extend(args);
    all.extend(["--root", text(root)]);
    run(&all)
}

/// Copies, and returns the report.
fn copy(root: &Path, from: &str, to: &str) -> Value {
    let run = counters(root, &["copy", "--from", from, "--to", to, "--format", "json"]);
    assert_eq!(run.code, Some(0), "{}{}", run.out, run.err);
    serde_json::from_str(&run.out).expect("it is JSON")
}

/// What all metrics show.
fn metrics(root: &Path, data: &Path) -> Value {
    let args = ["metrics", "--include-current-week", "--format", "json"];
    let run = run(&[&args[..], &["--root", text(root), "--data", text(data)]].concat());
    let mut report: Value = serde_json::from_str(&run.out).expect("it is JSON");
    report["at"] = Value::Null;
    report
}

fn track(root: &Path, data: &Path, user: &str) {
    let data = ["--root", text(root), "--data", text(data)];
    let args = ["track", "create_order", "--user", user, "--project", "1", "--namespace", "1"];
    assert_eq!(run(&[&args[..], &data[..]].concat()).code, Some(0));
}

/// Something for each counter of a catalog, so that every metric has moved.
fn something(keys: BTreeMap<String, Kind>) -> Vec<(String, Counter)> {
    let of = |(nth, (key, kind)): (u32, (String, Kind))| {
        let mut counter = Counter::empty(kind);
        let n = nth % 100 + 1;
        match &mut counter {
            Counter::Total(it) => *it = n.into(),
            Counter::Sum(it) => *it = f64::from(n) * 0.37,
            Counter::Unique(it) => {
                for element in 0..n {
                    it.insert(&(nth / 3 + element).to_le_bytes());
                }
            }
            Counter::PerValue(it) => {
                it.extend([(b"gift".to_vec(), n.into()), (b"other".to_vec(), 1)]);
            }
        }
        (key, counter)
    };
    (0..).zip(keys).map(of).collect()
}

/// The folder of real definitions beside the checkout, if it is there.
#[expect(clippy::print_stderr, reason = "a skipped test says so")]
fn real_definitions() -> Option<std::path::PathBuf> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpus");
    if !corpus.is_dir() {
        eprintln!("SKIPPED: the corpus of real definitions is not beside the checkout");
        return None;
    }
    Some(corpus.join("gitlab-definitions"))
}

#[test]
fn every_metric_of_real_definitions_is_the_same_after_a_round_trip() {
    let (Some(root), Some(redis)) = (real_definitions(), Redis::start()) else { return };
    check_round_trip(&root, &redis.url);
}

#[test]
fn every_metric_of_real_definitions_is_the_same_after_a_round_trip_through_a_cluster() {
    let (Some(root), Some(cluster)) = (real_definitions(), Cluster::start()) else { return };
    check_round_trip(&root, &cluster.url);
}

fn check_round_trip(root: &Path, url: &str) {
    let scratch = tempfile::tempdir().expect("a temporary directory");
    let [first, second, third] = ["first", "second", "third"].map(|it| scratch.path().join(it));
    let installation = Installation::open(root, |_| None).expect("it can be read");
    let now = jiff::Timestamp::now().as_millisecond();
    let given = something(counter_keys(&installation.catalog(), now));
    let mut store = Sqlite::open(&first, Options::default()).expect("a store");
    store.take_over("elsewhere", &given, false).expect("they are taken");
    drop(store);
    let before = metrics(root, &first);
    let values = before["metrics"].as_array().expect("a list");
    let n_moved =
        values.iter().filter(|it| it["value"].as_f64().is_some_and(|it| it > 0.0)).count();
    assert!(n_moved > 80, "{n_moved} of {} metrics moved", values.len());
    let report = copy(root, text(&first), url);
    assert_eq!(report["refused"], serde_json::json!([]));
    copy(root, url, text(&second));
    assert_eq!(metrics(root, &second), before, "SQLite, Redis, SQLite");
    // Read from Redis itself, with nothing in the data directory.
    let args = ["metrics", "--include-current-week", "--format", "json", "--redis", url];
    let empty = scratch.path().join("empty");
    let of_redis = run(&[&args[..], &["--root", text(root), "--data", text(&empty)]].concat());
    let mut of_redis: Value = serde_json::from_str(&of_redis.out).expect("it is JSON");
    of_redis["at"] = Value::Null;
    assert_eq!(of_redis, before, "SQLite, Redis");
    let file = scratch.path().join("counters.ndjson");
    let exported = counters(root, &["export", text(&file), "--from", url]);
    assert_eq!(exported.code, Some(0), "{}", exported.err);
    copy(root, text(&file), text(&third));
    assert_eq!(metrics(root, &third), before, "Redis, snapshot, SQLite");
    // Once more, nothing is new.
    for (from, to) in [(text(&first), url), (text(&file), text(&third))] {
        let report = copy(root, from, to);
        assert_eq!(report["moved"], serde_json::json!({}), "{from} to {to}");
    }
}

#[test]
fn a_copy_that_is_killed_and_done_again_is_exact() {
    let Some(redis) = Redis::start() else { return };
    let shop = shop();
    let (root, data) = (shop.path(), shop.path().join(".internal-events"));
    let given: Vec<(String, Counter)> = (0..4_000)
        .map(|it| (format!("{{event_counters}}_e{it}"), Counter::Total(it + 1)))
        .collect();
    let mut store = Sqlite::open(&data, Options::default()).expect("a store");
    store.take_over("elsewhere", &given, false).expect("they are taken");
    drop(store);
    let mut n_killed = 0;
    for after in [5, 20, 40, 60, 90, 130] {
        let mut command = program();
        command.args(["counters", "copy", "--from", text(&data), "--to", &redis.url]);
        let mut child =
            command.args(["--root", text(root)]).stdout(Stdio::null()).spawn().expect("it starts");
        std::thread::sleep(Duration::from_millis(after));
        n_killed += u32::from(child.try_wait().expect("it is a child").is_none());
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }
    assert!(n_killed > 0, "none was killed in time");
    copy(root, text(&data), &redis.url);
    let second = root.join("second");
    copy(root, &redis.url, text(&second));
    let mut reader = Sqlite::reader(&second).expect("it can be read").expect("it is there");
    let keys: Vec<&str> = given.iter().map(|(key, _)| key.as_str()).collect();
    let counters = reader.counters(&keys).expect("they can be read");
    for (key, counter) in &given {
        assert_eq!(counters.get(key), Some(counter), "{key}");
    }
}

#[test]
fn what_would_count_twice_is_refused() {
    let Some(redis) = Redis::start() else { return };
    let shop = shop();
    let (root, data) = (shop.path(), shop.path().join(".internal-events"));
    let (data, url) = (text(&data), &*redis.url);
    track(root, Path::new(data), "1");
    copy(root, data, url);
    let refused = |from: &str, to: &str, expected: &str| {
        let run = counters(root, &["copy", "--from", from, "--to", to]);
        assert_eq!(run.code, Some(2), "{}", run.out);
        assert!(run.err.contains(expected), "{}", run.err);
    };
    refused(url, data, "copying it back would count it twice");
    refused(url, url, "are the same place");
    // Another directory counts into this Redis event by event.
    let other = root.join("other");
    let args = ["track", "create_order", "--user", "2", "--redis", url, "--root", text(root)];
    assert_eq!(run(&[&args[..], &["--data", text(&other)]].concat()).code, Some(0));
    refused(text(&other), url, "event by event");
    refused(url, text(&other), "copying it back would count it twice");
    // Two ways for the same counters.
    let third = root.join("third");
    copy(root, data, text(&third));
    refused(url, text(&third), "both have what was copied from");
    assert_eq!(metrics(root, &third)["metrics"][0]["value"], 1);
}

#[test]
fn what_is_wrong_is_said_and_changes_nothing() {
    let shop = shop();
    let (root, data) = (shop.path(), shop.path().join(".internal-events"));
    track(root, &data, "1");
    let file = root.join("counters.ndjson");
    assert_eq!(counters(root, &["export", text(&file)]).code, Some(0));
    let again = counters(root, &["export", text(&file)]);
    assert_eq!(again.code, Some(2));
    assert!(again.err.contains("--force"), "{}", again.err);
    assert_eq!(counters(root, &["export", text(&file), "--force"]).code, Some(0));
    let good = std::fs::read_to_string(&file).expect("it is text");
    let to = root.join("to");
    for (content, expected) in [
        (good[..good.len() / 2].to_owned(), "it was cut off"),
        (good.replace("\"total\":1", "\"total\":2"), "changed or damaged"),
        ("key,value\n".to_owned(), "it is no snapshot"),
    ] {
        std::fs::write(&file, content).expect("a file");
        let run = counters(root, &["copy", "--from", text(&file), "--to", text(&to)]);
        assert_eq!(run.code, Some(2), "{}", run.out);
        assert!(run.err.contains(expected), "{}", run.err);
        assert!(!to.exists());
    }
    let secret = "redis://user:hunter2@127.0.0.1:1";
    for (from, to, expected) in [
        (text(&root.join("nothing")).to_owned(), text(&to).to_owned(), "there are no counters in"),
        (text(&data).to_owned(), text(&file).to_owned(), "`internal-events counters export`"),
        (text(&data).to_owned(), secret.to_owned(), "no connection to Redis"),
        (text(&data).to_owned(), "http://127.0.0.1".to_owned(), "write redis://HOST:PORT"),
    ] {
        let run = counters(root, &["copy", "--from", &from, "--to", &to]);
        assert_eq!(run.code, Some(2), "{}", run.out);
        assert!(run.err.contains(expected), "{}", run.err);
        assert!(!run.err.contains("hunter2"), "{}", run.err);
    }
    assert!(!to.exists());
}

#[test]
fn a_dry_run_says_what_would_be_done_and_does_nothing() {
    let Some(redis) = Redis::start() else { return };
    let shop = shop();
    let (root, data) = (shop.path(), shop.path().join(".internal-events"));
    track(root, &data, "1");
    let to = root.join("to");
    for to in [text(&to), &*redis.url] {
        for _ in 0..2 {
            let run = counters(root, &["copy", "--from", text(&data), "--to", to, "--dry-run"]);
            assert_eq!(run.code, Some(0), "{}", run.err);
            assert!(run.out.starts_with("3 counters would be copied from"), "{}", run.out);
        }
    }
    assert!(!to.exists());
    let report = copy(root, &redis.url, text(&to));
    assert_eq!(report["moved"], serde_json::json!({}), "there is nothing to copy back");
}
