//! Which crate may know which.

use crate::metadata::{packages, read, text};
use std::collections::{BTreeMap, BTreeSet};

/// Every arrow between our crates. A new arrow is a design decision:
/// change this table and ARCHITECTURE.md in the same commit.
const ARROWS: &[(&str, &[&str])] = &[
    ("internal-events-hll", &[]),
    ("internal-events-catalog", &[]),
    ("internal-events-store", &["internal-events-hll"]),
    ("internal-events-definitions", &["internal-events-catalog"]),
    ("internal-events", &["internal-events-catalog", "internal-events-store"]),
    (
        "internal-events-installation",
        &["internal-events", "internal-events-catalog", "internal-events-definitions"],
    ),
    ("internal-events-collector", &["internal-events"]),
    (
        "internal-events-cli",
        &[
            "internal-events",
            "internal-events-catalog",
            "internal-events-collector",
            "internal-events-definitions",
            "internal-events-installation",
            "internal-events-migrate",
        ],
    ),
    ("internal-events-ruby", &["internal-events", "internal-events-installation"]),
    ("internal-events-migrate", &["internal-events-catalog", "internal-events-definitions"]),
    ("xtask", &[]),
];

/// Measures everything, so it may know everything; nothing may know it.
const BENCH: &str = "internal-events-bench";

#[test]
fn crates_depend_only_as_drawn() {
    let metadata = read(&["--no-deps"]);
    let packages = packages(&metadata);
    let ours: BTreeSet<&str> = packages.iter().map(|it| text(it, "name")).collect();
    let mut actual = BTreeMap::new();
    for package in packages {
        let dependencies = package["dependencies"].as_array().expect("a list of dependencies");
        let used: BTreeSet<&str> = dependencies
            .iter()
            .filter(|it| it["kind"].is_null())
            .map(|it| text(it, "name"))
            .filter(|name| ours.contains(name))
            .collect();
        assert!(!used.contains(BENCH), "{} uses {BENCH}", text(package, "name"));
        if text(package, "name") != BENCH {
            actual.insert(text(package, "name"), used);
        }
    }
    let drawn: BTreeMap<&str, BTreeSet<&str>> =
        ARROWS.iter().map(|(from, to)| (*from, to.iter().copied().collect())).collect();
    assert_eq!(actual, drawn);
}

#[test]
fn every_crate_takes_the_lints_of_the_workspace() {
    let metadata = read(&["--no-deps"]);
    for package in packages(&metadata) {
        let manifest = std::fs::read_to_string(text(package, "manifest_path")).unwrap();
        let has_lints = manifest.contains("[lints]\nworkspace = true");
        assert!(has_lints, "{} lacks `[lints] workspace = true`", text(package, "name"));
    }
}
