//! `parity` from the shell: what is refused, and how it ends. The page on migrating counters has
//! the rest.

use crate::{run, shop, write};
use serde_json::{Value, json};

fn parity(args: &[&str]) -> crate::Run {
    let mut all = vec!["parity"];
    all.extend(args);
    run(&all)
}

#[test]
fn what_cannot_be_compared_exits_2_and_says_why() {
    let (shop, other) = (shop(), tempfile::tempdir().expect("a temporary directory"));
    let (root, empty) = (shop.path().to_str().expect("UTF-8"), other.path());
    write(
        empty,
        "queries/config/metrics/counts_all/m.yml",
        "key_path: m\ntime_frame: all\ndata_source: database\nstatus: active\n",
    );
    let queries = empty.join("queries");
    let missing = empty.join("missing");
    let path = |it: &std::path::Path| it.to_str().expect("UTF-8").to_owned();
    let (empty, missing, queries) = (path(empty), path(&missing), path(&queries));
    for (args, expected) in [
        (vec!["--before", &missing, "--root", root], "there is no directory"),
        (vec!["--before", &empty, "--root", root], "no metrics are defined under"),
        (vec!["--before", root, "--root", &empty], "no metrics are defined under"),
        (vec!["--before", &queries, "--root", root], "there is nothing to compare"),
        (vec!["--before", root, "--root", root, "counts.nope"], "no metric has the key path"),
        (vec!["--root", root], "--before <DIR>"),
    ] {
        let run = parity(&args);
        assert_eq!(run.code, Some(2), "{args:?}: {}", run.out);
        assert!(run.err.contains(expected), "{}", run.err);
    }
}

#[test]
fn an_installation_is_equal_to_itself() {
    let shop = shop();
    let root = shop.path().to_str().expect("UTF-8");
    let run_human = parity(&["--before", root, "--root", root]);
    let expected = "0 changed: 0 equal, 0 different; 2 did not change\n\
                    there is no data: only what the metrics read was compared\n";
    assert_eq!((run_human.out.as_str(), run_human.code), (expected, Some(0)), "{}", run_human.err);
    let run = parity(&["--before", root, "--root", root, "--format", "json"]);
    let json: Value = serde_json::from_str(&run.out).expect("it is JSON");
    let summary = json!({ "equal": 2, "within_tolerance": 0, "different": 0, "not_compared": 0 });
    assert_eq!((run.code, &json["summary"]), (Some(0), &summary));
    assert!(!shop.path().join(".internal-events").exists(), "comparing creates nothing");
}
