//! The pages of `docs/migrate`: every example on them holds.
//!
//! An example is a heading `### …` with two fenced blocks below: the legacy code, and what becomes
//! of it. If it is refused, the second block is ```` ```text ````: the reason's code, what is in the
//! way, and what to do, a line each. Options stand in the text between, as they are given to the
//! program: `--drop-properties`.

use internal_events_migrate::{Kind, Options, Outcome, Project, Rewrite, Style, ruby};
use std::path::Path;

/// Pages that this test executes.
const PAGES: &[&str] =
    &["ruby-snowplow", "ruby-redis-hll", "ruby-redis", "ruby-controller", "rspec"];

#[test]
fn every_example_on_a_page_holds() {
    let mut problems = Vec::new();
    for page in PAGES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/migrate");
        let text = std::fs::read_to_string(path.join(format!("{page}.md"))).unwrap();
        assert!(text.starts_with(&format!("# {page}\n")), "{page}: title");
        assert!(Kind::from_name(page).is_some(), "{page} is no kind");
        let examples: Vec<&str> = text.split("\n### ").skip(1).collect();
        assert!(examples.len() > 4, "{page}: few examples");
        assert!(examples.iter().any(|it| it.contains("```text\n")), "{page}: nothing is refused");
        problems.extend(examples.into_iter().filter_map(|it| problem(page, it)));
    }
    assert!(problems.is_empty(), "{}", problems.join("\n\n"));
}

/// What is wrong with an example.
fn problem(page: &str, example: &str) -> Option<String> {
    let title = format!("{page}: {}", example.lines().next().unwrap_or_default());
    let blocks = blocks(example);
    let [(language, before), (as_language, after)] = blocks[..] else {
        return Some(format!("{title}: two blocks are expected"));
    };
    let options = options(example);
    let done = rewrite(language, before, &options);
    let changed = done.edits.apply(before);
    let found = if as_language == "text" { refusals(&done) } else { changed.clone() };
    if found != after {
        return Some(format!("{title}\n{found}{:#?}", done.sites));
    }
    if as_language == "text" && changed != before {
        return Some(format!("{title}: it is refused and changed\n{changed}"));
    }
    let again = rewrite(language, &changed, &options);
    (!again.edits.is_empty()).then(|| format!("{title}: a second run changes something"))
}

/// Fenced blocks: their language and their text.
fn blocks(text: &str) -> Vec<(&str, &str)> {
    let fences = text.split("```").skip(1).step_by(2);
    fences.filter_map(|it| it.split_once('\n')).collect()
}

/// Options that the text between the blocks names.
fn options(example: &str) -> Options {
    let prose: String = example.split("```").step_by(2).collect();
    let renames = prose.split("`--rename ").skip(1).filter_map(|it| it.split('`').next());
    let renames = renames.filter_map(|it| it.split_once('='));
    Options {
        style: if prose.contains("--style 2023") { Style::First } else { Style::Current },
        drops_properties: prose.contains("--drop-properties"),
        keeps_category: prose.contains("--keep-category"),
        renames: renames.map(|it| (it.0.to_owned(), it.1.to_owned())).collect(),
        ..Options::default()
    }
}

fn rewrite(language: &str, text: &str, options: &Options) -> Rewrite {
    let project = Project::default();
    match language {
        "ruby" => ruby::rewrite(text, &project, options).unwrap(),
        _ => panic!("no code of {language} is expected"),
    }
}

/// The refusals of a rewrite, as the pages show them.
fn refusals(done: &Rewrite) -> String {
    let refusal = |outcome: &Outcome| match outcome {
        Outcome::Refused(it) => {
            format!("{}: {}\n{}\n", it.reason.code(), it.what, it.advice)
        }
        _ => String::new(),
    };
    done.sites.iter().map(|it| refusal(&it.outcome)).collect()
}
