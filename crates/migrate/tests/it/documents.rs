//! The pages of `docs/migrate`: every example on them holds.
//!
//! An example is a heading of the third level with two blocks under it: the legacy code, and
//! either what it becomes, in the same language, or why it stays, as `text`: the code of the reason
//! and what is in the way on one line, and on the next, if the page says it, what to do. Options
//! named before the second block apply. A block after "The file `name`:" is another file, which the
//! legacy code imports.

use internal_events_migrate::{
    Kind, Language, Modules, Options, Outcome, Project, Reason, Rewrite, Style, TwoNames,
    Unparsable, attributes, javascript, ruby, vue,
};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

type Rewriter = fn(&str, Language, &Project, &Options) -> Result<Rewrite, Unparsable>;

/// The pages, and what rewrites the examples on each.
const PAGES: &[(Kind, Rewriter)] = &[
    (Kind::VueMixin, scripts),
    (Kind::JsTracking, scripts),
    (Kind::JsApi, scripts),
    (Kind::Jest, scripts),
    (Kind::DataAttributes, attributes::rewrite),
    (Kind::RubySnowplow, calls),
    (Kind::RubyRedisHll, calls),
    (Kind::RubyRedis, calls),
    (Kind::RubyController, calls),
    (Kind::Rspec, calls),
];

/// Rewrites Ruby, or the Ruby of a template.
fn calls(
    text: &str,
    language: Language,
    project: &Project,
    options: &Options,
) -> Result<Rewrite, Unparsable> {
    match language {
        Language::Erb => ruby::rewrite_erb(text, project, options),
        Language::Haml => ruby::rewrite_haml(text, project, options),
        _ => ruby::rewrite(text, project, options),
    }
}

/// Rewrites a script, or a component with its script.
fn scripts(
    text: &str,
    language: Language,
    project: &Project,
    options: &Options,
) -> Result<Rewrite, Unparsable> {
    match language {
        Language::Vue => vue::rewrite(text, project, options),
        Language::Html | Language::Erb | Language::Haml => {
            javascript::rewrite_inline(text, language, project, options)
        }
        _ => javascript::rewrite(text, language, project, options),
    }
}

/// An example of a page.
struct Example<'a> {
    heading: &'a str,
    language: Language,
    options: Options,
    /// The name of another file, and what is in it.
    other: Option<(&'a str, &'a str)>,
    before: &'a str,
    after: Expected<'a>,
}

enum Expected<'a> {
    Text(&'a str),
    /// Why it stays: of each site code and reason, and perhaps on a further line what to do.
    Refusals(&'a str),
}

fn page(kind: Kind) -> (PathBuf, String) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/migrate");
    let path = folder.join(format!("{kind}.md"));
    let text = std::fs::read_to_string(&path).unwrap();
    (path, text)
}

fn examples(page: &str) -> Vec<Example<'_>> {
    page.split("\n### ").skip(1).map(example).collect()
}

fn example(section: &str) -> Example<'_> {
    let (heading, rest) = section.split_once('\n').unwrap();
    let rest = rest.split("\n## ").next().unwrap();
    let parts: Vec<&str> = rest.split("```").collect();
    let named = parts[0].split_once("The file `").and_then(|it| it.1.split('`').next());
    let other = named.map(|name| (name, parts[1].split_once('\n').unwrap().1));
    let parts = if other.is_some() { &parts[2..] } else { &parts[..] };
    let [said, before, between, after, ..] = parts else { panic!("two blocks under {heading}") };
    let (language, before) = before.split_once('\n').unwrap();
    let (becomes, after) = after.split_once('\n').unwrap();
    let after = if becomes == "text" {
        Expected::Refusals(after)
    } else {
        assert_eq!(language, becomes, "both blocks under {heading} are of one language");
        Expected::Text(after)
    };
    Example {
        heading,
        language: language_of(language),
        options: options(&format!("{said}{between}")),
        other,
        before,
        after,
    }
}

fn language_of(name: &str) -> Language {
    let name = match name {
        "ruby" => "rb",
        "javascript" => "js",
        "typescript" => "ts",
        other => other,
    };
    Language::of(Path::new(&format!("a.{name}"))).unwrap()
}

