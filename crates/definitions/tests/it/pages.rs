//! The pages of `docs/rules`: every example on them holds.

use crate::fixture::{self, Example};
use internal_events_definitions::{apply_fixes, codes};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

const SECTIONS: [&str; 5] = ["What it does", "Why", "Bad", "Good", "Fix safety"];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules")
}

/// A page: its sections with their text.
fn sections(page: &str) -> Vec<(&str, &str)> {
    page.split("\n## ").skip(1).map(|it| it.split_once('\n').unwrap_or((it, ""))).collect()
}

/// The YAML blocks of a section.
fn blocks(text: &str) -> Vec<&str> {
    let fenced = text.split("```yaml\n").skip(1);
    fenced.map(|it| it.split("```").next().unwrap_or_default()).collect()
}

#[test]
fn every_rule_has_a_page_and_every_page_a_rule() {
    let codes: BTreeSet<String> = codes().map(str::to_owned).collect();
    assert!(codes.len() > 40, "the registry is nearly empty");
    let is_page = |it: &String| it != "README";
    let pages: BTreeSet<String> = std::fs::read_dir(folder())
        .unwrap()
        .map(|it| it.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .filter(is_page)
        .collect();
    assert_eq!(codes, pages);
}

#[test]
fn codes_are_sorted_and_named_like_their_modules() {
    let all: Vec<_> = codes().collect();
    assert!(all.is_sorted(), "{all:?}");
    let kebab = |it: &str| it.bytes().all(|it| it.is_ascii_lowercase() || b"-8".contains(&it));
    assert!(all.iter().all(|it| kebab(it)));
}

#[test]
fn the_list_of_rules_is_complete() {
    let list = std::fs::read_to_string(folder().join("README.md")).unwrap();
    let rows: Vec<_> = list.lines().filter(|it| it.starts_with("| [")).collect();
    let codes: Vec<_> = codes().collect();
    assert_eq!(rows.len(), codes.len());
    for (row, code) in rows.iter().zip(codes) {
        let page = std::fs::read_to_string(folder().join(format!("{code}.md"))).unwrap();
        let severity = page.lines().nth(2).unwrap_or_default();
        let severity = severity.trim_start_matches("Severity: ").trim_end_matches('.');
        assert!(row.starts_with(&format!("| [{code}]({code}.md) | {severity} | ")), "{row}");
    }
}

#[test]
fn every_example_on_a_page_holds() {
    let problems: Vec<String> = codes().flat_map(problems).collect();
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

/// All examples of all pages.
pub(crate) fn examples() -> Vec<String> {
    let page = |code| std::fs::read_to_string(folder().join(format!("{code}.md"))).unwrap();
    codes()
        .map(page)
        .flat_map(|it| blocks(&it).into_iter().map(str::to_owned).collect::<Vec<_>>())
        .collect()
}

/// What is wrong with a page.
fn problems(code: &str) -> Vec<String> {
    let page = std::fs::read_to_string(folder().join(format!("{code}.md"))).unwrap();
    let mut problems = Vec::new();
    if !page.starts_with(&format!("# {code}\n")) {
        problems.push(format!("{code}: title"));
    }
    let sections = sections(&page);
    let names: Vec<_> = sections.iter().map(|it| it.0).filter(|it| *it != "Fixed").collect();
    if names != SECTIONS {
        problems.push(format!("{code}: sections {names:?}"));
    }
    let of = |name: &str| blocks(sections.iter().find(|it| it.0 == name).map_or("", |it| it.1));
    if of("Bad").is_empty() || of("Good").is_empty() {
        problems.push(format!("{code}: no example"));
    }
    for block in of("Bad") {
        let example = fixture::run(block);
        problems.extend(example.problem.as_ref().map(|it| format!("{code}: {it}")));
        let diagnostics = &example.analysis.diagnostics;
        if !diagnostics.iter().any(|it| it.code == code) {
            problems.push(format!("{code}: a bad example is not bad"));
        }
        let has_fix = diagnostics.iter().any(|it| it.fix.is_some());
        match of("Fixed").first() {
            Some(expected) if has_fix => problems.extend(wrong_fix(&example, expected)),
            None if !has_fix => {}
            _ => problems.push(format!("{code}: a fix needs a section `Fixed`, and one only")),
        }
    }
    for block in of("Good") {
        if !fixture::marks(&fixture::files(block)).is_empty() {
            problems.push(format!("{code}: a good example has marks"));
        }
        problems.extend(fixture::run(block).problem.map(|it| format!("{code}: {it}")));
    }
    problems
}

/// Applies all fixes of a bad example and compares, marks aside.
fn wrong_fix(example: &Example, expected: &str) -> Option<String> {
    let mut fixed = String::new();
    for file in &example.files {
        let of_file = example.analysis.diagnostics.iter().filter(|it| it.path == file.path);
        let fixes: Vec<_> = of_file.filter_map(|it| it.fix.as_ref()).collect();
        let text = apply_fixes(&file.text.replace("\\uFEFF", "\u{feff}"), &fixes);
        fixed += &format!("# {}\n", file.path);
        for line in text.lines().filter(|it| !(it.starts_with('#') && it.contains('^'))) {
            fixed += &format!("{line}\n");
        }
    }
    let expected: String =
        fixture::files(expected).iter().map(|it| format!("# {}\n{}", it.path, it.text)).collect();
    (fixed != expected).then(|| format!("fixed: {fixed}\nexpected: {expected}"))
}
