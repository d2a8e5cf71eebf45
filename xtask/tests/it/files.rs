//! The shape of files.

use crate::sources::{all, relative, root, text, with_extension};
use std::collections::BTreeSet;

/// A longer file has two subjects.
const LINES_HARD: usize = 800;

/// A file as long as this should have a reason.
const LINES_SOFT: usize = 400;

#[test]
fn no_source_file_is_too_long() {
    let mut too_long = Vec::new();
    for path in with_extension("rs") {
        let lines = text(&path).unwrap().lines().count();
        if lines > LINES_SOFT {
            println!("{lines} lines: {}", relative(&path));
        }
        if lines > LINES_HARD {
            too_long.push(relative(&path));
        }
    }
    assert!(too_long.is_empty(), "over {LINES_HARD} lines: {too_long:#?}");
}

#[test]
fn modules_are_named_after_themselves() {
    let misnamed: Vec<String> =
        with_extension("rs").iter().map(|it| relative(it)).filter(|it| is_mod_rs(it)).collect();
    assert!(misnamed.is_empty(), "use `name.rs` beside `name/`: {misnamed:#?}");
}

fn is_mod_rs(path: &str) -> bool {
    path.ends_with("/mod.rs")
}

/// Folders of machines the project was once worked on, in pieces so that this file has none.
const MACHINE_PATHS: &[&str] =
    &[concat!("/wo", "rk/"), concat!("/fa", "rm/"), concat!("/ro", "ot/"), concat!("/tmp", "/t-")];

#[test]
fn no_file_names_a_folder_of_somebodys_machine() {
    let mut found = Vec::new();
    for path in all() {
        let Some(text) = text(&path) else { continue };
        for (index, line) in text.lines().enumerate() {
            if MACHINE_PATHS.iter().any(|it| starts_a_path(line, it)) {
                found.push(format!("{}:{}: {}", relative(&path), index + 1, line.trim()));
            }
        }
    }
    assert!(found.is_empty(), "{found:#?}");
}

/// Whether `folder` occurs where no longer path leads up to it.
fn starts_a_path(line: &str, folder: &str) -> bool {
    line.match_indices(folder).any(|(index, _)| {
        let before = line[..index].chars().next_back();
        !before.is_some_and(|it| it.is_alphanumeric() || "._-}".contains(it))
    })
}

#[test]
fn every_fuzz_target_is_declared() {
    let manifest = text(&root().join("fuzz/Cargo.toml")).expect("fuzz has a manifest");
    let declared: BTreeSet<String> = manifest
        .lines()
        .filter_map(|it| it.strip_prefix("path = \""))
        .filter_map(|it| it.strip_suffix('"'))
        .map(|it| format!("fuzz/{it}"))
        .collect();
    let written: BTreeSet<String> = with_extension("rs")
        .iter()
        .map(|it| relative(it))
        .filter(|it| it.starts_with("fuzz/fuzz_targets/"))
        .collect();
    assert!(!written.is_empty(), "there are no fuzz targets");
    assert_eq!(declared, written);
}

/// Where `unsafe` may be: what Ruby calls, and what lets Ruby's other threads run.
const UNSAFE: &[&str] = &["gems/internal_events/ext/internal_events/src/"];

#[test]
fn nothing_is_unsafe_but_the_way_to_ruby() {
    let excepts = |text: &str| {
        text.lines().any(|line| line.contains("unsafe_code") && line.trim_start().starts_with('#'))
    };
    let found: Vec<String> = with_extension("rs")
        .iter()
        .filter(|path| !UNSAFE.iter().any(|it| relative(path).starts_with(it)))
        .filter(|path| text(path).is_some_and(|it| excepts(&it)))
        .map(|it| relative(it))
        .collect();
    assert!(found.is_empty(), "these make an exception for `unsafe_code`: {found:#?}");
}