fn options(said: &str) -> Options {
    let renames = said.split("`--rename ").skip(1).map(|it| {
        let (old, new) = it.split('`').next().unwrap().split_once('=').unwrap();
        (old.to_owned(), new.to_owned())
    });
    Options {
        drops_properties: said.contains("--drop-properties"),
        drops_context: said.contains("--drop-context"),
        two_names: if said.contains("--counted-name") {
            TwoNames::Counted
        } else {
            TwoNames::Refused
        },
        keeps_category: said.contains("--keep-category"),
        style: if said.contains("--style 2023") { Style::First } else { Style::Current },
        renames: renames.collect(),
        ..Options::default()
    }
}

/// An application with one other file, beside the one that is rewritten.
fn project(other: Option<(&str, &str)>) -> Project {
    let file = other.map(|(name, text)| (name.to_owned(), text.to_owned()));
    let read = move |path: &str| file.clone().filter(|it| it.0 == path).map(|it| it.1);
    Project { modules: Modules::new(read), ..Project::default() }.at("it")
}

#[test]
fn examples_of_the_pages_hold() {
    for (kind, rewriter) in PAGES {
        let (path, text) = page(*kind);
        let examples = examples(&text);
        assert!(examples.len() >= 5, "{} has hardly any examples", path.display());
        for it in examples {
            let project = project(it.other);
            let done = rewriter(it.before, it.language, &project, &it.options).unwrap();
            match it.after {
                Expected::Text(after) => {
                    let changed = done.edits.apply(it.before);
                    assert_eq!(changed, after, "{}", it.heading);
                    let again = rewriter(&changed, it.language, &project, &it.options).unwrap();
                    assert!(again.edits.is_empty(), "{}: a second run changes more", it.heading);
                }
                Expected::Refusals(text) => assert_refused(it.heading, &done, text),
            }
        }
    }
}

#[test]
fn the_pages_show_what_stays_as_well_as_what_changes() {
    let pages: Vec<String> = PAGES.iter().map(|(kind, _)| page(*kind).1).collect();
    let all: Vec<Example<'_>> = pages.iter().flat_map(|it| examples(it)).collect();
    let stay = all.iter().filter(|it| matches!(it.after, Expected::Refusals(_))).count();
    let shapes: BTreeSet<&str> = all.iter().map(|it| it.before).collect();
    assert!(shapes.len() >= 150 && stay * 3 >= shapes.len(), "{stay} of {} stay", shapes.len());
}

fn assert_refused(heading: &str, done: &Rewrite, expected: &str) {
    assert!(done.edits.is_empty(), "{heading}");
    // What belongs to a refused site is refused with it.
    let is_said = |it: &Reason| *it != Reason::PartOfMore || expected.contains("part-of-more");
    let refusals = done.sites.iter().filter_map(|it| match &it.outcome {
        Outcome::Refused(it) if is_said(&it.reason) => Some(it),
        _ => None,
    });
    let (mut short, mut long) = (String::new(), String::new());
    for it in refusals {
        let line = format!("{}: {}\n", it.reason.code(), it.what);
        long.push_str(&format!("{line}{}\n", it.advice));
        short.push_str(&line);
    }
    assert!(expected == short || expected == long, "{heading}:\n{long}");
}

#[test]
fn the_page_names_every_kind_and_every_reason() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/migrate.md");
    let page = std::fs::read_to_string(path).unwrap();
    let rows = |heading: &str| -> Vec<&str> {
        let (_, table) = page.split_once(heading).unwrap();
        let rows = table.lines().skip(1).take_while(|it| it.starts_with('|'));
        rows.filter_map(|it| {
            it.trim_start_matches("| ").split(['[', ']', '`', ' ']).find(|it| !it.is_empty())
        })
        .collect()
    };
    assert_eq!(rows("| reason | meaning |\n"), Reason::ALL.map(Reason::code));
    let mut kinds = rows("| kind | from |\n");
    let mut all = Kind::ALL.map(Kind::name);
    kinds.sort_unstable();
    all.sort_unstable();
    assert_eq!(kinds, all);
}
