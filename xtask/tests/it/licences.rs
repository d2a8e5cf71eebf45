//! Under which terms the crates we build on may be used.

use crate::metadata::{packages, read, text};
use std::process::Command;

/// Terms that ask for no more than a notice.
const ACCEPTED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

#[test]
fn every_dependency_has_accepted_terms() {
    let metadata = read(&["--filter-platform", &host()]);
    let refused: Vec<String> = packages(&metadata)
        .iter()
        .filter(|package| !is_accepted(text(package, "license")))
        .map(|package| format!("{}: {:?}", text(package, "name"), text(package, "license")))
        .collect();
    assert!(refused.is_empty(), "terms that need a decision: {refused:#?}");
}

#[test]
fn an_expression_is_accepted_when_some_choice_is() {
    for (expression, expected) in [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0 OR MIT", true),
        ("GPL-3.0 AND MIT", false),
        ("(MIT OR GPL-3.0) AND Unicode-3.0", true),
        ("(MIT OR Apache-2.0) AND MPL-2.0", false),
        ("Apache-2.0 WITH LLVM-exception OR Apache-2.0", true),
        ("", false),
    ] {
        assert_eq!(is_accepted(expression), expected, "{expression}");
    }
}

/// Evaluates an SPDX expression whose parentheses, if any, hold only choices.
///
/// Splitting at every `AND` first is right for that form: `(A OR B) AND C`. An `AND` within a
/// choice would be read too strictly, and so noticed.
fn is_accepted(expression: &str) -> bool {
    let expression = expression.replace('/', " OR ").replace(['(', ')'], "");
    let is_listed = |it: &str| ACCEPTED.contains(&it.trim());
    expression.split(" AND ").all(|all| all.split(" OR ").any(is_listed))
}

fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().expect("rustc starts");
    let text = String::from_utf8(output.stdout).expect("rustc prints UTF-8");
    let host = text.lines().find_map(|it| it.strip_prefix("host: "));
    host.expect("rustc names its host").to_owned()
}
