//! The page that says what one can rely on names tests that exist.

use crate::sources::{relative, root, text, with_extension};
use std::collections::BTreeSet;

/// Everything in `cargo test -p PACKAGE NAME` of a text, as package and name.
fn named(markdown: &str) -> Vec<(String, String)> {
    let commands = markdown.split('`').filter_map(|it| it.strip_prefix("cargo test -p "));
    let words = commands.filter_map(|it| it.split_once(' '));
    words.map(|(package, name)| (package.to_owned(), name.to_owned())).collect()
}

/// Names of the tests in the folder of a package.
fn tests_of(package: &str) -> BTreeSet<String> {
    let manifest = format!("name = \"{package}\"");
    let has_it = |path: &&std::path::PathBuf| {
        let is_manifest = path.file_name().is_some_and(|it| it == "Cargo.toml");
        // The first name is the package's; programs may have another.
        let name = |it: String| it.lines().find(|it| it.starts_with("name = ")) == Some(&manifest);
        is_manifest && text(path).is_some_and(name)
    };
    let manifests = with_extension("toml");
    let manifest = manifests.iter().find(has_it);
    let folder = manifest.and_then(|it| it.parent()).map(relative).unwrap_or_default();
    let mut tests = BTreeSet::new();
    for path in with_extension("rs") {
        if folder.is_empty() || !relative(&path).starts_with(&format!("{folder}/")) {
            continue;
        }
        let source = text(&path).expect("our sources are text");
        let mut is_test = false;
        for line in source.lines().map(str::trim) {
            if let (true, Some(rest)) = (is_test, line.strip_prefix("fn ")) {
                tests.extend(rest.split('(').next().map(str::to_owned));
            }
            is_test = line == "#[test]" || (is_test && line.starts_with("#["));
        }
    }
    tests
}

#[test]
fn each_test_that_the_page_names_exists() {
    let page = text(&root().join("docs/reliability.md")).expect("the page is there");
    let named = named(&page);
    assert!(named.len() > 20, "the page names tests: {named:?}");
    let is_missing = |(package, name): &&(String, String)| {
        // This very test is named by its module.
        package != "xtask" && !tests_of(package).contains(name)
    };
    let missing: Vec<_> = named.iter().filter(is_missing).collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn commands_are_read_as_they_are_written() {
    let text = "`cargo test -p a b_c`, then `cargo xtask soak` and `cargo test -p d`";
    assert_eq!(named(text), [("a".to_owned(), "b_c".to_owned())]);
}
