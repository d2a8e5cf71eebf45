//! Rules of the checker and their pages belong together.

use crate::sources::{relative, with_extension};
use std::collections::BTreeSet;

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let modules = names("rs", "crates/definitions/src/rules/");
    let pages = names("md", "docs/rules/");
    assert!(!modules.is_empty(), "there are no rules");
    assert_eq!(modules, pages);
}

/// Names of the files directly in a folder, as rule codes.
fn names(extension: &str, folder: &str) -> BTreeSet<String> {
    with_extension(extension)
        .iter()
        .map(|it| relative(it))
        .filter_map(|it| Some(it.strip_prefix(folder)?.strip_suffix(extension)?.to_owned()))
        .map(|it| it.trim_end_matches('.').replace('_', "-"))
        .filter(|it| !it.contains('/') && !NOT_RULES.contains(&it.as_str()))
        .collect()
}

/// Files beside the rules that are about all of them.
const NOT_RULES: &[&str] = &["README", "tests"];
