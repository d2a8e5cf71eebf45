//! What is written for people.

use crate::sources::{relative, root, text, with_extension};
use std::path::Path;

#[test]
fn links_between_documents_lead_somewhere() {
    let mut n_links = 0;
    let mut broken = Vec::new();
    for path in with_extension("md") {
        for link in local_links(&text(&path).unwrap()) {
            n_links += 1;
            let folder = path.parent().expect("a file is in a folder");
            if !leads_somewhere(folder, &link) {
                broken.push(format!("{}: {link}", relative(&path)));
            }
        }
    }
    assert!(n_links > 0, "no document links to another");
    assert!(broken.is_empty(), "{broken:#?}");
}

fn leads_somewhere(folder: &Path, link: &str) -> bool {
    match link.strip_prefix('/') {
        Some(from_root) => root().join(from_root).exists(),
        None => folder.join(link).exists(),
    }
}

/// Targets of the inline links that name a file, outside code blocks, without their anchors.
fn local_links(markdown: &str) -> Vec<String> {
    let mut links = Vec::new();
    let mut is_code = false;
    for line in markdown.lines() {
        is_code ^= line.trim_start().starts_with("```");
        if is_code {
            continue;
        }
        for (_, rest) in
            line.match_indices("](").map(|(index, it)| (index, &line[index + it.len()..]))
        {
            let Some((target, _)) = rest.split_once(')') else { continue };
            let file = target.split('#').next().unwrap_or_default();
            if !file.is_empty() && !file.contains("://") && !file.starts_with("mailto:") {
                links.push(file.to_owned());
            }
        }
    }
    links
}

#[test]
fn only_links_to_files_are_followed() {
    for (markdown, expected) in [
        ("[a](b.md) and [c](d/e.md#f)", vec!["b.md", "d/e.md"]),
        ("[a](https://example.org/b.md) [c](#d)", vec![]),
        ("```text\n[a](b.md)\n```\n[c](d.md)", vec!["d.md"]),
    ] {
        assert_eq!(local_links(markdown), expected, "{markdown}");
    }
}

#[test]
fn the_changelog_has_a_place_for_the_next_change() {
    let changelog = text(&root().join("CHANGELOG.md")).expect("there is a changelog");
    let version = text(&root().join("Cargo.toml")).unwrap();
    let version = version
        .lines()
        .find_map(|it| it.strip_prefix("version = \""))
        .and_then(|it| it.strip_suffix('"'))
        .expect("the workspace has a version");
    let is_current = |line: &str| {
        line.starts_with("## [Unreleased]") || line.starts_with(&format!("## [{version}]"))
    };
    assert!(changelog.lines().any(is_current), "neither Unreleased nor {version} is there");
}
